//! Predictions from a mean, and from factors and a bias of every user and every item.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_data::interactions::Interactions;
use foretaste_linalg::PanelMatrix;
use rayon::prelude::*;

use crate::fit::narrow;
use crate::{Candidates, History, Meaning, Shape};

/// Users of one task.
const TASK: usize = 8;

/// Products of factors have to fit into an f32, and so have their sums; a fit gives factors below 100.
pub(crate) const LARGEST: f32 = 1e15;

/// Factors and biases of all users and items.
#[derive(Clone, Debug)]
pub(crate) struct RatingFactors {
    mean: f64,
    /// users x (factors and a bias), row-major.
    users: Vec<f32>,
    /// items x (factors and a bias).
    items: PanelMatrix,
    /// The length of the factors of each item.
    lengths: Vec<f32>,
    /// Least and greatest rating.
    scale: [f32; 2],
}

impl RatingFactors {
    /// Factors and biases of items, each of `width` numbers, that have no users yet.
    pub(crate) fn of_items(mean: f64, (items, width): (&[f32], usize), scale: [f32; 2]) -> Self {
        let length = |row: &[f32]| narrow(crate::explain::product(&row[..width - 1], &row[..width - 1]).sqrt());
        let lengths = items.chunks_exact(width).map(length).collect();
        let items = PanelMatrix::new(items.len() / width, width, items);
        Self { mean, users: Vec::new(), items, lengths, scale }
    }

    /// The same with users: what their histories fold in to.
    pub(crate) fn with_users_of(
        self,
        interactions: &Interactions,
        fold: impl Fn(&Self, History<'_>) -> Vec<f32> + Sync,
    ) -> Self {
        let width = self.items.ncols();
        let mut users = vec![0f32; interactions.users().len() * width];
        users.par_chunks_exact_mut(width).enumerate().with_min_len(TASK).for_each(|(user, to)| {
            #[expect(clippy::cast_possible_truncation, reason = "users are counted in 32 bits")]
            let (items, values) = interactions.of(UserIx(user as u32));
            to.copy_from_slice(&fold(&self, History { items, values, times: None }));
        });
        Self { users, ..self }
    }

    /// Number of factors.
    pub(crate) fn factors(&self) -> usize {
        self.items.ncols() - 1
    }

    /// The mean rating.
    pub(crate) fn mean(&self) -> f64 {
        self.mean
    }

    /// Factors of all users, each followed by the user's bias, row-major.
    pub(crate) fn users(&self) -> &[f32] {
        &self.users
    }

    /// Factors of all items, each followed by the item's bias.
    pub(crate) fn items(&self) -> &PanelMatrix {
        &self.items
    }

    /// Factors and bias of an item.
    pub(crate) fn item(&self, item: usize) -> Vec<f32> {
        let mut row = vec![0f32; self.items.ncols()];
        self.items.row(item, &mut row);
        row
    }

    /// A predicted rating, to be held to the scale.
    pub(crate) fn meaning(&self) -> Meaning {
        let [least, most] = self.scale;
        Meaning::Rating { least, most }
    }

    /// The mean, and the bias of the item: what every prediction for it has.
    pub(crate) fn parts(&self, item: ItemIx) -> Vec<(&'static str, f64)> {
        vec![("mean", self.mean), ("item", f64::from(self.item(item.0 as usize)[self.factors()]))]
    }

    /// Predictions for a user with these factors and this bias.
    pub(crate) fn score(&self, user: &[f32], candidates: Candidates<'_>, scores: &mut [f32]) {
        let (bias, mut query) = (user[self.factors()], user.to_vec());
        // The bias of the item counts once.
        query[self.factors()] = 1.0;
        match candidates {
            Candidates::All => self.items.times(&query, scores),
            Candidates::Items(_) => candidates.score_each(scores, |item| self.items.row_times(item, &query)),
        }
        let alike = self.mean + f64::from(bias);
        scores.iter_mut().for_each(|score| *score = narrow(alike + f64::from(*score)));
    }

    /// Predictions for a user of the training data.
    pub(crate) fn score_user(&self, user: UserIx, candidates: Candidates<'_>, scores: &mut [f32]) {
        let width = self.items.ncols();
        self.score(&self.users[user.0 as usize * width..][..width], candidates, scores);
    }

    /// Cosine of the items' factors, biases left out; an item without a rating has none and cannot be compared.
    pub(crate) fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        let mut query = self.item(item.0 as usize);
        query[self.factors()] = 0.0;
        self.items.times(&query, scores);
        let own = f64::from(self.lengths[item.0 as usize]);
        for (score, &length) in scores.iter_mut().zip(&self.lengths) {
            let both = own * f64::from(length);
            *score = if both > 0.0 { narrow(f64::from(*score) / both) } else { f32::NEG_INFINITY };
        }
    }

    /// Writes mean and scale, users, and items.
    pub(crate) fn save(&self, [of_mean, of_users, of_items]: [Section; 3], file: &mut Writer) {
        let [least, most] = self.scale.map(f64::from);
        file.array(of_mean, [self.mean, least, most]);
        file.array(of_users, self.users.iter().copied());
        file.array(of_items, self.items.to_rows());
    }

    /// Reads what [`save`](Self::save) writes; every rule is checked again.
    pub(crate) fn load(
        [of_mean, of_users, of_items]: [Section; 3],
        factors: usize,
        shape: &Shape,
        file: &Reader<'_>,
    ) -> Result<Self, ContainerError> {
        let width = factors + 1;
        let numbers = file.array::<f64>(of_mean, Some(3))?;
        let users = file.array::<f32>(of_users, shape.users.checked_mul(width))?;
        let items = file.array::<f32>(of_items, shape.items.checked_mul(width))?;
        of_mean.check_finite(&numbers)?;
        of_users.check_at_most(&users, LARGEST)?;
        of_items.check_at_most(&items, LARGEST)?;
        let scale = [narrow(numbers[1]), narrow(numbers[2])];
        if scale[0] > scale[1] || numbers.iter().any(|number| number.abs() > f64::from(LARGEST)) {
            return Err(of_mean.corrupt("a scale that no ratings have"));
        }
        Ok(Self { users, ..Self::of_items(numbers[0], (&items, width), scale) })
    }
}
