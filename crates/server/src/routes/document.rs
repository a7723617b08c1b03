//! The OpenAPI document: the routes' own descriptions and what holds for all of them.

use utoipa::openapi::path::Operation;
use utoipa::openapi::{ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use crate::error::ErrorBody;

const ABOUT: &str = "Every reply that is computed from a model names its version, in the header `x-model-version` and in \
    JSON bodies. Every error is `{\"code\", \"message\"}`. Ids are strings; percent-encode them in paths.";

/// The document before the routes are added.
pub(super) fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("foretaste")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(utoipa::openapi::LicenseBuilder::new().name("MIT OR Apache-2.0").build()));
    OpenApiBuilder::new().info(info.build()).build()
}

/// The OpenAPI 3.1 document of the service, as JSON.
#[must_use]
pub fn openapi() -> String {
    let mut document = super::documented().into_openapi();
    let components = document.components.get_or_insert_default();
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    for (path, item) in &mut document.paths.paths {
        let scores = !matches!(path.as_str(), "/healthz" | "/metrics");
        if let Some(get) = &mut item.get {
            describe_faults(get, scores);
        }
        if let Some(post) = &mut item.post {
            describe_faults(post, scores);
            if let Some(RefOr::T(body)) = post.request_body.as_mut().filter(|_| !path.starts_with("/v1/")) {
                // The tutorial's parameter may come in the query instead.
                body.required = Some(Required::False);
            }
            describe(post, "408", "`timeout`: the body took longer than 5 s");
        }
    }
    // Names and numbers always serialise.
    document.to_json().unwrap_or_default()
}

/// What any route may answer.
fn describe_faults(operation: &mut Operation, may_shed: bool) {
    describe(operation, "400", "`missing_parameter`, `invalid_parameter`, `malformed_json`, `unreadable_body`");
    describe(operation, "405", "`method_not_allowed`; the header `allow` says what is");
    describe(operation, "413", "`body_too_large`: more than 1 MiB");
    describe(operation, "414", "`uri_too_long`: more than 8 KiB");
    describe(operation, "500", "`internal`, `fit_failed`");
    if may_shed {
        describe(operation, "503", "`overloaded`, `shutting_down`; try again after `retry-after` seconds");
    }
    let head = ResponseBuilder::new().description("The head has more than 32 KiB or 100 headers; no body");
    operation.responses.responses.entry("431".to_owned()).or_insert_with(|| head.build().into());
}

fn describe(operation: &mut Operation, status: &str, what: &str) {
    let schema = Ref::from_schema_name(ErrorBody::name());
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(what).content("application/json", content).build();
    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
}
