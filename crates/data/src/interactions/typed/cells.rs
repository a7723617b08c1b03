//! One cell as an id, a value or a time: what the text of the same data would be, without the text where that can be.

use std::borrow::Cow;

use super::super::gather::{Gather, id_text};
use super::super::intern::Interner;
use super::super::number::{rating, rating_of_float, rating_of_whole};
use super::super::{Reason, TimeFormat};
use super::Numbers;
use crate::columnar::{Batch, Column, Values, iso};
use crate::ids::IdError;
use crate::table::Decoder;

/// The columns of a batch by their roles.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub(super) user: &'a Column,
    pub(super) item: &'a Column,
    pub(super) value: Option<&'a Column>,
    /// `None` as well where times are not kept.
    pub(super) time: Option<&'a Column>,
}

impl<'a> Cells<'a> {
    /// The columns, selected in the order of [`Roles::places`](super::super::Roles::places).
    pub(super) fn of(batch: &'a Batch, gather: &Gather) -> Option<Self> {
        let mut columns = batch.columns().iter();
        let (user, item) = (columns.next()?, columns.next()?);
        let value = gather.roles.value.and_then(|_| columns.next());
        let time = gather.roles.time.and_then(|_| columns.next());
        Some(Self { user, item, value, time: time.filter(|_| gather.gathered.times.is_some()) })
    }
}

/// An id as it came.
pub(super) enum Id<'a> {
    Whole(i64),
    Text(Cow<'a, str>),
}

impl Id<'_> {
    pub(super) fn number(&self, numbers: &mut Numbers, ids: &mut Interner) -> Result<u32, IdError> {
        match self {
            Self::Whole(number) => numbers.number(*number, ids),
            Self::Text(text) => ids.number(text),
        }
    }
}

/// The id in a row, or why there is none.
pub(super) fn id<'a>(column: &'a Column, row: usize, decoder: &mut Decoder) -> Result<Id<'a>, Reason> {
    match &column.values {
        Values::Whole(values) => Ok(Id::Whole(values[row])),
        Values::Float(values) => whole(values[row]).map(Id::Whole),
        Values::Single(values) => whole(values[row].into()).map(Id::Whole),
        Values::Time(values) => Ok(Id::Text(iso(values[row]).into())),
        Values::Text(texts) => id_text(texts.get(row).trim_ascii(), decoder).map(Id::Text),
        Values::Nothing => Err(Reason::Missing),
    }
}

/// The whole number that a float is: a column of whole numbers with gaps becomes floats in pandas.
fn whole(float: f64) -> Result<i64, Reason> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.is_nan() {
        return Err(Reason::Missing);
    }
    #[allow(clippy::float_cmp, reason = "a whole number equals its truncation exactly")]
    let is_whole = float.trunc() == float && float.abs() <= EXACT;
    #[allow(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    if is_whole { Ok(float as i64) } else { Err(Reason::IdNotWhole) }
}

/// The values of a column of numbers, if every one is a value. Unfit where there are weights or codes for "no rating".
pub(super) fn numbers(column: &Column) -> Option<Vec<f32>> {
    match &column.values {
        _ if !column.missing.is_empty() => None,
        Values::Whole(values) => values.iter().map(|&value| rating_of_whole(value).ok()).collect(),
        Values::Float(values) => values.iter().map(|&value| rating_of_float(value).ok()).collect(),
        Values::Single(values) => values.iter().map(|&value| rating_of_float(value.into()).ok()).collect(),
        Values::Text(_) | Values::Time(_) | Values::Nothing => None,
    }
}

/// The value in a row: a number, the weight of a word, or the code for "no rating". Where a cell is empty, an empty
/// code stands for it.
pub(super) fn value(gather: &Gather, column: &Column, row: usize) -> Result<f32, Reason> {
    if column.is_missing(row) || matches!(column.values, Values::Nothing) {
        return Err(if gather.missing.hold(b"") { Reason::NoRating } else { Reason::Missing });
    }
    if gather.weights.is_none()
        && let Ok(number) = number(column, row)
    {
        return if gather.missing.hold_number(number) { Err(Reason::NoRating) } else { Ok(number) };
    }
    gather.value(&text(column, row))
}

fn number(column: &Column, row: usize) -> Result<f32, Reason> {
    match &column.values {
        Values::Whole(values) => rating_of_whole(values[row]),
        Values::Float(values) => rating_of_float(values[row]),
        Values::Single(values) => rating_of_float(values[row].into()),
        Values::Text(texts) => rating(texts.get(row).trim_ascii()),
        Values::Time(_) | Values::Nothing => Err(Reason::RatingNotANumber),
    }
}

/// What the text of the same data has there; nothing for what is missing.
pub(super) fn text(column: &Column, row: usize) -> Cow<'_, [u8]> {
    let written = match &column.values {
        _ if column.is_missing(row) => String::new(),
        Values::Whole(values) => values[row].to_string(),
        Values::Float(values) => values[row].to_string(),
        Values::Single(values) => values[row].to_string(),
        Values::Time(values) => iso(values[row]),
        Values::Text(texts) => return texts.get(row).trim_ascii().into(),
        Values::Nothing => String::new(),
    };
    written.into_bytes().into()
}

/// The times of a column without gaps and how they are written, if every one is a time that needs no text.
pub(super) fn times(gather: &Gather, column: &Column) -> Option<(Option<TimeFormat>, Vec<i64>)> {
    match &column.values {
        _ if !column.missing.is_empty() => None,
        Values::Time(times) => Some((gather.time_format.or(Some(TimeFormat::Iso8601)), times.clone())),
        Values::Whole(numbers) => {
            // As in text, the first number other than 0 decides for all.
            let first = || numbers.iter().find(|&&number| number != 0);
            let found = gather.time_format.or_else(|| TimeFormat::of(first()?.to_string().as_bytes()));
            match found {
                Some(format) if format.is_epoch() => {
                    let times: Option<Vec<i64>> = numbers.iter().map(|&number| format.of_whole(number)).collect();
                    Some((found, times?))
                }
                None if first().is_none() => Some((None, numbers.clone())),
                _ => None,
            }
        }
        Values::Float(_) | Values::Single(_) | Values::Text(_) | Values::Nothing => None,
    }
}

/// The time in a row, or what becomes of the row or of all times without it, as in text.
pub(super) fn time(gather: &mut Gather, column: &Column, row: usize) -> Result<i64, Reason> {
    let read = match (&column.values, gather.time_format) {
        _ if column.is_missing(row) => None,
        (Values::Time(times), _) => {
            gather.time_format.get_or_insert(TimeFormat::Iso8601);
            Some(times[row])
        }
        (Values::Whole(numbers), Some(format)) if format.is_epoch() => format.of_whole(numbers[row]),
        _ => gather.read_time(&text(column, row)),
    };
    gather.settle_time(read, || String::from_utf8_lossy(&text(column, row)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_ids_where_they_are_whole() {
        assert_eq!(whole(7.0), Ok(7));
        assert_eq!(whole(-0.0), Ok(0));
        assert_eq!(whole(7.5), Err(Reason::IdNotWhole));
        assert_eq!(whole(1e300), Err(Reason::IdNotWhole));
        assert_eq!(whole(f64::NAN), Err(Reason::Missing));
    }
}
