//! The middleware around all routes: bounds, panics, request ids, headers, counts.

mod request_id;
mod scored;

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{CONNECTION, EXPECT, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Request, Response};
use axum::response::IntoResponse;
use foretaste_net::Answer;
use foretaste_net::body::{HeadError, check_head, discard};
use foretaste_service::ScoringError;
use hyper::body::{Body as _, Incoming};
use tower::Service;

use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
use request_id::RequestIds;
pub(crate) use scored::ScoredPaths;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost service: bounds, overload, panics, request ids, headers and counts around the routes.
#[derive(Debug)]
pub(crate) struct Middleware {
    routes: Router,
    app: Shared,
    ids: RequestIds,
    scored: ScoredPaths,
    /// The body of the answer when the scoring pool is full.
    full: Bytes,
}

impl Middleware {
    /// Around `routes`; the scoring pool answers those at the paths `scored`.
    pub(crate) fn new(routes: Router, scored: &[String], app: Shared) -> Self {
        let full = ApiError::from(ScoringError::Full).body();
        Self { routes, app, ids: RequestIds::new(), scored: ScoredPaths::new(scored), full }
    }

    /// What the head alone rules out.
    fn refused(&self, request: &Request<Incoming>) -> Option<ApiError> {
        let error = check_head(request, &self.app.limits).err()?;
        let code = match error {
            HeadError::UriTooLong { .. } => ErrorCode::UriTooLong,
            HeadError::BodyTooLarge { .. } => ErrorCode::BodyTooLarge,
        };
        Some(code.because(error.to_string()))
    }

    /// Takes in a body that is not wanted; false where it is not all there.
    async fn discard(&self, request: &mut Request<Incoming>) -> bool {
        // A client that waits for permission to send its body needs nothing but the answer.
        !request.headers().contains_key(EXPECT) && discard(request.body_mut(), &self.app.limits).await
    }
}

impl Answer for Middleware {
    async fn answer(&self, mut request: Request<Incoming>) -> Response<Body> {
        let begun = Instant::now();
        let id = self.ids.of(&request);
        let method = request.method().clone();
        let (mut response, panicked) = match self.refused(&request) {
            Some(error) => {
                if error.code == ErrorCode::BodyTooLarge {
                    self.discard(&mut request).await;
                }
                (close(error.into_response()), false)
            }
            // Under overload most requests end here: nothing is spent on a route, and the answer is there already.
            None if self.scored.contain(request.uri().path()) && self.app.service.scoring.admit().is_err() => {
                let response = ErrorCode::Overloaded.reply(self.full.clone());
                let is_read = request.body().is_end_stream() || self.discard(&mut request).await;
                (if is_read { response } else { close(response) }, false)
            }
            None => match contained(self.routes.clone().call(request)).await {
                Some(response) => (response, false),
                None => {
                    (ErrorCode::Internal.because("the request failed for a reason of our own").into_response(), true)
                }
            },
        };
        let status = response.status();
        self.app.metrics.replied(status.as_u16());
        if panicked {
            tracing::error!(request_id = ?id, %method, "a handler panicked");
        }
        let duration_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(request_id = ?id, %method, status = status.as_u16(), duration_us, "request");
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Runs a handler to its end; `None` when it panicked.
async fn contained(call: impl Future<Output = Result<Response<Body>, Infallible>>) -> Option<Response<Body>> {
    let mut call = pin!(call);
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Ok(response))) => Poll::Ready(Some(response)),
        Err(_) => Poll::Ready(None),
    })
    .await
}

/// The rest of the request will not be read, so that the connection cannot go on.
fn close(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
