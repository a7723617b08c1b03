//! Why the items of a list have their scores: the entries of the history that add most, and the sum of the others.

use foretaste_data::ids::ItemIx;
use foretaste_models::{Explanation, ExplanationKind, explanations};

use super::subject::{Basis, Given};
use super::top_n::best_first;
use super::{MAX_TERMS, RecommendError, Recommender, Scored};

/// Why one item has its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// The score that is explained.
    pub score: f32,
    /// What the numbers are.
    pub kind: ExplanationKind,
    /// Whether a history without one of its entries scores lower by that entry's contribution.
    pub additive: bool,
    /// The entries that contribute most, by falling size whatever the sign, equal ones by rising item index. Entries that
    /// contribute nothing are not among them.
    pub terms: Vec<Term>,
    /// How many other entries the history has.
    pub others: usize,
    /// The sum of their contributions.
    pub sum_of_others: f32,
    /// What no entry of the history gave the score, by name.
    pub parts: Vec<(&'static str, f32)>,
}

/// A taste that a model found, and how much of a history is of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Taste {
    /// What it is called: what sets it apart.
    #[cfg_attr(feature = "openapi", schema(example = "Film-Noir, Mystery: Chinatown (1974)"))]
    pub name: String,
    /// Its share of the history, from 0 to 1; all shares sum to 1.
    pub share: f32,
}

/// An entry of a history and what it contributes to a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// The item of the entry.
    pub item: ItemIx,
    /// What was observed of it.
    pub value: f32,
    /// When, in milliseconds since 1970 (UTC), where that is known.
    pub time: Option<i64>,
    /// What it adds to the score, or how far the score falls without it.
    pub contribution: f32,
    /// The size of that among the sizes of all contributions, from 0 to 1.
    pub share: f32,
}

impl Recommender {
    /// Explains the items of a list, and orders them by what is explained: the folded-in scores, rounded once.
    pub(super) fn explain(&self, of: (Option<&Basis<'_>>, &Given), items: &mut Vec<Scored>, terms: usize) -> Vec<Why> {
        let scored = |(item, why): (&Scored, Why)| (Scored { score: why.score, ..*item }, why);
        let mut explained: Vec<(Scored, Why)> = items.iter().zip(self.why(of, items, terms)).map(scored).collect();
        explained.sort_by(|(a, _), (b, _)| best_first(a, b));
        let (ordered, why) = explained.into_iter().unzip();
        *items = ordered;
        why
    }

    /// The `most` largest tastes of what scores are made from, where the model knows any.
    pub(super) fn tastes(&self, basis: Option<&Basis<'_>>, most: usize) -> Vec<Taste> {
        let explain = basis.map(Basis::history).zip(self.model().scorer().explain());
        let tastes = explain.map_or_else(Vec::new, |(history, explain)| explain.tastes(history));
        let tastes = tastes.into_iter().take(most);
        tastes.map(|(name, share)| Taste { name: name.to_owned(), share: narrow(share) }).collect()
    }

    /// Explains the scores of some items; those of popularity, without a basis, by the number of interactions.
    pub(super) fn why(&self, (basis, given): (Option<&Basis<'_>>, &Given), items: &[Scored], terms: usize) -> Vec<Why> {
        let history = basis.map(Basis::history);
        let explained = history.and_then(|history| {
            let items: Vec<ItemIx> = items.iter().map(|scored| scored.item).collect();
            Some((history, explanations(self.model().scorer(), history, &items)?))
        });
        let Some((history, explanations)) = explained else {
            let count = |scored: &Scored| Why {
                score: scored.score,
                kind: ExplanationKind::Parts,
                additive: false,
                terms: Vec::new(),
                others: 0,
                sum_of_others: 0.0,
                parts: vec![("count", scored.score)],
            };
            return items.iter().map(count).collect();
        };
        let entry = |at: usize, contribution: f64, share: f64| Term {
            item: ItemIx(history.items[at]),
            value: history.values[at],
            time: history.times.filter(|_| given.has_times()).map(|times| times[at]),
            contribution: narrow(contribution),
            share: narrow(share),
        };
        explanations.iter().map(|explanation| Why::new(explanation, terms, entry)).collect()
    }
}

impl Why {
    fn new(explanation: &Explanation, terms: usize, entry: impl Fn(usize, f64, f64) -> Term) -> Self {
        let Explanation { kind, additive, score, ref entries, ref parts } = *explanation;
        let mut order: Vec<usize> = (0..entries.len()).filter(|&at| entries[at] != 0.0).collect();
        // The sort is stable, and entries stand by rising item.
        order.sort_by(|&a, &b| entries[b].abs().total_cmp(&entries[a].abs()));
        order.truncate(terms);
        let sizes: f64 = entries.iter().map(|contribution| contribution.abs()).sum();
        let mut shown = vec![false; entries.len()];
        order.iter().for_each(|&at| shown[at] = true);
        let others = entries.iter().zip(&shown).filter(|&(_, &shown)| !shown);
        let sum_of_others = narrow(others.map(|(contribution, _)| contribution).sum());
        Self {
            score,
            kind,
            additive,
            terms: order.iter().map(|&at| entry(at, entries[at], entries[at].abs() / sizes)).collect(),
            others: entries.len() - order.len(),
            sum_of_others,
            parts: parts.iter().map(|&(name, part)| (name, narrow(part))).collect(),
        }
    }
}

/// Refuses a number of terms that is not in `1..=`[`MAX_TERMS`].
///
/// # Errors
/// [`RecommendError::Terms`].
pub fn check_terms(terms: usize) -> Result<(), RecommendError> {
    if (1..=MAX_TERMS).contains(&terms) { Ok(()) } else { Err(RecommendError::Terms { found: terms, most: MAX_TERMS }) }
}

#[allow(clippy::cast_possible_truncation, reason = "what is shown is rounded, as scores are")]
pub(super) fn narrow(x: f64) -> f32 {
    x as f32
}
