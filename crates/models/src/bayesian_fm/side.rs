//! One side of the interactions, the users or the items: its features, their weights, and what is drawn of them.
//!
//! A row of a side (a user, an item) stands in the table of interactions as often as it has interactions. What the draws of
//! its features need of these is a few sums, so that a feature costs its rows and not their interactions (relation blocks:
//! Rendle, "Scaling factorization machines to relational data", PVLDB 6(5), 2013).

use foretaste_linalg::CsrMatrix;

use super::draws::Draws;

/// What a row of a side knows of its interactions, and of itself, while one column of weights is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Row {
    /// Number of interactions.
    pub(crate) count: f64,
    /// The value of each implicit feature that the row has.
    pub(crate) scale: f64,
    /// Sum of the errors of the interactions.
    pub(crate) errors: f64,
    /// Sum of the errors, each times `other`: the sum of weights times values of the interaction's row of the other side.
    pub(crate) products: f64,
    /// Sum of `other`.
    pub(crate) others: f64,
    /// Sum of the squares of `other`.
    pub(crate) squares: f64,
    /// Sum of weights times values of this row's features.
    pub(crate) sum: f64,
    /// Sum of the squares of weights times values.
    pub(crate) own_squares: f64,
}

impl Row {
    /// Adds an interaction with this error and this `other`.
    #[inline]
    pub(crate) fn hear(&mut self, error: f64, other: f64) {
        self.errors += error;
        self.products += error * other;
        self.others += other;
        self.squares += other * other;
    }
}

/// A group of features that have one prior.
#[derive(Debug)]
pub(crate) enum Features<'a> {
    /// One feature for each row.
    Ids(usize),
    /// A feature for each row of this matrix, had by the rows of the side that are its columns, with the row's `scale`.
    Implicit(&'a CsrMatrix),
    /// A feature for each row of this matrix, had by the rows of the side that are its columns, with the values there.
    Property(&'a CsrMatrix),
}

impl Features<'_> {
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Ids(count) => *count,
            Self::Implicit(matrix) | Self::Property(matrix) => matrix.nrows(),
        }
    }
}

/// The normal prior of one group's weights in one column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prior {
    pub(crate) mean: f64,
    pub(crate) precision: f64,
}

impl Prior {
    /// Draws the precision given the mean, then the mean given the precision; the hyperpriors are those of libFM and myFM: a
    /// gamma of shape and rate 1/2, a normal of mean 0 and this precision.
    pub(crate) fn draw(&mut self, weights: &[f64], draws: &mut Draws) {
        #[expect(clippy::cast_precision_loss, reason = "a number of features is far below 2^53")]
        let count = weights.len() as f64;
        let squares: f64 = weights.iter().map(|weight| (weight - self.mean).powi(2)).sum();
        self.precision = draws.gamma(f64::midpoint(1.0, count), f64::midpoint(1.0, squares));
        let sum: f64 = weights.iter().sum();
        self.mean = draws.posterior(self.precision * (1.0 + count), self.precision * sum);
    }
}

/// Weights of one group of features: in column 0 those of the linear part, in the others those of each factor.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) features: Features<'a>,
    /// A prior for each column.
    pub(crate) priors: Vec<Prior>,
    /// Columns, each with a weight for each feature.
    pub(crate) weights: Vec<Vec<f64>>,
}

/// The users or the items.
#[derive(Debug)]
pub(crate) struct Side<'a> {
    pub(crate) groups: Vec<Group<'a>>,
    pub(crate) rows: Vec<Row>,
    /// For each factor and row, `sum` and `own_squares` of the weights as they are.
    pub(crate) sums: Vec<Vec<[f64; 2]>>,
    /// What the interactions of each row have still to be told: a part of the error's change, and a part that is to be
    /// multiplied by `other`.
    pub(crate) changes: Vec<[f64; 2]>,
}

impl<'a> Side<'a> {
    /// All linear weights are 0, those of factors drawn with a deviation of 0.1.
    pub(crate) fn new(counts: &[usize], features: Vec<Features<'a>>, factors: usize, draws: &mut Draws) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a number of interactions is far below 2^53")]
        let rows = counts.iter().map(|&count| Row {
            count: count as f64,
            scale: 1.0 / (count.max(1) as f64).sqrt(),
            ..Row::default()
        });
        let prior = Prior { mean: 0.0, precision: 1e-5 };
        let mut group = |features: Features<'a>| {
            let mut column =
                |factor| (0..features.count()).map(|_| if factor { 0.1 * draws.normal() } else { 0.0 }).collect();
            let weights = (0..=factors).map(|at| column(at > 0)).collect();
            Group { features, priors: vec![prior; factors + 1], weights }
        };
        let groups = features.into_iter().map(&mut group).collect();
        let mut side = Self { groups, rows: rows.collect(), sums: Vec::new(), changes: vec![[0.0; 2]; counts.len()] };
        side.sums = (0..factors).map(|factor| side.sums_of(factor + 1)).collect();
        side
    }

    /// For each row the sum of weights times values in a column, and that of the squares.
    pub(crate) fn sums_of(&self, column: usize) -> Vec<[f64; 2]> {
        let mut sums = vec![[0f64; 2]; self.rows.len()];
        for group in &self.groups {
            group.for_each(&self.rows, |feature, row, value| {
                let weight = group.weights[column][feature] * value;
                sums[row][0] += weight;
                sums[row][1] += weight * weight;
            });
        }
        sums
    }

    /// Draws all priors.
    pub(crate) fn draw_priors(&mut self, draws: &mut Draws) {
        for group in &mut self.groups {
            for (prior, weights) in group.priors.iter_mut().zip(&group.weights) {
                prior.draw(weights, draws);
            }
        }
    }

    /// Draws all linear weights, the sums of errors being known, and notes what that changes.
    pub(crate) fn draw_linear(&mut self, noise: f64, draws: &mut Draws) {
        self.rows.iter_mut().for_each(|row| row.sum = 0.0);
        for group in &mut self.groups {
            group.draw_linear(&mut self.rows, noise, draws);
        }
        for (change, row) in self.changes.iter_mut().zip(&self.rows) {
            *change = [row.sum, 0.0];
        }
    }

    /// Draws all weights of a factor, the sums over interactions being known, and notes what that changes.
    pub(crate) fn draw_factor(&mut self, factor: usize, noise: f64, draws: &mut Draws) {
        let sums = &mut self.sums[factor];
        for (row, &[sum, squares]) in self.rows.iter_mut().zip(&*sums) {
            (row.sum, row.own_squares) = (sum, squares);
        }
        for group in &mut self.groups {
            group.draw_factor(&mut self.rows, factor + 1, noise, draws);
        }
        for ((row, sums), change) in self.rows.iter().zip(sums).zip(&mut self.changes) {
            let before = 0.5 * (sums[0] * sums[0] - sums[1]);
            *change = [0.5 * (row.sum * row.sum - row.own_squares) - before, row.sum - sums[0]];
            *sums = [row.sum, row.own_squares];
        }
    }

    /// Forgets the sums over interactions, which are to be made anew.
    pub(crate) fn forget(&mut self) {
        for row in &mut self.rows {
            (row.errors, row.products, row.others, row.squares) = (0.0, 0.0, 0.0, 0.0);
        }
    }
}

/// What a feature's linear weight is drawn from: the sum of squares of its values, and of values times errors.
fn linear_terms(row: &Row, value: f64, terms: &mut (f64, f64)) {
    terms.0 += value * value * row.count;
    terms.1 -= value * row.errors;
}

fn change_linear(row: &mut Row, value: f64, change: f64) {
    row.errors += value * change * row.count;
    row.sum += value * change;
}

/// The same of a weight of a factor, which acts by what else its rows and the rows of the other side have.
#[inline]
fn factor_terms(row: &Row, value: f64, weight: f64, terms: &mut (f64, f64)) {
    let own = row.sum - value * weight;
    terms.0 += value * value * (own * (own * row.count + 2.0 * row.others) + row.squares);
    terms.1 -= value * (row.errors * own + row.products);
}

#[inline]
fn change_factor(row: &mut Row, value: f64, weight: f64, change: f64) {
    let own = row.sum - value * weight;
    let step = value * change;
    row.sum += step;
    row.own_squares += step * (change + 2.0 * weight) * value;
    row.errors += step * (own * row.count + row.others);
    row.products += step * (own * row.others + row.squares);
}

impl Group<'_> {
    /// Every feature with each row that has it, and the value there.
    pub(crate) fn for_each(&self, rows: &[Row], mut visit: impl FnMut(usize, usize, f64)) {
        match &self.features {
            Features::Ids(count) => (0..*count).for_each(|at| visit(at, at, 1.0)),
            Features::Implicit(matrix) | Features::Property(matrix) => {
                let is_property = matches!(self.features, Features::Property(_));
                for feature in 0..matrix.nrows() {
                    let (having, values) = matrix.row(feature);
                    for (&row, &value) in having.iter().zip(values) {
                        let value = if is_property { f64::from(value) } else { rows[row as usize].scale };
                        visit(feature, row as usize, value);
                    }
                }
            }
        }
    }

    fn draw_linear(&mut self, rows: &mut [Row], noise: f64, draws: &mut Draws) {
        let (prior, weights) = (self.priors[0], &mut self.weights[0]);
        match &self.features {
            Features::Ids(_) => {
                for (weight, row) in weights.iter_mut().zip(rows) {
                    let mut terms = (0.0, 0.0);
                    linear_terms(row, 1.0, &mut terms);
                    let change = prior.draw_weight(weight, terms, noise, draws);
                    change_linear(row, 1.0, change);
                }
            }
            Features::Implicit(matrix) => {
                let value = |row: &Row, _: f32| row.scale;
                draw_linear(matrix, value, rows, weights, |weight, terms| {
                    prior.draw_weight(weight, terms, noise, draws)
                });
            }
            Features::Property(matrix) => {
                let value = |_: &Row, value: f32| f64::from(value);
                draw_linear(matrix, value, rows, weights, |weight, terms| {
                    prior.draw_weight(weight, terms, noise, draws)
                });
            }
        }
    }

    fn draw_factor(&mut self, rows: &mut [Row], column: usize, noise: f64, draws: &mut Draws) {
        let (prior, weights) = (self.priors[column], &mut self.weights[column]);
        match &self.features {
            Features::Ids(_) => {
                for (weight, row) in weights.iter_mut().zip(rows) {
                    let (before, mut terms) = (*weight, (0.0, 0.0));
                    factor_terms(row, 1.0, before, &mut terms);
                    let change = prior.draw_weight(weight, terms, noise, draws);
                    change_factor(row, 1.0, before, change);
                }
            }
            Features::Implicit(matrix) => {
                let value = |row: &Row, _: f32| row.scale;
                draw_factor(matrix, value, rows, weights, |weight, terms| {
                    prior.draw_weight(weight, terms, noise, draws)
                });
            }
            Features::Property(matrix) => {
                let value = |_: &Row, value: f32| f64::from(value);
                draw_factor(matrix, value, rows, weights, |weight, terms| {
                    prior.draw_weight(weight, terms, noise, draws)
                });
            }
        }
    }
}

/// Draws the linear weights of the features of a matrix, whose value in a row is what `value` makes of row and matrix.
fn draw_linear(
    matrix: &CsrMatrix,
    value: impl Fn(&Row, f32) -> f64,
    rows: &mut [Row],
    weights: &mut [f64],
    mut draw: impl FnMut(&mut f64, (f64, f64)) -> f64,
) {
    for (feature, weight) in weights.iter_mut().enumerate() {
        let (having, values) = matrix.row(feature);
        let mut terms = (0.0, 0.0);
        for (&row, &x) in having.iter().zip(values) {
            let row = &rows[row as usize];
            linear_terms(row, value(row, x), &mut terms);
        }
        let change = draw(weight, terms);
        for (&row, &x) in having.iter().zip(values) {
            let row = &mut rows[row as usize];
            change_linear(row, value(row, x), change);
        }
    }
}

/// The same of the weights of a factor.
fn draw_factor(
    matrix: &CsrMatrix,
    value: impl Fn(&Row, f32) -> f64,
    rows: &mut [Row],
    weights: &mut [f64],
    mut draw: impl FnMut(&mut f64, (f64, f64)) -> f64,
) {
    for (feature, weight) in weights.iter_mut().enumerate() {
        let (having, values) = matrix.row(feature);
        let (before, mut terms) = (*weight, (0.0, 0.0));
        for (&row, &x) in having.iter().zip(values) {
            let row = &rows[row as usize];
            factor_terms(row, value(row, x), before, &mut terms);
        }
        let change = draw(weight, terms);
        for (&row, &x) in having.iter().zip(values) {
            let row = &mut rows[row as usize];
            change_factor(row, value(row, x), before, change);
        }
    }
}

impl Prior {
    /// The conditional distribution of a weight, normal with this precision and this mean times precision.
    fn posterior(self, weight: f64, (squares, linear): (f64, f64), noise: f64) -> (f64, f64) {
        (self.precision + noise * squares, self.precision * self.mean + noise * (linear + squares * weight))
    }

    /// Draws a weight from it; the change.
    fn draw_weight(self, weight: &mut f64, terms: (f64, f64), noise: f64, draws: &mut Draws) -> f64 {
        let before = *weight;
        let (precision, linear) = self.posterior(before, terms, noise);
        *weight = draws.posterior(precision, linear);
        *weight - before
    }
}

#[cfg(test)]
impl Group<'_> {
    /// Mean and precision of the distribution that a weight would be drawn from.
    pub(crate) fn conditional(&self, rows: &[Row], column: usize, feature: usize, noise: f64) -> (f64, f64) {
        let (weight, mut terms) = (self.weights[column][feature], (0.0, 0.0));
        self.for_each(rows, |at, row, value| {
            if at == feature && column == 0 {
                linear_terms(&rows[row], value, &mut terms);
            } else if at == feature {
                factor_terms(&rows[row], value, weight, &mut terms);
            }
        });
        let (precision, linear) = self.priors[column].posterior(weight, terms, noise);
        (linear / precision, precision)
    }
}
