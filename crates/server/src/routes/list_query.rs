//! What may be asked of a list, declared once: the query of a GET and the fields of a body are read from the same struct.

use foretaste::recommend::{Fallback, Filter, Request, Subject};
use serde::{Deserialize, Deserializer};
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, ErrorCode};

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
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct LimitQuery {
    /// Items wanted.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 1000, default = 10, example = 3)]
    pub(super) limit: Limit,
}

/// What a list of recommendations may hold.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Items wanted.
    #[serde(default)]
    #[param(value_type = u16, minimum = 1, maximum = 1000, default = 10, example = 3)]
    #[schema(value_type = u16, minimum = 1, maximum = 1000, default = 10, example = 3)]
    limit: Limit,
    /// An item that must not be in the list; may be given several times.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    exclude: Vec<String>,
    /// When given, only these items may be in the list; may be given several times.
    #[schema(max_items = 10_000)]
    only: Option<Vec<String>>,
    /// At least one of these genres; may be given several times, none allows every item.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    genre: Vec<String>,
    /// The first year allowed.
    #[param(minimum = 0, maximum = 65_535)]
    #[schema(minimum = 0, maximum = 65_535)]
    min_year: Option<u16>,
    /// The last year allowed.
    #[param(minimum = 0, maximum = 65_535)]
    #[schema(minimum = 0, maximum = 65_535)]
    max_year: Option<u16>,
    /// What to list for a user or a history that the model does not know.
    #[serde(default)]
    #[param(inline)]
    #[schema(inline)]
    fallback: Fallback,
}

impl ListQuery {
    /// # Errors
    /// A list has too many entries.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let only = self.only.as_ref().map_or(0, Vec::len);
        check_entries(&[("exclude", self.exclude.len()), ("only", only), ("genre", self.genre.len())])
    }

    /// The same as a request to the engine.
    pub(super) fn request<'a>(&'a self, subject: Subject<'a>) -> Request<'a> {
        Request {
            subject,
            limit: self.limit.0,
            exclude: refs(&self.exclude),
            only: self.only.as_deref().map(refs),
            filter: Filter { genres: refs(&self.genre), min_year: self.min_year, max_year: self.max_year },
            fallback: self.fallback,
        }
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

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use foretaste::recommend::MAX_LIMIT;
    use serde_json::json;

    #[test]
    fn the_numbers_of_the_document_are_those_of_the_code() {
        let document: serde_json::Value = serde_json::from_str(&crate::openapi()).unwrap();
        let body = &document["components"]["schemas"]["RecommendRequest"]["properties"];
        for list in ["history", "exclude", "only", "genre"] {
            assert_eq!(body[list]["maxItems"], json!(MAX_ENTRIES), "{list}");
        }
        let parameters = document["paths"]["/v1/users/{user}/recommendations"]["get"]["parameters"].as_array().unwrap();
        let limit = &parameters.iter().find(|parameter| parameter["name"] == "limit").unwrap()["schema"];
        for limit in [limit, &body["limit"]] {
            assert_eq!((&limit["maximum"], &limit["default"]), (&json!(MAX_LIMIT), &json!(DEFAULT_LIMIT)), "{limit}");
        }
    }

    #[test]
    fn a_body_and_a_query_take_the_same_parameters() {
        let document: serde_json::Value = serde_json::from_str(&crate::openapi()).unwrap();
        let parameters = document["paths"]["/v1/users/{user}/recommendations"]["get"]["parameters"].as_array().unwrap();
        let query: Vec<_> =
            parameters.iter().filter(|parameter| parameter["in"] == "query").map(|p| &p["name"]).collect();
        let body = document["components"]["schemas"]["RecommendRequest"]["properties"].as_object().unwrap();
        let mut body: Vec<&String> = body.keys().filter(|name| *name != "history").collect();
        let mut query: Vec<&str> = query.into_iter().map(|name| name.as_str().unwrap()).collect();
        body.sort();
        query.sort_unstable();
        assert_eq!(body, query);
    }
}
