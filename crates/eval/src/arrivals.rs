//! The split by users who come after a moment.

use foretaste::dataset::Dataset;

use crate::fold::{Fold, Test, TestUser};
use crate::newcomers::Newcomers;

/// Parts `data` at a moment, in milliseconds: what happened before is fitted to. Users who did nothing before are asked about
/// by the first half of what they did, rounded up, of equal times in the order of items; the other half is held out. Items
/// that the training data do not have count in neither, and what others did from then on is dropped.
pub(crate) fn arrivals(data: &Dataset, times: &[i64], begin: i64) -> Fold {
    let all = &data.interactions;
    let (offsets, columns, values) = (all.matrix().offsets(), all.matrix().columns(), all.matrix().values());
    let train = data.about("train", all.subset(|entry| times[entry] < begin));
    let rows = &train.interactions;
    let items: Vec<Option<u32>> = all.items().iter().map(|item| rows.item(item).map(|item| item.0)).collect();
    let (mut newcomers, mut test) = (Newcomers::default(), Test::default());
    for (id, span) in all.users().iter().zip(offsets.windows(2)) {
        let mut entries: Vec<usize> = (span[0]..span[1]).collect();
        if entries.iter().any(|&entry| times[entry] < begin) {
            continue;
        }
        entries.sort_by_key(|&entry| times[entry]);
        let (first, later) = entries.split_at(entries.len().div_ceil(2));
        let known = |entries: &[usize]| -> Vec<(u32, f32)> {
            let known = entries.iter().filter_map(|&entry| Some((items[columns[entry] as usize]?, values[entry])));
            known.collect()
        };
        let (history, mut wanted) = (known(first), known(later));
        test.left_out.rows_of_unknown_items += later.len() - wanted.len();
        if history.is_empty() {
            test.left_out.users_without_train += 1;
            test.left_out.rows_of_users_without_train += wanted.len();
            continue;
        }
        test.left_out.users_with_unknown_items_alone += usize::from(wanted.is_empty() && !later.is_empty());
        if wanted.is_empty() {
            continue;
        }
        wanted.sort_by_key(|(item, _)| *item);
        let (items, values) = wanted.into_iter().unzip();
        test.users.push(TestUser { user: newcomers.push(id, history), items, values, times: None });
    }
    test.newcomers = Some(newcomers);
    Fold { train: train.into(), test: test.into() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use foretaste::dataset::Dataset;
    use foretaste::ids::IdTable;
    use foretaste::interactions::{Feedback, Interactions};
    use foretaste_linalg::CsrMatrix;

    use crate::Split;

    /// Rows of user, item, value and second, by rising user and item.
    fn timed(rows: &[(&str, &str, f32, i64)]) -> Dataset {
        let ids = |mut ids: Vec<&str>| {
            ids.sort_unstable();
            ids.dedup();
            IdTable::from_sorted(ids).unwrap()
        };
        let (users, items) = (ids(rows.iter().map(|row| row.0).collect()), ids(rows.iter().map(|row| row.1).collect()));
        let index = |ids: &IdTable, id| ids.index(id).unwrap();
        let mut offsets = vec![0; users.len() + 1];
        rows.iter().for_each(|(user, ..)| offsets[index(&users, user) as usize + 1] += 1);
        (1..offsets.len()).for_each(|at| offsets[at] += offsets[at - 1]);
        let columns = rows.iter().map(|(_, item, ..)| index(&items, item)).collect();
        let values = rows.iter().map(|(_, _, value, _)| *value).collect();
        let times = rows.iter().map(|(.., second)| second * 1000).collect();
        let matrix = CsrMatrix::new(items.len(), offsets, columns, values).unwrap();
        let feedback = Feedback::Explicit { least: 1.0, most: 5.0 };
        Dataset::new("timed", Interactions::new(users, items, matrix, Some(times), feedback).unwrap())
    }

    #[test]
    fn the_first_half_of_what_newcomers_did_is_stated_and_the_other_half_is_held_out() {
        // What is old ends at 1000 s. `n` is of no training item, `bob` did something before, `dan` did one thing alone.
        let data = timed(&[
            ("ann", "a", 1.0, 1001),
            ("ann", "b", 2.0, 1002),
            ("ann", "c", 3.0, 1003),
            ("ann", "d", 4.0, 1004),
            ("ann", "n", 5.0, 1005),
            ("bob", "a", 5.0, 50),
            ("bob", "b", 1.0, 2000),
            ("cid", "a", 3.0, 1002),
            ("cid", "n", 5.0, 1001),
            ("dan", "a", 2.0, 1009),
            ("o1", "a", 1.0, 10),
            ("o1", "b", 2.0, 20),
            ("o2", "c", 3.0, 30),
            ("o2", "d", 4.0, 40),
        ]);
        let split: Split = "arrival=1970-01-01T00:16:40Z".parse().unwrap();
        assert_eq!(split.to_string(), "arrival=1970-01-01T00:16:40Z");
        let fold = split.part(&data, 0, 1).unwrap();
        let (train, test) = (&fold.train.interactions, &*fold.test);
        assert_eq!(train.users().iter().collect::<Vec<_>>(), ["bob", "o1", "o2"]);
        assert_eq!(train.nnz(), 5);
        let newcomers = test.newcomers.as_ref().unwrap();
        let item = |id: &str| train.item(id).unwrap().0;
        let [ann] = &test.users[..] else { panic!("{test:?}") };
        assert_eq!((newcomers.name(ann.user), newcomers.user("ann")), ("ann", Some(ann.user)));
        assert_eq!(newcomers.history(ann.user), [(item("a"), 1.0), (item("b"), 2.0), (item("c"), 3.0)]);
        assert_eq!((&ann.items[..], &ann.values[..]), (&[item("d")][..], &[4.0][..]));
        // The last row of ann; cid, whose history is of no training item. dan has one row alone, which is no half.
        let left = test.left_out;
        assert_eq!((left.rows_of_unknown_items, left.users_without_train, left.rows_of_users_without_train), (1, 1, 1));
    }
}
