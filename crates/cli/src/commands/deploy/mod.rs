//! `foretaste deploy` and what looks after what it started: services on this machine.

mod emit;
mod engine;
mod keys;
mod list;
mod logs;
mod model;
#[cfg(feature = "notebooks")]
mod notebook;
#[cfg(not(feature = "notebooks"))]
#[path = "without_notebooks.rs"]
mod notebook;
mod options;
mod request;
mod trial;
mod work;

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use directories::ProjectDirs;
use foretaste_deploy::client::{self, ClientError};
use foretaste_deploy::{Home, Record, ServiceHome, launch, supervise};

use crate::args::{DeployArgs, DeployCommand, LaunchArgs, RemoveArgs, RollbackArgs, StateArg, StopArgs, SuperviseArgs};
use crate::exit::{Exit, ExitWith, coded};
use crate::machine;
use crate::output;

use request::Request;

#[cfg(feature = "notebooks")]
pub(super) use notebook::data_by_hand;
pub(super) use trial::Trial;

/// Runs one of the commands about services.
pub(super) fn run(command: DeployCommand) -> Result<()> {
    match command {
        DeployCommand::Deploy(args) => deploy(args),
        DeployCommand::Services(args) => list::services(&args),
        DeployCommand::Logs(args) => logs::logs(&args),
        DeployCommand::Stop(args) => stop(&args),
        DeployCommand::Remove(args) => remove(&args),
        DeployCommand::Rollback(args) => rollback(&args),
        DeployCommand::Supervise(args) => supervisor(args),
        DeployCommand::Launch(args) => launch(&args),
    }
}

fn deploy(args: DeployArgs) -> Result<()> {
    let request = Request {
        source: args.source,
        name: args.name,
        cpu: args.cpu.map(|cpu| cpu.parse().exit_with(Exit::Usage)).transpose()?,
        memory: args.memory.map(|memory| memory.parse().exit_with(Exit::Usage)).transpose()?,
        data: args.data,
        port: args.port,
        patience: Duration::from_secs(args.patience),
    };
    let (plan, notes) = request.plan()?;
    notes.iter().for_each(|note| output::note(note));
    if let Some(artefact) = args.emit {
        return emit::artefact(artefact, &plan.elsewhere);
    }
    plan.order.fits(machine::cpus(), machine::memory()).exit_with(Exit::Usage)?;
    let service = home(&args.state)?.service(&plan.name).exit_with(Exit::Usage)?;
    let record = client::deploy(&service, plan.order).map_err(told)?;
    list::deployed(&record, args.json.shape())
}

fn stop(args: &StopArgs) -> Result<()> {
    let home = home(&args.state)?;
    let services: Vec<ServiceHome> = match &args.name {
        Some(name) => vec![home.service(name).exit_with(Exit::Usage)?],
        None => home.services()?,
    };
    let (mut stopped, mut failed) = (Vec::new(), Ok(()));
    for ended in each(&services, client::stop) {
        match ended {
            Ok(record) => stopped.push(record),
            // Of all services, those that do not run need not be stopped, and one that cannot be keeps no other running.
            Err(ClientError::NotRunning { .. }) if args.all => {}
            Err(error) => failed = failed.and(Err(told(error))),
        }
    }
    if !stopped.is_empty() || failed.is_ok() {
        list::print(&stopped, args.json.shape())?;
    }
    failed
}

fn remove(args: &RemoveArgs) -> Result<()> {
    let service = home(&args.state)?.service(&args.name).exit_with(Exit::Usage)?;
    client::remove(&service).map_err(told)?;
    output::note(&format!("service {} is removed, with its record and logs", args.name));
    Ok(())
}

fn rollback(args: &RollbackArgs) -> Result<()> {
    let service = home(&args.state)?.service(&args.name).exit_with(Exit::Usage)?;
    let record = client::rollback(&service).map_err(told)?;
    list::deployed(&record, args.json.shape())
}

fn supervisor(args: SuperviseArgs) -> Result<()> {
    Ok(supervise(args.folder)?)
}

fn launch(args: &LaunchArgs) -> Result<()> {
    let restrict = |cpus| {
        machine::restrict_to(cpus);
    };
    match launch::run(&args.order, restrict)? {}
}

/// The folder of all services.
fn home(state: &StateArg) -> Result<Home> {
    let chosen = state.state.clone().filter(|folder| !folder.as_os_str().is_empty());
    let folder =
        chosen.or_else(users).context("this user has no home folder to keep services in; name one with --state")?;
    Ok(Home::new(std::path::absolute(folder)?))
}

fn users() -> Option<PathBuf> {
    let folders = ProjectDirs::from("", "", "foretaste")?;
    Some(folders.state_dir().unwrap_or_else(|| folders.data_local_dir()).join("services"))
}

/// An error with its exit code.
fn told(error: ClientError) -> anyhow::Error {
    let exit = match error {
        ClientError::NotRunning { .. } => Exit::NotFound,
        _ => Exit::Failure,
    };
    coded(exit, error)
}

/// What each service answers, in their order. All are asked at the same time: one that hangs delays no other.
fn each<T: Send>(services: &[ServiceHome], ask: impl Fn(&ServiceHome) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let asked: Vec<_> = services.iter().map(|service| scope.spawn(|| ask(service))).collect();
        asked.into_iter().map(|asked| asked.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}

/// Every service's record, as it is now; of one that cannot be read, why.
fn records(home: &Home) -> Result<Vec<Record>> {
    let (services, mut records) = (home.services()?, Vec::new());
    for (service, status) in services.iter().zip(each(&services, client::status)) {
        match status {
            Ok(record) => records.push(record),
            Err(error) => output::note(&format!("{}: {:#}", service.name(), anyhow::Error::from(error))),
        }
    }
    Ok(records)
}
