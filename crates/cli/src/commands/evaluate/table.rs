//! An evaluation for people.

use std::io::Write;

use anyhow::Result;
use foretaste_eval::{ActivityGroup, Interval, MeanAndDeviation, ModelReport, NamedDifference, Plan, Protocol, Report};

use crate::output::{self, Align, Table, count, counted};

/// Which figures stand in the table, by the beginnings of their names.
const LISTS: [&str; 5] = ["ndcg", "recall", "precision", "hr", "coverage"];

/// The same of ratings.
const RATINGS: [&str; 4] = ["rmse", "mae", "coverage90", "log_loss"];

pub(super) fn write(report: &Report, plan: &Plan, protocol: Option<Protocol>) -> Result<()> {
    let mut out = output::stdout();
    if let Some(protocol) = protocol {
        writeln!(out, "{}: {}", protocol.name(), protocol.definition())?;
    }
    let folds = if report.folds > 1 { format!(", {} folds", report.folds) } else { String::new() };
    writeln!(
        out,
        "split {}{folds}: {} asked for {}",
        report.split,
        counted(report.users, "user"),
        counted(report.rows, "row")
    )?;
    if report.uses_the_future {
        writeln!(out, "this split flatters: models learn from what happened after what they have to find")?;
    }
    left_out(&mut out, report)?;
    for (at, model) in report.models.iter().enumerate() {
        let why = model.stopped.as_ref().map(|why| format!(", no figures: {why}"));
        writeln!(out, "{}: {}{}", number(at), output::printable(&model.summary), why.unwrap_or_default())?;
        taken(&mut out, model)?;
    }
    for &k in &plan.at {
        writeln!(out)?;
        lists(&mut out, report, k)?;
    }
    if report.models.iter().any(|model| model.interval.is_some()) {
        writeln!(out)?;
        users(&mut out, report, plan.first())?;
    }
    if report.models.iter().any(|model| !model.curve.is_empty()) {
        writeln!(out)?;
        curve(&mut out, report, plan.first())?;
    }
    if report.models.iter().any(|model| model.metrics.contains_key("rmse")) {
        writeln!(out)?;
        ratings(&mut out, report)?;
    }
    for spread in &report.spreads {
        let places: Vec<String> = spread.models.iter().map(|&place| number(place)).collect();
        let shown = |(name, of): (&String, &MeanAndDeviation)| format!("{name} {:.4} sd {:.4}", of.mean, of.deviation);
        let shown: Vec<String> = spread.metrics.iter().filter(|(name, _)| is_shown(name)).map(shown).collect();
        writeln!(out, "\nover the seeds of {}: {}", places.join(", "), shown.join(", "))?;
    }
    if !report.differences.is_empty() {
        writeln!(out, "\ndifferences by user, with 95 % intervals of the bootstrap and p after Holm")?;
        report.differences.iter().try_for_each(|difference| writeln!(out, "{}", told(difference)))?;
    }
    Ok(out.flush()?)
}

/// Whether a figure stands in one of the tables.
fn is_shown(name: &str) -> bool {
    let begin = name.split('@').next().unwrap_or_default();
    LISTS.contains(&begin) || RATINGS.contains(&begin)
}

fn left_out(out: &mut impl Write, report: &Report) -> Result<()> {
    let left = &report.left_out;
    for (rows, why) in [
        (
            left.rows_of_users_without_train,
            format!("of {} without training data", counted(left.users_without_train, "user")),
        ),
        (left.rows_of_unknown_items, "of items that the training data do not have".to_owned()),
        (left.rows_in_train, "that stand in the training data too".to_owned()),
    ] {
        if rows > 0 {
            writeln!(out, "left out: {} {why}", counted(rows, "row"))?;
        }
    }
    Ok(())
}

/// What became of the rows that another program made.
fn taken(out: &mut impl Write, model: &ModelReport) -> Result<()> {
    let Some(taken) = &model.taken else { return Ok(()) };
    writeln!(out, "   {} read", counted(taken.rows, "row"))?;
    for (rows, what, why) in [
        (taken.rows_of_unknown_users, "row", "left out: of users that the training data do not have"),
        (taken.rows_of_users_not_asked_about, "row", "left out: of users without a held-out row"),
        (taken.rows_of_unknown_items, "row", "left out: of items that the training data do not have"),
        (taken.rows_in_train, "row", "left out: of items that the user has in the training data"),
        (taken.rows_said_twice, "row", "left out: of an item that the user's rows had before"),
        (taken.rows_not_asked_about, "row", "left out: predictions of what was not held out"),
        (taken.users_without_a_list, "user", "without a list, whose figures are 0"),
        (taken.predictions_held_to_the_scale, "prediction", "beyond the scale of the ratings, held to it"),
    ] {
        if rows > 0 {
            writeln!(out, "   {} {why}", counted(rows, what))?;
        }
    }
    Ok(())
}

fn lists(out: &mut impl Write, report: &Report, k: usize) -> Result<()> {
    writeln!(out, "lists of {k}")?;
    let mut table = Table::new([
        ("", Align::Right),
        ("ndcg", Align::Right),
        ("recall", Align::Right),
        ("precision", Align::Right),
        ("hr", Align::Right),
        ("coverage", Align::Right),
        ("fit CPU s", Align::Right),
        ("us a list", Align::Right),
    ]);
    for (at, model) in report.models.iter().enumerate().filter(|(_, model)| model.stopped.is_none()) {
        let [ndcg, recall, precision, hr, coverage] = LISTS.map(|name| shown(model, &format!("{name}@{k}")));
        let time = |time: Option<f64>, digits| time.map_or("-".to_owned(), |time| format!("{time:.digits$}"));
        let (fit, list) = (time(model.fit_cpu_seconds, 2), time(model.list_microseconds, 0));
        table.row([number(at), ndcg, recall, precision, hr, coverage, fit, list]);
    }
    Ok(table.write(out, "")?)
}

/// How sure the first figure is, and for which users it is good.
fn users(out: &mut impl Write, report: &Report, k: usize) -> Result<()> {
    let names = ["few rows", "more", "most"];
    writeln!(out, "ndcg@{k}: 95 % interval, and by the rows of the user in the training data")?;
    let told = |(name, group): (&str, &ActivityGroup)| {
        format!("{name} {} to {} ({})", count(group.least), count(group.most), counted(group.users, "user"))
    };
    let groups: Vec<String> = names.into_iter().zip(&report.activity).map(told).collect();
    writeln!(out, "{}", groups.join(", "))?;
    let [few, more, most] = names;
    let heads = ["", "low", "high", few, more, most].map(|head| (head, Align::Right));
    let mut table = Table::new(heads);
    for (at, model) in report.models.iter().enumerate().filter(|(_, model)| model.stopped.is_none()) {
        let figure = |figure: Option<f64>| figure.map_or("-".to_owned(), |figure| format!("{figure:.4}"));
        let ends = [|interval: &Interval| interval.low, |interval: &Interval| interval.high];
        let [low, high] = ends.map(|end| figure(model.interval.as_ref().map(end)));
        let [few, more, most] = [0, 1, 2].map(|group| figure(model.by_activity.get(group).copied()));
        table.row([number(at), low, high, few, more, most]);
    }
    Ok(table.write(out, "")?)
}

/// What models reach with less: the figures by share of the training data.
fn curve(out: &mut impl Write, report: &Report, k: usize) -> Result<()> {
    writeln!(out, "ndcg@{k} by share of each user's training rows")?;
    let mut table = Table::new(["", "10 %", "30 %", "100 %"].map(|head| (head, Align::Right)));
    for (at, model) in report.models.iter().enumerate().filter(|(_, model)| !model.curve.is_empty()) {
        let [least, more, all] = [0, 1, 2].map(|nth| {
            let figure = model.curve.get(nth).and_then(|point| point.metrics.get(&format!("ndcg@{k}")));
            figure.map_or("-".to_owned(), |figure| format!("{figure:.4}"))
        });
        table.row([number(at), least, more, all]);
    }
    Ok(table.write(out, "")?)
}

fn ratings(out: &mut impl Write, report: &Report) -> Result<()> {
    let [rmse, mae, coverage, loss] = RATINGS.map(|name| (name, Align::Right));
    let mut table = Table::new([("", Align::Right), rmse, mae, coverage, loss]);
    let predicting = report.models.iter().enumerate().filter(|(_, model)| model.metrics.contains_key("rmse"));
    for (at, model) in predicting {
        let [rmse, mae, coverage, loss] = RATINGS.map(|name| shown(model, name));
        table.row([number(at), rmse, mae, coverage, loss]);
    }
    Ok(table.write(out, "")?)
}

fn shown(model: &ModelReport, figure: &str) -> String {
    model.metrics.get(figure).map_or_else(|| "-".to_owned(), |figure| format!("{figure:.4}"))
}

/// How the tables call a model.
fn number(at: usize) -> String {
    format!("{}", at + 1)
}

fn told(named: &NamedDifference) -> String {
    let NamedDifference { metric, best, other, difference, p_holm, .. } = named;
    let (best, other) = (number(*best), number(*other));
    let (mean, low, high, seen) = (difference.mean, difference.low, difference.high, difference.smallest_seen);
    let verdict = if named.is_better() { "is better than" } else { "cannot be told from" };
    format!(
        "{best} {verdict} {other}: {metric} {mean:+.4} ({low:+.4} to {high:+.4}), p {}; {seen:.4} would be seen",
        if *p_holm < 1e-4 { "below 0.0001".to_owned() } else { format!("{p_holm:.4}") }
    )
}
