//! The query string, taken apart name by name until nothing is left.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::error::{ApiError, Fault};

/// The parameters of the query that no one has taken yet, in their order.
#[derive(Debug)]
pub(crate) struct Fields(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        match Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) {
            Ok(Query(pairs)) => Ok(Self(pairs)),
            Err(error) => Err(Fault::InvalidParameter.because(format!("the query cannot be read: {error}"))),
        }
    }
}

impl Fields {
    /// Every value of `name`.
    pub(crate) fn many(&mut self, name: &str) -> Vec<String> {
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|(found, _)| found == name);
        self.0 = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(_, value)| value).collect()
    }

    /// The value of `name`.
    ///
    /// # Errors
    /// There are several.
    pub(crate) fn one(&mut self, name: &str) -> Result<Option<String>, ApiError> {
        let mut values = self.many(name);
        if values.len() > 1 {
            let found = values.len();
            return Err(Fault::InvalidParameter.because(format!("`{name}` is given {found} times, once is allowed")));
        }
        Ok(values.pop())
    }

    /// The value of `name` as a number.
    ///
    /// # Errors
    /// There are several, or it is not a number of that kind.
    pub(crate) fn number<N: FromStr>(&mut self, name: &str) -> Result<Option<N>, ApiError> {
        let Some(text) = self.one(name)? else { return Ok(None) };
        let shown: String = text.chars().take(40).collect();
        let number = if text.starts_with('+') { None } else { text.parse().ok() };
        number
            .map(Some)
            .ok_or_else(|| Fault::InvalidParameter.because(format!("`{name}` is `{shown}`, expected a whole number")))
    }

    /// `limit`, or the default of 10. The engine knows the largest.
    ///
    /// # Errors
    /// There are several, or it is not a whole number.
    pub(crate) fn limit(&mut self) -> Result<usize, ApiError> {
        let limit = self.number::<u128>("limit")?.unwrap_or(DEFAULT_LIMIT as u128);
        // Too large for a usize is too large for the engine as well.
        Ok(usize::try_from(limit).unwrap_or(usize::MAX))
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// A parameter is left that nobody knows.
    pub(crate) fn finish(self, known: &[&str]) -> Result<(), ApiError> {
        let Some((name, _)) = self.0.first() else { return Ok(()) };
        let name: String = name.chars().take(40).collect();
        let known = if known.is_empty() { "none is known".to_owned() } else { format!("known are {}", known.join(", ")) };
        Err(Fault::InvalidParameter.because(format!("the query has a parameter `{name}`, {known}")))
    }
}

/// Items in a list when the request does not say.
pub(crate) const DEFAULT_LIMIT: usize = 10;

/// A query that must be empty.
pub(crate) struct NoQuery;

impl<S: Send + Sync> FromRequestParts<S> for NoQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Fields::from_request_parts(parts, state).await?.finish(&[]).map(|()| Self)
    }
}
