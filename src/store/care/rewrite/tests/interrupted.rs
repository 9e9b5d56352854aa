//! Rewrites that fail or are killed: the old history or the new one is there, whole.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::store::care::rewrite::run;
use crate::store::record::fault::Fault;
use crate::store::testing::{log, open, record, session, snapshot, state, text};
use crate::store::{StoreError, StoreOptions, Unchanged};

/// A store of more snapshots than are told in one step, and one that waits.
fn filled() -> tempfile::TempDir {
    let dir = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
    let store = open(&dir);
    let new = |at: i64| {
        let texts = [text(format!("{}$ hunter2 {at}\n", log(0..60)))];
        let state = state(vec![session("api", 1, &texts)]);
        snapshot(at, &state, &texts)
    };
    for at in 0..70 {
        record(&store, new(at));
    }
    let why = StoreError::NoSpace {
        operation: "record",
        path: store.file().to_owned(),
    };
    store.spool(new(70), Unchanged::Store, why).unwrap();
    dir
}

/// Runs a rewrite that does something else at its n-th step.
fn run_until(
    store: &Store,
    n: usize,
    end: impl Fn() -> Result<(), Fault>,
) -> (Result<(), StoreError>, Vec<RewriteStep>) {
    let steps = std::cell::RefCell::new(Vec::new());
    let done = run(store, &censor("hunter2"), NOW, &|step| {
        steps.borrow_mut().push(step);
        if steps.borrow().len() > n {
            end()
        } else {
            Ok(())
        }
    });
    (done.map(drop), steps.into_inner())
}

/// The history before and after.
struct Histories {
    before: Shown,
    after: Shown,
}

impl Histories {
    fn make() -> Self {
        let dir = filled();
        let store = open(&dir);
        store.take_in().unwrap();
        let before = Shown::of(&store);
        rewrite(&store, &censor("hunter2"));
        let after = Shown::of(&store);
        assert_ne!(before, after);
        Self { before, after }
    }

    /// One of the two is there, and a rewrite now does what is left to do.
    fn check(&self, store: &Store, replaced: bool) {
        let wanted = if replaced { &self.after } else { &self.before };
        let report = store.verify().unwrap();
        assert!(report.is_ok(), "{:?}", report.damaged);
        assert!(Shown::of(store) == *wanted, "half of it is there");
        rewrite(store, &censor("hunter2"));
        is_done(store, &censor("hunter2"));
        assert!(Shown::of(store) == self.after);
        assert_eq!(store.rewrites().unwrap().len(), 1);
        assert!(store.dir().join("muxtape.id").exists());
    }
}

#[test]
fn a_failure_at_any_step_leaves_the_old_history_or_the_new_one() {
    let histories = Histories::make();
    for n in 0.. {
        let dir = filled();
        let store = open(&dir);
        let fail = || Err(Fault::damaged_object("the test", "it ends here"));
        let (done, steps) = run_until(&store, n, fail);
        let left = store.dir().join("muxtape.redb.new");
        assert!(!left.exists(), "{steps:?}");
        histories.check(&store, steps.contains(&RewriteStep::Replaced));
        if done.is_ok() {
            assert!(n > 4, "{steps:?}");
            break;
        }
    }
}

/// Names the directory for a child, and the step at which it dies.
const DIR: &str = "MUXTAPE_TEST_REWRITE_DIR";
const AT: &str = "MUXTAPE_TEST_REWRITE_AT";

/// Not a test of its own: the body of the children.
#[test]
fn child() {
    let (Some(dir), Ok(at)) = (std::env::var_os(DIR), std::env::var(AT)) else {
        return;
    };
    let store = Store::new(PathBuf::from(dir), StoreOptions::default());
    let die = || {
        let own = rustix::process::getpid();
        rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
        Ok(())
    };
    run_until(&store, at.parse().unwrap(), die).0.unwrap();
}

fn child_at(dir: &Path, at: usize) -> bool {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program);
    child.args(["--exact", "store::care::rewrite::tests::interrupted::child"]);
    child.env(DIR, dir).env(AT, at.to_string());
    child.output().unwrap().status.success()
}

#[test]
fn a_kill_at_any_step_leaves_the_old_history_or_the_new_one() {
    let histories = Histories::make();
    let mut replaced = 0;
    for n in 0.. {
        let dir = filled();
        let store = open(&dir);
        let survived = child_at(store.dir(), n);
        let new = !store.rewrites().unwrap().is_empty();
        replaced += usize::from(new);
        histories.check(&store, new);
        if survived {
            assert!(n > 4 && replaced == 2, "{n} {replaced}");
            break;
        }
    }
}
