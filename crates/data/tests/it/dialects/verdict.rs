//! What the reader made of a generated file, and the table of many such verdicts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;

use foretaste_data::interactions::{Interactions, ReadError, ReadOptions, read_interactions};
use foretaste_data::table::{Source, TableError};

use super::generator::{DIMENSIONS, File};

/// How a file was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The matrix that was written.
    Exact,
    /// Not at all: kind of refusal, and its words.
    Refused(String, String),
    /// Another matrix than was written, and no error.
    Misread(String),
}

/// Reads a file with default options.
pub(crate) fn judge(file: &File) -> Verdict {
    let options = ReadOptions::default();
    match read_interactions(Source::bytes(file.bytes.clone()), &options, &mut |_| ControlFlow::Continue(())) {
        Ok((found, report)) => match difference(file, &found) {
            None => Verdict::Exact,
            Some(first) => Verdict::Misread(format!("{first}; {report:?}")),
        },
        Err(error) => Verdict::Refused(kind(&error), error.to_string()),
    }
}

/// The name that the documentation gives to a refusal.
fn kind(error: &ReadError) -> String {
    if let ReadError::Table(TableError::Undecided { undecided, .. }) = error {
        return format!("two readings: {}", undecided.what);
    }
    let told = format!("{error:?}");
    told.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

/// The first difference between what was written and what was read.
fn difference(file: &File, found: &Interactions) -> Option<String> {
    let mut read = BTreeMap::new();
    for user in 0..found.users().len() {
        let row = found.matrix().row(user);
        for (&item, &value) in row.0.iter().zip(row.1) {
            read.insert((found.users().name(user as u32), found.items().name(item)), value);
        }
    }
    let written = file.matrix.iter().map(|((user, item), value)| {
        let value: f32 = value.parse().unwrap();
        ((user.as_str(), item.as_str()), value)
    });
    let written: BTreeMap<(&str, &str), f32> = written.collect();
    for (pair, value) in &written {
        match read.get(pair) {
            Some(found) if found.to_bits() == value.to_bits() => {}
            found => return Some(format!("{pair:?} is {value}, read {found:?}")),
        }
    }
    read.keys().find(|pair| !written.contains_key(*pair)).map(|pair| format!("{pair:?} was never written"))
}

/// Verdicts of many files.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Number of files.
    pub files: u64,
    /// Read exactly.
    pub exact: u64,
    /// Refused: count and an example, by kind.
    pub refused: BTreeMap<String, (u64, Vec<String>)>,
    /// Misread: seed and what differs, the first few.
    pub misread: Vec<String>,
    /// Number of files misread.
    pub misread_count: u64,
    /// Files not read exactly, by level: refused and misread.
    by_level: BTreeMap<(usize, &'static str), (u64, u64, u64)>,
}

impl Tally {
    /// Draws and judges the files of the seeds.
    pub(crate) fn of(seeds: std::ops::Range<u64>) -> Self {
        let mut tally = Self::default();
        for seed in seeds {
            let file = File::draw(seed);
            tally.add(seed, &file, judge(&file));
        }
        tally
    }

    fn add(&mut self, seed: u64, file: &File, verdict: Verdict) {
        self.files += 1;
        let count = match &verdict {
            Verdict::Exact => [0, 0],
            Verdict::Refused(..) => [1, 0],
            Verdict::Misread(_) => [0, 1],
        };
        for (at, (name, _)) in DIMENSIONS.iter().enumerate() {
            let level = self.by_level.entry((at, file.dialect.of(name))).or_default();
            *level = (level.0 + 1, level.1 + count[0], level.2 + count[1]);
        }
        match verdict {
            Verdict::Exact => self.exact += 1,
            Verdict::Refused(kind, words) => {
                let told = format!("seed {seed} ({}): {words}", file.dialect.told());
                let kind = self.refused.entry(kind).or_default();
                kind.0 += 1;
                if kind.1.len() < 40 {
                    kind.1.push(told);
                }
            }
            Verdict::Misread(words) => {
                self.misread_count += 1;
                if self.misread.len() < 40 {
                    self.misread.push(format!("seed {seed} ({}): {words}", file.dialect.told()));
                }
            }
        }
    }

    /// Share of files read exactly.
    pub(crate) fn share(&self) -> f64 {
        self.exact as f64 / self.files.max(1) as f64
    }

    /// As Markdown.
    pub(crate) fn table(&self) -> String {
        let refused: u64 = self.refused.values().map(|(count, _)| count).sum();
        let mut text = String::new();
        let _ = writeln!(text, "| files | read exactly | refused by name | misread |\n|---|---|---|---|");
        let share = 100.0 * self.share();
        let _ =
            writeln!(text, "| {} | {} ({share:.2} %) | {refused} | {} |\n", self.files, self.exact, self.misread_count);
        let _ = writeln!(text, "| refusal | files | first of them |\n|---|---|---|");
        for (kind, (count, first)) in &self.refused {
            let first: String = first.first().map(|first| first.chars().take(400).collect()).unwrap_or_default();
            let _ = writeln!(text, "| {kind} | {count} | {} |", first.replace('|', "\\|").replace('\n', " "));
        }
        let _ = writeln!(text, "\n| dimension | level | files | refused | misread |\n|---|---|---|---|---|");
        for ((at, level), (files, refused, misread)) in &self.by_level {
            let level = level.replace('|', "\\|");
            let _ = writeln!(text, "| {} | {level} | {files} | {refused} | {misread} |", DIMENSIONS[*at].0);
        }
        text
    }
}
