//! Who a request with a body is for: a user or a history, and what would be if that were another one.

use foretaste::recommend::{Subject, WhatIf};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::list_query::check_entries;
use crate::error::{ApiError, ErrorCode};
use crate::extract::fields::{Fields, Wire};
use crate::extract::wire_error::WireError;
use foretaste_service::{Since, Version};

/// Largest rating of a history: a sum over the longest history of such ratings is still finite.
const MAX_RATING: f64 = 1e30;

/// A user or a history, and what changes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SubjectBody {
    /// What was rated; of an item named twice the last rating counts. Either this or `user` is given.
    #[schema(max_items = 10_000)]
    history: Option<Vec<HistoryEntry>>,
    /// The id of a user of the training data; a whole number stands for its digits.
    #[schema(example = "500")]
    user: Option<String>,
    /// What the history would have too, or with another value, after its latest entry, in this order. Nothing is written.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    add: Vec<AddedEntry>,
    /// Items that the history would not have; each must be in it.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    remove: Vec<String>,
}

/// An item and its rating.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryEntry {
    /// The item's id; a whole number stands for its digits.
    #[schema(example = "1")]
    item: String,
    /// The rating, in the scale of the data.
    #[schema(minimum = 0, example = 5.0, maximum = 1e30)]
    rating: f64,
}

/// An item that a history would have.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddedEntry {
    /// The item's id; a whole number stands for its digits.
    #[schema(example = "1")]
    item: String,
    /// The rating or the weight, in the scale of the data; the highest of the scale, or 1 where values are not ratings, when
    /// it is left out.
    #[schema(minimum = 0, example = 5.0, maximum = 1e30)]
    value: Option<f64>,
}

/// A [`SubjectBody`] of which one of `user` and `history` was given.
pub(super) struct OneSubject(SubjectBody);

impl Wire for OneSubject {
    fn read(fields: &mut Fields) -> Result<Self, WireError> {
        let body = SubjectBody::read(fields)?;
        match (&body.history, &body.user) {
            (Some(_), None) | (None, Some(_)) => Ok(Self(body)),
            (None, None) => {
                Err(WireError::Said("the body has no `history` and no `user`, expected one of them".to_owned()))
            }
            (Some(_), Some(_)) => {
                Err(WireError::Said("the body has `history` and `user`, expected one of them".to_owned()))
            }
        }
    }
}

impl OneSubject {
    /// # Errors
    /// A list has too many entries, or a rating is too large.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        let SubjectBody { history, add, remove, .. } = &self.0;
        let history = history.as_deref().unwrap_or_default();
        check_entries(&[("history", history.len()), ("add", add.len()), ("remove", remove.len())])?;
        let given = history.iter().map(|entry| entry.rating).chain(add.iter().filter_map(|entry| entry.value));
        match given.into_iter().find(|&rating| rating > MAX_RATING) {
            Some(rating) => {
                Err(ErrorCode::InvalidRating.because(format!("a rating is {rating}, allowed are 0 to {MAX_RATING}")))
            }
            None => Ok(()),
        }
    }

    pub(super) fn subject(&self) -> Subject<'_> {
        match (&self.0.user, &self.0.history) {
            (Some(user), _) => Subject::User(user),
            (None, history) => {
                let history = history.iter().flatten();
                Subject::History(history.map(|entry| (entry.item.as_str(), entry.rating as f32)).collect())
            }
        }
    }

    /// What the user did that a version does not hold; nothing for a history, which says all itself.
    pub(super) fn since(&self, version: &Version) -> Since {
        self.0.user.as_ref().map_or_else(Since::default, |user| version.since(user))
    }

    /// What the history is changed by, where anything is.
    pub(super) fn what_if(&self) -> Option<WhatIf<'_>> {
        let SubjectBody { add, remove, .. } = &self.0;
        let added = |entry: &'_ AddedEntry| entry.value.map(|value| value as f32);
        (!add.is_empty() || !remove.is_empty()).then(|| WhatIf {
            add: add.iter().map(|entry| (entry.item.as_str(), added(entry))).collect(),
            remove: remove.iter().map(String::as_str).collect(),
        })
    }
}

/// One object with the fields of all parts, and an example of it.
pub(super) fn merged(
    parts: impl IntoIterator<Item = RefOr<Schema>>,
    description: &str,
    example: serde_json::Value,
) -> RefOr<Schema> {
    let mut parts = parts.into_iter();
    let mut schema = parts.next().unwrap_or_else(|| RefOr::T(Schema::default()));
    for part in parts {
        if let (RefOr::T(Schema::Object(object)), RefOr::T(Schema::Object(part))) = (&mut schema, part) {
            object.properties.extend(part.properties);
            object.required.extend(part.required);
        }
    }
    if let RefOr::T(Schema::Object(object)) = &mut schema {
        object.description = Some(description.to_owned());
        object.example = Some(example);
    }
    schema
}
