//! Services, as printed.

use std::io::Write;

use anyhow::Result;
use foretaste_deploy::{Record, State};
use serde::Serialize;

use super::{home, records};
use crate::args::ServicesArgs;
use crate::output::{self, Align, Shape, Table, count, counted, printable, width, wrapped};

/// A service, for programs.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    state: State,
    url: Option<String>,
    source: Option<&'a str>,
    revision: Option<u64>,
    cpu: Option<f64>,
    memory_bytes: Option<u64>,
    /// What holds the limits.
    cpu_limit: Option<String>,
    memory_limit: Option<String>,
    replicas: u32,
    ready: usize,
    pids: Vec<u32>,
    supervisor: Option<u32>,
    restarts: u64,
    message: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn of(record: &'a Record) -> Self {
        let order = record.active().map(|active| &active.order);
        let held = record.enforcement;
        Self {
            name: &record.name,
            state: record.state,
            url: record.url(),
            source: order.map(|order| &*order.source),
            revision: record.active,
            cpu: order.map(|order| order.cpu.get()),
            memory_bytes: order.map(|order| order.memory.bytes()),
            cpu_limit: held.map(|held| held.cpu.to_string()),
            memory_limit: held.map(|held| held.memory.to_string()),
            replicas: order.map_or(0, |order| order.replicas),
            ready: record.workers.iter().filter(|worker| worker.ready).count(),
            pids: record.workers.iter().map(|worker| worker.identity.pid).collect(),
            supervisor: record.supervisor.map(|supervisor| supervisor.pid),
            restarts: record.restarts,
            message: record.message.as_deref(),
        }
    }
}

/// `foretaste services`
pub(super) fn services(args: &ServicesArgs) -> Result<()> {
    print(&records(&home(&args.state)?)?, args.json.shape())
}

/// A service that was just deployed.
pub(super) fn deployed(record: &Record, shape: Shape) -> Result<()> {
    if shape == Shape::Json {
        return output::json(&Entry::of(record));
    }
    let mut out = output::stdout();
    let held = record.enforcement.map(|held| format!(", held by {held}")).unwrap_or_default();
    let order = record.active().map(|active| &active.order);
    let limits = order.map(|order| {
        let cpu = order.cpu.to_string();
        let (memory, bytes) = (order.memory, counted(order.memory.bytes() as usize, "byte"));
        format!("{cpu} {} and {memory} ({bytes}) of memory{held}", if cpu == "1" { "CPU" } else { "CPUs" })
    });
    let limits = limits.unwrap_or_default();
    writeln!(out, "{} answers on {}", record.name, record.url().unwrap_or_default())?;
    writeln!(out, "deployment {}; {limits}", record.active.unwrap_or_default())?;
    Ok(out.flush()?)
}

pub(super) fn print(records: &[Record], shape: Shape) -> Result<()> {
    if shape == Shape::Json {
        return output::json(&records.iter().map(Entry::of).collect::<Vec<_>>());
    }
    let mut out = output::stdout();
    if records.is_empty() {
        writeln!(out, "no services")?;
        return Ok(out.flush()?);
    }
    let mut table = Table::new([
        ("service", Align::Left),
        ("state", Align::Left),
        ("url", Align::Left),
        ("CPUs", Align::Right),
        ("memory", Align::Right),
        ("held by", Align::Left),
        ("ready", Align::Right),
        ("restarts", Align::Right),
        ("deployment", Align::Right),
    ]);
    if records.iter().all(|record| record.restarts == 0) {
        table.may_drop("restarts");
    }
    table.may_drop("held by");
    for record in records {
        let entry = Entry::of(record);
        let order = record.active().map(|active| &active.order);
        table.row([
            record.name.clone(),
            serde_json::to_value(record.state)?.as_str().unwrap_or_default().to_owned(),
            entry.url.unwrap_or_default(),
            order.map(|order| order.cpu.to_string()).unwrap_or_default(),
            order.map(|order| order.memory.to_string()).unwrap_or_default(),
            record.enforcement.map(|held| held.to_string()).unwrap_or_default(),
            format!("{}/{}", entry.ready, entry.replicas),
            count(record.restarts),
            record.active.map(count).unwrap_or_default(),
        ]);
    }
    table.write(&mut out, "")?;
    for record in records {
        if let Some(message) = &record.message {
            let problem = format!("{}, last problem: {}", record.name, printable(message));
            writeln!(out, "{}", wrapped(&problem, width()))?;
        }
    }
    Ok(out.flush()?)
}
