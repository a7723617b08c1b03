//! Typed columns to numbered interactions: numbers stay numbers until an id is seen for the first time.

mod cells;
mod numbers;

use std::ops::ControlFlow;

use super::gather::{Gather, Verdict};
use super::read::{Reader, too_large};
use super::unnamed::{self, Holds};
use super::{Evidence, Progress, ReadError, ReadOptions, Reason, Roles};
use crate::columnar::{Batch, ColumnStream, Kind, Values};
use crate::ids::IdError;
use crate::table::{Decimal, Decoder, Encoding, TableError};
use cells::{Cells, id};
use numbers::Numbers;

/// What is to be gathered from columns; roles go by their names, as by those of a header.
pub(super) fn gather(columns: &ColumnStream, options: &ReadOptions, name: &str) -> Result<Gather, ReadError> {
    let decimal = options.decimal.unwrap_or(Decimal::Open);
    Ok(Gather::new(roles(columns, options, name)?, columns.columns().len(), decimal, options))
}

/// Reads all batches.
pub(super) fn read(
    reader: &mut Reader<'_>,
    columns: &mut ColumnStream,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let places: Vec<usize> = reader.gather.roles.places().map(|(_, role)| role.at).collect();
    columns.select(&places);
    let mut typed = Typed { users: Numbers::new(), items: Numbers::new(), decoder: Decoder::new(Some(Encoding::Utf8)) };
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

/// Finds the roles, and refuses columns that cannot play them; one that is a time by its name alone costs nothing.
fn roles(columns: &ColumnStream, options: &ReadOptions, file: &str) -> Result<Roles, ReadError> {
    let names: Vec<String> = columns.columns().iter().map(|column| column.name.clone()).collect();
    let roles = Roles::assign(&names, true, options, file)?;
    let holds = |at: usize| columns.columns().get(at).map_or(Holds::Open, |column| Holds::typed(column.kind));
    unnamed::refuse(&names, &roles, holds, options, file)?;
    for (role, place) in roles.places() {
        let Some(column) = columns.columns().get(place.at) else {
            let (found, name) = (names.into_iter().take(64).collect(), file.to_owned());
            return Err(ReadError::MissingColumn { name, role, column: None, found, likeliest: None });
        };
        let is_optional = role == "time" && place.evidence != Evidence::Asked;
        if matches!(column.kind, Kind::List | Kind::Other) && !is_optional {
            return Err(ReadError::Table(TableError::Refused {
                name: file.to_owned(),
                found: format!("{} whose column `{}` holds lists or nested values", columns.format(), column.name),
                advice: format!("a {role} is one number or text a row: name another column with --{role}-column"),
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
        if batch.rows() as u64 <= limit - reader.accepted
            && self.take_whole(&mut reader.gather, batch).map_err(|error| too_large(reader.name, &error))?
        {
            reader.rows += batch.rows() as u64;
            reader.accepted += batch.rows() as u64;
            return Ok(());
        }
        for row in 0..batch.rows() {
            if reader.accepted == limit {
                break;
            }
            let line = batch.line(row).unwrap_or(reader.rows + 1);
            let verdict = self.row(&mut reader.gather, batch, row).map_err(|error| too_large(reader.name, &error))?;
            reader.count(line, verdict)?;
        }
        Ok(())
    }

    /// Takes a batch of numbers without a gap, in which nothing can be wrong with a row; false, and nothing is taken, if
    /// it is none.
    fn take_whole(&mut self, gather: &mut Gather, batch: &Batch) -> Result<bool, IdError> {
        let Some(cells) = Cells::of(batch, gather) else { return Ok(false) };
        let (Values::Whole(users), Values::Whole(items)) = (&cells.user.values, &cells.item.values) else {
            return Ok(false);
        };
        let is_gapless = cells.user.missing.is_empty() && cells.item.missing.is_empty();
        let has_codes = cells.value.is_some() && (gather.weights.is_some() || !gather.missing.is_empty());
        let is_broken = (0..batch.rows()).any(|row| batch.is_broken(row));
        if !is_gapless || has_codes || is_broken {
            return Ok(false);
        }
        let values = match cells.value {
            Some(column) => cells::numbers(column),
            None => Some(vec![1.0; batch.rows()]),
        };
        let Some(values) = values else { return Ok(false) };
        if let Some(column) = cells.time {
            let Some((format, times)) = cells::times(gather, column) else { return Ok(false) };
            gather.time_format = format;
            gather.gathered.times.get_or_insert_default().extend_from_slice(&times);
        }
        gather.gathered.values.extend_from_slice(&values);
        let (mut last, mut run) = ((0i64, 0u32), 0u32);
        for (&user, &item) in users.iter().zip(items) {
            if run == 0 || user != last.0 {
                gather.push_run(last.1, run);
                last = (user, self.users.number(user, &mut gather.users)?);
                run = 0;
            }
            run += 1;
            gather.gathered.items.push(self.items.number(item, &mut gather.items)?);
        }
        gather.push_run(last.1, run);
        Ok(true)
    }

    /// Takes one row, of whatever types.
    fn row(&mut self, gather: &mut Gather, batch: &Batch, row: usize) -> Result<Verdict, IdError> {
        if batch.is_broken(row) {
            return Ok(Err(Reason::NotAnObject));
        }
        let Some(cells) = Cells::of(batch, gather) else { return Ok(Err(Reason::TooFewFields)) };
        if cells.user.is_missing(row) || cells.item.is_missing(row) {
            return Ok(Err(Reason::Missing));
        }
        let (user, item) = match (id(cells.user, row, &mut self.decoder), id(cells.item, row, &mut self.decoder)) {
            (Ok(user), Ok(item)) => (user, item),
            (Err(reason), _) | (_, Err(reason)) => return Ok(Err(reason)),
        };
        let value = cells.value.map_or(Ok(1.0), |column| cells::value(gather, column, row));
        if let (Err(Reason::WordWithoutWeight), Some(column)) = (value, cells.value) {
            gather.count_word(&cells::text(column, row), &mut self.decoder);
        }
        let time =
            value.and_then(|value| Ok((value, cells.time.map_or(Ok(0), |column| cells::time(gather, column, row))?)));
        let (value, time) = match time {
            Ok(entry) => entry,
            Err(reason) => return Ok(Err(reason)),
        };
        let user = user.number(&mut self.users, &mut gather.users)?;
        let item = item.number(&mut self.items, &mut gather.items)?;
        gather.push(user, item, value, time);
        Ok(Ok(()))
    }
}
