//! Models, fold by fold, and what they reached together.

use std::path::PathBuf;
use std::sync::Arc;

use foretaste::artifact::ArtifactError;
use foretaste::dataset::Dataset;
use foretaste::models::{FitError, ParamsError};
use foretaste::recommend::RecommendError;

use crate::activity::Activity;
use crate::compare::{differences, interval};
use crate::entrant::Entrant;
use crate::spread::spreads;
use crate::test_users::TestUsers;
use crate::thinned::thinned;
use crate::turn::Turn;
use crate::{Contender, Diversity, Fold, Folds, LeftOut, Observer, OutsideError, Plan, Report, SplitError};

/// Why there is no evaluation.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// The data cannot be parted.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A model or a parameter does not exist.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// What others made cannot be used.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A model cannot be fitted.
    #[error("cannot fit {model}")]
    Fit {
        /// The model.
        model: String,
        /// Why.
        #[source]
        source: FitError,
    },
    /// A list cannot be made.
    #[error("{model} cannot be asked")]
    Ask {
        /// The model.
        model: String,
        /// Why.
        #[source]
        source: RecommendError,
    },
    /// A model file cannot be read.
    #[error("cannot read the model {}", path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<ArtifactError>,
    },
    /// A model file is of other data.
    #[error(
        "the model {} was fitted to data with the hash {found}, and here models are fitted to data with the hash {wanted}: \
         part the data in two files, fit the model to the first, and evaluate with --train and --test",
        path.display()
    )]
    ModelData {
        /// The file.
        path: PathBuf,
        /// What it was fitted to.
        found: String,
        /// What is fitted to here.
        wanted: String,
    },
    /// A model file cannot have been fitted to each of several folds.
    #[error(
        "the model {} was fitted once, and this evaluation fits to {folds} folds: give it with --train and --test, or \
         with a split of one fold",
        path.display()
    )]
    ModelFolds {
        /// The file.
        path: PathBuf,
        /// Number of folds.
        folds: usize,
    },
    /// What was answered cannot be kept.
    #[error("cannot keep what the models answered")]
    Keep(#[source] std::io::Error),
}

/// The figures of some models.
///
/// Runs in the pool of threads that it is called in; the figures, but for times, are the same at any number of threads. One
/// fold and one model are held at a time. What is read from files comes first in each fold, since it may be refused.
///
/// # Errors
/// Data cannot be parted, a model does not exist, cannot be fitted, read, or asked; lists or scores that others made cannot
/// be used. A model that is stopped by the plan's limits is no error: it has no figures.
pub fn evaluate(
    folds: &Folds,
    contenders: &[Contender],
    plan: &Plan,
    observer: &mut dyn Observer,
) -> Result<Report, EvalError> {
    let mut entrants: Vec<Entrant> = contenders.iter().map(|_| Entrant::default()).collect();
    let mut parted = Parted::default();
    for number in 0..folds.len() {
        let fold = &folds.fold(number)?;
        parted.add(fold);
        let shares: Vec<(f64, Arc<Dataset>)> =
            plan.shares.iter().map(|&share| (share, thinned(&fold.train, share, plan.seed))).collect();
        let diversity = Diversity::of(&fold.train.catalogue, fold.train.interactions.items().len());
        for is_read in [true, false] {
            let all = entrants.iter_mut().zip(contenders).enumerate();
            for (place, (entrant, contender)) in all.filter(|(_, (_, contender))| contender.is_read() == is_read) {
                if !entrant.is_stopped() {
                    let turn = Turn {
                        fold,
                        number,
                        folds: folds.len(),
                        plan,
                        place,
                        shares: &shares,
                        diversity: diversity.as_ref(),
                    };
                    turn.of(contender, entrant, observer)?;
                }
            }
        }
    }
    Ok(parted.report(folds, plan, entrants))
}

/// What all folds hold together.
#[derive(Default)]
struct Parted {
    hash: blake3::Hasher,
    users: usize,
    rows: usize,
    left_out: LeftOut,
    asked: TestUsers,
    activity: Activity,
}

impl Parted {
    fn add(&mut self, Fold { train, test }: &Fold) {
        let train = &train.interactions;
        test.add_to(&mut self.hash, train);
        self.users += test.users.len();
        self.rows += test.rows();
        self.left_out += test.left_out;
        self.asked.add(test, train);
        self.activity.add(test, train);
    }

    fn report(self, folds: &Folds, plan: &Plan, entrants: Vec<Entrant>) -> Report {
        let (split, uses_the_future, seed) = match folds {
            Folds::Split { split, seed, .. } => (split.to_string(), split.uses_the_future(), Some(*seed)),
            Folds::Held { .. } | Folds::Given(_) => ("given".to_owned(), false, None),
        };
        let (mut models, by_user): (Vec<_>, Vec<_>) = entrants.into_iter().map(Entrant::report).unzip();
        let activity = self.activity.groups();
        let asked = |by_user: &Vec<Vec<f64>>| by_user.iter().any(|fold| !fold.is_empty());
        let whole =
            models.iter_mut().zip(&by_user).filter(|(model, by_user)| !model.metrics.is_empty() && asked(by_user));
        for (model, by_user) in whole {
            model.interval = interval(&self.asked, by_user, plan.first(), plan.seed);
            model.by_activity = self.activity.means(&activity, by_user);
        }
        Report {
            protocol: None,
            definition: None,
            split,
            uses_the_future,
            split_seed: seed,
            seed: plan.seed,
            data_hash: self.hash.finalize().to_hex().to_string(),
            foretaste_version: env!("CARGO_PKG_VERSION").to_owned(),
            command: String::new(),
            folds: folds.len(),
            users: self.users,
            rows: self.rows,
            left_out: self.left_out,
            activity,
            differences: differences(&self.asked, &by_user, &models, plan.first(), plan.seed),
            spreads: spreads(&models),
            models,
        }
    }
}
