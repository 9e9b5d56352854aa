//! `muxtape rename`, `describe`, `tag`, `untag`, `pin`, `unpin`, `archive`, `unarchive`

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::Role;
use crate::cli::views::{ListView, count};
use crate::model::SnapshotId;
use crate::ops::Edited;
use crate::store::Edit;

/// Edits snapshots, all of them or none, and answers with what they are then.
fn edit(
    context: &Context,
    snaps: &[String],
    wishes: impl IntoIterator<Item = Edit<String>>,
) -> Result<Exit, CliError> {
    let found = context.find_all(snaps)?;
    let ids: Vec<SnapshotId> = found.iter().map(|meta| meta.id).collect();
    let Edited { metas, taken } = context.host.edit(&ids, wishes)?;
    context.say_taken(&taken);
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
            [Edit::Rename(self.name.clone())],
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
            [Edit::Describe(self.text.clone())],
        )
    }
}

/// Add tags to snapshots
///
/// `tag SNAP TAG` for one of each; `tag SNAP… --add TAG…` for more. All of the snapshots get all of
/// the tags, or none of them any.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "muxtape tag [OPTIONS] <SNAP> <TAG>\n       muxtape tag [OPTIONS] <SNAP>... --add <TAG>..."
)]
pub(in crate::cli) struct Tag {
    /// The snapshots; without --add a snapshot and the tag
    #[arg(required = true, value_name = "SNAP")]
    words: Vec<String>,
    /// The tags
    #[arg(long, value_name = "TAG", num_args = 1..)]
    add: Vec<String>,
}

impl Tag {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let (snaps, tags) = apart(&self.words, &self.add, "tag", "--add")?;
        edit(context, snaps, tags.iter().cloned().map(Edit::Tag))
    }
}

/// Take tags from snapshots
///
/// `untag SNAP TAG` for one of each; `untag SNAP… --remove TAG…` for more. All of the snapshots
/// lose the tags, or none of them any.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "muxtape untag [OPTIONS] <SNAP> <TAG>\n       muxtape untag [OPTIONS] <SNAP>... --remove <TAG>..."
)]
pub(in crate::cli) struct Untag {
    /// The snapshots; without --remove a snapshot and the tag
    #[arg(required = true, value_name = "SNAP")]
    words: Vec<String>,
    /// The tags
    #[arg(long, value_name = "TAG", num_args = 1..)]
    remove: Vec<String>,
}

impl Untag {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let (snaps, tags) = apart(&self.words, &self.remove, "untag", "--remove")?;
        edit(context, snaps, tags.iter().cloned().map(Edit::Untag))
    }
}

/// Which words are snapshots, and which are tags. Without the option there is one of each: of three
/// words nobody could tell what the second is.
fn apart<'a>(
    words: &'a [String],
    tags: &'a [String],
    command: &str,
    option: &str,
) -> Result<(&'a [String], &'a [String]), CliError> {
    match words {
        _ if !tags.is_empty() => Ok((words, tags)),
        [_, _] => Ok(words.split_at(1)),
        _ => Err(CliError::new(
            Exit::Usage,
            format!(
                "{command} takes a snapshot and a tag, and got {}",
                count(words.len() as u64, "word")
            ),
        )
        .hint(format!(
            "for more of either: `muxtape {command} SNAP… {option} TAG…`"
        ))),
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
                edit(context, &self.snaps, [$edit])
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
