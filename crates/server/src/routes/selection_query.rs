//! Which items a list may hold, declared once for the queries and bodies of every list.

use foretaste::recommend::{Filter, Selection};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::list_query::check_entries;
use crate::error::ApiError;

/// Conditions on the items of a list; all of them must hold.
#[derive(Debug, Default, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SelectionQuery {
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
}

impl SelectionQuery {
    /// # Errors
    /// A list has too many entries.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let only = self.only.as_ref().map_or(0, Vec::len);
        check_entries(&[("exclude", self.exclude.len()), ("only", only), ("genre", self.genre.len())])
    }

    /// The same as conditions of a request to the engine.
    pub(super) fn selection(&self) -> Selection<'_> {
        Selection {
            exclude: refs(&self.exclude),
            only: self.only.as_deref().map(refs),
            filter: Filter { genres: refs(&self.genre), min_year: self.min_year, max_year: self.max_year },
        }
    }
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
