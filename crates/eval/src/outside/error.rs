//! Why a file that others made cannot be used.

use std::path::PathBuf;

/// Why lists or scores cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Its columns can be read in several ways, or in none.
    #[error("{}: the first row {found:?} {why}", path.display())]
    Columns {
        /// The file.
        path: PathBuf,
        /// The first row.
        found: Vec<String>,
        /// What is wrong with it, and the way out.
        why: &'static str,
    },
    /// A row is none.
    #[error("{}, line {line}: {found}, expected {expected}", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is there.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// The evaluation has several folds and the file does not tell them apart.
    #[error(
        "{} has no column `fold`, and this evaluation has {folds} folds: name in such a column, from 1 to {folds}, of \
         which fold each row is, or evaluate one fold with --train and --test",
        path.display()
    )]
    Folds {
        /// The file.
        path: PathBuf,
        /// Number of folds.
        folds: usize,
    },
    /// Two items of a list have the same rank.
    #[error("{}: two items of user `{user}` have rank {rank}, expected each rank once", path.display())]
    RankTwice {
        /// The file.
        path: PathBuf,
        /// The user.
        user: String,
        /// The rank.
        rank: f64,
    },
    /// Scores are of held-out rows and of no others.
    #[error(
        "{} has scores of the {rows} held-out rows and of no other item: every place of every list would be a hit. Give the \
         scores of all items, or, where they are predicted ratings, name their column `prediction`",
        path.display()
    )]
    HeldRowsAlone {
        /// The file.
        path: PathBuf,
        /// Number of held-out rows.
        rows: usize,
    },
    /// Predictions leave rows out: errors over other rows cannot be compared.
    #[error(
        "{} has no prediction of {without} of {rows} held-out rows, the first is of user `{user}` and item `{item}`: errors \
         over fewer rows cannot be compared",
        path.display()
    )]
    Predictions {
        /// The file.
        path: PathBuf,
        /// Rows without one.
        without: usize,
        /// Rows that were held out.
        rows: usize,
        /// The first user.
        user: String,
        /// The first item.
        item: String,
    },
    /// Two predictions of a row differ.
    #[error("{} predicts {before} and {value} for user `{user}` and item `{item}`, expected one", path.display())]
    PredictedTwice {
        /// The file.
        path: PathBuf,
        /// The user.
        user: String,
        /// The item.
        item: String,
        /// The first one.
        before: f64,
        /// The second one.
        value: f64,
    },
}
