//! What the columns beside the ratings were taken for, and why, for people.

use foretaste::catalogue::{Catalogue, ItemsReport, PropertySchema};
use foretaste::dataset::Dataset;

use crate::output::{count, counted, printable};

/// One line a property of items and of users, with the evidence for its type; and what was not taken.
pub(super) fn lines(dataset: &Dataset) -> Vec<String> {
    let report = dataset.report.as_ref();
    let mut lines = of(&dataset.catalogue, report.and_then(|report| report.items.as_ref()), "items");
    if let Some(items) = report.and_then(|report| report.items.as_ref()) {
        lines.insert(0, items.genres_line());
    }
    lines.extend(of(&dataset.users, report.and_then(|report| report.users.as_ref()), "users"));
    lines
}

fn of(catalogue: &Catalogue, report: Option<&ItemsReport>, what: &str) -> Vec<String> {
    let schema = catalogue.schema();
    let mut lines = Vec::new();
    if !schema.is_empty() {
        lines.push(format!("properties of {what}:"));
        lines.extend(schema.iter().map(line));
    }
    let unrated = catalogue.unrated().len();
    if unrated > 0 {
        let (noun, rest) = if what == "items" { ("item", ", which no model scores") } else { ("user", "") };
        lines.push(format!("  {} without a rating{rest}", counted(unrated, noun)));
    }
    let Some(report) = report else { return lines };
    for ignored in &report.ignored {
        let (place, name) = (count(ignored.column), printable(&ignored.name));
        lines.push(format!("  column {place} `{name}` is no property: {}", ignored.reason));
    }
    for cell in &report.wrong_cells {
        let (property, found) = (printable(&cell.property), printable(&cell.found));
        lines.push(format!("  line {}: `{found}` is no {} (property `{property}`)", cell.line, cell.kind));
    }
    lines
}

fn line(property: &PropertySchema) -> String {
    let mut text = format!(
        "  {}: {}, {} of {} rows",
        printable(&property.name),
        property.kind,
        count(property.known),
        count(property.rows)
    );
    if let Some(distinct) = property.distinct {
        text += &format!(", {} different values", count(distinct));
    }
    if let Some(example) = &property.example {
        text += &format!("; example {}", printable(example));
    }
    text + &format!(" ({})", printable(&property.evidence))
}
