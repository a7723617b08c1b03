//! Rows of any shape to numbered ratings: the careful path, which every kind of row can take.

use std::collections::BTreeMap;

use super::intern::Interner;
use super::number::rating;
use super::sort::Gathered;
use super::times::TimeFormat;
use super::{Evidence, MissingCodes, ReadOptions, Reason, Roles, Weights, normalised};
use crate::ids::{IdError, MAX_ID_BYTES};
use crate::table::{Decimal, Decoder, Fields};

/// Different words without a weight that are counted one by one.
const MOST_WORDS: usize = 20;
/// Longest part of a field that a report shows.
const MOST_SHOWN: usize = 40;

/// Everything read so far.
#[derive(Debug)]
pub(super) struct Gather {
    pub(super) users: Interner,
    pub(super) items: Interner,
    pub(super) gathered: Gathered,
    pub(super) roles: Roles,
    /// Most fields a row may have.
    pub(super) most_fields: usize,
    /// Decimal separator of the values.
    pub(super) decimal: Decimal,
    pub(super) weights: Option<Weights>,
    pub(super) missing: MissingCodes,
    /// How times are written; `None` until there is one other than 0.
    pub(super) time_format: Option<TimeFormat>,
    /// The text that is no time, in a column that nobody asked for: its times are then given up.
    pub(super) not_a_time: Option<String>,
    /// Words without a weight, and how often they came.
    pub(super) unmapped: BTreeMap<String, u64>,
}

/// What a row was: an accepted rating, or rejected.
pub(super) type Verdict = Result<(), Reason>;

impl Gather {
    pub(super) fn new(roles: Roles, most_fields: usize, decimal: Decimal, options: &ReadOptions) -> Self {
        let times = roles.time.map(|_| Vec::new());
        Self {
            users: Interner::new(),
            items: Interner::new(),
            gathered: Gathered { times, ..Gathered::default() },
            roles,
            most_fields,
            decimal,
            weights: options.value.clone(),
            missing: options.missing.clone(),
            time_format: None,
            not_a_time: None,
            unmapped: BTreeMap::new(),
        }
    }

    /// Takes one row.
    ///
    /// # Errors
    /// When the ids outgrow their table.
    pub(super) fn take(&mut self, fields: &Fields, decoder: &mut Decoder) -> Result<Verdict, IdError> {
        let value = self.roles.value.map(|role| fields.get(role.at));
        let (Some(user), Some(item)) = (fields.get(self.roles.user.at), fields.get(self.roles.item.at)) else {
            return Ok(Err(Reason::TooFewFields));
        };
        if value == Some(None) {
            return Ok(Err(Reason::TooFewFields));
        }
        if fields.len() > self.most_fields {
            return Ok(Err(Reason::TooManyFields));
        }
        let parsed = value.flatten().map_or(Ok(1.0), |field| self.value(field));
        if (parsed.is_err() || (value.is_none() && self.begins_as_header(user))) && self.is_header(fields) {
            return Ok(Err(Reason::RepeatedHeader));
        }
        let (user, item) = match (id_text(user, decoder), id_text(item, decoder)) {
            (Ok(user), Ok(item)) => (user, item),
            (Err(reason), _) | (_, Err(reason)) => return Ok(Err(reason)),
        };
        let (value, time) = match parsed.and_then(|value| Ok((value, self.time(fields)?))) {
            Ok(entry) => entry,
            Err(reason) => {
                if reason == Reason::WordWithoutWeight {
                    self.count_word(value.flatten().unwrap_or_default(), decoder);
                }
                return Ok(Err(reason));
            }
        };
        let (user, item) = (self.users.number(&user)?, self.items.number(&item)?);
        self.push(user, item, value, time);
        Ok(Ok(()))
    }

    /// Adds an entry; the time counts where times are kept.
    pub(super) fn push(&mut self, user: u32, item: u32, value: f32, time: i64) {
        self.push_run(user, 1);
        self.gathered.items.push(item);
        self.gathered.values.push(value);
        if let Some(times) = &mut self.gathered.times {
            times.push(time);
        }
    }

    /// The value of a field.
    pub(super) fn value(&self, field: &[u8]) -> Result<f32, Reason> {
        if self.missing.hold(field) {
            return Err(Reason::NoRating);
        }
        match &self.weights {
            Some(weights) => weights.of(field).ok_or(Reason::WordWithoutWeight),
            None => {
                let with_point = self.decimal.with_point(field);
                rating(with_point.as_deref().unwrap_or(field))
            }
        }
    }

    /// The time of a row; 0 where times are not kept.
    fn time(&mut self, fields: &Fields) -> Result<i64, Reason> {
        let (Some(role), Some(_)) = (self.roles.time, &self.gathered.times) else { return Ok(0) };
        let text = fields.get(role.at).unwrap_or_default();
        let read = self.read_time(text);
        self.settle_time(read, || String::from_utf8_lossy(text).into_owned())
    }

    /// The time of a row, or what becomes of the row, or of all times, where `read` is none; `text` is what was found.
    pub(super) fn settle_time(&mut self, read: Option<i64>, text: impl FnOnce() -> String) -> Result<i64, Reason> {
        match read {
            Some(time) => Ok(time),
            None if self.roles.time.is_some_and(|role| role.evidence == Evidence::Asked) => Err(Reason::NotATime),
            None => {
                // The column was only taken for times by its name: no row is lost for it.
                self.give_up_times(text().chars().take(MOST_SHOWN).collect());
                Ok(0)
            }
        }
    }

    /// Reads a time in the format of the column.
    #[inline]
    pub(super) fn read_time(&mut self, text: &[u8]) -> Option<i64> {
        match self.time_format {
            Some(format) => format.read(text),
            // Zero is zero in every unit.
            None if !text.is_empty() && text.iter().all(|&byte| byte == b'0') => Some(0),
            None => {
                let format = TimeFormat::of(text)?;
                self.time_format = Some(format);
                format.read(text)
            }
        }
    }

    /// Keeps no times from now on, and forgets those there are. `text` is what was no time.
    fn give_up_times(&mut self, text: String) {
        self.gathered.times = None;
        self.not_a_time = Some(text);
    }

    /// Counts a word without a weight.
    pub(super) fn count_word(&mut self, word: &[u8], decoder: &mut Decoder) {
        let word = decoder.text(word).unwrap_or_default();
        let shown: String = word.chars().take(MOST_SHOWN).collect();
        if self.unmapped.len() < MOST_WORDS || self.unmapped.contains_key(&shown) {
            *self.unmapped.entry(shown).or_default() += 1;
        }
    }

    /// Says that the next `length` entries are of `user`.
    pub(super) fn push_run(&mut self, user: u32, length: u32) {
        match self.gathered.runs.last_mut() {
            _ if length == 0 => {}
            Some((last, so_far)) if *last == user && so_far.checked_add(length).is_some() => *so_far += length,
            _ => self.gathered.runs.push((user, length)),
        }
    }

    /// Whether a user is called as their column is: a look at the bytes, before names are compared in earnest.
    fn begins_as_header(&self, user: &[u8]) -> bool {
        let name = self.roles.header.as_ref().and_then(|header| header.get(self.roles.user.at));
        name.is_some_and(|name| name.as_bytes() == user)
    }

    fn is_header(&self, fields: &Fields) -> bool {
        let Some(header) = &self.roles.header else { return false };
        self.roles.places().all(|(_, role)| {
            let names = (fields.get(role.at), header.get(role.at));
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
