//! What is kept of the sampler's states, in the form in which a request needs it.

use super::chain::{Chain, Target};
use super::side::{Features, Row};
use crate::fit::narrow;

/// States of the sampler, thinned out. A sample's score of a user and an item is a sum over `width` columns: the first of both
/// added up, the products of the others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    /// Number of samples.
    pub(crate) count: usize,
    /// One more than the number of factors.
    pub(crate) width: usize,
    /// items x width x count.
    pub(crate) items: Vec<f32>,
    /// The weights of an item as one that a user has rated, items x width x count; empty without such features.
    pub(crate) rated: Vec<f32>,
    /// The weights of each day, days x width x count.
    pub(crate) days: Vec<f32>,
    /// Of each sample.
    pub(crate) states: Vec<State>,
}

/// What users have by their properties, in every sample.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// The weights of the properties' features, group after group, each features x width x count.
    groups: Vec<Vec<f32>>,
}

/// A user's features other than the user itself, summed up: weights times values, and the squares of these; width x count each.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    pub(crate) sums: Vec<f64>,
    pub(crate) squares: Vec<f64>,
}

/// The numbers of one sample that belong to no item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State {
    /// What every score has in common.
    pub(crate) offset: f64,
    /// Precision of the noise.
    pub(crate) noise: f64,
    /// Means of a user's own weights, by column, before anything is known of the user.
    pub(crate) means: Vec<f64>,
    /// The precisions of these.
    pub(crate) precisions: Vec<f64>,
    /// The mean of `x xᵀ` over interactions, width x width, where `x` is 1 and the factors of the interaction's item
    /// plus those of its day, which are taken to be independent.
    pub(crate) moments: Vec<f64>,
    /// What a user has by properties, by column, the mean over users: it stands in where they are not known.
    pub(crate) typical: Vec<f64>,
    /// Ends of the levels of an ordinal rating; empty for others.
    pub(crate) points: Vec<f64>,
}

impl Samples {
    /// Room for a number of samples.
    pub(crate) fn new(count: usize, width: usize, items: usize, has_rated: bool, days: usize) -> Self {
        let numbers = items * width * count;
        let rated = vec![0f32; if has_rated { numbers } else { 0 }];
        let days = vec![0f32; days * width * count];
        Self { count, width, items: vec![0f32; numbers], rated, days, states: Vec::with_capacity(count) }
    }

    /// Keeps the state as the next sample.
    pub(crate) fn keep(&mut self, chain: &Chain<'_>, told: &mut Told) {
        let (at, width, count) = (self.states.len(), self.width, self.count);
        let mut columns: Vec<Vec<f64>> = vec![chain.items.sums_of(0).iter().map(|sums| sums[0]).collect()];
        for sums in &chain.items.sums {
            let of_factor = sums.iter().map(|&[sum, squares]| (sum, 0.5 * (sum * sum - squares)));
            let (factor, alone): (Vec<f64>, Vec<f64>) = of_factor.unzip();
            columns[0].iter_mut().zip(alone).for_each(|(to, alone)| *to += alone);
            columns.push(factor);
        }
        write(&mut self.items, (at, count), &columns);
        let rated = chain.users.groups.iter().find(|group| matches!(group.features, Features::Implicit(_)));
        if let Some(group) = rated.filter(|_| !self.rated.is_empty()) {
            write(&mut self.rated, (at, count), &group.weights);
        }
        let mut moments = vec![0f64; width * width];
        let mut interactions = 0.0;
        for (item, row) in chain.items.rows.iter().enumerate() {
            let of = |column: usize| if column == 0 { 1.0 } else { columns[column][item] };
            interactions += row.count;
            for a in 0..width {
                for b in 0..width {
                    moments[a * width + b] += row.count * of(a) * of(b);
                }
            }
        }
        moments.iter_mut().for_each(|moment| *moment /= interactions);
        if let Some(days) = &chain.days {
            let weights = &days.side.groups[0].weights;
            write(&mut self.days, (at, count), weights);
            add_days(&mut moments, &days.side.rows, weights);
        }
        told.keep(chain, (at, count));
        let own = &chain.users.groups[0].priors;
        self.states.push(State {
            offset: chain.offset,
            noise: chain.noise,
            means: own.iter().map(|prior| prior.mean).collect(),
            precisions: own.iter().map(|prior| prior.precision).collect(),
            moments,
            typical: typical(chain, width),
            points: match &chain.target {
                Target::Rating => Vec::new(),
                Target::Level { cut_points, .. } => cut_points.points.clone(),
            },
        });
    }

    /// The numbers of an item, width x count.
    pub(crate) fn item(&self, item: usize) -> &[f32] {
        let size = self.width * self.count;
        &self.items[item * size..][..size]
    }

    /// The numbers of a day, width x count.
    pub(crate) fn day(&self, day: usize) -> &[f32] {
        let size = self.width * self.count;
        &self.days[day * size..][..size]
    }

    /// Its weights as one that a user has rated.
    pub(crate) fn rated(&self, item: usize) -> &[f32] {
        let size = self.width * self.count;
        &self.rated[item * size..][..size]
    }
}

impl Told {
    fn keep(&mut self, chain: &Chain<'_>, sample: (usize, usize)) {
        let properties = chain.users.groups.iter().filter(|group| matches!(group.features, Features::Property(_)));
        for (at, group) in properties.enumerate() {
            if self.groups.len() == at {
                self.groups.push(vec![0f32; group.features.count() * group.weights.len() * sample.1]);
            }
            write(&mut self.groups[at], sample, &group.weights);
        }
    }

    /// What a user has by properties, given for each group the user's features and values.
    pub(crate) fn sums<'b>(&self, size: usize, features: impl Iterator<Item = (&'b [u32], &'b [f32])>) -> Sums {
        let mut sums = Sums { sums: vec![0f64; size], squares: vec![0f64; size] };
        for (weights, (features, values)) in self.groups.iter().zip(features) {
            for (&feature, &value) in features.iter().zip(values) {
                sums.add(&weights[feature as usize * size..][..size], f64::from(value));
            }
        }
        sums
    }
}

impl Sums {
    /// Adds a feature with these weights and this value.
    pub(crate) fn add(&mut self, weights: &[f32], value: f64) {
        for ((sum, square), &weight) in self.sums.iter_mut().zip(&mut self.squares).zip(weights) {
            let product = f64::from(weight) * value;
            *sum += product;
            *square += product * product;
        }
    }

    /// What stands in for properties that are not known.
    pub(crate) fn typical(samples: &Samples) -> Self {
        let count = samples.count;
        let size = samples.width * count;
        let mut sums = Self { sums: vec![0f64; size], squares: vec![0f64; size] };
        for (at, state) in samples.states.iter().enumerate() {
            for (column, typical) in state.typical.iter().enumerate() {
                sums.sums[column * count + at] = *typical;
                // Pairs of properties are in the first column.
                sums.squares[column * count + at] = typical * typical;
            }
        }
        sums
    }
}

/// Makes of the moments of items those of items and days.
fn add_days(moments: &mut [f64], rows: &[Row], weights: &[Vec<f64>]) {
    let width = weights.len();
    let interactions: f64 = rows.iter().map(|row| row.count).sum();
    let mean = |of: &dyn Fn(usize) -> f64| {
        rows.iter().enumerate().map(|(day, row)| row.count * of(day)).sum::<f64>() / interactions
    };
    let means: Vec<f64> = weights.iter().map(|column| mean(&|day| column[day])).collect();
    let of_items = moments[..width].to_vec();
    for a in 0..width {
        for b in 0..width {
            moments[a * width + b] += match (a, b) {
                (0, 0) => 0.0,
                (0, factor) | (factor, 0) => means[factor],
                _ => of_items[a] * means[b] + means[a] * of_items[b] + mean(&|day| weights[a][day] * weights[b][day]),
            };
        }
    }
}

/// The mean over users of what they have by properties: by itself, pairs of properties included, and to each factor.
fn typical(chain: &Chain<'_>, width: usize) -> Vec<f64> {
    let (users, mut means) = (&chain.users, vec![0f64; width]);
    let properties = || users.groups.iter().filter(|group| matches!(group.features, Features::Property(_)));
    if properties().next().is_none() {
        return means;
    }
    for column in 0..width {
        let mut sums = vec![[0f64; 2]; users.rows.len()];
        for group in properties() {
            group.for_each(&users.rows, |feature, row, value| {
                let product = group.weights[column][feature] * value;
                sums[row][0] += product;
                sums[row][1] += product * product;
            });
        }
        means[column] += sums.iter().map(|sums| sums[0]).sum::<f64>();
        if column > 0 {
            means[0] += sums.iter().map(|[sum, squares]| 0.5 * (sum * sum - squares)).sum::<f64>();
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a number of users is far below 2^53")]
    means.iter_mut().for_each(|mean| *mean /= users.rows.len() as f64);
    means
}

/// Writes columns, one number a row each, as sample `at` of `count`.
fn write(to: &mut [f32], (at, count): (usize, usize), columns: &[Vec<f64>]) {
    for (row, to) in to.chunks_exact_mut(columns.len() * count).enumerate() {
        for (to, column) in to.chunks_exact_mut(count).zip(columns) {
            to[at] = narrow(column[row]);
        }
    }
}
