//! The query string as a typed struct.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Deserialize;

use super::fields::{Fields, Wire};
use crate::error::{ApiError, ErrorCode};

/// The parameters of a query, all of them known to `T`.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: Wire, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let read = Fields::of_query(&parts.uri).all();
        read.map(Self).map_err(|error| ErrorCode::InvalidParameter.because(error.to_string()))
    }
}

/// No parameter.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// A query that must be empty.
pub(crate) type NoQuery = Params<Nothing>;
