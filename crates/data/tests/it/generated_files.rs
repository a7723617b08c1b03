//! Ten thousand generated files: none panics, every row is counted, and the chunk size changes nothing.

use std::fmt::Debug;
use std::ops::ControlFlow;

use foretaste_data::interactions::{Interactions, ReadError, ReadOptions, ReadReport, read_in_chunks};
use foretaste_data::table::Source;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const FILES: u64 = 10_000;
/// Pieces that mean something to the reader.
const PIECES: [&[u8]; 28] = [
    b",",
    b";",
    b"\t",
    b"|",
    b"::",
    b":",
    b"\n",
    b"\r\n",
    b"\r",
    b"\"",
    b"\"\"",
    b"\",\"",
    b" ",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xe9",
    "é".as_bytes(),
    b"-",
    b".",
    b"e400",
    b"nan",
    b"12345678",
    b"123456789",
    b"0",
    b"\x80",
    b"userId,movieId,rating\n",
    b"1,1,1\n",
    b"\x85",
];

fn below(random: &mut ChaCha8Rng, count: usize) -> usize {
    random.next_u32() as usize % count
}

/// A valid file with some dialect, ids from a small set so that pairs repeat.
fn valid(random: &mut ChaCha8Rng) -> Vec<u8> {
    let separator = [",", ";", "\t", "|", "::"][below(random, 5)];
    let end = ["\n", "\r\n", "\n", "\r"][below(random, 4)];
    let more = ["", "", "", "964982703"][below(random, 4)];
    let quote = if below(random, 4) == 0 && separator.len() == 1 { "\"" } else { "" };
    let ids = ["1", "2", "10", "007", "1234567", "12345678", "123456789", "a b", "x:y", "é", "日本"];
    let ratings = ["1", "5", "3.5", "4.25", "10", "0.5", "1e1", "+2"];
    let mut text = String::new();
    if below(random, 2) == 0 {
        text += &["userId", "movieId", "rating"].join(separator);
        text += if more.is_empty() { "" } else { separator };
        text += if more.is_empty() { "" } else { "timestamp" };
        text += end;
    }
    for _ in 0..below(random, 40) {
        let user = ids[below(random, ids.len())];
        let item = ids[below(random, ids.len())];
        let rating = ratings[below(random, ratings.len())];
        text += &[user, item, rating].map(|field| format!("{quote}{field}{quote}")).join(separator);
        text += if more.is_empty() { "" } else { separator };
        text += more;
        text += end;
    }
    text.into_bytes()
}

fn mutated(random: &mut ChaCha8Rng, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..below(random, 6) {
        let at = below(random, bytes.len() + 1);
        match below(random, 5) {
            0 => drop(bytes.drain(at..(at + 1 + below(random, 8)).min(bytes.len()).max(at))),
            1 => drop(bytes.splice(at..at, PIECES[below(random, PIECES.len())].iter().copied())),
            2 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << below(random, 8)),
            3 => bytes.truncate(bytes.len().max(1) - below(random, 4).min(bytes.len().max(1) - 1)),
            _ => bytes.extend_from_within(at.saturating_sub(20)..at),
        }
    }
    bytes
}

fn noise(random: &mut ChaCha8Rng) -> Vec<u8> {
    (0..below(random, 200)).flat_map(|_| PIECES[below(random, PIECES.len())].to_vec()).collect()
}

fn read(bytes: &[u8], chunk: usize) -> Result<(Interactions, ReadReport), ReadError> {
    read_in_chunks(Source::bytes(bytes), &ReadOptions::default(), chunk, &mut |_| ControlFlow::Continue(()))
}

/// All that a reading says, in a form that compares.
fn told(read: &Result<(Interactions, ReadReport), ReadError>) -> String {
    fn line(parts: &[&dyn Debug]) -> String {
        format!("{parts:?}")
    }
    match read {
        Ok((ratings, report)) => line(&[&ratings.hash(), &report]),
        Err(error) => line(&[error]),
    }
}

#[test]
fn ten_thousand_generated_files_are_counted_and_do_not_depend_on_chunks() {
    let mut accepted = 0;
    for seed in 0..FILES {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let bytes = match seed % 8 {
            0 => noise(&mut random),
            _ => {
                let valid = valid(&mut random);
                mutated(&mut random, valid)
            }
        };
        let whole = read(&bytes, 1 << 18);
        let report = match &whole {
            Ok((ratings, report)) => {
                assert_eq!(ratings.nnz() as u64, report.accepted - report.duplicates, "seed {seed}");
                accepted += report.accepted;
                Some(report)
            }
            Err(ReadError::Empty { report, .. }) => Some(report.as_ref()),
            Err(_) => None,
        };
        if let Some(report) = report {
            assert_eq!(report.rows, report.accepted + report.rejected.total, "seed {seed}");
            assert_eq!(report.rejected.by_reason.values().sum::<u64>(), report.rejected.total, "seed {seed}");
        }
        let chunk = 1 + below(&mut random, 64);
        assert_eq!(told(&read(&bytes, chunk)), told(&whole), "seed {seed}, chunks of {chunk}");
    }
    assert!(accepted > 100_000, "only {accepted} rows of all files were ratings");
}
