//! Properties of items and users as they are sent, and the schema that lists them.

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::catalogue::{PropertySchema, Value};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::errors::ScoredErrors;
use super::reply;
use crate::app::Shared;
use crate::error::ApiError;
use crate::extract::query::NoQuery;

/// Values by the names of their properties, in the order of the file.
#[derive(Debug)]
pub(super) struct PropertyMap<'a>(pub(super) Vec<(&'a str, Value<'a>)>);

impl PropertyMap<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for PropertyMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A property: its type, and what that was seen from.
#[derive(Serialize, ToSchema)]
pub(super) struct PropertyEntry {
    /// Its name.
    #[schema(example = "genres")]
    name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    kind: TypeName,
    /// What the type was inferred from, or `declared`.
    #[schema(example = "`|` stands in 312 of 500 values")]
    evidence: String,
    /// The column of the file, where the property is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// Rows with a value.
    known: usize,
    /// All rows.
    rows: usize,
    /// Different strings, of a string or set.
    #[serde(skip_serializing_if = "Option::is_none")]
    distinct: Option<usize>,
    /// The first value, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<String>,
}

/// The types that a property may have.
#[derive(Serialize, ToSchema)]
#[schema(as = PropertyType)]
#[serde(rename_all = "snake_case")]
enum TypeName {
    /// A word out of a dictionary.
    String,
    /// Text.
    Text,
    /// A finite number.
    Number,
    /// True or false.
    Bool,
    /// A point in time, RFC 3339.
    Time,
    /// Strings, each once.
    Set,
}

impl From<PropertySchema> for PropertyEntry {
    fn from(schema: PropertySchema) -> Self {
        use foretaste::catalogue::PropertyType;
        let PropertySchema { name, kind, evidence, column, known, rows, distinct, example } = schema;
        let kind = match kind {
            PropertyType::String => TypeName::String,
            PropertyType::Text => TypeName::Text,
            PropertyType::Number => TypeName::Number,
            PropertyType::Bool => TypeName::Bool,
            PropertyType::Time => TypeName::Time,
            PropertyType::Set => TypeName::Set,
        };
        Self { name, kind, evidence, column, known, rows, distinct, example }
    }
}

/// The properties of items and users.
#[derive(Serialize, ToSchema)]
pub(super) struct Schema<'a> {
    /// The version of the model whose data this is.
    #[schema(example = "v1")]
    model_version: &'a str,
    /// Properties of items, in the order of the file.
    items: Vec<PropertyEntry>,
    /// Properties of users, in the order of the file.
    users: Vec<PropertyEntry>,
}

/// The properties of items and users, with the evidence for their types
#[utoipa::path(
    get, path = "/v1/schema", tag = "items", operation_id = "schema",
    responses((status = 200, description = "The properties", body = Schema), ScoredErrors)
)]
pub(super) async fn schema(State(app): State<Shared>, _: NoQuery) -> Result<Response<Body>, ApiError> {
    app.score(move |version| {
        let data = version.recommender.dataset();
        let of = |schema: Vec<PropertySchema>| schema.into_iter().map(PropertyEntry::from).collect();
        let (items, users) = (of(data.catalogue.schema()), of(data.users.schema()));
        reply::json(version, &Schema { model_version: &version.name, items, users })
    })
    .await
}
