//! An evaluation as one page that needs nothing else: no script, no network, light and dark, for screens of any width.

mod axis;
mod curve;
mod labels;
mod markup;
mod plots;
mod said;
mod svg;
mod tables;

use foretaste_eval::{ModelReport, Report};

use markup::{escaped, push};
use plots::{Point, Row, Series};
use svg::Said;

const STYLE: &str = include_str!("style.css");

/// The page is refused everything but its own style, whatever a name in the data says.
const HEAD: &str = "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
    <meta name=viewport content=\"width=device-width, initial-scale=1\">\n\
    <meta name=color-scheme content=\"light dark\">\n\
    <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n\
    <link rel=icon href=\"data:,\">\n";

/// The family that stands in every table: what others have to beat.
const BESIDE: &str = super::ALWAYS;

/// The page.
pub(super) fn page(report: &Report, at: &[usize]) -> String {
    let title = escaped(&said::title(report));
    let mut page = format!("{HEAD}<title>{title}</title>\n<style>\n{STYLE}</style>\n<main>\n<h1>{title}</h1>\n");
    push(&mut page, format_args!("<p class=kicker>{}</p>\n", said::scale(report)));
    for sentence in said::verdicts(report, at) {
        push(&mut page, format_args!("<p class=lead>{sentence}</p>\n"));
    }
    if report.uses_the_future {
        page.push_str(
            "<p class=note>This split flatters: models learn from what happened after what they have to find.</p>\n",
        );
    }
    page.push_str("<h2>Models</h2>\n<ul class=models>\n");
    for (nth, model) in report.models.iter().enumerate() {
        push(&mut page, format_args!("<li>{}\n", said::model(nth, model)));
    }
    page.push_str("</ul>\n<h2>Figures</h2>\n");
    let first = at.first().copied().unwrap_or(1);
    tables::figures(&mut page, report, first);
    let plots = plots(report, first);
    if !plots.is_empty() {
        push(
            &mut page,
            format_args!(
                "<h2>Plots</h2>\n<p class=quiet>Each model has the number and the mark that it has \
            above; a pointer that rests on a mark is told its figures.</p>\n<div class=plots>\n{plots}</div>\n"
            ),
        );
    }
    tables::comparisons(&mut page, report);
    page.push_str("<h2>Further figures</h2>\n");
    tables::further(&mut page, report, at);
    tables::left_out(&mut page, report, at);
    said::provenance(&mut page, report, first);
    page.push_str("</main>\n</html>\n");
    page
}

/// What tables and plots call a model.
fn name(nth: usize, model: &ModelReport) -> String {
    format!("{} {}", nth + 1, model.model)
}

/// The models with a figure, the best first; equal ones in the order of the list.
fn ranked<'a>(report: &'a Report, figure: &str, more_is_better: bool) -> Vec<(usize, &'a ModelReport, f64)> {
    let models = report.models.iter().enumerate();
    let mut found: Vec<_> = models.filter_map(|(nth, model)| Some((nth, model, *model.metrics.get(figure)?))).collect();
    found.sort_by(|a, b| if more_is_better { b.2.total_cmp(&a.2) } else { a.2.total_cmp(&b.2) });
    found
}

/// All plots for which there are figures.
fn plots(report: &Report, k: usize) -> String {
    let metric = format!("nDCG@{k}");
    let best = ranked(report, &format!("ndcg@{k}"), true);
    let mut plots = String::new();
    if best.is_empty() {
        return plots;
    }
    let beside = best.iter().find(|(_, model, _)| model.model == BESIDE).map(|(.., figure)| *figure);
    let intervals: Vec<Row> = best
        .iter()
        .map(|&(nth, model, figure)| {
            let interval = model.interval.as_ref().map(|interval| (interval.low, interval.high));
            Row { nth, name: name(nth, model), figure, interval }
        })
        .collect();
    let dashed = if beside.is_some() { "; the dashed line is popularity" } else { "" };
    let said = Said {
        id: "intervals",
        title: &format!("{metric} with 95 % intervals"),
        caption: &format!("Bootstrap over users{dashed}."),
        description: &format!(
            "{metric} of each model with its interval, the best first. The table of figures has the numbers."
        ),
    };
    plots += &plots::rows(&said, &intervals, beside, &metric);
    plots += &scatters(report, k, &best);
    let series = |figures: &dyn Fn(&ModelReport) -> Vec<f64>| -> Vec<Series> {
        let all = best.iter().map(|&(nth, model, _)| Series { nth, name: name(nth, model), figures: figures(model) });
        all.filter(|series| !series.figures.is_empty()).collect()
    };
    if report.activity.len() > 1 {
        let models = series(&|model| model.by_activity.clone());
        let key = |(nth, group)| format!("<span class=whole>{}{}</span>", svg::group_key(nth), said::group(group));
        let keys = report.activity.iter().enumerate().map(key);
        let said = Said {
            id: "activity",
            title: &format!("{metric} by activity"),
            caption: &format!("Users by their rows in the training data: {}.", keys.collect::<Vec<_>>().join(", ")),
            description: &format!(
                "{metric} of each model for thirds of the users. The table by activity has the numbers."
            ),
        };
        plots += &plots::groups(&said, &models, &report.activity, &metric);
    }
    plots + &learning(report, k, &best) + &errors(report)
}

/// Shares of the training data that all models of the curve were fitted to.
fn shares(report: &Report) -> Vec<f64> {
    let longest = report.models.iter().map(|model| &model.curve).max_by_key(|curve| curve.len());
    longest.into_iter().flatten().map(|point| point.share).collect()
}

/// What models reach with less. A model that could not be fitted to a share has no line.
fn learning(report: &Report, k: usize, best: &[(usize, &ModelReport, f64)]) -> String {
    let (shares, figure) = (shares(report), format!("ndcg@{k}"));
    let models: Vec<Series> = best
        .iter()
        .map(|&(nth, model, _)| {
            let figures = model.curve.iter().filter_map(|point| point.metrics.get(&figure).copied());
            Series { nth, name: name(nth, model), figures: figures.collect() }
        })
        .filter(|series| !shares.is_empty() && series.figures.len() == shares.len())
        .collect();
    if models.is_empty() {
        return String::new();
    }
    let said = Said {
        id: "curve",
        title: &format!("nDCG@{k} by share of the training data"),
        caption: "Each model fitted to a share of each user's rows, and asked for the same held-out rows.",
        description: "A line for each model from the least share to all of the training data. The table by share has the \
            numbers.",
    };
    curve::plot(&said, &models, &shares, &format!("nDCG@{k}"))
}

/// A list's worth beside what else is wanted of it: variety, a short fit, a short request.
fn scatters(report: &Report, k: usize, best: &[(usize, &ModelReport, f64)]) -> String {
    let metric = format!("nDCG@{k}");
    let coverage = format!("coverage@{k}");
    let points = |x: &dyn Fn(&ModelReport) -> Option<f64>| -> Vec<Point> {
        let all =
            best.iter().filter_map(|&(nth, model, y)| Some(Point { nth, name: name(nth, model), x: x(model)?, y }));
        all.collect()
    };
    let mut plots = String::new();
    for (id, title, caption, across, is_log, points) in [
        (
            "coverage",
            format!("{metric} and coverage"),
            "Up is more accurate, right is more of the catalogue shown.",
            format!("{coverage}: share of items shown"),
            false,
            points(&|model| model.metrics.get(&coverage).copied()),
        ),
        (
            "fit",
            format!("{metric} and the cost of a fit"),
            "Up is more accurate, left is cheaper.",
            format!("CPU seconds of {}", if report.folds > 1 { "all fits" } else { "the fit" }),
            true,
            points(&|model| model.fit_cpu_seconds),
        ),
        (
            "list",
            format!("{metric} and the cost of a list"),
            "Up is more accurate, left is faster; one thread, the lists of the evaluation itself.",
            "microseconds of a list".to_owned(),
            true,
            points(&|model| model.list_microseconds),
        ),
    ] {
        let missing = best.len() - points.len();
        let absent = if missing > 0 { format!(" {missing} without this figure.") } else { String::new() };
        let said = Said {
            id,
            title: &title,
            caption: &format!("{caption}{absent}"),
            description: &format!("Each model as a point. {caption} The table of figures has the numbers."),
        };
        if !points.is_empty() {
            plots += &plots::scatter(&said, &points, is_log, (&across, &metric));
        }
    }
    plots
}

/// Errors of predicted ratings, with the range of the folds.
fn errors(report: &Report) -> String {
    let best = ranked(report, "rmse", false);
    let rows: Vec<Row> = best
        .iter()
        .map(|&(nth, model, figure)| {
            let folds = model.by_fold.iter().filter_map(|fold| fold.get("rmse").copied());
            let ends = folds.fold(None, |ends: Option<(f64, f64)>, fold| {
                Some(ends.map_or((fold, fold), |(low, high)| (low.min(fold), high.max(fold))))
            });
            Row { nth, name: name(nth, model), figure, interval: ends }
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let said = Said {
        id: "errors",
        title: "RMSE of predicted ratings",
        caption: if report.folds > 1 { "Less is better; from the best fold to the worst." } else { "Less is better." },
        description: "The root mean square error of each model that predicts ratings, the least first. The table of \
            ratings has the numbers.",
    };
    plots::rows(&said, &rows, None, "RMSE")
}
