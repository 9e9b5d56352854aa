//! Real processes that share a store, and are killed in the middle of anything.
//!
//! `MUXTAPE_TEST_ROUNDS` sets how many are killed.

mod child;
mod ledger;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use self::child::{DIR, ROLE, Role};
use self::ledger::Ledger;
use super::rounds;
use crate::store::testing::{Scratch, record_text, scratch};
use crate::store::{Query, Store};

/// Nobody is silent for so long, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(120);

/// A child in a role, and the lines that it says. It does not survive its test.
struct Actor {
    role: Role,
    process: Child,
    lines: Receiver<String>,
}

impl Actor {
    fn start(store: &Store, role: Role) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::tests::processes::child::child"])
            .arg("--nocapture")
            .env(DIR, store.dir())
            .env(ROLE, role.name())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                // The harness may have written something before it.
                let Some((_, said)) = line.split_once('@') else {
                    continue;
                };
                if sender.send(said.to_owned()).is_err() {
                    break;
                }
            }
        });
        Self {
            role,
            process,
            lines,
        }
    }

    /// The next line; `None` where it has come to its end.
    fn next(&self) -> Option<String> {
        match self.lines.recv_timeout(muxtape_testing::scaled(DEADLINE)) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("{:?} hangs", self.role),
        }
    }

    /// Takes so many lines, then so much time within what comes next, and kills it.
    fn kill_after(&mut self, lines: u32, moment: Duration, ledger: &mut Ledger) {
        for _ in 0..lines {
            let said = self.next();
            ledger.note(&said.unwrap_or_else(|| panic!("{:?} died by itself", self.role)));
        }
        if let Ok(said) = self.lines.recv_timeout(moment) {
            ledger.note(&said);
        }
        self.kill(ledger);
    }

    /// Kills it, which must still be alive, and takes what it had said.
    fn kill(&mut self, ledger: &mut Ledger) {
        let died = self.process.try_wait().unwrap();
        assert!(died.is_none(), "{:?} died by itself: {died:?}", self.role);
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        while let Some(said) = self.next() {
            ledger.note(&said);
        }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Rounds with one store; so it stays small enough to be looked through after each.
const ROUNDS_A_STORE: u32 = 12;

#[test]
fn killed_processes_lose_nothing_while_others_read_and_write() {
    let victims = [
        Role::Write,
        Role::Prune,
        Role::Trash,
        Role::Collect,
        Role::Compact,
        Role::Rewrite,
    ];
    let all = rounds(30);
    let mut slowest = Duration::ZERO;
    let mut dice: u32 = 0x2545_f491;
    let mut throw = |below: u32| {
        dice ^= dice << 13;
        dice ^= dice >> 17;
        dice ^= dice << 5;
        dice % below
    };
    let mut done = 0;
    while done < all {
        let s = scratch();
        record_text(&s.store, 1, "first", "$");
        let mut ledger = Ledger::default();
        let mut reader = Actor::start(&s.store, Role::Read);
        let mut writer = Actor::start(&s.store, Role::Write);
        for role in victims.into_iter().cycle().take(ROUNDS_A_STORE as usize) {
            let mut victim = Actor::start(&s.store, role);
            let moment = Duration::from_micros(u64::from(throw(8000)));
            victim.kill_after(1 + throw(12), moment, &mut ledger);
            slowest = slowest.max(look_again(&s));
            ledger.check(&s.store);
            done += 1;
            if done == all {
                break;
            }
        }
        reader.kill(&mut ledger);
        writer.kill(&mut ledger);
        slowest = slowest.max(look_again(&s));
        ledger.check(&s.store);
        let report = s.store.verify().unwrap();
        assert!(report.is_ok(), "{report:?}");
        s.store.collect().unwrap();
        ledger.check_texts(&s.store);
    }
    println!("{done} killed, nothing lost; the slowest look afterwards took {slowest:?}");
}

/// Who comes first after a kill heals the file.
fn look_again(s: &Scratch) -> Duration {
    let start = Instant::now();
    let page = Query {
        limit: Some(1),
        ..Query::default()
    };
    assert!(!s.store.list(&page).unwrap().is_empty());
    start.elapsed()
}

#[test]
fn eight_processes_wait_for_one_another_and_none_fails() {
    let s = scratch();
    record_text(&s.store, 1, "first", "$");
    let crowd: Vec<Actor> = (0..8)
        .map(|_| Actor::start(&s.store, Role::Crowd))
        .collect();
    let mut ledger = Ledger::default();
    let mut longest = Vec::new();
    for mut actor in crowd {
        while let Some(said) = actor.next() {
            match said.strip_prefix("longest ") {
                Some(ms) => longest.push(ms.parse::<u64>().unwrap()),
                None => ledger.note(&said),
            }
        }
        assert!(actor.process.wait().unwrap().success());
    }
    longest.sort_unstable();
    println!("the longest wait of each of eight processes, in ms: {longest:?}");
    assert_eq!(longest.len(), 8);
    assert_eq!(s.store.list(&Query::default()).unwrap().len(), 1 + 8 * 12);
    ledger.check(&s.store);
    ledger.check_texts(&s.store);
    let report = s.store.verify().unwrap();
    assert!(report.is_ok(), "{report:?}");
}
