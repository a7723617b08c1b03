//! Interactions as sequences, for models of what comes next: what each user did, oldest first.

use foretaste_data::ids::UserIx;
use foretaste_data::interactions::Interactions;

use crate::{FitError, History, Positive, Shape};

/// The positive items of every user in the order of time; of equal times the lower item index comes first.
#[derive(Clone, Debug)]
pub(crate) struct Sequences {
    /// Where each user's items begin, and the end of all.
    offsets: Vec<usize>,
    items: Vec<u32>,
    /// Number of items there are.
    count: usize,
}

/// Where each item stands: by item, in the order of the users, the user and the place in the user's sequence.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    offsets: Vec<usize>,
    places: Vec<(u32, u32)>,
}

impl Sequences {
    /// The sequences of all users. O(entries log longest history).
    ///
    /// # Errors
    /// [`FitError::Unsuited`] for `model` when there are no times, which alone tell an order.
    pub(crate) fn of(interactions: &Interactions, positive: Positive, model: &'static str) -> Result<Self, FitError> {
        if interactions.times().is_none() {
            let needs = "times, which tell what came after what: read the data with a time column (--time-column), or \
                         choose a model that needs none, such as `ease`";
            return Err(FitError::Unsuited { model, needs: needs.to_owned() });
        }
        let users = interactions.users().len();
        let values = interactions.matrix().values();
        let mut items = Vec::with_capacity(values.iter().filter(|&&value| positive.holds(value)).count());
        let mut offsets = Vec::with_capacity(users + 1);
        offsets.push(0);
        for user in (0u32..).take(users).map(UserIx) {
            let (columns, values) = interactions.of(user);
            let history = History { items: columns, values, times: interactions.times_of(user) };
            items.extend(latest(history, positive, usize::MAX).into_iter().rev());
            offsets.push(items.len());
        }
        Ok(Self { offsets, items, count: interactions.items().len() })
    }

    /// Number of items there are.
    pub(crate) fn items(&self) -> usize {
        self.count
    }

    /// Number of users.
    pub(crate) fn users(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The items of a user, oldest first.
    pub(crate) fn user(&self, user: usize) -> &[u32] {
        &self.items[self.offsets[user]..self.offsets[user + 1]]
    }

    /// Where each item stands. O(entries + items).
    pub(crate) fn places(&self) -> Places {
        let mut offsets = vec![0usize; self.count + 1];
        self.items.iter().for_each(|&item| offsets[item as usize + 1] += 1);
        for item in 0..self.count {
            offsets[item + 1] += offsets[item];
        }
        let mut next = offsets[..self.count].to_vec();
        let mut places = vec![(0, 0); self.items.len()];
        for user in 0..self.offsets.len() - 1 {
            for (place, &item) in (0u32..).zip(self.user(user)) {
                let at = &mut next[item as usize];
                #[expect(clippy::cast_possible_truncation, reason = "users are counted in u32")]
                (places[*at] = (user as u32, place));
                *at += 1;
            }
        }
        Places { offsets, places }
    }

    /// Bytes of the sequences and of their places, for a shape of which everything is positive.
    pub(crate) fn bytes(shape: &Shape) -> (u64, u64) {
        let (users, items, entries) = (shape.users as u64, shape.items as u64, shape.entries as u64);
        (8 * (users + 1) + 4 * entries, 16 * (items + 1) + 8 * entries)
    }
}

impl Places {
    /// The places of an item.
    pub(crate) fn of(&self, item: usize) -> &[(u32, u32)] {
        &self.places[self.offsets[item]..self.offsets[item + 1]]
    }
}

/// The positive items of a history, latest first, `most` at most. Of equal times the higher item index counts as the later;
/// without times all are equal.
pub(crate) fn latest(history: History<'_>, positive: Positive, most: usize) -> Vec<u32> {
    let entries = history.items.iter().zip(history.values).enumerate();
    let time = |at: usize| history.times.map_or(0, |times| times[at]);
    let positives = entries.filter(|&(_, (_, &value))| positive.holds(value));
    let mut latest: Vec<(i64, u32)> = positives.map(|(at, (&item, _))| (time(at), item)).collect();
    latest.sort_unstable_by(|a, b| b.cmp(a));
    latest.truncate(most);
    latest.into_iter().map(|(_, item)| item).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use foretaste_data::ids::IdTable;
    use foretaste_data::interactions::Feedback;
    use foretaste_linalg::CsrMatrix;

    fn data(times: Option<Vec<i64>>) -> Interactions {
        let ids = |ids: &[&str]| IdTable::from_sorted(ids.iter().copied()).unwrap();
        let matrix = CsrMatrix::new(3, vec![0, 3, 5], vec![0, 1, 2, 1, 2], vec![5.0, 4.0, 3.0, 1.0, 0.0]).unwrap();
        Interactions::new(ids(&["1", "2"]), ids(&["a", "b", "c"]), matrix, times, Feedback::Implicit).unwrap()
    }

    #[test]
    fn items_stand_in_the_order_of_time_and_equal_times_in_that_of_items() {
        let sequences = Sequences::of(&data(Some(vec![7, 3, 3, 1, 0])), Positive::default(), "m").unwrap();
        assert_eq!(sequences.user(0), [1, 2, 0]);
        assert_eq!(sequences.user(1), [1], "a value of 0 is not positive");
        let places = sequences.places();
        assert_eq!([0, 1, 2].map(|item| places.of(item).to_vec()), [vec![(0, 2)], vec![(0, 0), (1, 0)], vec![(0, 1)]]);
    }

    #[test]
    fn the_latest_items_of_a_history_come_first_and_without_times_those_of_a_higher_index() {
        let (items, values) = (&[1u32, 4, 6][..], &[1.0f32, 1.0, 1.0][..]);
        let of = |times| latest(History { items, values, times }, Positive::default(), 2);
        assert_eq!(of(Some(&[9, 1, 5][..])), [1, 6]);
        assert_eq!(of(None), [6, 4]);
    }

    #[test]
    fn data_without_times_are_refused_with_the_way_out() {
        let error = Sequences::of(&data(None), Positive::default(), "some").unwrap_err().to_string();
        assert!(error.starts_with("the model `some` needs times") && error.contains("--time-column"), "{error}");
    }
}
