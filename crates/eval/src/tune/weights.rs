//! Weights of a blend as what a search varies: one for each member, of which only the ratios matter.

use foretaste::models::blend::{Blend, BlendParams, Member, Members};
use foretaste::models::{Dimension, Family, ModelParams, ParamsError, Range, Shape};
use serde_json::Value;

use super::search::SearchError;
use super::trial::{Origin, Setting};

/// The least weight, which is a vote against, and the greatest.
const ENDS: (f64, f64) = (-0.2, 1.0);
/// How many members a search takes.
const MEMBERS: std::ops::RangeInclusive<usize> = 2..=5;
/// Points that are spread over all weights, for each member.
const SPREAD: usize = 20;
/// Sizes of the steps of a weight, in turn.
const SIZES: [f64; 5] = [0.4, 0.2, 0.1, 0.05, 0.02];

/// A blend whose weights are searched.
#[derive(Clone, Debug)]
pub(super) struct Weights(BlendParams);

impl Weights {
    /// The members with the weights that a search begins with; settings such as `votes=reciprocal_rank` fix how they vote.
    pub(super) fn new(members: Members, fixed: &[String], shape: &Shape) -> Result<Self, SearchError> {
        let fail = |found: String, allowed: String| Err(SearchError::Members { found, allowed });
        if !MEMBERS.contains(&members.0.len()) {
            let allowed = format!("{} to {}", MEMBERS.start(), MEMBERS.end());
            return fail(format!("{} members", members.0.len()), allowed);
        }
        for (at, Member { weight, model }) in members.0.iter().enumerate() {
            if members.0[..at].iter().any(|before| before.model.name() == model.name()) {
                return fail(
                    format!("two members that are {}", model.name()),
                    "members of different families".to_owned(),
                );
            }
            if !(ENDS.0..=ENDS.1).contains(weight) {
                let allowed = format!("{} to {}: only their ratios matter", ENDS.0, ENDS.1);
                return fail(format!("the weight {weight} of {}", model.name()), allowed);
            }
        }
        if members.0.iter().all(|member| member.weight <= 0.0) {
            return fail("no weight above 0".to_owned(), "at least one".to_owned());
        }
        if let Some(found) = fixed.iter().find(|setting| setting.trim_start().starts_with("members")) {
            return fail(format!("--set {found}"), "members by --blend alone".to_owned());
        }
        let params = ModelParams::Blend(BlendParams { members, ..BlendParams::default() }).with(fixed)?;
        params.check(shape)?;
        let ModelParams::Blend(params) = params else {
            return Err(ParamsError::Setting { found: Blend::NAME.to_owned() }.into());
        };
        Ok(Self(params))
    }

    /// The blend.
    pub(super) fn blend(&self) -> &BlendParams {
        &self.0
    }

    /// A weight for each member, by the name of its family.
    pub(super) fn space(&self) -> Vec<Dimension> {
        self.names().map(|name| Dimension { name: name.to_owned(), range: Range::Linear(ENDS.0, ENDS.1) }).collect()
    }

    /// The weights that were given, then each member alone.
    pub(super) fn openings(&self) -> Vec<(Origin, Setting)> {
        let given = self.0.members.0.iter().map(|member| member.weight).collect();
        let alone = (0..self.0.members.0.len()).map(|only| {
            (Origin::Alone, (0..self.0.members.0.len()).map(|at| f64::from(u8::from(at == only))).collect())
        });
        std::iter::once((Origin::Given, given))
            .chain(alone)
            .map(|(from, weights)| (from, self.setting(weights)))
            .collect()
    }

    /// The weights that a setting says, in the order of the members.
    pub(super) fn of(&self, set: &Setting) -> Vec<f64> {
        self.names().map(|name| set.get(name).and_then(Value::as_f64).unwrap_or(0.0)).collect()
    }

    /// The blend with these weights.
    pub(super) fn params(&self, set: &Setting) -> BlendParams {
        BlendParams { members: self.0.members.with_weights(&self.of(set)), ..self.0.clone() }
    }

    /// How many points of a sequence of so many tries are spread over all weights before the steps begin.
    pub(super) fn spread(&self, trials: usize) -> usize {
        (trials / 4).min(SPREAD * self.0.members.0.len())
    }

    /// Whether one weight is above 0, so that there is something to rank by.
    pub(super) fn is_blend(&self, set: &Setting) -> bool {
        self.of(set).iter().any(|&weight| weight > 0.0)
    }

    /// The weights one step of one weight from these, the greatest of which counts as 1; the great steps first.
    pub(super) fn near(&self, set: &Setting) -> Vec<Setting> {
        let (from, mut near) = (self.of(set), Vec::new());
        let greatest = from.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        let from: Vec<f64> =
            from.into_iter().map(|weight| thousandths(weight / greatest).clamp(ENDS.0, ENDS.1)).collect();
        for size in SIZES {
            for at in 0..from.len() {
                for step in [-size, size] {
                    let mut weights = from.clone();
                    weights[at] = thousandths(weights[at] + step).clamp(ENDS.0, ENDS.1);
                    near.push(self.setting(weights));
                }
            }
        }
        near.retain(|set| self.is_blend(set));
        near
    }

    fn setting(&self, weights: Vec<f64>) -> Setting {
        self.names().map(str::to_owned).zip(weights.into_iter().map(Value::from)).collect()
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.members.0.iter().map(|member| member.model.name())
    }
}

/// The nearest number of three decimals, and 0 where that is -0.
fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3 + 0.0
}
