//! What an import writes: a data set as rows, in parts each of which is durable, so that a broken import goes on where it was.

use std::ops::Range;

use foretaste_data::catalogue::Catalogue;
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::IdTable;

use crate::catalogue::{Property, object};
use crate::checksum;
use crate::error::{Place, StoreError};
use crate::kept::Named;
use crate::kind::EventKind;
use crate::store::{About, Progress};

/// Events of one transaction.
const TOGETHER: u64 = 200_000;

/// Under what an import that has begun is noted.
pub(crate) const BEGUN: &str = "import";
/// Under what it is noted what a store is of, once an import is done.
pub(crate) const ABOUT: &str = "source";

/// What the store is said to be of, as it is noted, and whether an import of it has begun. An error if the store holds
/// something else.
pub(crate) fn begun(
    held: Option<String>,
    source: &str,
    data: &Dataset,
    place: &Place,
) -> Result<(String, bool), StoreError> {
    let about = About {
        source: source.to_owned(),
        name: data.name.clone(),
        data_hash: data.hash(),
        feedback: data.interactions.feedback(),
        has_times: data.interactions.times().is_some(),
    };
    let text = serde_json::to_string(&about).map_err(|error| StoreError::Failed(error.to_string()))?;
    match held {
        None => Ok((text, false)),
        Some(held) if held == text => Ok((text, true)),
        Some(held) => {
            let found = serde_json::from_str::<About>(&held).map_or(held, |about| about.source);
            Err(StoreError::OtherSource { place: place.clone(), found, asked: about.source })
        }
    }
}

/// Writes the events after `last` in parts; the sequence number of each is its place, counted from 1.
pub(crate) fn in_parts(
    last: u64,
    data: &Dataset,
    write: &mut dyn FnMut(Range<u64>) -> Result<(), StoreError>,
    progress: &mut Progress<'_>,
) -> Result<(), StoreError> {
    let total = data.interactions.nnz() as u64;
    let mut from = last;
    while from < total {
        let until = total.min(from + TOGETHER);
        write(from..until)?;
        from = until;
        if progress(until, total).is_break() {
            return Err(StoreError::Stopped);
        }
    }
    Ok(())
}

/// What is known of users and of items, with the tables that it goes into.
pub(crate) fn tables(data: &Dataset) -> [(&'static str, &IdTable, &Catalogue); 2] {
    let interactions = &data.interactions;
    [("users", interactions.users(), &data.users), ("items", interactions.items(), &data.catalogue)]
}

/// Rows of users or of items, whose numbers are those of the data, counted from 1.
pub(crate) fn named<'a>(ids: &'a IdTable, known: &'a Catalogue) -> impl Iterator<Item = Named> + 'a {
    (1i64..).zip(ids.iter().chain(known.unrated().iter())).enumerate().map(|(row, (number, id))| Named {
        number,
        id: id.to_owned(),
        is_listed: true,
        properties: object(known, row),
    })
}

/// The schema of what is known: place, text and checksum of each property.
pub(crate) fn schema(table: &str, known: &Catalogue) -> Result<Vec<(i64, String, u32)>, StoreError> {
    let row = |(position, property): (i64, &Property)| {
        let text = serde_json::to_string(property).map_err(|error| StoreError::Failed(error.to_string()))?;
        let sum = checksum::of_text(table, &text);
        Ok((position, text, sum))
    };
    (0i64..).zip(&Property::all_of(known)).map(row).collect()
}

/// An interaction as an event without a name.
#[derive(Clone, Copy)]
pub(crate) struct Imported {
    pub(crate) sequence: u64,
    pub(crate) user: i64,
    pub(crate) item: i64,
    pub(crate) kind: EventKind,
    pub(crate) value: f32,
    pub(crate) time: Option<i64>,
}

impl Imported {
    pub(crate) fn checksum(&self) -> u32 {
        checksum::of_event(self.sequence, (self.user, self.item), (self.kind, self.value), self.time, None)
    }
}

/// The interactions of some places of the matrix.
pub(crate) fn events(data: &Dataset, places: Range<u64>) -> impl Iterator<Item = Imported> + '_ {
    let interactions = &data.interactions;
    let (matrix, times) = (interactions.matrix(), interactions.times());
    let kind = EventKind::of_data(interactions.feedback());
    let offsets = matrix.offsets();
    let places = usize::try_from(places.start).unwrap_or(usize::MAX)..usize::try_from(places.end).unwrap_or(usize::MAX);
    // The row of a place, counted from 1.
    let mut row = offsets.partition_point(|&offset| offset <= places.start);
    places.map(move |place| {
        // Rows without an entry are passed over.
        while offsets[row] <= place {
            row += 1;
        }
        Imported {
            sequence: place as u64 + 1,
            user: row as i64,
            item: i64::from(matrix.columns()[place]) + 1,
            kind,
            value: matrix.values()[place],
            time: times.map(|times| times[place]),
        }
    })
}
