//! Binds, runs, and stops without losing a request.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use foretaste::recommend::Recommender;
use rayon::ThreadPool;
use tokio::sync::watch;

use crate::app::{App, Shared};
use crate::config::{Limits, ServerConfig};
use crate::door::{Door, Scorers};
use crate::edge::Edge;
use crate::fits::Fits;
use crate::metrics::prometheus::Metrics;
use crate::net::accept::accept;
use crate::net::listener::listen;
use crate::net::slots::Slots;
use crate::registry::Registry;
use crate::routes::{admin_router, router};

/// Connections that the admin listener serves at once.
const ADMIN_CONNECTIONS: usize = 64;

/// How long a fit that is cancelled at the end may take to notice.
const FIT_PATIENCE: Duration = Duration::from_secs(1);

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address cannot be listened on: taken, not of this machine, or not permitted.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start the service's threads")]
    Threads(#[source] io::Error),
    /// A limit is zero or larger than the machinery takes.
    #[error("limit `{name}` is {found}, allowed are {least} to {most}")]
    Limit {
        /// The field of [`Limits`].
        name: &'static str,
        /// What it is.
        found: usize,
        /// The smallest allowed.
        least: usize,
        /// The largest allowed.
        most: usize,
    },
}

/// The service, listening but not yet answering.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    address: SocketAddr,
    listener: TcpListener,
    admin: Option<(SocketAddr, TcpListener)>,
    pub(crate) app: Shared,
    scorers: Scorers,
    pub(crate) routes: Router,
}

impl Server {
    /// Listens on the configured addresses and starts the scoring and fitting threads. `first` serves as `v1`; refits
    /// run on `train`.
    ///
    /// # Errors
    /// [`ServerError`]: an address is taken, a thread is refused, a limit is out of range.
    pub fn bind(config: ServerConfig, first: Recommender, train: ThreadPool) -> Result<Self, ServerError> {
        check(&config.limits)?;
        let (listener, address) = open(config.listen, config.limits.backlog)?;
        let admin = match config.admin {
            Some(address) => {
                let (listener, address) = open(address, config.limits.backlog)?;
                Some((address, listener))
            }
            None => None,
        };
        let metrics = Arc::new(Metrics::new());
        let registry = Arc::new(Registry::new(first, Arc::clone(&metrics)));
        let limits = Arc::new(config.limits.clone());
        let (door, scorers) = Door::open(config.threads, config.queue, limits.wait, metrics.door.clone())
            .map_err(ServerError::Threads)?;
        let fits = Fits::start(Arc::clone(&registry), Arc::clone(&metrics), train).map_err(ServerError::Threads)?;
        let app = Arc::new(App::new(registry, door, fits, metrics, limits));
        let routes = router(Arc::clone(&app));
        Ok(Self { config, address, listener, admin, app, scorers, routes })
    }

    /// The address of the main listener, with the port that the system chose.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The address of the admin listener, when there is one.
    #[must_use]
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(|(address, _)| *address)
    }

    /// Serves until `shutdown` resolves; then is not ready, accepts no more, finishes what is in flight within the drain
    /// limit, cancels a running fit, and returns.
    ///
    /// # Errors
    /// [`ServerError::Threads`]: the run time cannot start.
    pub fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<(), ServerError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.config.threads.max(1))
            .thread_name("serve")
            .enable_all()
            .build()
            .map_err(ServerError::Threads)?;
        let (app, scorers) = (Arc::clone(&self.app), self.scorers);
        let parts = Parts { listener: self.listener, admin: self.admin, app: self.app, routes: self.routes };
        let served = runtime.block_on(parts.serve(shutdown)).map_err(ServerError::Threads);
        app.fits.stop(FIT_PATIENCE);
        // What did not finish is dropped here; a connection that hangs cannot hold the process.
        runtime.shutdown_timeout(Duration::from_millis(200));
        // The scoring threads end with the last reference to the door.
        if Arc::into_inner(app).is_some() {
            scorers.join();
        }
        served
    }
}

/// What the run time's main task needs.
struct Parts {
    listener: TcpListener,
    admin: Option<(SocketAddr, TcpListener)>,
    app: Shared,
    routes: Router,
}

impl Parts {
    async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { listener, admin, app, routes } = self;
        let limits = Arc::clone(&app.limits);
        let (stop, stopping) = watch::channel(false);
        let (stop_admin, admin_stopping) = watch::channel(false);
        let admin_slots = Slots::new(ADMIN_CONNECTIONS, ADMIN_CONNECTIONS);
        if let Some((_, listener)) = admin {
            let routes = admin_router(Arc::clone(&app));
            let edge = Arc::new(Edge::new(routes, Arc::clone(&limits), Arc::clone(&app.metrics)));
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let slots = Arc::clone(&admin_slots);
            tokio::spawn(accept(listener, edge, Arc::clone(&limits), slots, admin_stopping));
        }
        let edge = Arc::new(Edge::new(routes, Arc::clone(&limits), Arc::clone(&app.metrics)));
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let accepting = tokio::spawn(accept(listener, edge, Arc::clone(&limits), Arc::clone(&app.slots), stopping));
        shutdown.await;
        drain(&app, &stop, accepting).await;
        stop_admin.send_replace(true);
        Ok(())
    }
}

/// Not ready, no more connections, then waits for those there are, as long as the limit allows.
async fn drain(app: &App, stop: &watch::Sender<bool>, accepting: tokio::task::JoinHandle<()>) {
    let begun = Instant::now();
    app.stop();
    tracing::info!(connections = app.slots.taken(), "shutting down");
    stop.send_replace(true);
    let limit = app.limits.drain;
    let drained = tokio::time::timeout(limit, async {
        let _ = accepting.await;
        app.slots.all_free().await;
    });
    let duration_ms = |begun: Instant| u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    match drained.await {
        Ok(()) => tracing::info!(duration_ms = duration_ms(begun), "every request was finished"),
        Err(_) => tracing::warn!(connections = app.slots.taken(), "some requests were not finished in time"),
    }
}

fn open(address: SocketAddr, backlog: i32) -> Result<(TcpListener, SocketAddr), ServerError> {
    let failed = |source| ServerError::Bind { address, source };
    let listener = listen(address, backlog).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn check(limits: &Limits) -> Result<(), ServerError> {
    let rows = [
        ("connections", limits.connections, 1, usize::MAX),
        ("connections_per_ip", limits.connections_per_ip, 1, usize::MAX),
        ("uri_bytes", limits.uri_bytes, 1, u16::MAX as usize),
        ("header_bytes", limits.header_bytes, 1024, 256 * 1024),
    ];
    for (name, found, least, most) in rows {
        if !(least..=most).contains(&found) {
            return Err(ServerError::Limit { name, found, least, most });
        }
    }
    Ok(())
}
