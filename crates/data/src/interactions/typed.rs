//! Typed columns to numbered interactions: numbers stay numbers until an id is seen for the first time.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::ops::ControlFlow;

use super::gather::{Gather, id_text};
use super::intern::Interner;
use super::number::{rating, rating_of_float, rating_of_whole};
use super::read::{Reader, too_large};
use super::{Progress, ReadError, ReadOptions, Reason, Roles};
use crate::columnar::{Batch, Column, ColumnStream, Kind, Values};
use crate::ids::IdError;
use crate::table::{Decoder, Encoding, Fields, TableError};

/// Whole numbers below this are looked up by value.
const SMALL_NUMBERS: usize = 1 << 20;

/// Reads all batches; roles go by the columns' names, as by those of a header.
pub(super) fn read(
    reader: &mut Reader<'_>,
    columns: &mut ColumnStream,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let roles = roles(columns, reader)?;
    columns.select(&roles.columns);
    let mut typed = Typed { users: Numbers::new(), items: Numbers::new(), decoder: Decoder::new(Some(Encoding::Utf8)) };
    let gather = reader.gather.insert(Gather::new(roles));
    gather.most_fields = Some(columns.columns().len());
    let limit = reader.options.rows.unwrap_or(u64::MAX);
    while reader.accepted < limit {
        if progress(columns.progress()).is_break() {
            return Err(ReadError::Stopped { name: reader.name.to_owned() });
        }
        let Some(batch) = columns.next()? else { break };
        typed.take(reader, &batch, limit)?;
    }
    Ok(())
}

/// Finds the roles, and refuses columns that cannot play them.
fn roles(columns: &ColumnStream, reader: &Reader<'_>) -> Result<Roles, ReadError> {
    let mut names = Fields::default();
    names.take(columns.columns().iter().map(|column| column.name.as_bytes()));
    let options = ReadOptions { header: Some(true), ..reader.options.clone() };
    let roles = Roles::find(&names, &options, reader.name)?;
    for (&column, (role, flag)) in roles.columns.iter().zip([
        ("users", "--user-column"),
        ("items", "--item-column"),
        ("ratings", "--rating-column"),
    ]) {
        let Some(column) = columns.columns().get(column) else {
            let found = columns.columns().iter().map(|column| column.name.clone()).take(64).collect();
            return Err(ReadError::MissingColumn { name: reader.name.to_owned(), role, column: None, found });
        };
        if matches!(column.kind, Kind::List | Kind::Other) {
            return Err(ReadError::Table(TableError::Refused {
                name: reader.name.to_owned(),
                found: format!("{} whose column `{}` holds lists or nested values", columns.format(), column.name),
                advice: format!("{role} are one number or text a row: name another column with {flag}"),
            }));
        }
    }
    Ok(roles)
}

struct Typed {
    users: Numbers,
    items: Numbers,
    decoder: Decoder,
}

impl Typed {
    fn take(&mut self, reader: &mut Reader<'_>, batch: &Batch, limit: u64) -> Result<(), ReadError> {
        let ([user, item, value], Some(gather)) = (batch.columns(), &mut reader.gather) else { return Ok(()) };
        let (mut last, mut run) = ((0i64, 0u32), 0u32);
        if let (Values::Whole(users), Values::Whole(items)) = (&user.values, &item.values)
            && [user, item, value].iter().all(|column| column.missing.is_empty())
            && let Some(values) = numbers(value)
            && batch.rows() as u64 <= limit - reader.accepted
        {
            // Numbers without a gap: nothing can be wrong with a row.
            let fail = |error: IdError| too_large(reader.name, &error);
            gather.gathered.values.extend_from_slice(&values);
            for (&user, &item) in users.iter().zip(items) {
                if run == 0 || user != last.0 {
                    gather.push_run(last.1, run);
                    last = (user, self.users.number(user, &mut gather.users).map_err(fail)?);
                    run = 0;
                }
                run += 1;
                gather.gathered.items.push(self.items.number(item, &mut gather.items).map_err(fail)?);
            }
            gather.push_run(last.1, run);
            reader.rows += batch.rows() as u64;
            reader.accepted += batch.rows() as u64;
            return Ok(());
        }
        for row in 0..batch.rows() {
            if reader.accepted == limit {
                break;
            }
            let line = batch.line(row).unwrap_or(reader.rows + 1);
            let verdict = self.row(reader, batch, row).map_err(|error| too_large(reader.name, &error))?;
            reader.count(line, verdict)?;
        }
        Ok(())
    }

    /// Takes one row, of whatever types.
    fn row(&mut self, reader: &mut Reader<'_>, batch: &Batch, row: usize) -> Result<Result<(), Reason>, IdError> {
        let ([user, item, value], Some(gather)) = (batch.columns(), &mut reader.gather) else { return Ok(Ok(())) };
        if batch.is_broken(row) {
            return Ok(Err(Reason::NotAnObject));
        }
        if [user, item, value].iter().any(|column| column.is_missing(row)) {
            return Ok(Err(Reason::Missing));
        }
        let (user, item) = match (id(user, row, &mut self.decoder), id(item, row, &mut self.decoder)) {
            (Ok(user), Ok(item)) => (user, item),
            (Err(reason), _) | (_, Err(reason)) => return Ok(Err(reason)),
        };
        let value = match number(value, row) {
            Ok(value) => value,
            Err(reason) => return Ok(Err(reason)),
        };
        let user = user.number(&mut self.users, &mut gather.users)?;
        let item = item.number(&mut self.items, &mut gather.items)?;
        gather.push_run(user, 1);
        gather.gathered.items.push(item);
        gather.gathered.values.push(value);
        Ok(Ok(()))
    }
}

/// The ratings of a column of numbers, if every one is a rating.
fn numbers(column: &Column) -> Option<Vec<f32>> {
    match &column.values {
        Values::Whole(values) => values.iter().map(|&value| rating_of_whole(value).ok()).collect(),
        Values::Float(values) => values.iter().map(|&value| rating_of_float(value).ok()).collect(),
        Values::Single(values) => values.iter().map(|&value| rating_of_float(value.into()).ok()).collect(),
        Values::Text(_) | Values::Time(_) | Values::Nothing => None,
    }
}

fn number(column: &Column, row: usize) -> Result<f32, Reason> {
    match &column.values {
        Values::Whole(values) => rating_of_whole(values[row]),
        Values::Float(values) => rating_of_float(values[row]),
        Values::Single(values) => rating_of_float(values[row].into()),
        Values::Text(texts) => rating(texts.get(row).trim_ascii()),
        Values::Time(_) => Err(Reason::RatingNotANumber),
        Values::Nothing => Err(Reason::Missing),
    }
}

/// An id as it came.
enum Id<'a> {
    Whole(i64),
    Text(Cow<'a, str>),
}

impl Id<'_> {
    fn number(&self, numbers: &mut Numbers, ids: &mut Interner) -> Result<u32, IdError> {
        match self {
            Self::Whole(number) => numbers.number(*number, ids),
            Self::Text(text) => ids.number(text),
        }
    }
}

fn id<'a>(column: &'a Column, row: usize, decoder: &mut Decoder) -> Result<Id<'a>, Reason> {
    match &column.values {
        Values::Whole(values) => Ok(Id::Whole(values[row])),
        Values::Float(values) => whole(values[row]).map(Id::Whole),
        Values::Single(values) => whole(values[row].into()).map(Id::Whole),
        Values::Time(values) => Ok(Id::Text(crate::columnar::iso(values[row]).into())),
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

/// Numbers of ids that are whole numbers; each is written as text once.
struct Numbers {
    /// By value, one more than the number; 0 where none is.
    small: Vec<u32>,
    /// Open addressing; the number is one more than the id's, 0 where a slot is free.
    slots: Vec<(i64, u32)>,
    used: usize,
    seed: u64,
}

impl Numbers {
    fn new() -> Self {
        Self { small: Vec::new(), slots: vec![(0, 0); 1 << 12], used: 0, seed: RandomState::new().hash_one(0u64) | 1 }
    }

    #[inline]
    fn number(&mut self, value: i64, ids: &mut Interner) -> Result<u32, IdError> {
        if let Some(&number) = usize::try_from(value).ok().and_then(|at| self.small.get(at))
            && number > 0
        {
            return Ok(number - 1);
        }
        self.other(value, ids)
    }

    fn slot(&self, value: i64) -> usize {
        let wide = u128::from(value.cast_unsigned() ^ self.seed.rotate_left(32)) * u128::from(self.seed);
        #[allow(
            clippy::cast_possible_truncation,
            reason = "the halves of a product, and as many bits as there are slots"
        )]
        let folded = ((wide >> 64) as u64 ^ wide as u64) as usize;
        let mask = self.slots.len() - 1;
        let mut at = folded & mask;
        while self.slots[at].1 > 0 && self.slots[at].0 != value {
            at = (at + 1) & mask;
        }
        at
    }

    fn other(&mut self, value: i64, ids: &mut Interner) -> Result<u32, IdError> {
        match usize::try_from(value) {
            Ok(at) if at < SMALL_NUMBERS => {
                let number = ids.number(&value.to_string())?;
                if at >= self.small.len() {
                    self.small.resize((at + 1).next_power_of_two(), 0);
                }
                self.small[at] = number + 1;
                Ok(number)
            }
            _ => {
                let at = self.slot(value);
                if self.slots[at].1 > 0 {
                    return Ok(self.slots[at].1 - 1);
                }
                let number = ids.number(&value.to_string())?;
                self.slots[at] = (value, number + 1);
                self.used += 1;
                if self.used * 2 > self.slots.len() {
                    let length = self.slots.len() * 4;
                    let old = std::mem::replace(&mut self.slots, vec![(0, 0); length]);
                    for slot in old.into_iter().filter(|slot| slot.1 > 0) {
                        let at = self.slot(slot.0);
                        self.slots[at] = slot;
                    }
                }
                Ok(number)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_numbered_as_their_text_is() {
        let (mut numbers, mut ids) = (Numbers::new(), Interner::new());
        let values: Vec<i64> =
            (0..20_000).map(|n| (n * 7_919 - 30_000) * if n % 3 == 0 { 1_000_003 } else { 1 }).collect();
        let values = values.into_iter().chain([i64::MAX, i64::MIN, 0, -1]).collect::<std::collections::BTreeSet<_>>();
        for (number, &value) in (0u32..).zip(&values) {
            assert_eq!(numbers.number(value, &mut ids), Ok(number));
        }
        for (number, &value) in (0u32..).zip(&values) {
            assert_eq!(numbers.number(value, &mut ids), Ok(number));
            assert_eq!(ids.number(&value.to_string()), Ok(number));
        }
    }

    #[test]
    fn floats_are_ids_where_they_are_whole() {
        assert_eq!(whole(7.0), Ok(7));
        assert_eq!(whole(-0.0), Ok(0));
        assert_eq!(whole(7.5), Err(Reason::IdNotWhole));
        assert_eq!(whole(1e300), Err(Reason::IdNotWhole));
        assert_eq!(whole(f64::NAN), Err(Reason::Missing));
    }
}
