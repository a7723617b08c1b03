//! Popularity: what most users took, interactions long ago counting less where times are known.
//!
//! The score of item `i` is the sum over its interactions of `2^(-(now - t) / half-life)`, where `now` is the time of the
//! latest interaction of the data: half of an interaction is left after a half-life. The same for every user, so it is
//! the baseline that every other model has to beat; on shops' live data it often is hard to beat (Ji, Sun, Zhang, Li,
//! "A re-visit of the popularity baseline in recommender systems", SIGIR 2020).

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::Interactions;
use serde::{Deserialize, Serialize};

use crate::delegate::Delegate;
use crate::fit::{OnProgress, check_range, tell};
use crate::item_scores::{ItemScores, Kind};
use crate::{Dimension, Family, FitError, FitReport, Meaning, Memory, Shape};

const SECTION: Section = Section { kind: 40, name: "popularity" };
const SCORES: Kind = Kind { section: SECTION, meaning: Meaning::Count, name: "count" };

/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;
/// Where interactions have times and no half-life is stated.
const DEFAULT_DAYS: f64 = 30.0;

/// What the fit of popularity may choose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PopularityParams {
    /// Days after which an interaction counts half; 30 where nothing is stated. Without times every interaction counts 1,
    /// and a stated half-life is refused.
    pub half_life: Option<f64>,
    /// Whether interactions count the same whenever they were, times or not.
    pub all_time: bool,
}

/// A score for each item.
#[derive(Clone, Debug, PartialEq)]
pub struct Popularity {
    scores: ItemScores,
}

impl Popularity {
    /// The score of each item, by rising index.
    #[must_use]
    pub fn scores(&self) -> &[f64] {
        &self.scores.scores
    }
}

/// For each item the sum of its interactions, half of each left after a half-life in days; `times` has one for each, and the latest
/// of all is now. Sums run in the order of the users.
pub(crate) fn decayed_counts(interactions: &Interactions, times: &[i64], half_life: f64) -> Vec<f64> {
    let (now, half_life) = (times.iter().copied().max().unwrap_or(0), half_life * DAY);
    let mut counts = vec![0f64; interactions.items().len()];
    for (&item, &time) in interactions.matrix().columns().iter().zip(times) {
        #[expect(clippy::cast_precision_loss, reason = "an age in milliseconds is far below 2^53")]
        let age = now.saturating_sub(time) as f64;
        counts[item as usize] += (-age / half_life).exp2();
    }
    counts
}

impl Family for Popularity {
    const NAME: &'static str = "popularity";
    const SECTIONS: &'static [Section] = &[SECTION];
    type Params = PopularityParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::log("half_life", 1.0, 1000.0)]
    }

    fn check(params: &PopularityParams, _: &Shape) -> Result<(), FitError> {
        match params.half_life {
            Some(_) if params.all_time => Err(FitError::Parameter {
                name: "half_life",
                found: "beside all_time".to_owned(),
                allowed: "one of the two".to_owned(),
            }),
            Some(days) => check_range("half_life", days, f64::MIN_POSITIVE, f64::INFINITY),
            None => Ok(()),
        }
    }

    fn memory(_: &PopularityParams, shape: &Shape) -> Memory {
        let model = 8 * shape.items as u64;
        Memory { fit: shape.by_user() + model, model }
    }

    /// O(entries); sums run in f64, in the order of the users.
    fn fit(
        params: &PopularityParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let times = interactions.times().filter(|_| !params.all_time);
        if params.half_life.is_some() && times.is_none() {
            let needs = "times for its half_life: read the data with a time column (--time-column), or leave it out";
            return Err(FitError::Unsuited { model: Self::NAME, needs: needs.to_owned() });
        }
        let scores = report.phase("count", || {
            if let Some(times) = times {
                return decayed_counts(interactions, times, params.half_life.unwrap_or(DEFAULT_DAYS));
            }
            let mut scores = vec![0f64; interactions.items().len()];
            interactions.matrix().columns().iter().for_each(|&item| scores[item as usize] += 1.0);
            scores
        });
        tell(progress, 1.0)?;
        Ok(Self { scores: ItemScores { kind: SCORES, scores } })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        self.scores.save(file);
        Ok(())
    }

    fn load(_: &PopularityParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        ItemScores::load(SCORES, shape, file).map(|scores| Self { scores })
    }
}

impl Delegate for Popularity {
    type Inner = ItemScores;

    fn inner(&self) -> &ItemScores {
        &self.scores
    }
}
