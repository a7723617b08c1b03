//! `foretaste serve`: reads, fits, and answers over HTTP until a signal comes.

pub(super) mod logging;
mod repeats;
pub(super) mod socket;
mod source;
#[cfg(feature = "store")]
mod stored;
#[cfg(not(feature = "store"))]
#[path = "without_store.rs"]
mod stored;
mod suggestions;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context, Error, Result, anyhow};
use foretaste::dataset::Dataset;
use foretaste::models::Shape;
use foretaste::recommend::Recommender;
use foretaste_net::Budget;
use foretaste_server::{Schedule, Server, ServerConfig};

use super::fit::fit_line;
use super::{background_pool_of, entrance, report, threads};
use crate::args::{AccessArgs, FitArgs, ServeArgs};
use crate::data::{Loaded, fitted, load, model_takes_no_fit};
use crate::machine;
use crate::output::{self, bytes, count, counted, printable};
use crate::signals::{Hangups, Stop};

pub(super) fn run(args: &ServeArgs) -> Result<()> {
    let (threads, listen) = (threads(args.threads), args.listen.address()?);
    let admin_listen = args.listen.admin_listen;
    let access = entrance::access(&args.access, listen, admin_listen)?;
    let tls = args.access.tls()?;
    let _log = logging::start(args.log_format)?;
    let stop = Stop::watch()?;
    let hangups = Hangups::watch()?;
    let inherited = socket::inherited(args.inherit)?;
    if inherited.is_none() {
        probe(listen)?;
    }
    admin_listen.map_or(Ok(()), probe)?;
    let train = background_pool_of(threads)?;
    // What clients can make the service hold comes out of the same memory as its models.
    let budget = Budget::within(args.memory);
    let room = args.memory.map(|bytes| machine::room_in(bytes).saturating_sub(budget.most() as u64));
    let (recommender, origin) = match args.store()? {
        None => {
            let origin = source::origin(&args.data);
            (train.install(|| prepare(args, room))?, origin)
        }
        Some(place) => {
            let (dataset, origin) = train.install(|| stored::open(&place, &args.data))?;
            (train.install(|| fit_within(dataset, &args.fit, room))?, origin)
        }
    };
    let asks_for_keys = access.has_keys();
    let config = ServerConfig {
        listen,
        admin: admin_listen,
        threads,
        memory: room,
        wait: args.wait,
        access,
        access_log: args.access.access_log,
        tls,
        budget,
        schedule: Schedule { every: args.refit_every, after: args.refit_after },
        ..ServerConfig::default()
    };
    let suggestions = suggestions::of(&recommender);
    let server = match inherited {
        Some(socket) => Server::on(socket, config, recommender, origin, train),
        None => Server::bind(config, recommender, origin, train),
    };
    let server = server.context("cannot serve")?;
    let listens = server.local_addr();
    // Whoever reads the address may already stop the service, which then ends well.
    let stopped = stop.wait();
    let scheme = scheme(&args.access);
    say(&format!("listening on {scheme}://{listens}, CPUs: {}; stop with Ctrl-C", count(threads)));
    if let Some(admin) = server.admin_addr() {
        say(&format!("health and metrics also on {scheme}://{admin}"));
    }
    say(&suggestions.at(&format!("{scheme}://{}", reachable(listens)), asks_for_keys));
    let reloader = server.reloader();
    hangups.each(move || reloader.reload())?;
    socket::ready();
    server.run(socket::watched(stopped)).context("the service failed")
}

/// How the service is called.
pub(super) fn scheme(access: &AccessArgs) -> &'static str {
    if access.tls_cert.is_some() { "https" } else { "http" }
}

/// Reads DATA and fits within a bound of bytes, and reports how it went.
fn prepare(args: &ServeArgs, room: Option<u64>) -> Result<Recommender> {
    let (data, fit) = (&args.data, &args.fit);
    match load(data)? {
        Loaded::Model(_) if fit.says_anything() => Err(model_takes_no_fit(data)),
        Loaded::Model(model) => {
            say(&model_line(&model));
            Ok(*model)
        }
        Loaded::Ratings(dataset) => {
            say(&report::lines(&dataset).join("\n"));
            fit_within(dataset, fit, room)
        }
    }
}

/// Fits within a bound of bytes, and reports how it went.
fn fit_within(dataset: Arc<Dataset>, fit: &FitArgs, room: Option<u64>) -> Result<Recommender> {
    has_room(&dataset, fit, room)?;
    let (recommender, report) = fitted(dataset, fit)?;
    say(&fit_line(&recommender, &report));
    Ok(recommender)
}

/// Refuses a fit that does not fit into the memory there is, before it begins.
fn has_room(dataset: &Dataset, fit: &FitArgs, room: Option<u64>) -> Result<()> {
    let shape = Shape::of(&dataset.interactions);
    let params = fit.params(&shape)?;
    let needed = params.memory(&shape).fit;
    match room {
        Some(room) if needed > room => Err(anyhow!(
            "a fit of {} needs {} of memory, the service is left {}",
            params.summary(),
            bytes(needed),
            bytes(room)
        )),
        _ => Ok(()),
    }
}

fn model_line(model: &Recommender) -> String {
    let from = model.provenance();
    format!(
        "read a model of {}, fitted to {} at {}: {} by {} of {}",
        from.params.summary(),
        printable(&from.dataset),
        from.fitted_at,
        counted(from.interactions, "rating"),
        counted(from.users, "user"),
        counted(from.items, "item")
    )
}

/// Refuses an address that cannot be had before the user waits for a fit. Only the bind that follows is decisive.
pub(super) fn probe(address: SocketAddr) -> Result<()> {
    TcpListener::bind(address).map(drop).map_err(|error| Error::new(error).context(unavailable(address)))
}

pub(super) fn unavailable(address: SocketAddr) -> String {
    format!("cannot listen on {address}; another address can be given with --listen or --port, port 0 takes a free one")
}

/// An address that a client on this machine can connect to.
fn reachable(mut listens: SocketAddr) -> SocketAddr {
    if listens.ip().is_unspecified() {
        let loopback = if listens.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
        listens.set_ip(loopback);
    }
    listens
}

/// Prints for the reader of stdout. A service outlives its reader, so a closed pipe is no error here.
pub(super) fn say(text: &str) {
    let mut out = output::stdout();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
