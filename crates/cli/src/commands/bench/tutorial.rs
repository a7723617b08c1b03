//! `foretaste bench tutorial`: the tutorial's table, measured at the running service.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use anyhow::{Context, Result, anyhow};
use foretaste_server::{Server, ServerConfig};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use ureq::Agent;

use crate::args::{DataArgs, FitArgs, TutorialArgs};
use crate::commands::{background_pool_of, report, threads};
use crate::data::{fitted, load_ratings};
use crate::output::{self, Align, Shape, Table, count};

/// The tutorial's table for 2 CPUs: k, and milliseconds of one recompute.
const PUBLISHED: [(usize, u64); 5] = [(10, 41), (50, 379), (100, 830), (500, 3836), (1000, 5084)];
/// The tutorial reads so many rows of its file.
const TUTORIAL_ROWS: u64 = 200_000;

/// One line of the table.
#[derive(Serialize)]
struct Cell {
    k: usize,
    ms: u64,
    tutorial_ms: u64,
    ratio: f64,
}

/// What `/metrics` says about recomputes.
#[derive(Deserialize)]
struct Metrics {
    last_calls: Vec<u64>,
}

pub(super) fn run(args: TutorialArgs) -> Result<()> {
    let threads = threads(args.threads);
    let mut read = args.read;
    read.rows = read.rows.or(Some(TUTORIAL_ROWS)).filter(|_| args.data != "demo");
    let data = DataArgs { data: args.data, read };
    let train = background_pool_of(threads)?;
    let (first, _) = train.install(|| fitted(load_ratings(&data)?, FitArgs::default()))?;
    let lines = report::lines(first.dataset());
    let most = first.max_rank();
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = ServerConfig { listen, threads, ..ServerConfig::default() };
    let server = Server::bind(config, first, train).context("cannot serve")?;
    let address = server.local_addr();
    let (stop, stopped) = oneshot::channel::<()>();
    let service = thread::spawn(move || server.run(async { drop(stopped.await) }));
    let cells = measure(address, most);
    drop(stop);
    service.join().map_err(|_| anyhow!("the service panicked"))?.context("the service failed")?;
    let cells = cells?;
    match args.json.shape() {
        Shape::Json => cells.iter().try_for_each(output::json_line),
        Shape::Text => text(&lines, threads, &cells, most),
    }
}

fn measure(address: SocketAddr, most: usize) -> Result<Vec<Cell>> {
    // Never through a proxy of the environment: the service is in this process.
    let agent: Agent = Agent::config_builder().proxy(None).build().into();
    let mut cells = Vec::new();
    for (k, tutorial_ms) in PUBLISHED.into_iter().filter(|&(k, _)| k <= most) {
        let recompute = format!("http://{address}/recompute_svd?param={k}");
        agent.post(&recompute).send_empty().with_context(|| format!("POST {recompute} failed"))?;
        let metrics = agent.get(format!("http://{address}/metrics")).header("accept", "application/json");
        let mut metrics = metrics.call().context("GET /metrics failed")?;
        let metrics: Metrics =
            serde_json::from_reader(metrics.body_mut().as_reader()).context("cannot understand /metrics")?;
        let ms = *metrics.last_calls.first().context("/metrics shows no recompute after one was made")?;
        let ratio = (tutorial_ms as f64 / ms.max(1) as f64 * 100.0).round() / 100.0;
        cells.push(Cell { k, ms, tutorial_ms, ratio });
    }
    Ok(cells)
}

fn text(lines: &[String], threads: usize, cells: &[Cell], most: usize) -> Result<()> {
    let mut table = Table::new([
        ("k", Align::Right),
        ("foretaste ms", Align::Right),
        ("tutorial ms", Align::Right),
        ("tutorial / foretaste", Align::Right),
    ]);
    for cell in cells {
        table.row([count(cell.k), count(cell.ms), count(cell.tutorial_ms), format!("{:.2}", cell.ratio)]);
    }
    let mut out = output::stdout();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "POST /recompute_svd, as /metrics tells it, {} CPUs here and 2 in the tutorial:", count(threads))?;
    table.write(&mut out, "")?;
    for (k, _) in PUBLISHED.into_iter().filter(|&(k, _)| k > most) {
        writeln!(out, "k = {} is left out: the largest rank of these data is {}", count(k), count(most))?;
    }
    Ok(out.flush()?)
}
