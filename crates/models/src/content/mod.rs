//! Content: items whose properties are those of what the user took.
//!
//! A profile is the sum of the features of the history's items; the score of an item is the cosine between its features and the
//! profile. Features weigh more the rarer they are. It needs nobody else's history, so that it scores items that none has taken,
//! and it knows no taste that properties do not tell. Source: Pazzani, Billsus, "Content-based recommendation systems", in
//! "The adaptive web", Springer 2007, section 10.3 (the vector space model and Rocchio's profile of positives alone).

mod persist;

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::CsrMatrix;
use serde::{Deserialize, Serialize};

use crate::features::features;
use crate::fit::{OnProgress, narrow, tell};
use crate::{
    Candidates, Family, FitError, FitReport, FoldIn, History, Meaning, Memory, Positive, Scorer, Shape, SimilarItems,
};

/// What the fit of the content model may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ContentParams {
    /// Whether rare features weigh more (idf).
    pub rarity: bool,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for ContentParams {
    fn default() -> Self {
        Self { rarity: true, positive: Positive::default() }
    }
}

/// The features of every item.
#[derive(Clone, Debug)]
pub struct Content {
    /// items x features, rows of length 1 or 0.
    features: CsrMatrix,
    positive: Positive,
}

impl Content {
    /// Writes for each candidate how much of a profile, which has a number for each feature, it has.
    fn score(&self, profile: &[f64], candidates: Candidates<'_>, scores: &mut [f32]) {
        let length = profile.iter().map(|x| x * x).sum::<f64>().sqrt();
        let scale = if length > 0.0 { length.recip() } else { 0.0 };
        candidates.score_each(scores, |item| {
            let (names, weights) = self.features.row(item);
            let terms = names.iter().zip(weights).map(|(&name, &weight)| f64::from(weight) * profile[name as usize]);
            narrow(scale * terms.sum::<f64>())
        });
    }

    fn profile(&self, items: impl Iterator<Item = usize>) -> Vec<f64> {
        let mut profile = vec![0f64; self.features.ncols()];
        for item in items {
            let (names, weights) = self.features.row(item);
            names.iter().zip(weights).for_each(|(&name, &weight)| profile[name as usize] += f64::from(weight));
        }
        profile
    }
}

impl Family for Content {
    const NAME: &'static str = "content";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = ContentParams;

    fn check(_: &ContentParams, _: &Shape) -> Result<(), FitError> {
        Ok(())
    }

    fn memory(_: &ContentParams, shape: &Shape) -> Memory {
        // How much is known of an item only the catalogue tells.
        let model = 8 * (shape.items as u64 + 1);
        Memory { fit: shape.by_user() + 4 * model, model }
    }

    /// O(values of properties).
    fn fit(
        params: &ContentParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let items = data.interactions.items().len();
        let features = report.phase("features", || features(Self::NAME, &data.catalogue, items, params.rarity))?;
        tell(progress, 1.0)?;
        Ok(Self { features, positive: params.positive })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &ContentParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}

impl Scorer for Content {
    fn items(&self) -> usize {
        self.features.nrows()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score_history(history, candidates, scores);
    }

    /// Whether anything is known of an item of the history.
    fn has_direction(&self, history: History<'_>) -> bool {
        let positive = history.iter().filter(|&(_, value)| self.positive.holds(value));
        positive.into_iter().any(|(item, _)| !self.features.row(item).0.is_empty())
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }
}

impl FoldIn for Content {
    /// The features of the history, and those of the candidates.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let positive = history.iter().filter(|&(_, value)| self.positive.holds(value));
        self.score(&self.profile(positive.map(|(item, _)| item)), candidates, scores);
    }
}

impl SimilarItems for Content {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of the features; items that have none in common cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        self.score(&self.profile(std::iter::once(item.0 as usize)), Candidates::All, scores);
        scores.iter_mut().filter(|cosine| **cosine == 0.0).for_each(|cosine| *cosine = f32::NEG_INFINITY);
    }
}
