//! Generated files of every pair of features: what is read is what was written, or the file is refused by name.

mod examples;
pub(crate) mod generator;
mod tables;
pub(crate) mod verdict;
pub(crate) mod writer;

use std::collections::BTreeSet;

use generator::{DIMENSIONS, Dialect, File, pairs};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use verdict::{Tally, Verdict, judge};

/// Files that hold every pair; `cargo run -p foretaste-data --example dialects -- 10000` reads as many as are asked for.
const FILES: u64 = 4_500;

#[test]
fn generated_files_are_read_exactly_or_refused_by_name_and_never_misread() {
    let tally = Tally::of(0..FILES);
    assert_eq!(tally.misread_count, 0, "{}", tally.misread.join("\n"));
    assert!(tally.share() >= 0.97, "{}", tally.table());
}

#[test]
fn the_pairs_drawn_hold_every_level_of_every_dimension_with_every_other() {
    let drawn: BTreeSet<[(usize, usize); 2]> = pairs().into_iter().collect();
    let levels: Vec<usize> = DIMENSIONS.iter().map(|(_, levels)| levels.len()).collect();
    let all: usize =
        (0..levels.len()).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| levels[a] * levels[b]).sum();
    assert_eq!(drawn.len(), all);
    assert!((all as u64) < FILES, "{all} pairs");
    let overlapping = (0..100).filter(|&seed| File::draw(seed).overlap).count();
    assert_eq!(overlapping, 50);
}

/// Twenty dialects, each of which the reader has to read exactly in every separator, with a header and without.
const DIALECTS: [(&str, &[(&str, &str)]); 20] = [
    ("plain", &[]),
    ("a line before the table", &[("before", "title")]),
    ("a comment before the table", &[("before", "comment")]),
    ("some rows with a field more", &[("length", "longer")]),
    ("some rows with a field less", &[("length", "shorter")]),
    ("rows that end in a separator", &[("trailing", "rows")]),
    ("rows and header that end in a separator", &[("trailing", "both")]),
    ("double quotes", &[("quotes", "double"), ("ids", "words")]),
    ("double quotes around texts", &[("quotes", "double text"), ("ids", "words")]),
    ("single quotes", &[("quotes", "single"), ("ids", "words")]),
    ("backslashes before quotes", &[("quotes", "backslash"), ("ids", "words")]),
    ("decimal commas", &[("decimal", "comma"), ("values", "halves")]),
    ("sets with commas", &[("extra", "set"), ("quotes", "double text")]),
    ("texts behind", &[("extra", "text"), ("quotes", "double text")]),
    ("dates", &[("time", "iso")]),
    ("carriage returns and a mark", &[("line end", "cr"), ("mark", "bom")]),
    ("latin-1", &[("letters", "latin-1"), ("ids", "words")]),
    ("leading zeros", &[("ids", "leading zeros")]),
    ("ids that look like ratings", &[("ids", "like ratings"), ("time", "seconds")]),
    ("an index without a name", &[("index", "no name"), ("ids", "codes")]),
];

#[test]
fn twenty_dialects_are_read_in_every_separator_with_a_header_and_without() {
    for (name, levels) in DIALECTS {
        for separator in DIMENSIONS[0].1 {
            for header in ["camel", "typed", "none"] {
                for overlap in [false, true] {
                    let mut dialect = Dialect::plain();
                    for (dimension, level) in levels.iter().chain(&[("separator", *separator), ("header", header)]) {
                        dialect.set(dimension, level);
                    }
                    dialect.mend();
                    let file = File::of(dialect, overlap, &mut ChaCha8Rng::seed_from_u64(12));
                    let verdict = judge(&file);
                    let text = String::from_utf8_lossy(&file.bytes);
                    assert_eq!(verdict, Verdict::Exact, "{name}, `{separator}`, header {header}:\n{text}");
                }
            }
        }
    }
}
