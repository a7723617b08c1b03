//! Why an item has its score: what each entry of a history adds to it.

use foretaste_data::ids::ItemIx;

use crate::fit::narrow;
use crate::{Candidates, FoldIn, History, Scorer};

/// Takes the score of an item apart, exactly: a capability of the models whose score is a sum over the history.
pub trait Explain {
    /// What the numbers are.
    fn kind(&self) -> ExplanationKind {
        ExplanationKind::Contributions
    }

    /// Whether the family promises that a history without one of its entries scores lower by that entry's contribution,
    /// because no contribution depends on the other entries.
    fn additive(&self) -> bool {
        false
    }

    /// What the score has that no entry of a history gave it, by name, the empty list for most models.
    fn parts(&self, _item: ItemIx) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// The tastes that the model finds in the history, where it knows any: the name of each and its share, the largest first.
    fn tastes(&self, _: History<'_>) -> Vec<(&str, f64)> {
        Vec::new()
    }

    /// Writes what each entry of the history adds to the score of each item, items x entries, row-major, and 0 for an entry
    /// that does not count. With [`parts`](Self::parts) they sum to the folded-in score, up to the rounding of that score.
    ///
    /// # Panics
    /// When an item is out of range, or `contributions` does not hold a number for each item and entry.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]);
}

/// What the numbers of an explanation are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExplanationKind {
    /// What each entry of the history adds; the sum is the score.
    Contributions,
    /// What each entry of the history adds, beside parts that do not come from the history; all together sum to the score.
    Parts,
    /// How far the score falls without the entry: approximate, for entries may stand in for each other, and no sum.
    LeaveOneOut,
}

/// Why one item has its score.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What the numbers are.
    pub kind: ExplanationKind,
    /// See [`Explain::additive`].
    pub additive: bool,
    /// The score of the item, the history folded in; where there is a sum, the sum, made in f64 and rounded once.
    pub score: f32,
    /// A number for each entry of the history, in its order.
    pub entries: Vec<f64>,
    /// See [`Explain::parts`].
    pub parts: Vec<(&'static str, f64)>,
}

/// Explains the scores of some items for a history, in their order: by what the model adds up or, where it adds nothing up, by
/// leaving out each entry in turn. `None` where the model folds no history in.
///
/// A sum differs from what [`FoldIn::score_history`] says by the rounding of that, which for equations solved in f32 can be
/// more than one bit. Costs what [`Explain::contributions`] says, or one more fold-in for each entry of the history.
///
/// # Panics
/// When an item is out of range.
pub fn explanations(scorer: &dyn Scorer, history: History<'_>, items: &[ItemIx]) -> Option<Vec<Explanation>> {
    let fold_in = scorer.fold_in()?;
    let entries = history.items.len();
    let mut numbers = vec![0f64; items.len() * entries];
    let row = |numbers: &[f64], at: usize| numbers[at * entries..][..entries].to_vec();
    let Some(explain) = scorer.explain() else {
        let mut scores = vec![0f32; items.len()];
        fold_in.score_history(history, Candidates::Items(items), &mut scores);
        leave_one_out(scorer, fold_in, history, (items, &scores), &mut numbers);
        let explained = |(at, score): (usize, f32)| {
            let entries = row(&numbers, at);
            Explanation { kind: ExplanationKind::LeaveOneOut, additive: false, score, entries, parts: Vec::new() }
        };
        return Some(scores.into_iter().enumerate().map(explained).collect());
    };
    explain.contributions(history, items, &mut numbers);
    let explained = |(at, &item): (usize, &ItemIx)| {
        let (entries, parts) = (row(&numbers, at), explain.parts(item));
        let of_parts: f64 = parts.iter().map(|&(_, part)| part).sum();
        let score = narrow(entries.iter().sum::<f64>() + of_parts);
        Explanation { kind: explain.kind(), additive: explain.additive(), score, entries, parts }
    };
    Some(items.iter().enumerate().map(explained).collect())
}

/// How far each score falls without each entry. Where nothing is left that tells the model anything, all of it falls.
fn leave_one_out(
    scorer: &dyn Scorer,
    fold_in: &dyn FoldIn,
    history: History<'_>,
    (items, whole): (&[ItemIx], &[f32]),
    falls: &mut [f64],
) {
    let entries = history.items.len();
    let mut scores = vec![0f32; items.len()];
    for left_out in 0..entries {
        let (items_left, values_left) = (without(history.items, left_out), without(history.values, left_out));
        let times_left = history.times.map(|times| without(times, left_out));
        let rest = History { items: &items_left, values: &values_left, times: times_left.as_deref() };
        if scorer.has_direction(rest) {
            fold_in.score_history(rest, Candidates::Items(items), &mut scores);
        } else {
            scores.fill(0.0);
        }
        for (at, (&whole, &score)) in whole.iter().zip(&scores).enumerate() {
            falls[at * entries + left_out] = f64::from(whole) - f64::from(score);
        }
    }
}

fn without<T: Copy>(all: &[T], left_out: usize) -> Vec<T> {
    [&all[..left_out], &all[left_out + 1..]].concat()
}

/// Calls `explain` with the row of contributions of each item.
pub(crate) fn each_row(
    history: History<'_>,
    items: &[ItemIx],
    contributions: &mut [f64],
    mut explain: impl FnMut(usize, &mut [f64]),
) {
    let entries = history.items.len();
    assert_eq!(contributions.len(), items.len() * entries, "a number for each item and entry");
    if entries > 0 {
        let rows = contributions.chunks_exact_mut(entries);
        items.iter().zip(rows).for_each(|(item, row)| explain(item.0 as usize, row));
    }
}

/// The product of two rows, in f64.
pub(crate) fn product(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}
