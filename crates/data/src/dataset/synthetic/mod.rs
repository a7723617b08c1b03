//! Synthetic ratings of any size: popularity and activity follow power laws, ratings come from hidden tastes.

mod activity;
mod error;
mod lottery;
mod rows;
mod shelf;
mod taste;

use std::fs::File;
use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::summary::Quantiles;
use crate::random::Random;
pub use error::SyntheticError;
use rows::Rows;
use shelf::{Picker, Shelf};
use taste::Taste;

/// When users begin, in seconds since 1970: the days that MovieLens 20M covers, 1995-01-09 to 2015-03-31.
const FIRST_DAY: u64 = 789_609_600;
const LAST_DAY: u64 = 1_427_760_000;
/// Most seconds from one rating of a user to the next.
const LONGEST_PAUSE: usize = 60;

/// What synthetic ratings are like. The default has the size of MovieLens 20M.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntheticParams {
    /// Number of users, at least 1; their ids are `1` to this.
    pub users: u32,
    /// Number of items, at least 1; their ids are `1` to this.
    pub items: u32,
    /// Number of ratings, from the larger of users and items to their product.
    pub ratings: u64,
    /// Seed of every choice: equal ones give equal bytes.
    pub seed: u64,
}

impl Default for SyntheticParams {
    fn default() -> Self {
        Self { users: 138_493, items: 26_744, ratings: 20_000_000, seed: 0 }
    }
}

/// How far the generation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntheticProgress {
    /// Rows generated.
    pub rows: u64,
    /// Rows there will be.
    pub total: u64,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct SyntheticReport {
    /// Interactions a user gave.
    pub per_user: Quantiles,
    /// Interactions an item got.
    pub per_item: Quantiles,
    /// Interactions of the most popular tenth of the items (rounded up), as a share of all.
    pub top_tenth: f64,
}

/// Writes synthetic ratings as a file in the layout of MovieLens 20M: `userId,movieId,rating,timestamp`, in half stars
/// from 0.5 to 5 and seconds since 1970. Exactly the ratings asked for, no pair twice, every user and every item at
/// least once; users rise, and the times of each user. Equal parameters give equal bytes on every platform; one thread
/// does it all.
///
/// - The popularity of items follows the Zipf-Mandelbrot law of exponent 2, the activity of users that of exponent 1/2
///   above a minimum of 20 (or half the mean, where that is less).
/// - A user picks items by popularity and by taste, and rates by `mean + b_u + b_i + p_u . q_i + noise`: eight hidden
///   factors of users and items decide both, so that a factorisation has something to find.
/// - Of the ratings, one for each item goes to a user chosen without regard to either.
///
/// How near that is to real data when their shape is asked for, as real : generated (published figures for MovieLens
/// 20M, the others counted). 20M is met well; the smaller sets are somewhat less uneven than what is generated.
///
/// | MovieLens    | most active user | item rated most | Gini index of the items | share of their top tenth |
/// |--------------|------------------|-----------------|-------------------------|--------------------------|
/// | 20M          | 9,254 : 9,348    | 67,310 : 40,697 | 0.90 : 0.87             | not known : 0.83         |
/// | 1M           | 2,314 : 3,039    | 3,428 : 4,136   | 0.63 : 0.67             | 0.44 : 0.58              |
/// | latest-small | 2,698 : 2,660    | 329 : 295       | 0.72 : 0.75             | 0.60 : 0.69              |
///
/// Memory: about 80 bytes an item and 20 a user, whatever the number of ratings; 9 MB for the default. O(ratings), and
/// O(items log items) for each user who rates a good part of all items.
///
/// # Errors
/// Parameters that cannot be met, before anything is written; a callback that asks to stop; a failed write.
pub fn write_synthetic(
    params: &SyntheticParams,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(SyntheticProgress) -> ControlFlow<()>,
) -> Result<SyntheticReport, SyntheticError> {
    params.check()?;
    let SyntheticParams { users, items, ratings, seed } = *params;
    let mut random = Random::new(seed);
    let counts = activity::activity(users, items, ratings, &mut random);
    let mut shelf = Shelf::new(items, &mut random);
    let mut rows = Rows::new(out);
    let mut per_item = vec![0u64; items as usize];
    let (mut picked, mut given) = (Vec::new(), 0);
    for (number, &count) in (1u32..).zip(&counts) {
        let picker = Picker { number, taste: Taste::of_user(&mut random) };
        let upto = items_given(items, rows.count() + u64::from(count), ratings);
        shelf.pick(&picker, given..upto, count, &mut random, &mut picked);
        given = upto;
        let mut time = FIRST_DAY + even(LAST_DAY - FIRST_DAY, &mut random);
        for &item in &picked {
            time += 1 + random.below(LONGEST_PAUSE) as u64;
            per_item[item as usize] += 1;
            rows.push(number, item + 1, picker.taste.rating(shelf.taste(item), &mut random), time)?;
        }
        if progress(SyntheticProgress { rows: rows.count(), total: ratings }).is_break() {
            return Err(SyntheticError::Cancelled);
        }
    }
    rows.finish()?;
    Ok(report(&counts, per_item, ratings))
}

/// [`write_synthetic`] into a file, which is there whole or not at all; compressed when its name ends in `.gz`. (The
/// bytes of a compressed file may differ between processors, what is in it does not.)
///
/// # Errors
/// As [`write_synthetic`]; `path` then holds what it held before.
pub fn write_synthetic_file(
    path: &Path,
    params: &SyntheticParams,
    progress: &mut dyn FnMut(SyntheticProgress) -> ControlFlow<()>,
) -> Result<SyntheticReport, SyntheticError> {
    params.check()?;
    foretaste_files::write(path, |file: &mut File| {
        if path.extension().is_some_and(|extension| extension == "gz") {
            let mut packed = GzEncoder::new(file, Compression::default());
            let report = write_synthetic(params, &mut packed, progress)?;
            packed.finish()?;
            Ok(report)
        } else {
            write_synthetic(params, file, progress)
        }
    })
}

impl SyntheticParams {
    fn check(&self) -> Result<(), SyntheticError> {
        let Self { users, items, ratings: found, .. } = *self;
        for (what, count) in [("users", users), ("items", items)] {
            if count == 0 {
                return Err(SyntheticError::None { what });
            }
        }
        let (least, most) = (u64::from(users.max(items)), u64::from(users) * u64::from(items));
        if (least..=most).contains(&found) {
            Ok(())
        } else {
            Err(SyntheticError::Ratings { found, least, most, users, items })
        }
    }
}

/// How many items were rated for certain among the first `rows` of all `ratings`: they are spread evenly, and there are
/// never more of them than rows.
fn items_given(items: u32, rows: u64, ratings: u64) -> u32 {
    let given = (u128::from(rows) * u128::from(items)).div_ceil(u128::from(ratings));
    u32::try_from(given).unwrap_or(items)
}

/// Evenly in `0..range`, to within 2^-53 of it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "below 2^53")]
fn even(range: u64, random: &mut Random) -> u64 {
    (random.unit() * range as f64) as u64
}

fn report(counts: &[u32], mut per_item: Vec<u64>, ratings: u64) -> SyntheticReport {
    per_item.sort_unstable_by(|a, b| b.cmp(a));
    let top: u64 = per_item[..per_item.len().div_ceil(10)].iter().sum();
    #[allow(clippy::cast_precision_loss, reason = "a share for people to read")]
    let top_tenth = top as f64 / ratings as f64;
    let per_user = Quantiles::of(counts.iter().map(|&count| u64::from(count)).collect());
    SyntheticReport { per_user, per_item: Quantiles::of(per_item), top_tenth }
}
