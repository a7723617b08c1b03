//! What the page says in sentences: what was compared, which model is best, how to make the report again.

use foretaste_eval::{ActivityGroup, ModelReport, RESAMPLES, Report};

use super::markup::{escaped, push};
use super::svg::key;
use super::{name, ranked};
use crate::output::{count, counted};

/// What the page is called.
pub(super) fn title(report: &Report) -> String {
    match &report.protocol {
        Some(protocol) => format!("Evaluation by protocol {protocol}"),
        None if report.split == "given" => "Evaluation of parts that were given".to_owned(),
        None => format!("Evaluation by split {}", report.split),
    }
}

/// How much was asked.
pub(super) fn scale(report: &Report) -> String {
    format!(
        "{} asked for {} over {}; {} compared.",
        counted(report.users, "user"),
        counted(report.rows, "held-out row"),
        counted(report.folds, "fold"),
        counted(report.models.len(), "model")
    )
}

/// Which model is best, by lists and by predicted ratings.
pub(super) fn verdicts(report: &Report, at: &[usize]) -> Vec<String> {
    let k = at.first().copied().unwrap_or(1);
    let mut said = Vec::new();
    if let Some(&(nth, model, figure)) = ranked(report, &format!("ndcg@{k}"), true).first() {
        let interval = model.interval.as_ref();
        let interval = interval.map(|to| format!(" (95 % interval {:.4} to {:.4})", to.low, to.high));
        let others = report.differences.iter().filter(|named| named.best == nth);
        let (worse, same): (Vec<_>, Vec<_>) = others.partition(|named| named.is_better());
        let named = |differences: &[&foretaste_eval::NamedDifference]| {
            let names = differences.iter().map(|named| escaped(&name(named.other, &report.models[named.other])));
            names.collect::<Vec<_>>().join(", ")
        };
        let mut sentence = format!(
            "<strong>{}</strong> has the best lists by nDCG@{k}: {figure:.4}{}.",
            escaped(&name(nth, model)),
            interval.unwrap_or_default()
        );
        if !worse.is_empty() {
            sentence += &format!(" It is better than {}.", named(&worse));
        }
        if !same.is_empty() {
            sentence += &format!(" It cannot be told from {}.", named(&same));
        }
        said.push(sentence);
    }
    if let Some(&(nth, model, figure)) = ranked(report, "rmse", false).first() {
        let named = escaped(&name(nth, model));
        said.push(format!("<strong>{named}</strong> predicts ratings with the least error: RMSE {figure:.4}."));
    }
    said
}

/// A model with its mark, in words.
pub(super) fn model(nth: usize, model: &ModelReport) -> String {
    let stopped = model.stopped.as_ref().map(|why| format!(" <em>No figures: {}.</em>", escaped(why)));
    let (mark, summary) = (key(nth), escaped(&model.summary));
    format!("<span class=number>{}</span>{mark}{summary}{}", nth + 1, stopped.unwrap_or_default())
}

/// The users of a group.
pub(super) fn group(group: &ActivityGroup) -> String {
    let rows = if group.least == group.most {
        count(group.least)
    } else {
        format!("{} to {}", count(group.least), count(group.most))
    };
    format!("{rows} ({})", counted(group.users, "user"))
}

/// What the figures come from, and the command that makes them again.
pub(super) fn provenance(page: &mut String, report: &Report, k: usize) {
    page.push_str("<h2>How the figures were made</h2>\n<dl>\n");
    let mut told = |what: &str, text: &str| push(page, format_args!("<dt>{what}<dd>{text}\n"));
    if let Some(protocol) = &report.protocol {
        let definition = escaped(report.definition.as_deref().unwrap_or_default());
        told("protocol", &format!("<strong>{}</strong>: {definition}", escaped(protocol)));
    }
    told("split", &escaped(&report.split));
    if let Some(seed) = report.split_seed {
        told("seed of the split", &seed.to_string());
    }
    told("seed of the resamples", &report.seed.to_string());
    told("hash of the data and the split", &format!("<code>{}</code>", escaped(&report.data_hash)));
    told("version", &format!("foretaste {}", escaped(&report.foretaste_version)));
    let text = format!(
        "Figures are means over users with something to find, and over folds. Intervals are the middle 95 % of {} means of \
         users drawn with replacement (nDCG@{k}; users count once). One model is called better than another where the \
         interval of their difference leaves 0 out, p after Holm is below 0.05, and all folds agree in sign. Every item \
         that a user has no training row of is ranked; equal scores by the order of ids.",
        count(RESAMPLES)
    );
    told("method", &text);
    page.push_str("</dl>\n<p>This command makes the figures again:</p>\n");
    push(page, format_args!("<pre><code>{}</code></pre>\n", escaped(&report.command)));
}
