//! What the edge lets through: answered by the routes, or refused at once where the scoring pool is full.

mod roles;
mod scored;

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use axum::response::IntoResponse;
use foretaste_net::body::{HeadError, discard_of};
use foretaste_net::{Face, KeyFault, Needs, Refusal, close};
use foretaste_service::ScoringError;
use hyper::body::{Body as _, Incoming};
use tower::Service;

use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
pub(crate) use roles::Roles;
pub(crate) use scored::ScoredPaths;

/// Where the figures for a scraper are.
const FIGURES: &str = "/metrics";
/// Between two refusals, on average, however many connections ask again at once: a refusal costs about 15 us of CPU.
const LEAST_REFUSAL: Duration = Duration::from_micros(150);
/// A refusal is held back so long at most.
const LONGEST_REFUSAL: Duration = Duration::from_millis(200);

/// The routes, behind an [`Edge`](foretaste_net::Edge).
#[derive(Debug)]
pub(crate) struct Api {
    routes: Router,
    app: Shared,
    scored: ScoredPaths,
    roles: Roles,
    /// The body of the answer when the scoring pool is full, for a second.
    full: Bytes,
}

impl Api {
    /// Answers with `routes`; the scoring pool answers those at the paths `scored`.
    pub(crate) fn new(routes: Router, scored: &[String], roles: Roles, app: Shared) -> Self {
        let full = ApiError::from(ScoringError::Full { seconds: 1 }).body();
        Self { routes, app, scored: ScoredPaths::new(scored), roles, full }
    }

    /// How long a refusal is held back: clients that ask again at once, all together, are refused at a rate that costs little,
    /// and none of what they ask next waits for it.
    fn back_pressure(&self) -> Duration {
        let connections = u32::try_from(self.app.slots.taken()).unwrap_or(u32::MAX);
        LONGEST_REFUSAL.min(LEAST_REFUSAL * connections)
    }
}

impl Face for Api {
    async fn answer(&self, mut request: Request<Incoming>, _: &HeaderValue) -> Response<Body> {
        // Under overload most requests end here: nothing is spent on a route, and the answer is there already.
        if self.scored.contain(request.uri().path())
            && let Err(error) = self.app.service.scoring.admit()
        {
            tokio::time::sleep(self.back_pressure()).await;
            let response = match error {
                ScoringError::Full { seconds: 1 } => ErrorCode::Overloaded.reply(self.full.clone(), 1),
                error => ApiError::from(error).into_response(),
            };
            let is_read = request.body().is_end_stream() || discard_of(&mut request, &self.app.limits).await;
            return if is_read { response } else { close(response) };
        }
        let begun = Instant::now();
        let route = self.roles.template(request.uri().path()).cloned();
        let Ok(response) = self.routes.clone().call(request).await;
        if let Some(route) = route {
            self.app.metrics.answered(route, response.status().as_u16(), begun.elapsed());
        }
        response
    }

    fn needs(&self, method: &Method, path: &str) -> Needs {
        match self.roles.needed(method, path) {
            None => Needs::Nothing,
            Some(_) if path == FIGURES && matches!(*method, Method::GET | Method::HEAD) => Needs::Figures,
            Some(role) => Needs::Role(role),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Response<Body> {
        let code = match refusal {
            Refusal::Head(HeadError::UriTooLong { .. }) => ErrorCode::UriTooLong,
            Refusal::Head(HeadError::BodyTooLarge { .. }) => ErrorCode::BodyTooLarge,
            Refusal::Head(HeadError::Ambiguous { .. }) => ErrorCode::AmbiguousRequest,
            Refusal::Head(HeadError::Expectation) => ErrorCode::ExpectationFailed,
            Refusal::Host { .. } => ErrorCode::MisdirectedRequest,
            Refusal::Origin { .. } => ErrorCode::ForeignOrigin,
            Refusal::Key(KeyFault::Missing) => ErrorCode::MissingKey,
            Refusal::Key(KeyFault::Several) => ErrorCode::AmbiguousRequest,
            Refusal::Key(KeyFault::Unknown) => ErrorCode::UnknownKey,
            Refusal::Key(KeyFault::Ended { .. }) => ErrorCode::ExpiredKey,
            Refusal::Role { .. } => ErrorCode::InsufficientRole,
            Refusal::Rate { .. } => ErrorCode::RateLimited,
            Refusal::NoRoom { .. } => ErrorCode::Overloaded,
            Refusal::Panicked => ErrorCode::Internal,
        };
        code.because(refusal.to_string()).into_response()
    }

    fn replied(&self, status: StatusCode) {
        self.app.metrics.replied(status.as_u16());
    }
}
