//! `foretaste recommend`: a ranked list for one user.

use std::io::Write;

use anyhow::Result;
use foretaste::models::{ExplanationKind, Meaning, ModelParams};
use foretaste::recommend::{Fallback, ListedItem, RecommendedItem, Request, Shortfall, ShortfallReason, Source, Taste};
use serde::Serialize;

use super::unknown::Unknown;
use super::{ranking, recommender_of, refused};
use crate::args::{FallbackArg, RecommendArgs};
use crate::output::{self, Shape, count, counted, printable};

#[derive(Serialize)]
struct Answer<'a> {
    user: &'a str,
    dataset: &'a str,
    params: &'a ModelParams,
    source: Source,
    items: Vec<RecommendedItem<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tastes: Vec<Taste>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shortfall: Option<Shortfall>,
    #[serde(flatten)]
    unknown: Unknown,
}

pub(super) fn run(args: &RecommendArgs) -> Result<()> {
    let recommender = recommender_of(&args.model)?;
    let fallback = match args.fallback {
        FallbackArg::None => Fallback::None,
        FallbackArg::Popular => Fallback::Popular,
    };
    let selection = args.list.selection.selection();
    let (limit, explain) = (args.list.limit, args.explain);
    let request = Request { limit, fallback, selection, explain, ..Request::for_user(&args.user) };
    let ranked = recommender.recommend(&request).map_err(refused)?;
    let provenance = recommender.provenance();
    let answer = Answer {
        user: &args.user,
        dataset: &provenance.dataset,
        params: &provenance.params,
        source: ranked.source,
        items: recommender.recommended(&ranked),
        tastes: ranked.tastes,
        shortfall: ranked.shortfall,
        unknown: Unknown { unknown_items: ranked.unknown_items, unknown_values: ranked.unknown_values },
    };
    match args.list.json.shape() {
        Shape::Json => output::json(&answer),
        Shape::Text => text(&answer, &recommender.listed(&ranked.items), recommender.meaning()),
    }
}

fn text(answer: &Answer<'_>, listed: &[ListedItem<'_>], meaning: Meaning) -> Result<()> {
    let (heading, score) = match answer.source {
        Source::Popular => ("not known to the model; what is rated most", "ratings"),
        Source::Model | Source::FoldIn => ("recommended", score_name(meaning)),
    };
    let table = ranking(listed, score, |score| match answer.source {
        Source::Popular => count(f64::from(score) as u64),
        Source::Model | Source::FoldIn => format!("{score:.3}"),
    });
    let mut out = output::stdout();
    writeln!(out, "user {} of {}, {}: {heading}", answer.user, printable(answer.dataset), answer.params.summary())?;
    table.write(&mut out, "")?;
    because(&mut out, &answer.items)?;
    if !answer.tastes.is_empty() {
        let taste = |taste: &Taste| format!("{:.0} % {}", 100.0 * taste.share, printable(&taste.name));
        writeln!(out, "tastes: {}", answer.tastes.iter().map(taste).collect::<Vec<_>>().join("; "))?;
    }
    if let Some(Shortfall { requested, returned, reason }) = answer.shortfall {
        let why = match reason {
            ShortfallReason::AllRated => "there are no more that the user has not rated",
            ShortfallReason::NoMoreItems => "there are no more items",
            ShortfallReason::Filtered => "the filters allow no more",
        };
        writeln!(out, "{} of {} asked for: {why}", count(returned), count(requested))?;
    }
    answer.unknown.write(&mut out)?;
    Ok(out.flush()?)
}

/// Why each item has its score: one line an item, where that was asked for.
fn because(out: &mut impl Write, items: &[RecommendedItem<'_>]) -> Result<()> {
    let Some((kind, additive)) = items.first().and_then(|item| Some((item.kind?, item.additive?))) else {
        return Ok(());
    };
    let what = match kind {
        ExplanationKind::Contributions if additive => {
            "what each entry of the history adds; without it the score falls by that"
        }
        ExplanationKind::Contributions => "what each entry of the history adds; the sum is the score",
        ExplanationKind::Parts => "the parts of the score; the sum is the score",
        ExplanationKind::LeaveOneOut => "how far the score falls without an entry of the history: approximate, no sum",
    };
    writeln!(out, "because ({what})")?;
    for (at, item) in items.iter().enumerate() {
        let parts = item.parts.iter().map(|part| format!("{:+.3} {}", part.value, part.name));
        let terms = item.because.iter().flatten();
        let terms = terms.map(|term| format!("{:+.3} {} [{}]", term.contribution, printable(term.title), term.value));
        let others = item.others.filter(|others| others.count > 0);
        let others = others.map(|others| format!("{:+.3} {}", others.sum, counted(others.count, "other")));
        let reasons: Vec<String> = parts.chain(terms).chain(others).collect();
        writeln!(out, "{:>4}  {}: {}", count(at + 1), printable(item.title), reasons.join(", "))?;
    }
    Ok(())
}

/// What a score of the model is called at the head of a column.
fn score_name(meaning: Meaning) -> &'static str {
    match meaning {
        Meaning::RankingScore => "score",
        Meaning::Rating { .. } => "predicted",
        Meaning::Count => "count",
    }
}
