//! Why no synthetic ratings were written.

/// What stood in the way of synthetic ratings.
#[derive(Debug, thiserror::Error)]
pub enum SyntheticError {
    /// No users, or no items.
    #[error("0 {what} were asked for, expected at least 1")]
    None {
        /// `users` or `items`.
        what: &'static str,
    },
    /// A number of ratings that does not go with the users and items.
    #[error(
        "{found} ratings were asked for, {users} users x {items} items allow {least} to {most}: \
         every user and item has one, and no pair two"
    )]
    Ratings {
        /// The number asked for.
        found: u64,
        /// The smallest number possible: the larger of users and items.
        least: u64,
        /// The largest number possible: that of all pairs.
        most: u64,
        /// Number of users.
        users: u32,
        /// Number of items.
        items: u32,
    },
    /// The callback asked to stop.
    #[error("the generation was cancelled")]
    Cancelled,
    /// The text could not be written.
    #[error("the ratings cannot be written")]
    Write(#[from] std::io::Error),
}
