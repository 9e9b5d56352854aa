//! `muxtape events`

use std::io;
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec};
use signal_hook::consts::SIGINT;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::views::{count, event};
use crate::journal::{Event, Found, JournalError, Query};

/// How long nothing is looked for while a journal is followed: nobody is told when a file grows, on
/// all systems alike, and a look costs one question to the file system.
const PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};
/// How many events come first where a journal is followed and nothing else is said.
const RECENT: usize = 10;

/// Show what muxtape did, oldest first
///
/// Lists snapshots that were made, pruned, deleted or edited, restores, recoveries, starts and ends
/// of servers and of the recorder, and failures. `muxtape audit` also checks whether the journal
/// was changed.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Events {
    /// Print the last ten, then new ones until interrupted
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    chosen: Chosen,
}

/// Which events are meant.
#[derive(Debug, clap::Args)]
pub(super) struct Chosen {
    /// Not before this time (2h, 14:30, 2026-11-20)
    #[arg(long, value_name = "T")]
    since: Option<String>,
    /// Not after this time
    #[arg(long, value_name = "T")]
    until: Option<String>,
    /// Only those of this kind; may be given several times
    #[arg(long = "type", value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(Event::KINDS))]
    kinds: Vec<String>,
    /// Only those that concern this session
    #[arg(long, value_name = "S")]
    session: Option<String>,
    /// At most this many: the newest
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl Chosen {
    pub(super) fn query(&self, context: &Context) -> Result<Query, CliError> {
        let moment =
            |words: &Option<String>| words.as_deref().map(|w| context.moment(w)).transpose();
        // A name that holds a secret stands in the journal without it.
        let written = self.session.as_ref();
        let written = written.and_then(|name| context.host.name_in_journal(name));
        Ok(Query {
            since: moment(&self.since)?,
            until: moment(&self.until)?,
            kinds: self.kinds.clone(),
            sessions: self.session.clone().into_iter().chain(written).collect(),
            limit: self.limit,
        })
    }
}

impl Events {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut query = self.chosen.query(context)?;
        if self.follow {
            let open = query.limit.is_none() && query.since.is_none();
            query.limit = query.limit.or(open.then_some(RECENT));
            return follow(context, query);
        }
        let found = context.host.journal().find(&query)?;
        show(context, &found)?;
        if found.entries.is_empty() && found.bad == 0 {
            context.output.say("nothing of that is in the journal");
        }
        Ok(Exit::Ok)
    }
}

/// Writes events, a line each.
fn show(context: &Context, found: &Found) -> Result<(), CliError> {
    let output = &context.output;
    if output.json() {
        for entry in &found.entries {
            output.json_line(&event::json(entry))?;
        }
    } else {
        let now = context.zoned();
        let lines = found
            .entries
            .iter()
            .map(|entry| event::line(entry, &now, output));
        output.lines(&lines.collect::<Vec<_>>())?;
    }
    say_bad(context, found.bad);
    Ok(())
}

fn say_bad(context: &Context, bad: u64) {
    if bad > 0 {
        let lines = count(bad, "line");
        context.output.say(&format!(
            "{lines} of the journal cannot be read and were left out; `muxtape audit` tells which"
        ));
    }
}

/// What wakes who waits for events.
enum Woken {
    /// It is time to look.
    Time,
    /// The user has had enough.
    Interrupt,
    /// Nobody reads on.
    Unread,
}

fn follow(context: &Context, query: Query) -> Result<Exit, CliError> {
    let (interrupt, sender) = UnixStream::pair()?;
    let signal = signal_hook::low_level::pipe::register(SIGINT, sender)?;
    let (mut follow, mut found) = context.host.journal().follow(query)?;
    let exit = loop {
        show(context, &found)?;
        match wait(&interrupt)? {
            Woken::Time => found = follow.more()?,
            Woken::Interrupt => break Exit::Interrupted,
            Woken::Unread => break Exit::Ok,
        }
    };
    signal_hook::low_level::unregister(signal);
    Ok(exit)
}

fn wait(interrupt: &UnixStream) -> io::Result<Woken> {
    let out = io::stdout();
    let mut polled = [
        PollFd::new(interrupt, PollFlags::IN),
        PollFd::new(&out, PollFlags::empty()),
    ];
    match rustix::event::poll(&mut polled, Some(&PAUSE)) {
        // The signal itself may have ended the wait; what it sent is there.
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let [interrupt, out] = polled.map(|one| one.revents());
    Ok(if !interrupt.is_empty() {
        Woken::Interrupt
    } else if out.intersects(PollFlags::ERR | PollFlags::HUP) {
        Woken::Unread
    } else {
        Woken::Time
    })
}

impl From<JournalError> for CliError {
    fn from(error: JournalError) -> Self {
        Self::caused(Exit::Failed, &error)
    }
}
