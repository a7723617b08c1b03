//! TLS: a certificate and its key, read again when their files change.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long what was read counts before the files are looked at again.
const FRESH: Duration = Duration::from_secs(1);
/// The first byte of a client that speaks TLS: a record of a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;
/// What a client reads that does not.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: application/json\r\ncontent-length: 75\r\nconnection: close\r\n\r\n\
    {\"code\":\"tls_required\",\"message\":\"this address speaks TLS, call https://\"}\n";

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{} holds no {expected} in PEM, as in `-----BEGIN ...`: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The two do not belong together, or are of a kind that is not known.
    #[error("the certificate in {} and the key in {} cannot be used: {source}", cert.display(), key.display())]
    Unfit {
        /// The file of the certificate.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// A certificate and its key. New ones count for connections that begin a second after the files were written; what cannot
/// be used leaves those that were there, and is named in the log.
#[derive(Debug)]
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    config: Arc<ServerConfig>,
    state: [Option<State>; 2],
    looked: Instant,
}

/// What differs when a file was written: its place, its size, its time.
type State = (u64, u64, u64, i64, i64);

impl Tls {
    /// Reads a chain of certificates, the service's own first, and the key of that, in PEM.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn open(cert: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let state = [state(&cert), state(&key)];
        let config = config(&cert, &key)?;
        Ok(Self { cert, key, seen: Mutex::new(Seen { config, state, looked: Instant::now() }) })
    }

    /// Speaks TLS with a client; `None` where it does not, which it is told.
    pub(crate) async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let mut first = [0];
        if stream.peek(&mut first).await.ok()? == 1 && first[0] != HANDSHAKE {
            let _ = stream.try_write(PLAIN);
            return None;
        }
        let accepted = TlsAcceptor::from(self.config()).accept(stream).await;
        accepted.inspect_err(|error| tracing::debug!(%error, "no TLS with a client")).ok()
    }

    fn config(&self) -> Arc<ServerConfig> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.looked.elapsed() >= FRESH {
            seen.looked = Instant::now();
            let now = [state(&self.cert), state(&self.key)];
            if now != seen.state {
                // What is wrong with them is said once, not at each look.
                seen.state = now;
                match config(&self.cert, &self.key) {
                    Ok(config) => {
                        tracing::info!(certificate = ?self.cert, "the certificate was read again");
                        seen.config = config;
                    }
                    Err(error) => tracing::error!(%error, "the certificate that was read before stays"),
                }
            }
        }
        Arc::clone(&seen.config)
    }
}

fn state(path: &Path) -> Option<State> {
    let about = fs::metadata(path).ok()?;
    Some((about.dev(), about.ino(), about.len(), about.mtime(), about.mtime_nsec()))
}

fn config(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |path: &Path| fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source });
    let content = |path: &Path, expected, error: pem::Error| TlsError::Content {
        path: path.to_owned(),
        expected,
        reason: error.to_string(),
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(cert)?).collect();
    let chain = chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
    let chain = chain.map_err(|error| content(cert, "certificate", error))?;
    let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|error| content(key, "private key", error))?;
    let unfit = |source| TlsError::Unfit { cert: cert.to_owned(), key: key.to_owned(), source };
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_states_its_own_length() {
        let (head, body) = std::str::from_utf8(PLAIN).unwrap().split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "the body has {} bytes", body.len());
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let folder = std::env::temp_dir().join(format!("foretaste-tls-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let said = |cert: &Path, key: &Path| Tls::open(cert.into(), key.into()).unwrap_err().to_string();
        assert!(said(&cert, &key).starts_with("cannot read"));
        fs::write(&cert, "nothing").unwrap();
        fs::write(&key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
        assert!(said(&cert, &key).contains("holds no certificate in PEM"), "{}", said(&cert, &key));
        fs::write(&cert, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(said(&cert, &cert).contains("holds no private key in PEM"), "{}", said(&cert, &cert));
        assert!(said(&cert, &key).contains("cannot be used"), "{}", said(&cert, &key));
        fs::remove_dir_all(folder).unwrap();
    }
}
