//! Generated files of every pair of features: what is read is what was written, or the file is refused by name.

pub mod generator;
#[allow(dead_code, reason = "its user is the example")]
pub mod verdict;
pub mod writer;

use std::collections::BTreeSet;

use generator::{DIMENSIONS, File, pairs};

/// Files that hold every pair; `cargo run -p foretaste-data --example dialects -- 10000` reads as many as are asked for.
const FILES: u64 = 2_500;

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
