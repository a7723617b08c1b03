//! Figures about the service, in the tutorial's form or for a Prometheus scraper.

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::errors::AnyErrors;
use crate::app::Shared;
use crate::extract::accept::{Accept, MetricsForm};
use crate::extract::query::NoQuery;
use crate::metrics::recomputes::RecomputeFigures;

/// Figures about the recomputations; everything for a Prometheus scraper
///
/// JSON, unless `Accept` asks for `application/openmetrics-text` or for `text/plain` with a version.
#[utoipa::path(
    get, path = "/metrics", tag = "tutorial", operation_id = "metrics",
    responses(
        (status = 200, description = "The figures", content(
            (RecomputeFigures = "application/json"),
            (String = "text/plain"),
            (String = "application/openmetrics-text"),
        )),
        AnyErrors,
    )
)]
pub(super) async fn metrics(State(app): State<Shared>, accept: Accept, _: NoQuery) -> Response {
    app.metrics.connections.set(i64::try_from(app.slots.taken()).unwrap_or(i64::MAX));
    let fitted = app.service.versions.current().recommender.provenance().fitted_at;
    app.metrics.model_age.set(Timestamp::now().duration_since(fitted).as_secs_f64().max(0.0));
    match accept.metrics_form() {
        MetricsForm::Json => Json(app.recomputes.figures()).into_response(),
        MetricsForm::OpenMetrics => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(CONTENT_TYPE, kind)], app.metrics.open_metrics()).into_response()
        }
        MetricsForm::PrometheusText => {
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(CONTENT_TYPE, kind)], app.metrics.prometheus_text()).into_response()
        }
    }
}
