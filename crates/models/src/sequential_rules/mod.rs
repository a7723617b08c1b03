//! Decayed sequential rules: what users took soon after the items at the end of a history.
//!
//! The weight of item `i` of a history for candidate `j`, and the score of `j` for a history whose latest item is `h_0`, the
//! one before it `h_1` and so on, are
//!
//! ```text
//! W[i, j]  = users(i)^-history_exponent users(j)^-candidate_exponent
//!            * sum over users who took j after i, at most `window` places later, of decay^(places - 1)
//! score(j) = sum over k below `window` of history_decay^k W[h_k, j]
//! ```
//!
//! Only counts are made. Source: Ludewig, Jannach, "Evaluation of session-based recommendation algorithms", User Modeling and
//! User-Adapted Interaction 28, 2018, section 3.1 (SR); there a rule weighs one over its distance, here it decays
//! geometrically; here popular items count less, and more than the last item of the history speaks.

mod fit;

use foretaste_data::ids::{ItemIx, UserIx};

pub use fit::SequentialRulesParams;

use crate::explain::each_row;
use crate::item_weights::ItemWeights;
use crate::sequences::latest;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Positive, Scorer, SimilarItems};

/// The rules of every item.
#[derive(Clone, Debug)]
pub struct SequentialRules {
    rules: ItemWeights,
    window: usize,
    history_decay: f64,
    positive: Positive,
}

impl SequentialRules {
    /// The candidates that an item of a history speaks for, and how much where it is the latest.
    ///
    /// # Panics
    /// When the item is out of range.
    #[must_use]
    pub fn rules(&self, from: ItemIx) -> (&[u32], &[f32]) {
        self.rules.of(from)
    }
}

impl Scorer for SequentialRules {
    fn items(&self) -> usize {
        self.rules.items()
    }

    fn meaning(&self) -> Meaning {
        Meaning::RankingScore
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score_history(history, candidates, scores);
    }

    fn has_direction(&self, history: History<'_>) -> bool {
        self.positive.any(history)
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(&self.rules)
    }
}

impl Explain for SequentialRules {
    /// What the rules of each of the latest items say; an item in between moves those before it.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let latest = latest(history, self.positive, self.window);
        each_row(history, items, contributions, |candidate, row| {
            row.fill(0.0);
            let mut left = 1.0;
            for item in &latest {
                if let Ok(entry) = history.items.binary_search(item) {
                    row[entry] = self.rules.weight(*item as usize, candidate).map_or(0.0, |weight| left * weight);
                }
                left *= self.history_decay;
            }
        });
    }
}

impl FoldIn for SequentialRules {
    /// The rules of the latest items, `window` x rules an item additions; for one candidate that number of binary searches.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        let mut weight = 1.0;
        let counted: Vec<(usize, f64)> = latest(history, self.positive, self.window)
            .into_iter()
            .map(|item| {
                let of_item = (item as usize, weight);
                weight *= self.history_decay;
                of_item
            })
            .collect();
        self.rules.sum(&counted, candidates, scores);
    }
}
