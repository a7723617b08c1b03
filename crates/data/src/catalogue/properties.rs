//! Properties of any name: typed columns over the same rows, each with the evidence for its type.

use serde::Serialize;

use super::column::{Column, ColumnBuilder, ValueError};
use super::value::{MAX_NAME_BYTES, MAX_PROPERTIES, PropertyType, Value};

/// Longest example that a schema shows, in characters.
const EXAMPLE_CHARS: usize = 80;

/// A property: a name, a type, a value or none for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    pub(super) name: String,
    pub(super) origin: Origin,
    pub(super) column: Column,
}

/// Where the values of a property come from, and why they have their type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Column of the file, by its name in the header, if the property is a column.
    pub column: Option<String>,
    /// What the type was inferred from, such as `declared` or `every value is a number`.
    pub evidence: String,
}

/// The properties of all items, or of all users, of a data set; names are unique.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    rows: usize,
    list: Vec<Property>,
}

/// One line of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PropertySchema {
    /// Name of the property.
    pub name: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: PropertyType,
    /// What the type was inferred from.
    pub evidence: String,
    /// Column of the file, where the property is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Rows with a value.
    pub known: usize,
    /// All rows.
    pub rows: usize,
    /// Different strings, of a string or set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct: Option<usize>,
    /// The first value, cut after 80 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// Properties that cannot stand beside each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// Too many of them.
    #[error("there are more than {MAX_PROPERTIES} properties")]
    TooMany,
    /// A name that is empty, too long, or stands for two.
    #[error("`{name}` names no property or two, expected 1 to {MAX_NAME_BYTES} bytes, each name once")]
    Name {
        /// The name.
        name: String,
    },
    /// A column of another length than the others.
    #[error("property `{name}` has {found} rows, expected {expected}")]
    Rows {
        /// The name.
        name: String,
        /// Rows of the column.
        found: usize,
        /// Rows of the others.
        expected: usize,
    },
    /// A value that its property cannot hold.
    #[error("property `{name}`: {error}")]
    Value {
        /// The name.
        name: String,
        /// What is wrong with it.
        error: ValueError,
    },
}

impl Property {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the values come from.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The values.
    #[must_use]
    pub fn column(&self) -> &Column {
        &self.column
    }

    /// What there is to say of it. O(rows).
    #[must_use]
    pub fn schema(&self) -> PropertySchema {
        let values = (0..self.column.rows()).filter_map(|row| self.column.get(row));
        let example = values.into_iter().find(|value| !matches!(value, Value::Set(set) if set.is_empty()));
        PropertySchema {
            name: self.name.clone(),
            kind: self.column.kind(),
            evidence: self.origin.evidence.clone(),
            column: self.origin.column.clone(),
            known: self.column.known(),
            rows: self.column.rows(),
            distinct: self.column.dictionary().map(crate::ids::StringTable::len),
            example: example.map(|value| value.to_string().chars().take(EXAMPLE_CHARS).collect()),
        }
    }
}

impl Properties {
    /// No properties of so many rows.
    #[must_use]
    pub fn none(rows: usize) -> Self {
        Self { rows, list: Vec::new() }
    }

    /// The same properties of these rows, in this order.
    #[must_use]
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let of = |property: &Property| Property { column: property.column.select(rows), ..property.clone() };
        Self { rows: rows.len(), list: self.list.iter().map(of).collect() }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a property behind the others.
    ///
    /// # Errors
    /// When the column has another number of rows, the name is in use, empty or too long, or there are too many.
    pub fn add(&mut self, name: &str, origin: Origin, column: Column) -> Result<(), PropertyError> {
        if self.list.len() >= MAX_PROPERTIES {
            return Err(PropertyError::TooMany);
        }
        if name.is_empty() || name.len() > MAX_NAME_BYTES || self.get(name).is_some() {
            return Err(PropertyError::Name { name: name.to_owned() });
        }
        if column.rows() != self.rows {
            return Err(PropertyError::Rows { name: name.to_owned(), found: column.rows(), expected: self.rows });
        }
        self.list.push(Property { name: name.to_owned(), origin, column });
        Ok(())
    }

    /// Adds a property by its values, one for each row.
    ///
    /// # Errors
    /// As [`add`](Self::add), and when a value has another type or breaks a limit of it.
    pub fn add_values<'a>(
        &mut self,
        name: &str,
        origin: Origin,
        kind: PropertyType,
        values: impl IntoIterator<Item = Option<Value<'a>>>,
    ) -> Result<(), PropertyError> {
        let mut column = ColumnBuilder::new(kind);
        for value in values {
            column.push(value.as_ref()).map_err(|error| PropertyError::Value { name: name.to_owned(), error })?;
        }
        self.add(name, origin, column.finish())
    }

    /// A property by its name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Property> {
        self.list.iter().find(|property| property.name == name)
    }

    /// All properties, in order.
    #[must_use]
    pub fn list(&self) -> &[Property] {
        &self.list
    }

    /// The values of a row by name, in order; neither missing ones nor empty sets.
    pub fn of(&self, row: usize) -> impl Iterator<Item = (&str, Value<'_>)> {
        let values = self.list.iter().filter_map(move |property| Some((property.name(), property.column.get(row)?)));
        values.filter(|(_, value)| !matches!(value, Value::Set(set) if set.is_empty()))
    }
}
