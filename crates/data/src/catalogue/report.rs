//! What happened to the rows and columns of a file of items or users.

use serde::Serialize;

use super::properties::PropertySchema;
use super::value::PropertyType;
use crate::interactions::Rejected;
use crate::table::{Compression, Encoding, Separator};

/// What was read from a file of items. `rows == accepted + rejected.total`; `accepted - unrated` rated items have a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemsReport {
    /// Rows, the header and blank lines not counted.
    pub rows: u64,
    /// Rows that say something of an item, rated or not.
    pub accepted: u64,
    /// Rows that do not.
    pub rejected: Rejected,
    /// Accepted rows of items that nobody rated; the catalogue has them, no model scores them.
    pub unrated: u64,
    /// Rated items without a row.
    pub untitled: u64,
    /// Blank lines.
    pub blank_lines: u64,
    /// Between fields.
    pub separator: Separator,
    /// How bytes stand for text.
    pub encoding: Encoding,
    /// What was undone to read it.
    pub compression: Compression,
    /// The header's fields, if there is one.
    pub header: Option<Vec<String>>,
    /// Name of the property that the filter `genre` falls on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub genres: Option<String>,
    /// What each property was taken for, and why.
    pub properties: Vec<PropertySchema>,
    /// Columns that are no property.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<SkippedColumn>,
    /// The first cells that are not of the declared type, or too long; their rows are rejected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wrong_cells: Vec<WrongCell>,
}

/// A column that is no property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SkippedColumn {
    /// Its place, counted from 1.
    pub column: usize,
    /// Its name in the header.
    pub name: String,
    /// Why it is none.
    pub reason: String,
}

/// A cell that its property cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrongCell {
    /// Line on which its row starts, counted from 1.
    pub line: u64,
    /// Name of the property.
    pub property: String,
    /// Type of the property.
    #[serde(rename = "type")]
    pub kind: PropertyType,
    /// What the cell holds, cut after 80 characters.
    pub found: String,
}

impl ItemsReport {
    /// What the filter `genre` falls on, for people: `genres from column category: 5 values`, or that there is none and
    /// which columns were looked at.
    #[must_use]
    pub fn genres_line(&self) -> String {
        let genres = self.genres.as_ref().and_then(|name| self.properties.iter().find(|of| of.name == *name));
        match (genres, &self.header) {
            (Some(genres), _) => {
                let from = genres.column.as_ref().unwrap_or(&genres.name);
                format!("genres from column `{from}`: {} values", genres.distinct.unwrap_or(0))
            }
            (None, Some(header)) => format!("no genre column among {header:?}"),
            (None, None) => "no genre column".to_owned(),
        }
    }
}
