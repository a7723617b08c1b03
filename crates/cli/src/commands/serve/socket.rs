//! The socket of a service that `foretaste deploy` started, and the word that it answers.

use anyhow::Result;
use foretaste_net::Listener;

use crate::args::InheritArg;
use crate::output;

/// The socket passed on by a supervisor, which from now on is seen to.
#[cfg(target_os = "linux")]
pub(crate) fn inherited(asked: InheritArg) -> Result<Option<Listener>> {
    if !asked.inherit {
        return Ok(None);
    }
    let socket = foretaste_net::inherited()?;
    foretaste_deploy::worker::attend(&socket)?;
    Ok(Some(socket))
}

/// No socket is passed on here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn inherited(_: InheritArg) -> Result<Option<Listener>> {
    Ok(None)
}

/// Tells a supervisor, or systemd, that the service answers.
pub(crate) fn ready() {
    #[cfg(target_os = "linux")]
    if let Err(error) = foretaste_deploy::worker::ready() {
        output::note(&format!("could not report that the service is ready: {error}"));
    }
}

/// `until`, while the run time that polls it tells a supervisor that it makes progress.
pub(crate) async fn watched(until: impl Future<Output = ()>) {
    #[cfg(target_os = "linux")]
    if foretaste_deploy::worker::is_watched() {
        // A task of its own: it goes on while what is in flight is finished.
        tokio::spawn(async {
            let mut beats = tokio::time::interval(foretaste_deploy::worker::BEAT);
            beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                beats.tick().await;
                foretaste_deploy::worker::alive();
            }
        });
    }
    until.await;
}
