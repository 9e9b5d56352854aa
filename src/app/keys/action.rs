//! What keys can do: one type for each place, made of parts that several places have in common.

#![allow(missing_docs, reason = "the key map has the help text of each")]

/// What a key can do, by the place whose action it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    Everywhere(Everywhere),
    Tape(TapeAction),
    Detail(DetailAction),
    FullText(FullTextAction),
    Diff(DiffAction),
    SearchPrompt(SearchPromptAction),
    SearchResults(SearchResultsAction),
    Storage(StorageAction),
    HiddenSecrets(Motion),
    Prune(PruneAction),
    Restore(RestoreAction),
    Report(ReportAction),
    Recover(RecoverAction),
    Welcome(WelcomeAction),
    Menu(MenuAction),
    Prompt(PromptAction),
    Copy(CopyAction),
    Confirm(ConfirmAction),
}

/// What keys do in every place that does not bind them itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Everywhere {
    Help,
    Palette,
    Copy,
    ViewTape,
    ViewSearch,
    ViewStorage,
    Theme,
    Mouse,
    Back,
    Leave,
    Quit,
    Suspend,
    Redraw,
}

/// Moving in a list or a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Motion {
    Down,
    Up,
    PageDown,
    PageUp,
    Top,
    Bottom,
}

/// Moving through time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scrub {
    Older,
    Newer,
    OlderChange,
    NewerChange,
    OlderDay,
    NewerDay,
    OlderTagged,
    NewerTagged,
    Oldest,
    Live,
}

/// Looking at another tab or pane of the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Turn {
    NextTab,
    NextPane,
    PreviousPane,
}

/// What can be done with the snapshot that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnSnapshot {
    MarkA,
    Diff,
    DiffLive,
    Restore,
    SnapNow,
    GoToTime,
    Tag,
    Pin,
}

/// What can be done on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TapeAction {
    Scrub(Scrub),
    Turn(Turn),
    On(OnSnapshot),
    Move(Motion),
    Open,
    Zoom,
    FilterSession,
    Trash,
    UndoTrash,
}

/// What can be done in the detail of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DetailAction {
    Scrub(Scrub),
    Turn(Turn),
    On(OnSnapshot),
    FullText,
}

/// What can be done with the full text of a pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FullTextAction {
    Scrub(Scrub),
    Turn(Turn),
    Move(Motion),
}

/// What can be done with a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DiffAction {
    Older,
    Newer,
    OlderA,
    NewerA,
    NextChange,
    PreviousChange,
    NextPane,
    PreviousPane,
    Move(Motion),
    Inline,
    Fold,
    FoldAll,
    LessContext,
    MoreContext,
    Wrap,
    IgnoreBlank,
    Swap,
    Layout,
    Tree,
    Restore,
}

/// What can be done while a search is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchPromptAction {
    Results,
    ToggleText,
    CycleScope,
}

/// What can be done with matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchResultsAction {
    Move(Motion),
    NextHit,
    PreviousHit,
    GoThere,
    FirstSeen,
    LastSeen,
    ToggleText,
    CycleScope,
}

/// What can be done with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StorageAction {
    Move(Motion),
    PrunePreview,
    Verify,
    Compact,
    UndoTrash,
    Secrets,
}

/// What can be done with what would be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PruneAction {
    Move(Motion),
    Prune,
    ToggleAll,
    GoThere,
}

/// What can be done with the preview of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RestoreAction {
    Move(Motion),
    Apply,
    Toggle,
    ToggleAll,
    NextWarning,
    Why,
    AllCommands,
    CopyScript,
    Cycle(PolicyPart),
}

/// A part of the policy of a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PolicyPart {
    Conflict,
    Programs,
    MissingDir,
    Text,
}

/// What can be done after a restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportAction {
    Move(Motion),
    Attach,
    RetryFailed,
    Undo,
    CloseLeftover,
    CopyReport,
}

/// What can be done about a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecoverAction {
    Move(Motion),
    Earlier,
    Later,
    DryRun,
    NotNow,
    StopAsking,
}

/// What can be done where nothing was ever recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WelcomeAction {
    Record,
    Once,
}

/// What can be done in help and in the palette.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MenuAction {
    Move(Motion),
    Run,
}

/// What can be done while a line of text is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PromptAction {
    Move(Motion),
    Take,
}

/// What can be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CopyAction {
    Id,
    Command,
    Directory,
    Text,
}

/// The answers to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConfirmAction {
    Yes,
    No,
}

impl Everywhere {
    /// What ends or stops the program works even while something is typed or asked.
    #[must_use]
    pub fn is_always(self) -> bool {
        matches!(
            self,
            Everywhere::Quit | Everywhere::Suspend | Everywhere::Redraw
        )
    }
}

impl Motion {
    /// How many rows it leads on, and whether down: a page is what is seen but for one row.
    #[must_use]
    pub fn rows(self, count: usize, seen: usize) -> (bool, usize) {
        let page = seen.saturating_sub(1).max(1).saturating_mul(count);
        match self {
            Motion::Down => (true, count),
            Motion::Up => (false, count),
            Motion::PageDown => (true, page),
            Motion::PageUp => (false, page),
            Motion::Top => (false, usize::MAX),
            Motion::Bottom => (true, usize::MAX),
        }
    }
}
