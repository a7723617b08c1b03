//! Jobs: fits that were asked for.

use axum::Json;
use axum::extract::State;
use foretaste::models::ModelParams;
use foretaste_service::{Fitted, Job, JobState};
use jiff::Timestamp;
use serde::Serialize;

use super::errors::{AnyErrors, JobErrors};
use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
use crate::extract::path::Id;
use crate::extract::query::NoQuery;

/// Where a fit stands.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Job)]
pub(super) struct JobView {
    /// The job's id.
    #[schema(example = "j1")]
    id: String,
    /// Where the job stands.
    state: StateName,
    /// The model that was asked for, and its parameters.
    #[schema(value_type = Object, example = ModelParams::default)]
    params: ModelParams,
    /// Share of the work that is done, 0 to 1.
    progress: f64,
    /// When the job was asked for.
    #[schema(value_type = String, format = DateTime)]
    queued_at: Timestamp,
    /// When the fit began, of a running job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When the job ended, well or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Duration of the fit in milliseconds, of a job that succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
    /// The version that came of it, of a job that succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<String>,
    /// Rows that the source has more than before (negative: fewer), of a job that succeeded and for which the source was
    /// read again because it had changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_added: Option<i64>,
    /// Why it failed, of a job that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// Why a job failed.
#[derive(Serialize, utoipa::ToSchema)]
struct Failure {
    /// What went wrong, for programs.
    code: &'static str,
    /// What went wrong, for people.
    message: String,
}

/// Where a job stands.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum StateName {
    /// It waits for another fit.
    Queued,
    /// It is being fitted.
    Running,
    /// Its model was published.
    Succeeded,
    /// It came to nothing; the model that served goes on.
    Failed,
}

impl JobView {
    pub(super) fn of(job: &Job) -> Self {
        let mut view = Self {
            id: job.id.clone(),
            state: StateName::Queued,
            params: job.request.params.clone(),
            progress: job.progress(),
            queued_at: job.queued_at,
            started_at: None,
            finished_at: None,
            duration_ms: None,
            model_version: None,
            rows_added: None,
            error: None,
        };
        match job.state() {
            JobState::Queued => {}
            JobState::Running { started_at } => {
                (view.state, view.started_at) = (StateName::Running, Some(started_at));
            }
            JobState::Succeeded { fitted: Fitted { version, took, reread, .. }, finished_at } => {
                (view.state, view.progress) = (StateName::Succeeded, 1.0);
                (view.finished_at, view.model_version) = (Some(finished_at), Some(version));
                view.rows_added = reread.map(|reread| reread.rows_added);
                view.duration_ms = u64::try_from(took.as_millis()).ok();
            }
            JobState::Failed { error, finished_at } => {
                (view.state, view.finished_at) = (StateName::Failed, Some(finished_at));
                view.error = Some(Failure { code: ErrorCode::from(&error).name(), message: error.to_string() });
            }
        }
        view
    }
}

/// Jobs, newest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Jobs {
    /// As many as are remembered.
    jobs: Vec<JobView>,
}

/// The last fits that were asked for, newest first
#[utoipa::path(
    get, path = "/v1/jobs", tag = "models", operation_id = "list_jobs",
    responses((status = 200, description = "The jobs", body = Jobs), AnyErrors)
)]
pub(super) async fn list(State(app): State<Shared>, _: NoQuery) -> Json<Jobs> {
    Json(Jobs { jobs: app.service.fits.jobs().iter().map(|job| JobView::of(job)).collect() })
}

/// One fit that was asked for
#[utoipa::path(
    get, path = "/v1/jobs/{id}", tag = "models", operation_id = "job",
    params(("id" = String, Path, description = "The job's id", example = "j1")),
    responses((status = 200, description = "The job", body = JobView), JobErrors)
)]
pub(super) async fn job(State(app): State<Shared>, Id(id): Id, _: NoQuery) -> Result<Json<JobView>, ApiError> {
    match app.service.fits.job(&id) {
        Some(job) => Ok(Json(JobView::of(&job))),
        None => Err(ErrorCode::UnknownJob.because("no such job is remembered; GET /v1/jobs lists those that are")),
    }
}
