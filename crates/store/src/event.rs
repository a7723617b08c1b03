//! Events, on their way in and out.

use crate::kind::EventKind;

/// An event that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Who did it.
    pub user: String,
    /// With what.
    pub item: String,
    /// What it was.
    pub kind: EventKind,
    /// Its value; 1 where it has none. Finite.
    pub value: f32,
    /// When, in milliseconds since 1970 (UTC); `None` where that is not known, which is before all that is known.
    pub time: Option<i64>,
    /// A name that the sender gave it: an event of a name that is there already is not written again.
    pub id: Option<String>,
}

/// What became of an event that was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is there, under that sequence number.
    New(u64),
    /// An event of its name was there already.
    Known,
}

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Counts up; the order in which events were written.
    pub sequence: u64,
    /// The event.
    pub event: NewEvent,
}

/// The checksum of what is known of a user or an item under its number.
pub(crate) fn checksum_of_id(number: i64, id: &str, is_listed: bool, properties: Option<&str>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(&[u8::from(is_listed), u8::from(properties.is_some())]);
    hasher.update(&(id.len() as u64).to_le_bytes());
    hasher.update(id.as_bytes());
    hasher.update(properties.unwrap_or("").as_bytes());
    hasher.finalize()
}

/// The checksum of a text under a name.
pub(crate) fn checksum_of_text(name: &str, text: &str) -> u32 {
    checksum_of_id(0, name, false, Some(text))
}

/// The checksum of an event: CRC-32 of its fields in fixed order, integers as little-endian bytes.
pub(crate) fn checksum(
    sequence: u64,
    (user, item): (i64, i64),
    (kind, value): (EventKind, f32),
    time: Option<i64>,
    id: Option<&str>,
) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&sequence.to_le_bytes());
    hasher.update(&user.to_le_bytes());
    hasher.update(&item.to_le_bytes());
    hasher.update(&[kind.number(), u8::from(time.is_some()), u8::from(id.is_some())]);
    hasher.update(&value.to_bits().to_le_bytes());
    hasher.update(&time.unwrap_or(0).to_le_bytes());
    hasher.update(id.unwrap_or("").as_bytes());
    hasher.finalize()
}
