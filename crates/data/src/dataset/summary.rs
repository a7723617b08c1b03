//! A data set in a few numbers, for people to look at before they trust it.

use serde::Serialize;

use super::{Dataset, LoadReport};
use crate::interactions::{Apart, Feedback, distinct, stands_apart};

/// How many different ratings are told apart; more are put into this many bins of equal width.
const MOST_BINS: usize = 20;
const TOP_ITEMS: usize = 10;

/// What a data set holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Name of the data set.
    pub name: String,
    /// blake3 hash of ids and ratings, in hexadecimal.
    pub hash: String,
    /// Number of users.
    pub users: usize,
    /// Number of rated items.
    pub items: usize,
    /// Number of ratings.
    pub ratings: usize,
    /// Interactions as a share of all pairs, 0 to 1.
    pub density: f64,
    /// Mean rating.
    pub mean: f64,
    /// Lowest rating.
    pub lowest: f32,
    /// Highest rating.
    pub highest: f32,
    /// Greatest of 1, 1/2, 1/4, 1/5, 1/10, 1/100 of which all ratings are multiples; `None` if there is none.
    pub step: Option<f32>,
    /// A value that may mean "no rating", of explicit ratings.
    pub stands_apart: Option<Apart>,
    /// How often each rating was given.
    pub histogram: Vec<Bin>,
    /// Interactions a user gave.
    pub per_user: Quantiles,
    /// Interactions an item got.
    pub per_item: Quantiles,
    /// The items rated most often; equal ones by rising index.
    pub top_items: Vec<TopItem>,
    /// What happened to the rows of the files.
    pub report: Option<LoadReport>,
}

/// Interactions from `from` to `to`, both included when they are equal; otherwise `to` is included in the last bin only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Lowest rating of the bin.
    pub from: f32,
    /// Highest rating of the bin.
    pub to: f32,
    /// How many ratings.
    pub count: u64,
}

/// Numbers below which a given share of all counts lies: the nearest-rank quantiles of a sorted list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// The smallest.
    pub min: u64,
    /// A quarter is not above this.
    pub p25: u64,
    /// Half is not above this.
    pub median: u64,
    /// Three quarters are not above this.
    pub p75: u64,
    /// Of a hundred, 99 are not above this.
    pub p99: u64,
    /// The largest.
    pub max: u64,
}

/// An item and how it was rated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopItem {
    /// Its id.
    pub id: String,
    /// Its title, if known.
    pub title: Option<String>,
    /// How many ratings it got.
    pub ratings: u64,
    /// Their mean.
    pub mean: f64,
}

impl Summary {
    /// Looks at all of a data set. O(nnz log of the number of different ratings).
    #[must_use]
    pub fn of(data: &Dataset) -> Self {
        let matrix = data.interactions.matrix();
        let stats = data.interactions.item_stats();
        let scale = Scale::of(matrix.values());
        let pairs = as_f64(matrix.nrows() as u64) * as_f64(matrix.ncols() as u64);
        let per_user = matrix.offsets().windows(2).map(|pair| (pair[1] - pair[0]) as u64).collect();
        Self {
            name: data.name.clone(),
            hash: data.hash(),
            users: matrix.nrows(),
            items: matrix.ncols(),
            ratings: matrix.nnz(),
            density: as_f64(matrix.nnz() as u64) / pairs.max(1.0),
            mean: stats.iter().map(|item| item.sum).sum::<f64>() / as_f64(matrix.nnz() as u64).max(1.0),
            lowest: scale.lowest,
            highest: scale.highest,
            step: scale.step,
            stands_apart: match data.interactions.feedback() {
                Feedback::Explicit { .. } => scale.apart,
                Feedback::Implicit => None,
            },
            histogram: scale.histogram,
            per_user: Quantiles::of(per_user),
            top_items: top_items(data),
            per_item: Quantiles::of(stats.iter().map(|item| u64::from(item.count)).collect()),
            report: data.report.clone(),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts stay below 2^53")]
fn as_f64(count: u64) -> f64 {
    count as f64
}

/// The scale that values are on.
struct Scale {
    lowest: f32,
    highest: f32,
    step: Option<f32>,
    apart: Option<Apart>,
    histogram: Vec<Bin>,
}

impl Scale {
    /// Looks at the different values, or where they are too many at each.
    fn of(values: &[f32]) -> Self {
        let Some(few) = distinct(values) else { return Self::seen(values.iter().map(|&value| (value, 1))) };
        let mut scale = Self { apart: stands_apart(&few), ..Self::seen(few.iter().copied()) };
        if few.len() <= MOST_BINS {
            scale.histogram = few.into_iter().map(|(value, count)| Bin { from: value, to: value, count }).collect();
        }
        scale
    }

    /// Of values, each with how often it stands there: what can be told by seeing them one after the other.
    fn seen(all: impl Iterator<Item = (f32, u64)> + Clone) -> Self {
        let values = all.clone().map(|(value, _)| value);
        let lowest = values.clone().reduce(f32::min).unwrap_or(0.0);
        let highest = values.clone().reduce(f32::max).unwrap_or(0.0);
        Self { lowest, highest, step: step(values), apart: None, histogram: even_bins(all, lowest, highest) }
    }
}

fn step(values: impl Iterator<Item = f32> + Clone) -> Option<f32> {
    let steps = [1u8, 2, 4, 5, 10, 100].map(f32::from).into_iter();
    // A multiple of 1/n, read from text, is the float nearest to whole / n.
    let fits = |n: f32, value: f32| ((value * n).round() / n).to_bits() == value.to_bits();
    steps.into_iter().find(|&n| values.clone().all(|value| fits(n, value))).map(|n| 1.0 / n)
}

fn even_bins(all: impl Iterator<Item = (f32, u64)>, lowest: f32, highest: f32) -> Vec<Bin> {
    let (low, width) = (f64::from(lowest), (f64::from(highest) - f64::from(lowest)) / as_f64(MOST_BINS as u64));
    let mut counts = [0u64; MOST_BINS];
    for (value, count) in all {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the number of bins")]
        let at = ((f64::from(value) - low) / width) as usize;
        counts[at.min(MOST_BINS - 1)] += count;
    }
    #[allow(clippy::cast_possible_truncation, reason = "edges are shown to people")]
    let edge = |at: usize| if at == MOST_BINS { highest } else { (low + width * as_f64(at as u64)) as f32 };
    counts.iter().enumerate().map(|(at, &count)| Bin { from: edge(at), to: edge(at + 1), count }).collect()
}

fn top_items(data: &Dataset) -> Vec<TopItem> {
    let (popular, stats) = (data.interactions.by_popularity(), data.interactions.item_stats());
    let top = popular.iter().take(TOP_ITEMS).map(|&item| TopItem {
        id: data.interactions.items().name(item.0).to_owned(),
        title: data.catalogue.title(item).map(str::to_owned),
        ratings: u64::from(stats[item.0 as usize].count),
        mean: stats[item.0 as usize].mean(),
    });
    top.collect()
}

impl Quantiles {
    pub(super) fn of(mut counts: Vec<u64>) -> Self {
        counts.sort_unstable();
        let at = |percent: usize| {
            let at = (counts.len() * percent).div_ceil(100).max(1) - 1;
            counts.get(at).copied().unwrap_or(0)
        };
        Self { min: at(0), p25: at(25), median: at(50), p75: at(75), p99: at(99), max: at(100) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_nearest_rank() {
        let quantiles = Quantiles::of((1..=200).rev().collect());
        assert_eq!(quantiles, Quantiles { min: 1, p25: 50, median: 100, p75: 150, p99: 198, max: 200 });
        assert_eq!(Quantiles::of(vec![]), Quantiles::default());
    }

    #[test]
    fn the_step_is_the_greatest_that_fits() {
        let step = |values: &[f32]| super::step(values.iter().copied());
        assert_eq!(step(&[1.0, 5.0]), Some(1.0));
        assert_eq!(step(&[0.5, 5.0]), Some(0.5));
        assert_eq!(step(&[0.7, 1.3]), Some(0.1));
        assert_eq!(step(&[0.123_456]), None);
    }
    #[test]
    fn many_values_share_bins_and_every_rating_is_counted() {
        let bins = |values: &[f32]| Scale::of(values).histogram;
        let values: Vec<f32> = (0..=100u8).map(f32::from).collect();
        let counts = |values: &[f32]| bins(values).iter().map(|bin| bin.count).collect::<Vec<_>>();
        assert_eq!(counts(&values), [vec![5; 19], vec![6]].concat());
        assert_eq!(counts(&[values.clone(), values].concat()), [vec![10; 19], vec![12]].concat());
        let many: Vec<f32> = (0..8192u16).map(f32::from).collect();
        assert_eq!(counts(&many).iter().sum::<u64>(), 8192);
        assert_eq!(
            (Scale::of(&many).lowest, Scale::of(&many).highest, Scale::of(&many).step),
            (0.0, 8191.0, Some(1.0))
        );
        assert_eq!(bins(&[2.0, 1.0, 2.0])[1], Bin { from: 2.0, to: 2.0, count: 2 });
        let from = bins(&[2.0, -1.0, 0.0, -2.0]).iter().map(|bin| bin.from).collect::<Vec<_>>();
        assert_eq!(from, [-2.0, -1.0, 0.0, 2.0]);
    }

    #[test]
    fn the_demo_is_summed_up() {
        let demo = Dataset::demo().unwrap();
        let summary = Summary::of(&demo);
        assert_eq!((summary.users, summary.items, summary.ratings), (1000, 500, demo.interactions.nnz()));
        assert_eq!((summary.lowest, summary.highest, summary.step), (1.0, 5.0, Some(0.5)));
        assert_eq!(summary.histogram.iter().map(|bin| bin.count).sum::<u64>(), summary.ratings as u64);
        assert_eq!(summary.top_items.len(), 10);
        assert!(summary.top_items.windows(2).all(|pair| pair[0].ratings >= pair[1].ratings));
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["report"]["ratings"]["separator"], ",");
    }
}
