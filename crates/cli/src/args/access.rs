//! Who may call a service: by which names, by pages of which origins, with which keys.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use clap::Args;
use foretaste_net::{Access, Tls};

use super::KeysFileArg;
use crate::exit::{Exit, ExitWith};

/// Who may call.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct AccessArgs {
    /// Name by which the service may be called, besides those of the loopback; can be given again
    #[arg(long, value_name = "NAME", env = "FORETASTE_HOST", value_delimiter = ',')]
    pub(crate) host: Vec<String>,
    /// Origin whose pages may call it from a browser, such as https://shop.example; can be given again
    #[arg(long, value_name = "ORIGIN", env = "FORETASTE_CORS_ORIGIN", value_delimiter = ',')]
    pub(crate) cors_origin: Vec<String>,
    #[command(flatten)]
    pub(crate) keys: KeysFileArg,
    /// Let everybody in who reaches the address, also one that is not of this machine alone
    #[arg(long)]
    pub(crate) insecure_no_keys: bool,
    /// Let everybody see the figures at /metrics, without a key
    #[arg(long)]
    pub(crate) open_metrics: bool,
    /// Certificate, and those that it follows from, in PEM: the service then speaks TLS; read again when it changes
    #[arg(long, value_name = "FILE", env = "FORETASTE_TLS_CERT", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Key of the certificate, in PEM
    #[arg(long, value_name = "FILE", env = "FORETASTE_TLS_KEY", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Write each request to the log
    #[arg(long)]
    pub(crate) access_log: bool,
}

impl AccessArgs {
    /// Hosts and origins, checked.
    pub(crate) fn access(&self) -> Result<Access> {
        Access::new(&self.host, &self.cors_origin).exit_with(Exit::Usage)
    }

    /// The certificate, where one is named.
    pub(crate) fn tls(&self) -> Result<Option<Arc<Tls>>> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        Ok(Some(Arc::new(Tls::open(cert.clone(), key.clone()).exit_with(Exit::Data)?)))
    }
}
