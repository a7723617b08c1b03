//! A part of some interactions, as if the rest had never been read.

use foretaste_linalg::CsrMatrix;

use super::Interactions;
use crate::ids::IdTable;

impl Interactions {
    /// The interactions whose place in the matrix `keep` holds for; users and items without one are gone, and the others
    /// keep their order. The kind of feedback stays, with its scale. O(nnz).
    ///
    /// # Panics
    /// Never: a part of sound interactions is sound.
    #[must_use]
    pub fn subset(&self, keep: impl Fn(usize) -> bool) -> Self {
        self.part(vec![false; self.items.len()], keep)
    }

    /// As [`subset`](Self::subset), but every item stays, also one without an interaction.
    #[must_use]
    pub fn subset_with_all_items(&self, keep: impl Fn(usize) -> bool) -> Self {
        self.part(vec![true; self.items.len()], keep)
    }

    /// The interactions to keep, with their items and those that are kept without one.
    #[expect(clippy::expect_used, reason = "the parts come from interactions that were checked")]
    fn part(&self, mut is_kept: Vec<bool>, keep: impl Fn(usize) -> bool) -> Self {
        let (columns, offsets) = (self.matrix.columns(), self.matrix.offsets());
        for entry in (0..self.nnz()).filter(|&entry| keep(entry)) {
            is_kept[columns[entry] as usize] = true;
        }
        let mut new = vec![0u32; is_kept.len()];
        let mut items = 0;
        for (new, _) in new.iter_mut().zip(&is_kept).filter(|(_, is_kept)| **is_kept) {
            *new = items;
            items += 1;
        }
        let (mut rows, mut kept, mut users) = (vec![0], Vec::new(), Vec::new());
        for (user, span) in offsets.windows(2).enumerate() {
            kept.extend((span[0]..span[1]).filter(|&entry| keep(entry)));
            if rows.last() != Some(&kept.len()) {
                rows.push(kept.len());
                users.push(user);
            }
        }
        let values = kept.iter().map(|&entry| self.matrix.values()[entry]).collect();
        let times = self.times.as_ref().map(|times| kept.iter().map(|&entry| times[entry]).collect());
        let kept = kept.iter().map(|&entry| new[columns[entry] as usize]).collect();
        let matrix = CsrMatrix::new(items as usize, rows, kept, values).expect("rows of a sound matrix");
        let users =
            IdTable::from_sorted(users.into_iter().map(|user| self.users.strings().at(user))).expect("ids in order");
        let of_kept = self.items.iter().zip(is_kept).filter(|(_, is_kept)| *is_kept);
        let items = IdTable::from_sorted(of_kept.map(|(item, _)| item)).expect("ids in order");
        Self::new(users, items, matrix, times, self.feedback).expect("parts of one shape")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::UserIx;
    use crate::interactions::Feedback;

    fn some() -> Interactions {
        let ids = |ids: &[&str]| IdTable::from_sorted(ids.iter().copied()).unwrap();
        let matrix = CsrMatrix::new(3, vec![0, 2, 3, 5], vec![0, 2, 1, 0, 1], vec![5.0, 3.0, 4.0, 1.0, 2.0]).unwrap();
        let feedback = Feedback::Explicit { least: 1.0, most: 5.0 };
        Interactions::new(
            ids(&["1", "2", "10"]),
            ids(&["a", "b", "c"]),
            matrix,
            Some(vec![10, 20, 30, 40, 50]),
            feedback,
        )
        .unwrap()
    }

    #[test]
    fn what_is_left_is_what_reading_the_rest_would_give() {
        let part = some().subset(|entry| ![1, 2].contains(&entry));
        assert_eq!(part.users().iter().collect::<Vec<_>>(), ["1", "10"]);
        assert_eq!(part.items().iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(part.of(UserIx(1)), (&[0u32, 1][..], &[1.0f32, 2.0][..]));
        assert_eq!(part.times(), Some(&[10, 40, 50][..]));
        assert_eq!(part.feedback(), some().feedback());
    }

    #[test]
    fn all_is_the_same_and_none_is_empty() {
        assert_eq!(some().subset(|_| true).hash(), some().hash());
        let none = some().subset(|_| false);
        assert_eq!((none.users().len(), none.items().len(), none.nnz()), (0, 0, 0));
    }
}
