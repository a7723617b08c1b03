//! What may be asked of a list, declared once: the query of a GET and the fields of a body are read from the same struct.

use foretaste::recommend::{Fallback, Request, Subject};
use serde::{Deserialize, Deserializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::Schema;
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::selection_query::SelectionQuery;
use crate::error::{ApiError, ErrorCode};
use crate::extract::fields::{Fields, Wire};
use crate::extract::wire_error::WireError;

/// Items in a list when the request does not say.
const DEFAULT_LIMIT: usize = 10;

/// Most entries of each list in a request.
pub(super) const MAX_ENTRIES: usize = 10_000;

/// Number of items wanted. Larger than any number is larger than the engine allows: it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit(pub(super) usize);

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = u128::deserialize(deserializer)?;
        Ok(Self(usize::try_from(limit).unwrap_or(usize::MAX)))
    }
}

/// The query of a list that takes nothing but a limit.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LimitQuery {
    /// Items wanted.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 1000, default = 10, example = 3)]
    #[schema(value_type = u16, minimum = 1, maximum = 1000, default = 10, example = 3)]
    pub(super) limit: Limit,
}

/// What to list for a user or a history that the model does not know.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct FallbackQuery {
    /// What to list for a user or a history that the model does not know.
    #[serde(default)]
    #[param(inline)]
    #[schema(inline)]
    pub(super) fallback: Fallback,
}

/// Whether the reply says why.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ExplainQuery {
    /// Entries of the history that each item is explained by: those that contribute most to its score, which then is that of
    /// the history folded in.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, example = 3)]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 100, example = 3)]
    pub(super) explain: Option<Limit>,
}

/// What a list of recommendations may hold: how many, which items, what else.
#[derive(Debug)]
pub(super) struct ListQuery {
    limit: LimitQuery,
    among: SelectionQuery,
    fallback: FallbackQuery,
    explain: ExplainQuery,
}

impl Wire for ListQuery {
    fn read(fields: &mut Fields) -> Result<Self, WireError> {
        let (limit, among) = (LimitQuery::read(fields)?, SelectionQuery::read(fields)?);
        Ok(Self { limit, among, fallback: FallbackQuery::read(fields)?, explain: ExplainQuery::read(fields)? })
    }
}

impl IntoParams for ListQuery {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = LimitQuery::into_params(&parameter_in);
        all.extend(SelectionQuery::into_params(&parameter_in));
        all.extend(FallbackQuery::into_params(&parameter_in));
        all.extend(ExplainQuery::into_params(&parameter_in));
        all
    }
}

impl ListQuery {
    /// The schemas of its parts, for the body that has their fields.
    pub(super) fn schemas() -> [RefOr<Schema>; 4] {
        [LimitQuery::schema(), SelectionQuery::schema(), FallbackQuery::schema(), ExplainQuery::schema()]
    }

    /// # Errors
    /// A list has too many entries.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        self.among.check()
    }

    /// The same as a request to the engine.
    pub(super) fn request<'a>(&'a self, subject: Subject<'a>) -> Request<'a> {
        let (limit, fallback) = (self.limit.limit.0, self.fallback.fallback);
        let (selection, explain) = (self.among.selection(), self.explain.explain.map(|Limit(terms)| terms));
        Request { subject, limit, selection, fallback, explain, live: &[], what_if: None }
    }
}

/// # Errors
/// One of the lists has too many entries.
pub(super) fn check_entries(lists: &[(&str, usize)]) -> Result<(), ApiError> {
    match lists.iter().find(|&&(_, found)| found > MAX_ENTRIES) {
        Some((name, found)) => {
            let message = format!("`{name}` has {found} entries, allowed are {MAX_ENTRIES}");
            Err(ErrorCode::TooManyEntries.because(message))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foretaste::recommend::{MAX_LIMIT, MAX_TERMS};
    use serde_json::json;

    #[test]
    fn the_numbers_of_the_document_are_those_of_the_code() {
        let document: serde_json::Value = serde_json::from_str(&crate::openapi()).unwrap();
        let body = &document["components"]["schemas"]["RecommendRequest"]["properties"];
        for list in ["history", "add", "remove", "exclude", "only", "genre"] {
            assert_eq!(body[list]["maxItems"], json!(MAX_ENTRIES), "{list}");
        }
        let parameters = document["paths"]["/v1/users/{user}/recommendations"]["get"]["parameters"].as_array().unwrap();
        let limit = &parameters.iter().find(|parameter| parameter["name"] == "limit").unwrap()["schema"];
        for limit in [limit, &body["limit"]] {
            assert_eq!((&limit["maximum"], &limit["default"]), (&json!(MAX_LIMIT), &json!(DEFAULT_LIMIT)), "{limit}");
        }
        let explain = &parameters.iter().find(|parameter| parameter["name"] == "explain").unwrap()["schema"];
        for explain in [explain, &body["explain"]] {
            assert_eq!(explain["maximum"], json!(MAX_TERMS), "{explain}");
        }
    }

    #[test]
    fn a_body_and_a_query_take_the_same_parameters() {
        let document: serde_json::Value = serde_json::from_str(&crate::openapi()).unwrap();
        let parameters = document["paths"]["/v1/users/{user}/recommendations"]["get"]["parameters"].as_array().unwrap();
        let query: Vec<_> =
            parameters.iter().filter(|parameter| parameter["in"] == "query").map(|p| &p["name"]).collect();
        let body = document["components"]["schemas"]["RecommendRequest"]["properties"].as_object().unwrap();
        let of_bodies = ["history", "user", "add", "remove", "diff"];
        let mut body: Vec<&String> = body.keys().filter(|name| !of_bodies.contains(&name.as_str())).collect();
        let mut query: Vec<&str> = query.into_iter().map(|name| name.as_str().unwrap()).collect();
        body.sort();
        query.sort_unstable();
        assert_eq!(body, query);
    }
}
