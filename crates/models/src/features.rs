//! Properties of items as numbers: the features that models of content are fitted to.
//!
//! A value of a string or a set is a feature of its own, and so is the truth of a bool. Numbers and times become the eighth and
//! the twenty-fourth of all known values that they fall into, which puts what is near together at two distances; where there
//! are fewer values, each is a part. Texts, such as titles, are left out: on films their words lower what is found.

use std::collections::BTreeMap;

use foretaste_data::catalogue::{Catalogue, Column, Value};
use foretaste_linalg::CsrMatrix;

use crate::FitError;
use crate::fit::narrow;

/// Into how many parts of equal size numbers are told apart.
const PARTS: [usize; 2] = [8, 24];

/// The features of items: items x features, each row of length 1, or of zeros where nothing is known of the item. With `rarity`
/// a feature weighs the logarithm of one over its share of the items.
///
/// # Errors
/// [`FitError::Unsuited`] where nothing is known of any item.
pub(crate) fn features(
    model: &'static str,
    catalogue: &Catalogue,
    items: usize,
    rarity: bool,
) -> Result<CsrMatrix, FitError> {
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); items];
    let mut count = 0u32;
    for property in catalogue.properties().list() {
        for named in of_column(property.column(), items) {
            let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
            for (row, names) in rows.iter_mut().zip(&named) {
                for name in names {
                    row.push(*numbers.entry(name).or_insert_with(|| {
                        count += 1;
                        count - 1
                    }));
                }
            }
        }
    }
    if count == 0 {
        let needs =
            "properties of items, such as genres: read a file of items (--items), or choose a model of what users did";
        return Err(FitError::Unsuited { model, needs: needs.to_owned() });
    }
    let mut of_feature = vec![0f64; count as usize];
    rows.iter().flatten().for_each(|&feature| of_feature[feature as usize] += 1.0);
    let weight = |feature: u32| match rarity {
        true => (items as f64 / of_feature[feature as usize]).ln(),
        false => 1.0,
    };
    let (mut offsets, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
    for row in &mut rows {
        row.sort_unstable();
        row.dedup();
        let length = row.iter().map(|&feature| weight(feature).powi(2)).sum::<f64>().sqrt();
        for &feature in row.iter().filter(|&&feature| weight(feature) > 0.0) {
            columns.push(feature);
            values.push(narrow(weight(feature) / length));
        }
        offsets.push(columns.len());
    }
    CsrMatrix::new(count as usize, offsets, columns, values)
        .map_err(|error| FitError::Failed { what: "choice of features", source: error.into() })
}

/// For each way in which a column gives features: for each item their names.
fn of_column(column: &Column, items: usize) -> Vec<Vec<Vec<String>>> {
    let mut numbers: Vec<Option<f64>> = Vec::new();
    let mut named: Vec<Vec<String>> = vec![Vec::new(); items];
    for (row, named) in named.iter_mut().enumerate() {
        numbers.push(None);
        match column.get(row) {
            Some(Value::String(name)) => named.push(name.to_owned()),
            Some(Value::Set(names)) => named.extend(names.into_iter().map(str::to_owned)),
            Some(Value::Bool(true)) => named.push("true".to_owned()),
            Some(Value::Number(number)) => numbers[row] = Some(number),
            #[expect(clippy::cast_precision_loss, reason = "times are only compared")]
            Some(Value::Time(time)) => numbers[row] = Some(time as f64),
            Some(Value::Bool(false) | Value::Text(_)) | None => {}
        }
    }
    let mut known: Vec<f64> = numbers.iter().flatten().copied().collect();
    if known.is_empty() {
        return vec![named];
    }
    known.sort_unstable_by(f64::total_cmp);
    let of_parts = |&parts: &usize| {
        let edges = edges(&known, parts);
        let part = |number: f64| edges.partition_point(|&edge| edge <= number).to_string();
        numbers.iter().map(|number| number.map(part).into_iter().collect()).collect()
    };
    PARTS.iter().map(of_parts).collect()
}

/// Where the parts begin, but for the first: so many of equal size, fewer where values are equal.
fn edges(known: &[f64], parts: usize) -> Vec<f64> {
    let mut edges: Vec<f64> = (1..parts).map(|part| known[part * known.len() / parts]).collect();
    edges.dedup_by(|a, b| a.total_cmp(b).is_eq());
    edges
}

#[cfg(test)]
mod tests {
    use foretaste_data::catalogue::Item;

    use super::*;

    #[test]
    fn rows_are_of_length_1_and_rare_features_weigh_more() {
        let of = |genres: &[&'static str], year| Item { title: Some("a title"), genres: genres.to_vec(), year };
        let items = [of(&["a", "b"], Some(1990)), of(&["a"], None), of(&[], None), of(&["a"], Some(1990))];
        let catalogue = Catalogue::from_items(items).unwrap();
        let plain = features("content", &catalogue, 4, false).unwrap();
        assert_eq!((0..4).map(|item| plain.row(item).0.len()).collect::<Vec<_>>(), [4, 1, 0, 3]);
        for item in [0, 1, 3] {
            let length: f32 = plain.row(item).1.iter().map(|x| x * x).sum();
            assert!((length - 1.0).abs() < 1e-6, "{item}: {length}");
        }
        let rare = features("content", &catalogue, 4, true).unwrap();
        let (names, weights) = rare.row(0);
        // `a` has 3 of 4 items, `b` one.
        let expected = (4f64 / 1.0).ln() / (4f64 / 3.0).ln();
        assert!((f64::from(weights[1] / weights[0]) - expected).abs() < 1e-5, "{names:?} {weights:?}");
    }

    #[test]
    fn numbers_fall_into_parts_of_equal_size() {
        let known: Vec<f64> = (0..48).map(f64::from).collect();
        assert_eq!(edges(&known, 8), [6.0, 12.0, 18.0, 24.0, 30.0, 36.0, 42.0]);
        assert_eq!(edges(&[1.0, 1.0, 1.0, 2.0], 8), [1.0, 2.0]);
    }

    #[test]
    fn items_of_which_nothing_is_known_are_refused() {
        let error = features("content", &Catalogue::unknown(3), 3, true).unwrap_err().to_string();
        assert!(error.contains("needs properties of items"), "{error}");
    }
}
