//! How good recommendations are: data parted in two, lists asked for as a service asks for them, metrics of what they hold.
//!
//! A [`Split`] or a [`Protocol`] parts data into [`Folds`]; [`evaluate`] fits models to each and has them [`judge`]d by the
//! lists that a service would give, beside lists and scores that another program made; a [`Metric`] is of one list, [`Exposure`] of all lists together, and a [`Difference`] says
//! whether one model is better than another.

mod activity;
mod arrivals;
mod compare;
mod contender;
mod diversity;
mod entrant;
mod exposure;
mod fold;
mod folds;
mod judge;
mod newcomers;
mod outside;
mod paired;
mod plan;
mod protocol;
mod ranking;
mod rating;
mod report;
mod run;
mod sequences;
mod split;
mod spread;
mod test_users;
mod thinned;
pub mod tune;
mod turn;

pub use activity::ActivityGroup;
pub use contender::{Asked, Contender};
pub use diversity::{Diversity, intra_list_diversity};
pub use exposure::Exposure;
pub use fold::{Fold, LeftOut, Test, TestUser};
pub use folds::{Folds, at_least, core};
pub use judge::{Judged, JudgedUser, LONGEST, judge};
pub use newcomers::Newcomers;
pub use outside::{Kind, Outside, OutsideError, Taken};
pub use paired::{Difference, RESAMPLES, holm};
pub use plan::{Answered, Observer, Plan};
pub use protocol::{Protocol, ProtocolError};
pub use ranking::{Hits, Metric, auc};
pub use rating::{Calibration, RatingErrors};
pub use report::{CurvePoint, Interval, MeanAndDeviation, ModelReport, NamedDifference, Report, Spread};
pub use run::{EvalError, evaluate};
pub use sequences::SequencesError;
pub use split::{Cut, Split, SplitError};
