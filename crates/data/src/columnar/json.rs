//! JSON lines: one object a line, its keys the columns.

use std::fmt;
use std::io::Read;

use memchr::memchr;
use serde::de::{DeserializeSeed, Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{BATCH_ROWS, Batch, Batches, Column, ColumnInfo, Kind, Texts, Values};
use crate::source::MAX_LINE_BYTES;

/// How much of the start is looked at for keys.
const SAMPLE_BYTES: usize = 1 << 20;
const CHUNK_BYTES: usize = 1 << 18;
/// Most columns: more keys than this are values, not names.
const MOST_COLUMNS: usize = 4096;

pub(super) fn open(bytes: Box<dyn Read + Send>) -> Result<Box<dyn Batches>, String> {
    let mut lines = JsonLines {
        bytes,
        buffer: Vec::new(),
        start: 0,
        at_end: false,
        line: 0,
        columns: Vec::new(),
        selected: Vec::new(),
    };
    while !lines.at_end && lines.buffer.len() < SAMPLE_BYTES {
        lines.fill()?;
    }
    if lines.buffer.starts_with(b"\xef\xbb\xbf") {
        lines.start = 3;
    }
    lines.columns = columns(&lines.buffer[lines.start..], lines.at_end)?;
    lines.selected = (0..lines.columns.len()).collect();
    Ok(Box::new(lines))
}

struct JsonLines {
    bytes: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    at_end: bool,
    line: u64,
    columns: Vec<ColumnInfo>,
    selected: Vec<usize>,
}

impl JsonLines {
    fn fill(&mut self) -> Result<(), String> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + CHUNK_BYTES, 0);
        let mut got = 0;
        while got < CHUNK_BYTES {
            match self.bytes.read(&mut self.buffer[length + got..]) {
                Ok(0) => {
                    self.at_end = true;
                    break;
                }
                Ok(more) => got += more,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
        }
        self.buffer.truncate(length + got);
        Ok(())
    }

    /// Where the next line is, or `None` at the end. A line that is too long is passed over, and is empty here.
    fn next_line(&mut self) -> Result<Option<std::ops::Range<usize>>, String> {
        let mut long = false;
        loop {
            let ahead = &self.buffer[self.start..];
            if let Some(length) = memchr(b'\n', ahead) {
                let from = self.start;
                self.start += length + 1;
                self.line += 1;
                return Ok(Some(if long || length > MAX_LINE_BYTES { from..from } else { from..from + length }));
            }
            if self.at_end {
                if ahead.is_empty() && !long {
                    return Ok(None);
                }
                let from = self.start;
                self.start = self.buffer.len();
                self.line += 1;
                let length = self.start - from;
                return Ok(Some(if long || length > MAX_LINE_BYTES { from..from } else { from..from + length }));
            }
            if ahead.len() > MAX_LINE_BYTES {
                long = true;
                self.start = self.buffer.len();
            }
            self.fill()?;
        }
    }
}

impl Batches for JsonLines {
    fn columns(&self) -> &[ColumnInfo] {
        &self.columns
    }

    fn select(&mut self, columns: &[usize]) {
        self.selected = columns.to_vec();
    }

    fn next(&mut self) -> Result<Option<Batch>, String> {
        let names: Vec<(String, bool)> = self
            .selected
            .iter()
            .map(|&at| self.columns.get(at).map_or((String::new(), false), |c| (c.name.clone(), c.kind == Kind::List)))
            .collect();
        let known: Vec<bool> = self.selected.iter().map(|&at| at < self.columns.len()).collect();
        let mut texts = vec![Texts::with_capacity(BATCH_ROWS, 0); names.len()];
        let mut missing = vec![Vec::with_capacity(BATCH_ROWS); names.len()];
        let (mut lines, mut broken) = (Vec::new(), Vec::new());
        while lines.len() < BATCH_ROWS {
            let before = self.line;
            let Some(range) = self.next_line()? else { break };
            let line = &self.buffer[range.clone()];
            let too_long = range.is_empty() && self.buffer.get(range.start) != Some(&b'\n');
            if line.trim_ascii().is_empty() && !too_long {
                continue;
            }
            let mut found: Vec<Option<&RawValue>> = vec![None; names.len()];
            let row = Row { names: &names, known: &known, found: &mut found, hint: 0 };
            broken.push(!parse(line, row));
            lines.push(before + 1);
            for (at, value) in found.iter().enumerate() {
                let written = value.is_some_and(|value| scalar(value.get(), &mut texts[at], names[at].1));
                texts[at].end();
                missing[at].push(!written);
            }
        }
        if lines.is_empty() {
            return Ok(None);
        }
        if !broken.contains(&true) {
            broken.clear();
        }
        let columns = texts.into_iter().zip(missing).map(|(texts, missing)| Column {
            values: Values::Text(texts),
            missing: if missing.contains(&true) { missing } else { Vec::new() },
        });
        Ok(Some(Batch::with_lines(lines.len(), columns.collect(), lines, broken)))
    }
}

/// Whether the line is one object and nothing more.
fn parse<'a>(line: &'a [u8], row: Row<'a, '_>) -> bool {
    let mut json = serde_json::Deserializer::from_slice(line);
    row.deserialize(&mut json).is_ok() && json.end().is_ok()
}

/// Takes the values of the selected keys; of a key that stands twice the last.
struct Row<'a, 'b> {
    names: &'b [(String, bool)],
    known: &'b [bool],
    found: &'b mut [Option<&'a RawValue>],
    /// Where the next key is looked for first: most objects have their keys in one order.
    hint: usize,
}

impl<'a> DeserializeSeed<'a> for Row<'a, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Row<'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<std::borrow::Cow<'a, str>>()? {
            let at = |place: &usize| self.names.get(*place).is_some_and(|(name, _)| *name == key) && self.known[*place];
            let place = Some(self.hint).filter(at).or_else(|| (0..self.names.len()).find(at));
            match place {
                Some(place) => {
                    self.found[place] = Some(map.next_value()?);
                    self.hint = place + 1;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Writes the text of a value: a string without its quotes, a number as it stands, entries of a list with `|` between.
/// False for what is missing: null, objects, lists where there should be none.
fn scalar(raw: &str, text: &mut Texts, list: bool) -> bool {
    match raw.as_bytes() {
        [b'"', within @ .., b'"'] if !within.contains(&b'\\') => text.extend(within),
        [b'"', ..] => match serde_json::from_str::<String>(raw) {
            Ok(unescaped) => text.extend(unescaped.as_bytes()),
            Err(_) => return false,
        },
        [b'[', ..] if list => return entries(raw, text),
        [b'{' | b'[', ..] | b"null" => return false,
        number => text.extend(&whole(number)),
    }
    true
}

/// A number as it stands, but for a whole one that is written with a fraction of zeros: `1.0` is 1.
fn whole(number: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    match number.iter().position(|&byte| byte == b'.') {
        Some(point) if point + 1 < number.len() && number[point + 1..].iter().all(|&byte| byte == b'0') => {
            number[..point].into()
        }
        _ => number.into(),
    }
}

fn entries(raw: &str, text: &mut Texts) -> bool {
    let Ok(entries) = serde_json::from_str::<Vec<&RawValue>>(raw) else { return false };
    let mut first = true;
    for entry in entries {
        if !first {
            text.extend(b"|");
        }
        first = !scalar(entry.get(), text, false) && first;
    }
    true
}

/// Keys in the order of their first appearance, with what their values are.
fn columns(sample: &[u8], complete: bool) -> Result<Vec<ColumnInfo>, String> {
    let mut columns: Vec<(ColumnInfo, bool)> = Vec::new();
    let end = if complete { sample.len() } else { memchr::memrchr(b'\n', sample).unwrap_or(sample.len()) };
    for line in sample[..end].split(|&byte| byte == b'\n') {
        let mut json = serde_json::Deserializer::from_slice(line);
        // A line that is no object says nothing; its row is rejected later.
        let _ = json.deserialize_map(Keys(&mut columns));
        if columns.len() > MOST_COLUMNS {
            return Err(format!("its objects have more than {MOST_COLUMNS} keys, expected one object a row"));
        }
    }
    let settled =
        columns.into_iter().map(|(column, seen)| if seen { column } else { ColumnInfo { kind: Kind::Text, ..column } });
    Ok(settled.collect())
}

struct Keys<'b>(&'b mut Vec<(ColumnInfo, bool)>);

impl<'a> Visitor<'a> for Keys<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let mut hint = 0;
        while let Some(name) = map.next_key::<String>()? {
            let kind = map.next_value::<KindOf>()?.0;
            let same = |column: &(ColumnInfo, bool)| column.0.name == name;
            let place = if self.0.get(hint).is_some_and(same) { Some(hint) } else { self.0.iter().position(same) };
            match place {
                Some(place) => {
                    hint = place + 1;
                    let (column, seen) = &mut self.0[place];
                    if let Some(kind) = kind {
                        column.kind = if *seen { joined(column.kind, kind) } else { kind };
                        *seen = true;
                    }
                }
                None => {
                    hint = self.0.len() + 1;
                    self.0.push((ColumnInfo { name, kind: kind.unwrap_or(Kind::Text) }, kind.is_some()));
                }
            }
        }
        Ok(())
    }
}

/// The kind that holds values of both.
fn joined(one: Kind, other: Kind) -> Kind {
    match (one, other) {
        _ if one == other => one,
        (Kind::Whole, Kind::Float) | (Kind::Float, Kind::Whole) => Kind::Float,
        (Kind::Other, kind) | (kind, Kind::Other) | (Kind::List, kind) | (kind, Kind::List)
            if kind == Kind::Other || kind == Kind::List =>
        {
            Kind::Other
        }
        (Kind::Other, scalar) | (scalar, Kind::Other) => scalar,
        (Kind::List, _) | (_, Kind::List) => Kind::List,
        _ => Kind::Text,
    }
}

/// The kind of one value; `None` for null.
struct KindOf(Option<Kind>);

impl<'a> serde::Deserialize<'a> for KindOf {
    fn deserialize<D: serde::Deserializer<'a>>(json: D) -> Result<Self, D::Error> {
        struct Of;
        impl<'a> Visitor<'a> for Of {
            type Value = KindOf;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_bool<E>(self, _: bool) -> Result<KindOf, E> {
                Ok(KindOf(Some(Kind::Bool)))
            }

            fn visit_i64<E>(self, _: i64) -> Result<KindOf, E> {
                Ok(KindOf(Some(Kind::Whole)))
            }

            fn visit_u64<E>(self, _: u64) -> Result<KindOf, E> {
                Ok(KindOf(Some(Kind::Whole)))
            }

            fn visit_f64<E>(self, _: f64) -> Result<KindOf, E> {
                Ok(KindOf(Some(Kind::Float)))
            }

            fn visit_str<E>(self, _: &str) -> Result<KindOf, E> {
                Ok(KindOf(Some(Kind::Text)))
            }

            fn visit_unit<E>(self) -> Result<KindOf, E> {
                Ok(KindOf(None))
            }

            fn visit_seq<A: SeqAccess<'a>>(self, mut entries: A) -> Result<KindOf, A::Error> {
                let mut nested = false;
                while let Some(KindOf(kind)) = entries.next_element()? {
                    nested |= matches!(kind, Some(Kind::List | Kind::Other));
                }
                Ok(KindOf(Some(if nested { Kind::Other } else { Kind::List })))
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<KindOf, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(KindOf(Some(Kind::Other)))
            }
        }
        json.deserialize_any(Of)
    }
}
