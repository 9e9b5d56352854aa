//! `muxtape gc` and `muxtape compact`

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::views;

/// Remove texts that no snapshot needs any more
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Gc {}

impl Gc {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let collected = context.host.collect()?;
        let data = serde_json::json!({
            "texts": collected.texts,
            "bytes": collected.bytes,
        });
        context.output.answer("gc", &data, |_| {
            if collected.texts == 0 && collected.bytes == 0 {
                return vec!["nothing to collect".to_owned()];
            }
            let texts = views::count(collected.texts, "text");
            let bytes = views::bytes(collected.bytes);
            vec![format!(
                "collected {texts}, {bytes}; `muxtape compact` gives the room back to the disk"
            )]
        })?;
        Ok(Exit::Ok)
    }
}

/// Give back to the disk what the store does not need
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Compact {}

impl Compact {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let compacted = context.host.compact(&mut |_| {})?;
        let data = serde_json::json!({
            "before": compacted.before,
            "after": compacted.after,
            "freed": compacted.freed(),
        });
        context.output.answer("compact", &data, |_| {
            let (before, after) = (compacted.before, compacted.after);
            vec![format!(
                "{} on disk, {} before",
                views::bytes(after),
                views::bytes(before)
            )]
        })?;
        Ok(Exit::Ok)
    }
}
