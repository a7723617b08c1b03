//! Totals that stand beside a table of values, and are the values of no user and no item.

use crate::table::Undecided;

/// Names of rows and columns that sum up others, in small letters.
const NAMES: [&str; 22] = [
    "all",
    "total",
    "totals",
    "grand total",
    "grandtotal",
    "sum",
    "subtotal",
    "mean",
    "average",
    "avg",
    "count",
    "median",
    "std",
    "min",
    "max",
    "summe",
    "gesamt",
    "gesamtergebnis",
    "mittelwert",
    "durchschnitt",
    "total general",
    "somme",
];

/// Whether a row or a column of this name may sum up the others. O(names), but for names that are too long.
pub(super) fn is_margin(name: &str) -> bool {
    let name = name.trim();
    (3..=14).contains(&name.len())
        && !name.as_bytes()[0].is_ascii_digit()
        && NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// A row or a column of totals, or one that is called so.
pub(super) fn margin(name: &str) -> Undecided {
    Undecided {
        what: "table",
        one: format!("`{name}` sums up the other rows or columns of its values"),
        other: format!("`{name}` is the id of a user or an item"),
        flags: "taking it out of the file (pandas: margins=False), or --wide yes if it is an id".to_owned(),
    }
}
