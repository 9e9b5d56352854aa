//! The real program, run beside a private tmux server.

#![allow(
    clippy::unwrap_used,
    unreachable_pub,
    missing_docs,
    reason = "a test may panic"
)]

use std::process::Output;

use serde_json::Value;

use muxtape_testing::TmuxServer;

/// What a run of the program said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Running the program beside a server.
pub trait Muxtape {
    /// Runs `muxtape` against this server with a private store.
    fn muxtape(&self, args: &[&str]) -> Said;

    /// Runs `muxtape --json`, which must succeed, and returns its data.
    #[track_caller]
    fn json(&self, args: &[&str]) -> Value;

    /// Runs `muxtape --json`, which must fail with this exit code, and returns the error.
    #[track_caller]
    fn error(&self, code: i32, args: &[&str]) -> Value;
}

impl Muxtape for TmuxServer {
    fn muxtape(&self, args: &[&str]) -> Said {
        let output: Output = self
            .command(env!("CARGO_BIN_EXE_muxtape"))
            .arg("-S")
            .arg(self.socket())
            .args(args)
            .output()
            .unwrap();
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        let said = self.muxtape(&[&["--json"], args].concat());
        assert_eq!(said.code, 0, "{args:?}: {}", said.err);
        let answer: Value = serde_json::from_str(&said.out).unwrap();
        let schema = answer["schema"].as_str().unwrap();
        assert!(
            schema.starts_with("muxtape.") && schema.ends_with("/1"),
            "{schema}"
        );
        answer["data"].clone()
    }

    #[track_caller]
    fn error(&self, code: i32, args: &[&str]) -> Value {
        let said = self.muxtape(&[&["--json"], args].concat());
        assert_eq!(said.code, code, "{args:?}: {}{}", said.out, said.err);
        let error: Value = serde_json::from_str(&said.err).unwrap();
        assert_eq!(error["schema"], "muxtape.error/1");
        assert_eq!(error["code"], code);
        error
    }
}
