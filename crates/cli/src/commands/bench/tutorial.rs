//! `foretaste bench tutorial`: the tutorial's table, measured at the running service.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use foretaste_server::{Origin, Server, ServerConfig};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use ureq::Agent;

use super::{hundredths, median};
use crate::args::{DataArgs, FitArgs, TutorialArgs};
use crate::commands::{background_pool_of, report, threads};
use crate::data::{fitted, load_ratings};
use crate::output::{self, Align, Shape, Table, count};

/// The tutorial's table for 2 CPUs: k, and milliseconds of one recompute.
pub(super) const PUBLISHED: [(usize, u64); 5] = [(10, 41), (50, 379), (100, 830), (500, 3836), (1000, 5084)];
/// The number of rows that the tutorial reads of its file.
pub(super) const TUTORIAL_ROWS: u64 = 200_000;

/// One line of the table.
#[derive(Serialize)]
struct Cell {
    k: usize,
    /// From the call to its answer, seen by the client; the median over the calls.
    ms: f64,
    /// The factorisation in it, by the service's clock; the median over the calls.
    svd_ms: f64,
    /// `ms / svd_ms`; the median over the calls.
    refit_per_svd: f64,
    tutorial_ms: u64,
    /// `tutorial_ms / ms`.
    ratio: f64,
}

/// What the service says about a recompute.
#[derive(Deserialize)]
struct Recomputed {
    svd_ms: f64,
}

pub(super) fn run(args: TutorialArgs) -> Result<()> {
    let threads = threads(args.threads);
    let mut read = args.read;
    read.rows = read.rows.or(Some(TUTORIAL_ROWS)).filter(|_| args.data != "demo");
    let data = DataArgs { data: args.data, read };
    let train = background_pool_of(threads)?;
    let (first, _) = train.install(|| fitted(load_ratings(&data)?, &FitArgs::default()))?;
    let lines = report::lines(first.dataset());
    let shape = first.provenance().shape();
    let most = shape.users.min(shape.items);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = ServerConfig { listen, threads, ..ServerConfig::default() };
    let server = Server::bind(config, first, Origin::memory(), train).context("cannot serve")?;
    let address = server.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = thread::spawn(move || server.run(async { drop(stopped.await) }));
    let cells = measure(address, most, args.runs);
    drop(stop);
    service.join().map_err(|_| anyhow!("the service panicked"))?.context("the service failed")?;
    let cells = cells?;
    match args.json.shape() {
        Shape::Json => cells.iter().try_for_each(output::json_line),
        Shape::Text => text(&lines, threads, args.runs, &cells, most),
    }
}

fn measure(address: SocketAddr, most: usize, runs: u16) -> Result<Vec<Cell>> {
    // Never through a proxy of the environment: the service is in this process.
    let agent: Agent = Agent::config_builder().proxy(None).build().into();
    let mut cells = Vec::new();
    for (k, tutorial_ms) in PUBLISHED.into_iter().filter(|&(k, _)| k <= most) {
        let recompute = format!("http://{address}/recompute_svd?param={k}");
        let call = || -> Result<(f64, f64)> {
            let begun = Instant::now();
            let mut answer = agent.post(&recompute).header("accept", "application/json").send_empty()?;
            let Recomputed { svd_ms } = serde_json::from_reader(answer.body_mut().as_reader())?;
            Ok((begun.elapsed().as_secs_f64() * 1e3, svd_ms))
        };
        let calls: Vec<(f64, f64)> =
            (0..runs).map(|_| call()).collect::<Result<_>>().with_context(|| format!("POST {recompute} failed"))?;
        let over = |number: fn(&(f64, f64)) -> f64| hundredths(median(calls.iter().map(number).collect()));
        let ms = over(|call| call.0);
        cells.push(Cell {
            k,
            ms,
            svd_ms: over(|call| call.1),
            refit_per_svd: over(|call| call.0 / call.1.max(0.01)),
            tutorial_ms,
            ratio: hundredths(tutorial_ms as f64 / ms),
        });
    }
    Ok(cells)
}

fn text(lines: &[String], threads: usize, runs: u16, cells: &[Cell], most: usize) -> Result<()> {
    let mut table = Table::new([
        ("k", Align::Right),
        ("foretaste ms", Align::Right),
        ("of it SVD", Align::Right),
        ("refit / SVD", Align::Right),
        ("tutorial ms", Align::Right),
        ("tutorial / foretaste", Align::Right),
    ]);
    for cell in cells {
        table.row([
            count(cell.k),
            format!("{:.1}", cell.ms),
            format!("{:.1}", cell.svd_ms),
            format!("{:.2}", cell.refit_per_svd),
            count(cell.tutorial_ms),
            format!("{:.2}", cell.ratio),
        ]);
    }
    let mut out = output::stdout();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "POST /recompute_svd, median of {runs}, {} CPUs here and 2 in the tutorial:", count(threads))?;
    table.write(&mut out, "")?;
    for (k, _) in PUBLISHED.into_iter().filter(|&(k, _)| k > most) {
        writeln!(out, "k = {} is left out: the largest rank of these data is {}", count(k), count(most))?;
    }
    Ok(out.flush()?)
}
