//! Fitting the Bayesian factorisation machine: sweeps of the sampler, samples of its states, and the users in each of them.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::UserIx;
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_linalg::CsrMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::chain::{Chain, Target};
use super::cut_points::CutPoints;
use super::days::Days;
use super::samples::{Samples, Told};
use super::side::Features;
use super::{BayesianFm, Rule, persist, properties};
use crate::fit::{OnProgress, check_at_least_one, check_finite, tell};
use crate::{Dimension, Family, FitError, FitReport, History, Memory, Shape};

/// Most factors, and most samples.
const MOST: usize = 1024;
/// Most levels of an ordinal scale.
const MOST_LEVELS: usize = 64;
/// Users made ready by one task.
const TASK: usize = 8;

/// What a rating is to the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// One of a few levels in order, whose distances are learnt (ordered probit).
    #[default]
    Ordinal,
    /// A number, with normal noise.
    Normal,
}

/// What the fit of the Bayesian factorisation machine may choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BayesianFmParams {
    /// Number of factors; 8 to 32 suit ratings, and too many of them do little harm.
    pub factors: usize,
    /// How often everything is drawn.
    pub sweeps: usize,
    /// Sweeps before the first sample: those that still depend on the start.
    pub burn_in: usize,
    /// Samples kept, at even distances; the model and a request grow with them.
    pub samples: usize,
    /// What a rating is: `ordinal`, a level of a scale of a few, or `normal`, a number.
    pub output: Output,
    /// Whether the items that a user has rated are features of the user.
    pub rated_items: bool,
    /// Whether the users who have rated an item are features of the item.
    pub rating_users: bool,
    /// Whether what is known of users and items are features: all properties but text.
    pub properties: bool,
    /// Whether the day of a rating (UTC) is a feature, where there are times.
    pub days: bool,
    /// Seed of the sampler. Equal seeds give equal bytes.
    pub seed: u64,
}

impl Default for BayesianFmParams {
    /// Factors and sweeps are those of myFM's examples for MovieLens 100K.
    fn default() -> Self {
        Self {
            factors: 10,
            sweeps: 512,
            burn_in: 64,
            samples: 64,
            output: Output::Ordinal,
            rated_items: true,
            rating_users: true,
            properties: true,
            days: true,
            seed: 0,
        }
    }
}

impl BayesianFmParams {
    fn check(&self) -> Result<(), FitError> {
        for (name, found) in [("factors", self.factors), ("samples", self.samples)] {
            if !(1..=MOST).contains(&found) {
                let allowed = format!("whole numbers from 1 to {MOST}");
                return Err(FitError::Parameter { name, found: found.to_string(), allowed });
            }
        }
        check_at_least_one("sweeps", self.sweeps)?;
        let most = self.sweeps.saturating_sub(self.samples);
        if self.burn_in > most || self.samples > self.sweeps {
            let allowed =
                format!("0 to {most}, so that {} samples can be kept of {} sweeps", self.samples, self.sweeps);
            return Err(FitError::Parameter { name: "burn_in", found: self.burn_in.to_string(), allowed });
        }
        Ok(())
    }

    /// Whether no fit can have had these parameters.
    pub(super) fn is_refused(&self) -> bool {
        self.check().is_err()
    }

    /// The number of sweeps after which a sample is kept.
    fn kept_after(&self, sample: usize) -> usize {
        self.burn_in + (sample + 1) * (self.sweeps - self.burn_in) / self.samples
    }
}

/// How ratings and scores belong together in these data.
fn rule(params: &BayesianFmParams, interactions: &Interactions) -> Result<Rule, FitError> {
    let values = interactions.matrix().values();
    if params.output == Output::Normal {
        #[expect(clippy::cast_precision_loss, reason = "a number of ratings is far below 2^53")]
        let count = values.len().max(1) as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let variance = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
        return Ok(Rule::Normal { mean, deviation: if variance > 0.0 { variance.sqrt() } else { 1.0 } });
    }
    let mut levels: Vec<f32> = Vec::new();
    for &value in values {
        let at = levels.partition_point(|&level| level < value);
        if levels.get(at).is_none_or(|&level| level > value) {
            levels.insert(at, value);
        }
        if levels.len() > MOST_LEVELS {
            let needs = format!("a scale of at most {MOST_LEVELS} levels; for finer ones set `output=normal`");
            return Err(FitError::Unsuited { model: BayesianFm::NAME, needs });
        }
    }
    if levels.len() < 2 {
        let needs = "ratings of at least two values; where all are alike, set `output=normal`".to_owned();
        return Err(FitError::Unsuited { model: BayesianFm::NAME, needs });
    }
    Ok(Rule::Levels(levels))
}

/// Ratings as the sampler sees them.
fn targets(rule: &Rule, values: &[f32]) -> (Vec<f64>, Target) {
    let ratings = values.iter().map(|&value| rule.rating(value)).collect();
    let Rule::Levels(levels) = rule else { return (ratings, Target::Rating) };
    #[expect(clippy::cast_possible_truncation, reason = "a scale has at most 64 levels")]
    let of_values = values.iter().map(|&value| rule.level(value) as u8).collect();
    (ratings, Target::Level { levels: of_values, cut_points: CutPoints::new(levels.len()) })
}

impl Family for BayesianFm {
    const NAME: &'static str = "bayesian_fm";
    const SECTIONS: &'static [Section] = persist::SECTIONS;
    type Params = BayesianFmParams;

    fn space() -> Vec<Dimension> {
        vec![Dimension::whole_log("factors", 4, 64)]
    }

    fn check(params: &BayesianFmParams, _: &Shape) -> Result<(), FitError> {
        params.check()
    }

    fn memory(params: &BayesianFmParams, shape: &Shape) -> Memory {
        let (users, items, entries) = (shape.users as u64, shape.items as u64, shape.entries as u64);
        let (width, count) = (params.factors as u64 + 1, params.samples as u64);
        let rated = u64::from(params.rated_items);
        let samples = 4 * width * count * items * (1 + rated) + 8 * count * (width * width + 3 * width);
        let of_users = 4 * (width + 1) * count * users;
        let rows = 80 + 16 * (width - 1);
        let weights = users * (1 + u64::from(params.rating_users)) + items * (1 + rated);
        let chain = shape.by_item()
            + (17 + 4 * u64::from(params.days)) * entries
            + rows * (users + items)
            + 8 * width * (weights + items);
        Memory { fit: shape.by_user() + samples + chain.max(of_users), model: samples + of_users }
    }

    /// `sweeps` times about 10 `factors` operations an interaction, 15 with days; and for each user and sample `factors²` an interaction.
    fn fit(
        params: &BayesianFmParams,
        data: &Dataset,
        report: &mut FitReport,
        progress: &mut OnProgress<'_>,
    ) -> Result<Self, FitError> {
        tell(progress, 0.0)?;
        let interactions = &data.interactions;
        let Feedback::Explicit { least, most } = interactions.feedback() else {
            let needs = "ratings to predict; these interactions have none: choose `ials`, or read a rating column \
                         (--rating-column)";
            return Err(FitError::Unsuited { model: Self::NAME, needs: needs.to_owned() });
        };
        let matrix = interactions.matrix();
        let output = rule(params, interactions)?;
        let known = |catalogue, rows| {
            let groups = if params.properties { properties::groups(catalogue, rows) } else { Ok(Vec::new()) };
            groups.map_err(|error| FitError::Failed { what: "choice of properties", source: error.into() })
        };
        let [user_properties, item_properties] =
            [known(&data.users, matrix.nrows())?, known(&data.catalogue, matrix.ncols())?];
        let times = interactions.times().filter(|_| params.days).unwrap_or_default();
        let days = Days::of(times);
        let mut told = Told::default();
        let samples = report.phase("sample", || {
            let by_item = matrix.transpose();
            let counts: Vec<usize> = by_item.offsets().windows(2).map(|ends| ends[1] - ends[0]).collect();
            let mut of_users = vec![Features::Ids(matrix.nrows())];
            if params.rated_items {
                of_users.push(Features::Implicit(&by_item));
            }
            let mut of_items = vec![Features::Ids(matrix.ncols())];
            if params.rating_users {
                of_items.push(Features::Implicit(matrix));
            }
            of_users.extend(user_properties.iter().map(Features::Property));
            of_items.extend(item_properties.iter().map(Features::Property));
            let ratings = targets(&output, matrix.values());
            let features = [of_users, of_items];
            let place = |&time: &i64| days.place(Some(time)).and_then(|place| u32::try_from(place).ok());
            let mut of_entries = Vec::with_capacity(if days.list().is_empty() { 0 } else { times.len() });
            of_entries.extend(times.iter().filter_map(place));
            let of_entries = (of_entries, days.list().len());
            let mut chain = Chain::new(matrix, &counts, features, of_entries, params.factors, ratings, params.seed);
            let (width, rated) = (params.factors + 1, params.rated_items);
            let mut samples = Samples::new(params.samples, width, matrix.ncols(), rated, days.list().len());
            for sweep in 1..=params.sweeps {
                chain.sweep();
                while samples.states.len() < params.samples && sweep >= params.kept_after(samples.states.len()) {
                    samples.keep(&chain, &mut told);
                }
                #[expect(clippy::cast_precision_loss, reason = "a number of sweeps is far below 2^53")]
                tell(progress, 0.9 * sweep as f64 / params.sweeps as f64)?;
            }
            check_finite(
                "samples",
                samples.items.iter().chain(&samples.rated).chain(&samples.days).map(|&x| f64::from(x)),
            )?;
            Ok(samples)
        })?;
        let size = (samples.width + 1) * samples.count;
        let mut model = Self { samples, users: Vec::new(), output, days, scale: [least, most] };
        report.phase("users", || {
            let of_users: Vec<CsrMatrix> = user_properties.iter().map(CsrMatrix::transpose).collect();
            let mut users = vec![0f32; matrix.nrows() * size];
            users.par_chunks_exact_mut(size).enumerate().with_min_len(TASK).for_each(|(user, to)| {
                #[expect(clippy::cast_possible_truncation, reason = "users are counted in 32 bits")]
                let user_ix = UserIx(user as u32);
                let ((items, values), times) = (interactions.of(user_ix), interactions.times_of(user_ix));
                let known = told.sums(size - model.samples.count, of_users.iter().map(|features| features.row(user)));
                to.copy_from_slice(&model.folded(History { items, values, times }, known));
            });
            model.users = users;
        });
        check_finite("users", model.users.iter().map(|&x| f64::from(x)))?;
        tell(progress, 1.0)?;
        Ok(model)
    }

    fn save(&self, file: &mut Writer) -> Result<(), ContainerError> {
        persist::save(self, file);
        Ok(())
    }

    fn load(params: &BayesianFmParams, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        persist::load(params, shape, file)
    }
}
