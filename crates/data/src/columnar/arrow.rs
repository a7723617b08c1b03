//! Arrow IPC, and Arrow's arrays as columns.

use std::io::{BufReader, Read};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal128Type, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, Schema, TimeUnit};

use super::{Batch, Batches, Column, ColumnInfo, Kind, Texts, Values};
use crate::source::Raw;

const DAY_MS: i64 = 86_400_000;

pub(super) fn open_file(raw: Raw) -> Result<Box<dyn Batches>, String> {
    let reader = FileReader::try_new(BufReader::new(raw), None).map_err(|error| error.to_string())?;
    Ok(Ipc::boxed(&reader.schema(), reader))
}

pub(super) fn open_stream(bytes: Box<dyn Read + Send>) -> Result<Box<dyn Batches>, String> {
    let reader = StreamReader::try_new(BufReader::new(bytes), None).map_err(|error| error.to_string())?;
    Ok(Ipc::boxed(&reader.schema(), reader))
}

struct Ipc<R> {
    columns: Vec<ColumnInfo>,
    places: Vec<usize>,
    reader: R,
}

impl<R: Iterator<Item = Result<RecordBatch, ArrowError>> + Send + 'static> Ipc<R> {
    fn boxed(schema: &Schema, reader: R) -> Box<dyn Batches> {
        let columns = columns(schema);
        Box::new(Self { places: (0..columns.len()).collect(), columns, reader })
    }
}

impl<R: Iterator<Item = Result<RecordBatch, ArrowError>> + Send> Batches for Ipc<R> {
    fn columns(&self) -> &[ColumnInfo] {
        &self.columns
    }

    fn select(&mut self, columns: &[usize]) {
        self.places = columns.to_vec();
    }

    fn next(&mut self) -> Result<Option<Batch>, String> {
        match self.reader.next() {
            None => Ok(None),
            Some(found) => batch(&found.map_err(|error| error.to_string())?, &self.places).map(Some),
        }
    }
}

/// Names and kinds of a schema's columns.
pub(super) fn columns(schema: &Schema) -> Vec<ColumnInfo> {
    let fields = schema.fields().iter();
    fields.map(|field| ColumnInfo { name: field.name().clone(), kind: kind(field.data_type()) }).collect()
}

fn kind(data: &DataType) -> Kind {
    match data {
        DataType::Boolean => Kind::Bool,
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Decimal128(_, scale) => {
            if *scale > 0 {
                Kind::Float
            } else {
                Kind::Whole
            }
        }
        data if data.is_integer() => Kind::Whole,
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Kind::Time,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Kind::Text,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Kind::Text,
        DataType::Dictionary(_, values) => kind(values),
        DataType::List(entry) | DataType::LargeList(entry) => match kind(entry.data_type()) {
            Kind::List | Kind::Other => Kind::Other,
            _ => Kind::List,
        },
        _ => Kind::Other,
    }
}

/// The columns of a batch at these places.
pub(super) fn batch(batch: &RecordBatch, places: &[usize]) -> Result<Batch, String> {
    let columns =
        places.iter().map(|&place| batch.columns().get(place).map_or_else(|| Ok(nothing(batch.num_rows())), column));
    Ok(Batch::new(batch.num_rows(), columns.collect::<Result<_, String>>()?))
}

fn nothing(rows: usize) -> Column {
    Column { values: Values::Nothing, missing: vec![true; rows] }
}

fn column(array: &std::sync::Arc<dyn Array>) -> Result<Column, String> {
    let array = array.as_ref();
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let dense = arrow_select::take::take(dictionary.values(), dictionary.keys(), None);
        return column(&dense.map_err(|error| error.to_string())?);
    }
    let missing = match array.logical_nulls() {
        Some(nulls) if nulls.null_count() > 0 => nulls.iter().map(|valid| !valid).collect(),
        _ => Vec::new(),
    };
    Ok(Column { values: values(array), missing })
}

fn whole<T: ArrowPrimitiveType>(array: &dyn Array) -> Values
where
    T::Native: Into<i64>,
{
    Values::Whole(array.as_primitive::<T>().values().iter().map(|&value| value.into()).collect())
}

fn time<T: ArrowPrimitiveType<Native = i64>>(array: &dyn Array, ms: impl Fn(i64) -> i64) -> Values {
    Values::Time(array.as_primitive::<T>().values().iter().map(|&value| ms(value)).collect())
}

fn texts<'a>(rows: usize, each: impl Iterator<Item = &'a [u8]>) -> Values {
    let mut texts = Texts::with_capacity(rows, rows * 8);
    each.for_each(|text| texts.push(text));
    Values::Text(texts)
}

fn values(array: &dyn Array) -> Values {
    let rows = array.len();
    match array.data_type() {
        DataType::Int8 => whole::<Int8Type>(array),
        DataType::Int16 => whole::<Int16Type>(array),
        DataType::Int32 => whole::<Int32Type>(array),
        DataType::Int64 => Values::Whole(array.as_primitive::<Int64Type>().values().to_vec()),
        DataType::UInt8 => whole::<UInt8Type>(array),
        DataType::UInt16 => whole::<UInt16Type>(array),
        DataType::UInt32 => whole::<UInt32Type>(array),
        DataType::UInt64 => unsigned(array),
        DataType::Float16 => {
            Values::Single(array.as_primitive::<Float16Type>().values().iter().map(|value| value.to_f32()).collect())
        }
        DataType::Float32 => Values::Single(array.as_primitive::<Float32Type>().values().to_vec()),
        DataType::Float64 => Values::Float(array.as_primitive::<Float64Type>().values().to_vec()),
        DataType::Decimal128(..) => {
            let decimals = array.as_primitive::<Decimal128Type>();
            let mut texts = Texts::with_capacity(rows, rows * 8);
            (0..rows).for_each(|row| texts.push(decimals.value_as_string(row).as_bytes()));
            Values::Text(texts)
        }
        DataType::Boolean => {
            let values = array.as_boolean().values().iter();
            texts(rows, values.map(|value| if value { &b"true"[..] } else { b"false" }))
        }
        DataType::Timestamp(TimeUnit::Second, _) => {
            time::<TimestampSecondType>(array, |seconds| seconds.saturating_mul(1000))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => time::<TimestampMillisecondType>(array, |ms| ms),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            time::<TimestampMicrosecondType>(array, |us| us.div_euclid(1000))
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            time::<TimestampNanosecondType>(array, |ns| ns.div_euclid(1_000_000))
        }
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>().values().iter();
            Values::Time(days.map(|&days| i64::from(days) * DAY_MS).collect())
        }
        DataType::Date64 => time::<Date64Type>(array, |ms| ms),
        DataType::Utf8 => texts(rows, array.as_string::<i32>().iter().map(|text| text.unwrap_or_default().as_bytes())),
        DataType::LargeUtf8 => {
            texts(rows, array.as_string::<i64>().iter().map(|text| text.unwrap_or_default().as_bytes()))
        }
        DataType::Utf8View => {
            texts(rows, array.as_string_view().iter().map(|text| text.unwrap_or_default().as_bytes()))
        }
        DataType::Binary => texts(rows, array.as_binary::<i32>().iter().map(Option::unwrap_or_default)),
        DataType::LargeBinary => texts(rows, array.as_binary::<i64>().iter().map(Option::unwrap_or_default)),
        DataType::BinaryView => texts(rows, array.as_binary_view().iter().map(Option::unwrap_or_default)),
        DataType::List(_) => lists(rows, |row| array.as_list::<i32>().value(row), |row| array.is_valid(row)),
        DataType::LargeList(_) => lists(rows, |row| array.as_list::<i64>().value(row), |row| array.is_valid(row)),
        _ => Values::Nothing,
    }
}

/// Whole numbers without sign; as text where one is beyond what a signed one holds.
fn unsigned(array: &dyn Array) -> Values {
    let numbers = array.as_primitive::<UInt64Type>().values();
    match numbers.iter().map(|&number| i64::try_from(number)).collect() {
        Ok(whole) => Values::Whole(whole),
        Err(_) => {
            let mut texts = Texts::with_capacity(numbers.len(), numbers.len() * 8);
            numbers.iter().for_each(|number| texts.push(number.to_string().as_bytes()));
            Values::Text(texts)
        }
    }
}

/// Lists as text, `|` between the entries; nothing for entries that are nested or missing.
fn lists(rows: usize, list: impl Fn(usize) -> std::sync::Arc<dyn Array>, valid: impl Fn(usize) -> bool) -> Values {
    let mut texts = Texts::with_capacity(rows, rows * 16);
    for row in 0..rows {
        if valid(row)
            && let Ok(entries) = column(&list(row))
        {
            let mut first = true;
            for entry in 0..list(row).len() {
                if entries.is_missing(entry) {
                    continue;
                }
                if !first {
                    texts.extend(b"|");
                }
                first = false;
                match &entries.values {
                    Values::Text(inner) => texts.extend(inner.get(entry)),
                    Values::Whole(numbers) => texts.extend(numbers[entry].to_string().as_bytes()),
                    Values::Float(numbers) => texts.extend(numbers[entry].to_string().as_bytes()),
                    Values::Single(numbers) => texts.extend(numbers[entry].to_string().as_bytes()),
                    Values::Time(times) => texts.extend(super::text::iso(times[entry]).as_bytes()),
                    Values::Nothing => {}
                }
            }
        }
        texts.end();
    }
    Values::Text(texts)
}
