//! Evaluations that others have published figures of, by name: which rows, which split, what counts as relevant.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use foretaste::dataset::{Dataset, LoadError};
use foretaste::ids::ItemIx;
use foretaste::interactions::{Interactions, ReadOptions};

use crate::folds::{at_least, core};
use crate::sequences::last_held;
use crate::{Cut, Fold, Folds, SequencesError, Split, Test};

/// A rating from which on an item counts as relevant in all protocols of lists.
const RELEVANT: f32 = 4.0;
/// What an id is divided by, and how many rows a cold item has at least.
const DIVISOR: u64 = 5;
const FEWEST: usize = 5;
/// What the division leaves where an item is cold, and where it is cold in a cut of what is left to fit to.
const COLD: u64 = 3;
pub(crate) const COLD_WITHIN_TRAIN: u64 = 2;
/// The seed of the splits that are drawn.
const SEED: u64 = 1;

/// A named evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Ratings of the five official folds of ml-100k.
    P1,
    /// Ratings of ml-100k, five folds drawn.
    P2,
    /// Ratings of ml-1m, five folds drawn.
    P3,
    /// Ratings of ml-1m, a tenth drawn.
    P4,
    /// Lists of ml-1m, five published folds.
    P5,
    /// The next item in the published sequences of ml-1m.
    P13,
    /// Lists after a moment.
    P15,
    /// Lists of items that none has taken.
    P16,
}

/// Why a protocol cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// The name is not one.
    #[error("the protocol `{found}` is not known, allowed are {}", Protocol::names())]
    Unknown {
        /// What was asked for.
        found: String,
    },
    /// The data lack a part.
    #[error("protocol {protocol} needs {}, which is not there: {wanted}", path.display())]
    Missing {
        /// The protocol.
        protocol: &'static str,
        /// What was looked for.
        path: PathBuf,
        /// What DATA has to be.
        wanted: &'static str,
    },
    /// A part cannot be read.
    #[error("cannot use {}", path.display())]
    Load {
        /// The part.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<LoadError>,
    },
    /// A file of sequences cannot be read.
    #[error("cannot use {}", path.display())]
    Sequences {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<SequencesError>,
    },
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 8] = [Self::P1, Self::P2, Self::P3, Self::P4, Self::P5, Self::P13, Self::P15, Self::P16];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P1 => "p1",
            Self::P2 => "p2",
            Self::P3 => "p3",
            Self::P4 => "p4",
            Self::P5 => "p5",
            Self::P13 => "p13",
            Self::P15 => "p15",
            Self::P16 => "p16",
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// What it is, in a sentence or two.
    #[must_use]
    pub const fn definition(self) -> &'static str {
        match self {
            Self::P1 => {
                "Ratings of ml-100k: each of the five official test parts u1.test to u5.test is held out once, the \
                 rest of u.data is fitted to. RMSE and MAE over all held-out rows of users and items that are fitted to."
            }
            Self::P2 => {
                "Ratings of ml-100k: rows shuffled with seed 1, five folds, each held out once. RMSE and MAE over all \
                 held-out rows of users and items that are fitted to."
            }
            Self::P3 => {
                "Ratings of ml-1m: rows shuffled with seed 1, five folds, each held out once. RMSE and MAE over all \
                 held-out rows of users and items that are fitted to."
            }
            Self::P4 => {
                "Ratings of ml-1m: rows shuffled with seed 1, a tenth held out. RMSE and MAE over all held-out rows of \
                 users and items that are fitted to."
            }
            Self::P5 => {
                "Lists of ml-1m: ratings of at least 4, users and items with fewer than 10 of them dropped until there \
                 are none; five published test parts, each held out once. All items that the user has not are ranked. \
                 Source: Anelli, Bellogín, Di Noia, Jannach, Pomo, \"Top-N recommendation algorithms: a quest for the \
                 state-of-the-art\", UMAP 2022."
            }
            Self::P13 => {
                "The next item of ml-1m: a published sequence for each of 6,040 users, 999,611 interactions with 3,416 \
                 items in the order of time. The last item of each is held out, all others are fitted to (models that \
                 stop early take the last but one for it), with their places in the sequence as times. All items that \
                 the user has not are ranked. Source: Petrov, Macdonald, \"gSASRec: reducing overconfidence in \
                 sequential recommendation trained with negative sampling\", RecSys 2023, whose code has the file."
            }
            Self::P15 => {
                "Lists after a moment: ratings of at least 4; what happened in the last tenth, by time, is held out. \
                 All items that the user has not are ranked; users and items without anything before are left out."
            }
            Self::P16 => {
                "Lists of cold items: ratings of at least 4. An item with at least five of them is cold where its id, a \
                 number, leaves 3 when divided by 5 (its place in the order of ids where it is no number). All their \
                 rows are held out, the others are fitted to, and the cold items alone are ranked."
            }
        }
    }

    /// The folds of this protocol; `all` is what the data at a path hold.
    ///
    /// # Errors
    /// A part is missing or cannot be read.
    pub fn folds(self, all: Arc<Dataset>, data: &Path) -> Result<Folds, ProtocolError> {
        let split = |all, split| Folds::Split { all, split, seed: SEED };
        let relevant = || at_least(&all.interactions, RELEVANT);
        let known = |rows: Interactions| Arc::new(all.about("positive", rows));
        Ok(match self {
            Self::P1 => {
                let wanted = "DATA is the folder of ml-100k, with u.data and u1.test to u5.test";
                let held = (1..=5).map(|fold| self.part(data.join(format!("u{fold}.test")), wanted));
                Folds::Held { held: held.collect::<Result<_, _>>()?, all }
            }
            Self::P2 | Self::P3 => split(all, Split::Folds { folds: 5 }),
            Self::P4 => split(all, Split::Rows { share: 0.1 }),
            Self::P5 => {
                let wanted = "DATA is the folder of ml-1m, with the published test0.csv.gz to test4.csv.gz in \
                              splits/anelli-2022";
                let parts = data.join("splits/anelli-2022");
                let held = (0..5).map(|fold| self.part(parts.join(format!("test{fold}.csv.gz")), wanted));
                Folds::Held { held: held.collect::<Result<_, _>>()?, all: known(core(relevant(), 10)) }
            }
            Self::P13 => {
                let wanted = "DATA is the folder of ml-1m, with the published ml1m_seq.txt.gz in sequences";
                let path = data.join("sequences/ml1m_seq.txt.gz");
                let path = self.existing(path, wanted)?;
                let fold =
                    last_held(&path).map_err(|source| ProtocolError::Sequences { path, source: Box::new(source) })?;
                Folds::Given(fold)
            }
            Self::P15 => split(known(relevant()), Split::Time(Cut::Quantile(0.9))),
            Self::P16 => Folds::Given(cold(&all, &relevant(), COLD)),
        })
    }

    fn existing(self, path: PathBuf, wanted: &'static str) -> Result<PathBuf, ProtocolError> {
        if path.is_file() { Ok(path) } else { Err(ProtocolError::Missing { protocol: self.name(), path, wanted }) }
    }

    fn part(self, path: PathBuf, wanted: &'static str) -> Result<Interactions, ProtocolError> {
        let path = self.existing(path, wanted)?;
        let read = Dataset::load(&path, None, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        let failed = |source| ProtocolError::Load { path: path.clone(), source: Box::new(source) };
        Ok(read.map_err(failed)?.interactions)
    }
}

/// All rows of the cold items of `all`, whose ids leave `remainder`, are held out, and they alone are candidates; `known` tells what
/// items are.
pub(crate) fn cold(known: &Dataset, all: &Interactions, remainder: u64) -> Fold {
    let columns = all.matrix().columns();
    let is_cold: Vec<bool> = (0u64..)
        .zip(all.items().iter())
        .map(|(place, id)| {
            let rows = all.by_item().row(usize::try_from(place).unwrap_or(usize::MAX)).0.len();
            id.parse().unwrap_or(place) % DIVISOR == remainder && rows >= FEWEST
        })
        .collect();
    let train = all.subset_with_all_items(|entry| !is_cold[columns[entry] as usize]);
    let mut test = Test::of(&all.subset(|entry| is_cold[columns[entry] as usize]), &train);
    let cold = (0u32..).zip(&is_cold).filter(|(_, is_cold)| **is_cold);
    test.candidates = Some(cold.map(|(item, _)| ItemIx(item)).collect());
    Fold { train: Arc::new(known.about("train", train)), test: Arc::new(test) }
}

impl FromStr for Protocol {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, ProtocolError> {
        let found = Self::ALL.into_iter().find(|protocol| protocol.name() == text.to_ascii_lowercase());
        found.ok_or_else(|| ProtocolError::Unknown { found: text.to_owned() })
    }
}
