//! `foretaste bench tutorial --cpu`: the tutorial's story, deployed at each size and measured from outside.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use ureq::Agent;

use super::tutorial::{PUBLISHED, TUTORIAL_ROWS};
use super::{hundredths, median};
use crate::args::TutorialArgs;
use crate::commands::deploy::Trial;
use crate::data;
use crate::output::{self, Align, Shape, Table, count};

/// The tutorial's own table for 4 CPUs, milliseconds, by the ranks of [`PUBLISHED`].
const PUBLISHED_4: [u64; 5] = [39, 322, 656, 3320, 4367];
/// What the tutorial gave its services.
const MEMORY: &str = "1024MB";
/// The tutorial, written anew for numpy and scipy.
const NOTEBOOK: &str = include_str!("../../../../../examples/tutorial.ipynb");
/// A call may take so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// One service at one size.
#[derive(Serialize)]
struct Column {
    service: &'static str,
    cpu: String,
    limits: String,
    /// By the ranks of the table: from the call to its answer, the median over the calls.
    ms: Vec<f64>,
    /// What the service says about itself.
    metrics: Metrics,
}

/// The tutorial's `/metrics`.
#[derive(Serialize, Deserialize)]
struct Metrics {
    requests: u64,
    average: f64,
    total_time: f64,
    last_calls: Vec<f64>,
}

pub(super) fn run(args: TutorialArgs) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a folder for the services")?;
    let trial = Trial::new(folder.path().join("s"));
    let data = std::path::absolute(&args.data).ok().filter(|path| path.exists());
    let data = data.map_or_else(|| args.data.clone(), |path| path.to_string_lossy().into_owned());
    let mut columns = Vec::new();
    for cpu in &args.cpu {
        let specification = specification(&data, args.read.rows, cpu);
        let path = folder.path().join("native.yaml");
        std::fs::write(&path, specification)?;
        columns.push(measured(&trial, "foretaste", &path, cpu, args.runs)?);
    }
    for cpu in args.cpu.iter().filter(|_| data::resolve(&data).is_ok()) {
        let path = folder.path().join("tutorial.ipynb");
        std::fs::write(&path, NOTEBOOK)?;
        match measured(&trial.with_data(&data), "notebook", &path, cpu, 1) {
            Ok(column) => columns.push(column),
            Err(error) => {
                output::note(&format!("the notebook is left out: {error:#}"));
                break;
            }
        }
    }
    match args.json.shape() {
        Shape::Json => columns.iter().try_for_each(output::json_line),
        Shape::Text => text(&columns, args.runs),
    }
}

fn specification(data: &str, rows: Option<u64>, cpu: &str) -> String {
    let rows = if data == "demo" { String::new() } else { format!("rows: {}\n", rows.unwrap_or(TUTORIAL_ROWS)) };
    let data = serde_json::Value::from(data);
    format!("foretaste: v1\nname: native\ndata: {data}\n{rows}cpu: {cpu}\nmemory: {MEMORY}\n")
}

/// Deploys, calls, reads the metrics, and stops.
fn measured(trial: &Trial, service: &'static str, path: &Path, cpu: &str, runs: u16) -> Result<Column> {
    let deployed = trial.deploy(PathBuf::from(path), cpu, MEMORY)?;
    let config = Agent::config_builder().proxy(None).timeout_global(Some(PATIENCE)).http_status_as_error(false);
    let agent: Agent = config.build().into();
    let mut ms = Vec::new();
    for (k, _) in PUBLISHED {
        let recompute = format!("{}/recompute_svd?param={k}", deployed.url);
        let call = || -> Result<f64> {
            let begun = Instant::now();
            let mut reply = agent.post(&recompute).send_empty()?;
            let text = reply.body_mut().read_to_string()?;
            ensure!(reply.status().is_success(), "{}: {}", reply.status(), text.trim());
            Ok(begun.elapsed().as_secs_f64() * 1e3)
        };
        let times: Result<Vec<f64>> = (0..runs).map(|_| call()).collect();
        ms.push(hundredths(median(times.with_context(|| format!("POST {recompute} failed"))?)));
    }
    let mut answer = agent.get(format!("{}/metrics", deployed.url)).call()?;
    let metrics = serde_json::from_reader(answer.body_mut().as_reader()).context("/metrics cannot be read")?;
    Ok(Column { service, cpu: cpu.to_owned(), limits: deployed.limits.clone(), ms, metrics })
}

fn text(columns: &[Column], runs: u16) -> Result<()> {
    let mut out = output::stdout();
    writeln!(out, "POST /recompute_svd in ms from outside, {MEMORY} each; median of {runs}, of the notebook one call")?;
    let mut table = Table::new([
        ("service", Align::Left),
        ("CPUs", Align::Right),
        ("k = 10", Align::Right),
        ("50", Align::Right),
        ("100", Align::Right),
        ("500", Align::Right),
        ("1000", Align::Right),
        ("/metrics", Align::Left),
    ]);
    let row = |service: &str, cpu: &str, ms: Vec<String>, metrics: String| -> [String; 8] {
        let mut cells = ms.into_iter();
        let mut next = || cells.next().unwrap_or_default();
        [service.to_owned(), cpu.to_owned(), next(), next(), next(), next(), next(), metrics]
    };
    for column in columns {
        let ms = column.ms.iter().map(|ms| format!("{ms:.1}")).collect();
        let metrics =
            format!("{} calls, {} ms on average", count(column.metrics.requests), column.metrics.average.round());
        table.row(row(column.service, &column.cpu, ms, metrics));
    }
    table.row(row("tutorial, published", "2", PUBLISHED.iter().map(|&(_, ms)| count(ms)).collect(), String::new()));
    table.row(row("tutorial, published", "4", PUBLISHED_4.iter().map(|&ms| count(ms)).collect(), String::new()));
    table.write(&mut out, "")?;
    if let Some(held) = columns.first() {
        writeln!(out, "limits held by {}", held.limits)?;
    }
    Ok(out.flush()?)
}
