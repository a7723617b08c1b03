//! Whether the process lives, and whether it wants work.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::errors::{OpenErrors, ReadyErrors};
use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
use crate::extract::query::NoQuery;
use foretaste_service::Writes;

/// A sign of life.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Health {
    /// `ok`, or `ready`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process lives
#[utoipa::path(
    get, path = "/healthz", tag = "operations", operation_id = "healthz",
    responses((status = 200, description = "It does", body = Health), OpenErrors)
)]
pub(super) async fn healthz(_: NoQuery) -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether the service wants work
///
/// 503 `shutting_down` from the shutdown signal on; 503 `storage_failed` once events could not be written, while all that is
/// there is still served.
#[utoipa::path(
    get, path = "/readyz", tag = "operations", operation_id = "readyz",
    responses((status = 200, description = "It does", body = Health), ReadyErrors)
)]
pub(super) async fn readyz(State(app): State<Shared>, _: NoQuery) -> Result<Json<Health>, ApiError> {
    if !app.is_ready() {
        return Err(ErrorCode::ShuttingDown.because("the service is shutting down"));
    }
    app.service.writes.as_ref().map_or(Ok(()), Writes::check)?;
    Ok(Json(Health { status: "ready" }))
}
