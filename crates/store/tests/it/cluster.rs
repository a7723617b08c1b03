//! A Postgres of the tests: in a folder that removes itself, on a Unix socket alone, as a user without rights.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A server, which ends with the value.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    databases: AtomicU32,
    watch: Option<Child>,
}

/// The server that tests share; its databases are their own. It ends with the process of the tests.
pub(crate) fn started() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Option<Cluster>> = OnceLock::new();
    SHARED.get_or_init(Cluster::start).as_ref()
}

/// The folder of the newest Postgres there is.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|folders| folders.filter_map(Result::ok).map(|folder| folder.path().join("bin")).collect())
        .unwrap_or_default();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.into_iter().rev().chain(std::env::split_paths(&path)).find(|folder| folder.join("initdb").is_file())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

impl Cluster {
    /// Starts one; `None`, and a line that says so, where there is no Postgres, which in CI is a failure.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "there is no Postgres");
            println!("skipped, for want of a Postgres");
            return None;
        };
        // The path of a socket has at most 107 bytes.
        let folder = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").unwrap();
        if is_root() {
            assert!(Command::new("chown").arg("nobody").arg(folder.path()).status().unwrap().success());
        }
        let mut cluster = Self { folder, programs, databases: AtomicU32::new(0), watch: None };
        let data = cluster.data();
        cluster.run("initdb", &["--username=test", "--auth=trust", "--encoding=UTF8", "--locale=C", "-D", &data]);
        let watch = format!("{data}/../watch");
        std::fs::write(&watch, WATCH).unwrap();
        cluster.resume();
        // A value in a static is never dropped: a process of its own ends the server when this one is gone.
        let process = std::process::id().to_string();
        cluster.watch = Some(cluster.command("sh").args([&watch, &process, &data]).spawn().unwrap());
        Some(cluster)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// A program of Postgres, as a user without rights.
    fn command(&self, program: &str) -> Command {
        let path = self.programs.join(program);
        let path = if path.is_file() { path } else { Path::new(program).to_owned() };
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = self.command(program).args(arguments).status().unwrap();
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }

    /// Ends the server as a crash does: it finishes nothing, and recovers when it starts again.
    pub(crate) fn crash(&self) {
        self.run("pg_ctl", &["stop", "-w", "-m", "immediate", "-D", &self.data()]);
    }

    /// Starts it.
    pub(crate) fn resume(&self) {
        self.resume_with("fsync=on");
    }

    /// Starts it with a setting.
    pub(crate) fn resume_with(&self, setting: &str) {
        let folder = self.folder.path().display();
        let options = format!("-c listen_addresses='' -c unix_socket_directories='{folder}' -c {setting}");
        let log = format!("{folder}/log");
        self.run("pg_ctl", &["start", "-w", "-t", "60", "-l", &log, "-o", &options, "-D", &self.data()]);
    }

    /// Seconds of processor that the server and its sessions took.
    pub(crate) fn seconds(&self) -> f64 {
        let process = std::fs::read_to_string(format!("{}/postmaster.pid", self.data())).unwrap();
        let process = process.lines().next().unwrap().to_owned();
        let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| ticks(&entry.unwrap().path()));
        // Of the first process also those of sessions that have ended.
        all.filter(|(number, parent, _)| *number == process || *parent == process)
            .map(|(number, _, [own, ended])| if number == process { own + ended } else { own })
            .sum()
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    /// The URL of a database that nothing is in.
    pub(crate) fn database(&self) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let url = |name: &str| format!("postgres:///{name}?user=test&host={}", self.folder.path().display());
        let mut client = ::postgres::Client::connect(&url("postgres"), ::postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
        url(&name)
    }
}

/// The number of a process, its parent, and its seconds of processor: its own, and of its children that have ended.
pub(crate) fn ticks(folder: &Path) -> Option<(String, String, [f64; 2])> {
    let text = std::fs::read_to_string(folder.join("stat")).ok()?;
    let number = text.split(' ').next()?.to_owned();
    let fields: Vec<&str> = text.rsplit(") ").next()?.split(' ').collect();
    // In hundredths of a second, on every Linux.
    let sum =
        |at: usize| Some((fields.get(at)?.parse::<f64>().ok()? + fields.get(at + 1)?.parse::<f64>().ok()?) / 100.0);
    Some((number, fields.get(1)?.to_string(), [sum(11)?, sum(13)?]))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(mut watch) = self.watch.take() {
            let _ = watch.kill().and_then(|()| watch.wait());
        }
        // The folder is removed next.
        let _ = self.command("pg_ctl").args(["stop", "-w", "-m", "immediate", "-D", &self.data()]).status();
    }
}

/// Ends the server whose data are in `$2`, and removes its folder, when process `$1` is gone.
const WATCH: &str = r#"
while kill -0 "$1" 2>/dev/null || [ -d "/proc/$1" ]; do sleep 0.2; done
[ -f "$2/postmaster.pid" ] && kill -QUIT "$(head -n 1 "$2/postmaster.pid")"
sleep 0.5
rm -rf "${2%/data}"
"#;
