//! Which keys a service asks for, by where it listens.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use foretaste_keys::WatchedFile;
use foretaste_net::Access;

use super::keys;
use crate::args::AccessArgs;
use crate::exit::{Exit, coded};
use crate::output;

/// Who may call a service that listens on an address, and may have a second one for its health and figures. Keys are asked
/// for where a file of them is named, and where an address is not of this machine alone.
pub(super) fn access(args: &AccessArgs, listen: SocketAddr, admin: Option<SocketAddr>) -> Result<Access> {
    let access = args.access()?;
    let is_named = args.keys.keys.as_ref().is_some_and(|path| !path.as_os_str().is_empty());
    // Figures alone are all that the second address has, and they may be open.
    let mut addresses = std::iter::once(listen).chain(admin.filter(|_| !args.open_metrics));
    let reachable = addresses.find(|address| !address.ip().to_canonical().is_loopback());
    if args.insecure_no_keys {
        if is_named {
            return Err(usage(
                "--insecure-no-keys lets everybody in, --keys (or FORETASTE_KEYS_FILE) does not; give one of them",
            ));
        }
        if let Some(address) = reachable {
            output::note(&format!(
                "WARNING: no key is asked for: everybody who reaches {address} may use this service, and refit it (--insecure-no-keys)"
            ));
        }
        return Ok(access);
    }
    if !is_named && reachable.is_none() {
        return Ok(access);
    }
    let file = keys::file(&args.keys)?;
    let path = file.path().display().to_string();
    let watched = WatchedFile::open(file).map_err(keys::refused)?;
    if watched.keys().is_empty() {
        let makes = if is_named { format!(" --keys {path}") } else { String::new() };
        let why = reachable.map_or_else(String::new, |address| {
            format!("{address} can be reached from elsewhere, so that a key is needed, and ")
        });
        return Err(usage(&format!(
            "{why}there is no key in {path}: `foretaste keys add NAME --role read{makes}` makes one; \
             --insecure-no-keys lets everybody in"
        )));
    }
    Ok(access.with_keys(Arc::new(watched), args.open_metrics))
}

fn usage(message: &str) -> anyhow::Error {
    coded(Exit::Usage, anyhow!("{message}"))
}
