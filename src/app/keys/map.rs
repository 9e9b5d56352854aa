//! The table itself.

use super::{Action, Binding, Context};
use crate::app::input::{Key, KeyPress};

const fn c(c: char) -> KeyPress {
    KeyPress::char(c)
}

const fn ctrl(c: char) -> KeyPress {
    KeyPress::ctrl(c)
}

const fn k(key: Key) -> KeyPress {
    KeyPress::plain(key)
}

const fn bind(
    context: Context,
    keys: &'static [(KeyPress, Action)],
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        context,
        keys,
        hint,
        help,
    }
}

use Action as A;
use Context as C;
use Key as K;

const SCRUB: &[(KeyPress, Action)] = &[
    (c('h'), A::Older),
    (c('l'), A::Newer),
    (k(K::Left), A::Older),
    (k(K::Right), A::Newer),
];
const CHANGE: &[(KeyPress, Action)] = &[(c('['), A::OlderChange), (c(']'), A::NewerChange)];
const DAY: &[(KeyPress, Action)] = &[(c('('), A::OlderDay), (c(')'), A::NewerDay)];
const TAGGED: &[(KeyPress, Action)] = &[(c('{'), A::OlderTagged), (c('}'), A::NewerTagged)];
const ENDS: &[(KeyPress, Action)] = &[(c('g'), A::Oldest), (c('G'), A::Live)];
const ROWS: &[(KeyPress, Action)] = &[
    (c('j'), A::Down),
    (c('k'), A::Up),
    (k(K::Down), A::Down),
    (k(K::Up), A::Up),
];
const ARROWS: &[(KeyPress, Action)] = &[(k(K::Up), A::Up), (k(K::Down), A::Down)];
const PAGES: &[(KeyPress, Action)] = &[(k(K::PageUp), A::PageUp), (k(K::PageDown), A::PageDown)];
const TEXT_ENDS: &[(KeyPress, Action)] = &[
    (c('g'), A::Top),
    (c('G'), A::Bottom),
    (k(K::Home), A::Top),
    (k(K::End), A::Bottom),
];
const PANES: &[(KeyPress, Action)] = &[(k(K::Tab), A::NextPane), (k(K::BackTab), A::PreviousPane)];
const ENTER: &[(KeyPress, Action)] = &[(k(K::Enter), A::Open)];
const ESC: &[(KeyPress, Action)] = &[(k(K::Esc), A::Back)];

/// Every binding there is.
pub const BINDINGS: &[Binding] = &[
    bind(C::Tape, SCRUB, "scrub", "older / newer snapshot"),
    bind(C::Tape, CHANGE, "change", "previous / next change"),
    bind(C::Tape, ENTER, "open", "open, fold or unfold a day"),
    bind(
        C::Tape,
        &[(c('d'), A::Diff)],
        "diff",
        "diff with A or one before",
    ),
    bind(
        C::Tape,
        &[(c('r'), A::Restore)],
        "restore…",
        "restore preview (dry run)",
    ),
    bind(
        C::Tape,
        &[(c('/'), A::Search)],
        "search",
        "search all of history",
    ),
    bind(C::Tape, &[(c(' '), A::MarkA)], "mark A", "mark as A"),
    bind(C::Tape, &[(c('s'), A::SnapNow)], "snap now", "snapshot now"),
    bind(C::Tape, &[(c('D'), A::DiffLive)], "", "diff with live"),
    bind(C::Tape, ENDS, "", "oldest / live"),
    bind(C::Tape, DAY, "", "previous / next day"),
    bind(C::Tape, TAGGED, "", "previous / next tagged"),
    bind(
        C::Tape,
        &[(c('@'), A::GoToTime)],
        "",
        "go to a time (2h ago)",
    ),
    bind(C::Tape, ROWS, "", "move in the list"),
    bind(C::Tape, PAGES, "", "a page up / down"),
    bind(C::Tape, PANES, "", "next / previous pane"),
    bind(C::Tape, &[(c('w'), A::NextTab)], "", "next tab"),
    bind(
        C::Tape,
        &[(c('t'), A::Tag), (c('p'), A::Pin)],
        "",
        "tag, pin",
    ),
    bind(
        C::Tape,
        &[(c('x'), A::Trash), (c('u'), A::UndoTrash)],
        "",
        "to the trash, undo that",
    ),
    bind(
        C::Tape,
        &[(c('f'), A::FilterSession)],
        "",
        "only one session",
    ),
    bind(
        C::Tape,
        &[(c('+'), A::Zoom)],
        "",
        "thumbnail alone, and back",
    ),
    bind(C::Detail, SCRUB, "scrub", "older / newer snapshot"),
    bind(C::Detail, PANES, "pane", "next / previous pane"),
    bind(
        C::Detail,
        &[(c('w'), A::NextTab)],
        "tab",
        "next tab, then next session",
    ),
    bind(C::Detail, ENTER, "full text", "full text of the pane"),
    bind(C::Detail, CHANGE, "change", "previous / next change"),
    bind(
        C::Detail,
        &[(c('d'), A::Diff)],
        "diff",
        "diff with A or one before",
    ),
    bind(
        C::Detail,
        &[(c('r'), A::Restore)],
        "restore…",
        "restore preview (dry run)",
    ),
    bind(C::Detail, &[(c(' '), A::MarkA)], "mark A", "mark as A"),
    bind(C::Detail, &[(c('D'), A::DiffLive)], "", "diff with live"),
    bind(C::Detail, ENDS, "", "oldest / live"),
    bind(C::Detail, DAY, "", "previous / next day"),
    bind(C::Detail, TAGGED, "", "previous / next tagged"),
    bind(
        C::Detail,
        &[(c('@'), A::GoToTime)],
        "",
        "go to a time (2h ago)",
    ),
    bind(C::Detail, &[(c('s'), A::SnapNow)], "", "snapshot now"),
    bind(
        C::Detail,
        &[(c('t'), A::Tag), (c('p'), A::Pin)],
        "",
        "tag, pin",
    ),
    bind(C::FullText, ROWS, "scroll", "a line down / up"),
    bind(C::FullText, PAGES, "page", "a page up / down"),
    bind(C::FullText, TEXT_ENDS, "ends", "first / last line"),
    bind(C::FullText, SCRUB, "scrub", "the same pane, older / newer"),
    bind(C::FullText, PANES, "", "next / previous pane"),
    bind(
        C::Diff,
        &[(c('n'), A::NextMatch), (c('N'), A::PreviousMatch)],
        "change",
        "next / previous change",
    ),
    bind(C::Diff, SCRUB, "scrub B", "scrub side B"),
    bind(
        C::Diff,
        &[(c('H'), A::OlderA), (c('L'), A::NewerA)],
        "scrub A",
        "scrub side A",
    ),
    bind(
        C::Diff,
        &[(c('i'), A::Inline)],
        "inline",
        "one column or two",
    ),
    bind(
        C::Diff,
        &[(c('z'), A::Fold), (c('Z'), A::FoldAll)],
        "fold",
        "open or fold same lines, or all",
    ),
    bind(C::Diff, ROWS, "scroll", "scroll"),
    bind(C::Diff, PANES, "pane", "next / previous changed pane"),
    bind(
        C::Diff,
        &[(c('{'), A::LessContext), (c('}'), A::MoreContext)],
        "context",
        "less / more lines around changes",
    ),
    bind(C::Diff, &[(c('W'), A::Wrap)], "wrap", "wrap long lines"),
    bind(
        C::Diff,
        &[(c('b'), A::IgnoreBlank)],
        "blanks",
        "ignore white space",
    ),
    bind(C::Diff, &[(c('~'), A::Swap)], "swap", "swap the sides"),
    bind(
        C::Diff,
        &[(c('t'), A::Tree), (c('v'), A::Layout)],
        "",
        "structure, layout on / off",
    ),
    bind(
        C::Diff,
        &[(c('r'), A::Restore)],
        "restore A…",
        "restore preview of A",
    ),
    bind(C::Diff, PAGES, "", "a page up / down"),
    bind(
        C::SearchPrompt,
        &[(k(K::Enter), A::Open), (k(K::Down), A::Down)],
        "results",
        "to the results",
    ),
    bind(
        C::SearchPrompt,
        &[(ctrl('t'), A::ToggleText)],
        "text",
        "search what panes showed, too",
    ),
    bind(
        C::SearchPrompt,
        &[(k(K::Tab), A::CycleScope)],
        "scope",
        "names, commands, directories, all",
    ),
    bind(C::SearchPrompt, ESC, "back", "back"),
    bind(C::SearchResults, ROWS, "choose", "next / previous match"),
    bind(
        C::SearchResults,
        &[(c('n'), A::NextMatch), (c('N'), A::PreviousMatch)],
        "hit",
        "next / previous hit",
    ),
    bind(
        C::SearchResults,
        ENTER,
        "go there",
        "go to the moment on the tape",
    ),
    bind(
        C::SearchResults,
        &[(c('g'), A::FirstSeen), (c('G'), A::LastSeen)],
        "first/last",
        "where it was first / last seen",
    ),
    bind(
        C::SearchResults,
        &[(ctrl('t'), A::ToggleText)],
        "text",
        "search what panes showed, too",
    ),
    bind(
        C::SearchResults,
        &[(k(K::Tab), A::CycleScope)],
        "",
        "names, commands, directories, all",
    ),
    bind(C::SearchResults, PAGES, "", "a page up / down"),
    bind(
        C::Storage,
        &[(c('P'), A::Prune)],
        "prune preview",
        "what would be removed, and why",
    ),
    bind(
        C::Storage,
        &[(c('v'), A::Verify)],
        "verify",
        "check every record",
    ),
    bind(
        C::Storage,
        &[(c('C'), A::Compact)],
        "compact",
        "give free room back to the disk",
    ),
    bind(
        C::Storage,
        &[(c('u'), A::UndoTrash)],
        "undo delete",
        "bring the last delete back",
    ),
    bind(C::Storage, ENTER, "secrets", "which rules hid something"),
    bind(C::Storage, ROWS, "", "move in the sessions"),
    bind(C::Storage, PAGES, "", "a page up / down"),
    bind(C::HiddenSecrets, ROWS, "move", "move in the list"),
    bind(C::HiddenSecrets, PAGES, "page", "a page up / down"),
    bind(C::HiddenSecrets, TEXT_ENDS, "ends", "first / last"),
    bind(
        C::Prune,
        &[(c('P'), A::Prune)],
        "prune…",
        "remove them, after a question",
    ),
    bind(
        C::Prune,
        &[(c('a'), A::ToggleAll)],
        "all",
        "what stays, too, or only what goes",
    ),
    bind(C::Prune, ENTER, "go there", "to the moment on the tape"),
    bind(C::Prune, ROWS, "move", "move in the list"),
    bind(C::Prune, PAGES, "page", "a page up / down"),
    bind(C::Prune, TEXT_ENDS, "", "first / last"),
    bind(
        C::Restore,
        &[(c('R'), A::Apply)],
        "restore…",
        "restore, after a question",
    ),
    bind(
        C::Restore,
        &[(c(' '), A::Toggle)],
        "on/off",
        "restore this or not, and all in it",
    ),
    bind(
        C::Restore,
        &[(c('!'), A::NextWarning)],
        "next warning",
        "next warning",
    ),
    bind(C::Restore, ENTER, "why", "why, and the exact commands"),
    bind(
        C::Restore,
        &[(c('a'), A::ToggleAll)],
        "all/none",
        "all or nothing",
    ),
    bind(
        C::Restore,
        &[(c('y'), A::CopyScript)],
        "copy script",
        "copy as a shell script",
    ),
    bind(C::Restore, &[(c('c'), A::AllCommands)], "", "every command"),
    bind(
        C::Restore,
        &[(c('e'), A::CycleConflict)],
        "",
        "when a session exists: …",
    ),
    bind(
        C::Restore,
        &[(c('p'), A::CyclePrograms)],
        "",
        "which programs start: …",
    ),
    bind(
        C::Restore,
        &[(c('m'), A::CycleMissingDir)],
        "",
        "when a directory is gone: …",
    ),
    bind(
        C::Restore,
        &[(c('b'), A::CycleText)],
        "",
        "show the saved text again, or not",
    ),
    bind(C::Restore, ROWS, "", "move in the plan"),
    bind(C::Restore, PAGES, "", "a page up / down"),
    bind(
        C::Report,
        &[(c('a'), A::Attach)],
        "attach",
        "attach to what was restored",
    ),
    bind(
        C::Report,
        &[(c('f'), A::RetryFailed)],
        "retry failed",
        "try again what failed",
    ),
    bind(
        C::Report,
        &[(c('u'), A::UndoRestore)],
        "undo…",
        "undo only what this restore made",
    ),
    bind(
        C::Report,
        &[(c('y'), A::CopyReport)],
        "copy report",
        "copy the report",
    ),
    bind(C::Report, ROWS, "", "move in the report"),
    bind(C::Recover, ENTER, "dry run", "look at the dry run"),
    bind(
        C::Recover,
        SCRUB,
        "earlier/later",
        "pick an earlier snapshot",
    ),
    bind(
        C::Recover,
        &[(c('s'), A::NotNow), (k(K::Esc), A::NotNow)],
        "not now",
        "not now: it is kept",
    ),
    bind(
        C::Recover,
        &[(c('N'), A::StopAsking)],
        "stop asking",
        "stop asking for this crash",
    ),
    bind(C::Recover, ROWS, "", "another crash"),
    bind(
        C::Welcome,
        &[(c('1'), A::ChooseRecord), (k(K::Enter), A::ChooseRecord)],
        "record",
        "record while muxtape is open",
    ),
    bind(
        C::Welcome,
        &[(c('2'), A::ChooseOnce), (c('s'), A::ChooseOnce)],
        "one snapshot",
        "one snapshot, then look at it",
    ),
    bind(
        C::Help,
        &[(k(K::Enter), A::Open)],
        "run it",
        "do what the entry says",
    ),
    bind(C::Help, ARROWS, "move", "move"),
    bind(C::Help, PAGES, "", "a page up / down"),
    bind(C::Help, ESC, "close", "close"),
    bind(
        C::Palette,
        &[(k(K::Enter), A::Open)],
        "run it",
        "do what the entry says",
    ),
    bind(C::Palette, ARROWS, "move", "move"),
    bind(C::Palette, PAGES, "", "a page up / down"),
    bind(C::Palette, ESC, "close", "close"),
    bind(C::Prompt, &[(k(K::Enter), A::Open)], "ok", "take it"),
    bind(C::Prompt, ARROWS, "choose", "choose from the list"),
    bind(C::Prompt, ESC, "close", "close"),
    bind(C::Confirm, &[(c('y'), A::Yes)], "yes", "go ahead"),
    bind(
        C::Confirm,
        &[
            (c('n'), A::No),
            (k(K::Enter), A::No),
            (k(K::Esc), A::No),
            (c('q'), A::No),
        ],
        "no",
        "no",
    ),
    bind(
        C::Copy,
        &[(c('i'), A::CopyId)],
        "id",
        "copy the snapshot's id",
    ),
    bind(
        C::Copy,
        &[(c('c'), A::CopyCommand)],
        "command",
        "copy the pane's command",
    ),
    bind(
        C::Copy,
        &[(c('d'), A::CopyDirectory)],
        "directory",
        "copy the pane's directory",
    ),
    bind(
        C::Copy,
        &[(c('t'), A::CopyText), (c('y'), A::CopyText)],
        "text",
        "copy the pane's text",
    ),
    bind(C::Copy, ESC, "close", "close"),
    bind(
        C::Everywhere,
        &[(c(':'), A::Palette)],
        "commands",
        "every command",
    ),
    bind(C::Everywhere, &[(c('?'), A::Help)], "keys", "this help"),
    bind(C::Everywhere, &[(c('/'), A::Search)], "", "search"),
    bind(
        C::Everywhere,
        &[
            (c('1'), A::ViewTape),
            (c('2'), A::ViewSearch),
            (c('3'), A::ViewStorage),
        ],
        "",
        "views",
    ),
    bind(
        C::Everywhere,
        &[(c('y'), A::Copy)],
        "",
        "copy id, command, text…",
    ),
    bind(C::Everywhere, &[(c('M'), A::Mouse)], "", "mouse on / off"),
    bind(C::Everywhere, &[(c('T'), A::Theme)], "", "next theme"),
    bind(
        C::Everywhere,
        &[(k(K::Esc), A::Back), (k(K::Backspace), A::Back)],
        "back",
        "back, never quits",
    ),
    bind(
        C::Everywhere,
        &[(c('q'), A::Leave)],
        "",
        "back; quits at the root",
    ),
    bind(C::Everywhere, &[(ctrl('c'), A::Quit)], "", "quit"),
    bind(C::Everywhere, &[(ctrl('z'), A::Suspend)], "", "suspend"),
    bind(C::Everywhere, &[(ctrl('l'), A::Redraw)], "", "draw anew"),
];
