//! What lists show, whether it is relevant or not: how much of the catalogue, how evenly, how popular, how new.

use std::borrow::Borrow;

/// How often each item was shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    shown: Vec<u64>,
    lists: u64,
    /// Sums over the lists of their means.
    popularity: f64,
    novelty: f64,
}

impl Exposure {
    /// Nothing of `items` items was shown yet.
    #[must_use]
    pub fn new(items: usize) -> Self {
        Self { shown: vec![0; items], lists: 0, popularity: 0.0, novelty: 0.0 }
    }

    /// A list is shown. `popularity` tells how many users of the training data each item has, of `users` in all. An empty
    /// list counts for nothing.
    ///
    /// # Panics
    /// When an item is out of range.
    pub fn show(
        &mut self,
        list: impl IntoIterator<Item = impl Borrow<u32>>,
        popularity: impl Fn(u32) -> u64,
        users: usize,
    ) {
        let (mut sum, mut bits, mut length) = (0.0, 0.0, 0u32);
        for item in list {
            let item = *item.borrow();
            length += 1;
            self.shown[item as usize] += 1;
            let had = popularity(item) as f64;
            sum += had;
            // An item without a user is as new as one with a single user: there is no greater number of bits.
            bits -= (had.max(1.0) / users.max(1) as f64).log2();
        }
        if length == 0 {
            return;
        }
        self.popularity += sum / f64::from(length);
        self.novelty += bits / f64::from(length);
        self.lists += 1;
    }

    /// The share of the items that were shown at all.
    #[must_use]
    pub fn coverage(&self) -> f64 {
        self.shown.iter().filter(|&&times| times > 0).count() as f64 / self.shown.len().max(1) as f64
    }

    /// The Gini coefficient of how often each item was shown: 0 where all are shown alike, near 1 where few take all.
    #[must_use]
    pub fn gini(&self) -> f64 {
        let mut shown = self.shown.clone();
        shown.sort_unstable();
        let (items, total) = (shown.len() as f64, shown.iter().sum::<u64>() as f64);
        if total == 0.0 {
            return 0.0;
        }
        let weighted = (1u32..).zip(&shown).map(|(at, &times)| (2.0 * f64::from(at) - items - 1.0) * times as f64);
        weighted.sum::<f64>() / total / items
    }

    /// The average popularity of what was shown (ARP): users of the training data, the mean over lists of their means.
    #[must_use]
    pub fn popularity(&self) -> f64 {
        self.popularity / self.lists.max(1) as f64
    }

    /// How unlikely a user is to know what was shown, `-log2` of the share of users who do, averaged in the same way.
    #[must_use]
    pub fn novelty(&self) -> f64 {
        self.novelty / self.lists.max(1) as f64
    }
}
