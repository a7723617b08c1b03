//! The routes, one resource a file, and the document that describes them.

mod docs;
mod document;
mod errors;
mod event_time;
mod events;
mod health;
mod items;
mod jobs;
mod list;
mod list_query;
mod metrics;
mod models;
mod popular;
mod properties;
mod recommendations;
mod reply;
mod score;
mod selection_query;
mod subject_body;
mod tutorial;
mod users;

use axum::Router;
use axum::http::{Method, Uri};
use foretaste_keys::Role;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
use document::needing;

pub use document::openapi;

/// The routes that are answered by the scoring pool.
fn scored() -> OpenApiRouter<Shared> {
    let routes = OpenApiRouter::new()
        .routes(routes!(tutorial::viewed))
        .routes(routes!(tutorial::recommended))
        .routes(routes!(users::user))
        .routes(routes!(users::recommendations))
        .routes(routes!(users::ratings))
        .routes(routes!(recommendations::recommend))
        .routes(routes!(score::score))
        .routes(routes!(items::item))
        .routes(routes!(items::similar))
        .routes(routes!(popular::popular))
        .routes(routes!(properties::schema));
    needing(Role::Read, routes)
}

/// Every documented route, under the role that it needs.
fn documented() -> OpenApiRouter<Shared> {
    let read =
        OpenApiRouter::new().routes(routes!(models::list)).routes(routes!(jobs::list)).routes(routes!(jobs::job));
    let write = OpenApiRouter::new().routes(routes!(events::write)).routes(routes!(events::write_ratings));
    let admin = OpenApiRouter::new()
        .routes(routes!(tutorial::recompute_svd))
        .routes(routes!(models::fit))
        .routes(routes!(models::activate));
    OpenApiRouter::with_openapi(document::frame())
        .merge(scored())
        .merge(needing(Role::Read, read))
        .merge(needing(Role::Write, write))
        .merge(needing(Role::Admin, admin))
        .merge(operations())
}

/// What an operator's tools ask for; also served by the admin listener. Probes bring no key.
fn operations() -> OpenApiRouter<Shared> {
    let figures = OpenApiRouter::new().routes(routes!(metrics::metrics));
    OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .merge(needing(Role::Read, figures))
}

/// Each route's path, as a template, its method, and the role that it needs; `None` where it is open to all.
pub(crate) fn roles() -> Vec<(String, Method, Option<Role>)> {
    let pages = docs::PATHS.map(|path| (path.to_owned(), Method::GET, None));
    document::roles(documented().get_openapi_mut()).into_iter().chain(pages).collect()
}

/// The paths, as templates, of the routes that are answered by the scoring pool.
pub(crate) fn scored_paths() -> Vec<String> {
    scored().get_openapi().paths.paths.keys().cloned().collect()
}

/// The routes of the main listener.
pub(crate) fn router(app: Shared) -> Router {
    finish(router_without_state(), app)
}

fn router_without_state() -> Router<Shared> {
    documented().split_for_parts().0.merge(docs::routes())
}

/// The routes of the admin listener.
pub(crate) fn admin_router(app: Shared) -> Router {
    finish(operations().split_for_parts().0, app)
}

/// The routes of the main listener and some more.
#[cfg(test)]
pub(crate) fn router_with(app: Shared, more: Router<Shared>) -> Router {
    finish(router_without_state().merge(more), app)
}

fn finish(routes: Router<Shared>, app: Shared) -> Router {
    routes.fallback(unknown_route).method_not_allowed_fallback(method_not_allowed).with_state(app)
}

async fn unknown_route(uri: Uri) -> ApiError {
    let path: String = uri.path().chars().take(100).collect();
    ErrorCode::UnknownRoute.because(format!("there is nothing at `{path}`; /docs lists what there is"))
}

async fn method_not_allowed(method: Method) -> ApiError {
    let method: String = method.as_str().chars().take(20).collect();
    ErrorCode::MethodNotAllowed.because(format!("{method} is not allowed here; the header `allow` says what is"))
}
