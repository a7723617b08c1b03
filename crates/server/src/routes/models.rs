//! Models: fit one, list them, roll back.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderName, StatusCode};
use foretaste::models::{Meaning, ModelParams};
use foretaste_service::{FitData, FitRequest, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::errors::{AnyErrors, FitErrors, ModelErrors};
use super::jobs::JobView;
use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
use crate::extract::body::JsonBody;
use crate::extract::path::Id;
use crate::extract::query::NoQuery;

/// Which model to fit, and how: the name of a model under `model`, and those of its parameters that differ from the
/// defaults. Without `model` it is the svd, with the parameters of the model that serves where that is an svd too.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub(super) struct FitBody(Map<String, Value>);

/// Fits a model and serves it when it is done
///
/// The data is read again where it has changed on disk. Answers at once with a job; asking for what is being fitted already
/// answers with that job.
#[utoipa::path(
    post, path = "/v1/models", tag = "models", operation_id = "fit_model",
    request_body(content = FitBody, example = json!({"model": "ease", "lambda": 500})),
    responses(
        (status = 202, description = "The job", body = JobView,
            headers(("location" = String, description = "The job's address"))),
        FitErrors,
    )
)]
pub(super) async fn fit(
    State(app): State<Shared>,
    _: NoQuery,
    JsonBody(body): JsonBody<FitBody>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<JobView>), ApiError> {
    let request = FitRequest { params: app.service.params().refit(body.0)?, data: FitData::Source };
    // It looks at the files of the source.
    let submitted = tokio::task::spawn_blocking(move || app.service.fits.submit(request)).await;
    let job = submitted.map_err(|_| ErrorCode::Internal.because("the request failed for a reason of our own"))??;
    Ok((StatusCode::ACCEPTED, [(LOCATION, format!("/v1/jobs/{}", job.id))], Json(JobView::of(&job))))
}

/// A version of the model.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Model)]
pub(super) struct ModelView {
    /// The version's name.
    #[schema(example = "v1")]
    version: String,
    /// Whether it serves.
    active: bool,
    /// The model and what its fit was asked for.
    #[schema(value_type = Object, example = ModelParams::default)]
    params: ModelParams,
    /// What was measured after the fit, such as the residual of a factorisation.
    #[schema(example = json!({"residual": 1e-7}))]
    figures: BTreeMap<String, f64>,
    /// What a score of the model is.
    score: ScoreKind,
    /// When the fit began.
    #[schema(value_type = String, format = DateTime)]
    fitted_at: Timestamp,
    /// Name of the data set.
    dataset: String,
    /// BLAKE3 of the ratings and ids, in hexadecimal.
    data_hash: String,
    /// Number of users.
    users: usize,
    /// Number of items.
    items: usize,
    /// Number of ratings.
    ratings: usize,
    /// Version of foretaste that fitted it.
    foretaste_version: String,
}

/// What a score is.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum ScoreKind {
    /// A number whose order ranks items and that means nothing else.
    RankingScore,
    /// A predicted rating.
    Rating,
    /// A number of interactions, those long ago counting less.
    Count,
}

impl From<Meaning> for ScoreKind {
    fn from(meaning: Meaning) -> Self {
        match meaning {
            Meaning::RankingScore => Self::RankingScore,
            Meaning::Rating { .. } => Self::Rating,
            Meaning::Count => Self::Count,
        }
    }
}

impl ModelView {
    fn of(version: &Version, active: bool) -> Self {
        let provenance = version.recommender.provenance();
        Self {
            version: version.name.clone(),
            active,
            params: provenance.params.clone(),
            figures: provenance.figures.clone(),
            score: version.recommender.meaning().into(),
            fitted_at: provenance.fitted_at,
            dataset: provenance.dataset.clone(),
            data_hash: provenance.data_hash.clone(),
            users: provenance.users,
            items: provenance.items,
            ratings: provenance.interactions,
            foretaste_version: provenance.foretaste_version.clone(),
        }
    }
}

/// The versions that are kept.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Models {
    /// The version that serves.
    #[schema(example = "v1")]
    active: String,
    /// As many as are kept, oldest first.
    models: Vec<ModelView>,
}

/// The versions that are kept, oldest first
#[utoipa::path(
    get, path = "/v1/models", tag = "models", operation_id = "list_models",
    responses((status = 200, description = "The versions", body = Models), AnyErrors)
)]
pub(super) async fn list(State(app): State<Shared>, _: NoQuery) -> Json<Models> {
    let (kept, active) = app.service.versions.list();
    let models = kept.iter().map(|version| ModelView::of(version, version.number == active.number)).collect();
    Json(Models { active: active.name.clone(), models })
}

/// Lets a kept version serve: rolls back, or forward again
#[utoipa::path(
    post, path = "/v1/models/{version}/activate", tag = "models", operation_id = "activate_model",
    params(("version" = String, Path, description = "The version's name", example = "v1")),
    responses((status = 200, description = "The version, which serves now", body = ModelView), ModelErrors)
)]
pub(super) async fn activate(State(app): State<Shared>, Id(name): Id, _: NoQuery) -> Result<Json<ModelView>, ApiError> {
    match app.service.versions.activate(&name) {
        Some(activated) => {
            // What serves already is asked for at any rate, and is no news.
            if activated.is_news() {
                tracing::info!(model = activated.version.name, "activated");
            }
            Ok(Json(ModelView::of(&activated.version, true)))
        }
        None => Err(ErrorCode::UnknownModel.because("no such version is kept; GET /v1/models lists those that are")),
    }
}
