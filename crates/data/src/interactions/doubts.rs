//! Whether what the columns hold contradicts the roles that they have by convention.

use crate::table::{Dialect, Kind, Separator, Sketch, Undecided};

/// Rows from which on a column that numbers them is no chance.
const SEQUENCE: usize = 3;
/// Columns of numbers of one scale from which on rows without a header are rather a table of values.
const TABLE: usize = 6;

/// The columns of user, item and value of a file without usual names: the first three, but for a first that numbers
/// the rows.
///
/// # Errors
/// When another order is as likely.
pub(super) fn by_place(dialect: &Dialect) -> Result<[usize; 3], Undecided> {
    let column = |at: usize| dialect.columns.get(at);
    let kind = |at: usize| column(at).map_or(Kind::Empty, Sketch::kind);
    if let (Some(0), true) = (dialect.index, dialect.header.is_some()) {
        return Ok([1, 2, 3]);
    }
    let numbered = column(0).is_some_and(|first| first.counts && first.cells >= SEQUENCE);
    if numbered && dialect.width >= 4 && matches!(kind(3), Kind::Whole | Kind::Number) {
        let third = kind(2);
        let fourth = kind(3);
        let values = |at: usize| column(at).map_or(0, |column| column.point + column.comma);
        if !matches!(third, Kind::Whole | Kind::Number) || (values(2) == 0 && values(3) > 0) {
            return Ok([1, 2, 3]);
        }
        if fourth == Kind::Whole && values(2) > 0 {
            return Ok([0, 1, 2]);
        }
        return Err(Undecided {
            what: "columns",
            one: "its first column numbers the rows, and user, item and value follow".to_owned(),
            other: "its first column is the user".to_owned(),
            flags: "--columns, such as --columns -,user,item,value or --columns user,item,value".to_owned(),
        });
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
        return Err(Undecided {
            what: "table",
            one: "it is a table of values without names".to_owned(),
            other: "each row is one interaction".to_owned(),
            flags: "--wide yes, or --columns such as --columns user,item,value".to_owned(),
        });
    }
    Ok([0, 1, 2])
}

/// Whether all columns behind the first are numbers that reach about as far as each other.
fn one_scale(dialect: &Dialect) -> bool {
    let columns = &dialect.columns[1..dialect.width.min(dialect.columns.len())];
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
    let value = value.unwrap_or(usize::MAX - 2);
    let texts = !dialect.quoted && columns.iter().take(last).any(|column| column.phrases > 0);
    if texts || dialect.longest <= dialect.width && dialect.header.is_some() {
        return Ok(dialect.width);
    }
    let some_longer =
        dialect.longest == value + 2 && columns.get(value + 1).is_some_and(|more| more.cells < dialect.rows);
    let short =
        columns.get(value + 1).and_then(|more| more.range).is_some_and(|(low, high)| low >= 0.0 && high < 100.0);
    let whole = columns.get(value).is_some_and(|column| column.point == 0);
    if dialect.format.separator == Separator::Comma && some_longer && short && whole {
        return Err(Undecided {
            what: "decimal",
            one: "some rows have a field more than others".to_owned(),
            other: "some of their numbers have a decimal comma, without quotes".to_owned(),
            flags: "--columns, such as --columns user,item,value,-; numbers with a decimal comma need quotes or another separator".to_owned(),
        });
    }
    Ok(dialect.longest)
}

/// Commas that may stand between thousands as well as before a fraction.
pub(super) fn thousands() -> Undecided {
    Undecided {
        what: "decimal",
        one: "the commas in its values stand before a fraction".to_owned(),
        other: "they stand between thousands".to_owned(),
        flags: "--decimal comma or --decimal point".to_owned(),
    }
}
