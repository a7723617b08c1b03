//! How reading went, for people.

use foretaste::dataset::{Dataset, LoadReport};
use foretaste::ids::ItemIx;
use foretaste::interactions::{
    ColumnRead, ColumnsRead, EVENT_NAMES, Evidence, Feedback, ReadReport, Repeat, TableRead, TimeFormat, normalised,
};

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
        lines.extend(notes(&report.ratings));
    }
    lines
}

/// What a reader of the file should know before trusting what was made of it.
fn notes(report: &ReadReport) -> Vec<String> {
    let mut notes = Vec::new();
    if report.columns.value.is_none() {
        let is_event = |name: &str| EVENT_NAMES.contains(&normalised(name.as_bytes()).as_str());
        let event = report.columns.ignored.iter().find(|column| is_event(&column.name));
        notes.push(match event {
            Some(column) => format!(
                "no rating column: each row counts 1; `{0}` was not read: `--value WORD=NUMBER,...` gives its words weights",
                printable(&column.name)
            ),
            None => "no rating column: each row counts 1; `--rating-column` names one".to_owned(),
        });
    }
    if !report.words_without_weight.is_empty() {
        let words = report.words_without_weight.iter();
        let words: Vec<String> =
            words.map(|(word, &rows)| format!("`{}` ({})", printable(word), count(rows))).collect();
        notes.push(format!("words without a weight in --value: {}", words.join(", ")));
    }
    if let (Some(found), Some(time)) = (&report.not_a_time, &report.columns.time) {
        let (name, text) = (named(time), printable(&found.text));
        notes.push(format!(
            "times were not read: `{text}` in line {} of column {name} is no time; with `--time-column {}` such rows are \
             rejected instead",
            count(found.line),
            time.position
        ));
    }
    notes
}

/// Which column was taken for what, and what was made of the values.
pub(super) fn evidence(report: &ReadReport) -> Vec<String> {
    let columns = &report.columns;
    let read = [
        ("user", Some(&columns.user)),
        ("item", Some(&columns.item)),
        ("value", columns.value.as_ref()),
        ("time", columns.time.as_ref()),
    ];
    let read = read.into_iter().filter_map(|(role, column)| column.map(|column| format!("{role} = {}", told(column))));
    let mut lines = vec![match &report.table {
        Some(table) => of_table(table, columns),
        None => format!("columns: {}", read.collect::<Vec<_>>().join(", ")),
    }];
    if !columns.ignored.is_empty() {
        let ignored = columns.ignored.iter().map(|column| format!("{} `{}`", column.position, printable(&column.name)));
        lines.push(format!("columns not read: {}", ignored.collect::<Vec<_>>().join(", ")));
    }
    let timed = report.time_format.is_some();
    let kept = match report.repeat {
        Repeat::Last if timed => "the last by time counts",
        Repeat::Last => "the last row counts",
        Repeat::First if timed => "the first by time counts",
        Repeat::First => "the first row counts",
        Repeat::Max => "the highest value counts",
        Repeat::Sum => "values are added up",
        Repeat::Count => "rows are counted",
    };
    lines.push(format!("rows of one user and item: {kept} (`--repeat`); {} combined", count(report.duplicates)));
    match report.feedback {
        Some(Feedback::Explicit { least, most }) => lines.push(format!("values: ratings from {least} to {most}")),
        Some(Feedback::Implicit) => lines.push("values: implicit feedback, more is more evidence".to_owned()),
        None => {}
    }
    if let Some(format) = report.time_format {
        lines.push(format!("times: {}", written(format)));
    }
    lines
}

/// How a table of users x items was read.
fn of_table(table: &TableRead, columns: &ColumnsRead) -> String {
    let (rows, ids, names) =
        if table.rows_are_items { ("item", &columns.item, "users") } else { ("user", &columns.user, "items") };
    format!(
        "a table of users x items: each row is one {rows}, named in column {}; {} in the header of columns {} to {} are \
         {names}, and each cell is a value; {}",
        named(ids),
        counted(table.columns, "name"),
        table.first,
        table.last,
        if table.zero_is_missing { "a zero is no value" } else { "an empty cell is no value" }
    )
}

fn told(column: &ColumnRead) -> String {
    let why = match column.evidence {
        Evidence::Asked => "asked for",
        Evidence::Name => "by name",
        Evidence::Position => "by position",
    };
    format!("{} ({why})", named(column))
}

fn named(column: &ColumnRead) -> String {
    match &column.name {
        Some(name) => format!("{} `{}`", column.position, printable(name)),
        None => column.position.to_string(),
    }
}

fn written(format: TimeFormat) -> &'static str {
    match format {
        TimeFormat::EpochSeconds => "seconds since 1970",
        TimeFormat::EpochMilliseconds => "milliseconds since 1970",
        TimeFormat::EpochMicroseconds => "microseconds since 1970",
        TimeFormat::EpochNanoseconds => "nanoseconds since 1970",
        TimeFormat::CompactDate => "dates such as 20240229",
        TimeFormat::Iso8601 => "ISO 8601, UTC unless a zone is given",
    }
}

fn became(report: &LoadReport) -> String {
    let rows = &report.ratings;
    let mut text = format!(
        "{} = {} accepted + {} rejected",
        counted(rows.rows, "row"),
        count(rows.accepted),
        count(rows.rejected.total)
    );
    if rows.missing > 0 {
        text += &format!(" + {} without a rating", count(rows.missing));
    }
    if rows.duplicates > 0 {
        text += &match rows.repeat {
            Repeat::Last => format!("; {} replaced by a later row", count(rows.duplicates)),
            _ => format!("; {} combined with another row", count(rows.duplicates)),
        };
    }
    if let Some(items) = report.items.as_ref().filter(|items| items.rejected.total > 0) {
        text += &format!("; {} of {} of items rejected", count(items.rejected.total), counted(items.rows, "row"));
    }
    text
}
