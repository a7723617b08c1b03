//! Answers requests: with the notebook's endpoints, and with a few of the gateway's own where the notebook has none.

mod admin;
mod args;
mod body;
mod byte_text;
mod document;
mod info;
mod page;
mod pairs;
mod reply;
mod request;
mod shown;
mod statics;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use foretaste_keys::Role;
use foretaste_net::body::{BodyError as Unread, HeadError, discard};
use foretaste_net::{Budget, Face, Limits, Needs, Refusal};
use hyper::body::Incoming;

use crate::kernel::one_line;
use crate::metrics::{Metrics, OPEN_METRICS};
use crate::notebook::{Found, Notebook, Route, Verb};
use crate::pool::{Pool, Undone, Work};
pub(crate) use admin::Admin;
use body::BodyError;
use request::RequestDocument;
use shown::Accept;

const JSON: &str = "application/json";
/// Pages of the gateway's own that need no key.
const OPEN: [&str; 12] = [
    "/",
    "/docs",
    "/docs/",
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/_api/health",
    "/_api/ready",
    "/_api/docs",
    "/_api/docs.js",
    "/_api/spec/openapi.json",
    "/_api/spec/swagger.json",
];

/// A notebook behind HTTP.
#[derive(Debug)]
pub(crate) struct Service {
    notebook: Arc<Notebook>,
    pool: Arc<Pool>,
    metrics: Arc<Metrics>,
    limits: Arc<Limits>,
    budget: Budget,
    /// Whether the notebook may be downloaded.
    source: bool,
    /// The folder of static files, when there is one.
    public: Option<PathBuf>,
    open_api: String,
    swagger: String,
    page: String,
    stopping: AtomicBool,
}

impl Service {
    pub(crate) fn new(
        notebook: Arc<Notebook>,
        pool: Arc<Pool>,
        metrics: Arc<Metrics>,
        (limits, budget): (Arc<Limits>, Budget),
        source: bool,
    ) -> Self {
        let (open_api, swagger) = (document::open_api(&notebook), document::swagger(&notebook));
        let public = statics::folder_beside(&notebook.path);
        let page = page::text(&notebook, source);
        let stopping = AtomicBool::new(false);
        Self { notebook, pool, metrics, limits, budget, source, public, open_api, swagger, page, stopping }
    }

    /// From now on the service is not ready.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    async fn respond(&self, request: &mut Request<Incoming>, id: &str) -> Response<Body> {
        let path = request.uri().path().to_owned();
        if let Some(own) = path.strip_prefix("/_api/") {
            return self.own(request.method(), own).unwrap_or_else(reply::not_found);
        }
        let verb = verb_of(request.method());
        match self.notebook.routes.find(verb, &path) {
            Found::Route(route, values) => {
                let begun = Instant::now();
                let response = self.endpoint((request, id), route, values).await;
                self.metrics.replied(response.status().as_u16(), Some(begun.elapsed()));
                return response;
            }
            Found::OtherVerbs(verbs) => return reply::other_verbs(&verbs),
            Found::Nothing => {}
        }
        let own = match path.as_str() {
            "/" | "/docs" | "/docs/" => "docs",
            "/healthz" => "health",
            "/readyz" => "ready",
            "/metrics" => "metrics",
            "/openapi.json" => "spec/openapi.json",
            _ => {
                let file = path.strip_prefix("/public/").zip(self.public.as_deref());
                let (Some((file, folder)), Some(Verb::Get)) = (file, verb) else { return reply::not_found() };
                return statics::file(folder, file).await.unwrap_or_else(reply::not_found);
            }
        };
        self.own(request.method(), own).unwrap_or_else(reply::not_found)
    }

    async fn endpoint(
        &self,
        (request, id): (&mut Request<Incoming>, &str),
        route: usize,
        values: Vec<(&str, String)>,
    ) -> Response<Body> {
        let Some(route) = self.notebook.routes().get(route) else { return reply::not_found() };
        let (bytes, _held) = match foretaste_net::body::read(request.body_mut(), &self.limits, &self.budget).await {
            Ok(read) => read.split(),
            Err(error) => {
                discard(request.body_mut(), &self.limits).await;
                return reply::bad_body(&error.into());
            }
        };
        let document = match document_of(route, bytes, request, &values).await {
            Ok(document) => document,
            Err(error) => return reply::bad_body(&error),
        };
        let accept = Accept::of(request.headers());
        let (source, info, cells) = (route.source.clone(), route.info.clone(), route.cells().to_vec());
        let work = Work { id: id.to_owned(), cells, request: document, source, info };
        match self.pool.run(work).await {
            Ok(done) => reply::done(done, &accept).unwrap_or_else(|error| {
                let (verb, path, reason) = (route.verb(), one_line(route.path()), one_line(&error.to_string()));
                tracing::warn!(request_id = id, %verb, path, reason, "a ResponseInfo cell cannot be used");
                reply::bad_info(&error)
            }),
            Err(why) => {
                let (verb, path, reason) = (route.verb(), one_line(route.path()), one_line(&why.to_string()));
                let cells = route.cells();
                // All that are refused by one queue are lines of one text, which the log counts.
                let id = (!matches!(why, Undone::Full { .. })).then_some(id);
                tracing::warn!(request_id = id, %verb, path, ?cells, reason, "an endpoint was not answered");
                reply::undone(&why)
            }
        }
    }

    /// The gateway's own pages.
    fn own(&self, method: &Method, name: &str) -> Option<Response<Body>> {
        let status = |name| format!("{{\"status\": \"{name}\"}}");
        let page = match name {
            "health" => reply::of_kind(StatusCode::OK, JSON, status("ok")),
            "ready" => self.ready(),
            "metrics" => reply::of_kind(StatusCode::OK, OPEN_METRICS, self.metrics.open_metrics()),
            "docs" | "docs/" => page::page(&self.page),
            "docs.js" => page::script(),
            "spec/openapi.json" => reply::of_kind(StatusCode::OK, JSON, self.open_api.clone()),
            "spec/swagger.json" => reply::of_kind(StatusCode::OK, JSON, self.swagger.clone()),
            "source" if self.source => {
                reply::of_kind(StatusCode::OK, "application/x-ipynb+json", self.notebook.bytes.clone())
            }
            _ => return None,
        };
        let readable = matches!(*method, Method::GET | Method::HEAD);
        Some(if readable { page } else { reply::other_verbs(&[Verb::Get]) })
    }

    fn ready(&self) -> Response<Body> {
        let message = if self.stopping.load(Ordering::Acquire) {
            "the gateway is shutting down"
        } else if self.pool.alive() == 0 {
            "no kernel is alive; a new one is being started"
        } else {
            return reply::of_kind(StatusCode::OK, JSON, "{\"status\": \"ready\"}");
        };
        reply::failure(StatusCode::SERVICE_UNAVAILABLE, message)
    }
}

fn verb_of(method: &Method) -> Option<Verb> {
    match *method {
        Method::GET | Method::HEAD => Some(Verb::Get),
        Method::PUT => Some(Verb::Put),
        Method::POST => Some(Verb::Post),
        Method::DELETE => Some(Verb::Delete),
        _ => None,
    }
}

/// The text of `REQUEST`.
async fn document_of(
    route: &Route,
    bytes: Vec<u8>,
    request: &Request<Incoming>,
    values: &[(&str, String)],
) -> Result<String, BodyError> {
    let mut args = pairs::of_form(request.uri().query().unwrap_or_default().as_bytes())?;
    args::add(&mut args, &bytes);
    let headers = request.headers();
    let body = if route.body_as_text { body::as_text(bytes) } else { body::as_value(bytes, headers).await? };
    Ok(RequestDocument::new(body, args, values, headers).text()?)
}

impl Face for Service {
    async fn answer(&self, mut request: Request<Incoming>, id: &HeaderValue) -> Response<Body> {
        self.respond(&mut request, id.to_str().unwrap_or("none")).await
    }

    fn needs(&self, method: &Method, path: &str) -> Needs {
        let verb = verb_of(method);
        if !path.starts_with("/_api/") && matches!(self.notebook.routes.find(verb, path), Found::Route(..)) {
            return Needs::Role(if verb == Some(Verb::Get) { Role::Read } else { Role::Write });
        }
        match path {
            _ if verb == Some(Verb::Get) && OPEN.contains(&path) => Needs::Nothing,
            "/metrics" | "/_api/metrics" if verb == Some(Verb::Get) => Needs::Figures,
            "/_api/source" => Needs::Role(Role::Admin),
            _ => Needs::Role(Role::Read),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        match *refusal {
            Refusal::Head(HeadError::BodyTooLarge { most, .. }) => reply::bad_body(&Unread::TooLarge { most }.into()),
            _ => reply::failure(refusal.status(), &refusal.to_string()),
        }
    }
}
