//! Lists and scores that another program made, judged as a model's are.
//!
//! What they say of items that the user has, of items or users that the training data do not have, and of an item for the
//! second time is left out and counted: the rest of a list moves up.

mod error;
mod rows;
mod taken;

use std::collections::BTreeMap;
use std::path::PathBuf;

use foretaste::interactions::{Feedback, Interactions};

pub use error::OutsideError;
use rows::{Order, Row, read};
pub use taken::Taken;

use crate::{Judged, RatingErrors, Test};

/// A file of what another program answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The file: a table of any form that ratings can have.
    pub path: PathBuf,
    /// What it holds.
    pub kind: Kind,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `user,item`, best first; or with a column `rank`, from 1, or `score`, more is better.
    Lists,
    /// `user,item,score`; or `user,item,prediction` of each held-out row, on the scale of the ratings.
    Scores,
}

impl Kind {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lists => "lists",
            Self::Scores => "scores",
        }
    }
}

/// What a file says of the items of one test user: the item, and what it goes by.
type Said = Vec<(u32, f64)>;

impl Outside {
    /// The lists of a fold, judged; or the errors of its predictions. `fold` is its number, from 0, and how many there are:
    /// where there are several, the file has a column `fold`, which counts from 1. O(rows x log rows).
    ///
    /// Equal scores are ordered by rising item index.
    ///
    /// # Errors
    /// The file cannot be read or can be read in two ways, or its predictions leave a held-out row out.
    pub(crate) fn judged(
        &self,
        train: &Interactions,
        test: &Test,
        longest: usize,
        fold: (usize, usize),
    ) -> Result<(Judged, Taken), OutsideError> {
        let mut taken = Taken::default();
        let mut said: Vec<Said> = vec![Vec::new(); test.users.len()];
        let order = read(self, fold.1, &mut |row: Row<'_>| {
            if fold.1 > 1 && row.fold != Some(fold.0) {
                return;
            }
            taken.rows += 1;
            let Some(user) = test.user(row.user, train) else { return taken.rows_of_unknown_users += 1 };
            let Ok(place) = test.users.binary_search_by_key(&user, |wanted| wanted.user) else {
                return taken.rows_of_users_not_asked_about += 1;
            };
            let Some(item) = train.item(row.item) else { return taken.rows_of_unknown_items += 1 };
            if test.is_known(user, item.0, train) {
                return taken.rows_in_train += 1;
            }
            said[place].push((item.0, row.value));
        })?;
        if order == Order::Prediction {
            let errors = self.errors(said, test, train, &mut taken)?;
            return Ok((
                Judged {
                    users: Vec::new(),
                    errors: Some(errors),
                    calibration: None,
                    list_took: None,
                    has_scores: false,
                },
                taken,
            ));
        }
        for (said, wanted) in said.iter_mut().zip(&test.users) {
            match order {
                Order::Rows | Order::Prediction => {}
                Order::Rank => said.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))),
                Order::Score => said.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))),
            }
            taken.rows_said_twice += first_of_each(said);
            let same = |pair: &&[(u32, f64)]| pair[0].1.to_bits() == pair[1].1.to_bits();
            if let Some(pair) = said.windows(2).find(same).filter(|_| order == Order::Rank) {
                return Err(OutsideError::RankTwice {
                    path: self.path.clone(),
                    user: test.name(wanted.user, train).to_owned(),
                    rank: pair[0].1,
                });
            }
            taken.users_without_a_list += usize::from(said.is_empty());
        }
        if self.kind == Kind::Scores {
            self.is_of_more_than_held_rows(&said, test)?;
        }
        let lists = said.into_iter().map(|said| {
            said.into_iter().take(longest + 1).map(|(item, value)| (item, value as f32)).collect::<Vec<_>>()
        });
        Ok((Judged::of_lists(lists, test, order == Order::Score), taken))
    }

    /// Scores of the held-out rows and no others, ranked, would make lists of hits alone.
    fn is_of_more_than_held_rows(&self, said: &[Said], test: &Test) -> Result<(), OutsideError> {
        let rows: usize = said.iter().map(Vec::len).sum();
        let mut pairs = said.iter().zip(&test.users);
        let all_held =
            pairs.all(|(said, wanted)| said.iter().all(|(item, _)| wanted.items.binary_search(item).is_ok()));
        if rows > 0 && rows == test.rows() && all_held {
            return Err(OutsideError::HeldRowsAlone { path: self.path.clone(), rows });
        }
        Ok(())
    }

    /// How far predictions are from the held-out rows, held to the scale of the training data.
    fn errors(
        &self,
        said: Vec<Said>,
        test: &Test,
        train: &Interactions,
        taken: &mut Taken,
    ) -> Result<RatingErrors, OutsideError> {
        let (mut pairs, mut missing) = (Vec::new(), None);
        let mut without = 0;
        for (said, wanted) in said.into_iter().zip(&test.users) {
            let name = |item: u32| (test.name(wanted.user, train).to_owned(), train.items().name(item).to_owned());
            let mut predicted = BTreeMap::new();
            for (item, value) in said {
                if wanted.items.binary_search(&item).is_err() {
                    taken.rows_not_asked_about += 1;
                } else if let Some(before) = predicted.insert(item, value) {
                    taken.rows_said_twice += 1;
                    if before.to_bits() != value.to_bits() {
                        let (user, item) = name(item);
                        return Err(OutsideError::PredictedTwice {
                            path: self.path.clone(),
                            user,
                            item,
                            before,
                            value,
                        });
                    }
                }
            }
            for (&item, &rating) in wanted.items.iter().zip(&wanted.values) {
                let Some(&prediction) = predicted.get(&item) else {
                    without += 1;
                    missing.get_or_insert_with(|| name(item));
                    continue;
                };
                let prediction = prediction as f32;
                let held = match train.feedback() {
                    Feedback::Explicit { least, most } => prediction.clamp(least, most),
                    Feedback::Implicit => prediction,
                };
                taken.predictions_held_to_the_scale += usize::from(held.to_bits() != prediction.to_bits());
                pairs.push((rating, held));
            }
        }
        if let Some((user, item)) = missing {
            return Err(OutsideError::Predictions { path: self.path.clone(), without, rows: test.rows(), user, item });
        }
        Ok(RatingErrors::of(pairs))
    }
}

/// Keeps the first row of each item; how many others there were.
fn first_of_each(said: &mut Said) -> usize {
    let (mut known, before) = (std::collections::BTreeSet::new(), said.len());
    said.retain(|&(item, _)| known.insert(item));
    before - said.len()
}
