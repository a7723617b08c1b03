//! Writes ratings as Parquet, then reads them again and again and prints rows a CPU second: `columns [ROWS] [TIMES]`.
//!
//! `decoding` is Arrow's reader alone, over the three columns; `to interactions` is everything from the file on: ids, both
//! views, the hash.

#![allow(clippy::print_stdout, reason = "an example talks to its user")]

#[cfg(feature = "parquet")]
mod measured {
    use std::error::Error;
    use std::fs::File;
    use std::ops::ControlFlow;
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
    use foretaste_data::interactions::{ReadOptions, read_interactions};
    use foretaste_data::table::Source;
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;
    use rustix::time::{ClockId, clock_gettime};

    pub(crate) fn run() -> Result<(), Box<dyn Error>> {
        let mut arguments = std::env::args().skip(1);
        let rows: i64 = arguments.next().map_or(Ok(4_000_000), |rows| rows.parse())?;
        let times: usize = arguments.next().map_or(Ok(5), |times| times.parse())?;
        let folder = tempfile::tempdir()?;
        for (name, shuffled) in [("users in order", false), ("users shuffled", true)] {
            let path = folder.path().join("ratings.parquet");
            write(&path, rows, shuffled)?;
            let decoding = median(times, || {
                let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&path)?)?.with_batch_size(1 << 13);
                let read: usize = builder.build()?.map(|batch| batch.map_or(0, |batch| batch.num_rows())).sum();
                if read as i64 == rows { Ok(()) } else { Err("rows are missing".into()) }
            })?;
            let whole = median(times, || {
                let options = ReadOptions::default();
                let source = Source::file(&path);
                let (found, _) = read_interactions(source, &options, &mut |_| ControlFlow::Continue(()))?;
                std::hint::black_box((found.hash(), found.by_item().nnz()));
                Ok(())
            })?;
            let rate = |took: Duration| rows as f64 / took.as_secs_f64() / 1e6;
            println!("{name}: decoding {:.1}, to interactions {:.1} M rows/s of CPU", rate(decoding), rate(whole));
        }
        Ok(())
    }

    /// About 150 ratings a user, items by a power law.
    fn write(path: &Path, rows: i64, shuffled: bool) -> Result<(), Box<dyn Error>> {
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let users = rows / 150 + 1;
        let user = |row: i64, random: u64| if shuffled { random as i64 % users } else { row / 150 } + 1;
        let (mut user_ids, mut item_ids, mut ratings) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..rows {
            user_ids.push(user(row, random()));
            let share = random() as f64 / (1u64 << 31) as f64;
            item_ids.push((27_000.0 * share * share * share) as i64 + 1);
            ratings.push((random() % 10 + 1) as f64 / 2.0);
        }
        let columns: [(&str, ArrayRef); 3] = [
            ("userId", Arc::new(Int64Array::from(user_ids))),
            ("movieId", Arc::new(Int64Array::from(item_ids))),
            ("rating", Arc::new(Float64Array::from(ratings))),
        ];
        let batch = RecordBatch::try_from_iter(columns)?;
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = ArrowWriter::try_new(File::create(path)?, batch.schema(), Some(properties))?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    }

    fn median(times: usize, mut run: impl FnMut() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
        let mut took = Vec::with_capacity(times);
        for _ in 0..times {
            let begun = cpu_time();
            run()?;
            took.push(cpu_time() - begun);
        }
        took.sort();
        Ok(took[times / 2])
    }

    /// CPU time of this process so far.
    fn cpu_time() -> Duration {
        clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
    }
}

#[cfg(feature = "parquet")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    measured::run()
}

#[cfg(not(feature = "parquet"))]
fn main() {
    println!("needs the feature `parquet`");
}
