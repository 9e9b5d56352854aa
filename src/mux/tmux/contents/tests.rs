//! Texts of a real tmux: read in one question, in steps, and continued; always what one
//! `capture-pane` of everything prints.

use std::io::Write as _;
use std::sync::Arc;

use proptest::prelude::*;

use super::super::capabilities::Capabilities;
use super::super::ids;
use super::super::padding;
use super::super::tests::tmux;
use super::*;
use crate::model::tree::PaneId;
use crate::mux::{Bookmark, ContentsRequest, PaneText};
use muxtape_testing::{TmuxServer, make_fifo, wait_until};

/// A pane that prints the files that it is told.
struct Printer {
    server: TmuxServer,
    step: usize,
    pane: PaneId,
}

impl Printer {
    fn new(history_limit: u32) -> Self {
        let server = TmuxServer::empty();
        let limit = history_limit.to_string();
        server.run(["set-option", "-g", "history-limit", &limit]);
        let fifo = server.dir().join("files");
        make_fifo(&fifo);
        let script = format!(
            "stty raw -echo; exec 3<>'{}'; while read -r file <&3; do cat \"$file\"; done",
            fifo.display()
        );
        let new = ["new-session", "-d", "-s", "main", "-x", "40", "-y", "12"];
        server.run([&new[..], &["sh", "-c", &script]].concat());
        let pane = server.run(["display-message", "-p", "-t", "main:", "#{pane_id}"]);
        let pane = ids::read_pane(pane.as_bytes()).unwrap();
        Self {
            server,
            step: 0,
            pane,
        }
    }

    /// Prints something, and waits until tmux has read it.
    fn print(&mut self, text: &[u8]) {
        self.step += 1;
        let title = format!("step {}", self.step);
        let file = self.server.dir().join("file");
        let end = format!("\x1b]2;{title}\x1b\\");
        std::fs::write(&file, [text, end.as_bytes()].concat()).unwrap();
        let fifo = self.server.dir().join("files");
        let mut fifo = std::fs::OpenOptions::new().write(true).open(fifo).unwrap();
        writeln!(fifo, "{}", file.display()).unwrap();
        wait_until("the text", || self.format("#{pane_title}") == title);
    }

    fn format(&self, format: &str) -> String {
        self.server
            .run(["display-message", "-p", "-t", "main:", format])
    }

    fn request(&self, limit: Option<u32>) -> ContentsRequest {
        ContentsRequest {
            pane: self.pane,
            alternate: self.format("#{alternate_on}") == "1",
            history: self.format("#{history_size}").parse().unwrap(),
            limit,
        }
    }

    fn read(&self, request: TextRequest, pace: &mut Pace) -> PaneText {
        let answer = tmux(&self.server).read_at(&[request], pace).unwrap();
        let mut texts = answer.texts;
        texts.remove(0).unwrap()
    }

    /// What one `capture-pane` of so many rows and the screen prints.
    fn plainly(&self, rows: u32) -> Vec<u8> {
        let from = format!("-{rows}");
        let target = ids::pane(self.pane);
        let args = ["capture-pane", "-epJ", "-S", &from, "-t", &target];
        let said = self.server.try_run(args).stdout;
        let text = said.strip_suffix(b"\n").unwrap();
        if Capabilities::of(&self.format("#{version}")).exact_lines {
            text.to_vec()
        } else {
            padding::stripped(text)
        }
    }
}

/// A text as it is read again and again.
#[derive(Default)]
struct Reader {
    scrollback: Vec<u8>,
    bookmark: Option<Arc<Bookmark>>,
    continued: usize,
}

impl Reader {
    fn read(&mut self, printer: &Printer, limit: Option<u32>, pace: &mut Pace) -> PaneText {
        let request = TextRequest {
            of: printer.request(limit),
            since: self.bookmark.take(),
            bookmark: true,
        };
        let mut text = printer.read(request, pace);
        if text.continued {
            self.continued += 1;
        } else {
            self.scrollback.clear();
        }
        self.scrollback.extend_from_slice(&text.scrollback);
        self.bookmark = text.bookmark.take().map(Arc::new);
        text.continued = false;
        text.scrollback = self.scrollback.clone();
        text
    }
}

/// What happens to a pane.
#[derive(Debug, Clone)]
enum Op {
    /// Rows of all kinds.
    Rows(u8, u64),
    /// Many rows.
    Burst(u16, u64),
    /// The same row again and again.
    Same(u16),
    /// Always the same rows.
    Known,
    Print(&'static str),
    Resize(u16, u16),
    ClearHistory,
    Nothing,
}

fn op() -> impl Strategy<Value = Op> {
    let sequences = [
        "\x1b[31mleft on",
        "\x1b[0m",
        "\x1b[4;12r\r\n\n\n\n\x1b[r",
        "\x1b[1;5r\x1b[5;1H\n\n\n\n\n\n\n\x1b[r",
        "\x1b[5A\x1b[7moverwritten\x1b[27m\x1b[5B",
        "\x1b[2J\x1b[H",
        "\x1b[H\x1b[J",
        "\x1b[3J",
        "\x1b[3S",
        "\x1b[H\x1b[3L",
        "\x1b[H\x1b[2M",
        "\x1b[K\r\n\x1b[44m\x1b[K\r\nblue\x1b[K\r\n\x1b[49m",
        "\x1bc",
        "\x1b[?1049h\x1b[H\x1b[32mfull screen",
        "\x1b[?1049h\x1b[2J\x1b[Hanother\r\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
        "\x1b[?1049l",
        "\x1b[?1049l",
        "\x1b(0lqqqqk\x1b(B\r\n\x1b(0x",
        "\x1b(B",
        "\r\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
    ];
    prop_oneof![
        8 => (any::<u8>(), any::<u64>()).prop_map(|(rows, seed)| Op::Rows(rows % 40, seed)),
        4 => (0u16..500, any::<u64>()).prop_map(|(rows, seed)| Op::Burst(rows, seed)),
        1 => (0u16..400).prop_map(Op::Same),
        1 => Just(Op::Known),
        8 => proptest::sample::select(sequences.to_vec()).prop_map(Op::Print),
        1 => (20u16..60, 4u16..30).prop_map(|(x, y)| Op::Resize(x, y)),
        1 => Just(Op::ClearHistory),
        1 => Just(Op::Nothing),
    ]
}

/// Rows of text, coloured, blank, wide, wrapped, drawn.
fn rows(count: usize, mut seed: u64) -> String {
    let mut text = String::new();
    for at in 0..count {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let colour = seed >> 20 & 7;
        text += &match seed >> 33 & 15 {
            0 => String::new(),
            1 => format!("\x1b[3{colour}m{at}: red to the end"),
            2 => format!("\x1b[1;4{colour}m bold {seed} \x1b[0m"),
            3 => format!(
                "{at} {}",
                "long ".repeat(usize::try_from(seed >> 40 & 31).unwrap())
            ),
            4 => "漢字かな".repeat(usize::try_from(seed >> 40 & 15).unwrap()),
            5 => format!("\x1b(0lqk{at}\x1b(B"),
            6 => "x".repeat(40),
            7 => format!("\x1b[38;5;{}m{at}\x1b[39m   ", seed >> 40 & 255),
            8 => format!("\x1b[4:3m\x1b[58;5;{colour}m{at}\x1b[0m"),
            _ => format!("line {at} of {seed:x}"),
        };
        text += "\r\n";
    }
    text
}

impl Op {
    fn happen(&self, printer: &mut Printer) {
        match self {
            Op::Rows(count, seed) => printer.print(rows(usize::from(*count), *seed).as_bytes()),
            Op::Burst(count, seed) => printer.print(rows(usize::from(*count), *seed).as_bytes()),
            Op::Same(count) => printer.print("same\r\n".repeat(usize::from(*count)).as_bytes()),
            Op::Known => printer.print(rows(60, 1).as_bytes()),
            Op::Print(text) => printer.print(text.as_bytes()),
            Op::Resize(x, y) => {
                let (x, y) = (x.to_string(), y.to_string());
                printer
                    .server
                    .run(["resize-window", "-t", "main:", "-x", &x, "-y", &y]);
            }
            Op::ClearHistory => {
                printer.server.run(["clear-history", "-t", "main:"]);
            }
            Op::Nothing => {}
        }
    }
}

fn joined(text: &PaneText) -> (String, Option<String>) {
    let show = |text: &[u8]| text.escape_ascii().to_string().replace("\\n", "\\n\n");
    let main = [&*text.scrollback, &*text.screen].concat();
    (show(&main), text.alternate.as_deref().map(show))
}

#[test]
fn a_text_is_the_same_however_it_is_read() {
    let rounds = std::env::var("MUXTAPE_TEST_ROUNDS").ok();
    let config = ProptestConfig {
        cases: rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(12),
        failure_persistence: None,
        max_shrink_iters: 60,
        ..ProptestConfig::default()
    };
    let case = (
        proptest::sample::select(vec![260u32, 700, 3000]),
        proptest::sample::select(vec![None, None, Some(300u32), Some(0)]),
        proptest::collection::vec(op(), 1..24),
    );
    let continued = std::cell::Cell::new(0);
    proptest!(config, |((history_limit, limit, ops) in case)| {
        let mut printer = Printer::new(history_limit);
        let (mut reader, mut slow) = (Reader::default(), Reader::default());
        printer.print(rows(250, 7).as_bytes());
        for op in ops {
            op.happen(&mut printer);
            let all = printer.request(limit).into();
            let whole = joined(&printer.read(all, &mut Pace::fixed(1_000_000)));
            let request = printer.request(limit);
            if !request.alternate {
                let rows = request.history - reading::top(request.history, limit);
                let plainly = PaneText { scrollback: Vec::new(), screen: printer.plainly(rows), ..printer.read(request.into(), &mut Pace::default()) };
                prop_assert_eq!(&whole, &joined(&plainly), "plainly, after {:?}", op);
            }
            let steps = joined(&printer.read(request.into(), &mut Pace::fixed(150)));
            prop_assert_eq!(&whole, &steps, "in steps, after {:?}", op);
            let text = joined(&reader.read(&printer, limit, &mut Pace::default()));
            prop_assert_eq!(&whole, &text, "continued, after {:?}", op);
            let text = joined(&slow.read(&printer, limit, &mut Pace::fixed(150)));
            prop_assert_eq!(&whole, &text, "continued in steps, after {:?}", op);
        }
        continued.set(continued.get() + reader.continued);
    });
    assert!(
        continued.get() > 3,
        "{} texts were continued",
        continued.get()
    );
}
