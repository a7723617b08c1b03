//! Rows of any shape to numbered ratings: the careful path, which every kind of row can take.

use super::intern::Interner;
use super::number::rating;
use super::sort::Gathered;
use super::{Reason, Roles, normalised};
use crate::ids::{IdError, MAX_ID_BYTES};
use crate::table::{Decimal, Decoder, Fields};

/// Everything read so far.
#[derive(Debug)]
pub(super) struct Gather {
    pub(super) users: Interner,
    pub(super) items: Interner,
    pub(super) gathered: Gathered,
    pub(super) roles: Roles,
    /// Most fields a row may have.
    pub(super) most_fields: Option<usize>,
    /// Decimal separator of the values.
    pub(super) decimal: Decimal,
}

/// What a row was: an accepted rating, or rejected.
pub(super) type Verdict = Result<(), Reason>;

impl Gather {
    pub(super) fn new(roles: Roles, most_fields: usize, decimal: Decimal) -> Self {
        let most_fields = Some(most_fields);
        Self {
            users: Interner::new(),
            items: Interner::new(),
            gathered: Gathered::default(),
            roles,
            most_fields,
            decimal,
        }
    }

    /// Takes one row.
    ///
    /// # Errors
    /// When the ids outgrow their table.
    pub(super) fn take(&mut self, fields: &Fields, decoder: &mut Decoder) -> Result<Verdict, IdError> {
        let [user, item, value] = self.roles.columns.map(|column| fields.get(column));
        let (Some(user), Some(item), Some(value)) = (user, item, value) else {
            return Ok(Err(Reason::TooFewFields));
        };
        if fields.len() > *self.most_fields.get_or_insert(fields.len()) {
            return Ok(Err(Reason::TooManyFields));
        }
        let with_point = self.decimal.with_point(value);
        let parsed = rating(with_point.as_deref().unwrap_or(value));
        if parsed.is_err() && self.is_header(fields) {
            return Ok(Err(Reason::RepeatedHeader));
        }
        let (user, item) = match (id_text(user, decoder), id_text(item, decoder)) {
            (Ok(user), Ok(item)) => (user, item),
            (Err(reason), _) | (_, Err(reason)) => return Ok(Err(reason)),
        };
        let value = match parsed {
            Ok(value) => value,
            Err(reason) => return Ok(Err(reason)),
        };
        let (user, item) = (self.users.number(&user)?, self.items.number(&item)?);
        self.push_run(user, 1);
        self.gathered.items.push(item);
        self.gathered.values.push(value);
        Ok(Ok(()))
    }

    /// Says that the next `length` entries are of `user`.
    pub(super) fn push_run(&mut self, user: u32, length: u32) {
        match self.gathered.runs.last_mut() {
            _ if length == 0 => {}
            Some((last, so_far)) if *last == user && so_far.checked_add(length).is_some() => *so_far += length,
            _ => self.gathered.runs.push((user, length)),
        }
    }

    fn is_header(&self, fields: &Fields) -> bool {
        let Some(header) = &self.roles.header else { return false };
        self.roles.columns.iter().all(|&column| {
            let names = (fields.get(column), header.get(column));
            matches!(names, (Some(field), Some(name)) if normalised(field) == normalised(name.as_bytes()))
        })
    }
}

/// An id as text, if it may be one.
pub(crate) fn id_text<'a>(bytes: &'a [u8], decoder: &mut Decoder) -> Result<std::borrow::Cow<'a, str>, Reason> {
    if bytes.is_empty() {
        return Err(Reason::EmptyId);
    }
    // A latin-1 byte takes at most 3 in UTF-8, never less than 1: too long already.
    if bytes.len() > MAX_ID_BYTES {
        return Err(Reason::IdTooLong);
    }
    let text = decoder.text(bytes).ok_or(Reason::IdNotUtf8)?;
    if text.chars().any(char::is_control) {
        return Err(Reason::IdControlCharacter);
    }
    if text.len() > MAX_ID_BYTES {
        return Err(Reason::IdTooLong);
    }
    Ok(text)
}
