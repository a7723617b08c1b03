//! The figures as tables: everything that the plots show, and what they leave out.

use foretaste_eval::{ModelReport, Report};

use super::markup::{Table, escaped, push};
use super::svg::{group_key, key};
use super::{name, ranked, said, shares};
use crate::output::count;

/// A figure of lists: the beginning of its name, what the head says, and digits.
type Shown = (&'static str, &'static str, usize);

/// Figures of which more is better.
const LISTS: [Shown; 6] = [
    ("ndcg", "nDCG", 4),
    ("recall", "recall", 4),
    ("precision", "precision", 4),
    ("hr", "HR", 4),
    ("map", "MAP", 4),
    ("mrr", "MRR", 4),
];

/// Figures of what lists show, relevant or not: more of them is neither better nor worse.
const EXPOSURE: [Shown; 6] = [
    ("coverage", "coverage", 4),
    ("gini", "Gini", 4),
    ("popularity", "popularity", 1),
    ("novelty", "novelty", 2),
    ("ild", "diversity", 4),
    ("ties", "ties", 4),
];

/// A row's head: mark and name.
fn head(nth: usize, model: &ModelReport) -> String {
    format!("{}{}", key(nth), escaped(&name(nth, model)))
}

/// The models that have figures, in the order in which they were named.
fn whole(report: &Report) -> impl Iterator<Item = (usize, &ModelReport)> {
    report.models.iter().enumerate().filter(|(_, model)| !model.metrics.is_empty())
}

/// The table of lists of the first cut-off, and that of predicted ratings.
pub(super) fn figures(page: &mut String, report: &Report, k: usize) {
    lists(page, report, k, true);
    if report.models.iter().any(|model| model.metrics.contains_key("rmse")) {
        ratings(page, report);
    }
}

/// The leading figure in groups of users; tables of the other cut-offs, of folds and of seeds.
pub(super) fn further(page: &mut String, report: &Report, at: &[usize]) {
    let first = at.first().copied().unwrap_or(1);
    by_activity(page, report, first);
    by_share(page, report, first);
    exposure(page, report, first);
    for &k in at.iter().skip(1) {
        lists(page, report, k, false);
    }
    if report.folds > 1 {
        folds(page, report, first);
    }
    for spread in &report.spreads {
        let models: Vec<String> = spread.models.iter().map(|model| (model + 1).to_string()).collect();
        let caption = format!("Over the seeds of models {}", models.join(", "));
        let mut table = Table::new(&caption, ["figure", "mean", "standard deviation"]);
        for (metric, of) in &spread.metrics {
            table.row(&escaped(metric), [format!("{:.4}", of.mean), format!("{:.4}", of.deviation)]);
        }
        page.push_str(&table.finish());
    }
}

/// What lists hold; with `costs` how much of the catalogue they show and what they take as well.
fn lists(page: &mut String, report: &Report, k: usize, costs: bool) {
    let best = |figure: &str| ranked(report, figure, true).first().map(|(.., figure)| *figure);
    let named = LISTS.into_iter().map(|(begin, head, digits)| (format!("{begin}@{k}"), head, digits));
    let shown: Vec<_> = named.filter(|(figure, ..)| best(figure).is_some()).collect();
    let more = if costs { &["coverage", "fit CPU s", "&micro;s a list"][..] } else { &[] };
    let heads = ["model"].into_iter().chain(shown.iter().map(|(_, head, _)| *head)).chain(more.iter().copied());
    let mut table = Table::new(&format!("Lists of {k}"), heads);
    for (nth, model) in whole(report) {
        let mut cells: Vec<String> = Vec::new();
        for (figure, _, digits) in &shown {
            let value = model.metrics.get(figure).copied();
            let text = number(value, *digits);
            let text = if value == best(figure) { format!("<strong>{text}</strong>") } else { text };
            let interval = model.interval.as_ref().filter(|interval| interval.metric == *figure);
            let interval = interval.map(|to| format!("<small>{:.4} to {:.4}</small>", to.low, to.high));
            cells.push(text + &interval.unwrap_or_default());
        }
        if costs {
            let coverage = model.metrics.get(&format!("coverage@{k}")).copied();
            cells.extend([number(coverage, 4), number(model.fit_cpu_seconds, 2), number(model.list_microseconds, 0)]);
        }
        table.row(&head(nth, model), cells);
    }
    page.push_str(&table.finish());
    if costs {
        page.push_str(
            "<p class=quiet>Below nDCG stands its 95 % interval; the best figure of a column is bold. Coverage is the share \
             of items that any user was shown.</p>\n",
        );
    }
}

/// What lists show, relevant or not.
fn exposure(page: &mut String, report: &Report, k: usize) {
    let heads = ["model"].into_iter().chain(EXPOSURE.iter().map(|(_, head, _)| *head));
    let mut table = Table::new(&format!("What lists of {k} show"), heads);
    for (nth, model) in whole(report) {
        let cell = |&(begin, _, digits): &Shown| number(model.metrics.get(&format!("{begin}@{k}")).copied(), digits);
        table.row(&head(nth, model), EXPOSURE.iter().map(cell));
    }
    page.push_str(&table.finish());
    page.push_str(
        "<p class=quiet>Gini is 0 where all items are shown alike; popularity the number of users that what is shown has, \
         novelty &minus;log<sub>2</sub> of their share; diversity one less the cosine of \
         the properties of two items of a list; ties the share of lists in which ids decided over the last \
         place.</p>\n",
    );
}

/// A figure, or a dash where there is none.
fn number(number: Option<f64>, digits: usize) -> String {
    number.map_or("&ndash;".to_owned(), |number| format!("{number:.digits$}"))
}

/// What models that predict ratings have beside their lists: every figure that is of no list.
fn ratings(page: &mut String, report: &Report) {
    let names = report.models.iter().flat_map(|model| model.metrics.keys()).filter(|name| !name.contains('@'));
    let mut names: Vec<&String> = names.collect();
    names.sort_unstable();
    names.dedup();
    // The leading one first.
    names.sort_by_key(|name| *name != "rmse");
    let heads: Vec<String> = names.iter().map(|name| escaped(&name.replace('_', " "))).collect();
    let mut table = Table::new("Predicted ratings", ["model"].into_iter().chain(heads.iter().map(String::as_str)));
    for (nth, model) in whole(report).filter(|(_, model)| model.metrics.contains_key("rmse")) {
        let cell = |name: &&String| number(model.metrics.get(*name).copied(), 4);
        table.row(&head(nth, model), names.iter().map(cell));
    }
    page.push_str(&table.finish());
}

/// The leading figures, fold by fold.
fn folds(page: &mut String, report: &Report, k: usize) {
    for (figure, shown) in [(format!("ndcg@{k}"), format!("nDCG@{k}")), ("rmse".to_owned(), "RMSE".to_owned())] {
        let models: Vec<_> =
            whole(report).filter(|(_, model)| model.by_fold.iter().any(|fold| fold.contains_key(&figure))).collect();
        if models.is_empty() {
            continue;
        }
        let heads: Vec<String> = (1..=report.folds).map(|fold| format!("fold {fold}")).collect();
        let heads = ["model"].into_iter().chain(heads.iter().map(String::as_str));
        let mut table = Table::new(&format!("{shown} by fold"), heads);
        for (nth, model) in models {
            let cell = |fold: &std::collections::BTreeMap<String, f64>| number(fold.get(&figure).copied(), 4);
            table.row(&head(nth, model), model.by_fold.iter().map(cell));
        }
        page.push_str(&table.finish());
    }
}

/// The leading figure in each group of users.
fn by_activity(page: &mut String, report: &Report, k: usize) {
    if report.activity.len() < 2 {
        return;
    }
    let heads: Vec<String> =
        report.activity.iter().enumerate().map(|(nth, of)| group_key(nth) + &said::group(of)).collect();
    let caption = format!("nDCG@{k} by rows of the user in the training data");
    let mut table = Table::new(&caption, ["model"].into_iter().chain(heads.iter().map(String::as_str)));
    for (nth, model) in whole(report) {
        table.row(&head(nth, model), model.by_activity.iter().map(|figure| format!("{figure:.4}")));
    }
    page.push_str(&table.finish());
}

/// The leading figure with each share of the training data.
fn by_share(page: &mut String, report: &Report, k: usize) {
    let shares = shares(report);
    if shares.is_empty() {
        return;
    }
    let heads: Vec<String> = shares.iter().map(|share| format!("{} %", (share * 100.0).round())).collect();
    let caption = format!("nDCG@{k} by share of each user's training rows");
    let mut table = Table::new(&caption, ["model"].into_iter().chain(heads.iter().map(String::as_str)));
    for (nth, model) in whole(report).filter(|(_, model)| !model.curve.is_empty()) {
        let figure = format!("ndcg@{k}");
        table.row(&head(nth, model), model.curve.iter().map(|point| number(point.metrics.get(&figure).copied(), 4)));
    }
    page.push_str(&table.finish());
    for (nth, model) in whole(report) {
        for point in &model.curve {
            let Some(why) = &point.stopped else { continue };
            let (name, share) = (escaped(&name(nth, model)), (point.share * 100.0).round());
            push(page, format_args!("<p>{name} has no figures with {share} %: {}.</p>\n", escaped(why)));
        }
    }
}

/// The best model beside each other one.
pub(super) fn comparisons(page: &mut String, report: &Report) {
    let Some(first) = report.differences.first() else { return };
    page.push_str("<h2>Is the best one better?</h2>\n");
    let best = escaped(&name(first.best, &report.models[first.best]));
    let caption =
        format!("{best} less each other model, user by user: {}", escaped(&first.metric.replace("ndcg", "nDCG")));
    let heads = ["model", "difference", "95 % interval", "p after Holm", "would be seen", "verdict"];
    let mut table = Table::new(&caption, heads);
    for named in &report.differences {
        let difference = &named.difference;
        let p = if named.p_holm < 1e-4 { "below 0.0001".to_owned() } else { format!("{:.4}", named.p_holm) };
        table.row(
            &head(named.other, &report.models[named.other]),
            [
                format!("{:+.4}", difference.mean),
                format!("{:+.4} to {:+.4}", difference.low, difference.high),
                p,
                format!("{:.4}", difference.smallest_seen),
                if named.is_better() { "is better" } else { "cannot be told apart" }.to_owned(),
            ],
        );
    }
    page.push_str(&table.finish());
    page.push_str(
        "<p class=quiet>&ldquo;Would be seen&rdquo; is the smallest difference that this number of users shows: 2.8 standard \
         errors.</p>\n",
    );
}

/// What no model was asked about, what ids decided, and what became of the rows of other programs.
pub(super) fn left_out(page: &mut String, report: &Report, at: &[usize]) {
    page.push_str("<h2>What was left out</h2>\n");
    let left = &report.left_out;
    let mut table = Table::new("Held-out rows that no model was asked about", ["why", "rows", "users"]);
    for (why, rows, users) in [
        ("users without training data", left.rows_of_users_without_train, Some(left.users_without_train)),
        (
            "items that the training data do not have",
            left.rows_of_unknown_items,
            Some(left.users_with_unknown_items_alone),
        ),
        ("rows that stand in the training data too", left.rows_in_train, None),
    ] {
        table.row(why, [count(rows), users.map(count).unwrap_or_default()]);
    }
    page.push_str(&table.finish());
    page.push_str("<p class=quiet>Users are counted who have no other row to find.</p>\n");
    let ties = |model: &ModelReport| {
        at.iter().any(|k| model.metrics.get(&format!("ties@{k}")).is_some_and(|&ties| ties > 0.0))
    };
    let tied: Vec<String> =
        whole(report).filter(|(_, model)| ties(model)).map(|(nth, model)| escaped(&name(nth, model))).collect();
    if !tied.is_empty() {
        let tied = tied.join(", ");
        push(
            page,
            format_args!("<p>In some lists ids decided between equal scores over the last place: {tied}.</p>\n"),
        );
    }
    for model in &report.models {
        let Some(taken) = &model.taken else { continue };
        let mut table = Table::new(&format!("Rows of {}", escaped(&model.summary)), ["what", "count"]);
        if let Ok(serde_json::Value::Object(counts)) = serde_json::to_value(taken) {
            for (what, number) in counts {
                let number = number.as_u64().map(count).unwrap_or_default();
                table.row(&escaped(&what.replace('_', " ")), [number]);
            }
        }
        page.push_str(&table.finish());
    }
}
