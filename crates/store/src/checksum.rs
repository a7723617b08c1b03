//! Checksums of rows: a row that is not as it was written is never believed.

use crate::kind::EventKind;

/// The checksum of what is known of a user or an item under its number.
pub(crate) fn of_id(number: i64, id: &str, is_listed: bool, properties: Option<&str>) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(&[u8::from(is_listed), u8::from(properties.is_some())]);
    hasher.update(&(id.len() as u64).to_le_bytes());
    hasher.update(id.as_bytes());
    hasher.update(properties.unwrap_or("").as_bytes());
    hasher.finalize()
}

/// The checksum of a text under a name.
pub(crate) fn of_text(name: &str, text: &str) -> u32 {
    of_id(0, name, false, Some(text))
}

/// The checksum of an event: CRC-32 of its fields in fixed order, integers as little-endian bytes.
pub(crate) fn of_event(
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
