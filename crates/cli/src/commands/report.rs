//! How reading went, for people.

use foretaste::dataset::{Dataset, LoadReport};
use foretaste::ids::ItemIx;

use crate::output::{count, counted, decimal, printable};

/// What there is, and what became of the rows: two lines; one for data that came with a model.
pub(super) fn lines(dataset: &Dataset) -> Vec<String> {
    let ratings = &dataset.interactions;
    let (users, items, stored) = (ratings.users().len(), ratings.items().len(), ratings.nnz());
    let density = 100.0 * stored as f64 / (users as f64 * items as f64).max(1.0);
    let what = format!(
        "read {}: {} by {} of {}, {} % of all pairs",
        printable(&dataset.name),
        counted(stored, "rating"),
        counted(users, "user"),
        counted(items, "item"),
        decimal(density, 2)
    );
    let mut lines = vec![what];
    if let Some(report) = &dataset.report {
        let titled = (0u32..).take(items).filter(|&item| dataset.catalogue.title(ItemIx(item)).is_some()).count();
        lines.push(format!(
            "{}; {} of {} {} a title",
            became(report),
            count(titled),
            counted(items, "item"),
            if items == 1 { "has" } else { "have" }
        ));
    }
    lines
}

fn became(report: &LoadReport) -> String {
    let rows = &report.ratings;
    let mut text = format!(
        "{} = {} accepted + {} rejected",
        counted(rows.rows, "row"),
        count(rows.accepted),
        count(rows.rejected.total)
    );
    if rows.duplicates > 0 {
        text += &format!("; {} replaced by a later row", count(rows.duplicates));
    }
    if let Some(items) = report.items.as_ref().filter(|items| items.rejected.total > 0) {
        text += &format!("; {} of {} of items rejected", count(items.rejected.total), counted(items.rows, "row"));
    }
    text
}
