//! What a run costs: by the wall, by the processor, and in the waiting of others.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use muxtape_testing::TmuxServer;

/// Runs of which the median counts.
const ROUNDS: usize = 3;
/// After so long a run there is no other.
const LONG: Duration = Duration::from_secs(8);
/// A tick of the clock by which processor time is told (USER_HZ).
const TICK: Duration = Duration::from_millis(10);

/// What a run cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    wall: Duration,
    /// Of the tool with all it started, of the server, and of the processes of its panes.
    cpu: Duration,
    /// The longest that another client of the server waited for an answer.
    stall: Duration,
}

impl Cost {
    /// As columns, with how many times `unit` it is.
    pub(crate) fn beside(&self, unit: Cost) -> String {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let times = |one: Duration, other: Duration| ms(one) / ms(other.max(TICK));
        format!(
            "{:>8.0} ms {:>5.1}x {:>7.0} ms CPU {:>5.1}x {:>5.0} stall",
            ms(self.wall),
            times(self.wall, unit.wall),
            ms(self.cpu),
            times(self.cpu, unit.cpu),
            ms(self.stall),
        )
    }
}

/// The median of some runs. The waiting of others is measured in a run of its own, because asking
/// costs processor time; `run` is told whether it is that one.
pub(crate) fn median(mut run: impl FnMut(bool) -> Cost) -> Cost {
    let stall = run(true).stall;
    let mut costs = Vec::new();
    while costs.len() < ROUNDS {
        costs.push(run(false));
        if costs.last().is_some_and(|cost| cost.wall > LONG) {
            break;
        }
    }
    costs.sort_by_key(|cost| cost.wall);
    Cost {
        stall,
        ..costs[costs.len() / 2]
    }
}

/// Runs `work` and measures it; with `stall`, another client asks the server all the time.
pub(crate) fn cost(server: &TmuxServer, stall: bool, work: impl FnOnce()) -> Cost {
    let done = AtomicBool::new(false);
    let before = processor(server);
    let start = Instant::now();
    let (wall, stall) = std::thread::scope(|scope| {
        let asking = stall.then(|| scope.spawn(|| longest_wait(server, &done)));
        let finished = Finished(&done);
        work();
        let wall = start.elapsed();
        drop(finished);
        let stall = asking.map(|asking| asking.join().unwrap());
        (wall, stall.unwrap_or_default())
    });
    Cost {
        wall,
        cpu: processor(server).saturating_sub(before),
        stall,
    }
}

/// Says so when the work is done, or has failed.
struct Finished<'a>(&'a AtomicBool);

impl Drop for Finished<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn longest_wait(server: &TmuxServer, done: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    while !done.load(Ordering::Relaxed) {
        let asked = Instant::now();
        server.run(["display-message", "-p", "here"]);
        longest = longest.max(asked.elapsed());
    }
    longest
}

/// Processor time so far of all that this process has started and waited for, of the server, and of
/// the processes of its panes.
fn processor(server: &TmuxServer) -> Duration {
    let panes = server.run(["list-panes", "-a", "-F", "#{pane_pid}"]);
    let panes = panes.lines().filter_map(|pid| pid.parse().ok());
    let theirs: u32 = panes.map(|pid: i32| ticks(&pid.to_string(), 0..4)).sum();
    let of_server = ticks(&server.pid().to_string(), 0..2);
    TICK * (ticks("self", 2..4) + of_server + theirs)
}

/// Of a process, in the order of `/proc/PID/stat`: user and system time of its own, and of the
/// children that it has waited for.
fn ticks(pid: &str, which: std::ops::Range<usize>) -> u32 {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return 0;
    };
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split(' ').collect();
    // The first after the name is the third of all; the times are the fourteenth and those behind
    // it.
    let times = fields.get(12..16).unwrap_or(&[]);
    let times = times.get(which).unwrap_or(&[]);
    times
        .iter()
        .filter_map(|time| time.parse::<u32>().ok())
        .sum()
}
