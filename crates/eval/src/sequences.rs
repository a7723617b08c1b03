//! Sequences as others publish them: a line of text for each user, the items of the user in the order of time, blanks between
//! them; the last item of each line is held out.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::ids::{IdTable, id_order};
use foretaste::interactions::{Feedback, Interactions};
use foretaste::table::{CHUNK_BYTES, Lines, Record, Separator, Source, TableError};
use foretaste_linalg::CsrMatrix;

use crate::Fold;

/// Why a file holds no sequences.
#[derive(Debug, thiserror::Error)]
pub enum SequencesError {
    /// The file cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A line is not the items of a user.
    #[error("line {line} {found}, expected the items of one user, each once, with blanks between them")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is there.
        found: String,
    },
    /// The sequences are more than interactions can hold.
    #[error("the sequences are not a set of interactions")]
    Interactions(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A user by the number of the line, and the items, oldest first.
type Sequence = (String, Vec<String>);

/// What the lines of a file say: the last item of each is held out, the others are fitted to, with their places in the line
/// (0, 1, 2 and so on) as times. Users are named by the number of their line.
///
/// # Errors
/// The file cannot be read, a line is too long, or an item stands in a line twice.
pub(crate) fn last_held(path: &Path) -> Result<Fold, SequencesError> {
    let mut sequences = read(path)?;
    let held: Vec<Sequence> =
        sequences.iter_mut().filter_map(|(user, items)| items.pop().map(|last| (user.clone(), vec![last]))).collect();
    sequences.retain(|(_, items)| !items.is_empty());
    let train = Dataset::new("train", interactions(&sequences)?);
    Ok(Fold::given(Arc::new(train), &interactions(&held)?))
}

fn read(path: &Path) -> Result<Vec<Sequence>, SequencesError> {
    let mut lines = Lines::open(Source::file(path), Some(Separator::Space), None, CHUNK_BYTES)?;
    let mut sequences = Vec::new();
    while let Some((line, record)) = lines.next(&mut |_| ControlFlow::Continue(()))? {
        let refused = |found: String| SequencesError::Line { line, found };
        let Record::Row(row) = record else { return Err(refused("is too long or has a quote".to_owned())) };
        let text = std::str::from_utf8(lines.row(&row)).map_err(|_| refused("is not text in UTF-8".to_owned()))?;
        let items: Vec<String> = text.split_ascii_whitespace().map(str::to_owned).collect();
        let mut seen = HashSet::new();
        if let Some(twice) = items.iter().find(|item| !seen.insert(item.as_str())) {
            return Err(refused(format!("has the item `{twice}` twice")));
        }
        sequences.push((line.to_string(), items));
    }
    Ok(sequences)
}

/// Sequences as interactions that all count the same; a time is a place in the sequence.
fn interactions(sequences: &[Sequence]) -> Result<Interactions, SequencesError> {
    fn failed(error: impl std::error::Error + Send + Sync + 'static) -> SequencesError {
        SequencesError::Interactions(Box::new(error))
    }
    let mut ids: Vec<&str> = sequences.iter().flat_map(|(_, items)| items).map(String::as_str).collect();
    ids.sort_unstable_by(|a, b| id_order(a, b));
    ids.dedup();
    let users = IdTable::from_sorted(sequences.iter().map(|(user, _)| user.as_str())).map_err(failed)?;
    let items = IdTable::from_sorted(ids.iter().copied()).map_err(failed)?;
    let (mut offsets, mut columns, mut times) = (vec![0], Vec::new(), Vec::new());
    for (_, sequence) in sequences {
        let mut row: Vec<(u32, i64)> =
            (0..).zip(sequence).filter_map(|(place, item)| items.index(item).map(|item| (item, place))).collect();
        row.sort_unstable();
        columns.extend(row.iter().map(|&(item, _)| item));
        times.extend(row.iter().map(|&(_, place)| place));
        offsets.push(columns.len());
    }
    let values = vec![1.0; columns.len()];
    let matrix = CsrMatrix::new(items.len(), offsets, columns, values).map_err(failed)?;
    Interactions::new(users, items, matrix, Some(times), Feedback::Implicit).map_err(failed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use foretaste::ids::UserIx;

    fn held(name: &str, text: &str) -> Result<Fold, SequencesError> {
        let path = std::env::temp_dir().join(format!("foretaste-sequences-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let fold = last_held(&path);
        std::fs::remove_file(&path).unwrap();
        fold
    }

    #[test]
    fn the_last_item_of_a_line_is_held_out_and_the_others_have_their_places_as_times() {
        let fold = held("order", "10 9 b a\n\nb 10\n9 b 10 a\n").unwrap();
        let (train, test) = (&fold.train.interactions, &fold.test);
        assert_eq!(train.users().iter().collect::<Vec<_>>(), ["1", "3", "4"], "blank lines are counted");
        assert_eq!(train.items().iter().collect::<Vec<_>>(), ["9", "10", "b"]);
        assert_eq!(train.of(UserIx(0)).0, [0, 1, 2]);
        assert_eq!(train.times_of(UserIx(0)), Some(&[1, 0, 2][..]));
        assert_eq!(train.times_of(UserIx(2)), Some(&[0, 2, 1][..]));
        let asked: Vec<(u32, &[u32])> = test.users.iter().map(|user| (user.user.0, &user.items[..])).collect();
        assert_eq!(asked, [(1, &[1u32][..])], "`a` is held out twice and is in no training row");
        assert_eq!(test.left_out.rows_of_unknown_items, 2);
    }

    #[test]
    fn an_item_twice_in_a_line_is_named_with_the_line() {
        let error = held("twice", "1 2 3\n4 5 4 6\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2 has the item `4` twice, expected"), "{error}");
    }
}
