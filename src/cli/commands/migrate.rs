//! `muxtape migrate`

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::output::{Output, Role};
use crate::cli::views::{self, count};
use crate::store::{Carried, Lost, Store};

/// Convert the store of an older muxtape to the present form
///
/// This happens by itself when such a store is opened; the command reports more. The new store is
/// built beside the old one and compared with it before it replaces it. The old one stays as a
/// backup. Damaged parts stay behind in the backup and are named.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Migrate {
    /// Show what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct MigrateView {
    dry_run: bool,
    migrated: bool,
    from: u32,
    to: u32,
    snapshots: u64,
    trash: u64,
    texts: u64,
    lives: u64,
    lost: Vec<LostView>,
    backup: Option<String>,
    needed_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct LostView {
    snapshot: Option<String>,
    object: String,
    what: String,
}

impl MigrateView {
    /// Of a store that has the present form.
    fn current(dry_run: bool) -> Self {
        Self {
            dry_run,
            migrated: false,
            from: Store::FORMAT,
            to: Store::FORMAT,
            snapshots: 0,
            trash: 0,
            texts: 0,
            lives: 0,
            lost: Vec::new(),
            backup: None,
            needed_bytes: None,
        }
    }

    fn with(self, carried: Carried, lost: &[Lost]) -> Self {
        let lost = lost.iter().map(|lost| LostView {
            snapshot: lost.snapshot.map(|id| id.to_string()),
            object: lost.object.clone(),
            what: lost.what.clone(),
        });
        Self {
            snapshots: carried.snapshots,
            trash: carried.trash,
            texts: carried.texts,
            lives: carried.lives,
            lost: lost.collect(),
            ..self
        }
    }

    /// What is carried over, in words.
    fn carried(&self) -> String {
        format!(
            "{}, {} in the trash, {}, {}",
            count(self.snapshots, "snapshot"),
            self.trash,
            count(self.texts, "text"),
            count(self.lives, "life"),
        )
    }

    fn lines(&self, out: &Output) -> Vec<String> {
        let Some(backup) = &self.backup else {
            let form = self.to;
            return vec![format!(
                "nothing to migrate: the store has the present form, {form}"
            )];
        };
        let (from, to) = (self.from, self.to);
        let mut lines = vec![if self.dry_run {
            format!("would migrate the store from form {from} to form {to}")
        } else {
            format!("migrated the store from form {from} to form {to}")
        }];
        lines.push(format!("carried  {}", self.carried()));
        if let Some(needed) = self.needed_bytes {
            lines.push(format!("needs    {} of free disk", views::bytes(needed)));
        }
        lines.push(format!("backup   {backup}"));
        lines.extend(self.lost.iter().map(|lost| {
            let of = lost.snapshot.as_deref();
            let of = of.map_or_else(String::new, |id| format!(" (snapshot {id})"));
            let line = format!("damaged  {}: {}{of}", lost.object, lost.what);
            out.paint(Role::Removed, &line)
        }));
        lines
    }
}

impl Migrate {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let current = MigrateView::current(self.dry_run);
        let view = if self.dry_run {
            context
                .host
                .store()
                .plan_migration()?
                .map(|plan| MigrateView {
                    from: plan.from,
                    to: plan.to,
                    backup: Some(plan.backup.display().to_string()),
                    needed_bytes: Some(plan.needed),
                    ..MigrateView::current(true).with(plan.carried, &plan.lost)
                })
        } else {
            context.host.migrate()?.map(|done| MigrateView {
                migrated: true,
                from: done.from,
                to: done.to,
                backup: Some(done.backup.display().to_string()),
                ..MigrateView::current(false).with(done.carried, &done.lost)
            })
        };
        let view = view.unwrap_or(current);
        context
            .output
            .answer("migrate", &view, |out| view.lines(out))?;
        Ok(Exit::Ok)
    }
}
