//! Families of recommender models: data and parameters in, scores out. One folder a family.
//!
//! [`ModelParams`] says which model and how, [`Shape`] what it is fitted to; together they can be checked, their memory
//! told, and a [`Model`] fitted. A model scores through [`Scorer`]; what only some models can do is a capability that it
//! hands out: [`FoldIn`], [`SimilarItems`], [`Explain`].

pub mod bayesian_fm;
pub mod bias;
pub mod biased_mf;
pub mod blend;
pub mod co_clustering;
pub mod content;
mod delegate;
pub mod ease;
mod explain;
mod factored;
mod families;
mod family;
pub mod feature_factors;
mod features;
mod fit;
pub mod ials;
pub mod item_knn;
mod item_scores;
mod item_weights;
pub mod kernel_autoencoder;
pub mod kernel_ridge;
mod normal_equations;
mod params;
pub mod plsa;
pub mod popularity;
mod positive;
mod prediction;
pub mod random_walk;
mod rating_equations;
mod rating_factors;
pub mod sansa;
pub mod sasrec;
pub mod scaled_svd;
mod scorer;
mod sequences;
pub mod sequential_rules;
pub mod slim;
mod space;
mod sparse_sections;
pub mod svd;
pub mod svd_plus_plus;
pub mod trending;
pub mod two_scale_linear;
pub mod user_knn;
mod weighting;

pub use explain::{Explain, Explanation, ExplanationKind, explanations};
pub use factored::{Factored, ItemVectors, SCREENED_FROM};
pub use families::{Model, ModelParams};
pub use family::Family;
pub use fit::{FitError, FitProgress, FitReport, Fitted, Memory, OnProgress, Phase, Shape};
pub use params::{Number, ParamsError, Short};
pub use positive::Positive;
pub use prediction::Prediction;
pub use scorer::{Candidates, FoldIn, History, Meaning, Predictive, Scorer, SimilarItems};
pub use space::{Cheaper, Dimension, Range, RangeError};
pub use weighting::Weighting;

#[cfg(test)]
mod reference;
