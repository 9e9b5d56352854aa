//! A working day in ten panes: what the store is measured with.
//!
//! Three logs of two to three megabytes with a full history, a build, three shells, an editor, a
//! process viewer and a pager: about ten megabytes of text, coloured as terminals show it.
//! Everything comes from one seed, so that two runs see the same bytes.

use muxtape::model::contents::Contents;
use muxtape::model::tree::{PaneHandle, PaneId, ServerState, Session, SessionId, Tab, TabId};
use muxtape::store::NewSnapshot;

pub(crate) mod build;

/// Numbers that look random and are the same in every run (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        (self.next() >> 33) % limit
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// Lines of a pane's history, the oldest of which go when it is full.
struct History {
    lines: std::collections::VecDeque<String>,
    limit: usize,
}

impl History {
    fn new(limit: usize) -> Self {
        Self {
            lines: std::collections::VecDeque::new(),
            limit,
        }
    }

    fn push(&mut self, line: String) {
        if self.lines.len() == self.limit {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

fn log_line(random: &mut Random, clock: u64, kind: u64) -> String {
    let ms = clock % 86_400_000;
    let time = format!(
        "{:02}:{:02}:{:02}.{:03}",
        ms / 3_600_000,
        ms / 60_000 % 60,
        ms / 1000 % 60,
        ms % 1000
    );
    let path = random.pick(&[
        "/api/users",
        "/api/orders",
        "/health",
        "/api/items/search",
        "/login",
    ]);
    match kind {
        0 => format!(
            "{time} \x1b[32mINFO\x1b[0m  http: {} {path} status={} took={}ms id={:08x}",
            random.pick(&["GET", "GET", "GET", "POST", "PUT"]),
            random.pick(&["200", "200", "200", "304", "404"]),
            random.below(400),
            random.next() >> 32,
        ),
        1 => format!(
            "\x1b[2m2026-11-21T{time}Z\x1b[0m \x1b[34mDEBUG\x1b[0m worker{{id={}}}: job {:06} {} in {}us",
            random.below(8),
            clock / 100 % 1_000_000,
            random.pick(&["finished", "finished", "retried", "queued"]),
            random.below(90_000),
        ),
        _ => format!(
            "172.17.0.{} - - [21/Nov/2026:{time}] \"GET {path}?page={} HTTP/1.1\" 200 {} \"-\" \"curl/8.5\"",
            random.below(40),
            random.below(50),
            random.below(20_000),
        ),
    }
}

fn build_line(random: &mut Random) -> String {
    let name = random.pick(&[
        "serde", "tokio", "regex", "syn", "clap", "hyper", "rand", "libc", "time",
    ]);
    match random.below(6) {
        0 => format!(
            "\x1b[1m\x1b[33mwarning\x1b[0m: unused variable: `{name}_{}`\n  --> src/{name}/mod.rs:{}:{}",
            random.below(90),
            random.below(900),
            random.below(80)
        ),
        _ => format!(
            "\x1b[1m\x1b[32m   Compiling\x1b[0m {name}-{} v{}.{}.{}",
            random.pick(&["core", "derive", "util", "macros"]),
            random.below(3),
            random.below(40),
            random.below(20)
        ),
    }
}

fn command(random: &mut Random, into: &mut History) {
    let what = random.pick(&[
        "ls -l",
        "git status",
        "cargo test",
        "rg fixme",
        "cat notes.md",
        "git log",
    ]);
    into.push(format!(
        "\x1b[1;36m~/src/project\x1b[0m \x1b[35mmain\x1b[0m ❯ {what}"
    ));
    for _ in 0..3 + random.below(30) {
        into.push(format!(
            "-rw-r--r-- 1 me me {:>8} Nov {:>2} {:02}:{:02} {}_{}.rs",
            random.below(100_000),
            random.below(28) + 1,
            random.below(24),
            random.below(60),
            random.pick(&["store", "rope", "frame", "lease", "trash", "model"]),
            random.below(1000)
        ));
    }
}

/// The ten panes.
pub(crate) struct Day {
    random: Random,
    clock: u64,
    logs: [History; 3],
    build: History,
    shells: [History; 3],
    file: Vec<String>,
    top_line: usize,
    pager: u64,
    load: Vec<u64>,
    texts: Vec<Contents>,
    changed: Vec<usize>,
    title: String,
    captures: i64,
}

pub(crate) const PANES: usize = 10;
const EDITOR: usize = 7;
const VIEWER: usize = 8;
const PAGER: usize = 9;

impl Day {
    pub(crate) fn new() -> Self {
        let mut random = Random::new(20_261_121);
        let mut logs = [
            History::new(34_000),
            History::new(30_000),
            History::new(24_000),
        ];
        let mut clock = 28_800_000;
        for (kind, log) in (0..).zip(&mut logs) {
            for _ in 0..log.limit - 500 {
                clock += random.below(200);
                log.push(log_line(&mut random, clock, kind));
            }
        }
        let mut build = History::new(10_000);
        (0..6000).for_each(|_| build.push(build_line(&mut random)));
        let mut shells = [History::new(5000), History::new(5000), History::new(5000)];
        for (at, shell) in (0..).zip(&mut shells) {
            (0..60 + at * 20).for_each(|_| command(&mut random, shell));
        }
        let file = (0..900).map(|line| {
            format!(
                "\x1b[38;5;130m{:>4} \x1b[0m    \x1b[32mlet\x1b[0m {}_{} = {}({});",
                line + 1,
                random.pick(&["frame", "record", "text", "count"]),
                random.below(100),
                random.pick(&["open", "seal", "read", "join"]),
                random.below(1000)
            )
        });
        let file = file.collect();
        let load = (0..40).map(|_| random.below(1000)).collect();
        let mut day = Self {
            random,
            clock,
            logs,
            build,
            shells,
            file,
            top_line: 100,
            pager: 0,
            load,
            texts: vec![Contents::default(); PANES],
            changed: (0..PANES).collect(),
            title: "me@host: ~/src/project".into(),
            captures: 0,
        };
        day.draw();
        day
    }

    /// Half a minute later.
    pub(crate) fn step(&mut self) {
        let random = &mut self.random;
        self.changed.clear();
        self.clock += 30_000;
        for (at, log) in self.logs.iter_mut().enumerate() {
            if random.once_in(5) {
                continue;
            }
            for line in 0..1 + random.below(30) {
                let at_time = self.clock + line * 900;
                log.push(log_line(random, at_time, at as u64));
            }
            self.changed.push(at);
        }
        if random.once_in(4) {
            (0..5 + random.below(50)).for_each(|_| self.build.push(build_line(random)));
            self.changed.push(3);
        }
        for (at, shell) in self.shells.iter_mut().enumerate() {
            if random.once_in(8 << at) {
                command(random, shell);
                self.changed.push(4 + at);
            }
        }
        if random.once_in(2) {
            if random.once_in(3) {
                self.top_line = usize::try_from(random.below(800)).unwrap();
            } else {
                let line = self.top_line + usize::try_from(random.below(40)).unwrap();
                self.file[line] = format!(
                    "\x1b[38;5;130m{:>4} \x1b[0m    changed_{}(\x1b[31m\"{:x}\"\x1b[0m);",
                    line + 1,
                    random.below(50),
                    random.next() >> 40
                );
            }
            self.changed.push(EDITOR);
        }
        for load in &mut self.load {
            if random.once_in(3) {
                *load = random.below(1000);
            }
        }
        self.changed.push(VIEWER);
        if random.once_in(20) {
            self.pager = random.below(60);
            self.changed.push(PAGER);
        }
        self.draw();
    }

    fn draw(&mut self) {
        for at in self.changed.clone() {
            self.texts[at] = match at {
                0..=2 => main(&self.logs[at]),
                3 => main(&self.build),
                4..=6 => main(&self.shells[at - 4]),
                EDITOR => over(&self.shells[0].lines, 200, self.editor()),
                VIEWER => over(&self.shells[1].lines, 100, self.viewer()),
                _ => over(&self.shells[2].lines, 50, self.page()),
            };
        }
    }

    fn editor(&self) -> String {
        let mut screen = self.file[self.top_line..self.top_line + 48].join("\n");
        screen.push_str(&format!(
            "\n\x1b[7m src/store/frame.rs [+] {}% \x1b[0m",
            self.top_line / 9
        ));
        screen
    }

    fn viewer(&self) -> String {
        let mut screen =
            String::from("\x1b[36m  PID USER      CPU%  MEM%   TIME+  Command\x1b[0m\n");
        for (at, load) in self.load.iter().enumerate() {
            screen.push_str(&format!(
                "\x1b[32m{:>5}\x1b[0m me   \x1b[1m{:>4}.{}\x1b[0m  {:>3}.{}  {:>2}:{:02}.{:02} worker-{at} --shard {}\n",
                1000 + at * 37,
                load / 10,
                load % 10,
                load % 83,
                load % 7,
                load % 59,
                (load * 7) % 60,
                (load * 13) % 100,
                at % 4
            ));
        }
        screen
    }

    fn page(&self) -> String {
        let mut random = Random::new(self.pager + 77);
        (0..48).map(|_| build_line(&mut random) + "\n").collect()
    }

    /// The texts, all of them.
    pub(crate) fn texts(&self) -> &[Contents] {
        &self.texts
    }

    /// Bytes of all texts.
    pub(crate) fn len(&self) -> usize {
        self.texts.iter().map(Contents::len).sum()
    }

    /// Makes every text at least so long, by what the logs show.
    pub(crate) fn enlarge(&mut self, bytes: usize) {
        for (at, text) in self.texts.iter_mut().enumerate() {
            let log = &self.logs[at % 3];
            // Each from elsewhere, so that no two panes show the same.
            let lines = log.lines.iter().cycle().skip(at * 999);
            let mut count = at;
            let mut main = String::new();
            for line in lines {
                if main.len() > bytes {
                    break;
                }
                count += 7;
                main.push_str(&format!("{count:x} {line}\n"));
            }
            text.main = main.into();
        }
        self.changed = (0..PANES).collect();
    }

    /// The window title that one pane shows.
    pub(crate) fn set_title(&mut self, title: String) {
        self.title = title;
        self.changed.clear();
    }

    /// A snapshot of this moment, with the texts that have changed since the last one.
    pub(crate) fn snapshot(&mut self) -> NewSnapshot {
        self.captures += 1;
        let contents = self.changed.iter().map(|at| self.texts[*at].clone());
        let contents = contents.collect();
        let time = build::later(self.captures * 30_000);
        build::snapshot(time, self.random.next(), self.state(), contents)
    }

    fn state(&self) -> ServerState {
        let sessions = [("api", 0..4), ("notes", 4..6), ("work", 6..10)];
        let sessions = sessions
            .into_iter()
            .zip(1u32..)
            .map(|((name, panes), number)| Session {
                life: Default::default(),
                handle: Some(SessionId::of(number.into())),
                ..build::session(
                    name,
                    self.tab(number, &self.texts[panes.clone()], panes.start),
                )
            });
        build::state(sessions.collect())
    }

    fn tab(&self, number: u32, texts: &[Contents], first: usize) -> Tab {
        let first = u32::try_from(first).unwrap();
        let mut tab = Tab {
            handle: Some(TabId::of(number.into())),
            ..build::columns(50, texts)
        };
        for pane in &mut tab.panes {
            pane.handle = Some(PaneHandle {
                id: PaneId::of(u64::from(first + pane.index)),
                pid: Some(4000 + i32::try_from(pane.index).unwrap()),
            });
            if pane.index == 1 && number == 1 {
                pane.title = self.title.clone().into();
            }
        }
        tab
    }
}

fn main(history: &History) -> Contents {
    Contents {
        main: history.text().into(),
        alternate: None,
    }
}

fn over(shell: &std::collections::VecDeque<String>, lines: usize, screen: String) -> Contents {
    let from = shell.len().saturating_sub(lines);
    let mut under = String::new();
    // What the shell showed before the program was started does not change while it runs.
    for line in shell.iter().take(from.min(lines)) {
        under.push_str(line);
        under.push('\n');
    }
    Contents {
        main: under.into(),
        alternate: Some(screen.into()),
    }
}
