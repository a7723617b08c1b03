//! JSON lines, Parquet and Arrow IPC: the same interactions as the text of the same data.

use std::ops::ControlFlow;

use foretaste_data::interactions::{Interactions, ReadError, ReadOptions, ReadReport, Reason, read_interactions};
use foretaste_data::table::Source;

fn read(bytes: impl Into<Vec<u8>>) -> Result<(Interactions, ReadReport), ReadError> {
    read_as(bytes, &ReadOptions::default())
}

fn read_as(bytes: impl Into<Vec<u8>>, options: &ReadOptions) -> Result<(Interactions, ReadReport), ReadError> {
    read_interactions(Source::bytes(bytes), options, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn json_lines_are_read_as_the_text_of_the_same_data() {
    let json = "{\"userId\": 1, \"movieId\": \"a b\", \"rating\": 4.5, \"extra\": {\"x\": [1]}}\n\n\
                {\"rating\": 3, \"movieId\": \"\\u00e9\", \"userId\": 2, \"tags\": [\"x\"]}\r\n\
                {\"userId\": 12345678901234567890, \"movieId\": \"a b\", \"rating\": 1e0}\n";
    let text = "userId,movieId,rating\n1,a b,4.5\n2,\u{e9},3\n12345678901234567890,a b,1\n";
    let (found, report) = read(json).unwrap();
    assert_eq!(found.hash(), read(text).unwrap().0.hash());
    assert_eq!((report.rows, report.accepted), (3, 3));
    assert_eq!(report.header.unwrap(), ["userId", "movieId", "rating", "extra", "tags"]);
}

#[test]
fn json_rows_are_rejected_by_reason_with_their_line() {
    let json = "{\"user\": 1, \"item\": 2, \"rating\": 3}\n\n{\"user\": null, \"item\": 2, \"rating\": 3}\n\
                {\"user\": 1, \"rating\": 3}\n[1, 2]\n{\"user\": 1, \"item\": {\"id\": 2}, \"rating\": 3}\n\
                {\"user\": 1, \"item\": 3, \"rating\": \"good\"}\n{\"user\": 1, \"item\": 2.5, \"rating\": 3} x\n\
                {\"user\": \"\", \"item\": 2, \"rating\": 3}\n{\"user\": 2, \"item\": 2, \"rating\": \"3\"}";
    let (_, report) = read(json).unwrap();
    let first: Vec<(u64, Reason)> = report.rejected.first.iter().map(|row| (row.line, row.reason)).collect();
    assert_eq!(
        first,
        [
            (3, Reason::Missing),
            (4, Reason::Missing),
            (5, Reason::NotAnObject),
            (6, Reason::Missing),
            (7, Reason::RatingNotANumber),
            (8, Reason::NotAnObject),
            (9, Reason::EmptyId),
        ]
    );
    assert_eq!((report.rows, report.accepted), (9, 2));
}

#[test]
fn columns_of_a_table_of_users_and_items_are_read_as_its_text() {
    let json = "{\"userId\": \"a\", \"10\": 5, \"11\": 3.5}\n{\"userId\": \"b\", \"10\": 4, \"11\": null}\n\
                {\"userId\": \"c\", \"10\": 1, \"11\": 2}\n";
    let options = ReadOptions { wide: Some(true), ..ReadOptions::default() };
    let (found, report) = read_as(json, &options).unwrap();
    let (expected, _) = read_as("userId,10,11\na,5,3.5\nb,4,\nc,1,2\n", &options).unwrap();
    assert_eq!((found.hash(), found.nnz()), (expected.hash(), 5));
    assert!(report.columnar.is_some());
}

#[test]
fn a_comma_that_may_stand_between_thousands_is_no_decimal_comma_of_columns() {
    let json = "{\"user\": 1, \"item\": 2, \"rating\": \"4,5\"}\n{\"user\": 1, \"item\": 3, \"rating\": \"1,000\"}\n";
    let (found, report) = read(json).unwrap();
    assert_eq!(found.matrix().values(), [4.5]);
    assert_eq!(report.rejected.by_reason[&Reason::RatingNotANumber], 1);
}

#[test]
fn a_column_of_lists_cannot_name_users() {
    let error = read("{\"user\": [1], \"item\": 2, \"rating\": 3}\n").unwrap_err().to_string();
    assert!(error.contains("`user` holds lists") && error.contains("--user-column"), "{error}");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_names_the_feature() {
    for bytes in [&b"PAR1...."[..], b"ARROW1\0\0"] {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains("feature `parquet`"), "{error}");
        assert!(error.contains("expected delimited text or JSON lines;"), "{error}");
    }
}

#[cfg(feature = "parquet")]
mod arrow {
    use std::sync::Arc;

    use arrow_array::builder::{ListBuilder, StringBuilder, StringDictionaryBuilder};
    use arrow_array::types::Int32Type;
    use arrow_array::{
        ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int8Array, Int32Array, Int64Array,
        LargeStringArray, RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray, TimestampSecondArray,
        UInt64Array,
    };
    use foretaste_data::catalogue::{ItemsOptions, read_items};
    use foretaste_data::columnar::Format;
    use foretaste_data::interactions::{Column, MissingCodes, Weights};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{Compression, GzipLevel, ZstdLevel};
    use parquet::file::properties::WriterProperties;

    use super::*;

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
    }

    fn parquet_as(batch: &RecordBatch, compression: Compression) -> Vec<u8> {
        let properties =
            WriterProperties::builder().set_compression(compression).set_max_row_group_row_count(Some(1000)).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(batch).unwrap();
        writer.into_inner().unwrap()
    }

    fn parquet(batch: &RecordBatch) -> Vec<u8> {
        parquet_as(batch, Compression::SNAPPY)
    }

    fn ipc_file(batch: &RecordBatch) -> Vec<u8> {
        let mut writer = arrow_ipc::writer::FileWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        writer.into_inner().unwrap()
    }

    fn ipc_stream(batch: &RecordBatch) -> Vec<u8> {
        let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
        writer.write(batch).unwrap();
        writer.into_inner().unwrap()
    }

    fn every_format(batch: &RecordBatch) -> [(Format, Vec<u8>); 3] {
        [
            (Format::Parquet, parquet(batch)),
            (Format::ArrowFile, ipc_file(batch)),
            (Format::ArrowStream, ipc_stream(batch)),
        ]
    }

    /// 3,000 ratings as columns and as text.
    fn numbers() -> (RecordBatch, String) {
        let users: Vec<i64> = (0..3000).map(|row| row / 7 * 1_000_003 - 1_000_000).collect();
        let items: Vec<i32> = (0..3000).map(|row| row * 37 % 101).collect();
        let values: Vec<f64> = (0..3000).map(|row| f64::from(row % 10) / 2.0).collect();
        let rows =
            users.iter().zip(&items).zip(&values).map(|((user, item), value)| format!("{user},{item},{value}\n"));
        let text = format!("user_id,item_id,rating\n{}", rows.collect::<String>());
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("extra", Arc::new(StringArray::from_iter_values(items.iter().map(|item| format!("x{item}"))))),
            ("rating", Arc::new(Float64Array::from(values))),
            ("item_id", Arc::new(Int32Array::from(items))),
            ("user_id", Arc::new(Int64Array::from(users))),
        ];
        (batch(columns), text)
    }

    #[test]
    fn numbers_are_read_as_the_text_of_the_same_data() {
        let (batch, text) = numbers();
        let expected = read(text).unwrap().0;
        for (format, bytes) in every_format(&batch) {
            let (found, report) = read(bytes).unwrap();
            assert_eq!(found.hash(), expected.hash(), "{format}");
            assert_eq!((report.columnar, report.rows, report.accepted), (Some(format), 3000, 3000));
            let columns = report.columns;
            let places = [columns.user.position, columns.item.position, columns.value.unwrap().position];
            assert_eq!(places, [4, 3, 2]);
        }
    }

    /// What both a table and its text have to say alike.
    fn told(found: Result<(Interactions, ReadReport), ReadError>) -> impl PartialEq + std::fmt::Debug {
        let (all, report) = found.unwrap();
        let rejected = report.rejected.by_reason;
        let counts = (report.rows, report.accepted, rejected, report.missing, report.duplicates, report.repeat);
        let times = (all.times().map(<[i64]>::to_vec), report.not_a_time.map(|found| found.text));
        (all.hash(), counts, report.feedback, report.words_without_weight, times)
    }

    #[test]
    fn a_log_with_words_and_times_is_read_as_its_text() {
        let words = ["view", "cart", "unknown", "NA", "buy"];
        let seconds: Vec<i64> = (0..500).map(|row| 1_700_000_000 + row * 7919 % 100_000).collect();
        let (mut users, mut items, mut events) = (vec![], vec![], vec![]);
        for row in 0..500usize {
            users.push((row / 9) as i32);
            items.push((row * 31 % 23) as i64);
            events.push(words[row * 7 % 5]);
        }
        let text = |value: &str| {
            let row = |row: usize| {
                let value = if value == "event" { format!(",{}", events[row]) } else { String::new() };
                format!("{},{}{value},{}\n", users[row], items[row], seconds[row])
            };
            let value = if value.is_empty() { String::new() } else { format!(",{value}") };
            format!("user,item{value},timestamp\n{}", (0..500).map(row).collect::<String>())
        };
        let millis = || seconds.iter().map(|&time| time * 1000);
        let iso = |&time: &i64| format!("2023-11-{:02}T00:00:{:02}Z", 1 + time % 28, time % 60);
        let times: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(seconds.clone())),
            Arc::new(Int64Array::from_iter_values(millis())),
            Arc::new(Float64Array::from_iter_values(seconds.iter().map(|&time| time as f64))),
            Arc::new(TimestampSecondArray::from(seconds.clone())),
            Arc::new(TimestampMicrosecondArray::from_iter_values(millis().map(|time| time * 1000 + 999))),
            Arc::new(StringArray::from_iter_values(seconds.iter().map(ToString::to_string))),
        ];
        let weights = ReadOptions {
            value: Weights::parse("view=1,cart=3,buy=5").ok(),
            missing: MissingCodes::new(vec!["NA".to_owned()]),
            ..ReadOptions::default()
        };
        for (value, options) in [("event", &weights), ("", &ReadOptions::default())] {
            let expected = told(read_as(text(value), options));
            for time in &times {
                let mut columns: Vec<(&str, ArrayRef)> = vec![
                    ("user", Arc::new(Int32Array::from(users.clone()))),
                    ("timestamp", time.clone()),
                    ("item", Arc::new(Int64Array::from(items.clone()))),
                ];
                if !value.is_empty() {
                    columns.push((value, Arc::new(StringArray::from(events.clone()))));
                }
                for (format, bytes) in every_format(&batch(columns)) {
                    let found = told(read_as(bytes, options));
                    assert_eq!(found, expected, "{format}: {value:?}, {}", time.data_type());
                }
            }
        }
        let written: String = users
            .iter()
            .zip(&items)
            .zip(&seconds)
            .map(|((user, item), time)| format!("{user},{item},{}\n", iso(time)))
            .collect();
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("user", Arc::new(Int32Array::from(users.clone()))),
            ("item", Arc::new(Int64Array::from(items.clone()))),
            ("timestamp", Arc::new(StringArray::from_iter_values(seconds.iter().map(iso)))),
        ];
        let expected = told(read(format!("user,item,timestamp\n{written}")));
        assert_eq!(told(read(parquet(&batch(columns)))), expected);
    }

    #[test]
    fn a_time_that_is_missing_costs_a_row_where_it_is_asked_for_and_else_all_times() {
        let text = "user,item,rating,timestamp\n1,7,4,1700000000\n2,7,-1,\n1,8,3,1700000001\n2,8,99,1700000002\n";
        let time: ArrayRef =
            Arc::new(Int64Array::from(vec![Some(1_700_000_000), None, Some(1_700_000_001), Some(1_700_000_002)]));
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("user", Arc::new(Int32Array::from(vec![1, 2, 1, 2]))),
            ("item", Arc::new(Int32Array::from(vec![7, 7, 8, 8]))),
            ("rating", Arc::new(Int32Array::from(vec![4, -1, 3, 99]))),
            ("timestamp", time),
        ];
        let table = batch(columns);
        let missing = MissingCodes::new(vec!["99.0".to_owned()]);
        let by_name = ReadOptions { missing, ..ReadOptions::default() };
        let asked = ReadOptions { time_column: Some(Column::Name("timestamp".to_owned())), ..by_name.clone() };
        for (format, bytes) in every_format(&table) {
            for (options, counts, kept) in [(&by_name, (3, 0, 1), false), (&asked, (2, 1, 1), true)] {
                let found = read_as(bytes.clone(), options).unwrap();
                assert_eq!((found.1.accepted, found.1.rejected.total, found.1.missing), counts, "{format}");
                assert_eq!(found.0.times().is_some(), kept);
                assert_eq!(told(Ok(found)), told(read_as(text, options)), "{format}");
            }
        }
    }

    #[test]
    fn every_codec_that_writers_choose_is_read() {
        let (batch, text) = numbers();
        let expected = read(text).unwrap().0.hash();
        for codec in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(GzipLevel::default()),
            Compression::LZ4,
            Compression::LZ4_RAW,
            Compression::ZSTD(ZstdLevel::default()),
        ] {
            assert_eq!(read(parquet_as(&batch, codec)).unwrap().0.hash(), expected, "{codec:?}");
        }
    }

    #[test]
    fn every_type_of_id_and_rating_is_read() {
        let expected = read("user,item,rating\n1,7,2\n2,8,3\n").unwrap().0.hash();
        let mut dictionary = StringDictionaryBuilder::<Int32Type>::new();
        dictionary.append("1").unwrap();
        dictionary.append("2").unwrap();
        let users: Vec<ArrayRef> = vec![
            Arc::new(Int8Array::from(vec![1, 2])),
            Arc::new(UInt64Array::from(vec![1, 2])),
            Arc::new(Float64Array::from(vec![1.0, 2.0])),
            Arc::new(StringArray::from(vec!["1", " 2 "])),
            Arc::new(LargeStringArray::from(vec!["1", "2"])),
            Arc::new(StringViewArray::from(vec!["1", "2"])),
            Arc::new(BinaryArray::from(vec![&b"1"[..], b"2"])),
            Arc::new(dictionary.finish()),
        ];
        let ratings: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![2, 3])),
            Arc::new(Float32Array::from(vec![2.0, 3.0])),
            Arc::new(StringArray::from(vec!["2", "3.0"])),
        ];
        for user in &users {
            for rating in &ratings {
                let item: ArrayRef = Arc::new(Int32Array::from(vec![7, 8]));
                let batch = batch(vec![("user", user.clone()), ("item", item), ("rating", rating.clone())]);
                for (format, bytes) in every_format(&batch) {
                    let what = format!("{format}: {} and {}", user.data_type(), rating.data_type());
                    let (found, report) = read(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!((found.hash(), report.rejected.total), (expected, 0), "{what}");
                }
            }
        }
        let huge = batch(vec![
            ("user", Arc::new(UInt64Array::from(vec![u64::MAX])) as ArrayRef),
            ("item", Arc::new(Int32Array::from(vec![7]))),
            ("rating", Arc::new(Int32Array::from(vec![7]))),
        ]);
        assert_eq!(read(parquet(&huge)).unwrap().0.users().name(0), "18446744073709551615");
    }

    #[test]
    fn what_is_missing_or_no_rating_is_rejected_by_reason() {
        let batch = batch(vec![
            ("user", Arc::new(Float64Array::from(vec![Some(1.0), None, Some(2.5), Some(3.0), Some(4.0)])) as ArrayRef),
            ("item", Arc::new(StringArray::from(vec![Some("a"), Some("b"), Some("c"), None, Some("d\u{7}")]))),
            ("rating", Arc::new(Float64Array::from(vec![Some(4.0), Some(4.0), Some(4.0), Some(4.0), Some(1.0)]))),
        ]);
        for (format, bytes) in every_format(&batch) {
            let (found, report) = read(bytes).unwrap();
            let reasons = [(Reason::Missing, 2), (Reason::IdNotWhole, 1), (Reason::IdControlCharacter, 1)];
            assert_eq!(report.rejected.by_reason, reasons.into(), "{format}");
            assert_eq!(found.users().iter().collect::<Vec<_>>(), ["1"], "a rejected row leaves no id behind");
            assert_eq!(report.rejected.first[0].line, 2);
        }
    }

    #[test]
    fn columns_are_shown_as_text_to_readers_of_text() {
        let mut genres = ListBuilder::new(StringBuilder::new());
        genres.append_value([Some("X"), Some("Y")]);
        genres.append_null();
        let batch = batch(vec![
            ("movieId", Arc::new(Int64Array::from(vec![7, 8])) as ArrayRef),
            ("title", Arc::new(StringArray::from(vec!["A, \"B\" (1990)", "C"]))),
            ("genres", Arc::new(genres.finish())),
            ("sold", Arc::new(BooleanArray::from(vec![true, false]))),
        ]);
        let ids = foretaste_data::ids::IdTable::from_sorted(["7", "8"]).unwrap();
        for (format, bytes) in every_format(&batch) {
            let (catalogue, report) = read_items(Source::bytes(bytes), &ids, &ItemsOptions::default()).unwrap();
            assert_eq!((report.accepted, report.rejected.total), (2, 0), "{format}");
            let item = catalogue.item(foretaste_data::ids::ItemIx(0));
            assert_eq!((item.title, item.year, item.genres), (Some("A, \"B\" (1990)"), Some(1990), vec!["X", "Y"]));
        }
    }

    #[test]
    fn parts_of_parquet_are_one_table_and_other_columns_are_refused() {
        let (first, text) = numbers();
        let second = batch(vec![
            ("user_id", Arc::new(Int32Array::from(vec![5])) as ArrayRef),
            ("item_id", Arc::new(Int32Array::from(vec![5]))),
            ("rating", Arc::new(Float32Array::from(vec![5.0]))),
            ("extra", Arc::new(StringArray::from(vec!["x"]))),
        ]);
        let parts = |parts: Vec<Vec<u8>>| Source::parts("parts", parts.into_iter().map(Source::bytes).collect());
        let go = |source| read_interactions(source, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        let (found, _) = go(parts(vec![parquet(&first), parquet(&second)])).unwrap();
        assert_eq!(found.hash(), read(format!("{text}5,5,5\n")).unwrap().0.hash());
        let other = batch(vec![("user_id", Arc::new(Int32Array::from(vec![5])) as ArrayRef)]);
        let error = go(parts(vec![parquet(&first), parquet(&other)])).unwrap_err().to_string();
        assert!(error.contains("no column `extra`"), "{error}");
        let error = go(parts(vec![parquet(&first), b"1,2,3\n".to_vec()])).unwrap_err().to_string();
        assert!(error.contains("it is text"), "{error}");
    }

    #[test]
    fn broken_files_are_refused_and_never_panic() {
        let (batch, text) = numbers();
        let expected = read(text).unwrap().0.hash();
        for (format, bytes) in every_format(&batch) {
            for length in (16..bytes.len()).step_by(bytes.len() / 50) {
                // A stream may end between two messages; without its end mark too.
                if let Ok((_, report)) = read(&bytes[..length]) {
                    assert_eq!((format, report.accepted), (Format::ArrowStream, 3000), "{length} bytes");
                }
            }
            for at in (8..bytes.len()).step_by(bytes.len() / 300) {
                let mut broken = bytes.clone();
                broken[at] ^= 1 << (at % 8);
                // No checksums: a changed value is a value. What must hold is that every outcome is an answer.
                let _ = read(broken);
            }
            assert_eq!(read(bytes).unwrap().0.hash(), expected);
        }
    }

    #[test]
    fn a_compressed_parquet_file_is_read_from_memory() {
        let (batch, text) = numbers();
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut writer, &parquet(&batch)).unwrap();
        let (found, report) = read(writer.finish().unwrap()).unwrap();
        assert_eq!(found.hash(), read(text).unwrap().0.hash());
        assert_eq!(report.compression, foretaste_data::table::Compression::Gzip);
    }
}
