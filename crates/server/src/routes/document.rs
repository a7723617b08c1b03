//! The OpenAPI document: the routes' own descriptions and what holds for all of them.

use std::fmt::Write;

use axum::http::Method;
use foretaste_keys::Role;
use foretaste_service::{HISTORY, KEPT};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, OpenApiBuilder, PathItem, RefOr, Required, Server};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use crate::app::Shared;
use crate::error::ErrorBody;

/// The names of the two ways to send a key.
const BEARER: &str = "bearer";
const API_KEY: &str = "api_key";

/// The group of the tutorial's routes, whose body may be left out: their parameter may come in the query instead.
const TUTORIAL: &str = "tutorial";

/// The document before the routes are added.
pub(super) fn frame() -> OpenApi {
    let info = InfoBuilder::new()
        .title("foretaste")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(about()))
        .license(Some(utoipa::openapi::LicenseBuilder::new().name("MIT OR Apache-2.0").build()));
    // Where the document is, also behind a proxy that has put a prefix before it.
    OpenApiBuilder::new().info(info.build()).servers(Some([Server::new("./")])).build()
}

/// What holds for all routes.
fn about() -> String {
    let mut about = "Every reply that is computed from a model names its version, in the header `x-model-version` and in \
        JSON bodies. Every error is `{\"code\", \"message\"}`; a path that is not listed here is 404 `unknown_route`, a \
        connection too many 503 `too_many_connections`. Ids are strings; percent-encode them in paths, and a whole number in \
        a body stands for its digits."
        .to_owned();
    about.push_str(
        " Where the service asks for keys, an operation needs a key of the role that its security requirement names, or of \
        a higher one: `read` for lists and predictions, `write` for what changes data, `admin` for fits and for which \
        version serves.",
    );
    // Writing to a string cannot fail.
    let _ = write!(about, " The last {KEPT} versions are kept and the last {HISTORY} jobs remembered.");
    about
}

/// The OpenAPI 3.1 document of the service, as JSON.
#[must_use]
pub fn openapi() -> String {
    // Names and numbers always serialise.
    document().to_json().unwrap_or_default()
}

/// The same of a service that lets everybody in: a key may be left out.
pub(super) fn openapi_without_keys() -> String {
    let mut document = document();
    for (_, operation) in operations_mut(&mut document) {
        if let Some(security) = &mut operation.security {
            security.insert(0, SecurityRequirement::default());
        }
    }
    document.to_json().unwrap_or_default()
}

fn document() -> OpenApi {
    let mut document = super::documented().into_openapi();
    let components = document.components.get_or_insert_default();
    components.schemas.insert(ErrorBody::name().into_owned(), ErrorBody::schema());
    components.add_security_scheme(BEARER, SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme(API_KEY, SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("X-API-Key"))));
    for (_, operation) in operations_mut(&mut document) {
        let is_tutorial = operation.tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag == TUTORIAL));
        if let Some(RefOr::T(body)) = operation.request_body.as_mut().filter(|_| is_tutorial) {
            body.required = Some(Required::False);
        }
    }
    document
}

/// The same routes, which need a key of `role`. In OpenAPI 3.1 a requirement names the roles that it asks for.
pub(super) fn needing(role: Role, mut routes: OpenApiRouter<Shared>) -> OpenApiRouter<Shared> {
    let requirement = |scheme| SecurityRequirement::new(scheme, [role.name()]);
    for (_, operation) in operations_mut(routes.get_openapi_mut()) {
        operation.security = Some(vec![requirement(BEARER), requirement(API_KEY)]);
    }
    routes
}

/// Each documented operation: its path, its method, and the role that it needs; `None` where it is open to all.
pub(super) fn roles(document: &mut OpenApi) -> Vec<(String, Method, Option<Role>)> {
    let mut roles = Vec::new();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let security = operation.security.iter().flatten();
            let role = security.filter_map(role_of).next();
            roles.push((path.clone(), method, role));
        }
    }
    roles
}

fn role_of(requirement: &SecurityRequirement) -> Option<Role> {
    let value = serde_json::to_value(requirement).ok()?;
    value.get(BEARER)?.get(0)?.as_str()?.parse().ok()
}

fn operations_mut(document: &mut OpenApi) -> impl Iterator<Item = (Method, &mut Operation)> {
    document.paths.paths.values_mut().flat_map(operations)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
