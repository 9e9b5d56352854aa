//! States that a user names: stored snapshots, or `live`.

use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::model::target::SnapRef;
use crate::model::{Contents, Digest};
use crate::ops::LoadedState;

/// The state that a user names, `live` included.
pub(super) fn load(
    context: &Context,
    name: &str,
    session: Option<&str>,
) -> Result<LoadedState, CliError> {
    if name.parse::<SnapRef>()? == SnapRef::Live {
        let sessions: Vec<_> = session.into_iter().map(Into::into).collect();
        let captured = context.host.live(&sessions, true)?;
        return Ok(LoadedState::Live(Box::new(captured)));
    }
    let meta = context.find(name, session)?;
    Ok(context.host.load(meta.id)?)
}

/// A text of a state.
pub(super) fn text(
    context: &Context,
    shown: &LoadedState,
    digest: Digest,
) -> Result<Contents, CliError> {
    let mut texts = context.host.texts_of(shown, [digest])?;
    texts.remove(&digest).ok_or_else(|| {
        let message = "the text of that pane is not there any more";
        CliError::new(Exit::NotFound, message)
    })
}
