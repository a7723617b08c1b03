//! All items, and how a user picks some of them.

use std::ops::Range;

use super::lottery::Lottery;
use super::taste::Taste;
use crate::random::Random;

/// Mandelbrot's shift, as a share of all items: it bounds the most popular ones.
const SHIFT: f64 = 0.01;

/// The items with their popularity and their tastes. Memory: about 60 bytes an item.
///
/// The item at place `r` of `n` by popularity has the weight `(r + n / 100)^-2`: the Zipf-Mandelbrot law (Mandelbrot, "An
/// informational theory of the statistical structure of language", 1953) of exponent 2. Places are dealt at random.
pub(super) struct Shelf {
    tastes: Vec<Taste>,
    weights: Vec<f64>,
    all: Lottery,
    /// The number of the user who took an item last, counted from 1.
    taken_by: Vec<u32>,
}

/// Who picks: a number from 1 upwards, and a taste.
pub(super) struct Picker {
    pub(super) number: u32,
    pub(super) taste: Taste,
}

impl Shelf {
    pub(super) fn new(items: u32, random: &mut Random) -> Self {
        let shift = 0.5 + SHIFT * f64::from(items);
        let mut weights: Vec<f64> =
            (0..items).map(|place| f64::from(place) + shift).map(|shifted| 1.0 / (shifted * shifted)).collect();
        random.shuffle(&mut weights);
        Self {
            tastes: (0..items).map(|_| Taste::of_item(random)).collect(),
            all: Lottery::new(&weights),
            taken_by: vec![0; weights.len()],
            weights,
        }
    }

    /// What an item offers.
    pub(super) fn taste(&self, item: u32) -> &Taste {
        &self.tastes[item as usize]
    }

    /// Fills `picked` with `count` different items, in random order: those of `given`, and others one after another, each
    /// with a chance in proportion to its popularity times the picker's interest among what is not picked yet.
    ///
    /// O(count) for a few, O(items log items) at most.
    pub(super) fn pick(
        &mut self,
        picker: &Picker,
        given: Range<u32>,
        count: u32,
        random: &mut Random,
        picked: &mut Vec<u32>,
    ) {
        let count = count as usize;
        picked.clear();
        picked.extend(given.filter(|&item| self.take(picker, item)));
        self.pick_from_all(picker, count, random, picked);
        while picked.len() < count {
            self.pick_from_rest(picker, count, random, picked);
        }
        random.shuffle(picked);
    }

    /// Draws by popularity and lets the picker's interest decide, until misses have cost as much as another way.
    fn pick_from_all(&mut self, picker: &Picker, count: usize, random: &mut Random, picked: &mut Vec<u32>) {
        let mut patience = self.tastes.len();
        while picked.len() < count && patience > 0 {
            let item = self.all.draw(random);
            let is_free = self.taken_by[item as usize] != picker.number;
            if is_free && random.unit() < f64::from(picker.taste.interest(self.taste(item))) {
                self.take(picker, item);
                picked.push(item);
            } else {
                patience -= 1;
            }
        }
    }

    /// Draws from what is left, until misses have cost as much as setting this up.
    fn pick_from_rest(&mut self, picker: &Picker, count: usize, random: &mut Random, picked: &mut Vec<u32>) {
        let is_free = |&item: &u32| self.taken_by[item as usize] != picker.number;
        let rest: Vec<u32> = (0u32..).take(self.tastes.len()).filter(is_free).collect();
        let chance = |&item: &u32| {
            let interest = picker.taste.interest(self.taste(item));
            self.weights[item as usize] * f64::from(interest.max(f32::MIN_POSITIVE))
        };
        let lottery = Lottery::new(&rest.iter().map(chance).collect::<Vec<_>>());
        let mut patience = rest.len();
        while picked.len() < count && patience > 0 {
            let item = rest[lottery.draw(random) as usize];
            if self.take(picker, item) {
                picked.push(item);
            } else {
                patience -= 1;
            }
        }
    }

    /// Whether the item was still free for the picker, who has it now.
    fn take(&mut self, picker: &Picker, item: u32) -> bool {
        std::mem::replace(&mut self.taken_by[item as usize], picker.number) != picker.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_items_can_be_picked_and_none_twice() {
        let mut random = Random::new(3);
        let mut shelf = Shelf::new(300, &mut random);
        let mut picked = Vec::new();
        for count in 1..=300 {
            let picker = Picker { number: count, taste: Taste::of_user(&mut random) };
            shelf.pick(&picker, 7..7 + count.min(3), count, &mut random, &mut picked);
            picked.sort_unstable();
            picked.dedup();
            assert_eq!(picked.len(), count as usize);
            assert!(picked.contains(&7) && picked.iter().all(|&item| item < 300));
        }
    }

    #[test]
    fn pickers_prefer_what_suits_them() {
        let mut random = Random::new(4);
        let mut shelf = Shelf::new(1000, &mut random);
        let (mut sum, mut pairs, mut picked) = (0.0, 0.0, Vec::new());
        for number in 1..=200 {
            let picker = Picker { number, taste: Taste::of_user(&mut random) };
            shelf.pick(&picker, 0..0, 20, &mut random, &mut picked);
            sum += picked.iter().map(|&item| f64::from(picker.taste.agreement(shelf.taste(item)))).sum::<f64>();
            pairs += 20.0;
        }
        assert!(sum / pairs > 0.4, "mean agreement {}", sum / pairs);
    }
}
