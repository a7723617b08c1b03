//! How different the items of one list are from each other, by what is known of them.
//!
//! Source: Ziegler, McNee, Konstan, Lausen, "Improving recommendation lists through topic diversification", WWW 2005, section
//! 3.2 (intra-list similarity), as one less its mean over pairs.

use std::collections::BTreeMap;

use foretaste::catalogue::{Catalogue, Value};

/// The mean over all pairs of a list of one less their similarity; `None` where no pair has one. O(length^2).
pub fn intra_list_diversity(list: &[u32], similarity: impl Fn(u32, u32) -> Option<f64>) -> Option<f64> {
    let (mut sum, mut pairs) = (0.0, 0u32);
    for (place, &item) in list.iter().enumerate() {
        for similarity in list[place + 1..].iter().filter_map(|&other| similarity(item, other)) {
            sum += 1.0 - similarity;
            pairs += 1;
        }
    }
    (pairs > 0).then(|| sum / f64::from(pairs))
}

/// The features of items: each value of a string, of a set, and the truth of a bool is one.
#[derive(Clone, Debug)]
pub struct Diversity {
    /// For each item its features, rising.
    features: Vec<Vec<u32>>,
}

impl Diversity {
    /// Of the first `items` items of a catalogue; `None` where fewer than two have a feature.
    #[must_use]
    pub fn of(catalogue: &Catalogue, items: usize) -> Option<Self> {
        let mut numbers: BTreeMap<(usize, String), u32> = BTreeMap::new();
        let mut features: Vec<Vec<u32>> = vec![Vec::new(); items];
        for (nth, property) in catalogue.properties().list().iter().enumerate() {
            for (item, features) in features.iter_mut().enumerate() {
                let names: Vec<String> = match property.column().get(item) {
                    Some(Value::String(name)) => vec![name.to_owned()],
                    Some(Value::Set(names)) => names.into_iter().map(str::to_owned).collect(),
                    Some(Value::Bool(true)) => vec![String::new()],
                    _ => Vec::new(),
                };
                for name in names {
                    let next = numbers.len() as u32;
                    features.push(*numbers.entry((nth, name)).or_insert(next));
                }
            }
        }
        features.iter_mut().for_each(|features| {
            features.sort_unstable();
            features.dedup();
        });
        (features.iter().filter(|features| !features.is_empty()).count() > 1).then_some(Self { features })
    }

    /// The cosine of the features of two items, `None` where one has none.
    #[must_use]
    pub fn similarity(&self, one: u32, other: u32) -> Option<f64> {
        let [one, other] = [one, other].map(|item| &self.features[item as usize]);
        let lengths = (one.len() * other.len()) as f64;
        let shared = one.iter().filter(|feature| other.binary_search(feature).is_ok()).count();
        (lengths > 0.0).then(|| shared as f64 / lengths.sqrt())
    }

    /// The mean over lists of their diversity; lists without a pair of known items count for nothing. `None` where all do.
    #[must_use]
    pub fn mean<'a>(&self, lists: impl Iterator<Item = &'a [(u32, f32)]>) -> Option<f64> {
        let of = |list: &[(u32, f32)]| {
            let list: Vec<u32> = list.iter().map(|(item, _)| *item).collect();
            intra_list_diversity(&list, |one, other| self.similarity(one, other))
        };
        let (sum, count) = lists.filter_map(of).fold((0.0, 0u32), |(sum, count), of| (sum + of, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use foretaste::catalogue::Item;

    #[test]
    fn items_of_which_nothing_is_known_count_for_nothing() {
        let of = |genres: &[&'static str]| Item { title: None, genres: genres.to_vec(), year: Some(1990) };
        let catalogue = Catalogue::from_items([of(&["a", "b"]), of(&["a"]), of(&[]), of(&["c"])]).unwrap();
        let diversity = Diversity::of(&catalogue, 4).unwrap();
        assert!((diversity.similarity(0, 1).unwrap() - 0.5f64.sqrt()).abs() < 1e-15);
        assert_eq!((diversity.similarity(0, 2), diversity.similarity(0, 3)), (None, Some(0.0)));
        let lists: [&[(u32, f32)]; 3] = [&[(0, 3.0), (2, 2.0), (1, 1.0)], &[(2, 1.0)], &[(3, 2.0), (0, 1.0)]];
        let expected = f64::midpoint(1.0 - 0.5f64.sqrt(), 1.0);
        assert!((diversity.mean(lists.into_iter()).unwrap() - expected).abs() < 1e-15);
        assert!(Diversity::of(&Catalogue::unknown(4), 4).is_none());
    }
}
