//! The truncated SVD of the zero-filled interactions (PureSVD), the tutorial's model.

mod fit;
mod persist;
mod progress;

use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_linalg::PanelMatrix;
use rayon::prelude::*;

pub use fit::SvdParams;
pub use persist::load_with;

use crate::explain::{each_row, product};
use crate::fit::narrow;
use crate::{Candidates, Explain, Factored, FoldIn, History, ItemVectors, Meaning, Scorer, SimilarItems};

/// Numbers that are worth a task.
const NUMBERS: usize = 1 << 14;

/// `R ~ U S Vᵀ` with the interactions zero-filled and not centred.
///
/// The score of item `i` for user `u` is `(U S Vᵀ)[u, i] + mean(R[u, :])`, the mean taken over all items, those without an
/// interaction counting as 0: a number that ranks items, not a predicted rating. Because `U S = R V`, a history `r`
/// folded in as `r V Vᵀ` scores exactly as if it had been trained on.
/// Source: Cremonesi, Koren, Turrin, "Performance of recommender algorithms on top-N recommendation tasks",
/// RecSys 2010, section 3.2 (PureSVD).
#[derive(Clone, Debug)]
pub struct TruncatedSvd {
    /// users x k: the rows of `U S`.
    user_factors: Vec<f32>,
    /// users: the mean of each row of R.
    user_means: Vec<f32>,
    /// items x k: the rows of `V`.
    item_factors: ItemVectors,
    /// items x k: the rows of `V S`, each scaled to length 1.
    item_directions: PanelMatrix,
    singular_values: Vec<f64>,
    residual: f64,
}

/// The arrays of a model, as they are computed or read: rows of `U S` (users x k, row-major) and of `V` (items x k), the mean of each user's row, k singular values, and the residual measured.
struct Parts {
    user_factors: Vec<f32>,
    user_means: Vec<f32>,
    item_factors: PanelMatrix,
    singular_values: Vec<f64>,
    residual: f64,
}

impl TruncatedSvd {
    /// Puts the parts together, whose lengths belong together and whose numbers are finite.
    fn new(parts: Parts) -> Self {
        let Parts { user_factors, user_means, item_factors, singular_values, residual } = parts;
        let item_directions = item_factors.directions(&singular_values);
        let item_factors = ItemVectors::new(item_factors);
        Self { user_factors, user_means, item_factors, item_directions, singular_values, residual }
    }

    /// Number of singular triplets.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.singular_values.len()
    }

    /// The singular values, falling.
    #[must_use]
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    /// The residual measured after the fit, `max_j max(|A v_j - s_j u_j|, |Aᵀ u_j - s_j v_j|) / s_1`.
    #[must_use]
    pub fn residual(&self) -> f64 {
        self.residual
    }

    /// Rows of `U S`, users x k, row-major.
    #[must_use]
    pub fn user_factors(&self) -> &[f32] {
        &self.user_factors
    }

    /// Rows of `V`, items x k.
    #[must_use]
    pub fn item_factors(&self) -> &PanelMatrix {
        self.item_factors.rows()
    }
}

impl TruncatedSvd {
    /// `r V` and the mean of a history `r`, in f64 until rounded.
    fn folded(&self, history: History<'_>) -> (Vec<f32>, f32) {
        let mut factor = vec![0f64; self.rank()];
        let mut row = vec![0f32; self.rank()];
        let mut sum = 0f64;
        for (item, value) in history.iter() {
            self.item_factors().row(item, &mut row);
            sum += f64::from(value);
            for (total, &x) in factor.iter_mut().zip(&row) {
                *total += f64::from(value) * f64::from(x);
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a number of items is far below 2^53")]
        let mean = narrow(sum / self.items() as f64);
        (factor.into_iter().map(narrow).collect(), mean)
    }
}

impl Scorer for TruncatedSvd {
    fn items(&self) -> usize {
        self.item_factors.rows().nrows()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, user: UserIx, _: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let (rank, user) = (self.rank(), user.0 as usize);
        let factor = &self.user_factors[user * rank..(user + 1) * rank];
        self.item_factors.score((factor, self.user_means[user]), candidates, scores);
    }

    fn score_users(&self, users: &[(UserIx, History<'_>)], visit: &mut dyn FnMut(usize, usize, &[f32])) {
        let (rank, mut scores) = (self.rank(), Vec::new());
        let rows = users.iter().flat_map(|(user, _)| &self.user_factors[user.0 as usize * rank..][..rank]);
        self.item_factors().times_each(&rows.copied().collect::<Vec<f32>>(), &mut |at, first, products| {
            let mean = self.user_means[users[at].0.0 as usize];
            scores.clear();
            scores.extend(products.iter().map(|product| product + mean));
            visit(at, first, &scores);
        });
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }

    fn factored(&self) -> Option<&dyn Factored> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }
}

impl Factored for TruncatedSvd {
    fn item_vectors(&self) -> &ItemVectors {
        &self.item_factors
    }

    fn of_user(&self, user: UserIx, _: History<'_>) -> (Vec<f32>, f32) {
        let (rank, user) = (self.rank(), user.0 as usize);
        (self.user_factors[user * rank..][..rank].to_vec(), self.user_means[user])
    }

    fn of_history(&self, history: History<'_>) -> (Vec<f32>, f32) {
        self.folded(history)
    }
}

impl FoldIn for TruncatedSvd {
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let (factor, mean) = self.folded(history);
        self.item_factors.score((&factor, mean), candidates, scores);
    }
}

impl Explain for TruncatedSvd {
    fn additive(&self) -> bool {
        true
    }

    /// `r_h (v_h · v_i + 1 / items)`: the mean of the row is a sum over the history too. |history| x rank for each item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let (mut own, mut other) = (vec![0f32; self.rank()], vec![0f32; self.rank()]);
        #[expect(clippy::cast_precision_loss, reason = "a number of items is far below 2^53")]
        let all = self.items() as f64;
        each_row(history, items, contributions, |item, row| {
            self.item_factors().row(item, &mut own);
            for (to, (entry, value)) in row.iter_mut().zip(history.iter()) {
                self.item_factors().row(entry, &mut other);
                *to = f64::from(value) * (product(&own, &other) + 1.0 / all);
            }
        });
    }
}

impl SimilarItems for TruncatedSvd {
    fn measure(&self) -> &'static str {
        "cosine"
    }

    /// Cosine of the items' factors, the rows of `V S`. Items at right angles have nothing in common, and one without a
    /// factor cannot be compared.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let mut direction = vec![0f32; self.rank()];
        self.item_directions.row(item.0 as usize, &mut direction);
        self.item_directions.times(&direction, scores);
        scores.iter_mut().filter(|cosine| **cosine == 0.0).for_each(|cosine| *cosine = f32::NEG_INFINITY);
    }
}

/// A row of single-precision numbers for each row of a matrix with `width` columns, in parallel.
fn by_rows<T: Sync>(rows: &[T], width: usize, make: impl Fn(&[T], &mut [f32]) + Sync) -> Vec<f32> {
    let mut out = vec![0f32; rows.len()];
    let pairs = out.par_chunks_exact_mut(width).zip(rows.par_chunks_exact(width));
    pairs.with_min_len(NUMBERS.div_ceil(width.max(1))).for_each(|(to, from)| make(from, to));
    out
}
