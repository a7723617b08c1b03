//! What stands before the fraction of the values, and what between their thousands.

use crate::table::{Decimal, Separator, Sketch, Undecided};

/// The decimal separator that was told; a point leaves the commas to thousands.
pub(super) fn told(decimal: Decimal) -> Decimal {
    if decimal == Decimal::Point { Decimal::Thousands } else { decimal }
}

/// The decimal separator of values that stand in some columns of a table.
///
/// # Errors
/// When all their commas, or all their points, may stand between thousands as well as before a fraction.
pub(super) fn found(values: &[&Sketch], table: &[Sketch], separator: Separator) -> Result<Decimal, Undecided> {
    let sum = |count: fn(&Sketch) -> usize| values.iter().map(|column| count(column)).sum::<usize>();
    let (point, comma) = (sum(|column| column.point), sum(|column| column.comma));
    let (grouped, only) = (sum(|column| column.grouped), sum(|column| column.groups_only));
    let commas_decide = sum(|column| column.thousands) < comma;
    if sum(|column| column.comma_groups) > 0 {
        return if commas_decide || only > 0 { Err(thousands("commas")) } else { Ok(Decimal::Thousands) };
    }
    match (point, comma) {
        (0, 0) => Ok(Decimal::Open),
        (0, _) if commas_decide => Ok(Decimal::Comma),
        (0, _) => Err(thousands("commas")),
        (_, 0) if grouped < point => Ok(Decimal::Point),
        (_, 0) if only > 0 => Ok(Decimal::Comma),
        (_, 0) => {
            let elsewhere = table.iter().any(|column| column.comma > column.thousands && column.point == 0);
            let high = values.iter().filter_map(|column| column.range).map(|range| range.1).fold(0.0, f64::max);
            let mixed = sum(|column| column.whole) > 0 && high >= 100.0;
            let doubtful = elsewhere || mixed || separator == Separator::Semicolon;
            if doubtful { Err(thousands("points")) } else { Ok(Decimal::Point) }
        }
        (_, _) if commas_decide && grouped == point => Ok(Decimal::Comma),
        (_, _) if commas_decide || grouped == point => Err(thousands("commas")),
        _ => Ok(Decimal::Point),
    }
}

/// Marks that may stand between thousands as well as before a fraction.
fn thousands(marks: &str) -> Undecided {
    Undecided {
        what: "decimal",
        one: format!("the {marks} in its values stand before a fraction"),
        other: "they stand between thousands".to_owned(),
        flags: "--decimal comma or --decimal point".to_owned(),
    }
}

/// A number that may have been cut in two at a decimal comma.
pub(super) fn cut_in_two(rows: &str) -> Undecided {
    Undecided {
        what: "decimal",
        one: format!("{rows} have a field more than the others or the header"),
        other: "some of their numbers have a decimal comma, without quotes".to_owned(),
        flags: "--columns, such as --columns user,item,value,-; numbers with a decimal comma need quotes or another separator"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(cells: &[&str], separator: Separator) -> Option<Decimal> {
        let column = Sketch::of(cells.iter().map(|cell| cell.as_bytes()));
        found(&[&column], &[], separator).ok()
    }

    #[test]
    fn a_comma_before_three_digits_decides_nothing() {
        for (cells, expected) in [
            (&["4,5", "3"][..], Some(Decimal::Comma)),
            (&["1,000", "3"], None),
            (&["1,000", "3,5"], Some(Decimal::Comma)),
            (&["0,125", "3"], Some(Decimal::Comma)),
            (&["1.5", "1,000"], Some(Decimal::Point)),
            (&["1.5", "1,5"], None),
            (&["1", "2"], Some(Decimal::Open)),
        ] {
            assert_eq!(decimal(cells, Separator::Comma), expected, "{cells:?}");
        }
    }

    #[test]
    fn a_point_before_three_digits_is_doubtful_where_something_shows_groups() {
        for (cells, comma, semicolon) in [
            (&["1.000", "2.500"][..], Some(Decimal::Point), None),
            (&["1.000", "2.500", "250"], None, None),
            (&["4.125", "3"], Some(Decimal::Point), None),
            (&["1.000", "2.5"], Some(Decimal::Point), Some(Decimal::Point)),
            (&["0.500", "1.500"], Some(Decimal::Point), Some(Decimal::Point)),
            (&["1.000.000", "2.500"], Some(Decimal::Comma), Some(Decimal::Comma)),
            (&["1.000,5", "2,5"], Some(Decimal::Comma), Some(Decimal::Comma)),
            (&["1.000", "2,5"], Some(Decimal::Comma), Some(Decimal::Comma)),
            (&["1.000", "1,000"], None, None),
            (&["1,500.00", "120.00", "2,000"], Some(Decimal::Thousands), Some(Decimal::Thousands)),
            (&["1,500.00", "3,5"], None, None),
        ] {
            assert_eq!(decimal(cells, Separator::Comma), comma, "{cells:?}");
            assert_eq!(decimal(cells, Separator::Semicolon), semicolon, "{cells:?}");
        }
    }
}
