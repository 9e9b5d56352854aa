//! Retention: which snapshots make room for newer ones.
//!
//! [`Retention`] says what is kept. A decision looks at a few numbers of every snapshot
//! ([`ledger`]), counts time without the jumps of the clock ([`clock`]), is pure ([`decide`]) and
//! gives a reason for every snapshot. What would be left is looked at ([`good`]): a damaged
//! snapshot does not stand for its session. Carrying it out ([`apply`]) removes for good: what is
//! pruned does not go to the trash.

mod apply;
mod clock;
mod decide;
mod decision;
mod good;
mod jumps;
mod ledger;
mod marks;
mod policy;
mod quota;
mod reason;
mod survey;

#[cfg(test)]
mod tests;

pub use apply::{PrunePlan, Pruned};
pub use policy::{Keep, KeepUndo, Quota, Retention, Rule};
pub use reason::{Count, KeepReason, RemoveReason, Verdict};

pub(in crate::store) use apply::{plan, prune};
#[cfg(test)]
pub(in crate::store) use jumps::example;
pub(in crate::store) use jumps::{check, put_record, record};
