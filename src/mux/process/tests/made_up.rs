//! A `/proc` of the test's own: what real processes show only now and then, or only to other users.

use std::fs;
use std::os::unix::fs::symlink;

use bstr::BString;
use tempfile::TempDir;

use crate::mux::process::linux::Proc;
use crate::mux::process::look::look;
use crate::mux::process::{Root, Running};

struct World {
    dir: TempDir,
}

/// A process of the world.
#[derive(Clone, Copy)]
struct Process {
    pid: i32,
    parent: i32,
    group: i32,
    front: i32,
    argv: &'static str,
}

impl World {
    /// A world with a shell, number 10, and this group in front of it.
    fn new(front: i32) -> Self {
        let world = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        world.add(Process {
            pid: 10,
            parent: 1,
            group: 10,
            front,
            argv: "bash",
        });
        world
    }

    fn add(&self, process: Process) {
        self.stat(&process, 'S', 0);
        let dir = self.dir.path().join(process.pid.to_string());
        fs::write(dir.join("cmdline"), process.argv.replace(' ', "\0") + "\0").unwrap();
        symlink("/home/me", dir.join("cwd")).unwrap();
        fs::create_dir(dir.join("fd")).unwrap();
        for end in 0..3 {
            symlink("/dev/pts/0", dir.join(format!("fd/{end}"))).unwrap();
        }
        let name = process.argv.split(' ').next().unwrap();
        symlink(format!("/usr/bin/{name}"), dir.join("exe")).unwrap();
    }

    fn stat(&self, process: &Process, state: char, flags: u32) {
        let dir = self.dir.path().join(process.pid.to_string());
        fs::create_dir_all(&dir).unwrap();
        let Process {
            pid,
            parent,
            group,
            front,
            ..
        } = process;
        let line = format!("{pid} (x) {state} {parent} {group} 10 34816 {front} {flags} 0\n");
        fs::write(dir.join("stat"), line).unwrap();
    }

    fn remove(&self, pid: i32, name: &str) {
        fs::remove_file(self.dir.path().join(format!("{pid}/{name}"))).unwrap();
    }

    fn seen(&self, lives: fn(i32) -> bool, command: &str) -> Running {
        let root = Root {
            pid: 10,
            command: command.into(),
        };
        look(&Proc::at(self.dir.path(), lives), &root, &[]).unwrap()
    }

    /// What is in front: arguments, and whether they are all.
    fn program(&self) -> Option<(Vec<BString>, bool)> {
        let program = self.seen(|_| true, "bash").program?;
        Some((program.argv.clone(), program.is_whole()))
    }
}

fn child(pid: i32, argv: &'static str) -> Process {
    Process {
        pid,
        parent: 10,
        group: 20,
        front: 20,
        argv,
    }
}

#[test]
fn another_users_program_is_told_as_far_as_it_is_seen() {
    let world = World::new(20);
    world.add(child(20, "sudo vim /etc/hosts"));
    world.remove(20, "exe");
    world.remove(20, "cwd");
    let found = world.seen(|_| true, "sudo").program.unwrap();
    assert_eq!(found.argv, ["sudo", "vim", "/etc/hosts"]);
    assert!(found.is_whole() && found.exe.is_none() && found.cwd.is_none());
}

#[test]
fn what_is_hidden_is_never_half_an_argument_list() {
    // Mounted with hidepid, /proc does not have the processes of others at all.
    let world = World::new(20);
    let unseen = |command| {
        let program = world.seen(|_| true, command).program.unwrap();
        assert!(!program.is_whole() && !program.is_pipeline());
        program.argv
    };
    assert_eq!(unseen("sudo"), ["sudo"]);
    // tmux falls back to its shell there.
    assert_eq!(unseen("bash"), ["?"]);
    // A group that is gone is none.
    assert_eq!(world.seen(|_| false, "sudo").program, None);
    // Its arguments can be all that is hidden.
    world.add(child(20, "sudo vim"));
    world.remove(20, "cmdline");
    assert_eq!(world.seen(|_| true, "sudo").program.unwrap().argv, ["sudo"]);
}

#[test]
fn the_ended_are_passed_over() {
    let world = World::new(20);
    world.add(child(20, "make all"));
    world.stat(&child(20, ""), 'Z', 0);
    assert_eq!(
        world.program().map(|(argv, _)| argv),
        Some(vec!["?".into()])
    );
    world.add(child(21, "less +F"));
    let (argv, whole) = world.program().unwrap();
    assert_eq!(argv, ["less", "+F"]);
    assert!(!whole, "the first of the pipeline is gone");
    // Helpers of what is left are not typed.
    world.add(Process {
        parent: 21,
        ..child(22, "sh -c lesspipe")
    });
    assert_eq!(world.program().unwrap().0, ["less", "+F"]);
    assert!(!world.seen(|_| true, "bash").program.unwrap().is_pipeline());
}

#[test]
fn what_has_just_been_forked_is_nothing_yet() {
    let world = World::new(20);
    world.add(child(20, "bash"));
    world.stat(&child(20, ""), 'R', 0x40);
    let found = world.seen(|_| true, "bash");
    assert_eq!((found.program, found.shells.len()), (None, 0));
    // The same arguments, but become a shell of its own.
    world.stat(&child(20, ""), 'S', 0);
    let found = world.seen(|_| true, "bash");
    assert_eq!(
        (found.program, found.shells),
        (None, vec![vec!["bash".into()]])
    );
    // The pane's own process.
    let root = Process {
        pid: 10,
        parent: 1,
        group: 10,
        front: 10,
        argv: "",
    };
    world.stat(&root, 'R', 0x40);
    assert_eq!(world.seen(|_| true, "tmux"), Running::default());
}

#[test]
fn a_way_up_that_does_not_end_at_the_pane_tells_of_no_shells() {
    let world = World::new(30);
    // The shell between has ended; its program belongs to the first process of all.
    world.add(Process {
        parent: 1,
        group: 30,
        front: 30,
        ..child(30, "vim a")
    });
    let found = world.seen(|_| true, "vim");
    assert_eq!(found.program.unwrap().argv, ["vim", "a"]);
    assert!(found.shells.is_empty());
    // In a circle, which a number that is used again can make.
    world.stat(
        &Process {
            parent: 30,
            group: 30,
            front: 30,
            ..child(30, "")
        },
        'S',
        0,
    );
    assert_eq!(world.seen(|_| true, "vim").program.unwrap().name(), "vim");
}

#[test]
fn a_list_that_is_too_long_is_a_name_and_not_whole() {
    let world = World::new(20);
    world.add(child(20, "grep x"));
    let long = format!("grep\0{}\0", "x".repeat(2 << 20));
    fs::write(world.dir.path().join("20/cmdline"), long).unwrap();
    let (argv, whole) = world.program().unwrap();
    assert_eq!(argv, ["grep ..."]);
    assert!(!whole);
}

#[test]
fn a_title_with_the_executable_in_front_is_proved_by_its_length() {
    let exe = fs::canonicalize("/bin/sh").unwrap();
    let exe = exe.to_str().unwrap();
    // As Chromium does it; `nginx: master process` has more in it than its arguments were.
    for (title, bytes, expected) in [
        (
            format!("{exe} --type=x -y"),
            exe.len() + 1 + 9 + 3,
            format!("{exe} --type=x -y"),
        ),
        (
            format!("{exe} --type=x -y"),
            exe.len() + 1 + 9 + 4,
            String::new(),
        ),
        (
            format!("sh: master process {exe} -y"),
            exe.len() + 1 + 3,
            String::new(),
        ),
    ] {
        let world = World::new(20);
        world.add(child(20, "x"));
        let dir = world.dir.path().join("20");
        fs::write(dir.join("cmdline"), format!("{title}\0")).unwrap();
        fs::remove_file(dir.join("exe")).unwrap();
        symlink(exe, dir.join("exe")).unwrap();
        // Fields 10 to 47, and where the arguments begin and end.
        let line = format!(
            "20 (x) S 10 20 10 34816 20 0 {}100 {}\n",
            "0 ".repeat(38),
            100 + bytes
        );
        fs::write(dir.join("stat"), line).unwrap();
        let found = world.seen(|_| true, "sh");
        assert_eq!(found.program.unwrap().argv, [title.as_str()]);
        let words = expected.split(' ').filter(|word| !word.is_empty());
        let words: Vec<BString> = words.map(BString::from).collect();
        assert_eq!(found.launch.titled, Some(words), "{title}");
    }
}

#[test]
fn a_look_is_cheap() {
    let world = World::new(10);
    let panes = 300;
    for pid in 100..100 + panes {
        let busy = pid % 2 == 0;
        let front = if busy { pid + 1000 } else { pid };
        world.add(Process {
            pid,
            parent: 1,
            group: pid,
            front,
            argv: "bash",
        });
        if busy {
            world.add(Process {
                pid: pid + 1000,
                parent: pid,
                group: pid + 1000,
                front,
                argv: "vim a",
            });
        }
    }
    // What has nothing to do with it is not read at all.
    for pid in 5000..5500 {
        world.add(Process {
            pid,
            parent: 1,
            group: pid,
            front: -1,
            argv: "daemon",
        });
    }
    let system = Proc::at(world.dir.path(), |_| true);
    for pid in 100..100 + panes {
        let root = Root {
            pid,
            command: "bash".into(),
        };
        let found = look(&system, &root, &[]).unwrap();
        assert_eq!(found.program.is_some(), pid % 2 == 0);
    }
    // Four reads for an idle shell, twelve for one with a program.
    assert!(system.reads() <= 150 * 4 + 150 * 12, "{}", system.reads());
    // Where pipes are, and the kernel has no lists of children, everybody is looked at once.
    for pid in [1100, 1102] {
        let output = world.dir.path().join(format!("{pid}/fd/1"));
        fs::remove_file(&output).unwrap();
        symlink(format!("pipe:[{pid}]"), &output).unwrap();
    }
    let system = Proc::at(world.dir.path(), |_| true);
    let mut seen = 0;
    for (pid, most) in [(100, 1000), (102, 25)] {
        let root = Root {
            pid,
            command: "bash".into(),
        };
        assert!(look(&system, &root, &[]).is_some());
        assert!(system.reads() - seen <= most, "{}", system.reads() - seen);
        seen = system.reads();
    }
}
