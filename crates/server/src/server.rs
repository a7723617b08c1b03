//! Binds, runs, and stops without losing a request.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::Router;
use foretaste::recommend::Recommender;
use foretaste_net::{Access, Edge, LimitError, Listener, Slots, Tls, listen};
use foretaste_service::{Observer, Origin, ScoringThreads, Service, ServiceConfig, Writes};
use rayon::ThreadPool;
use tokio::sync::oneshot;

use crate::api::{Api, Roles};
use crate::app::{App, Shared};
use crate::config::ServerConfig;
use crate::metrics::prometheus::Metrics;
use crate::routes::{admin_router, roles, router, scored_paths};

/// Between two looks at the schedule of fits.
const LOOK: Duration = Duration::from_secs(1);

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
    /// A limit is out of range.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// The service, listening but not yet answering.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    address: SocketAddr,
    listener: Listener,
    admin: Option<(SocketAddr, Listener)>,
    pub(crate) app: Shared,
    scorers: ScoringThreads,
    pub(crate) routes: Router,
}

impl Server {
    /// Listens on the configured addresses and starts the scoring and fitting threads. `first`, whose data was read from `origin`,
    /// serves as `v1`; refits run on `train`.
    ///
    /// # Errors
    /// [`ServerError`]: an address is taken, a thread is refused, a limit is out of range.
    pub fn bind(
        config: ServerConfig,
        first: Recommender,
        origin: Origin,
        train: ThreadPool,
    ) -> Result<Self, ServerError> {
        let listener = open(config.listen, config.limits.backlog)?;
        Self::on(listener, config, first, origin, train)
    }

    /// As [`bind`](Self::bind), on a socket that listens already, which goes before the configured address.
    ///
    /// # Errors
    /// [`ServerError`]: the admin address is taken, a thread is refused, a limit is out of range.
    pub fn on(
        listener: Listener,
        config: ServerConfig,
        first: Recommender,
        origin: Origin,
        train: ThreadPool,
    ) -> Result<Self, ServerError> {
        config.limits.check()?;
        let address = address_of(&listener, config.listen)?;
        let admin = match config.admin {
            Some(asked) => {
                let listener = open(asked, config.limits.backlog)?;
                Some((address_of(&listener, asked)?, listener))
            }
            None => None,
        };
        let metrics = Arc::new(Metrics::new());
        let limits = Arc::new(config.limits.clone());
        let ServerConfig { threads, queue, wait, memory, schedule, .. } = config;
        let system = ServiceConfig { threads, queue, wait, memory, schedule };
        let observer = Arc::clone(&metrics) as Arc<dyn Observer>;
        let (service, scorers) =
            Service::start(&system, first, origin, train, observer).map_err(ServerError::Threads)?;
        let app = Arc::new(App::new(service, metrics, limits, config.budget.clone(), config.access.has_keys()));
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

    /// What reads the source again.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader(Arc::downgrade(&self.app))
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
        let parts = Parts {
            address: self.address,
            access: self.config.access,
            access_log: self.config.access_log,
            tls: self.config.tls,
            listener: self.listener,
            admin: self.admin,
            app: self.app,
            routes: self.routes,
        };
        let served = runtime.block_on(parts.serve(shutdown)).map_err(ServerError::Threads);
        app.service.fits.stop(FIT_PATIENCE);
        app.service.writes.iter().for_each(Writes::stop);
        // What did not finish is dropped here; a connection that hangs cannot hold the process.
        runtime.shutdown_timeout(Duration::from_millis(200));
        // The scoring threads end with the last reference to the scoring pool.
        if Arc::into_inner(app).is_some() {
            scorers.join();
        }
        served
    }
}

/// Has the source of a running server read again; it does not keep the server alive.
#[derive(Debug, Clone)]
pub struct Reloader(Weak<App>);

impl Reloader {
    /// Reads the source again, where it has changed, and fits it with the parameters of the version that serves, in the
    /// background. What comes of it is logged, and listed among the jobs.
    pub fn reload(&self) {
        let Some(app) = self.0.upgrade() else { return };
        match app.service.fits.reload() {
            Ok(Some(job)) => tracing::info!(job = job.id, "a reload was asked for"),
            Ok(None) => tracing::info!("a reload was asked for, but the source has not changed"),
            Err(error) => tracing::warn!(%error, "a reload was asked for and refused"),
        }
    }
}

/// What the run time's main task needs.
struct Parts {
    address: SocketAddr,
    access: Access,
    access_log: bool,
    tls: Option<Arc<Tls>>,
    listener: Listener,
    admin: Option<(SocketAddr, Listener)>,
    app: Shared,
    routes: Router,
}

impl Parts {
    async fn serve(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self { address, access, access_log, tls, listener, admin, app, routes } = self;
        let limits = Arc::clone(&app.limits);
        let scored = scored_paths();
        let edge = |routes, access| {
            let api = Api::new(routes, &scored, Roles::new(roles()), Arc::clone(&app));
            Arc::new(Edge::new(api, Arc::clone(&app.limits), access, app.budget.clone()).logged(access_log))
        };
        // Health and metrics are answered until the last request is.
        let (_finished, finish) = oneshot::channel::<()>();
        if let Some((address, listener)) = admin {
            let slots = Slots::of_admin();
            let until = async { drop(finish.await) };
            let answer = edge(admin_router(Arc::clone(&app)), access.clone().listening(address));
            tokio::spawn(foretaste_net::serve(listener, answer, Arc::clone(&limits), slots, tls.clone(), until));
        }
        let scheduled = Arc::downgrade(&app);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(app) = scheduled.upgrade() else { return };
                // It may look at files.
                let _ = tokio::task::spawn_blocking(move || app.service.refit_if_due()).await;
            }
        });
        let until = async {
            shutdown.await;
            app.stop();
        };
        let answer = edge(routes, access.listening(address));
        foretaste_net::serve(listener, answer, limits, Arc::clone(&app.slots), tls, until).await
    }
}

fn open(address: SocketAddr, backlog: i32) -> Result<Listener, ServerError> {
    listen(address, backlog).map_err(|source| ServerError::Bind { address, source })
}

fn address_of(listener: &Listener, asked: SocketAddr) -> Result<SocketAddr, ServerError> {
    listener.local_addr().map_err(|source| ServerError::Bind { address: asked, source })
}
