//! Events whose users and items were numbered elsewhere, such as by a store, as interactions.

use foretaste_linalg::CsrError;

use super::repeats::Repeat;
use super::sort::{self, Gathered};
use super::{Feedback, Interactions, InteractionsError};
use crate::ids::{IdError, IdTable, id_order};

/// Events, one a place of all lists, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Events {
    /// Number of the user of each event.
    pub users: Vec<u32>,
    /// Number of the item of each event.
    pub items: Vec<u32>,
    /// What each event is worth.
    pub values: Vec<f32>,
    /// Milliseconds since 1970-01-01T00:00:00Z; `None` where times do not count.
    pub times: Option<Vec<i64>>,
}

/// Events that are no interactions.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EventsError {
    /// The lists have different lengths, or a number has no id.
    #[error("the events are {found}, expected lists of one length and numbers that have ids")]
    Lists {
        /// What was found.
        found: String,
    },
    /// The ids are no table of ids.
    #[error(transparent)]
    Ids(#[from] IdError),
    /// The entries are no matrix.
    #[error(transparent)]
    Matrix(#[from] CsrError),
    /// Parts that do not fit.
    #[error(transparent)]
    Parts(#[from] InteractionsError),
}

impl Interactions {
    /// One entry for each user and item that have events, as a file of the same events would give. `user_ids` and `item_ids` are
    /// the ids by number; those without an event are left out. Of explicit feedback the scale is widened to the values.
    /// O(events + ids log ids).
    ///
    /// # Errors
    /// Lists of different lengths, a number without an id, an id that two numbers have.
    pub fn from_events(
        user_ids: &[&str],
        item_ids: &[&str],
        events: Events,
        repeat: Repeat,
        feedback: Feedback,
    ) -> Result<Self, EventsError> {
        let Events { users, items, values, times } = events;
        let length = users.len();
        if items.len() != length || values.len() != length || times.as_ref().is_some_and(|times| times.len() != length)
        {
            let found = format!("{length} users, {} items, {} values", items.len(), values.len());
            return Err(EventsError::Lists { found });
        }
        let (users, by_user) = Numbered::of(user_ids, users)?;
        let (items, by_item) = Numbered::of(item_ids, items)?;
        let runs = by_user.into_iter().map(|user| (user, 1)).collect();
        let gathered = Gathered { runs, items: by_item, values, times };
        let sorted = sort::rows(gathered, &users.place, &items.place, repeat)?;
        let feedback = match (feedback, Feedback::explicit(sorted.matrix.values())) {
            (Feedback::Explicit { least, most }, Feedback::Explicit { least: lowest, most: highest }) if length > 0 => {
                Feedback::Explicit { least: least.min(lowest), most: most.max(highest) }
            }
            (feedback, _) => feedback,
        };
        Ok(Self::new(users.table, items.table, sorted.matrix, sorted.times, feedback)?)
    }
}

/// The ids that events have, in order.
struct Numbered {
    table: IdTable,
    /// The place in the table, by the numbers that are given out here.
    place: Vec<u32>,
}

impl Numbered {
    /// Gives numbers without gaps to the ids that are there, and these to the events.
    fn of(ids: &[&str], mut numbers: Vec<u32>) -> Result<(Self, Vec<u32>), EventsError> {
        const NONE: u32 = u32::MAX;
        let mut number_of = vec![NONE; ids.len()];
        let mut there: Vec<&str> = Vec::new();
        for number in &mut numbers {
            let Some(known) = number_of.get_mut(*number as usize) else {
                return Err(EventsError::Lists { found: format!("of number {number}, which has no id") });
            };
            if *known == NONE {
                *known = u32::try_from(there.len()).unwrap_or(NONE);
                there.push(ids[*number as usize]);
            }
            *number = *known;
        }
        let mut order: Vec<u32> = (0u32..).take(there.len()).collect();
        order.sort_unstable_by(|&a, &b| id_order(there[a as usize], there[b as usize]));
        let table = IdTable::from_sorted(order.iter().map(|&number| there[number as usize]))?;
        let mut place = vec![0; there.len()];
        (0u32..).zip(&order).for_each(|(at, &number)| place[number as usize] = at);
        Ok((Self { table, place }, numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interactions::{ReadOptions, read_interactions};
    use crate::table::Source;
    use std::ops::ControlFlow;

    const SCALE: Feedback = Feedback::Explicit { least: 1.0, most: 5.0 };

    #[test]
    fn they_are_what_a_file_of_them_is() {
        let text = "user,item,rating,time\n10,b,1,50\n9,a,2,60\n10,a,3,10\n10,b,4,40\nx,c,5,20\n";
        let (read, _) =
            read_interactions(Source::bytes(text), &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))
                .unwrap();
        let events = Events {
            users: vec![3, 0, 3, 3, 1],
            items: vec![2, 0, 0, 2, 1],
            values: vec![1.0, 2.0, 3.0, 4.0, 5.0],
            times: Some([50, 60, 10, 40, 20].map(|time| time * 1000).to_vec()),
        };
        let (users, items) = (["9", "x", "unused", "10"], ["a", "c", "b"]);
        let made = Interactions::from_events(&users, &items, events.clone(), Repeat::Last, SCALE).unwrap();
        assert_eq!(made.hash(), read.hash());
        assert_eq!(made.users().iter().collect::<Vec<_>>(), ["9", "10", "x"]);
        let wider = Feedback::Explicit { least: 2.0, most: 4.0 };
        let made = Interactions::from_events(&users, &items, events, Repeat::Last, wider).unwrap();
        assert_eq!(made.feedback(), SCALE);
    }

    #[test]
    fn what_is_none_is_refused() {
        let made = |users: Vec<u32>, items: Vec<u32>, ids: &[&str]| {
            let events = Events { values: vec![1.0; users.len()], users, items, times: None };
            Interactions::from_events(ids, &["a"], events, Repeat::Sum, Feedback::Implicit).map(|made| made.nnz())
        };
        assert_eq!(made(vec![0, 0], vec![0, 0], &["1"]), Ok(1));
        assert_eq!(made(vec![], vec![], &[]), Ok(0));
        assert!(made(vec![0], vec![], &["1"]).unwrap_err().to_string().contains("1 users, 0 items"));
        assert!(made(vec![1], vec![0], &["1"]).unwrap_err().to_string().contains("number 1"));
        assert!(made(vec![0, 1], vec![0, 0], &["1", "1"]).is_err());
    }
}
