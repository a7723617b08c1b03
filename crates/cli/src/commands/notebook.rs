//! `foretaste notebook`: serves the endpoints of a notebook until a signal comes.

use std::ffi::OsString;
use std::net::SocketAddr;

use anyhow::{Context, Error, Result};
use foretaste_net::{Budget, Limits, Listener};
use foretaste_notebook::{ChoiceError, Gateway, GatewayConfig, GatewayError, Notebook};

use super::deploy::data_by_hand;
use super::serve::{logging, probe, say, scheme, socket, unavailable};
use super::{entrance, threads};
use crate::args::NotebookArgs;
use crate::exit::{Exit, ExitWith, coded};
use crate::output::{count, printable};
use crate::signals::Stop;

pub(super) fn run(args: NotebookArgs) -> Result<()> {
    let (threads, listen) = (threads(args.threads), args.listen.address()?);
    let (access, scheme) = (entrance::access(&args.access, listen, args.listen.admin_listen)?, scheme(&args.access));
    let tls = args.access.tls()?;
    let _log = logging::start(args.log_format)?;
    let stop = Stop::watch()?;
    let notebook = Notebook::read(&args.file).exit_with(Exit::Data)?;
    let inherited = socket::inherited(args.inherit)?;
    if inherited.is_none() {
        probe(listen)?;
    }
    let admin = args.listen.admin_listen.map(|address| open(address, Limits::default().backlog)).transpose()?;
    let mut endpoints: Vec<String> = notebook
        .routes()
        .iter()
        .map(|route| format!("{:>6} {}", route.verb().as_str(), printable(route.path())))
        .collect();
    endpoints.insert(0, "endpoints:".to_owned());
    say(&endpoints.join("\n"));
    let (body_bytes, output_bytes) = (args.body_bytes()?, args.output_bytes()?);
    let config = GatewayConfig {
        interpreter: args.python,
        kernels: usize::from(args.kernels),
        queue: args.queue,
        time_out: args.time_out,
        output_bytes,
        limits: Limits { body_bytes, ..Limits::default() },
        source: args.source,
        access,
        access_log: args.access.access_log,
        tls,
        // Two of the largest at a time.
        budget: Budget::new(body_bytes.max(output_bytes).saturating_mul(2)),
        threads,
        launcher: launcher()?,
        environment: data_by_hand(&notebook, &args.file)?.into_iter().collect(),
        ..GatewayConfig::default()
    };
    let (kernels, backlog) = (config.kernels, config.limits.backlog);
    let gateway = Gateway::start(notebook, config).map_err(refused)?;
    let listener = match inherited {
        Some(socket) => socket,
        None => open(listen, backlog)?,
    };
    let listens = listener.local_addr().context("cannot tell the address")?;
    say(&format!("listening on {scheme}://{listens}, kernels: {}; stop with Ctrl-C", count(kernels)));
    if let Some(admin) = &admin {
        let listens = admin.local_addr().context("cannot tell the second address")?;
        say(&format!("health and metrics also on {scheme}://{listens}"));
    }
    socket::ready();
    gateway.run(listener, admin, socket::watched(stop.wait())).context("the service failed")
}

fn open(address: SocketAddr, backlog: i32) -> Result<Listener> {
    foretaste_net::listen(address, backlog).with_context(|| unavailable(address))
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
