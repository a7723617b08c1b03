//! The second address of a notebook's service: its health, readiness and figures, whatever the notebook itself answers there.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response};
use foretaste_net::{Face, Needs, Refusal};
use hyper::body::Incoming;

use super::{Service, reply};

/// Answers with the service's own pages for probes and scrapers alone.
#[derive(Debug)]
pub(crate) struct Admin(pub(crate) Arc<Service>);

/// Which of the service's pages stands at a path.
fn page_at(path: &str) -> Option<&'static str> {
    match path {
        "/healthz" | "/_api/health" => Some("health"),
        "/readyz" | "/_api/ready" => Some("ready"),
        "/metrics" | "/_api/metrics" => Some("metrics"),
        _ => None,
    }
}

impl Face for Admin {
    async fn answer(&self, request: Request<Incoming>, _: &HeaderValue) -> Response<Body> {
        let page = page_at(request.uri().path()).and_then(|name| self.0.own(request.method(), name));
        page.unwrap_or_else(reply::not_found)
    }

    fn needs(&self, _: &Method, path: &str) -> Needs {
        match page_at(path) {
            Some("metrics") => Needs::Figures,
            _ => Needs::Nothing,
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        self.0.refuse(refusal)
    }
}
