//! A catalogue as bytes, and back: every rule of it is checked.
//!
//! ```text
//!  schema  JSON: name, type, column, evidence of each property, in order
//!  ids     string table of the ids without interactions, in id order
//!  values  each property in order, rows in order; numbers are little-endian:
//!            string  table (u64 length, string table), u32 code a row, 2^32-1 for none
//!            text    table with a text a row, validity
//!            number  validity, f64 a row          time  validity, i64 a row
//!            bool    validity, truths             set   table, u32 end of a row in the codes, codes (u64 number, u32 each)
//!          validity and truths are words of 64 rows, the first row in the lowest bit
//! ```

use serde::{Deserialize, Serialize};

use super::Catalogue;
use super::bits::Bits;
use super::column::{Column, Store, check, set_range};
use super::properties::{Origin, Properties, PropertyError};
use super::value::{MAX_DISTINCT, MAX_PROPERTIES, PropertyType, Value};
use crate::ids::{IdTable, StringTable, StringsError};

/// The three sections of a catalogue in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sections<B> {
    /// Names and types of the properties: JSON.
    pub schema: B,
    /// Ids of the rows without interactions: a [`StringTable`].
    pub ids: B,
    /// The values of all properties.
    pub values: B,
}

/// Bytes that are no catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// The schema is not JSON of the form that belongs there.
    #[error("the schema of the properties is broken: {reason}")]
    Schema {
        /// What the JSON reader said.
        reason: String,
    },
    /// The ids of items without interactions are broken.
    #[error("the ids of items without interactions hold {0}")]
    Ids(&'static str),
    /// The values of a property are broken.
    #[error("the values of property `{property}` hold {why}")]
    Values {
        /// Name of the property.
        property: String,
        /// The rule that is broken.
        why: &'static str,
    },
    /// Bytes are left behind the last property.
    #[error("{0} bytes are left behind the last property")]
    Rest(usize),
    /// Properties that cannot stand beside each other.
    #[error(transparent)]
    Property(#[from] PropertyError),
}

/// A property of the schema.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<'a> {
    name: std::borrow::Cow<'a, str>,
    #[serde(rename = "type")]
    kind: PropertyType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<std::borrow::Cow<'a, str>>,
    evidence: std::borrow::Cow<'a, str>,
}

impl Catalogue {
    /// The bytes of the catalogue, the number of rated items left out. Equal catalogues give equal bytes.
    #[must_use]
    pub fn to_sections(&self) -> Sections<Vec<u8>> {
        let list = self.properties().list();
        let entry = |property: &super::Property| -> serde_json::Value {
            let origin = property.origin();
            let mut entry = serde_json::json!({
                "name": property.name(), "type": property.column().kind(), "evidence": origin.evidence,
            });
            if let (Some(column), Some(entry)) = (&origin.column, entry.as_object_mut()) {
                entry.insert("column".to_owned(), serde_json::Value::from(column.as_str()));
            }
            entry
        };
        let schema = serde_json::Value::from(list.iter().map(entry).collect::<Vec<_>>()).to_string().into_bytes();
        let mut values = Vec::new();
        list.iter().for_each(|property| put_column(&mut values, property.column()));
        Sections { schema, ids: self.unrated().strings().to_bytes(), values }
    }

    /// Reads what [`to_sections`](Self::to_sections) wrote. Allocates a small multiple of the bytes and of `rated`.
    ///
    /// # Errors
    /// When a section breaks a rule of its form, or a value one of its type.
    pub fn from_sections(rated: usize, sections: &Sections<&[u8]>) -> Result<Self, CatalogueError> {
        let schema = |error: serde_json::Error| CatalogueError::Schema { reason: error.to_string() };
        let entries: Vec<Entry<'_>> = serde_json::from_slice(sections.schema).map_err(schema)?;
        if entries.len() > MAX_PROPERTIES {
            return Err(PropertyError::TooMany.into());
        }
        let ids = StringTable::from_bytes(sections.ids).map_err(|StringsError(why)| CatalogueError::Ids(why))?;
        let unrated = IdTable::from_sorted(ids.iter()).map_err(|_| CatalogueError::Ids("ids out of order"))?;
        let rows = rated.checked_add(unrated.len()).ok_or(CatalogueError::Ids("more ids than can be counted"))?;
        let mut properties = Properties::none(rows);
        let mut rest = sections.values;
        for entry in entries {
            let broken = |why| CatalogueError::Values { property: entry.name.clone().into_owned(), why };
            let column = take_column(&mut rest, entry.kind, rows).map_err(broken)?;
            let column = checked(column).map_err(broken)?;
            let origin = Origin {
                column: entry.column.as_ref().map(|column| column.clone().into_owned()),
                evidence: entry.evidence.clone().into_owned(),
            };
            properties.add(&entry.name, origin, column)?;
        }
        if !rest.is_empty() {
            return Err(CatalogueError::Rest(rest.len()));
        }
        Ok(Self::new(rated, unrated, properties)?)
    }
}

fn put_column(out: &mut Vec<u8>, column: &Column) {
    let words = |out: &mut Vec<u8>, bits: &Bits| bits.words().iter().for_each(|word| out.extend(word.to_le_bytes()));
    let codes = |out: &mut Vec<u8>, codes: &[u32]| codes.iter().for_each(|code| out.extend(code.to_le_bytes()));
    let table = |out: &mut Vec<u8>, table: &StringTable| {
        let bytes = table.to_bytes();
        out.extend((bytes.len() as u64).to_le_bytes());
        out.extend(bytes);
    };
    match &column.0 {
        Store::String { names, codes: rows } => {
            table(out, names);
            codes(out, rows);
        }
        Store::Text { texts, present } => {
            table(out, texts);
            words(out, present);
        }
        Store::Number { values, present } => {
            words(out, present);
            values.iter().for_each(|value| out.extend(value.to_le_bytes()));
        }
        Store::Bool { values, present } => {
            words(out, present);
            words(out, values);
        }
        Store::Time { values, present } => {
            words(out, present);
            values.iter().for_each(|value| out.extend(value.to_le_bytes()));
        }
        Store::Set { names, ends, codes: all } => {
            table(out, names);
            codes(out, ends);
            out.extend((all.len() as u64).to_le_bytes());
            codes(out, all);
        }
    }
}

type Why = &'static str;
const TOO_SHORT: Why = "fewer values than there are rows";

fn take_column(rest: &mut &[u8], kind: PropertyType, rows: usize) -> Result<Column, Why> {
    let store = match kind {
        PropertyType::String => {
            Store::String { names: take_table(rest)?, codes: take(rest, rows, u32::from_le_bytes)? }
        }
        PropertyType::Text => Store::Text { texts: take_table(rest)?, present: take_bits(rest, rows)? },
        PropertyType::Number => {
            let present = take_bits(rest, rows)?;
            Store::Number { values: take(rest, rows, f64::from_le_bytes)?, present }
        }
        PropertyType::Bool => {
            let present = take_bits(rest, rows)?;
            Store::Bool { values: take_bits(rest, rows)?, present }
        }
        PropertyType::Time => {
            let present = take_bits(rest, rows)?;
            Store::Time { values: take(rest, rows, i64::from_le_bytes)?, present }
        }
        PropertyType::Set => {
            let (names, ends) = (take_table(rest)?, take(rest, rows, u32::from_le_bytes)?);
            let count = take(rest, 1, u64::from_le_bytes)?;
            let count = count.first().and_then(|&count| usize::try_from(count).ok()).ok_or(TOO_SHORT)?;
            Store::Set { names, ends, codes: take(rest, count, u32::from_le_bytes)? }
        }
    };
    Ok(Column(store))
}

/// Takes numbers off the front; their bytes are there before anything is allocated for them.
fn take<T, const N: usize>(rest: &mut &[u8], count: usize, get: fn([u8; N]) -> T) -> Result<Vec<T>, Why> {
    let split = count.checked_mul(N).and_then(|length| rest.split_at_checked(length));
    let (bytes, behind) = split.ok_or(TOO_SHORT)?;
    *rest = behind;
    let (numbers, _) = bytes.as_chunks::<N>();
    Ok(numbers.iter().map(|&number| get(number)).collect())
}

fn take_bits(rest: &mut &[u8], rows: usize) -> Result<Bits, Why> {
    let words = take(rest, rows.div_ceil(64), u64::from_le_bytes)?;
    Bits::from_words(words, rows).ok_or("a bit beyond the last row")
}

fn take_table(rest: &mut &[u8]) -> Result<StringTable, Why> {
    let length = take(rest, 1, u64::from_le_bytes)?;
    let length = length.first().and_then(|&length| usize::try_from(length).ok());
    let (bytes, behind) =
        length.and_then(|length| rest.split_at_checked(length)).ok_or("a dictionary that ends early")?;
    *rest = behind;
    StringTable::from_bytes(bytes).map_err(|StringsError(why)| why)
}

/// The rules that a column built value by value keeps: dictionaries hold each string once, in the order of first use,
/// and nothing else; what is missing is stored as zero; every value is within its limits.
fn checked(column: Column) -> Result<Column, Why> {
    let rows = column.rows();
    match &column.0 {
        Store::String { names, codes } => in_first_use(names, codes.iter().copied().filter(|&code| code != u32::MAX))?,
        Store::Set { names, ends, codes } => {
            if ends.windows(2).any(|pair| pair[0] > pair[1])
                || ends.last().map_or(0, |&end| end as usize) != codes.len()
            {
                return Err("sets that end before they begin, or not with the last code");
            }
            in_first_use(names, codes.iter().copied())?;
            let repeats = |row: usize| {
                let mut set = codes[set_range(ends, row)].to_vec();
                set.sort_unstable();
                set.windows(2).any(|pair| pair[0] == pair[1])
            };
            if (0..rows).any(|row| set_range(ends, row).len() > super::MAX_SET_VALUES || repeats(row)) {
                return Err("a set with a string twice or with too many");
            }
        }
        Store::Text { texts, present } => {
            if texts.len() != present.len() || present.absent().any(|row| !texts.at(row).is_empty()) {
                return Err("another number of texts than rows, or one where there is none");
            }
        }
        Store::Number { values, present } => zero_where_missing(present, |row| values[row].to_bits() == 0)?,
        Store::Time { values, present } => zero_where_missing(present, |row| values[row] == 0)?,
        Store::Bool { values, present } => zero_where_missing(present, |row| !values.contains(row))?,
    }
    let texts = match &column.0 {
        Store::String { names, .. } | Store::Set { names, .. } => Some(names),
        Store::Text { texts, .. } => Some(texts),
        _ => None,
    };
    // A reader of tables puts spaces in their place: they would reach a terminal.
    if texts.is_some_and(|texts| (0..texts.len()).any(|row| texts.at(row).contains(char::is_control))) {
        return Err("a text with a control character");
    }
    let fits = |value: Value<'_>| check(&value).is_ok();
    if !(0..rows).filter_map(|row| column.get(row)).all(fits) {
        return Err("a value out of range or too long");
    }
    Ok(column)
}

fn zero_where_missing(present: &Bits, is_zero: impl FnMut(usize) -> bool) -> Result<(), Why> {
    if present.absent().all(is_zero) { Ok(()) } else { Err("a value where there is none") }
}

fn in_first_use(names: &StringTable, codes: impl Iterator<Item = u32>) -> Result<(), Why> {
    let mut next = 0;
    for code in codes {
        if code as usize > next {
            return Err("a string out of the order of first use");
        }
        next += usize::from(code as usize == next);
        if next > names.len() {
            return Err("a code that is in no dictionary");
        }
    }
    let mut seen = hashbrown::HashSet::with_capacity(names.len());
    if next != names.len() || names.len() > MAX_DISTINCT || !names.iter().all(|name| seen.insert(name)) {
        return Err("a dictionary with a string twice, unused, or too many");
    }
    Ok(())
}
