//! A notebook's service: kernels, sockets, and an end that leaves none of them behind.

use std::ffi::OsString;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use foretaste_net::{Access, Budget, Edge, Face, LimitError, Limits, Listener, Slots, Tls, serve};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::error::GatewayError;
use crate::http::{Admin, Service};
use crate::kernel::{Kernel, StartPlan, kernel_of, one_line};
use crate::metrics::Metrics;
use crate::notebook::Notebook;
use crate::pool::{Bounds, KernelStarter, Pool, Runner};

/// Everything that [`Gateway::start`] needs besides the notebook.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// The Python that runs a notebook in Python; it must have ipykernel. For a notebook in another language, whose
    /// installation is searched for kernelspecs first. Default none: the kernelspec that the notebook names, else
    /// `python3` on the PATH.
    pub interpreter: Option<PathBuf>,
    /// How many kernels. Default 1, whose state all requests share, one after another; with more, requests run in
    /// parallel and each kernel has a state of its own.
    pub kernels: usize,
    /// Requests that may wait for a kernel; one more is answered 503 at once. Default 16.
    pub queue: usize,
    /// For one request, counted from its start on a kernel; then it is answered 504 and the kernel is interrupted. Before,
    /// a request waits as long again for a kernel, and at least 10 s, in which a lost one is replaced. Default 30 s.
    pub time_out: Duration,
    /// From the start of a kernel to the end of the cells that run first. Default 5 min.
    pub start_time_out: Duration,
    /// Bytes of all that the cells of a request print, display and return; more is answered 500. Default 16 MiB.
    pub output_bytes: usize,
    /// Whether the notebook may be downloaded from `/_api/source`. Default no.
    pub source: bool,
    /// By which names, by pages of which origins, and with which keys it may be called. Default: without a key, on
    /// a loopback address by names of the loopback, and to change something by its own pages.
    pub access: Access,
    /// Whether each request is a line of the log. Default no.
    pub access_log: bool,
    /// The certificate with which it speaks TLS. Default none: it speaks plain HTTP.
    pub tls: Option<Arc<Tls>>,
    /// Bytes of bodies and replies that all clients may make it hold. Default 64 MiB.
    pub budget: Budget,
    /// Time-outs, caps and sizes of connections.
    pub limits: Limits,
    /// Threads that read and write sockets. Default: the processors this process may use.
    pub threads: usize,
    /// Variables for the kernels, besides those of this process.
    pub environment: Vec<(String, String)>,
    /// A program with arguments that is given a kernel's command line and becomes it by [`launch`](crate::launch), so that
    /// the kernel ends with this process however that ends. Default none: then that is true only of kernels that watch
    /// their parent, as ipykernel does.
    pub launcher: Vec<OsString>,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            interpreter: None,
            kernels: 1,
            queue: 16,
            time_out: Duration::from_secs(30),
            start_time_out: Duration::from_secs(300),
            output_bytes: 16 << 20,
            source: false,
            access: Access::default(),
            access_log: false,
            tls: None,
            budget: Budget::within(None),
            limits: Limits::default(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            environment: Vec::new(),
            launcher: Vec::new(),
        }
    }
}

/// A notebook whose kernels are ready. Dropping it kills them.
#[derive(Debug)]
pub struct Gateway {
    service: Option<Arc<Service>>,
    access: Access,
    access_log: bool,
    tls: Option<Arc<Tls>>,
    budget: Budget,
    limits: Arc<Limits>,
    /// Owns the runners, and they the kernels.
    runtime: Option<Runtime>,
}

impl Gateway {
    /// Starts the notebook's kernels in its folder and runs in each the cells that are no endpoints. Returns when all are
    /// ready. It blocks, and so does [`run`](Self::run): neither is for a thread that runs async tasks.
    ///
    /// # Errors
    /// There is no kernel for the notebook; one does not start; a cell fails, with its traceback; something takes too
    /// long; a number is out of range. Then no kernel is left.
    pub fn start(notebook: Notebook, config: GatewayConfig) -> Result<Self, GatewayError> {
        config.limits.check()?;
        within("kernels", config.kernels, 1, 1024)?;
        within("threads", config.threads, 1, 1024)?;
        within("body_bytes", config.limits.body_bytes, 1024, 1 << 30)?;
        within("output_bytes", config.output_bytes, 1024, 1 << 30)?;
        for doubt in &notebook.doubts {
            tracing::warn!("{}", one_line(doubt));
        }
        let mut notebook = notebook;
        let choice = kernel_of(&notebook, config.interpreter.as_deref())?;
        notebook.language = choice.language.clone();
        let folder = notebook.path.parent().map_or_else(|| PathBuf::from("/"), PathBuf::from);
        let (environment, launcher) = (config.environment, config.launcher);
        let plan = StartPlan { choice, folder, environment, launcher };
        let notebook = Arc::new(notebook);
        let starter = Arc::new(KernelStarter {
            plan,
            notebook: Arc::clone(&notebook),
            time_out: config.start_time_out,
            output: config.output_bytes,
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(config.threads)
            .thread_name("notebook")
            .enable_all()
            .build()
            .map_err(GatewayError::System)?;
        let metrics = Arc::new(Metrics::new());
        let patience = config.time_out.max(LEAST_PATIENCE);
        let pool = Arc::new(Pool::new(config.queue, patience, Arc::clone(&metrics)));
        let bounds = Bounds { time_out: config.time_out, output: config.output_bytes };
        let runners: Vec<Runner> = (0..config.kernels).map(|_| Runner::new(&pool, &starter, bounds)).collect();
        let kernels = runtime.block_on(kernels(&starter, runners));
        let kernels = match kernels {
            Ok(kernels) => kernels,
            Err(error) => {
                runtime.shutdown_timeout(SHUTDOWN);
                return Err(error);
            }
        };
        for (runner, kernel) in kernels {
            runtime.spawn(runner.work(kernel));
        }
        let limits = Arc::new(config.limits);
        let service =
            Service::new(notebook, pool, metrics, (Arc::clone(&limits), config.budget.clone()), config.source);
        let service = Arc::new(service);
        Ok(Self {
            service: Some(service),
            access: config.access,
            access_log: config.access_log,
            tls: config.tls,
            budget: config.budget,
            limits,
            runtime: Some(runtime),
        })
    }

    /// Answers the connections of `listener` until `shutdown` resolves; then is not ready, accepts no more, finishes what
    /// is in flight within the drain limit, and ends the kernels. Health, readiness and figures are answered on `admin`, too,
    /// which a full service does not starve.
    ///
    /// # Errors
    /// [`GatewayError::System`]: a listener cannot be watched.
    pub fn run(
        mut self,
        listener: Listener,
        admin: Option<Listener>,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), GatewayError> {
        let (Some(runtime), Some(service)) = (self.runtime.take(), self.service.take()) else { return Ok(()) };
        let slots = Slots::new(self.limits.connections, self.limits.connections_per_ip);
        let address = listener.local_addr().map_err(GatewayError::System)?;
        let (access, tls) = (std::mem::take(&mut self.access), self.tls.take());
        // It is answered until the last request is.
        let (_finished, finish) = oneshot::channel::<()>();
        if let Some(listener) = admin {
            let address = listener.local_addr().map_err(GatewayError::System)?;
            let slots = Slots::of_admin();
            let edge = self.edge(Admin(Arc::clone(&service)), access.clone().listening(address));
            let until = async { drop(finish.await) };
            runtime.spawn(serve(listener, edge, Arc::clone(&self.limits), slots, tls.clone(), until));
        }
        let edge = self.edge(Arc::clone(&service), access.listening(address));
        let stop = async move {
            shutdown.await;
            service.stop();
        };
        let served = runtime.block_on(serve(listener, edge, Arc::clone(&self.limits), slots, tls, stop));
        runtime.shutdown_timeout(SHUTDOWN);
        served.map_err(GatewayError::System)
    }

    fn edge<F: Face>(&self, face: F, access: Access) -> Arc<Edge<F>> {
        Arc::new(Edge::new(face, Arc::clone(&self.limits), access, self.budget.clone()).logged(self.access_log))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(SHUTDOWN);
        }
    }
}

/// The longest wait for a kernel is not shorter than this.
const LEAST_PATIENCE: Duration = Duration::from_secs(10);

/// For tasks to be dropped at the end, and the kernels with them.
const SHUTDOWN: Duration = Duration::from_secs(1);

fn within(name: &'static str, found: usize, least: usize, most: usize) -> Result<(), LimitError> {
    if (least..=most).contains(&found) { Ok(()) } else { Err(LimitError { name, found, least, most }) }
}

/// A kernel for each runner, all started at the same time; the first failure ends them all.
async fn kernels(starter: &Arc<KernelStarter>, runners: Vec<Runner>) -> Result<Vec<(Runner, Kernel)>, GatewayError> {
    let mut starting = JoinSet::new();
    for runner in runners {
        let starter = Arc::clone(starter);
        starting.spawn(async move {
            let kernel = starter.kernel(runner.number()).await?;
            tracing::info!(kernel = runner.number(), process = kernel.id(), "a kernel is ready");
            Ok::<_, GatewayError>((runner, kernel))
        });
    }
    let mut ready = Vec::new();
    while let Some(joined) = starting.join_next().await {
        let joined = joined.map_err(|error| GatewayError::System(std::io::Error::other(error)))?;
        ready.push(joined?);
    }
    ready.sort_by_key(|(runner, _)| runner.number());
    Ok(ready)
}
