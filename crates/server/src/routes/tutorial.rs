//! The tutorial's endpoints, as its notebook has them: plain text, one title a line.

use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response};
use foretaste::models::svd::SvdParams;
use foretaste::recommend::{Fallback, Request};
use foretaste_service::{FitRequest, Fitted};
use serde::Serialize;

use super::errors::{RecomputeErrors, TutorialErrors};
use super::list::{Recommendations, titles};
use super::reply;
use super::users::Ratings;
use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
use crate::extract::accept::{Accept, Form};
use crate::extract::param::{Param, ParamBody};

/// The titles that a user has rated, best first
///
/// Unlike the tutorial's, an unknown user is 404.
#[utoipa::path(
    post, path = "/viewed", tag = "tutorial", operation_id = "viewed",
    request_body(content = ParamBody, example = json!({"args": {"param": ["500"]}})),
    params(("param" = Option<String>, Query, description = "The user; wins over the body", example = "500")),
    responses(
        (status = 200, description = "One title a line, or JSON for `Accept: application/json`", content(
            (String = "text/plain"), (Ratings = "application/json"))),
        TutorialErrors,
    )
)]
pub(super) async fn viewed(
    State(app): State<Shared>,
    accept: Accept,
    Param(user): Param,
) -> Result<Response<Body>, ApiError> {
    let form = accept.form();
    app.score(move |version| {
        let rated = version.recommender.rated_by(&user, &version.since(&user).observed)?;
        match form {
            Form::Text => Ok(reply::text(version, titles(&version.recommender, &rated))),
            Form::Json => reply::json(version, &Ratings::new(version, &user, &rated, rated.len())),
        }
    })
    .await
}

/// The ten titles recommended to a user, best first
///
/// Unlike the tutorial's, an unknown user is 404.
#[utoipa::path(
    post, path = "/recommended", tag = "tutorial", operation_id = "recommended",
    request_body(content = ParamBody, example = json!({"args": {"param": ["500"]}})),
    params(("param" = Option<String>, Query, description = "The user; wins over the body", example = "500")),
    responses(
        (status = 200, description = "One title a line, or JSON for `Accept: application/json`", content(
            (String = "text/plain"), (Recommendations = "application/json"))),
        TutorialErrors,
    )
)]
pub(super) async fn recommended(
    State(app): State<Shared>,
    accept: Accept,
    Param(user): Param,
) -> Result<Response<Body>, ApiError> {
    let form = accept.form();
    app.score(move |version| {
        let since = version.since(&user);
        let request = Request { fallback: Fallback::None, live: &since.observed, ..Request::for_user(&user) };
        let ranked = version.recommender.recommend(&request)?;
        match form {
            Form::Text => Ok(reply::text(version, titles(&version.recommender, &ranked.items))),
            Form::Json => reply::json(version, &Recommendations::new(version, ranked).and(since.events)),
        }
    })
    .await
}

/// What came of a recomputation.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Recomputed {
    /// The version that was fitted.
    #[schema(example = "v2")]
    model_version: String,
    /// Its rank, the tutorial's k.
    rank: usize,
    /// The job that fitted it.
    job: String,
    /// Duration of the call in milliseconds.
    duration_ms: u64,
    /// Milliseconds of it that the factorisation took.
    #[schema(example = 21.5)]
    svd_ms: f64,
}

/// Fits the model anew with another k and serves it
///
/// Answers when the new model serves. A call that asks for what is being fitted already joins that fit.
#[utoipa::path(
    post, path = "/recompute_svd", tag = "tutorial", operation_id = "recompute_svd",
    request_body(content = ParamBody, example = json!({"args": {"param": ["20"]}})),
    params(("param" = Option<String>, Query, description = "The rank k; wins over the body", example = "20")),
    responses(
        (status = 200, description = "The k, or JSON for `Accept: application/json`", content(
            (String = "text/plain"), (Recomputed = "application/json"))),
        RecomputeErrors,
    )
)]
pub(super) async fn recompute_svd(
    State(app): State<Shared>,
    accept: Accept,
    param: Param,
) -> Result<Response<Body>, ApiError> {
    let (rank, begun) = (param.whole_number()?, Instant::now());
    let k = [(SvdParams::K.to_owned(), rank.into())].into_iter().collect();
    let request = FitRequest { params: app.service.params().refit(k)?, data: app.service.data() };
    let job = app.service.fits.submit(request)?;
    let Fitted { version: model_version, fit, .. } = job.outcome().await?;
    let took = begun.elapsed();
    app.recomputes.record(took);
    app.metrics.recompute.observe(took.as_secs_f64());
    let header = HeaderValue::from_str(&model_version).map_err(|_| ErrorCode::Internal.because("no such version"))?;
    match accept.form() {
        Form::Text => Ok(reply::text_of(header, format!("{rank}\n"))),
        Form::Json => {
            let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            let svd_ms = (fit.as_secs_f64() * 1e5).round() / 100.0;
            let job = job.id.clone();
            reply::json_of(header, &Recomputed { model_version, rank, job, duration_ms, svd_ms })
        }
    }
}
