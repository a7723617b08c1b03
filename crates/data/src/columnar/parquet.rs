//! Parquet: the selected columns alone are decoded.

use std::fs::File;

use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::reader::ChunkReader;

use super::{BATCH_ROWS, Batch, Batches, ColumnInfo, Fault, arrow};
use crate::source::{Counter, Raw};

pub(super) fn open(raw: Raw) -> Result<Box<dyn Batches>, Fault> {
    let counter = raw.counter();
    match raw.into_file() {
        Ok(file) => Parquet::<File>::open(file, counter),
        Err(bytes) => Parquet::<Bytes>::open(bytes, counter),
    }
}

struct Parquet<R: ChunkReader + 'static> {
    columns: Vec<ColumnInfo>,
    /// Taken when the first batch is asked for.
    builder: Option<ParquetRecordBatchReaderBuilder<R>>,
    reader: Option<ParquetRecordBatchReader>,
    /// Which column of the decoded ones each selected one is.
    places: Vec<usize>,
    rows: u64,
    rows_total: u64,
    bytes_total: u64,
    counter: Counter,
}

impl<R: ChunkReader + 'static> Parquet<R> {
    fn open(reader: R, counter: Counter) -> Result<Box<dyn Batches>, Fault> {
        let bytes_total = reader.len();
        let builder = ParquetRecordBatchReaderBuilder::try_new(reader);
        let builder = builder.map_err(|error| Fault::Broken(error.to_string()))?;
        let mut chunks = builder.metadata().row_groups().iter().flat_map(|group| group.columns());
        let not_built_in = |codec| matches!(codec, Compression::BROTLI(_) | Compression::LZO);
        if let Some(chunk) = chunks.find(|chunk| not_built_in(chunk.compression())) {
            let lzo = matches!(chunk.compression(), Compression::LZO);
            return Err(Fault::Codec(if lzo { "lzo" } else { "brotli" }.to_owned()));
        }
        let columns = arrow::columns(builder.schema());
        let rows_total = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let places = (0..columns.len()).collect();
        Ok(Box::new(Self {
            columns,
            builder: Some(builder),
            reader: None,
            places,
            rows: 0,
            rows_total,
            bytes_total,
            counter,
        }))
    }
}

impl<R: ChunkReader + 'static> Batches for Parquet<R> {
    fn columns(&self) -> &[ColumnInfo] {
        &self.columns
    }

    fn select(&mut self, columns: &[usize]) {
        self.places = columns.to_vec();
    }

    fn next(&mut self) -> Result<Option<Batch>, String> {
        if let Some(builder) = self.builder.take() {
            let mut roots = self.places.clone();
            roots.sort_unstable();
            roots.dedup();
            let mask = ProjectionMask::roots(builder.parquet_schema(), roots.iter().copied());
            let place = |column: &usize| roots.binary_search(column).unwrap_or(usize::MAX);
            self.places = self.places.iter().map(place).collect();
            let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
            self.reader = Some(reader.map_err(|error| error.to_string())?);
        }
        let Some(batch) = self.reader.as_mut().and_then(Iterator::next) else {
            if self.rows < self.rows_total {
                return Err(format!("its footer promises {} rows", self.rows_total));
            }
            return Ok(None);
        };
        let batch = batch.map_err(|error| error.to_string())?;
        self.rows += batch.num_rows() as u64;
        let share = u128::from(self.bytes_total) * u128::from(self.rows) / u128::from(self.rows_total.max(1));
        self.counter.set(u64::try_from(share).unwrap_or(self.bytes_total).min(self.bytes_total));
        arrow::batch(&batch, &self.places).map(Some)
    }
}
