//! Which values a search tries next: a function of the space, the seed and what was tried, and of nothing else.

use foretaste::models::{Dimension, FitError, ModelParams, ParamsError, Range, Shape};
use serde_json::Value;

use super::halton::{self, point};
use super::trial::{Goal, Origin, Setting, Trial};

/// Sizes of the steps from the best, in turn.
const SIZES: [f64; 4] = [1.0, 0.5, 0.25, 0.125];

/// A search for good parameters of a family.
///
/// First come the family's defaults, then what was published, then points of a Halton sequence; the last quarter of the tries
/// goes in steps of one parameter from the best so far, and smaller steps where none of them is better.
#[derive(Clone, Debug)]
pub struct Search {
    params: ModelParams,
    fixed: Vec<String>,
    space: Vec<Dimension>,
    openings: Vec<(Origin, Setting)>,
    goal: Goal,
    trials: usize,
    seed: u64,
}

/// Why there is no search.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The model or a parameter does not exist.
    #[error(transparent)]
    Params(#[from] ParamsError),
    /// What is fixed is out of range.
    #[error(transparent)]
    Fixed(#[from] FitError),
    /// Nothing is left to vary.
    #[error(
        "nothing is left of {model} to search: it declares {}; `--space NAME=LOW..HIGH` adds a parameter",
        named(declared)
    )]
    Nothing {
        /// The model.
        model: String,
        /// What it lets a search vary.
        declared: Vec<String>,
    },
    /// A parameter is fixed and varied.
    #[error("`{found}` is fixed by --set and varied by --space: one of them is to go")]
    Both {
        /// The parameter.
        found: String,
    },
    /// There are more parameters than a search takes.
    #[error("a search varies {found} parameters, allowed are {}", halton::MOST)]
    Many {
        /// How many there are.
        found: usize,
    },
}

fn named(declared: &[String]) -> String {
    if declared.is_empty() { "no parameter".to_owned() } else { declared.join(", ") }
}

impl Search {
    /// A search of `trials` tries by the `goal`. Settings such as `lambda=500` fix parameters, `ranges` stand in place of
    /// those that the family declares or beside them.
    ///
    /// # Errors
    /// A model or a parameter that does not exist; nothing to vary.
    pub fn new(
        model: &str,
        fixed: &[String],
        ranges: &[Dimension],
        shape: &Shape,
        goal: Goal,
        trials: usize,
        seed: u64,
    ) -> Result<Self, SearchError> {
        let params = ModelParams::for_shape(model, shape)?.with(fixed)?;
        params.check(shape)?;
        let declared = params.space();
        let mut space = declared.clone();
        for wanted in ranges {
            // Says which parameters there are where there is none of that name.
            params.clone().with(&[setting(&wanted.name, &wanted.range.at(0.0))])?;
            match space.iter_mut().find(|dimension| dimension.name == wanted.name) {
                Some(dimension) => *dimension = wanted.clone(),
                None => space.push(wanted.clone()),
            }
        }
        let is_fixed = |name: &str| fixed.iter().any(|setting| name_of(setting) == name);
        if let Some(both) = ranges.iter().find(|wanted| is_fixed(&wanted.name)) {
            return Err(SearchError::Both { found: both.name.clone() });
        }
        space.retain(|dimension| !is_fixed(&dimension.name));
        if space.is_empty() {
            let declared = declared.into_iter().map(|dimension| dimension.name).collect();
            return Err(SearchError::Nothing { model: model.to_owned(), declared });
        }
        if space.len() > halton::MOST {
            return Err(SearchError::Many { found: space.len() });
        }
        space.iter_mut().for_each(|dimension| lower(dimension, &params, shape));
        let mut openings = vec![(Origin::Default, values(&params, &space))];
        for published in params.published() {
            let setting = values(&params.clone().with(published)?, &space);
            if openings.iter().all(|(_, known)| *known != setting) {
                openings.push((Origin::Published, setting));
            }
        }
        Ok(Self { params, fixed: fixed.to_vec(), space, openings, goal, trials: trials.max(1), seed })
    }

    /// What is varied, from where to where.
    #[must_use]
    pub fn space(&self) -> &[Dimension] {
        &self.space
    }

    /// What it goes by.
    #[must_use]
    pub fn goal(&self) -> Goal {
        self.goal
    }

    /// How many tries there are at most.
    #[must_use]
    pub fn trials(&self) -> usize {
        self.trials
    }

    /// The family.
    #[must_use]
    pub fn model(&self) -> &'static str {
        self.params.name()
    }

    /// What is drawn comes from it.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The settings that are fixed, as they were given.
    #[must_use]
    pub fn fixed(&self) -> &[String] {
        &self.fixed
    }

    /// The settings of a command line that fits these values.
    #[must_use]
    pub fn settings(&self, set: &Setting) -> Vec<String> {
        let varied = set.iter().map(|(name, value)| setting(name, value));
        self.fixed.iter().cloned().chain(varied).collect()
    }

    /// The parameters of these values.
    ///
    /// # Errors
    /// A value is not of the parameter's type.
    pub fn params(&self, set: &Setting) -> Result<ModelParams, ParamsError> {
        self.params.clone().with(&self.settings(set))
    }

    /// What to try after these tries; none when the budget is spent or nothing new is left.
    #[must_use]
    pub fn next(&self, tried: &[Trial]) -> Option<(Origin, Setting)> {
        if tried.len() >= self.trials {
            return None;
        }
        if let Some(opening) = self.openings.get(tried.len()) {
            return Some(opening.clone());
        }
        let is_new = |setting: &Setting| tried.iter().all(|trial| trial.set != *setting);
        let spread = || self.spread(is_new);
        if tried.len() < self.trials - self.trials / 4 {
            spread().or_else(|| self.step(tried, is_new))
        } else {
            self.step(tried, is_new).or_else(spread)
        }
    }

    /// The first point of the sequence that was not tried.
    fn spread(&self, is_new: impl Fn(&Setting) -> bool) -> Option<(Origin, Setting)> {
        // Of a space of few values most points were tried; all of it is seen in a few rounds.
        let most = u32::try_from(self.trials).unwrap_or(u32::MAX).saturating_mul(20);
        let mut points = (1..=most).map(|index| {
            let shares = point(index, self.space.len(), self.seed);
            let varied = self.space.iter().zip(shares);
            varied.map(|(dimension, share)| (dimension.name.clone(), dimension.range.at(share))).collect::<Setting>()
        });
        points.find(is_new).map(|setting| (Origin::Halton, setting))
    }

    /// The first step from the best that was not tried.
    fn step(&self, tried: &[Trial], is_new: impl Fn(&Setting) -> bool) -> Option<(Origin, Setting)> {
        let best = &self.goal.best(tried)?.set;
        let steps = SIZES.into_iter().flat_map(|size| self.space.iter().map(move |dimension| (size, dimension)));
        let mut near = steps.flat_map(|(size, dimension)| {
            let value = best.get(&dimension.name).unwrap_or(&Value::Null);
            dimension.range.beside(value, size).into_iter().map(|value| {
                let mut near = best.clone();
                near.insert(dimension.name.clone(), value);
                near
            })
        });
        near.find(is_new).map(|setting| (Origin::Step, setting))
    }
}

/// The values that parameters have along a space.
fn values(params: &ModelParams, space: &[Dimension]) -> Setting {
    let map = serde_json::to_value(params).unwrap_or_default();
    space.iter().map(|Dimension { name, .. }| (name.clone(), map.get(name).cloned().unwrap_or(Value::Null))).collect()
}

/// Lowers the high end of whole numbers that data of this shape cannot have.
fn lower(dimension: &mut Dimension, params: &ModelParams, shape: &Shape) {
    let Dimension { name, range } = dimension;
    let (Range::Whole(low, high) | Range::WholeLog(low, high)) = range else { return };
    let is_possible = |value: u32| {
        let params = params.clone().with(&[setting(name, &Value::from(value))]);
        params.is_ok_and(|params| params.check(shape).is_ok())
    };
    if is_possible(*high) || !is_possible(*low) {
        return;
    }
    let (mut possible, mut too_high) = (*low, *high);
    while too_high - possible > 1 {
        let middle = possible + (too_high - possible) / 2;
        *(if is_possible(middle) { &mut possible } else { &mut too_high }) = middle;
    }
    *high = possible;
}

/// The parameter that a setting such as `lambda=500` sets.
fn name_of(setting: &str) -> String {
    setting.split('=').next().unwrap_or_default().trim().replace('-', "_")
}

/// A setting as a command line has it: `lambda=500`, not `lambda=500.0`.
fn setting(name: &str, value: &Value) -> String {
    match (value.as_f64(), value.as_str()) {
        (Some(number), _) => format!("{name}={number}"),
        (None, Some(word)) => format!("{name}={word}"),
        (None, None) => format!("{name}={value}"),
    }
}
