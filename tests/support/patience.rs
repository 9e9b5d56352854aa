//! Waiting for a condition, never for a time.

use std::process::Child;
use std::sync::LazyLock;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The variable that says how many times longer than usual tests wait: `2`, `0.5`.
const SCALE_VARIABLE: &str = "MUXTAPE_TEST_PATIENCE";

/// How long a condition may take before a test fails, on a machine as quick and idle as usual.
const USUAL_SECONDS: u64 = 20;

static SCALE: LazyLock<f64> = LazyLock::new(|| {
    let Some(said) = std::env::var_os(SCALE_VARIABLE) else {
        return 1.0;
    };
    let scale = said.to_str().and_then(|said| said.parse::<f64>().ok());
    let scale = scale.filter(|scale| scale.is_finite() && *scale > 0.0);
    scale.unwrap_or_else(|| panic!("{SCALE_VARIABLE} is no positive number: {said:?}"))
});

/// How long a condition may take before a test fails.
pub fn patience() -> Duration {
    scaled(Duration::from_secs(USUAL_SECONDS))
}

/// A deadline that a test needs to be another one than [`patience`], scaled as all are.
pub fn scaled(usual: Duration) -> Duration {
    usual.mul_f64(*SCALE)
}

/// Waits until a condition holds; a test fails that waits too long.
#[track_caller]
pub fn wait_until(what: &str, condition: impl FnMut() -> bool) {
    assert!(eventually(condition), "waited too long for {what}");
}

/// Waits until a process has ended; its exit status, if it has one.
#[track_caller]
pub fn wait_for_end(what: &str, child: &mut Child) -> Option<i32> {
    let mut ended = None;
    wait_until(&format!("the end of {what}"), || {
        ended = child.try_wait().unwrap();
        ended.is_some()
    });
    ended.unwrap().code()
}

/// Whether a condition came to hold in time.
pub fn eventually(mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    // Nobody ever sends: this is a pause that depends on nothing.
    let (_sender, never) = mpsc::channel::<()>();
    loop {
        if condition() {
            return true;
        }
        if start.elapsed() > patience() {
            return false;
        }
        let _ = never.recv_timeout(Duration::from_millis(10));
    }
}
