//! Whether the first field of each row numbers or names the row, where the header has a name less than rows have fields.

use super::super::Separator;
use super::sketch::{Kind, Sketch, number};
use super::{Asked, Undecided, surplus};

/// Names of columns that number rows.
const NUMBERING: [&str; 12] =
    ["index", "idx", "id", "row", "rowid", "rownumber", "rownum", "no", "nr", "number", "line", "recordid"];
/// Columns from which on a table is rather one of values.
const WIDE: usize = 6;
/// Rows from which on it says something that no two begin with the same field.
const FEW_NAMES: usize = 3;
/// Rows from which on it is no chance that no two begin with the same field.
const ROW_NAMES: usize = 10;
/// The role of values, as the vocabulary of names gives it; those of users and items are smaller.
const VALUE: usize = 2;
/// The role of times.
const TIME: usize = 3;

/// What is known of rows below a header.
pub(super) struct Seen<'a> {
    pub(super) columns: &'a [Sketch],
    pub(super) rows: usize,
    /// Rows of more fields than the header has.
    pub(super) longer: usize,
    /// Fields of most rows.
    pub(super) usual: usize,
    pub(super) separator: Separator,
    pub(super) asked: &'a Asked<'a>,
}

impl Seen<'_> {
    /// Whether the first field has no name.
    ///
    /// # Errors
    /// When it may as well be the last that has none.
    pub(super) fn leads(&self, names: &[String]) -> Result<bool, Undecided> {
        // A list of all columns counts the fields of a row, and says which of them are read.
        self.seems_to_lead(names).or_else(|undecided| self.asked.skips_first.ok_or(undecided))
    }

    fn seems_to_lead(&self, names: &[String]) -> Result<bool, Undecided> {
        if self.longer == 0 {
            return Ok(false);
        }
        // The first name may be that of the column that numbers the rows.
        let plain: String = names[0].chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        if NUMBERING.contains(&plain.as_str()) {
            return Ok(false);
        }
        if self.columns.first().is_some_and(|first| first.counts) && self.rows > 1 {
            let all = self.rows >= 3 && self.longer == self.rows;
            return if all || self.rows >= 5 && self.longer * 2 > self.rows {
                Ok(true)
            } else {
                Err(either_end(names))
            };
        }
        let most = self.usual == names.len() + 1 && self.longer * 10 >= self.rows * 9;
        if most || self.may_name_rows(names) { self.is_index(names) } else { Ok(false) }
    }

    /// Whether the field that the header does not name is the first: it numbers the rows, or the types say so.
    fn is_index(&self, names: &[String]) -> Result<bool, Undecided> {
        let (columns, rows) = (self.columns, self.rows);
        let (Some(first), Some(last)) = (columns.first(), columns.get(names.len())) else { return Ok(false) };
        // Rows may end in the fraction of a number.
        let cut = self.separator == Separator::Comma && surplus::ends_in_fractions(columns);
        if first.rises && rows >= 5 && !cut {
            return Ok(true);
        }
        let apart = first.is_unique() && first.missing == 0 && first.kind() != Kind::Time;
        let roles = || names.iter().filter_map(|name| (self.asked.role)(name.as_bytes()));
        let id = names.last().and_then(|name| (self.asked.role)(name.as_bytes())).is_some_and(|role| role != VALUE);
        // Names of users and items and of no value do not say that a text has none.
        let valued = roles().next().is_none() || roles().any(|role| role == VALUE);
        let text = valued && !id && names.len() == 3 && matches!(last.kind(), Kind::Text | Kind::Set);
        let fractions = first.point + first.comma > 0;
        if !apart || text || fractions || self.agrees(names, 0) && !self.agrees(names, 1) {
            return Ok(false);
        }
        // A header of numbers names the columns of a table, and its rows have names of their own.
        let every = self.longer == rows;
        let numbers = names.len() > 1 && names.iter().all(|name| number(name.trim().as_bytes(), false).is_some());
        if every && numbers {
            return Ok(true);
        }
        // Names of rows that do not rise: no two are equal, and what is then the user comes again, but in a wide table.
        let mut others = columns.iter().skip(1).take(names.len()).filter(|column| column.kind() != Kind::Time);
        let again = others.next().is_some_and(|second| !second.is_unique()) && last.filled() * 2 > rows;
        // A first name of values above numbers may be just that, unless they are 0 to n in another order.
        let all = first.range.is_some_and(|(low, high)| (0.0..=1.0).contains(&low) && high - low + 1.0 <= rows as f64);
        let value = (self.asked.role)(names[0].as_bytes()) == Some(VALUE) && first.is_numeric() && !all;
        if !cut && !value && rows >= ROW_NAMES && (again || every && names.len() >= WIDE) {
            return Ok(true);
        }
        Err(either_end(names))
    }

    /// Whether the columns named as values and times hold such, when the first name is that of column `start`.
    fn agrees(&self, names: &[String], start: usize) -> bool {
        names.iter().zip(self.columns.iter().skip(start)).all(|(name, column)| {
            match (self.asked.role)(name.as_bytes()) {
                Some(VALUE) => column.numbers() > 0 && column.kind() != Kind::Time,
                Some(TIME) => column.kind() == Kind::Time,
                _ => true,
            }
        })
    }

    /// Whether no two of some rows begin with the same word or whole number, while other fields come again.
    fn may_name_rows(&self, names: &[String]) -> bool {
        let [first, others @ ..] = self.columns else { return false };
        let a_name = first.is_unique() && first.missing == 0 && (first.whole == first.cells || first.numbers() == 0);
        let again = others.iter().take(names.len()).any(|other| !other.is_unique());
        self.rows >= FEW_NAMES && names.len() > 1 && a_name && again && first.kind() != Kind::Time
    }
}

fn either_end(names: &[String]) -> Undecided {
    Undecided {
        what: "columns",
        one: format!("the header names all fields of a row but the first, so that the second is `{}`", names[0]),
        other: format!("the header names all fields of a row but the last, so that the first is `{}`", names[0]),
        flags: "--columns, such as --columns -,user,item,value".to_owned(),
    }
}
