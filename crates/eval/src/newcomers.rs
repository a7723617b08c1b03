//! Users that models were not fitted to: what they did first is stated in the request, what they did later is to be found.

use std::collections::BTreeMap;

use foretaste::ids::UserIx;

/// Users of a test who are not in the training data, with what is known of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Newcomers {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
    /// Items of the training data with their values, in the order of time.
    histories: Vec<Vec<(u32, f32)>>,
}

impl Newcomers {
    /// The id of one, by its place among them.
    #[must_use]
    pub fn name(&self, user: UserIx) -> &str {
        &self.names[user.0 as usize]
    }

    /// The place of an id among them.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<UserIx> {
        self.numbers.get(id).map(|&number| UserIx(number))
    }

    /// What one did first: items of the training data with their values, the latest last.
    #[must_use]
    pub fn history(&self, user: UserIx) -> &[(u32, f32)] {
        &self.histories[user.0 as usize]
    }

    /// Appends one, and says its place.
    pub(crate) fn push(&mut self, id: &str, history: Vec<(u32, f32)>) -> UserIx {
        let user = UserIx(self.names.len() as u32);
        self.numbers.insert(id.to_owned(), user.0);
        self.names.push(id.to_owned());
        self.histories.push(history);
        user
    }

    pub(crate) fn add_to(&self, hash: &mut blake3::Hasher) {
        for (name, history) in self.names.iter().zip(&self.histories) {
            hash.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
            for (item, value) in history {
                hash.update(&item.to_le_bytes()).update(&value.to_le_bytes());
            }
        }
    }
}
