//! What is known of users and items, as features: a group for each property.

use foretaste_data::catalogue::{Catalogue, Column, PropertyType, Value};
use foretaste_linalg::{CsrError, CsrMatrix};

/// Bins of a number or a time, with about as many rows each.
const BINS: usize = 10;
/// The least rows that a value must have to be a feature: what few have says little, and ids are features anyway.
const LEAST_ROWS: usize = 5;
/// Most values of one property, those of the most rows.
const MOST_VALUES: usize = 1000;

/// For each property that has features a matrix, features x rows. A string or a bool is one of its values; a set is all of
/// its strings, with the value 1 / √count each; a number or a time is in one of ten bins. Text is left out, and what is missing
/// has no feature. The catalogue's first `rows` rows count.
///
/// # Errors
/// None that can happen: rows rise.
pub(super) fn groups(catalogue: &Catalogue, rows: usize) -> Result<Vec<CsrMatrix>, CsrError> {
    let list = catalogue.properties().list().iter();
    let of_each = list.map(|property| features(property.column(), rows)).filter(|features| !features.is_empty());
    of_each.map(|features| matrix(&features, rows)).collect()
}

/// The rows of each feature, with the value there.
type Having = Vec<(u32, f32)>;

fn features(column: &Column, rows: usize) -> Vec<Having> {
    let mut features = match column.kind() {
        PropertyType::Text => Vec::new(),
        PropertyType::String | PropertyType::Set => worded(column, rows),
        PropertyType::Bool | PropertyType::Number | PropertyType::Time => numbered(column, rows),
    };
    features.retain(|having| having.len() >= LEAST_ROWS);
    if features.len() > MOST_VALUES {
        features.sort_by_key(|having| std::cmp::Reverse(having.len()));
        features.truncate(MOST_VALUES);
    }
    features
}

#[expect(clippy::cast_possible_truncation, reason = "users and items are counted in 32 bits")]
fn worded(column: &Column, rows: usize) -> Vec<Having> {
    let Some(names) = column.dictionary() else { return Vec::new() };
    let codes: std::collections::HashMap<&str, usize> = names.iter().zip(0..).collect();
    let mut features = vec![Having::new(); codes.len()];
    for row in 0..rows {
        #[expect(clippy::cast_precision_loss, reason = "a set has at most 256 strings")]
        let value = 1.0 / (column.strings(row).count().max(1) as f32).sqrt();
        for code in column.strings(row).filter_map(|word| codes.get(word)) {
            features[*code].push((row as u32, value));
        }
    }
    features
}

#[expect(clippy::cast_possible_truncation, reason = "users and items are counted in 32 bits")]
fn numbered(column: &Column, rows: usize) -> Vec<Having> {
    #[expect(clippy::cast_precision_loss, reason = "a time is binned")]
    let number = |row: usize| match column.get(row) {
        Some(Value::Number(number)) => Some(number),
        Some(Value::Bool(yes)) => Some(f64::from(u8::from(yes))),
        Some(Value::Time(time)) => Some(time as f64),
        _ => None,
    };
    let mut sorted: Vec<f64> = (0..rows).filter_map(number).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    // A bin ends before the next one's first number.
    let mut firsts: Vec<f64> = (0..BINS).filter_map(|bin| sorted.get(bin * sorted.len() / BINS)).copied().collect();
    firsts.dedup();
    let mut features = vec![Having::new(); firsts.len()];
    for (row, number) in (0..rows).filter_map(|row| Some((row, number(row)?))) {
        let bin = firsts.partition_point(|&first| first <= number).saturating_sub(1);
        features[bin].push((row as u32, 1.0));
    }
    features
}

fn matrix(features: &[Having], rows: usize) -> Result<CsrMatrix, CsrError> {
    let ends = features.iter().scan(0, |end, having| {
        *end += having.len();
        Some(*end)
    });
    let (columns, values) = features.iter().flatten().copied().unzip();
    CsrMatrix::new(rows, std::iter::once(0).chain(ends).collect(), columns, values)
}

#[cfg(test)]
mod tests {
    use foretaste_data::catalogue::{ColumnBuilder, Origin, Properties};
    use foretaste_data::ids::IdTable;

    use super::*;

    /// Features of one property of rows, as (rows, values) each.
    fn features_of(kind: PropertyType, values: &[Option<Value<'_>>]) -> Vec<(Vec<u32>, Vec<f32>)> {
        let mut column = ColumnBuilder::new(kind);
        values.iter().for_each(|value| column.push(value.as_ref()).unwrap());
        let mut properties = Properties::none(values.len());
        properties.add("it", Origin { column: None, evidence: "declared".to_owned() }, column.finish()).unwrap();
        let none = IdTable::from_sorted(std::iter::empty()).unwrap();
        let catalogue = Catalogue::new(values.len(), none, properties).unwrap();
        let groups = groups(&catalogue, values.len()).unwrap();
        let rows = |matrix: &CsrMatrix, row| (matrix.row(row).0.to_vec(), matrix.row(row).1.to_vec());
        groups.iter().flat_map(|matrix| (0..matrix.nrows()).map(move |row| rows(matrix, row))).collect()
    }

    #[test]
    fn a_word_that_five_rows_have_is_a_feature_and_sets_have_length_1() {
        let words: Vec<_> =
            (0..13).map(|row| (row != 3).then_some(Value::String(if row == 4 { "rare" } else { "often" }))).collect();
        let rows: Vec<u32> = (0..13).filter(|row| ![3, 4].contains(row)).collect();
        assert_eq!(features_of(PropertyType::String, &words), [(rows, vec![1.0; 11])]);
        let set = |row| Some(Value::Set(if row < 6 { vec!["a", "b", "c", "d"] } else { vec!["a"] }));
        let found = features_of(PropertyType::Set, &(0..8).map(set).collect::<Vec<_>>());
        assert_eq!(found.len(), 4);
        assert_eq!(found[0], ((0..8).collect(), [vec![0.5; 6], vec![1.0; 2]].concat()));
    }

    #[test]
    fn numbers_are_binned_by_rank_and_few_different_ones_are_themselves() {
        let numbers: Vec<_> = (0..100).map(|row| Some(Value::Number(f64::from((row * 37) % 100).exp2()))).collect();
        let found = features_of(PropertyType::Number, &numbers);
        assert_eq!(found.iter().map(|(rows, _)| rows.len()).collect::<Vec<_>>(), vec![10; 10]);
        assert!(found[9].0.iter().all(|row| (row * 37) % 100 >= 90), "{found:?}");
        let yes: Vec<_> = (0..20).map(|row| (row > 1).then_some(Value::Bool(row % 3 == 0))).collect();
        let found = features_of(PropertyType::Bool, &yes);
        assert_eq!(found.iter().map(|(rows, _)| rows.len()).collect::<Vec<_>>(), [12, 6]);
        assert!(features_of(PropertyType::Number, &[const { None }; 9]).is_empty());
        assert!(features_of(PropertyType::Text, &[const { Some(Value::Text("long")) }; 9]).is_empty());
    }
}
