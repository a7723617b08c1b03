//! Rows with fields more than the others: is there something behind the last column, or did a separator stand in a text?
//!
//! ```text
//! user,title,item,rating
//! 1,Up,10,5,gift          fits from the left: a field more at the end
//! 1,Good, Bad,11,3        fits when `Good, Bad` is one field: the separator stood within
//! ```

use super::sketch::{Kind, Sketch, is_missing, number};

/// Rows with more fields than the others, by what explains them.
#[derive(Clone, Debug, Default)]
pub struct Surplus {
    /// How many there are.
    pub rows: usize,
    /// Of these, such as fit the columns only when a text holds separators.
    pub within: usize,
    /// Such as fit both ways.
    pub either: usize,
    /// Such as fit when a number in this column was cut in two, by column.
    pub cut: Vec<usize>,
    /// What their fields hold, counted from the left.
    pub columns: Vec<Sketch>,
}

impl Surplus {
    /// The rows of more than `width` fields, compared with those of `width`.
    pub(super) fn of(rows: &[Vec<Vec<u8>>], width: usize) -> Self {
        let longer: Vec<&Vec<Vec<u8>>> = rows.iter().filter(|row| row.len() > width).collect();
        if longer.is_empty() {
            return Self::default();
        }
        let column = |rows: &mut dyn Iterator<Item = &Vec<Vec<u8>>>, at: usize| {
            Sketch::of(rows.filter_map(|row| row.get(at).map(Vec::as_slice)))
        };
        let usual: Vec<Sketch> =
            (0..width).map(|at| column(&mut rows.iter().filter(|row| row.len() == width), at)).collect();
        let most = longer.iter().map(|row| row.len()).max().unwrap_or(0).min(width + 8);
        let columns = (0..most).map(|at| column(&mut longer.iter().copied(), at)).collect();
        let mut surplus = Self { rows: longer.len(), columns, cut: vec![0; width], ..Self::default() };
        for row in longer {
            let left = (0..width).all(|at| fits(&row[at], &usual[at]));
            let more = row.len() - width;
            // Behind the last column nothing is shifted.
            let texts = (0..width.saturating_sub(1)).filter(|&at| matches!(usual[at].kind(), Kind::Text | Kind::Set));
            let holders: Vec<usize> = texts
                .filter(|&text| {
                    (0..text).all(|at| fits(&row[at], &usual[at]))
                        && (text + 1..width).all(|at| fits(&row[at + more], &usual[at]))
                })
                .collect();
            // Ids are single words; a text that may hold a separator has several somewhere.
            let phrase = holders.iter().any(|&at| usual[at].phrases > 0 || usual[at].kind() == Kind::Set);
            // From the right, as many columns as fit behind the number.
            let behind = (1..width).rev().take_while(|&at| fits(&row[at + 1], &usual[at])).count();
            surplus.cut.iter_mut().skip((width - 1).saturating_sub(behind)).for_each(|count| *count += 1);
            surplus.within += usize::from(!holders.is_empty() && !left);
            surplus.either += usize::from(phrase && left);
        }
        surplus
    }
}

/// Whether a cell may stand in a column: numbers within the range of others, texts among texts.
fn fits(cell: &[u8], column: &Sketch) -> bool {
    if column.filled() == 0 || is_missing(cell) {
        return true;
    }
    match number(cell, true) {
        Some(value) if column.numbers() > 0 => {
            let wide = |(low, high): (f64, f64)| value >= low - (high - low) && value <= high + (high - low).max(1.0);
            column.distinct.len() > 32 || column.range.is_some_and(wide)
        }
        None => column.numbers() < column.filled(),
        Some(_) => false,
    }
}

/// Whether the last column may hold the fractions of numbers that stand in the column before it: `5`, `25`, `00`.
pub(crate) fn ends_in_fractions(columns: &[Sketch]) -> bool {
    let [.., whole, last] = columns else { return false };
    let fraction = |cell: &Vec<u8>| matches!(&cell[..], b"0" | b"00" | b"5" | b"50" | b"25" | b"75");
    let all = last.distinct.iter().all(fraction) && last.distinct.len() > 1;
    all && last.short == last.cells && whole.whole == whole.cells && whole.range.is_some_and(|range| range.1 <= 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(row: &str) -> Vec<Vec<u8>> {
        row.split(',').map(|cell| cell.trim().as_bytes().to_vec()).collect()
    }

    #[test]
    fn an_id_of_one_word_holds_no_separator() {
        let rows: Vec<_> = ["u1,i1,3", "u2,i2,4", "u1,i2,3,4"].into_iter().map(cut).collect();
        let surplus = Surplus::of(&rows, 3);
        assert_eq!((surplus.rows, surplus.within, surplus.either), (1, 0, 0));
    }

    #[test]
    fn a_separator_in_a_text_is_told_from_a_field_at_the_end() {
        for (longer, expected) in [
            ("1,Good, Bad,11,3", (1, 0)),
            ("1,Good,11,3,gift", (0, 0)),
            ("1,Good,11,3,1300", (0, 0)),
            ("1,Good,11,3,4", (0, 1)),
        ] {
            let rows: Vec<_> = ["1,Up,10,5", "2,The Heat,12,4", "2,Alien,3,2", longer].into_iter().map(cut).collect();
            let surplus = Surplus::of(&rows, 4);
            assert_eq!((surplus.within, surplus.either), expected, "{longer}");
        }
    }
}
