//! Rows of lists and scores: the columns found by name, every field checked.

use std::ops::ControlFlow;
use std::path::Path;

use foretaste::dataset::table_of;
use foretaste::interactions::{ITEM_NAMES, USER_NAMES, normalised};
use foretaste::table::{CHUNK_BYTES, Fields, Lines, Record};

use super::{Kind, Outside, OutsideError};

/// Names of the column of ranks, [`normalised`].
const RANKS: [&str; 3] = ["rank", "position", "place"];
/// Names of the column of scores.
const SCORES: [&str; 2] = ["score", "relevance"];
/// Names of the column of predicted ratings.
const PREDICTIONS: [&str; 4] = ["prediction", "predictedrating", "predicted", "rating"];
/// The name of the column of folds.
const FOLD: &str = "fold";

/// What the order of a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// That of the rows.
    Rows,
    /// That of ranks, from 1.
    Rank,
    /// That of falling scores.
    Score,
    /// None: the values are predicted ratings.
    Prediction,
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) user: &'a str,
    pub(super) item: &'a str,
    /// Its rank, score or prediction; the number of the row where rows are in order.
    pub(super) value: f64,
    /// From 0.
    pub(super) fold: Option<usize>,
}

/// Where the columns stand.
struct Columns {
    user: usize,
    item: usize,
    value: Option<usize>,
    fold: Option<usize>,
    order: Order,
}

/// Reads a file, row by row; what its order is.
///
/// # Errors
/// It does not open; its columns are not clear; there are several folds and no column `fold`; or a row is none: a file with
/// such a row is refused.
pub(super) fn read(of: &Outside, folds: usize, take: &mut dyn FnMut(Row<'_>)) -> Result<Order, OutsideError> {
    let path = &of.path;
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| OutsideError::Read { path: path.clone(), source };
    let source = table_of(path).map_err(|error| failed(Box::new(error)))?;
    let mut lines = Lines::open(source, None, None, CHUNK_BYTES).map_err(|error| failed(Box::new(error)))?;
    let (mut fields, mut columns, mut rows) = (Fields::default(), None, 0u32);
    while let Some((line, record)) =
        lines.next(&mut |_| ControlFlow::Continue(())).map_err(|error| failed(Box::new(error)))?
    {
        let refused = |found: String, expected: &str| OutsideError::Row {
            path: path.clone(),
            line,
            found,
            expected: expected.to_owned(),
        };
        match record {
            Record::Row(row) => fields.split(lines.row(&row), lines.format().separator),
            Record::Stopped => break,
            Record::TooLong => return Err(refused("the line is too long".into(), "a user and an item")),
            Record::Unterminated => return Err(refused("a quote does not end".into(), "a user and an item")),
        }
        let columns = match &columns {
            Some(columns) => columns,
            None => {
                let (found, is_header) = find(&fields, of.kind, path)?;
                if folds > 1 && found.fold.is_none() {
                    return Err(OutsideError::Folds { path: path.clone(), folds });
                }
                let found = columns.insert(found);
                if is_header {
                    continue;
                }
                found
            }
        };
        let mut text = |at: usize, what: &'static str| {
            let bytes = fields.get(at).unwrap_or_default();
            let text = lines.decoder().text(bytes).filter(|text| !text.is_empty());
            let found = || format!("the field {:?}", String::from_utf8_lossy(bytes));
            text.ok_or_else(|| refused(found(), what))
        };
        let (user, item) = (text(columns.user, "a user")?, text(columns.item, "an item")?);
        rows = rows.saturating_add(1);
        let value = match columns.value {
            None => f64::from(rows),
            Some(at) => number(&text(at, columns.order.expected())?, columns.order)
                .ok_or_else(|| refused(format!("`{}`", shown(&fields, at)), columns.order.expected()))?,
        };
        let fold = columns.fold.map(|at| {
            let fold = text(at, "a fold")?.parse().ok().filter(|fold| (1..=folds).contains(fold));
            let expected = format!("a fold from 1 to {folds}");
            fold.map(|fold| fold - 1).ok_or_else(|| refused(format!("`{}`", shown(&fields, at)), &expected))
        });
        take(Row { user: &user, item: &item, value, fold: fold.transpose()? });
    }
    columns.map(|columns| columns.order).ok_or_else(|| failed("the file is empty".into()))
}

impl Order {
    const fn expected(self) -> &'static str {
        match self {
            Self::Rank => "a rank: 1 or a greater whole number",
            Self::Rows | Self::Score => "a score: a finite number",
            Self::Prediction => "a predicted rating: a finite number",
        }
    }
}

fn number(text: &str, order: Order) -> Option<f64> {
    match order {
        Order::Rank => text.parse::<u32>().ok().filter(|&rank| rank > 0).map(f64::from),
        _ => text.parse::<f64>().ok().filter(|number| number.is_finite()),
    }
}

fn shown(fields: &Fields, at: usize) -> String {
    String::from_utf8_lossy(fields.get(at).unwrap_or_default()).into_owned()
}

/// The columns that the first row names, or those of a file without a header; and whether it is a header: a row without a
/// number that names a user's and an item's column.
fn find(first: &Fields, kind: Kind, path: &Path) -> Result<(Columns, bool), OutsideError> {
    let names: Vec<String> = first.iter().map(normalised).collect();
    let place = |known: &[&str]| known.iter().find_map(|known| names.iter().position(|name| name == known));
    let refused = |why| {
        let found = (0..names.len().min(64)).map(|at| shown(first, at)).collect();
        Err(OutsideError::Columns { path: path.to_owned(), found, why })
    };
    let has_number = (0..names.len()).any(|at| shown(first, at).parse::<f64>().is_ok());
    let Some((user, item)) = place(USER_NAMES).zip(place(ITEM_NAMES)).filter(|_| !has_number) else {
        let (value, order) = match (kind, names.len()) {
            (_, 0 | 1) => return refused("has no user and item"),
            (Kind::Lists, 2) => (None, Order::Rows),
            (Kind::Lists, _) => {
                return refused("may be a rank or a score: name the columns in a header, such as `user,item,rank`");
            }
            (Kind::Scores, 3) => (Some(2), Order::Score),
            (Kind::Scores, _) => return refused("is not user, item and score: name the columns in a header"),
        };
        return Ok((Columns { user: 0, item: 1, value, fold: None, order }, false));
    };
    let (rank, score, prediction) = (place(&RANKS), place(&SCORES), place(&PREDICTIONS));
    let (value, order) = match (kind, rank, score, prediction) {
        (Kind::Lists, Some(rank), ..) => (Some(rank), Order::Rank),
        (Kind::Lists, None, Some(score), _) => (Some(score), Order::Score),
        (Kind::Lists, None, None, Some(_)) => {
            return refused("names predicted ratings: call them `score` where they rank, or give the file to --scores");
        }
        (Kind::Lists, None, None, None) => (None, Order::Rows),
        (Kind::Scores, _, Some(_), Some(_)) => {
            return refused("names a score and a predicted rating, expected one of them");
        }
        (Kind::Scores, _, Some(score), None) => (Some(score), Order::Score),
        (Kind::Scores, _, None, Some(prediction)) => (Some(prediction), Order::Prediction),
        (Kind::Scores, _, None, None) => {
            return refused("names neither a column `score` nor a column `prediction`");
        }
    };
    Ok((Columns { user, item, value, fold: place(&[FOLD]), order }, true))
}
