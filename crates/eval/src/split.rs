//! Ways to part data, by name.

use std::fmt;
use std::str::FromStr;

use foretaste::dataset::Dataset;
use foretaste::interactions::Interactions;
use foretaste::random::Random;
use jiff::Timestamp;

use crate::Fold;
use crate::arrivals::arrivals;

/// How data are parted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Split {
    /// A share of each user's entries, drawn: at least one of them where the user has two or more.
    ///
    /// It flatters, because a model learns from what happened after the entries that it has to find.
    Random {
        /// The share that is held out, between 0 and 1.
        share: f64,
    },
    /// A share of all entries, drawn.
    Rows {
        /// The share that is held out, between 0 and 1.
        share: f64,
    },
    /// All entries shuffled; the fold of an entry is its place after that, modulo their number.
    Folds {
        /// Number of folds, each of which is held out once; at least 2.
        folds: usize,
    },
    /// The last entry of each user who has two or more.
    Last,
    /// What happened from a time on, for users who did something before it.
    Time(Cut),
    /// The later half of what users did who did nothing before a time; the earlier half is stated when they are asked about.
    Arrival(Cut),
}

/// Where time is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cut {
    /// So large a share of the entries is before it, between 0 and 1.
    Quantile(f64),
    /// A moment.
    At(Timestamp),
}

/// Why data cannot be parted so.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SplitError {
    /// The name is not one.
    #[error(
        "the split `{found}` is not known, allowed are random=SHARE, rows=SHARE, folds=NUMBER, last, time=SHARE, time=DATE, \
         arrival=SHARE, arrival=DATE"
    )]
    Unknown {
        /// What was asked for.
        found: String,
    },
    /// A number is out of range.
    #[error("the split `{split}` was given `{found}`, allowed are {allowed}")]
    Range {
        /// The kind of split.
        split: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The data have no times.
    #[error(
        "the split `{split}` goes by time, and the data have no times: \
         `--time-column` names their column, and `--split random=0.2` needs none"
    )]
    NoTimes {
        /// The split.
        split: String,
    },
    /// What was held out elsewhere has nothing in common with what is fitted to.
    #[error(
        "nothing that is held out can be asked about: {users} users have no training row, {unknown_items} rows are of items \
         without one, {in_train} rows are in the training data as well; the two parts have to share users and items"
    )]
    Nothing {
        /// Users without a row to fit to.
        users: usize,
        /// Rows of items that the training data do not have.
        unknown_items: usize,
        /// Rows that stand on both sides.
        in_train: usize,
    },
    /// One of both sides would be empty.
    #[error("the split `{split}` leaves nothing to {what}")]
    Empty {
        /// The split.
        split: String,
        /// `fit to` or `find`.
        what: &'static str,
    },
}

impl Split {
    /// How often data are parted: once, or once a fold.
    #[must_use]
    pub const fn folds(&self) -> usize {
        match *self {
            Self::Folds { folds } => folds,
            Self::Random { .. } | Self::Rows { .. } | Self::Last | Self::Time(_) | Self::Arrival(_) => 1,
        }
    }

    /// Whether a model learns from what happened after what it has to find.
    #[must_use]
    pub const fn uses_the_future(&self) -> bool {
        matches!(self, Self::Random { .. } | Self::Rows { .. } | Self::Folds { .. })
    }

    /// Parts `data`. The order of its rows does not matter, and `seed` only where something is drawn.
    ///
    /// # Errors
    /// Times are needed and not there, or one side would be empty.
    ///
    /// # Panics
    /// When `fold` is not below [`folds`](Self::folds).
    pub fn part(&self, data: &Dataset, fold: usize, seed: u64) -> Result<Fold, SplitError> {
        assert!(fold < self.folds(), "fold {fold} of {}", self.folds());
        let all = &data.interactions;
        if let Self::Arrival(cut) = *self {
            let times = self.times(all)?;
            return self.whole(arrivals(data, times, cut.milliseconds(times)));
        }
        let is_held = match *self {
            Self::Random { share } => random(all, share, seed),
            Self::Rows { share } => drawn(all, seed, |place| (place as f64) < all.nnz() as f64 * share),
            Self::Folds { folds } => drawn(all, seed, |place| place % folds == fold),
            Self::Last => last(all, self.times(all)?),
            Self::Time(cut) | Self::Arrival(cut) => {
                let times = self.times(all)?;
                let begin = cut.milliseconds(times);
                times.iter().map(|&time| time >= begin).collect()
            }
        };
        self.whole(Fold::part(data, |entry| !is_held[entry], |entry| is_held[entry]))
    }

    /// A fold of which neither side is empty.
    fn whole(&self, parted: Fold) -> Result<Fold, SplitError> {
        let empty = |what| SplitError::Empty { split: self.to_string(), what };
        match (parted.train.interactions.nnz(), parted.test.users.len()) {
            (0, _) => Err(empty("fit to")),
            (_, 0) => Err(empty("find")),
            _ => Ok(parted),
        }
    }

    fn times<'a>(&self, all: &'a Interactions) -> Result<&'a [i64], SplitError> {
        all.times().ok_or_else(|| SplitError::NoTimes { split: self.to_string() })
    }
}

impl Cut {
    /// The first moment that is held out. Of equal times all are on the same side.
    fn milliseconds(self, times: &[i64]) -> i64 {
        match self {
            Self::At(moment) => moment.as_millisecond(),
            Self::Quantile(share) => {
                let mut times = times.to_vec();
                let at = (times.len() as f64 * share) as usize;
                let last = times.len().saturating_sub(1);
                if times.is_empty() { 0 } else { *times.select_nth_unstable(at.min(last)).1 }
            }
        }
    }
}

/// A share of each user's entries, rounded, and at least one of two.
fn random(all: &Interactions, share: f64, seed: u64) -> Vec<bool> {
    let (mut random, mut is_held) = (Random::new(seed), vec![false; all.nnz()]);
    for span in all.matrix().offsets().windows(2) {
        let mut entries: Vec<usize> = (span[0]..span[1]).collect();
        random.shuffle(&mut entries);
        let wanted = (entries.len() as f64 * share).round() as usize;
        let wanted = if entries.len() < 2 { 0 } else { wanted.clamp(1, entries.len() - 1) };
        entries.iter().take(wanted).for_each(|&entry| is_held[entry] = true);
    }
    is_held
}

/// The entries whose place in a shuffled order is one that is wanted.
fn drawn(all: &Interactions, seed: u64, is_wanted: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut entries: Vec<usize> = (0..all.nnz()).collect();
    Random::new(seed).shuffle(&mut entries);
    let mut is_held = vec![false; all.nnz()];
    entries.iter().enumerate().filter(|(place, _)| is_wanted(*place)).for_each(|(_, &entry)| is_held[entry] = true);
    is_held
}

/// The last entry of each user with two or more; of equal times that of the last item in the order of ids.
fn last(all: &Interactions, times: &[i64]) -> Vec<bool> {
    let mut is_held = vec![false; all.nnz()];
    for span in all.matrix().offsets().windows(2).filter(|span| span[1] - span[0] >= 2) {
        if let Some(last) = (span[0]..span[1]).max_by_key(|&entry| times[entry]) {
            is_held[last] = true;
        }
    }
    is_held
}

impl FromStr for Split {
    type Err = SplitError;

    fn from_str(text: &str) -> Result<Self, SplitError> {
        let unknown = || SplitError::Unknown { found: text.to_owned() };
        let (kind, value) = text.split_once('=').map_or((text, None), |(kind, value)| (kind, Some(value)));
        let range = |split, allowed| SplitError::Range { split, found: value.unwrap_or_default().to_owned(), allowed };
        let share = |value: &str| value.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
        match (kind, value) {
            ("last", None) => Ok(Self::Last),
            ("random", Some(value)) => share(value)
                .map(|share| Self::Random { share })
                .ok_or_else(|| range("random", "numbers between 0 and 1")),
            ("rows", Some(value)) => {
                share(value).map(|share| Self::Rows { share }).ok_or_else(|| range("rows", "numbers between 0 and 1"))
            }
            ("folds", Some(value)) => {
                let folds = value.parse().ok().filter(|folds| (2..=1000).contains(folds));
                folds.map(|folds| Self::Folds { folds }).ok_or_else(|| range("folds", "2 to 1000"))
            }
            ("time" | "arrival", Some(value)) => {
                let moment = || {
                    let date = format!("{value}T00:00:00Z");
                    value.parse().or_else(|_| date.parse::<Timestamp>()).ok().map(Cut::At)
                };
                let cut = share(value).map(Cut::Quantile).or_else(moment);
                let allowed =
                    "a number between 0 and 1, a date such as 2001-05-01, or a time such as 2001-05-01T12:00:00Z";
                match kind {
                    "time" => cut.map(Self::Time).ok_or_else(|| range("time", allowed)),
                    _ => cut.map(Self::Arrival).ok_or_else(|| range("arrival", allowed)),
                }
            }
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random { share } => write!(f, "random={share}"),
            Self::Rows { share } => write!(f, "rows={share}"),
            Self::Folds { folds } => write!(f, "folds={folds}"),
            Self::Last => f.write_str("last"),
            Self::Time(Cut::Quantile(share)) => write!(f, "time={share}"),
            Self::Time(Cut::At(moment)) => write!(f, "time={moment}"),
            Self::Arrival(Cut::Quantile(share)) => write!(f, "arrival={share}"),
            Self::Arrival(Cut::At(moment)) => write!(f, "arrival={moment}"),
        }
    }
}
