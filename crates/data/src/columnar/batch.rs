//! Some rows of selected columns, each of one type.
#![cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "without typed formats no batch is made"))]

/// Rows of the selected columns.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    rows: usize,
    columns: Vec<Column>,
    /// Line of each row, in formats that have lines; empty in others, where rows count from 1.
    lines: Vec<u64>,
    /// Rows that are no row at all, such as a line that is no JSON object; empty when all are.
    broken: Vec<bool>,
}

impl Batch {
    pub(super) fn new(rows: usize, columns: Vec<Column>) -> Self {
        Self { rows, columns, lines: Vec::new(), broken: Vec::new() }
    }

    pub(super) fn with_lines(rows: usize, columns: Vec<Column>, lines: Vec<u64>, broken: Vec<bool>) -> Self {
        Self { rows, columns, lines, broken }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The columns, in the order in which they were selected.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The line on which a row stands, if the format has lines.
    pub(crate) fn line(&self, row: usize) -> Option<u64> {
        self.lines.get(row).copied()
    }

    pub(crate) fn is_broken(&self, row: usize) -> bool {
        self.broken.get(row).copied().unwrap_or(false)
    }
}

/// The values of one column in a batch.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) values: Values,
    /// Which are missing; empty when none is.
    pub(crate) missing: Vec<bool>,
}

impl Column {
    pub(crate) fn is_missing(&self, row: usize) -> bool {
        self.missing.get(row).copied().unwrap_or(false)
    }
}

/// Values of one type; where one is missing stands any.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Whole(Vec<i64>),
    Float(Vec<f64>),
    Single(Vec<f32>),
    Text(Texts),
    /// Milliseconds since 1970-01-01 00:00 UTC.
    Time(Vec<i64>),
    /// A column of a type that is not read.
    Nothing,
}

/// Texts end to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    pub(super) fn with_capacity(rows: usize, bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ends: Vec::with_capacity(rows) }
    }

    pub(super) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    /// Adds a text in pieces: each is written behind the last one, until the text is ended.
    pub(super) fn extend(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    pub(super) fn end(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// The text of a row, nothing beyond the last.
    pub(crate) fn get(&self, row: usize) -> &[u8] {
        let Some(&end) = self.ends.get(row) else { return &[] };
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bytes[start..end]
    }
}
