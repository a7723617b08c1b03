//! Which values a search tries next: a function of the space, the seed and what was tried, and of nothing else.

use foretaste::models::blend::Members;
use foretaste::models::{Cheaper, Dimension, FitError, ModelParams, ParamsError, Range, Shape};
use serde_json::Value;

use super::halton::{self, point};
use super::halving::{self, Halving, Next};
use super::trial::{Goal, Origin, Setting, Trial};
use super::weights::Weights;

/// Sizes of the steps from the best, in turn.
const SIZES: [f64; 4] = [1.0, 0.5, 0.25, 0.125];

/// A search for good parameters of a family, or for the weights of a blend.
///
/// First come the family's defaults, then what was published, then points of a Halton sequence; the last quarter of the tries
/// goes in steps of one parameter from the best so far, and smaller steps where none of them is better. Of weights, those that
/// were given come first, then each member alone, then a quarter of the tries, but at most 20 for each member, are points of the
/// sequence, and all others are steps.
#[derive(Clone, Debug)]
pub struct Search {
    params: ModelParams,
    weights: Option<Weights>,
    halving: Option<Halving>,
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
    /// The members of a blend are not those of a search.
    #[error("a search for the weights of a blend was given {found}, allowed are {allowed}")]
    Members {
        /// What was found.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// Bad values cannot be sorted out by cheap fits.
    #[error("nothing can be halved: {why}; without --halving all fits are whole")]
    Halving {
        /// Why.
        why: String,
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
        let (fixed, trials) = (fixed.to_vec(), trials.max(1));
        Ok(Self { params, weights: None, halving: None, fixed, space, openings, goal, trials, seed })
    }

    /// A search for the weights of these members, from the weights that they have. Settings such as `votes=reciprocal_rank` fix
    /// how they vote.
    ///
    /// # Errors
    /// Fewer than 2 members or more than 5, two of one family, a weight out of range; a member that does not suit the data; a goal
    /// of ratings.
    pub fn blend(
        members: Members,
        fixed: &[String],
        shape: &Shape,
        goal: Goal,
        trials: usize,
        seed: u64,
    ) -> Result<Self, SearchError> {
        if !matches!(goal, Goal::List(..)) {
            return Err(SearchError::Members { found: goal.to_string(), allowed: "metrics of lists".to_owned() });
        }
        let weights = Weights::new(members, fixed, shape)?;
        Ok(Self {
            params: ModelParams::Blend(weights.blend().clone()),
            space: weights.space(),
            openings: weights.openings(),
            weights: Some(weights),
            halving: None,
            fixed: fixed.to_vec(),
            goal,
            trials: trials.max(1),
            seed,
        })
    }

    /// The same search with bad values sorted out by cheap fits: half of the tries take a quarter of the work each, a quarter of them
    /// half of it, and the best of those are fitted whole, and the defaults with them.
    ///
    /// # Errors
    /// The family has no cheap fit, or there are fewer than 8 tries.
    pub fn halving(self) -> Result<Self, SearchError> {
        let no = |why: String| Err(SearchError::Halving { why });
        let Some(cheaper) = self.params.cheaper().filter(|_| self.weights.is_none()) else {
            return no(format!("{} declares no cheap fit", self.model()));
        };
        if let Cheaper::Less(name) = cheaper
            && self.space.iter().any(|along| along.name == name)
        {
            return no(format!("{name} is varied, by which fits become cheap"));
        }
        if self.trials < halving::FEWEST {
            return no(format!("it needs at least {} trials, asked for are {}", halving::FEWEST, self.trials));
        }
        Ok(Self { halving: Some(Halving::new(cheaper, self.trials)), ..self })
    }

    /// How fits become cheap, where bad values are sorted out by cheap fits.
    #[must_use]
    pub fn cheaper(&self) -> Option<Cheaper> {
        self.halving.map(|halving| halving.cheaper)
    }

    /// The weights that are searched, where they are.
    pub(super) fn weights(&self) -> Option<&Weights> {
        self.weights.as_ref()
    }

    /// The members whose weights are searched, as they were given.
    #[must_use]
    pub fn members(&self) -> Option<&Members> {
        self.weights.as_ref().map(|weights| &weights.blend().members)
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
        let varied = match &self.weights {
            None => set.iter().map(|(name, value)| setting(name, value)).collect(),
            Some(weights) => vec![format!("members={}", weights.params(set).members)],
        };
        self.fixed.iter().cloned().chain(varied).collect()
    }

    /// The parameters of these values.
    ///
    /// # Errors
    /// A value is not of the parameter's type.
    pub fn params(&self, set: &Setting) -> Result<ModelParams, ParamsError> {
        self.params.clone().with(&self.settings(set))
    }

    /// Those of a fit of a share of the work, where a parameter says how much that is.
    pub(super) fn params_at(&self, set: &Setting, share: Option<f64>) -> Result<ModelParams, ParamsError> {
        let whole = self.params(set)?;
        let (Some(share), Some(Cheaper::Less(name))) = (share, self.cheaper()) else { return Ok(whole) };
        let along = [Dimension { name: name.to_owned(), range: Range::Choices(Vec::new()) }];
        let count = values(&whole, &along).get(name).and_then(Value::as_f64).unwrap_or(1.0);
        let less = Value::from((count * share).ceil().max(1.0) as u64);
        whole.with(&[setting(name, &less)])
    }

    /// What to try after these tries, and at what share of the work where that is not all; none when the budget is spent or nothing
    /// new is left.
    #[must_use]
    pub fn next(&self, tried: &[Trial]) -> Option<(Origin, Setting, Option<f64>)> {
        if tried.len() >= self.trials {
            return None;
        }
        let Some(halving) = self.halving else {
            return self.next_whole(tried).map(|(from, setting)| (from, setting, None));
        };
        let is_new = |setting: &Setting| tried.iter().all(|trial| trial.set != *setting);
        let new = self.openings.get(tried.len()).cloned().or_else(|| self.spread(is_new));
        match (halving.next(self.goal, tried, new.is_some()), new) {
            (Next::New(share), Some((from, setting))) => Some((from, setting, Some(share))),
            (Next::Again(setting, share), _) => Some((Origin::Halved, setting, share)),
            (Next::New(_) | Next::Whole, _) => {
                let is_new = |setting: &Setting| {
                    tried.iter().filter(|trial| trial.share.is_none()).all(|trial| trial.set != *setting)
                };
                self.step(tried, is_new).map(|(from, setting)| (from, setting, None))
            }
        }
    }

    /// What to try after these tries, all whole.
    fn next_whole(&self, tried: &[Trial]) -> Option<(Origin, Setting)> {
        if let Some(opening) = self.openings.get(tried.len()) {
            return Some(opening.clone());
        }
        let is_new = |setting: &Setting| tried.iter().all(|trial| trial.set != *setting);
        if let Some(weights) = &self.weights {
            let spread = || self.spread(|setting| weights.is_blend(setting) && is_new(setting));
            let is_spread = tried.len() < self.openings.len() + weights.spread(self.trials);
            return if is_spread { spread() } else { self.step(tried, is_new) };
        }
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
        if let Some(weights) = &self.weights {
            return weights.near(best).into_iter().find(is_new).map(|setting| (Origin::Step, setting));
        }
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
    space.iter().map(|Dimension { name, .. }| (name.clone(), params.value(name).unwrap_or(Value::Null))).collect()
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
