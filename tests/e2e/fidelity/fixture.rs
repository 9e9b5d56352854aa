//! A server with everything that a session can have, under names that are hard to carry: 15
//! sessions, 46 tabs, 52 panes.

use std::fs;

use bstr::{BString, ByteSlice};
use muxtape::mux::tmux::command::{Command, format_escaped};

use crate::support::world::World;
use muxtape_testing::wait_until;

/// Names that something on the way could take for something else.
pub(crate) const ODD: [&str; 12] = [
    "tab\there\nnext line",
    "it's \"quoted\"",
    "#S #{session_name} ##",
    "#(touch pwned)",
    "back\\slash \\n \\t \\033",
    "  two  spaces  ",
    "-d",
    "12",
    "ünï 日本 e\u{301}",
    "$HOME `touch pwned` $(touch pwned)",
    "; touch pwned;",
    "{%1} ~ @2 =3 %H,#[fg=red]",
];
/// Variables that are captured.
pub(crate) const VARIABLES: [&str; 3] = ["ODD", "HIDDEN", "GONE"];

/// Builds it: the sessions stand beside what is there.
pub(crate) struct Fixture<'a> {
    world: &'a World,
    base: u32,
}

impl<'a> Fixture<'a> {
    /// `base` is what tabs and panes are counted from.
    pub(crate) fn build(world: &'a World, base: u32) -> Self {
        let fixture = Self { world, base };
        world.run(&["start-server"]);
        let sessions: Vec<String> = ODD
            .iter()
            .enumerate()
            .map(|(at, name)| fixture.session(at, name))
            .collect();
        fixture.groups(&sessions);
        fixture.panes(&sessions);
        fixture.shared(&sessions);
        fixture.settle();
        fixture.settings(&sessions);
        fixture.texts(&sessions);
        fixture.focus(&sessions);
        fixture.settle();
        fixture
    }

    fn run(&self, command: Command) -> String {
        let answer = self.world.tmux.run("the fixture", &[command]).unwrap();
        answer.to_str_lossy().trim_end().to_owned()
    }

    /// A directory of this odd name.
    fn dir(&self, name: &str) -> BString {
        let dir = self.world.server.dir().join(name);
        fs::create_dir_all(&dir).unwrap();
        dir.to_str().unwrap().into()
    }

    /// A session with three tabs of odd names in odd directories; every other one leaves room
    /// between their numbers.
    fn session(&self, at: usize, name: &str) -> String {
        let (width, height) = (80 + 7 * at, 24 + at);
        let made = |command: Command| command.flag("-d").flag("-P").opt("-F", "#{session_id}");
        let id = self.run(
            made(Command::new("new-session"))
                .opt("-s", format_escaped(name.as_bytes()))
                .opt("-e", format!("ODD={name}"))
                .opt("-x", width.to_string())
                .opt("-y", height.to_string())
                .opt("-c", format_escaped(&self.dir(name)))
                .opt("-n", format_escaped(ODD[(at + 1) % 12].as_bytes())),
        );
        for tab in 1..3usize {
            let index = self.base + u32::try_from(tab * (1 + at % 2 * 2)).unwrap();
            let name = if at == 5 {
                ""
            } else {
                ODD[(at + tab + 1) % 12]
            };
            self.run(
                made(Command::new("new-window"))
                    .opt("-t", format!("{id}:{index}"))
                    .opt("-n", format_escaped(name.as_bytes()))
                    .opt("-c", format_escaped(&self.dir(ODD[(at + tab) % 12]))),
            );
        }
        id
    }

    /// Two sessions that share four tabs and look at others of them, and one that is alone in its
    /// group.
    fn groups(&self, sessions: &[String]) {
        let world = self.world;
        let first = world.run(&[
            "new-session",
            "-d",
            "-s",
            "group one",
            "-x",
            "101",
            "-y",
            "33",
            "-P",
            "-F",
            "#{session_id}",
        ]);
        for _ in 0..3 {
            world.run(&["new-window", "-d", "-t", &format!("{first}:")]);
        }
        world.run(&["new-session", "-d", "-t", &first, "-s", "group two"]);
        let alone = [
            "new-session",
            "-d",
            "-t",
            &sessions[3],
            "-s",
            "leaves",
            "-P",
            "-F",
            "#{session_id}",
        ];
        let leaves = world.run(&alone);
        world.run(&["kill-session", "-t", &leaves]);
    }

    /// Five panes more, in three tabs, of which one is shared.
    fn panes(&self, sessions: &[String]) {
        let world = self.world;
        let split = |tab: &str, how: &[&str]| {
            let mut args = vec!["split-window", "-d", "-t", tab];
            args.extend(how);
            world.run(&args);
        };
        let many = self.tab(&sessions[0], 0);
        split(&many, &["-h", "-l", "31"]);
        split(&many, &["-v", "-l", "5"]);
        split(&many, &["-h", "-f", "-l", "9"]);
        let some = self.tab(&sessions[1], 0);
        split(&some, &["-v", "-l", "30%"]);
        let zoomed = self.tab(&sessions[4], 1);
        split(&zoomed, &["-h"]);
    }

    /// A session of which every tab is shown in another one.
    fn shared(&self, sessions: &[String]) {
        let world = self.world;
        let id = world.run(&[
            "new-session",
            "-d",
            "-s",
            "links",
            "-x",
            "80",
            "-y",
            "24",
            "-P",
            "-F",
            "#{session_id}",
        ]);
        let own = format!("{id}:{}", self.base);
        world.run(&[
            "link-window",
            "-d",
            "-s",
            &self.tab(&sessions[1], 0),
            "-t",
            &format!("{id}:20"),
        ]);
        world.run(&[
            "link-window",
            "-d",
            "-s",
            &self.tab(&sessions[2], 2),
            "-t",
            &format!("{id}:21"),
        ]);
        world.run(&["kill-window", "-t", &own]);
        // Where windows are numbered anew, they are now.
        world.run(&["move-window", "-r", "-t", &format!("{id}:")]);
    }

    /// The place-th tab of a session.
    fn tab(&self, session: &str, place: usize) -> String {
        let tabs = self
            .world
            .run(&["list-windows", "-t", session, "-F", "#{window_id}"]);
        tabs.lines().nth(place).unwrap().to_owned()
    }

    fn pane(&self, tab: &str, place: usize) -> String {
        let panes = self
            .world
            .run(&["list-panes", "-t", tab, "-F", "#{pane_id}"]);
        panes.lines().nth(place).unwrap().to_owned()
    }

    /// Settings, hooks, variables, titles and buffers of odd values.
    fn settings(&self, sessions: &[String]) {
        let world = self.world;
        for (at, session) in sessions.iter().enumerate() {
            let (tab, odd) = (self.tab(session, 1), ODD[at]);
            let pane = self.pane(&tab, 0);
            for (flag, target) in [("-q", session), ("-w", &tab), ("-p", &pane)] {
                world.run(&["set-option", flag, "-t", target, "@odd", odd]);
            }
            let title = format_escaped(odd.replace(['\t', '\n'], "_").as_bytes());
            self.run(
                Command::new("select-pane")
                    .opt("-t", &pane)
                    .opt("-T", title),
            );
        }
        let set = |args: &[&str]| {
            world.run(&[&["set-option", "-t"], args].concat());
        };
        set(&[&sessions[0], "status-left", "#[fg=red]#S %H:%M\t "]);
        set(&[&sessions[0], "mouse", "on"]);
        set(&[&sessions[1], "update-environment[3]", "ODD"]);
        set(&[&sessions[1], "status-format[1]", "two"]);
        set(&[&sessions[2], "history-limit", "77"]);
        set(&[&sessions[2], "default-command", "exec bash --norc -i"]);
        let tab = |args: &[&str]| {
            world.run(&[&["set-option", "-w", "-t"], args].concat());
        };
        let (many, some) = (self.tab(&sessions[0], 0), self.tab(&sessions[1], 0));
        tab(&[&many, "pane-border-status", "top"]);
        tab(&[&some, "pane-border-format", "#P {#T}"]);
        tab(&[&some, "monitor-silence", "7"]);
        tab(&[&many, "synchronize-panes", "on"]);
        world.run(&[
            "resize-window",
            "-t",
            &self.tab(&sessions[7], 2),
            "-x",
            "91",
            "-y",
            "17",
        ]);
        for (place, value) in [(0, "on"), (1, "off")] {
            tab(&[&self.tab(&sessions[8], place), "automatic-rename", value]);
        }
        world.run(&[
            "set-option",
            "-w",
            "-u",
            "-t",
            &self.tab(&sessions[8], 2),
            "automatic-rename",
        ]);
        world.run(&[
            "set-option",
            "-p",
            "-t",
            &self.pane(&some, 1),
            "window-style",
            "bg=colour17",
        ]);
        world.run(&[
            "set-hook",
            "-t",
            &sessions[0],
            "after-split-window[4]",
            "display-message 'a;b #S'",
        ]);
        world.run(&[
            "set-hook",
            "-w",
            "-t",
            &some,
            "window-layout-changed",
            "set -g @never yes",
        ]);
        world.run(&[
            "set-environment",
            "-h",
            "-t",
            &sessions[0],
            "HIDDEN",
            ODD[9],
        ]);
        world.run(&["set-environment", "-r", "-t", &sessions[0], "GONE"]);
        self.run(Command::new("set-buffer").arg("first\n\0".trim_end_matches('\0')));
        self.run(Command::new("set-buffer").arg(ODD[9]));
        self.run(Command::new("set-buffer").opt("-b", ODD[0]).arg(ODD[3]));
    }

    /// Panes with history in them, one that is scrolled back, and some whose processes have ended.
    fn texts(&self, sessions: &[String]) {
        let world = self.world;
        let scrolled = self.pane(&self.tab(&sessions[6], 0), 0);
        for pane in [&scrolled, &self.pane(&self.tab(&sessions[4], 1), 0)] {
            world.server.type_line(
                pane,
                "for i in $(seq 120); do printf '\\033[3%dmline %d\\033[0m\\n' $((i % 8)) $i; done",
            );
            world.server.wait_for_text(pane, "line 120");
        }
        self.settle();
        world.run(&["copy-mode", "-t", &scrolled]);
        world.run(&[
            "send-keys",
            "-X",
            "-t",
            &scrolled,
            "search-backward",
            "line 3",
        ]);
        world.run(&["send-keys", "-X", "-t", &scrolled, "goto-line", "41"]);
        world.run(&[
            "clock-mode",
            "-t",
            &self.pane(&self.tab(&sessions[6], 1), 0),
        ]);
        for (place, end) in [(0, "exit 3"), (1, "kill -9 $$"), (2, "clear; exit")] {
            let tab = self.tab(&sessions[9], place);
            world.run(&["set-option", "-w", "-t", &tab, "remain-on-exit", "on"]);
            let pane = self.pane(&tab, 0);
            world
                .server
                .type_line(&pane, &format!("echo last words; {end}"));
            wait_until("an end", || {
                world.server.nudge();
                world.run(&["display-message", "-p", "-t", &pane, "#{pane_dead}"]) == "1"
            });
        }
    }

    /// What is looked at, marked, zoomed, and closed to typing.
    fn focus(&self, sessions: &[String]) {
        let world = self.world;
        let select = |session: &str, place| {
            let index = world.run(&["list-windows", "-t", session, "-F", "#{window_index}"]);
            let index = index.lines().nth(place).unwrap().to_owned();
            world.run(&["select-window", "-t", &format!("{session}:{index}")]);
        };
        for place in [0, 2, 1, 2] {
            select(&sessions[0], place);
        }
        for place in [1, 2] {
            select(&sessions[1], place);
        }
        for (name, places) in [("=group one", [1, 3]), ("=group two", [2, 0])] {
            places.iter().for_each(|place| select(name, *place));
        }
        let (many, some) = (self.tab(&sessions[0], 0), self.tab(&sessions[1], 0));
        world.run(&["select-pane", "-t", &self.pane(&many, 3)]);
        world.run(&["select-pane", "-t", &self.pane(&many, 1)]);
        world.run(&["select-pane", "-m", "-t", &self.pane(&some, 0)]);
        world.run(&["select-pane", "-d", "-t", &self.pane(&some, 1)]);
        let zoomed = self.pane(&self.tab(&sessions[4], 1), 0);
        world.run(&[
            "select-pane",
            "-t",
            &self.pane(&self.tab(&sessions[4], 1), 1),
        ]);
        world.run(&["select-pane", "-t", &zoomed]);
        world.run(&["resize-pane", "-Z", "-t", &zoomed]);
    }

    fn settle(&self) {
        settle(self.world);
    }
}

/// Waits until every shell has its prompt and no name is about to change.
pub(crate) fn settle(world: &World) {
    let format = "#{?pane_dead,1,#{&&:#{!=:#{pane_current_command},muxtape},#{cursor_x}}}\
        #{?automatic-rename,#{==:#{window_name},#{E:automatic-rename-format}},1}";
    wait_until("idle shells", || {
        let panes = world.run(&["list-panes", "-a", "-F", format]);
        panes.lines().all(|line| line == "11")
    });
}
