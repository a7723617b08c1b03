//! Whether what the columns hold contradicts the roles that they have by convention.

use super::decimals;
use crate::table::{Dialect, Kind, Separator, Sketch, Undecided, ends_in_fractions, unnamed};

/// Rows from which on a column that numbers them is no chance.
const SEQUENCE: usize = 3;
/// Rows from which on it says something that no user comes twice.
const SINGLE: usize = 3;
/// Columns of numbers of one scale from which on rows without a header are rather a table of values.
const TABLE: usize = 6;

/// The columns of user, item and value of a file without usual names: the first three that are not empty, but for a first
/// that numbers the rows. The last is `None` where nothing stands behind the item.
///
/// # Errors
/// When another order is as likely.
pub(super) fn by_place(dialect: &Dialect) -> Result<(usize, usize, Option<usize>), Undecided> {
    let filled = filled(dialect);
    let place = |nth: usize| filled.get(nth).copied().unwrap_or(nth.max(dialect.columns.len()));
    let column = |nth: usize| dialect.columns.get(place(nth));
    let kind = |nth: usize| column(nth).map_or(Kind::Empty, Sketch::kind);
    let from = |nth: usize| (place(nth), place(nth + 1), Some(place(nth + 2)));
    if let (Some(0), true) = (dialect.index, dialect.header.is_some()) {
        return Ok((1, 2, Some(3)));
    }
    let single = column(0).is_some_and(|first| first.is_unique() && first.missing == 0 && first.cells >= SINGLE);
    if single && has_no_name(dialect, place(0)) && filled.len() >= 4 {
        return Ok(from(1));
    }
    let numbered = column(0).is_some_and(|first| first.counts && first.cells >= SEQUENCE);
    if !numbered && single && dialect.width >= TABLE && one_scale(dialect) {
        return Err(table());
    }
    if (numbered || single) && matches!(kind(3), Kind::Whole | Kind::Number) {
        let third = kind(2);
        let fourth = kind(3);
        let values = |nth: usize| column(nth).map_or(0, |column| column.point + column.comma);
        if !matches!(third, Kind::Whole | Kind::Number) || (values(2) == 0 && values(3) > 0) {
            return Ok(from(1));
        }
        if fourth == Kind::Whole && values(2) > 0 {
            return Ok(from(0));
        }
        return Err(Undecided {
            what: "columns",
            one: "its first column numbers the rows, and user, item and value follow".to_owned(),
            other: "its first column is the user".to_owned(),
            flags: "--columns, such as --columns -,user,item,value or --columns user,item,value".to_owned(),
        });
    }
    let values_last = filled.len() == 4 && matches!(kind(3), Kind::Whole | Kind::Number);
    let time = |nth: &usize| column(*nth).is_some_and(|column| column.is_epoch() && column.whole == column.cells);
    let date = |nth: &usize| kind(*nth) == Kind::Time && column(*nth).is_some_and(|column| !column.is_epoch());
    if let Some(at) = (0..2).find(|nth| date(nth) || time(nth) && values_last) {
        return Err(early_time(at));
    }
    if kind(2) == Kind::Time && column(2).is_some_and(Sketch::is_epoch) {
        let value = if matches!(kind(3), Kind::Whole | Kind::Number) { ",value" } else { "" };
        return Err(Undecided {
            what: "columns",
            one: "its third column is a time".to_owned(),
            other: "its third column is a number of uses or a rating".to_owned(),
            flags: format!("--columns user,item,time{value} or --columns user,item,value"),
        });
    }
    if dialect.width >= TABLE && one_scale(dialect) {
        return Err(table());
    }
    // Nothing but users and items: each row counts 1.
    let clean = dialect.columns.iter().all(|column| column.controls == 0);
    let two = filled.len() == 2 && dialect.longest == dialect.width && filled[1] + 1 == dialect.width;
    let (user, item, value) = from(0);
    Ok((user, item, value.filter(|_| !(two && clean))))
}

/// A time where the user or the item is by convention.
fn early_time(nth: usize) -> Undecided {
    let order = ["time,user,item,value", "user,time,item,value"][nth.min(1)];
    Undecided {
        what: "columns",
        one: format!("its {} column is a time", ["first", "second"][nth.min(1)]),
        other: "it is the id of a user or an item".to_owned(),
        flags: format!("--columns {order} or --columns user,item,value"),
    }
}

fn table() -> Undecided {
    Undecided {
        what: "table",
        one: "it is a table of values without names".to_owned(),
        other: "each row is one interaction".to_owned(),
        flags: "--wide yes, or --columns such as --columns user,item,value".to_owned(),
    }
}

/// Columns in which something stands, where the rows show enough.
fn filled(dialect: &Dialect) -> Vec<usize> {
    let empty = |at: &usize| dialect.columns.get(*at).is_some_and(|column| column.cells > 0 && column.filled() == 0);
    let all: Vec<usize> = (0..dialect.width.max(dialect.longest)).collect();
    let filled: Vec<usize> = all.iter().copied().filter(|at| !empty(at)).collect();
    // An empty column of values is no gap between two columns.
    if dialect.header.is_none() && filled.len() >= 2 { filled } else { all }
}

/// Whether there is a header, and it has no name for a column.
fn has_no_name(dialect: &Dialect, at: usize) -> bool {
    dialect.header.as_ref().and_then(|names| names.get(at)).is_some_and(|name| unnamed(name))
}

/// Whether all columns behind the first are numbers that reach about as far as each other.
fn one_scale(dialect: &Dialect) -> bool {
    let columns = dialect.columns.get(1..dialect.width.min(dialect.columns.len())).unwrap_or_default();
    let reach = columns.iter().filter_map(|column| column.range).map(|(low, high)| low.abs().max(high.abs()));
    let reach: Vec<f64> = reach.collect();
    let largest = reach.iter().copied().fold(0.0, f64::max);
    let values = |column: &Sketch| column.numbers() + column.missing >= column.cells;
    let close = reach.iter().filter(|&&reach| reach * 4.0 >= largest).count();
    columns.iter().all(values) && close * 10 >= columns.len() * 7
}

/// Most fields a row may have: those of the longest row of the sample, unless a separator may have stood in a text
/// before the last column with a role. `last` is that column.
///
/// # Errors
/// When a field more may be the fraction of a decimal comma.
pub(super) fn most_fields(dialect: &Dialect, value: Option<usize>, last: usize) -> Result<usize, Undecided> {
    let columns = &dialect.columns;
    let surplus = &dialect.surplus;
    // Nobody writes a tab or two colons within a text.
    let stands_in_texts = !matches!(dialect.format.separator, Separator::Tab | Separator::DoubleColon);
    let texts = stands_in_texts && !dialect.quoted && columns.iter().take(last).any(|column| column.phrases > 0);
    if surplus.within > 0 && !dialect.quoted || dialect.longest <= dialect.width && dialect.header.is_some() {
        return Ok(dialect.width);
    }
    let value = value.unwrap_or(usize::MAX - 2);
    let whole =
        |at: usize| surplus.columns.get(at).is_some_and(|column| column.whole > 0 && column.whole == column.cells);
    let short = surplus.columns.get(value + 1).is_some_and(|more| more.short > 0 && more.short == more.cells);
    // Who writes points before fractions writes no commas there.
    let no_points = columns.get(value).is_some_and(|column| column.point == 0);
    let behind = surplus.cut.get(value).is_none_or(|&rows| rows == surplus.rows);
    let one_more = dialect.longest == dialect.width + 1 && behind;
    let some = value.checked_add(2) == Some(dialect.longest)
        && columns
            .get(value + 1)
            .is_some_and(|more| more.cells < dialect.rows && more.short > 0 && more.short == more.cells)
        && no_points;
    let fractions = dialect.header.is_none()
        && dialect.longest == dialect.width
        && value + 2 == dialect.width
        && ends_in_fractions(columns);
    if dialect.format.separator == Separator::Comma
        && (one_more && no_points && whole(value) && short || some || fractions)
    {
        let rows = if surplus.rows == dialect.rows || fractions { "all rows" } else { "some rows" };
        return Err(decimals::cut_in_two(rows));
    }
    let id_at_end = last + 1 == dialect.width
        && value != last
        && surplus.rows > 0
        && columns.get(last).is_some_and(|column| column.kind() == Kind::Text);
    if stands_in_texts && !dialect.quoted && (surplus.either > 0 || id_at_end && !texts) {
        return Err(Undecided {
            what: "columns",
            one: "some rows have a field more behind the last column".to_owned(),
            other: "a separator stands within some of their texts, without quotes".to_owned(),
            flags: "--columns, such as --columns user,item,value if nothing more is read; a text with a separator needs quotes"
                .to_owned(),
        });
    }
    // A later row may hold a separator in a text; where all rows were seen, none does.
    let unseen = texts && !(dialect.complete && surplus.within == 0);
    Ok(if unseen { dialect.width } else { dialect.longest })
}
