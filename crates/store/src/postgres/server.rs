//! The database that a URL names, and connections to it.

use std::time::Duration;

use postgres::config::{Host, SslMode, TargetSessionAttrs};
use postgres::{Client, Config, NoTls};

use super::errors::with_cause;
use crate::error::{Place, StoreError};

/// How long a connection may take to come about, where the URL does not say.
const CONNECT: Duration = Duration::from_secs(3);
/// How long the system waits for an answer to what it sent, before the connection counts as lost.
const SILENCE: Duration = Duration::from_secs(20);
/// The port of Postgres.
const PORT: u16 = 5432;

/// What of the server must be so that what it acknowledges is durable, and how the session is set for it: lookups go by index,
/// and nothing of the role's own settings breaks a statement off.
const WRITING: &str = "
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local');
    SELECT set_config(name, '0', false) FROM pg_settings
        WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_session_timeout', 'transaction_timeout');
    SELECT set_config('search_path', '', false), set_config('enable_seqscan', 'off', false);
";

/// Reads change nothing.
const READING: &str = "
    SELECT set_config('default_transaction_read_only', 'on', false), set_config('search_path', '', false);
    SELECT set_config(name, '0', false) FROM pg_settings
        WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');
";

/// A database.
#[derive(Clone, Debug)]
pub(super) struct Server {
    config: Config,
    place: Place,
}

impl Server {
    /// The database of a URL.
    pub(super) fn at(url: &str) -> Result<Self, StoreError> {
        let unusable = |why: &str| StoreError::Unusable(why.to_owned());
        let mut config: Config = url.parse().map_err(|error| unusable(&with_cause(&error)))?;
        if config.get_ssl_mode() == SslMode::Require {
            return Err(unusable(
                "it is connected to without TLS: a Unix socket or a trusted network, and no `sslmode=require`",
            ));
        }
        let hosts: Vec<String> = config.get_hosts().iter().map(name).collect();
        if hosts.is_empty() {
            return Err(unusable("the URL names no host, as in `postgres://user@host/database`"));
        }
        if hosts.iter().any(|host| host.contains('@')) {
            return Err(unusable("an `@` in a password is written `%40` in a URL"));
        }
        let ports = config.get_ports();
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(PORT);
        let hosts: Vec<String> = hosts.iter().enumerate().map(|(at, host)| format!("{host}:{}", port(at))).collect();
        let database = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
        let place = Place::Database(format!("{}/{database}", hosts.join(",")));
        config.application_name(&application()).target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.tcp_user_timeout(SILENCE);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        Ok(Self { config, place })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// A connection that reads.
    pub(super) fn reading(&self) -> Result<Client, StoreError> {
        let mut client = self.connect()?;
        client.batch_execute(READING)?;
        Ok(client)
    }

    /// A connection that may write, on which a statement is acknowledged when it is durable.
    pub(super) fn writing(&self) -> Result<Client, StoreError> {
        let mut client = self.connect()?;
        client.batch_execute(WRITING)?;
        let now = "SELECT current_setting('fsync'), current_setting('synchronous_commit'), current_setting('server_encoding')";
        let row = client.query_one(now, &[])?;
        let (fsync, commit, encoding): (&str, &str, &str) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let unusable = |why: String| Err(StoreError::Unusable(why));
        if fsync != "on" {
            return unusable(format!(
                "the server runs with `fsync = {fsync}`, so that what it acknowledges may be lost"
            ));
        }
        if matches!(commit, "off" | "local") {
            return unusable(format!("the server insists on `synchronous_commit = {commit}`"));
        }
        if encoding != "UTF8" {
            return unusable(format!("the encoding of the database is {encoding}, and must be UTF8"));
        }
        Ok(client)
    }

    fn connect(&self) -> Result<Client, StoreError> {
        // Also where it refuses, it may not do so the next time.
        self.config.connect(NoTls).map_err(|error| StoreError::Away(with_cause(&error)))
    }
}

/// What this process calls itself.
pub(super) fn application() -> String {
    format!("foretaste, process {}", std::process::id())
}

fn name(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    }
}
