//! Fitting user-kNN: what is positive, weighted, by user and by item.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use serde::{Deserialize, Serialize};

use super::{UserKnn, persist};
use crate::fit::{OnProgress, check_at_least_one, check_range, tell};
use crate::sparse_sections::SparseSections;
use crate::weighting::{Weigher, count, takers};
use crate::{Dimension, Family, FitError, FitReport, Memory, Positive, Shape, Weighting};

/// What user-kNN may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserKnnParams {
    /// Users that a score is made of, at least 1; 50 to 1000 are usual. 300 with a power of 2 was best on MovieLens 1M.
    pub neighbours: usize,
    /// Added to the denominator, so that users with few items in common are less alike; 0 to 1000.
    pub shrink: f64,
    /// 0.5 is the cosine; above it users of many items count more, below it those of few. 0 to 1.
    pub asymmetry: f64,
    /// Power of a likeness; above 1 the nearest neighbours count more. Above 0, up to 10.
    pub power: f64,
    /// What an interaction weighs.
    pub weighting: Weighting,
    /// Saturation of `bm25`.
    pub k1: f64,
    /// Share of the length in `bm25`, 0 to 1.
    pub b: f64,
    /// The least value that counts as positive; where nothing is stated, every value above 0.
    pub positive: Positive,
}

impl Default for UserKnnParams {
    fn default() -> Self {
        Self {
            neighbours: 300,
            shrink: 0.0,
            asymmetry: 0.5,
            power: 2.0,
            weighting: Weighting::Binary,
            k1: 1.2,
            b: 0.75,
            positive: Positive::default(),
        }
    }
}

impl UserKnnParams {
    /// With users as documents and items as words.
    pub(super) fn weigher(&self, users: usize, entries: usize) -> Weigher {
        let Self { weighting, k1, b, .. } = *self;
        let documents = count(users);
        Weigher { weighting, k1, b, documents, mean_length: count(entries) / documents.max(1.0) }
    }
}

impl Family for UserKnn {
    const NAME: &'static str = "user_knn";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = UserKnnParams;

    fn space() -> Vec<Dimension> {
        vec![
            Dimension::whole_log("neighbours", 20, 1000),
            Dimension::log("shrink", 1.0, 1000.0),
            Dimension::linear("asymmetry", 0.1, 0.9),
            Dimension::linear("power", 1.0, 3.0),
        ]
    }

    fn check(params: &UserKnnParams, _: &Shape) -> Result<(), FitError> {
        check_at_least_one("neighbours", params.neighbours)?;
        check_range("shrink", params.shrink, 0.0, f64::INFINITY)?;
        check_range("asymmetry", params.asymmetry, 0.0, 1.0)?;
        check_range("power", params.power, f64::MIN_POSITIVE, 10.0)?;
        check_range("k1", params.k1, 0.0, f64::INFINITY)?;
        check_range("b", params.b, 0.0, 1.0)
    }

    fn memory(_: &UserKnnParams, shape: &Shape) -> Memory {
        let model = shape.by_user() + shape.by_item() + 8 * shape.users as u64;
        // How many users took each item.
        Memory { fit: shape.by_user() + model + 8 * shape.items as u64, model }
    }

    /// O(entries).
    fn fit(
        params: &UserKnnParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        let interactions = &data.interactions;
        tell(progress, 0.0)?;
        let rows = report.phase("weigh", || {
            let takers = takers(interactions, params.positive);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of whole numbers")]
            let entries = takers.iter().sum::<f64>() as usize;
            let weigher = params.weigher(interactions.users().len(), entries);
            let weigh = |of_user, item: u32, value| weigher.weight(takers[item as usize], count(of_user), value);
            params.positive.weighted(interactions, weigh)
        });
        let rows = rows.map_err(|error| FitError::Failed { what: "weighting", source: error.into() })?;
        if rows.values().iter().any(|value| value.abs() > SparseSections::LARGEST) {
            let needs = format!("values of at most {} where they are weights", SparseSections::LARGEST);
            return Err(FitError::Unsuited { model: Self::NAME, needs });
        }
        tell(progress, 0.5)?;
        let model = report.phase("turn", || {
            let postings = rows.transpose();
            Self::new(rows, postings, params.clone())
        });
        tell(progress, 1.0)?;
        Ok(model)
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &UserKnnParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}
