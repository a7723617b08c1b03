//! The sections of the Bayesian factorisation machine in a model file.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 130 | factorisation machine output | f64: least and greatest rating; then mean and deviation, or the levels of the scale |
//! | 131 | factorisation machine states | f64, for each sample: offset, noise; by column the means and the precisions of a user's own weights; the moments of interactions, columns x columns; what a user has by properties, by column; the cut points |
//! | 132 | factorisation machine items | f32, items x columns x samples |
//! | 133 | factorisation machine rated items | f32, items x columns x samples; empty without such features |
//! | 134 | factorisation machine users | f32, users x (columns and a variance) x samples |
//! | 153 | factorisation machine days | f64, the days since 1970 that have an interaction; empty without such features |
//! | 154 | factorisation machine day weights | f32, days x columns x samples |

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::days::Days;
use super::fit::Output;
use super::samples::{Samples, State};
use super::{BayesianFm, BayesianFmParams, Rule};
use crate::Shape;
use crate::fit::narrow;

const OUTPUT: Section = Section { kind: 130, name: "factorisation machine output" };
const STATES: Section = Section { kind: 131, name: "factorisation machine states" };
const ITEMS: Section = Section { kind: 132, name: "factorisation machine items" };
const RATED: Section = Section { kind: 133, name: "factorisation machine rated items" };
const USERS: Section = Section { kind: 134, name: "factorisation machine users" };
const DAYS: Section = Section { kind: 153, name: "factorisation machine days" };
const DAY_WEIGHTS: Section = Section { kind: 154, name: "factorisation machine day weights" };

/// Products of numbers have to fit into an f32, and so have their sums; a fit gives numbers below 100.
const LARGEST: f32 = 1e12;

/// Days of times that 64 bits of milliseconds hold.
const LARGEST_DAY: f64 = 1.1e11;

pub(super) const SECTIONS: &[Section] = &[OUTPUT, STATES, ITEMS, RATED, USERS, DAYS, DAY_WEIGHTS];

pub(super) fn save(model: &BayesianFm, file: &mut Writer) {
    let scale = model.scale.iter().map(|&end| f64::from(end));
    match &model.output {
        Rule::Normal { mean, deviation } => file.array(OUTPUT, scale.chain([*mean, *deviation])),
        Rule::Levels(levels) => file.array(OUTPUT, scale.chain(levels.iter().map(|&level| f64::from(level)))),
    }
    let numbers = model.samples.states.iter().flat_map(|state| {
        let State { offset, noise, means, precisions, moments, typical, points } = state;
        [*offset, *noise]
            .into_iter()
            .chain([means, precisions, moments, typical, points].into_iter().flatten().copied())
    });
    file.array(STATES, numbers);
    file.array(ITEMS, model.samples.items.iter().copied());
    file.array(RATED, model.samples.rated.iter().copied());
    file.array(USERS, model.users.iter().copied());
    #[expect(clippy::cast_precision_loss, reason = "days since 1970 are far below 2^53")]
    file.array(DAYS, model.days.list().iter().map(|&day| day as f64));
    file.array(DAY_WEIGHTS, model.samples.days.iter().copied());
}

pub(super) fn load(params: &BayesianFmParams, shape: &Shape, file: &Reader<'_>) -> Result<BayesianFm, ContainerError> {
    let output = file.bytes(OUTPUT)?.len() / 8;
    if params.is_refused() || output < 4 || params.output == Output::Normal && output != 4 {
        return Err(OUTPUT.corrupt("another number of entries than their parameters ask for"));
    }
    let numbers = file.array::<f64>(OUTPUT, Some(output))?;
    OUTPUT.check_finite(&numbers)?;
    let scale = [narrow(numbers[0]), narrow(numbers[1])];
    let output = if params.output == Output::Normal {
        if numbers[3] <= 0.0 {
            return Err(OUTPUT.corrupt("a deviation that is not above 0"));
        }
        Rule::Normal { mean: numbers[2], deviation: numbers[3] }
    } else {
        let levels: Vec<f32> = numbers[2..].iter().map(|&level| narrow(level)).collect();
        if !levels.is_sorted_by(|a, b| a < b) {
            return Err(OUTPUT.corrupt("levels that do not rise"));
        }
        Rule::Levels(levels)
    };
    let (width, count) = (params.factors + 1, params.samples);
    let points = if let Rule::Levels(levels) = &output { levels.len() - 1 } else { 0 };
    let each = 2 + 3 * width + width * width + points;
    let numbers = file.array::<f64>(STATES, Some(count * each))?;
    STATES.check_finite(&numbers)?;
    let states: Vec<State> = numbers.chunks_exact(each).map(|numbers| state(numbers, width)).collect();
    for state in &states {
        if state.noise <= 0.0 || state.precisions.iter().any(|&precision| precision <= 0.0) {
            return Err(STATES.corrupt("a precision that is not above 0"));
        }
        if !state.points.is_sorted_by(|a, b| a < b) {
            return Err(STATES.corrupt("cut points that do not rise"));
        }
    }
    let size = |rows: usize, columns: usize| rows.checked_mul(columns * count);
    let items = file.array::<f32>(ITEMS, size(shape.items, width))?;
    let rated = file.array::<f32>(RATED, size(if params.rated_items { shape.items } else { 0 }, width))?;
    let users = file.array::<f32>(USERS, size(shape.users, width + 1))?;
    let days = file.array::<f64>(DAYS, Some(file.bytes(DAYS)?.len() / 8))?;
    if days.iter().any(|day| day.fract() != 0.0 || day.abs() > LARGEST_DAY) {
        return Err(DAYS.corrupt("a day that there is not"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole numbers far below 2^53")]
    let days = Days::saved(days.iter().map(|&day| day as i64).collect());
    let Some(days) = days else { return Err(DAYS.corrupt("days that do not rise")) };
    let of_days = file.array::<f32>(DAY_WEIGHTS, size(days.list().len(), width))?;
    for (section, numbers) in [(ITEMS, &items), (RATED, &rated), (USERS, &users), (DAY_WEIGHTS, &of_days)] {
        section.check_at_most(numbers, LARGEST)?;
    }
    if users.chunks_exact((width + 1) * count).any(|user| user[width * count..].iter().any(|&variance| variance < 0.0))
    {
        return Err(USERS.corrupt("a variance below 0"));
    }
    let samples = Samples { count, width, items, rated, days: of_days, states };
    Ok(BayesianFm { samples, users, output, days, scale })
}

fn state(numbers: &[f64], width: usize) -> State {
    let (first, rest) = numbers.split_at(2);
    let (means, rest) = rest.split_at(width);
    let (precisions, rest) = rest.split_at(width);
    let (moments, rest) = rest.split_at(width * width);
    let (typical, points) = rest.split_at(width);
    let [means, precisions, moments, typical, points] =
        [means, precisions, moments, typical, points].map(<[f64]>::to_vec);
    State { offset: first[0], noise: first[1], means, precisions, moments, typical, points }
}
