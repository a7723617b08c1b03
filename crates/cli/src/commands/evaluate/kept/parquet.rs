//! Rows as Parquet, a group at a time: what is held is one group, however long the file grows.

use std::io::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{Float32Builder, Float64Builder, Int64Builder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::{Cell, Kind};

/// Rows of a group.
const GROUP: usize = 1 << 17;

/// The column that is filled.
enum Column {
    Text(StringBuilder),
    Whole(Int64Builder),
    Single(Float32Builder),
    Double(Float64Builder),
}

/// Groups of rows; bytes go on when a group is full.
pub(in crate::commands::evaluate) struct Groups {
    schema: SchemaRef,
    columns: Vec<Column>,
    rows: usize,
    /// Its bytes are taken out after each group.
    writer: ArrowWriter<Vec<u8>>,
}

impl Groups {
    pub(super) fn new(columns: &[(String, Kind)]) -> io::Result<Self> {
        let field = |(name, kind): &(String, Kind)| {
            let stored = match kind {
                Kind::Text => DataType::Utf8,
                Kind::Whole => DataType::Int64,
                Kind::Single => DataType::Float32,
                Kind::Double => DataType::Float64,
            };
            Field::new(name, stored, false)
        };
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer =
            ArrowWriter::try_new(Vec::new(), Arc::clone(&schema), Some(properties)).map_err(io::Error::other)?;
        let columns = columns.iter().map(|(_, kind)| match kind {
            Kind::Text => Column::Text(StringBuilder::new()),
            Kind::Whole => Column::Whole(Int64Builder::new()),
            Kind::Single => Column::Single(Float32Builder::new()),
            Kind::Double => Column::Double(Float64Builder::new()),
        });
        Ok(Self { schema, columns: columns.collect(), rows: 0, writer })
    }

    /// Appends a row.
    pub(super) fn row(&mut self, cells: &[Cell<'_>], out: &mut impl Write) -> io::Result<()> {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            match (column, cell) {
                (Column::Text(column), Cell::Text(text)) => column.append_value(text),
                (Column::Whole(column), Cell::Whole(number)) => {
                    column.append_value(i64::try_from(*number).map_err(io::Error::other)?);
                }
                (Column::Single(column), Cell::Single(number)) => column.append_value(*number),
                (Column::Double(column), Cell::Double(number)) => column.append_value(*number),
                _ => return Err(io::Error::other("a cell is not of its column's kind")),
            }
        }
        self.rows += 1;
        if self.rows == GROUP { self.group(out) } else { Ok(()) }
    }

    /// Ends a group.
    fn group(&mut self, out: &mut impl Write) -> io::Result<()> {
        let arrays = self.columns.iter_mut().map(|column| -> ArrayRef {
            match column {
                Column::Text(column) => Arc::new(column.finish()),
                Column::Whole(column) => Arc::new(column.finish()),
                Column::Single(column) => Arc::new(column.finish()),
                Column::Double(column) => Arc::new(column.finish()),
            }
        });
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays.collect()).map_err(io::Error::other)?;
        self.rows = 0;
        self.writer.write(&batch).and_then(|()| self.writer.flush()).map_err(io::Error::other)?;
        out.write_all(&std::mem::take(self.writer.inner_mut()))
    }

    /// Writes what is held back, and the end of the file.
    pub(super) fn finish(mut self, out: &mut impl Write) -> io::Result<()> {
        if self.rows > 0 {
            self.group(out)?;
        }
        out.write_all(&self.writer.into_inner().map_err(io::Error::other)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foretaste::dataset::Dataset;
    use foretaste::interactions::ReadOptions;
    use std::ops::ControlFlow;

    #[test]
    fn rows_of_several_groups_are_read_again() {
        let columns = [("user", Kind::Text), ("item", Kind::Text), ("rating", Kind::Single), ("more", Kind::Double)];
        let mut groups = Groups::new(&columns.map(|(name, kind)| (name.to_owned(), kind))).unwrap();
        let mut bytes = Vec::new();
        let count = 2 * GROUP + 7;
        let mut held = Vec::new();
        for row in 0..count {
            let (user, item) = (format!("u{}", row / 100), format!("i{}", row % 100));
            let rating = (row % 5) as f32 + 0.5;
            let cells = [Cell::Text(&user), Cell::Text(&item), Cell::Single(rating), Cell::Double(0.1)];
            groups.row(&cells, &mut bytes).unwrap();
            held.push(groups.writer.inner_mut().len());
        }
        assert!(held.iter().all(|&held| held < 64), "bytes of a group stay behind");
        groups.finish(&mut bytes).unwrap();
        let path = tempfile::Builder::new().suffix(".parquet").tempfile().unwrap();
        std::fs::write(path.path(), &bytes).unwrap();
        let read = Dataset::load(path.path(), None, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        let ratings = read.unwrap().interactions;
        assert_eq!((ratings.nnz(), ratings.users().len(), ratings.items().len()), (count, count.div_ceil(100), 100));
        for row in [0, 1, GROUP - 1, GROUP, 2 * GROUP, count - 1] {
            let user = ratings.user(&format!("u{}", row / 100)).unwrap();
            let (items, values) = ratings.of(user);
            let item = ratings.item(&format!("i{}", row % 100)).unwrap().0;
            let at = items.iter().position(|&other| other == item).unwrap();
            assert!((values[at] - (row % 5) as f32 - 0.5).abs() < f32::EPSILON, "row {row}");
        }
    }
}
