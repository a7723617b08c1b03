//! The OpenAPI document: the routes' own descriptions and what holds for all of them.

use std::fmt::Write;

use foretaste_service::{HISTORY, KEPT};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, RefOr, Required};
use utoipa::{PartialSchema, ToSchema};

use crate::error::ErrorBody;

/// The group of the tutorial's routes, whose body may be left out: their parameter may come in the query instead.
const TUTORIAL: &str = "tutorial";

/// The document before the routes are added.
pub(super) fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("foretaste")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about()))
        .license(Some(utoipa::openapi::LicenseBuilder::new().name("MIT OR Apache-2.0").build()));
    OpenApiBuilder::new().info(info.build()).build()
}

/// What holds for all routes.
fn about() -> String {
    let mut about = "Every reply that is computed from a model names its version, in the header `x-model-version` and in \
        JSON bodies. Every error is `{\"code\", \"message\"}`; a path that is not listed here is 404 `unknown_route`, a \
        connection too many 503 `too_many_connections`. Ids are strings; percent-encode them in paths, and a whole number in \
        a body stands for its digits."
        .to_owned();
    // Writing to a string cannot fail.
    let _ = write!(about, " The last {KEPT} versions are kept and the last {HISTORY} jobs remembered.");
    about
}

/// The OpenAPI 3.1 document of the service, as JSON.
#[must_use]
pub fn openapi() -> String {
    let mut document = super::documented().into_openapi();
    let components = document.components.get_or_insert_default();
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    for item in document.paths.paths.values_mut() {
        let Some(post) = &mut item.post else { continue };
        let is_tutorial = post.tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag == TUTORIAL));
        if let Some(RefOr::T(body)) = post.request_body.as_mut().filter(|_| is_tutorial) {
            body.required = Some(Required::False);
        }
    }
    // Names and numbers always serialise.
    document.to_json().unwrap_or_default()
}
