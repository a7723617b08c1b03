//! Files whose content is known: a matrix is drawn, a dialect is drawn, and the one is written in the other.
//!
//! Each file forces one pair of levels (of two different dimensions), all pairs in turn; every other dimension is plain
//! (its first level) in most files. What contradicts itself is mended before it is written: a decimal comma between
//! commas needs quotes, a column order needs a header.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::writer;

/// What may vary, and how; the first level of each is the plain one.
pub(crate) const DIMENSIONS: [(&str, &[&str]); 21] = [
    ("separator", &[",", ";", "tab", "|", "::", "space", "spaces", "||", "tabs"]),
    ("header", &["camel", "snake", "words", "typed", "numbers", "none", "edges"]),
    ("before", &["nothing", "title", "comment", "blank", "sep="]),
    ("length", &["equal", "longer", "shorter"]),
    ("index", &["none", "empty name", "Unnamed: 0", "no name", "no name, shuffled", "Unnamed: 0, gaps"]),
    ("trailing", &["none", "rows", "header", "both"]),
    ("quotes", &["none", "double", "double text", "single", "backslash"]),
    ("decimal", &["point", "comma"]),
    ("extra", &["none", "text", "set", "number"]),
    ("line end", &["lf", "crlf", "cr"]),
    ("mark", &["none", "bom"]),
    ("letters", &["ascii", "latin-1", "utf-8"]),
    ("order", &["user item value", "item user value", "value user item", "time item user value"]),
    ("time", &["none", "seconds", "milliseconds", "iso"]),
    ("ids", &["numbers", "leading zeros", "words", "like ratings", "codes"]),
    ("values", &["1..5", "halves", "0..100", "-10..10", "counts", "none"]),
    ("value name", &["rating", "other"]),
    ("shape", &["long", "wide empty", "wide zero", "wide nan", "wide dot", "wide levels"]),
    ("corner", &["name", "user", "user/item", "none"]),
    ("sorted", &["by user", "not"]),
    ("rows", &["some", "few", "many"]),
];

/// One level of each dimension.
#[derive(Clone, Debug)]
pub(crate) struct Dialect([usize; DIMENSIONS.len()]);

impl Dialect {
    /// The level of a dimension, by name.
    pub(crate) fn of(&self, dimension: &str) -> &'static str {
        let at = place(dimension);
        DIMENSIONS[at].1[self.0[at]]
    }

    /// Whether a dimension has this level.
    pub(crate) fn is(&self, dimension: &str, level: &str) -> bool {
        self.of(dimension) == level
    }

    /// Sets a dimension to a level.
    pub(crate) fn set(&mut self, dimension: &str, level: &str) {
        let at = place(dimension);
        self.0[at] = DIMENSIONS[at].1.iter().position(|known| *known == level).unwrap();
    }

    /// Everything plain.
    pub(crate) fn plain() -> Self {
        Self([0; DIMENSIONS.len()])
    }

    /// Levels that are not plain.
    pub(crate) fn told(&self) -> String {
        let odd = DIMENSIONS.iter().zip(self.0).filter(|&(_, level)| level > 0);
        odd.map(|((name, levels), level)| format!("{name}: {}", levels[level])).collect::<Vec<_>>().join("; ")
    }

    /// The dialect of a seed.
    fn draw(seed: u64, random: &mut ChaCha8Rng) -> Self {
        let mut dialect = Self::plain();
        for (level, (_, levels)) in dialect.0.iter_mut().zip(DIMENSIONS) {
            if below(random, 4) == 0 {
                *level = below(random, levels.len());
            }
        }
        let pairs = pairs();
        for (dimension, level) in pairs[seed as usize % pairs.len()] {
            dialect.0[dimension] = level;
        }
        dialect.mend();
        dialect
    }

    /// Makes the levels agree with each other; a later dimension gives way to an earlier one where both are odd.
    pub(crate) fn mend(&mut self) {
        let spaced = self.of("separator").starts_with("space");
        if !self.is("shape", "long") {
            for dimension in ["length", "order", "time", "extra"] {
                self.0[place(dimension)] = 0;
            }
            if ["numbers", "none", "typed", "edges"].contains(&self.of("header")) {
                self.set("header", "camel");
            }
            if self.is("values", "none") || self.is("values", "-10..10") && self.is("shape", "wide zero") {
                self.set("values", "1..5");
            }
            // Between spaces no cell is empty, and a line of empty cells is a blank one.
            if spaced && ["wide empty", "wide levels"].contains(&self.of("shape")) {
                self.set("shape", "wide nan");
            }
            if self.is("shape", "wide levels") {
                // The index of the frame holds the ids, and is the only one.
                for dimension in ["index", "trailing"] {
                    self.0[place(dimension)] = 0;
                }
            }
        }
        // Only a table of values has a corner; without it, the header has one field less than the rows and no other.
        if ["long", "wide levels"].contains(&self.of("shape")) {
            self.set("corner", "name");
        } else if self.is("corner", "none") {
            self.set("index", "none");
        }
        // Without names, or with names that say nothing, the order is the usual one.
        if ["numbers", "none"].contains(&self.of("header")) {
            self.set("order", "user item value");
        }
        if self.is("order", "time item user value") && self.is("time", "none") {
            self.set("time", "seconds");
        }
        // Nothing but user and time, or user, item and time without a name, is not told apart from ratings.
        if self.is("values", "none") {
            self.set("decimal", "point");
            if !["camel", "snake", "words", "typed", "edges"].contains(&self.of("header")) {
                for dimension in ["time", "extra", "length", "index"] {
                    self.0[place(dimension)] = 0;
                }
            }
        }
        let quoted = !self.is("quotes", "none");
        if self.is("decimal", "comma") {
            if ["1..5", "0..100", "counts"].contains(&self.of("values")) {
                self.set("values", "halves");
            }
            if self.is("separator", ",") && !["double", "single", "backslash"].contains(&self.of("quotes")) {
                self.set("quotes", "double");
            }
        }
        if self.is("extra", "set") && self.is("separator", ",") && !quoted && !self.is("decimal", "comma") {
            self.set("quotes", "double text");
        }
        // Names and texts with a space in them need quotes between spaces.
        if spaced && self.is("quotes", "none") {
            if ["text", "set"].contains(&self.of("extra")) {
                self.set("extra", "number");
            }
            if self.is("header", "words") {
                self.set("header", "snake");
            }
        }
        if spaced {
            // An end of spaces is no field, an empty name neither.
            self.set("trailing", "none");
            if self.is("quotes", "none") && ["empty name", "Unnamed: 0", "Unnamed: 0, gaps"].contains(&self.of("index"))
            {
                self.set("index", "no name");
            }
            if self.of("index").starts_with("no name") && self.is("header", "none") {
                self.set("index", "none");
            }
        }
        // Without a header there is no line of names that an index or a title could stand before.
        if self.is("header", "none") {
            if self.is("trailing", "header") {
                self.set("trailing", "none");
            }
            if self.is("before", "sep=") && self.0[place("separator")] > 3 {
                self.set("before", "nothing");
            }
        }
        // Separators of two characters are not told from empty fields at the end, nor from empty cells.
        if ["||", "tabs"].contains(&self.of("separator")) {
            self.set("trailing", "none");
            self.set("shape", "long");
            if !self.is("header", "none") && self.0[place("index")] > 0 {
                self.set("index", "none");
            }
        }
        if self.is("before", "sep=") && !matches!(self.of("separator"), "," | ";" | "tab" | "|") {
            self.set("before", "title");
        }
        if self.is("mark", "bom") && self.is("letters", "latin-1") {
            self.set("letters", "utf-8");
        }
        if !self.is("letters", "ascii") && !["words", "codes"].contains(&self.of("ids")) {
            self.set("ids", "words");
        }
        // A few rows whose names do not count say nothing of their first field.
        if self.is("index", "no name, shuffled") && self.is("rows", "few") {
            self.set("rows", "some");
        }
        // The field that some rows lack, or have more, is the last, and no role stands there.
        if self.is("length", "shorter") && self.is("extra", "none") {
            self.set("extra", "number");
        }
    }
}

/// All pairs of levels of two different dimensions.
pub(crate) fn pairs() -> Vec<[(usize, usize); 2]> {
    let mut pairs = Vec::new();
    for (a, (_, of_a)) in DIMENSIONS.iter().enumerate() {
        for (b, (_, of_b)) in DIMENSIONS.iter().enumerate().skip(a + 1) {
            for i in 0..of_a.len() {
                pairs.extend((0..of_b.len()).map(|j| [(a, i), (b, j)]));
            }
        }
    }
    pairs
}

fn place(dimension: &str) -> usize {
    DIMENSIONS.iter().position(|(name, _)| *name == dimension).unwrap()
}

/// Values by user and item.
pub(crate) type Matrix = BTreeMap<(String, String), String>;

/// A file, and what it says.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// How it is written.
    pub dialect: Dialect,
    /// Whether ids of users are ids of items too.
    pub overlap: bool,
    /// What is written.
    pub matrix: Matrix,
    /// As it stands in the file.
    pub bytes: Vec<u8>,
}

impl File {
    /// The file of a seed; the ids of both columns overlap in every other one.
    pub(crate) fn draw(seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let dialect = Dialect::draw(seed, &mut random);
        Self::of(dialect, seed.is_multiple_of(2), &mut random)
    }

    /// A file of this dialect.
    pub(crate) fn of(dialect: Dialect, overlap: bool, random: &mut ChaCha8Rng) -> Self {
        let matrix = matrix(&dialect, overlap, random);
        let bytes = writer::write(&dialect, &matrix, random);
        Self { dialect, overlap, matrix, bytes }
    }
}

fn matrix(dialect: &Dialect, overlap: bool, random: &mut ChaCha8Rng) -> Matrix {
    let wide = !dialect.is("shape", "long");
    let (users, items, wanted) = match dialect.of("rows") {
        "few" => (3, 4, 5),
        "many" => (60, 80, 400),
        _ => (12, 15, 60),
    };
    let (users, items) = if dialect.is("ids", "like ratings") { (users.min(5), items.min(5)) } else { (users, items) };
    let users = ids(dialect, "u", 0, users, random);
    let offset = if overlap { 0 } else { 1000 };
    let items = ids(dialect, if overlap { "u" } else { "i" }, offset, items, random);
    let mut matrix = Matrix::new();
    for _ in 0..wanted {
        let pair = (users[below(random, users.len())].clone(), items[below(random, items.len())].clone());
        matrix.entry(pair).or_insert_with(|| value(dialect, random));
    }
    if wide {
        // A user without a value is not in a table of values.
        for user in &users {
            matrix.entry((user.clone(), items[0].clone())).or_insert_with(|| value(dialect, random));
        }
    }
    matrix
}

fn ids(dialect: &Dialect, prefix: &str, offset: usize, count: usize, random: &mut ChaCha8Rng) -> Vec<String> {
    let separator = writer::separator(dialect);
    let quoted = !dialect.is("quotes", "none");
    // An id with a tab in it is no id.
    let separator = if separator.starts_with('\t') { " " } else { separator };
    let letter = if dialect.is("letters", "ascii") { "e" } else { "é" };
    let mut ids: Vec<String> = Vec::new();
    while ids.len() < count {
        let next = 1 + below(random, 4 * count) + offset;
        let id = match dialect.of("ids") {
            "numbers" => next.to_string(),
            "leading zeros" => format!("{next:06}"),
            "like ratings" => (1 + ids.len() + offset).to_string(),
            "codes" => format!("B0{prefix}{next:05}{letter}X"),
            _ if quoted && next.is_multiple_of(7) => format!("{prefix}{separator}{next}"),
            _ if quoted && next % 7 == 1 => {
                format!("{prefix}{}{next}", if dialect.is("quotes", "single") { "'" } else { "\"" })
            }
            _ => format!("{prefix}{letter}ric{next}"),
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

fn value(dialect: &Dialect, random: &mut ChaCha8Rng) -> String {
    let float = |value: f64| if value.fract() == 0.0 { format!("{value:.1}") } else { value.to_string() };
    match dialect.of("values") {
        "halves" => float((1 + below(random, 10)) as f64 / 2.0),
        "0..100" if !dialect.is("shape", "long") => (1 + below(random, 100)).to_string(),
        "0..100" => below(random, 101).to_string(),
        "-10..10" => float(below(random, 2001) as f64 / 100.0 - 10.0),
        "counts" => (1000 / (1 + below(random, 1000))).to_string(),
        "none" => "1".to_owned(),
        _ => (1 + below(random, 5)).to_string(),
    }
}

/// A number below `count`.
pub(crate) fn below(random: &mut ChaCha8Rng, count: usize) -> usize {
    random.next_u32() as usize % count
}
