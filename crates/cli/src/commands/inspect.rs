//! `foretaste inspect`: what is in a ratings file or a model file.

use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use foretaste::dataset::{Bin, Quantiles, Summary};
use foretaste::interactions::Rejected;
use foretaste::recommend::Provenance;
use serde::Serialize;

use super::report;
use crate::args::InspectArgs;
use crate::data::{Loaded, load};
use crate::output::{self, Align, Shape, Table, count, decimal, printable};

/// Length of the longest bar of the histogram.
const BAR: u64 = 40;

#[derive(Serialize)]
struct Inspected<'a> {
    /// None for ratings.
    model: Option<&'a Provenance>,
    data: &'a Summary,
}

pub(super) fn run(args: &InspectArgs) -> Result<()> {
    let loaded = load(&args.data)?;
    let (dataset, model) = match &loaded {
        Loaded::Ratings(dataset) => (Arc::clone(dataset), None),
        Loaded::Model(model) => (Arc::clone(model.dataset()), Some(model.provenance())),
    };
    let summary = Summary::of(&dataset);
    match args.json.shape() {
        Shape::Json => output::json(&Inspected { model, data: &summary }),
        Shape::Text => {
            let mut out = output::stdout();
            if let Some(model) = model {
                write_model(&mut out, model)?;
            }
            report::lines(&dataset).iter().try_for_each(|line| writeln!(out, "{line}"))?;
            if let Some(report) = &summary.report {
                report::evidence(&report.ratings).iter().try_for_each(|line| writeln!(out, "{line}"))?;
            }
            write_summary(&mut out, &summary)?;
            Ok(out.flush()?)
        }
    }
}

fn write_model(out: &mut impl Write, model: &Provenance) -> Result<()> {
    writeln!(out, "model: {}, {}", model.params.name(), model.params.settings().join(", "))?;
    let (dataset, version) = (printable(&model.dataset), printable(&model.foretaste_version));
    writeln!(out, "fitted to {dataset} at {} by foretaste {version}", model.fitted_at)?;
    for (name, figure) in &model.figures {
        writeln!(out, "{name} {figure:.1e}")?;
    }
    Ok(())
}

fn write_summary(out: &mut impl Write, summary: &Summary) -> Result<()> {
    let scale = summary.step.map_or_else(String::new, |step| format!(" in steps of {}", rating(step)));
    let (lowest, highest) = (rating(summary.lowest), rating(summary.highest));
    writeln!(out, "ratings {lowest} to {highest}{scale}, mean {}", decimal(summary.mean, 3))?;
    if let Some(apart) = summary.stands_apart {
        let (value, least, most) = (rating(apart.value), rating(apart.least), rating(apart.most));
        let times = count(apart.count);
        writeln!(
            out,
            "{value} ({times} times) stands apart from {least} to {most}: if it means \"no rating\", add \
             `--missing {value}`"
        )?;
    }
    writeln!(out, "hash {}\n", summary.hash)?;
    histogram(&summary.histogram, summary.ratings as u64).write(out, "")?;
    writeln!(out)?;
    per(&summary.per_user, &summary.per_item).write(out, "")?;
    writeln!(out)?;
    let mut top = Table::new([
        ("item", Align::Id),
        ("rated most", Align::Left),
        ("ratings", Align::Right),
        ("mean", Align::Right),
    ]);
    for item in &summary.top_items {
        let title = item.title.clone().unwrap_or_default();
        top.row([item.id.clone(), title, count(item.ratings), format!("{:.2}", item.mean)]);
    }
    top.write(out, "")?;
    if let Some(report) = &summary.report {
        write_rejected(out, "rows", &report.ratings.rejected)?;
        if let Some(items) = &report.items {
            write_rejected(out, "rows of items", &items.rejected)?;
        }
    }
    Ok(())
}

fn histogram(bins: &[Bin], ratings: u64) -> Table<4> {
    let mut table =
        Table::new([("rating", Align::Right), ("given", Align::Right), ("share", Align::Right), ("", Align::Left)]);
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1);
    for bin in bins {
        let is_one = bin.from.to_bits() == bin.to.to_bits();
        let name = if is_one { rating(bin.from) } else { format!("{} to {}", rating(bin.from), rating(bin.to)) };
        let share = format!("{:.1} %", 100.0 * bin.count as f64 / ratings.max(1) as f64);
        let bar = "#".repeat(usize::try_from(bin.count.saturating_mul(BAR).div_ceil(most)).unwrap_or(0));
        table.row([name, count(bin.count), share, bar]);
    }
    table
}

fn per(users: &Quantiles, items: &Quantiles) -> Table<7> {
    let mut table = Table::new([
        ("ratings", Align::Left),
        ("fewest", Align::Right),
        ("25 %", Align::Right),
        ("median", Align::Right),
        ("75 %", Align::Right),
        ("99 %", Align::Right),
        ("most", Align::Right),
    ]);
    for (name, of) in [("a user", users), ("an item", items)] {
        let [min, p25, median, p75, p99, max] = [of.min, of.p25, of.median, of.p75, of.p99, of.max].map(count);
        table.row([name.to_owned(), min, p25, median, p75, p99, max]);
    }
    table
}

fn write_rejected(out: &mut impl Write, what: &str, rejected: &Rejected) -> Result<()> {
    if rejected.total == 0 {
        return Ok(());
    }
    writeln!(out, "\nrejected {what}: {}", count(rejected.total))?;
    for (reason, &times) in &rejected.by_reason {
        let lines = rejected.first.iter().filter(|row| row.reason == *reason).map(|row| row.line.to_string());
        let lines = lines.collect::<Vec<_>>();
        let more = if (lines.len() as u64) < times { ", ..." } else { "" };
        writeln!(out, "  {} x {reason}: line {}{more}", count(times), lines.join(", "))?;
    }
    Ok(())
}

fn rating(value: f32) -> String {
    // The shortest text that is this rating again: 0.1, not 0.10000000149.
    value.to_string()
}
