//! What it says of a user to have rated an item at all: a vector for each item, found by conjugate gradients.

use foretaste_linalg::CsrMatrix;
use rayon::prelude::*;

use super::SvdPlusPlusParams;
use crate::rating_equations::product;

/// Steps of conjugate gradients between two solutions for the users: more of them change nothing that counts.
const STEPS: usize = 3;
/// Users or items of one task.
const TASK: usize = 32;

/// A vector `y` for each item, and for each user their sum over the items that the user has rated, by the root of their number.
pub(super) struct Implicit<'a> {
    by_user: &'a CsrMatrix,
    by_item: &'a CsrMatrix,
    factors: usize,
    /// items x factors, row-major.
    vectors: Vec<f64>,
    /// users x factors, row-major.
    sums: Vec<f64>,
    /// What the squared vector of each item costs.
    penalties: Vec<f64>,
}

impl<'a> Implicit<'a> {
    /// All vectors are 0.
    pub(super) fn new(params: &SvdPlusPlusParams, by_user: &'a CsrMatrix, by_item: &'a CsrMatrix) -> Self {
        let (factors, of_counts) = (params.factors, params.penalties());
        let penalty = |item| params.implicit_regularization * of_counts.times(by_item.row(item).0.len().max(1));
        let penalties = (0..by_item.nrows()).map(penalty).collect();
        let zeros = |rows: usize| vec![0f64; rows * factors];
        let (vectors, sums) = (zeros(by_item.nrows()), zeros(by_user.nrows()));
        Self { by_user, by_item, factors, vectors, sums, penalties }
    }

    /// The sums of the users, users x factors.
    pub(super) fn sums(&self) -> &[f64] {
        &self.sums
    }

    /// The vectors of the items, items x factors.
    pub(super) fn into_vectors(self) -> Vec<f64> {
        self.vectors
    }

    /// Lowers squared errors and penalties by other vectors, the users' own factors and all of the items being known. `users` have
    /// their sums in them. Each step takes 4 multiply-adds for each rating and factor; equal bits at any number of threads.
    pub(super) fn improve(&mut self, users: &[f64], items: &[f64], mean: f64) {
        let mut residual = self.downhill(users, items, mean);
        let over_penalty = |(at, x): (usize, &f64)| x / self.penalties[at / self.factors];
        let mut direction: Vec<f64> = residual.iter().enumerate().map(over_penalty).collect();
        let mut size = product(&residual, &direction);
        let mut image = vec![0f64; residual.len()];
        for _ in 0..STEPS {
            if size <= 0.0 {
                break;
            }
            self.sum(Some(&direction));
            self.scatter(items, |_, sum, item, _| product(item, sum), &mut image);
            for (at, (to, x)) in image.iter_mut().zip(&direction).enumerate() {
                *to += self.penalties[at / self.factors] * x;
            }
            let step = size / product(&direction, &image);
            self.vectors.iter_mut().zip(&direction).for_each(|(to, x)| *to += step * x);
            residual.iter_mut().zip(&image).for_each(|(to, x)| *to -= step * x);
            let squares = |(at, x): (usize, &f64)| x * x / self.penalties[at / self.factors];
            let next: f64 = residual.iter().enumerate().map(squares).sum();
            for (at, (to, x)) in direction.iter_mut().zip(&residual).enumerate() {
                *to = x / self.penalties[at / self.factors] + next / size * *to;
            }
            size = next;
        }
        self.sum(None);
    }

    /// Half the gradient of squared errors and penalties by the vectors, its sign turned: items x factors. Leaves no sums.
    pub(super) fn downhill(&mut self, users: &[f64], items: &[f64], mean: f64) -> Vec<f64> {
        let factors = self.factors;
        let error = |user: usize, _: &[f64], item: &[f64], value: f64| {
            let user = &users[user * (factors + 1)..][..=factors];
            value - mean - user[factors] - item[factors] - product(&user[..factors], item)
        };
        let mut to = vec![0f64; self.vectors.len()];
        self.scatter(items, error, &mut to);
        for (at, (to, y)) in to.iter_mut().zip(&self.vectors).enumerate() {
            *to -= self.penalties[at / factors] * y;
        }
        to
    }

    /// Sums vectors of items for each user: these, or the model's own.
    fn sum(&mut self, vectors: Option<&[f64]>) {
        let (vectors, factors, by_user) = (vectors.unwrap_or(&self.vectors), self.factors, self.by_user);
        let rows = self.sums.par_chunks_exact_mut(factors).enumerate().with_min_len(TASK);
        rows.for_each(|(user, to)| {
            to.fill(0.0);
            let (items, _) = by_user.row(user);
            for &item in items {
                let vector = &vectors[item as usize * factors..][..factors];
                to.iter_mut().zip(vector).for_each(|(to, y)| *to += y);
            }
            let share = share(items.len());
            to.iter_mut().for_each(|to| *to *= share);
        });
    }

    /// The transpose of the sums and predictions: each user gets the factors of the rated items, each times the weight of its
    /// rating, by the root of their number; each item the sum of what its users got. The weight is made of the user, the user's
    /// sum, factors and bias of the item, and the rating. Takes the sums' place.
    fn scatter(&mut self, items: &[f64], weight: impl Fn(usize, &[f64], &[f64], f64) -> f64 + Sync, to: &mut [f64]) {
        let (factors, by_user, by_item) = (self.factors, self.by_user, self.by_item);
        let users = self.sums.par_chunks_exact_mut(factors).enumerate().with_min_len(TASK);
        users.for_each_init(
            || vec![0f64; factors],
            |sum, (user, to)| {
                sum.copy_from_slice(to);
                to.fill(0.0);
                let (rated, values) = by_user.row(user);
                let share = share(rated.len());
                for (&item, &value) in rated.iter().zip(values) {
                    let item = &items[item as usize * (factors + 1)..][..=factors];
                    let weight = share * weight(user, sum, item, f64::from(value));
                    to.iter_mut().zip(item).for_each(|(to, q)| *to += weight * q);
                }
            },
        );
        let sums = &self.sums;
        to.par_chunks_exact_mut(factors).enumerate().with_min_len(TASK).for_each(|(item, to)| {
            to.fill(0.0);
            for &user in by_item.row(item).0 {
                let got = &sums[user as usize * factors..][..factors];
                to.iter_mut().zip(got).for_each(|(to, x)| *to += x);
            }
        });
    }
}

/// One over the root of a number of ratings, or 0 where there are none.
#[expect(clippy::cast_precision_loss, reason = "a number of ratings is far below 2^53")]
pub(super) fn share(ratings: usize) -> f64 {
    if ratings == 0 { 0.0 } else { 1.0 / (ratings as f64).sqrt() }
}
