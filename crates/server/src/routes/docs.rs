//! The document itself, and pages to read it, embedded: nothing is loaded from elsewhere.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_swagger_ui::{Config, serve};

use super::document::{openapi, openapi_without_keys};
use crate::app::Shared;
use crate::error::ErrorCode;

/// Scripts, fonts and requests of our own origin only; the viewer sets styles on its elements and draws icons from data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FRONT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>foretaste</title>\
    <h1>foretaste</h1><p>Recommendations over HTTP.</p><ul>\
    <li><a href=\"docs/\">the API, to read and try</a></li>\
    <li><a href=\"openapi.json\">the API, for programs</a></li>\
    <li><a href=\"v1/models\">the models</a></li></ul></html>\n";

/// Their paths, as templates.
pub(super) const PATHS: [&str; 5] = ["/", "/openapi.json", "/docs", "/docs/", "/docs/{*file}"];

/// `/`, `/docs` and `/openapi.json`.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(|| async { page("text/html; charset=utf-8", FRONT) }))
        .route("/openapi.json", get(|State(app): State<Shared>| async move { document(app.asks_for_keys) }))
        .route("/docs", get(|| async { (StatusCode::PERMANENT_REDIRECT, [(LOCATION, "docs/")]) }))
        .route("/docs/", get(|| async { viewer("") }))
        .route("/docs/{*file}", get(|Path(file): Path<String>| async move { viewer(&file) }))
}

/// The document of this service, with or without keys.
fn document(asks_for_keys: bool) -> Response {
    static WITH_KEYS: LazyLock<String> = LazyLock::new(openapi);
    static WITHOUT: LazyLock<String> = LazyLock::new(openapi_without_keys);
    page("application/json", if asks_for_keys { WITH_KEYS.as_str() } else { WITHOUT.as_str() })
}

fn viewer(file: &str) -> Response {
    static CONFIG: LazyLock<Arc<Config<'static>>> =
        LazyLock::new(|| Arc::new(Config::from("../openapi.json").validator_url("none")));
    match serve(file, Arc::clone(&CONFIG)) {
        Ok(Some(file)) => {
            let mut response = page(&file.content_type, file.bytes.into_owned());
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
            response
        }
        Ok(None) => ErrorCode::UnknownRoute.because("there is no such page; /docs/ is the first").into_response(),
        Err(error) => ErrorCode::Internal.because(error.to_string()).into_response(),
    }
}

fn page(kind: &str, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    let headers: &mut HeaderMap = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind) {
        headers.insert(CONTENT_TYPE, kind);
    }
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
