//! What became of the rows of a file that others made.

use serde::{Deserialize, Serialize};

/// The rows of such a file, over all folds, by the first reason that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// All rows of the folds.
    pub rows: usize,
    /// Rows of users that the training data do not have.
    pub rows_of_unknown_users: usize,
    /// Rows of users of whom nothing was held out.
    pub rows_of_users_not_asked_about: usize,
    /// Rows of items that the training data do not have.
    pub rows_of_unknown_items: usize,
    /// Rows of items that the user has in the training data: a service does not show them.
    pub rows_in_train: usize,
    /// Rows of an item that the user's list has already.
    pub rows_said_twice: usize,
    /// Predictions of rows that were not held out.
    pub rows_not_asked_about: usize,
    /// Users who were asked about and have no list; their figures are 0.
    pub users_without_a_list: usize,
    /// Predictions beyond the scale of the ratings, which count as its end.
    pub predictions_held_to_the_scale: usize,
}

impl std::ops::AddAssign for Taken {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.rows_of_unknown_users += other.rows_of_unknown_users;
        self.rows_of_users_not_asked_about += other.rows_of_users_not_asked_about;
        self.rows_of_unknown_items += other.rows_of_unknown_items;
        self.rows_in_train += other.rows_in_train;
        self.rows_said_twice += other.rows_said_twice;
        self.rows_not_asked_about += other.rows_not_asked_about;
        self.users_without_a_list += other.users_without_a_list;
        self.predictions_held_to_the_scale += other.predictions_held_to_the_scale;
    }
}
