//! `muxtape verify`

use std::path::PathBuf;

use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::views::{count, rfc3339};
use crate::store::{Damage, RepairReport, VerifyReport, Way};

/// Read every record of the store and check it
///
/// With --repair, damage is healed: indexes are rebuilt, and lost records are searched for in the
/// whole file and in older files. What is lost for good is removed from its snapshot, which is then
/// marked as partial and can still be restored in part. The damaged file is kept.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Verify {
    /// Heal what is damaged
    #[arg(long)]
    repair: bool,
}

#[derive(Debug, Serialize)]
struct VerifyAnswer {
    ok: bool,
    checked: u64,
    damaged: Vec<DamageView>,
    /// Snapshots that are whole again.
    repaired: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    repair: Option<RepairView>,
    /// When the history was rewritten, so that it is not what was recorded any more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rewritten: Vec<RewriteView>,
}

#[derive(Debug, Serialize)]
struct RewriteView {
    time: String,
    /// The version of muxtape that did it.
    by: String,
    snapshots: u64,
    changed: u64,
    removed: u64,
}

#[derive(Debug, Serialize)]
struct DamageView {
    snapshot: Option<String>,
    object: String,
    what: String,
}

#[derive(Debug, Serialize)]
struct RepairView {
    /// What was damaged before.
    found: Vec<DamageView>,
    healed: Vec<HealedView>,
    partial: Vec<PartialView>,
    lost: Vec<VerifyLostView>,
    /// Where the damaged file is.
    kept: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct HealedView {
    by: &'static str,
    snapshots: u64,
}

#[derive(Debug, Serialize)]
struct PartialView {
    snapshot: String,
    lost: Vec<String>,
}

#[derive(Debug, Serialize)]
struct VerifyLostView {
    number: u64,
    snapshot: Option<String>,
    what: String,
}

impl Verify {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let report = context.host.verify(&mut |_| {})?;
        if self.repair && !report.is_ok() {
            return repair(context, &report);
        }
        let answer = VerifyAnswer {
            ok: report.is_ok(),
            checked: report.checked,
            damaged: damage(&report.damaged),
            repaired: 0,
            repair: None,
            rewritten: rewrites(context),
        };
        context.output.answer("verify", &answer, |_| {
            let mut lines = damage_lines(&answer.damaged);
            let checked = count(answer.checked, "snapshot");
            lines.push(if answer.ok {
                format!("{checked} checked: all good")
            } else {
                format!("{checked} checked: damage found; `muxtape verify --repair` brings back what it can")
            });
            lines.extend(rewrite_lines(&answer.rewritten));
            lines
        })?;
        Ok(exit(answer.ok))
    }
}

/// When the history was rewritten. A record of it that is damaged is told of as damage.
fn rewrites(context: &Context) -> Vec<RewriteView> {
    let known = context.host.store().rewrites().unwrap_or_default();
    let views = known.into_iter().map(|own| RewriteView {
        time: rfc3339(own.time),
        by: own.app,
        snapshots: own.snapshots,
        changed: own.changed,
        removed: own.removed,
    });
    views.collect()
}

fn rewrite_lines(rewritten: &[RewriteView]) -> Vec<String> {
    let line = |own: &RewriteView| {
        let of = count(own.snapshots, "snapshot");
        let (time, changed) = (&own.time, own.changed);
        format!("rewritten {time} by `redact --recheck`: {changed} of {of} changed")
    };
    rewritten.iter().map(line).collect()
}

fn exit(ok: bool) -> Exit {
    if ok { Exit::Ok } else { Exit::Store }
}

fn repair(context: &Context, report: &VerifyReport) -> Result<Exit, CliError> {
    let parts = count(report.damaged.len() as u64, "damaged part");
    let question = format!("Repair the store ({parts})? The damaged file is kept.");
    let hint = "say --yes to repair without being asked; `muxtape verify` tells what is damaged";
    context.confirmed(&question, "nothing was repaired", hint)?;
    let done = context.host.repair()?;
    let answer = VerifyAnswer {
        ok: done.left.is_empty(),
        checked: done.snapshots,
        damaged: damage(&done.left),
        repaired: done.healed.iter().map(|(_, snapshots)| snapshots).sum(),
        repair: Some(view(&done)),
        rewritten: rewrites(context),
    };
    context
        .output
        .answer("verify", &answer, |_| told(&done, &answer))?;
    Ok(if done.is_whole() {
        Exit::Ok
    } else if answer.ok {
        Exit::Partial
    } else {
        Exit::Store
    })
}

fn damage(damaged: &[Damage]) -> Vec<DamageView> {
    let views = damaged.iter().map(|damage| DamageView {
        snapshot: damage.snapshot.map(|id| id.to_string()),
        object: damage.object.to_string(),
        what: damage.what.clone(),
    });
    views.collect()
}

fn damage_lines(damaged: &[DamageView]) -> Vec<String> {
    let line = |damage: &DamageView| {
        let whose = damage.snapshot.as_deref();
        let whose = whose.map_or_else(String::new, |id| format!(" of snapshot {id}"));
        format!("damaged: {}{whose}: {}", damage.object, damage.what)
    };
    damaged.iter().map(line).collect()
}

fn by(way: Way) -> &'static str {
    match way {
        Way::Rebuilt => "rebuilt",
        Way::Parity => "parity",
        Way::Salvage => "salvage",
        Way::Backup => "backup",
    }
}

fn view(done: &RepairReport) -> RepairView {
    let healed = done.healed.iter().map(|(way, snapshots)| HealedView {
        by: by(*way),
        snapshots: *snapshots,
    });
    let partial = done.partial.iter().map(|(id, lost)| PartialView {
        snapshot: id.to_string(),
        lost: lost.iter().map(ToString::to_string).collect(),
    });
    let lost = done.lost.iter().map(|lost| VerifyLostView {
        number: lost.number,
        snapshot: lost.id.map(|id| id.to_string()),
        what: lost.what.to_string(),
    });
    RepairView {
        found: damage(&done.found),
        healed: healed.collect(),
        partial: partial.collect(),
        lost: lost.collect(),
        kept: done.kept.clone(),
    }
}

/// What was done, for people.
fn told(done: &RepairReport, answer: &VerifyAnswer) -> Vec<String> {
    let mut lines = Vec::new();
    for (way, snapshots) in &done.healed {
        let how = match way {
            Way::Rebuilt => "indexes and counters were made anew",
            Way::Parity => "pages were rebuilt from the parity file",
            Way::Salvage => "records were found in the file without its tables",
            Way::Backup => "records were found in older files",
        };
        let whole = count(*snapshots, "snapshot");
        lines.push(format!("{how}: {whole} whole again"));
    }
    for (id, lost) in &done.partial {
        let lost: Vec<String> = lost.iter().map(ToString::to_string).collect();
        lines.push(format!("partial: snapshot {id} lost {}", lost.join(", ")));
    }
    for lost in &done.lost {
        let id = lost
            .id
            .map_or_else(|| format!("no. {}", lost.number), |id| id.to_string());
        lines.push(format!("lost: snapshot {id} ({} is gone)", lost.what));
    }
    lines.extend(damage_lines(&answer.damaged));
    let verdict = match (answer.ok, done.is_whole()) {
        (true, true) => "all good",
        (true, false) => "no damage is left, but not everything came back",
        (false, _) => "still damaged",
    };
    lines.push(format!(
        "{} checked: {verdict}",
        count(answer.checked, "snapshot")
    ));
    if let Some(kept) = &done.kept {
        lines.push(format!("the damaged file is kept as {}", kept.display()));
    }
    lines
}
