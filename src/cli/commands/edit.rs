//! `muxtape rename`, `describe`, `tag`, `untag`, `pin`, `unpin`, `archive`, `unarchive`

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::cli::views::ListView;
use crate::model::{SnapshotId, SnapshotMeta};
use crate::redact::Tally;
use crate::store::Edit;

/// Edits snapshots and answers with what they are then.
fn edit(context: &Context, snaps: &[String], wish: Edit<String>) -> Result<Exit, CliError> {
    let ids: Vec<_> = snaps
        .iter()
        .map(|snap| context.find(snap, None).map(|meta| meta.id))
        .collect::<Result<_, _>>()?;
    let metas = change(context, &ids, wish)?;
    let views: Vec<ListView> = metas.iter().map(ListView::new).collect();
    context.output.answer("edit", &views, |out| {
        metas
            .iter()
            .map(|meta| {
                let mut line = out.paint(Role::Strong, &meta.id.short());
                if let Some(name) = &meta.name {
                    line.push_str(&format!("  {name}"));
                }
                for tag in &meta.tags {
                    line.push_str(&format!("  #{tag}"));
                }
                if meta.pinned {
                    line.push_str("  pinned");
                }
                if meta.archived {
                    line.push_str("  archived");
                }
                line
            })
            .collect()
    })?;
    Ok(Exit::Ok)
}

/// Makes several edits of one snapshot, one after the other, and answers once.
fn edit_all(
    context: &Context,
    snap: &str,
    edits: impl Iterator<Item = Edit<String>>,
) -> Result<Exit, CliError> {
    let mut edits: Vec<Edit<String>> = edits.collect();
    let Some(last) = edits.pop() else {
        return Ok(Exit::Ok);
    };
    let id = context.find(snap, None)?.id;
    for one in edits {
        change(context, &[id], one)?;
    }
    edit(context, &[id.to_string()], last)
}

/// Edits snapshots, and notes it.
fn change(
    context: &Context,
    ids: &[SnapshotId],
    wish: Edit<String>,
) -> Result<Vec<SnapshotMeta>, CliError> {
    let edit = clean(context, wish)?;
    let metas = context.store().edit(ids, &edit)?;
    context.note(|tell| tell.edited(ids, &edit));
    Ok(metas)
}

/// What was typed, without secrets; it is said if there were any.
fn clean(context: &Context, wish: Edit<String>) -> Result<Edit, CliError> {
    let redactor = context.redactor()?;
    let mut taken = Tally::default();
    let edit = wish.map(|words| redactor.words(&words, &mut taken));
    context.say_taken(&taken);
    Ok(edit)
}

/// Give a snapshot a name, or take it away
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Rename {
    /// The snapshot
    snap: String,
    /// The new name; without one, the name is taken away
    name: Option<String>,
}

impl Rename {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        edit(
            context,
            std::slice::from_ref(&self.snap),
            Edit::Rename(self.name.clone()),
        )
    }
}

/// Give a snapshot a note, or take it away
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Describe {
    /// The snapshot
    snap: String,
    /// The note; without one, the note is taken away
    text: Option<String>,
}

impl Describe {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        edit(
            context,
            std::slice::from_ref(&self.snap),
            Edit::Describe(self.text.clone()),
        )
    }
}

/// Add tags to a snapshot
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Tag {
    /// The snapshot
    snap: String,
    /// The tags
    #[arg(required = true, value_name = "TAG")]
    tags: Vec<String>,
}

impl Tag {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        edit_all(
            context,
            &self.snap,
            self.tags.iter().map(|tag| Edit::Tag(tag.clone())),
        )
    }
}

/// Take tags from a snapshot
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Untag {
    /// The snapshot
    snap: String,
    /// The tags
    #[arg(required = true, value_name = "TAG")]
    tags: Vec<String>,
}

impl Untag {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        edit_all(
            context,
            &self.snap,
            self.tags.iter().map(|tag| Edit::Untag(tag.clone())),
        )
    }
}

macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident => $edit:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, clap::Args)]
        pub(in crate::cli) struct $name {
            /// The snapshots
            #[arg(required = true, value_name = "SNAP")]
            snaps: Vec<String>,
        }

        impl $name {
            pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
                edit(context, &self.snaps, $edit)
            }
        }
    )*};
}

switches! {
    /// Keep snapshots whatever the retention rules say
    Pin => Edit::Pin(true);
    /// Let retention rules apply to snapshots again
    Unpin => Edit::Pin(false);
    /// Take snapshots out of the normal lists
    Archive => Edit::Archive(true);
    /// Bring archived snapshots back into the normal lists
    Unarchive => Edit::Archive(false);
}
