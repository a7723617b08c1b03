//! What is known of items or users, as a store keeps it: a schema, and a JSON object for each id.

use std::collections::HashMap;

use foretaste_data::catalogue::{Catalogue, Origin, Properties, PropertyError, PropertyType, Value};
use foretaste_data::ids::{IdTable, id_order};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::StoreError;

/// A property of the schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Property {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: PropertyType,
    pub(crate) column: Option<String>,
    pub(crate) evidence: String,
}

/// What is known of all items or users.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) schema: Vec<Property>,
    /// Ids of which something is known, or that a file lists, with their properties.
    pub(crate) rows: Vec<(String, Option<String>)>,
}

impl Property {
    pub(crate) fn all_of(catalogue: &Catalogue) -> Vec<Self> {
        let of = |property: &foretaste_data::catalogue::Property| Self {
            name: property.name().to_owned(),
            kind: property.column().kind(),
            column: property.origin().column.clone(),
            evidence: property.origin().evidence.clone(),
        };
        catalogue.properties().list().iter().map(of).collect()
    }
}

/// The properties of a row as a JSON object, a time as its milliseconds; `None` where nothing is known.
pub(crate) fn object(catalogue: &Catalogue, row: usize) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> = catalogue
        .properties()
        .of(row)
        .map(|(name, value)| {
            let value = match value {
                Value::Time(millis) => millis.into(),
                other => serde_json::to_value(&other).unwrap_or_default(),
            };
            (name.to_owned(), value)
        })
        .collect();
    (!object.is_empty()).then(|| serde_json::Value::Object(object).to_string())
}

impl Known {
    /// The catalogue for these ids with interactions; the others that are known follow.
    pub(crate) fn catalogue(&self, rated: &IdTable) -> Result<Catalogue, StoreError> {
        let damaged = |error: &dyn std::error::Error| StoreError::Damaged(error.to_string());
        let mut unrated: Vec<&str> =
            self.rows.iter().map(|(id, _)| id.as_str()).filter(|id| rated.index(id).is_none()).collect();
        unrated.sort_unstable_by(|a, b| id_order(a, b));
        let unrated = IdTable::from_sorted(unrated).map_err(|error| damaged(&error))?;
        let by_id: HashMap<&str, &str> =
            self.rows.iter().filter_map(|(id, object)| Some((id.as_str(), object.as_deref()?))).collect();
        let objects = rated
            .iter()
            .chain(unrated.iter())
            .map(|id| by_id.get(id).map_or_else(|| Ok(Object::new()), |text| read(id, text)))
            .collect::<Result<Vec<_>, _>>()?;
        let mut properties = Properties::none(objects.len());
        for Property { name, kind, column, evidence } in &self.schema {
            let origin = Origin { column: column.clone(), evidence: evidence.clone() };
            let values = objects
                .iter()
                .map(|object| object.get(name.as_str()).map(|raw| parsed(name, *kind, raw.get())).transpose())
                .collect::<Result<Vec<_>, _>>()?;
            let values = values.iter().map(|value| value.as_ref().map(Parsed::value));
            properties.add_values(name, origin, *kind, values).map_err(|error: PropertyError| damaged(&error))?;
        }
        Catalogue::new(rated.len(), unrated, properties).map_err(|error| damaged(&error))
    }
}

/// Values as they stand, by name.
type Object<'a> = HashMap<String, &'a RawValue>;

fn read<'a>(id: &str, text: &'a str) -> Result<Object<'a>, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError::Damaged(format!("the properties of `{id}` are no object: {error}")))
}

/// A value that owns its text.
enum Parsed {
    String(String),
    Text(String),
    Number(f64),
    Bool(bool),
    Time(i64),
    Set(Vec<String>),
}

impl Parsed {
    fn value(&self) -> Value<'_> {
        match self {
            Self::String(text) => Value::String(text),
            Self::Text(text) => Value::Text(text),
            Self::Number(number) => Value::Number(*number),
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Time(millis) => Value::Time(*millis),
            Self::Set(values) => Value::Set(values.iter().map(String::as_str).collect()),
        }
    }
}

fn parsed(name: &str, kind: PropertyType, raw: &str) -> Result<Parsed, StoreError> {
    let broken = || StoreError::Damaged(format!("a value of property `{name}` is {raw}, expected a {kind}"));
    let text = || serde_json::from_str::<String>(raw).map_err(|_| broken());
    Ok(match kind {
        PropertyType::String => Parsed::String(text()?),
        PropertyType::Text => Parsed::Text(text()?),
        // As it was written, to the bit: a reader of JSON may round.
        PropertyType::Number => Parsed::Number(raw.parse().map_err(|_| broken())?),
        PropertyType::Bool => Parsed::Bool(raw.parse().map_err(|_| broken())?),
        PropertyType::Time => Parsed::Time(raw.parse().map_err(|_| broken())?),
        PropertyType::Set => Parsed::Set(serde_json::from_str(raw).map_err(|_| broken())?),
    })
}
