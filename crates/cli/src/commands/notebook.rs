//! `foretaste notebook`: serves the endpoints of a notebook until a signal comes.

use std::ffi::OsString;

use anyhow::{Context, Error, Result};
use foretaste_notebook::{ChoiceError, Gateway, GatewayConfig, GatewayError, Notebook};

use super::deploy::data_by_hand;
use super::serve::{logging, probe, say, socket, unavailable};
use super::threads;
use crate::args::NotebookArgs;
use crate::exit::{Exit, ExitWith, coded};
use crate::output::{count, printable};
use crate::signals::Stop;

pub(super) fn run(args: NotebookArgs) -> Result<()> {
    let (threads, access) = (threads(args.threads), args.access.access()?);
    let _log = logging::start(args.log_format)?;
    let stop = Stop::watch()?;
    let notebook = Notebook::read(&args.file).exit_with(Exit::Data)?;
    let inherited = socket::inherited(args.inherit)?;
    if inherited.is_none() {
        probe(args.listen)?;
    }
    let mut endpoints: Vec<String> = notebook
        .routes()
        .iter()
        .map(|route| format!("{:>6} {}", route.verb().as_str(), printable(route.path())))
        .collect();
    endpoints.insert(0, "endpoints:".to_owned());
    say(&endpoints.join("\n"));
    let config = GatewayConfig {
        interpreter: args.python,
        kernels: usize::from(args.kernels),
        queue: args.queue,
        time_out: args.time_out,
        source: args.source,
        access,
        threads,
        launcher: launcher()?,
        environment: data_by_hand(&notebook, &args.file)?.into_iter().collect(),
        ..GatewayConfig::default()
    };
    let (kernels, backlog) = (config.kernels, config.limits.backlog);
    let gateway = Gateway::start(notebook, config).map_err(refused)?;
    let listener = match inherited {
        Some(socket) => socket,
        None => foretaste_net::listen(args.listen, backlog).with_context(|| unavailable(args.listen))?,
    };
    let listens = listener.local_addr().context("cannot tell the address")?;
    say(&format!("listening on http://{listens}, kernels: {}; stop with Ctrl-C", count(kernels)));
    socket::ready();
    gateway.run(listener, socket::watched(stop.wait())).context("the service failed")
}

/// This program, about to become a kernel.
fn launcher() -> Result<Vec<OsString>> {
    // The link leads to this very program, also when its file was replaced meanwhile.
    let program = if cfg!(target_os = "linux") {
        "/proc/self/exe".into()
    } else {
        std::env::current_exe().context("cannot tell where this program is")?.into_os_string()
    };
    Ok(vec![program, "kernel".into(), std::process::id().to_string().into()])
}

fn refused(error: GatewayError) -> Error {
    let exit = match error {
        GatewayError::Seed { .. } => Exit::Data,
        GatewayError::Choice(ChoiceError::NoInterpreter { .. }) | GatewayError::Limit(_) => Exit::Usage,
        _ => Exit::Failure,
    };
    coded(exit, error)
}
