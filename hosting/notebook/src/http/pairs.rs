//! Names and values in the order in which they came.

use std::collections::HashMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// An object whose keys stay in the order in which they came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pairs<T>(pub(super) Vec<(String, T)>);

impl<T: Serialize> Serialize for Pairs<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Names with the list of their values, both in the order in which they came.
pub(super) fn lists(pairs: impl Iterator<Item = (impl Into<String>, impl Into<String>)>) -> Pairs<Vec<String>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut lists: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in pairs {
        let name = name.into();
        let place = *places.entry(name.clone()).or_insert_with(|| {
            lists.push((name, Vec::new()));
            lists.len() - 1
        });
        lists[place].1.push(value.into());
    }
    Pairs(lists)
}
