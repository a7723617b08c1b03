//! Events as they are kept, as a data set.

use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::{Events, Interactions, Repeat};

use crate::catalogue::Known;
use crate::error::StoreError;
use crate::store::About;
use crate::worth::{Observation, Worth, worth};

/// Rows of a store, users and items by dense numbers.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Ids of users, by number.
    pub(crate) users: Vec<String>,
    /// Ids of items, by number.
    pub(crate) items: Vec<String>,
    /// User, item and event.
    pub(crate) events: Vec<(u32, u32, Observation)>,
}

/// The data set of some rows, with what is known of users and items.
pub(crate) fn dataset(about: &About, mut rows: Rows, items: &Known, users: &Known) -> Result<Dataset, StoreError> {
    let damaged = |error: &dyn std::error::Error| StoreError::Damaged(error.to_string());
    rows.events.sort_unstable_by_key(|&(user, item, observation)| (user, item, observation.sequence));
    let mut events = Events { times: about.has_times.then(Vec::new), ..Events::default() };
    let mut of_one = Vec::new();
    for same in rows.events.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        of_one.clear();
        of_one.extend(same.iter().map(|&(.., observation)| observation));
        let (Worth::Value(value), time) = worth(&mut of_one, about.feedback) else { continue };
        events.users.push(same[0].0);
        events.items.push(same[0].1);
        events.values.push(value);
        events.times.iter_mut().for_each(|times| times.push(time.unwrap_or(0)));
    }
    let (user_ids, item_ids): (Vec<&str>, Vec<&str>) =
        (rows.users.iter().map(String::as_str).collect(), rows.items.iter().map(String::as_str).collect());
    let interactions = Interactions::from_events(&user_ids, &item_ids, events, Repeat::Last, about.feedback)
        .map_err(|error| damaged(&error))?;
    let catalogue = items.catalogue(interactions.items())?;
    let users = users.catalogue(interactions.users())?;
    Ok(Dataset { catalogue, users, ..Dataset::new(&about.name, interactions) })
}
