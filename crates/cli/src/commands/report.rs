//! How reading went, for people.

use foretaste::dataset::Dataset;

use crate::output::{count, decimal};

/// Two lines: what there is, and what became of the rows.
pub(super) fn lines(dataset: &Dataset) -> [String; 2] {
    let ratings = &dataset.ratings;
    let (users, items, stored) = (ratings.users().len(), ratings.items().len(), ratings.nnz());
    let places = users as f64 * items as f64;
    let density = 100.0 * stored as f64 / places.max(1.0);
    let what = format!(
        "read {}: {} ratings by {} users of {} items, {} % of all pairs",
        dataset.name,
        count(stored),
        count(users),
        count(items),
        decimal(density, 2)
    );
    let rows = &dataset.report.ratings;
    let titled = (0u32..).take(items).filter(|&item| dataset.catalogue.title(foretaste::ids::ItemIx(item)).is_some()).count();
    let became = format!(
        "{} rows = {} accepted + {} rejected; {} replaced by a later row; {} of {} items have a title",
        count(rows.rows),
        count(rows.accepted),
        count(rows.rejected.total),
        count(rows.duplicates),
        count(titled),
        count(items)
    );
    [what, became]
}
