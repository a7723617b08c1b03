//! The middleware around all routes: bounds, panics, request ids, headers, counts.

mod request_id;

use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONNECTION, EXPECT, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Request, Response};
use axum::response::IntoResponse;
use foretaste_net::body::{HeadError, check_head, discard};
use foretaste_net::{Answer, Limits};
use hyper::body::Incoming;
use tower::Service;

use crate::error::{ApiError, ErrorCode};
use crate::metrics::prometheus::Metrics;
use request_id::RequestIds;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The outermost service: bounds, panics, request ids, headers and counts around the routes.
#[derive(Debug)]
pub(crate) struct Middleware {
    routes: Router,
    limits: Arc<Limits>,
    metrics: Arc<Metrics>,
    ids: RequestIds,
}

impl Middleware {
    pub(crate) fn new(routes: Router, limits: Arc<Limits>, metrics: Arc<Metrics>) -> Self {
        Self { routes, limits, metrics, ids: RequestIds::new() }
    }

    /// What the head alone rules out.
    fn refused(&self, request: &Request<Incoming>) -> Option<ApiError> {
        let error = check_head(request, &self.limits).err()?;
        let code = match error {
            HeadError::UriTooLong { .. } => ErrorCode::UriTooLong,
            HeadError::BodyTooLarge { .. } => ErrorCode::BodyTooLarge,
        };
        Some(code.because(error.to_string()))
    }
}

impl Answer for Middleware {
    async fn answer(&self, mut request: Request<Incoming>) -> Response<Body> {
        let begun = Instant::now();
        let id = self.ids.of(&request);
        let method = request.method().clone();
        let (mut response, panicked) = match self.refused(&request) {
            Some(error) => {
                // A client that waits for permission to send its body needs nothing but the answer.
                if error.code == ErrorCode::BodyTooLarge && !request.headers().contains_key(EXPECT) {
                    discard(request.body_mut(), &self.limits).await;
                }
                (close(error.into_response()), false)
            }
            None => match contained(self.routes.clone().call(request)).await {
                Some(response) => (response, false),
                None => {
                    (ErrorCode::Internal.because("the request failed for a reason of our own").into_response(), true)
                }
            },
        };
        let status = response.status();
        self.metrics.replied(status.as_u16());
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
