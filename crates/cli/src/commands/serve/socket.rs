//! The socket of a service that `foretaste deploy` started, and the word that it answers.

use std::net::TcpListener;

use anyhow::Result;

use crate::args::ServeArgs;
use crate::output;

/// The socket passed on by a supervisor, which from now on is seen to.
#[cfg(target_os = "linux")]
pub(super) fn inherited(args: &ServeArgs) -> Result<Option<TcpListener>> {
    if !args.inherit {
        return Ok(None);
    }
    let socket = foretaste_net::inherited()?;
    foretaste_deploy::worker::attend(&socket)?;
    Ok(Some(socket))
}

/// Nobody passes sockets on here.
#[cfg(not(target_os = "linux"))]
pub(super) fn inherited(_: &ServeArgs) -> Result<Option<TcpListener>> {
    Ok(None)
}

/// Tells a supervisor, or systemd, that the service answers.
pub(super) fn ready() {
    #[cfg(target_os = "linux")]
    if let Err(error) = foretaste_deploy::worker::ready() {
        output::note(&format!("nobody could be told that the service is ready: {error}"));
    }
}
