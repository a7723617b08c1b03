//! The users that are most like a history.

use foretaste_linalg::{CsrMatrix, largest};

use super::{UserKnn, UserKnnParams};
use crate::History;
use crate::weighting::count;

impl UserKnn {
    /// Of what is positive, weighted, by user and by item. O(entries).
    pub(super) fn new(rows: CsrMatrix, postings: CsrMatrix, params: UserKnnParams) -> Self {
        let norm = |user| rows.row(user).1.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
        let norms = (0..rows.nrows()).map(|user| norm(user).powf(1.0 - params.asymmetry)).collect();
        let weigher = params.weigher(rows.nrows(), rows.nnz());
        Self { rows, postings, norms, weigher, params }
    }

    /// The row of a history, as that of a user.
    pub(super) fn weighted(&self, history: History<'_>) -> Vec<(u32, f32)> {
        let positive = self.params.positive;
        let counted: Vec<(usize, f32)> = history.iter().filter(|&(_, value)| positive.holds(value)).collect();
        let length = count(counted.len());
        let weigh = |(item, value): (usize, f32)| self.weigher.weight(count(self.takers(item)), length, value);
        // Items are indices of 32 bits.
        counted.iter().map(|&(item, value)| (u32::try_from(item).unwrap_or(u32::MAX), weigh((item, value)))).collect()
    }

    fn takers(&self, item: usize) -> usize {
        self.postings.row(item).0.len()
    }

    /// The users most like a row, with how alike they are: likenesses fall, equal ones rank by rising index.
    pub(super) fn nearest(&self, row: &[(u32, f32)]) -> Vec<(u32, f64)> {
        let mut dots = vec![0f64; self.rows.nrows()];
        for &(item, weight) in row {
            let (users, weights) = self.postings.row(item as usize);
            for (&user, &other) in users.iter().zip(weights) {
                dots[user as usize] += f64::from(weight) * f64::from(other);
            }
        }
        let UserKnnParams { asymmetry, shrink, power, neighbours, .. } = self.params;
        let own = row.iter().map(|&(_, weight)| f64::from(weight).powi(2)).sum::<f64>().powf(asymmetry);
        let mut itself = false;
        let mut nearest: Vec<(u32, f64)> = Vec::new();
        for ((user, &dot), norm) in (0u32..).zip(&dots).zip(&self.norms) {
            if dot <= 0.0 {
                continue;
            }
            if !itself && self.is_row(user, row) {
                itself = true;
                continue;
            }
            nearest.push((user, dot / (own * norm + shrink)));
        }
        largest(&mut nearest, neighbours);
        nearest.iter_mut().for_each(|(_, likeness)| *likeness = likeness.powf(power));
        nearest
    }

    /// Whether that is exactly the row of a user.
    fn is_row(&self, user: u32, row: &[(u32, f32)]) -> bool {
        let (items, weights) = self.rows.row(user as usize);
        let equal = |(&item, &weight): (&u32, &f32), other: &(u32, f32)| {
            item == other.0 && weight.to_bits() == other.1.to_bits()
        };
        items.len() == row.len() && items.iter().zip(weights).zip(row).all(|(own, other)| equal(own, other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Positive;

    /// Four users: the first and the second alike, the third with one item more, the fourth with other items.
    fn users(neighbours: usize) -> UserKnn {
        let (offsets, items) = (vec![0, 2, 4, 7, 8], vec![0, 1, 0, 1, 0, 1, 2, 3]);
        let rows = CsrMatrix::new(4, offsets, items, vec![1.0; 8]).unwrap();
        let positive = Positive { least: Some(2.0) };
        let params = UserKnnParams { neighbours, positive, ..UserKnnParams::default() };
        UserKnn::new(rows.clone(), rows.transpose(), params)
    }

    fn nearest(model: &UserKnn, items: &[u32], values: &[f32]) -> Vec<u32> {
        let row = model.weighted(History { items, values, times: None });
        model.nearest(&row).into_iter().map(|(user, _)| user).collect()
    }

    #[test]
    fn of_the_users_with_exactly_the_history_the_first_is_no_neighbour() {
        let model = users(3);
        assert_eq!(nearest(&model, &[0, 1], &[5.0, 5.0]), [1, 2]);
        assert_eq!(nearest(&model, &[0, 1, 3], &[5.0, 5.0, 1.0]), [1, 2], "a value that does not count is not there");
        assert_eq!(nearest(&model, &[0], &[5.0]), [0, 1, 2]);
        assert_eq!(nearest(&model, &[3], &[5.0]), [0u32; 0]);
    }

    #[test]
    fn equal_likenesses_rank_by_rising_user_also_at_the_cut() {
        assert_eq!(nearest(&users(1), &[1], &[5.0]), [0]);
        assert_eq!(nearest(&users(2), &[0, 1, 2], &[5.0; 3]), [0, 1], "the third is the history itself");
    }
}
