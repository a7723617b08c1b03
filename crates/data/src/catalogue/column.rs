//! The values of one property, by row.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::bits::Bits;
use super::time;
use super::value::{MAX_DISTINCT, MAX_SET_VALUES, MAX_STRING_BYTES, MAX_TEXT_BYTES, PropertyType, Value};
use crate::ids::{StringTable, TextTooLarge};

/// No string of the dictionary.
const MISSING: u32 = u32::MAX;

/// Values by row, all of one type, each of which may be missing.
///
/// Strings and sets refer to a dictionary of distinct strings, numbered in the order of their first row.
#[derive(Clone, Debug, PartialEq)]
pub struct Column(pub(super) Store);

/// How values are stored. A missing number, truth or time is stored as zero, a missing text as an empty one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Store {
    String { names: StringTable, codes: Vec<u32> },
    Text { texts: StringTable, present: Bits },
    Number { values: Vec<f64>, present: Bits },
    Bool { values: Bits, present: Bits },
    Time { values: Vec<i64>, present: Bits },
    Set { names: StringTable, ends: Vec<u32>, codes: Vec<u32> },
}

impl Store {
    fn kind(&self) -> PropertyType {
        match self {
            Self::String { .. } => PropertyType::String,
            Self::Text { .. } => PropertyType::Text,
            Self::Number { .. } => PropertyType::Number,
            Self::Bool { .. } => PropertyType::Bool,
            Self::Time { .. } => PropertyType::Time,
            Self::Set { .. } => PropertyType::Set,
        }
    }
}

/// A value that a property of its type cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The value has another type than the property.
    #[error("a value is a {found}, expected a {expected}")]
    Type {
        /// Type of the value.
        found: PropertyType,
        /// Type of the property.
        expected: PropertyType,
    },
    /// A string or text is too long.
    #[error("a {kind} takes {bytes} bytes, allowed are {most}")]
    TooLong {
        /// Type of the property.
        kind: PropertyType,
        /// Length found.
        bytes: usize,
        /// Length allowed.
        most: usize,
    },
    /// A set has too many values.
    #[error("a set has {found} values, allowed are {MAX_SET_VALUES}")]
    TooMany {
        /// Number found.
        found: usize,
    },
    /// A number is NaN or infinite, or a time is not in the years 0 to 9999.
    #[error("{found} is out of range for a {kind}")]
    Range {
        /// What was found.
        found: String,
        /// Type of the property.
        kind: PropertyType,
    },
    /// More different strings than a property may have.
    #[error("more than {MAX_DISTINCT} different strings; declare the property as text")]
    Distinct,
    /// More text than 32-bit offsets can name.
    #[error(transparent)]
    Text(#[from] TextTooLarge),
}

impl Column {
    /// The type of all values.
    #[must_use]
    pub fn kind(&self) -> PropertyType {
        self.0.kind()
    }

    /// Number of rows, with a value or without.
    #[must_use]
    pub fn rows(&self) -> usize {
        match &self.0 {
            Store::String { codes, .. } => codes.len(),
            Store::Set { ends, .. } => ends.len(),
            Store::Text { present, .. }
            | Store::Number { present, .. }
            | Store::Bool { present, .. }
            | Store::Time { present, .. } => present.len(),
        }
    }

    /// The values of these rows, in this order; a row that there is not has none.
    ///
    /// # Panics
    /// Never: what a column holds, a column of its type can hold.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the values come from a column of the same type")]
    pub fn select(&self, rows: &[usize]) -> Self {
        let mut selected = ColumnBuilder::new(self.kind());
        for &row in rows {
            selected.push(self.get(row).as_ref()).expect("a value of a column");
        }
        selected.finish()
    }

    /// Number of rows with a value; an empty set is none.
    #[must_use]
    pub fn known(&self) -> usize {
        match &self.0 {
            Store::String { codes, .. } => codes.iter().filter(|&&code| code != MISSING).count(),
            Store::Set { ends, .. } => (0..ends.len()).filter(|&row| !set_range(ends, row).is_empty()).count(),
            Store::Text { present, .. }
            | Store::Number { present, .. }
            | Store::Bool { present, .. }
            | Store::Time { present, .. } => present.count(),
        }
    }

    /// The value of a row; `None` when it is missing or not a row. A set is never missing: it is empty.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<Value<'_>> {
        match &self.0 {
            Store::String { names, codes } => names.get(*codes.get(row)?).map(Value::String),
            Store::Text { texts, present } => present.contains(row).then(|| Value::Text(texts.at(row))),
            Store::Number { values, present } => present.contains(row).then(|| Value::Number(values[row])),
            Store::Bool { values, present } => present.contains(row).then(|| Value::Bool(values.contains(row))),
            Store::Time { values, present } => present.contains(row).then(|| Value::Time(values[row])),
            Store::Set { ends, .. } => (row < ends.len()).then(|| Value::Set(self.strings(row).collect())),
        }
    }

    /// The string of a row, the text of a row, or the strings of a row's set; nothing for other types.
    pub fn strings(&self, row: usize) -> impl Iterator<Item = &str> {
        let (names, codes, text): (_, &[u32], _) = match &self.0 {
            Store::String { names, codes } => (Some(names), codes.get(row..row + 1).unwrap_or(&[]), None),
            Store::Set { names, ends, codes } => (Some(names), codes.get(set_range(ends, row)).unwrap_or(&[]), None),
            Store::Text { texts, present } if present.contains(row) => (None, &[], Some(texts.at(row))),
            _ => (None, &[], None),
        };
        text.into_iter().chain(codes.iter().filter_map(move |&code| names?.get(code)))
    }

    /// The number of a row.
    #[must_use]
    pub fn number(&self, row: usize) -> Option<f64> {
        match &self.0 {
            Store::Number { values, present } => present.contains(row).then(|| values[row]),
            _ => None,
        }
    }

    /// The dictionary of a `string` or `set`, by rising code; `None` for other types.
    #[must_use]
    pub fn dictionary(&self) -> Option<&StringTable> {
        match &self.0 {
            Store::String { names, .. } | Store::Set { names, .. } => Some(names),
            _ => None,
        }
    }

    /// The rows whose string, or one of whose set's strings, has a code for which `wanted` is true, among the first
    /// `rows`. `wanted` is asked once for each code of the dictionary.
    #[must_use]
    pub fn rows_with(&self, rows: usize, mut wanted: impl FnMut(&str) -> bool) -> Bits {
        let mut found = Bits::none(rows);
        let Some(names) = self.dictionary() else { return found };
        let mut codes_wanted = Bits::none(names.len());
        (0..names.len()).filter(|&code| wanted(names.at(code))).for_each(|code| codes_wanted.insert(code));
        match &self.0 {
            Store::String { codes, .. } => {
                for (row, &code) in codes.iter().enumerate().take(rows) {
                    if codes_wanted.contains(code as usize) {
                        found.insert(row);
                    }
                }
            }
            Store::Set { ends, codes, .. } => {
                let mut start = 0;
                for (row, &end) in ends.iter().enumerate().take(rows) {
                    if codes[start..end as usize].iter().any(|&code| codes_wanted.contains(code as usize)) {
                        found.insert(row);
                    }
                    start = end as usize;
                }
            }
            _ => {}
        }
        found
    }

    /// The rows whose number lies between `low` and `high`, both included, among the first `rows`.
    #[must_use]
    pub fn rows_between(&self, rows: usize, low: f64, high: f64) -> Bits {
        let mut found = Bits::none(rows);
        if let Store::Number { values, present } = &self.0 {
            for (row, value) in values.iter().enumerate().take(rows) {
                if (low..=high).contains(value) && present.contains(row) {
                    found.insert(row);
                }
            }
        }
        found
    }
}

/// Where the codes of a row's set stand.
pub(super) fn set_range(ends: &[u32], row: usize) -> std::ops::Range<usize> {
    let end = ends.get(row).copied().unwrap_or(0) as usize;
    let start = if row == 0 { 0 } else { ends.get(row - 1).copied().unwrap_or(0) as usize };
    start.min(end)..end
}

/// Builds a column row by row.
#[derive(Debug)]
pub struct ColumnBuilder {
    store: Store,
    codes: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl ColumnBuilder {
    /// A column of a type, without rows.
    #[must_use]
    pub fn new(kind: PropertyType) -> Self {
        let (strings, bits) = (StringTable::default, Bits::default);
        let store = match kind {
            PropertyType::String => Store::String { names: strings(), codes: Vec::new() },
            PropertyType::Text => Store::Text { texts: strings(), present: bits() },
            PropertyType::Number => Store::Number { values: Vec::new(), present: bits() },
            PropertyType::Bool => Store::Bool { values: bits(), present: bits() },
            PropertyType::Time => Store::Time { values: Vec::new(), present: bits() },
            PropertyType::Set => Store::Set { names: strings(), ends: Vec::new(), codes: Vec::new() },
        };
        Self { store, codes: HashTable::new(), hasher: DefaultHashBuilder::default() }
    }

    /// Appends a row; `None` where the value is missing. A string twice in a set counts once.
    ///
    /// # Errors
    /// When the value has another type or breaks a limit; the builder is of no use then.
    pub fn push(&mut self, value: Option<&Value<'_>>) -> Result<(), ValueError> {
        if let Some(value) = value {
            check(value)?;
        }
        let (codes, hasher) = (&mut self.codes, &self.hasher);
        match (&mut self.store, value) {
            (Store::String { codes: rows, .. }, None) => rows.push(MISSING),
            (Store::String { names, codes: rows }, Some(Value::String(name))) => {
                rows.push(code(names, codes, hasher, name)?)
            }
            (Store::Text { texts, present }, None) => {
                texts.push("")?;
                present.push(false);
            }
            (Store::Text { texts, present }, Some(Value::Text(text))) => {
                texts.push(text)?;
                present.push(true);
            }
            (Store::Number { values, present }, None) => {
                values.push(0.0);
                present.push(false);
            }
            (Store::Number { values, present }, Some(Value::Number(number))) => {
                values.push(*number);
                present.push(true);
            }
            (Store::Bool { values, present }, value @ (None | Some(Value::Bool(_)))) => {
                values.push(matches!(value, Some(Value::Bool(true))));
                present.push(value.is_some());
            }
            (Store::Time { values, present }, None) => {
                values.push(0);
                present.push(false);
            }
            (Store::Time { values, present }, Some(Value::Time(millis))) => {
                values.push(*millis);
                present.push(true);
            }
            (Store::Set { ends, codes: all, .. }, None) => ends.push(end_of(all)?),
            (Store::Set { names, ends, codes: all }, Some(Value::Set(values))) => {
                let start = all.len();
                for name in values {
                    let code = code(names, codes, hasher, name)?;
                    if !all[start..].contains(&code) {
                        all.push(code);
                    }
                }
                ends.push(end_of(all)?);
            }
            (store, Some(value)) => {
                return Err(ValueError::Type { found: value.kind(), expected: store.kind() });
            }
        }
        Ok(())
    }

    /// The column.
    #[must_use]
    pub fn finish(self) -> Column {
        Column(self.store)
    }
}

fn end_of(codes: &[u32]) -> Result<u32, ValueError> {
    let too_large = TextTooLarge { bytes: 0, count: codes.len() };
    u32::try_from(codes.len()).map_err(|_| ValueError::Text(too_large))
}

/// Refuses a value that breaks a limit of its type.
pub(super) fn check(value: &Value<'_>) -> Result<(), ValueError> {
    let (kind, most) =
        (value.kind(), if value.kind() == PropertyType::Text { MAX_TEXT_BYTES } else { MAX_STRING_BYTES });
    let short = |text: &str| match text.len() {
        bytes if bytes > most => Err(ValueError::TooLong { kind, bytes, most }),
        _ => Ok(()),
    };
    match value {
        Value::String(text) | Value::Text(text) => short(text),
        Value::Number(number) if !number.is_finite() => Err(ValueError::Range { found: number.to_string(), kind }),
        Value::Time(millis) if !time::RANGE.contains(millis) => {
            Err(ValueError::Range { found: millis.to_string(), kind })
        }
        Value::Number(_) | Value::Time(_) | Value::Bool(_) => Ok(()),
        Value::Set(values) if values.len() > MAX_SET_VALUES => Err(ValueError::TooMany { found: values.len() }),
        Value::Set(values) => values.iter().try_for_each(|text| short(text)),
    }
}

/// The code of a string in a dictionary; a new one if it never came before.
fn code(
    names: &mut StringTable,
    codes: &mut HashTable<u32>,
    hasher: &DefaultHashBuilder,
    name: &str,
) -> Result<u32, ValueError> {
    let hash = hasher.hash_one(name);
    if let Some(&code) = codes.find(hash, |&code| names.at(code as usize) == name) {
        return Ok(code);
    }
    if names.len() >= MAX_DISTINCT {
        return Err(ValueError::Distinct);
    }
    let code = names.push(name)?;
    codes.insert_unique(hash, code, |&code| hasher.hash_one(names.at(code as usize)));
    Ok(code)
}
