//! Trending: what is taken more often of late than before.
//!
//! With the counts of an item's interactions that fade with a fast and with a slow half-life, an item that is taken at a steady rate
//! has a fast count of `expected = slow count x fast / slow`. The score is how far it is above that, in units of its chance
//! (a Poisson count has a standard deviation of the root of its mean): `(fast count - expected) / sqrt(expected + prior)`.
//! The same for every user. The counts are those of [`popularity`](crate::popularity).

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use serde::{Deserialize, Serialize};

use crate::delegate::Delegate;
use crate::fit::{OnProgress, check_range, tell};
use crate::item_scores::{ItemScores, Kind};
use crate::popularity::decayed_counts;
use crate::{Dimension, Family, FitError, FitReport, Meaning, Memory, Shape};

const SECTION: Section = Section { kind: 45, name: "trends" };
const SCORES: Kind = Kind { section: SECTION, meaning: Meaning::RankingScore, name: "trend" };

/// What the fit of trends may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrendingParams {
    /// Days after which half of an interaction of late is left; above 0 and less than `slow`.
    pub fast: f64,
    /// The same for what is expected.
    pub slow: f64,
    /// Expected interactions that every item has on top of its own, above 0.
    pub prior: f64,
}

impl Default for TrendingParams {
    fn default() -> Self {
        Self { fast: 1.0, slow: 14.0, prior: 1.0 }
    }
}

/// A score for each item.
#[derive(Clone, Debug, PartialEq)]
pub struct Trending {
    scores: ItemScores,
}

impl Family for Trending {
    const NAME: &'static str = "trending";
    const SECTIONS: &'static [Section] = &[SECTION];
    type Params = TrendingParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::log("fast", 0.25, 7.0), Dimension::log("slow", 8.0, 90.0), Dimension::log("prior", 0.1, 10.0)]
    }

    fn check(params: &TrendingParams, _: &Shape) -> Result<(), FitError> {
        check_range("slow", params.slow, f64::MIN_POSITIVE, f64::INFINITY)?;
        if !(params.fast > 0.0 && params.fast < params.slow) {
            let allowed = format!("above 0 to less than slow, which is {}", params.slow);
            return Err(FitError::Parameter { name: "fast", found: params.fast.to_string(), allowed });
        }
        check_range("prior", params.prior, f64::MIN_POSITIVE, f64::INFINITY)
    }

    fn memory(_: &TrendingParams, shape: &Shape) -> Memory {
        let model = 8 * shape.items as u64;
        Memory { fit: shape.by_user() + 2 * model, model }
    }

    /// O(entries); sums run in f64, in the order of the users.
    fn fit(
        params: &TrendingParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let Some(times) = interactions.times() else {
            let needs = "times: read the data with a time column (--time-column), or choose `popularity`";
            return Err(FitError::Unsuited { model: Self::NAME, needs: needs.to_owned() });
        };
        let scores = report.phase("count", || {
            let mut scores = decayed_counts(interactions, times, params.fast);
            let slow = decayed_counts(interactions, times, params.slow);
            for (score, slow) in scores.iter_mut().zip(slow) {
                let expected = slow * params.fast / params.slow;
                *score = (*score - expected) / (expected + params.prior).sqrt();
            }
            scores
        });
        tell(progress, 1.0)?;
        Ok(Self { scores: ItemScores { kind: SCORES, scores } })
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        self.scores.save(file);
        Ok(())
    }

    fn load(_: &TrendingParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        ItemScores::load(SCORES, shape, file).map(|scores| Self { scores })
    }
}

impl Delegate for Trending {
    type Inner = ItemScores;

    fn inner(&self) -> &ItemScores {
        &self.scores
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use foretaste_data::ids::IdTable;
    use foretaste_data::interactions::{Feedback, Interactions};
    use foretaste_linalg::CsrMatrix;

    use super::*;

    #[test]
    fn what_rises_is_above_what_is_steady_and_that_above_what_falls() {
        // Users 0 to 29, one a day; item 0 by the late ones, 1 by every third, 2 by the early ones.
        const DAY: i64 = 86_400_000;
        let (mut offsets, mut columns, mut times) = (vec![0], vec![], vec![]);
        for day in 0..30i64 {
            for (item, takes) in [(0, day >= 25), (1, day % 3 == 2), (2, day < 5)] {
                if takes {
                    columns.push(item);
                    times.push(day * DAY);
                }
            }
            offsets.push(columns.len());
        }
        let ids: Vec<String> = (0..30).map(|id| id.to_string()).collect();
        let users = IdTable::from_sorted(ids.iter().map(String::as_str)).unwrap();
        let items = IdTable::from_sorted(["a", "b", "c"]).unwrap();
        let values = vec![1.0; columns.len()];
        let matrix = CsrMatrix::new(3, offsets, columns, values).unwrap();
        let interactions = Interactions::new(users, items, matrix, Some(times), Feedback::Implicit).unwrap();
        let params = TrendingParams { fast: 2.0, slow: 10.0, prior: 0.5 };
        let mut report = FitReport::default();
        let data = Dataset::new("days", interactions);
        let model = Trending::fit(&params, &data, &mut report, &mut |_| ControlFlow::Continue(())).unwrap();
        let [rises, steady, falls] = model.scores.scores[..] else { unreachable!() };
        assert!(rises > steady + 1.0 && steady > falls + 0.5 && falls < 0.0, "{:?}", model.scores.scores);
        // The formula by hand for the item of the late days.
        let count = |half_life: f64| (25..30).map(|day| (-f64::from(29 - day) / half_life).exp2()).sum::<f64>();
        let expected = count(10.0) * 0.2;
        assert!((rises - (count(2.0) - expected) / (expected + 0.5).sqrt()).abs() < 1e-12);
    }
}
