//! The built-in table. Of each place, the rows stand in the order in which the footer offers
//! them; one row is one line.

use super::action::{
    Action, ConfirmAction, CopyAction, DetailAction, DiffAction, Everywhere, FullTextAction,
    MenuAction, Motion, OnSnapshot, PolicyPart, PromptAction, PruneAction, RecoverAction,
    ReportAction, RestoreAction, Scrub, SearchPromptAction, SearchResultsAction, StorageAction,
    TapeAction, Turn, WelcomeAction,
};
use super::{Binding, Context};
use crate::app::input::{Key, KeyPress};

const fn c(c: char) -> KeyPress {
    KeyPress::char(c)
}

const fn k(key: Key) -> KeyPress {
    KeyPress::plain(key)
}

/// Keys that do the parts of an action in several places.
type Keys<P, const N: usize> = [(KeyPress, P); N];

const SCRUB: Keys<Scrub, 4> = [
    (c('h'), Scrub::Older),
    (c('l'), Scrub::Newer),
    (k(Key::Left), Scrub::Older),
    (k(Key::Right), Scrub::Newer),
];
const CHANGE: Keys<Scrub, 2> = [(c('['), Scrub::OlderChange), (c(']'), Scrub::NewerChange)];
const DAY: Keys<Scrub, 2> = [(c('('), Scrub::OlderDay), (c(')'), Scrub::NewerDay)];
const TAGGED: Keys<Scrub, 2> = [(c('{'), Scrub::OlderTagged), (c('}'), Scrub::NewerTagged)];
const ENDS: Keys<Scrub, 2> = [(c('g'), Scrub::Oldest), (c('G'), Scrub::Live)];
const PANES: Keys<Turn, 2> = [
    (k(Key::Tab), Turn::NextPane),
    (k(Key::BackTab), Turn::PreviousPane),
];
const LABELS: Keys<OnSnapshot, 2> = [(c('t'), OnSnapshot::Tag), (c('p'), OnSnapshot::Pin)];
const ROWS: Keys<Motion, 4> = [
    (c('j'), Motion::Down),
    (c('k'), Motion::Up),
    (k(Key::Down), Motion::Down),
    (k(Key::Up), Motion::Up),
];
const ARROWS: Keys<Motion, 2> = [(k(Key::Up), Motion::Up), (k(Key::Down), Motion::Down)];
const PAGES: Keys<Motion, 2> = [
    (k(Key::PageUp), Motion::PageUp),
    (k(Key::PageDown), Motion::PageDown),
];
const TEXT_ENDS: Keys<Motion, 4> = [
    (c('g'), Motion::Top),
    (c('G'), Motion::Bottom),
    (k(Key::Home), Motion::Top),
    (k(Key::End), Motion::Bottom),
];

/// What hints and help say.
type Words = &'static str;

/// The rows of one place, whose actions are of the type `A`.
struct Rows<A> {
    context: Context,
    of: fn(A) -> Action,
    rows: Vec<Binding>,
}

impl<A: Copy> Rows<A> {
    fn new(context: Context, of: fn(A) -> Action) -> Self {
        Self {
            context,
            of,
            rows: Vec::new(),
        }
    }

    fn row(mut self, keys: Vec<(KeyPress, Action)>, hint: Words, help: Words) -> Self {
        self.rows.push(Binding {
            context: self.context,
            keys,
            hint,
            help,
        });
        self
    }

    /// One key.
    fn one(self, key: impl Into<KeyPress>, action: A, hint: Words, help: Words) -> Self {
        self.all(&[(key.into(), action)], hint, help)
    }

    /// Several keys that belong together.
    fn all(self, keys: &[(KeyPress, A)], hint: Words, help: Words) -> Self {
        self.part(keys, |action| action, hint, help)
    }

    /// Keys for a part of the place's actions.
    fn part<P: Copy>(
        self,
        keys: &[(KeyPress, P)],
        part: fn(P) -> A,
        hint: Words,
        help: Words,
    ) -> Self {
        let keys = keys.iter().map(|(key, of)| (*key, (self.of)(part(*of))));
        let keys = keys.collect();
        self.row(keys, hint, help)
    }

    /// A key that does here what another one does everywhere.
    fn shared(
        self,
        key: impl Into<KeyPress>,
        action: Everywhere,
        hint: Words,
        help: Words,
    ) -> Self {
        self.row(vec![(key.into(), Action::Everywhere(action))], hint, help)
    }

    fn closes(self) -> Self {
        self.shared(Key::Esc, Everywhere::Back, "close", "close")
    }
}

/// Every binding there is.
pub(super) fn bindings() -> Vec<Binding> {
    [
        tape(),
        detail(),
        full_text(),
        diff(),
        search(),
        storage(),
        restore(),
        overlays(),
        everywhere(),
    ]
    .concat()
}

#[rustfmt::skip]
fn tape() -> Vec<Binding> {
    use OnSnapshot as S;
    use TapeAction as A;
    Rows::new(Context::Tape, Action::Tape)
        .part(&SCRUB, A::Scrub, "scrub", "older / newer snapshot")
        .part(&CHANGE, A::Scrub, "change", "previous / next change")
        .one(Key::Enter, A::Open, "open", "open, fold or unfold a day")
        .one('d', A::On(S::Diff), "diff", "diff with A or previous")
        .one('r', A::On(S::Restore), "restore…", "restore preview (dry run)")
        .shared('/', Everywhere::ViewSearch, "search", "search all of history")
        .one(' ', A::On(S::MarkA), "mark A", "mark as A")
        .one('s', A::On(S::SnapNow), "snap now", "snapshot now")
        .one('D', A::On(S::DiffLive), "", "diff with live")
        .part(&ENDS, A::Scrub, "", "oldest / live")
        .part(&DAY, A::Scrub, "", "previous / next day")
        .part(&TAGGED, A::Scrub, "", "previous / next tagged")
        .one('@', A::On(S::GoToTime), "", "go to a time (2h ago)")
        .part(&ROWS, A::Move, "", "move in the list")
        .part(&PAGES, A::Move, "", "a page up / down")
        .part(&PANES, A::Turn, "", "next / previous pane")
        .one('w', A::Turn(Turn::NextTab), "", "next tab")
        .part(&LABELS, A::On, "", "tag, pin")
        .all(&[(c('x'), A::Trash), (c('u'), A::UndoTrash)], "", "to the trash, undo that")
        .one('f', A::FilterSession, "", "only one session")
        .one('+', A::Zoom, "", "the drawing alone, and back")
        .rows
}

#[rustfmt::skip]
fn detail() -> Vec<Binding> {
    use DetailAction as A;
    use OnSnapshot as S;
    Rows::new(Context::Detail, Action::Detail)
        .part(&SCRUB, A::Scrub, "scrub", "older / newer snapshot")
        .part(&PANES, A::Turn, "pane", "next / previous pane")
        .one('w', A::Turn(Turn::NextTab), "tab", "next tab, then next session")
        .one(Key::Enter, A::FullText, "full text", "full text of the pane")
        .part(&CHANGE, A::Scrub, "change", "previous / next change")
        .one('d', A::On(S::Diff), "diff", "diff with A or previous")
        .one('r', A::On(S::Restore), "restore…", "restore preview (dry run)")
        .one(' ', A::On(S::MarkA), "mark A", "mark as A")
        .one('D', A::On(S::DiffLive), "", "diff with live")
        .part(&ENDS, A::Scrub, "", "oldest / live")
        .part(&DAY, A::Scrub, "", "previous / next day")
        .part(&TAGGED, A::Scrub, "", "previous / next tagged")
        .one('@', A::On(S::GoToTime), "", "go to a time (2h ago)")
        .one('s', A::On(S::SnapNow), "", "snapshot now")
        .part(&LABELS, A::On, "", "tag, pin")
        .rows
}

#[rustfmt::skip]
fn full_text() -> Vec<Binding> {
    use FullTextAction as A;
    Rows::new(Context::FullText, Action::FullText)
        .part(&ROWS, A::Move, "scroll", "a line down / up")
        .part(&PAGES, A::Move, "page", "a page up / down")
        .part(&TEXT_ENDS, A::Move, "ends", "first / last line")
        .part(&SCRUB, A::Scrub, "scrub", "the same pane, older / newer")
        .part(&PANES, A::Turn, "", "next / previous pane")
        .rows
}

#[rustfmt::skip]
fn diff() -> Vec<Binding> {
    use DiffAction as A;
    Rows::new(Context::Diff, Action::Diff)
        .all(&[(c('n'), A::NextChange), (c('N'), A::PreviousChange)],
            "change", "next / previous change")
        .all(&[(c('h'), A::Older), (c('l'), A::Newer),
            (k(Key::Left), A::Older), (k(Key::Right), A::Newer)], "scrub B", "scrub side B")
        .all(&[(c('H'), A::OlderA), (c('L'), A::NewerA)], "scrub A", "scrub side A")
        .one('i', A::Inline, "inline", "one column or two")
        .all(&[(c('z'), A::Fold), (c('Z'), A::FoldAll)], "fold", "fold here / everywhere")
        .part(&ROWS, A::Move, "scroll", "scroll")
        .all(&[(k(Key::Tab), A::NextPane), (k(Key::BackTab), A::PreviousPane)],
            "pane", "next / previous changed pane")
        .all(&[(c('{'), A::LessContext), (c('}'), A::MoreContext)],
            "context", "less / more lines around changes")
        .one('W', A::Wrap, "wrap", "wrap long lines")
        .one('b', A::IgnoreBlank, "blanks", "ignore white space")
        .one('~', A::Swap, "swap", "swap the sides")
        .all(&[(c('t'), A::Tree), (c('v'), A::Layout)], "", "structure, layout on / off")
        .one('r', A::Restore, "restore A…", "restore preview of A")
        .part(&PAGES, A::Move, "", "a page up / down")
        .rows
}

#[rustfmt::skip]
fn search() -> Vec<Binding> {
    use SearchPromptAction as P;
    use SearchResultsAction as R;
    const SCOPES: &str = "names, commands, directories, all";
    const TEXT: &str = "search what panes showed, too";
    let mut prompt = Rows::new(Context::SearchPrompt, Action::SearchPrompt)
        .all(&[(k(Key::Enter), P::Results), (k(Key::Down), P::Results)],
            "results", "to the results")
        .one(KeyPress::ctrl('t'), P::ToggleText, "text", TEXT)
        .one(Key::Tab, P::CycleScope, "scope", SCOPES)
        .shared(Key::Esc, Everywhere::Back, "back", "back")
        .rows;
    let results = Rows::new(Context::SearchResults, Action::SearchResults)
        .part(&ROWS, R::Move, "choose", "next / previous match")
        .all(&[(c('n'), R::NextHit), (c('N'), R::PreviousHit)], "hit", "next / previous hit")
        .one(Key::Enter, R::GoThere, "go there", "go to the moment on the tape")
        .all(&[(c('g'), R::FirstSeen), (c('G'), R::LastSeen)],
            "first/last", "where it was first / last seen")
        .one(KeyPress::ctrl('t'), R::ToggleText, "text", TEXT)
        .one(Key::Tab, R::CycleScope, "", SCOPES)
        .part(&PAGES, R::Move, "", "a page up / down");
    prompt.extend(results.rows);
    prompt
}

#[rustfmt::skip]
fn storage() -> Vec<Binding> {
    use PruneAction as P;
    use StorageAction as S;
    let overview = Rows::new(Context::Storage, Action::Storage)
        .one('P', S::PrunePreview, "prune preview", "what would be removed, and why")
        .one('v', S::Verify, "verify", "check every record")
        .one('C', S::Compact, "compact", "give free room back to the disk")
        .one('u', S::UndoTrash, "undo delete", "bring the last delete back")
        .one(Key::Enter, S::Secrets, "secrets", "which rules hid something")
        .part(&ROWS, S::Move, "", "move in the sessions")
        .part(&PAGES, S::Move, "", "a page up / down");
    let secrets = Rows::new(Context::HiddenSecrets, Action::HiddenSecrets)
        .all(&ROWS, "move", "move in the list")
        .all(&PAGES, "page", "a page up / down")
        .all(&TEXT_ENDS, "ends", "first / last");
    let prune = Rows::new(Context::Prune, Action::Prune)
        .one('P', P::Prune, "prune…", "remove them, after a question")
        .one('a', P::ToggleAll, "all", "list also what stays, or not")
        .one(Key::Enter, P::GoThere, "go there", "to the moment on the tape")
        .part(&ROWS, P::Move, "move", "move in the list")
        .part(&PAGES, P::Move, "page", "a page up / down")
        .part(&TEXT_ENDS, P::Move, "", "first / last");
    [overview.rows, secrets.rows, prune.rows].concat()
}

#[rustfmt::skip]
fn restore() -> Vec<Binding> {
    use RecoverAction as V;
    use ReportAction as P;
    use RestoreAction as A;
    let preview = Rows::new(Context::Restore, Action::Restore)
        .one('R', A::Apply, "restore…", "restore, after a question")
        .one(' ', A::Toggle, "on/off", "restore this or not, and all in it")
        .one('!', A::NextWarning, "next warning", "next warning")
        .one(Key::Enter, A::Why, "why", "why, and the exact commands")
        .one('a', A::ToggleAll, "all/none", "all on / all off")
        .one('y', A::CopyScript, "copy script", "copy as a shell script")
        .one('c', A::AllCommands, "", "every command")
        .one('e', A::Cycle(PolicyPart::Conflict), "", "when a session exists: …")
        .one('p', A::Cycle(PolicyPart::Programs), "", "which programs start: …")
        .one('m', A::Cycle(PolicyPart::MissingDir), "", "when a directory is gone: …")
        .one('b', A::Cycle(PolicyPart::Text), "", "show the saved text again, or not")
        .part(&ROWS, A::Move, "", "move in the plan")
        .part(&PAGES, A::Move, "", "a page up / down");
    let report = Rows::new(Context::Report, Action::Report)
        .one('a', P::Attach, "attach", "attach to what was restored")
        .one('f', P::RetryFailed, "retry failed", "try again what failed")
        .one('u', P::Undo, "undo…", "undo only what this restore made")
        .one('c', P::CloseLeftover, "close blank…", "close a blank session that is left")
        .one('y', P::CopyReport, "copy report", "copy the report")
        .part(&ROWS, P::Move, "", "move in the report");
    let recover = Rows::new(Context::Recover, Action::Recover)
        .one(Key::Enter, V::DryRun, "dry run", "look at the dry run")
        .all(&[(c('h'), V::Earlier), (c('l'), V::Later),
            (k(Key::Left), V::Earlier), (k(Key::Right), V::Later)],
            "earlier/later", "pick an earlier snapshot")
        .all(&[(c('s'), V::NotNow), (k(Key::Esc), V::NotNow)], "not now", "not now: it is kept")
        .one('N', V::StopAsking, "stop asking", "stop asking for this crash")
        .part(&ROWS, V::Move, "", "another crash");
    let welcome = Rows::new(Context::Welcome, Action::Welcome)
        .all(&[(c('1'), WelcomeAction::Record), (k(Key::Enter), WelcomeAction::Record)],
            "record", "record while muxtape is open")
        .all(&[(c('2'), WelcomeAction::Once), (c('s'), WelcomeAction::Once)],
            "one snapshot", "one snapshot, then look at it");
    [preview.rows, report.rows, recover.rows, welcome.rows].concat()
}

#[rustfmt::skip]
fn overlays() -> Vec<Binding> {
    let menu = Rows::new(Context::Menu, Action::Menu)
        .one(Key::Enter, MenuAction::Run, "run it", "do what the entry says")
        .part(&ARROWS, MenuAction::Move, "move", "move")
        .part(&PAGES, MenuAction::Move, "", "a page up / down")
        .closes();
    let prompt = Rows::new(Context::Prompt, Action::Prompt)
        .one(Key::Enter, PromptAction::Take, "ok", "accept what is typed")
        .part(&ARROWS, PromptAction::Move, "choose", "choose from the list")
        .closes();
    let confirm = Rows::new(Context::Confirm, Action::Confirm)
        .one('y', ConfirmAction::Yes, "yes", "go ahead")
        .all(&[c('n'), k(Key::Enter), k(Key::Esc), c('q')].map(|key| (key, ConfirmAction::No)),
            "no", "no");
    let copy = Rows::new(Context::Copy, Action::Copy)
        .one('i', CopyAction::Id, "id", "copy the snapshot's id")
        .one('c', CopyAction::Command, "command", "copy the pane's command")
        .one('d', CopyAction::Directory, "directory", "copy the pane's directory")
        .all(&[(c('t'), CopyAction::Text), (c('y'), CopyAction::Text)],
            "text", "copy the pane's text")
        .closes();
    [menu.rows, prompt.rows, confirm.rows, copy.rows].concat()
}

#[rustfmt::skip]
fn everywhere() -> Vec<Binding> {
    use Everywhere as A;
    Rows::new(Context::Everywhere, Action::Everywhere)
        .one(':', A::Palette, "commands", "every command")
        .one('?', A::Help, "keys", "this help")
        .one('/', A::ViewSearch, "", "search")
        .all(&[(c('1'), A::ViewTape), (c('2'), A::ViewSearch), (c('3'), A::ViewStorage)],
            "", "views")
        .one('y', A::Copy, "", "copy id, command, text…")
        .one('M', A::Mouse, "", "mouse on / off")
        .one('T', A::Theme, "", "next theme")
        .all(&[(k(Key::Esc), A::Back), (k(Key::Backspace), A::Back)], "back", "back, never quits")
        .one('q', A::Leave, "", "back; quits at the root")
        .one(KeyPress::ctrl('c'), A::Quit, "", "quit")
        .one(KeyPress::ctrl('z'), A::Suspend, "", "suspend")
        .one(KeyPress::ctrl('l'), A::Redraw, "", "redraw the screen")
        .rows
}
