//! Metrics of one ranked list, binary relevance.
//!
//! Sources: Järvelin, Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002 (nDCG, with the
//! logarithm to base 2 from the first rank on); Manning, Raghavan, Schütze, "Introduction to Information Retrieval", 2008,
//! section 8.4 (precision, recall, average precision). With `T` the relevant items and `h(r)` 1 where the item of rank `r`
//! is one of them:
//!
//! ```text
//! dcg@k  = sum over r <= k of h(r) / log2(r + 1)          ndcg@k = dcg@k / sum over r <= min(k, |T|) of 1 / log2(r + 1)
//! recall@k = hits@k / |T|        precision@k = hits@k / k, however short the list        hr@k = 1 where hits@k > 0
//! map@k  = sum over r <= k of h(r) hits@r / r, divided by min(k, |T|)       mrr@k = 1 / the first rank <= k with h(r) = 1
//! ```

use std::borrow::Borrow;

use serde::{Deserialize, Serialize};

/// What is measured of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Normalised discounted cumulative gain.
    Ndcg,
    /// Share of the relevant items that the list holds.
    Recall,
    /// Share of the places that hold a relevant item.
    Precision,
    /// Whether there is a hit at all.
    Hr,
    /// Average precision.
    Map,
    /// Reciprocal rank of the first hit.
    Mrr,
}

impl Metric {
    /// All of them, in the order in which tables show them.
    pub const ALL: [Self; 6] = [Self::Ndcg, Self::Recall, Self::Precision, Self::Hr, Self::Map, Self::Mrr];

    /// Its name in tables and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ndcg => "ndcg",
            Self::Recall => "recall",
            Self::Precision => "precision",
            Self::Hr => "hr",
            Self::Map => "map",
            Self::Mrr => "mrr",
        }
    }
}

/// The ranks of the relevant items in one list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hits {
    /// Ranks from 1, rising.
    ranks: Vec<u32>,
    relevant: usize,
}

impl Hits {
    /// Those of a list, best first, each item once. `truth` are the relevant items, rising; `None` where there are none:
    /// such a user is left out of every mean. O(list x log truth).
    #[must_use]
    pub fn of(list: impl IntoIterator<Item = impl Borrow<u32>>, truth: &[u32]) -> Option<Self> {
        let hits = (1u32..).zip(list).filter(|(_, item)| truth.binary_search(item.borrow()).is_ok());
        (!truth.is_empty()).then(|| Self { ranks: hits.map(|(rank, _)| rank).collect(), relevant: truth.len() })
    }

    /// A metric of the first `k` places.
    ///
    /// # Panics
    /// When `k` is 0.
    #[must_use]
    pub fn metric(&self, metric: Metric, k: usize) -> f64 {
        assert!(k > 0, "a list has at least one place");
        let ranks = || self.ranks.iter().map(|&rank| rank as usize).take_while(|&rank| rank <= k);
        let (hits, best) = (ranks().count() as f64, k.min(self.relevant));
        let figure = match metric {
            Metric::Ndcg => ranks().map(gain).sum::<f64>() / (1..=best).map(gain).sum::<f64>(),
            Metric::Recall => hits / self.relevant as f64,
            Metric::Precision => hits / k as f64,
            Metric::Hr => f64::from(u8::from(hits > 0.0)),
            Metric::Map => {
                let precisions = (1u32..).zip(ranks()).map(|(hits, rank)| f64::from(hits) / rank as f64);
                precisions.sum::<f64>() / best as f64
            }
            Metric::Mrr => ranks().next().map_or(0.0, |rank| 1.0 / rank as f64),
        };
        // A sum of nothing is a negative zero.
        figure + 0.0
    }
}

fn gain(rank: usize) -> f64 {
    1.0 / (rank as f64 + 1.0).log2()
}

/// The area under the ROC curve: how often a relevant candidate scores above another one, a tie being half. `None` where
/// all candidates are relevant, or none is. O(n log n).
#[must_use]
#[expect(clippy::float_cmp, reason = "a tie is equal bits")]
pub fn auc(candidates: impl IntoIterator<Item = (f32, bool)>) -> Option<f64> {
    let mut candidates: Vec<(f32, bool)> = candidates.into_iter().collect();
    candidates.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut won, mut relevant) = (0u64, 0.0, 0u64);
    for tied in candidates.chunk_by(|a, b| a.0 == b.0) {
        let wanted = tied.iter().filter(|(_, wanted)| *wanted).count() as u64;
        let others = tied.len() as u64 - wanted;
        won += wanted as f64 * (below as f64 + others as f64 / 2.0);
        below += others;
        relevant += wanted;
    }
    (relevant > 0 && below > 0).then(|| won / (relevant as f64 * below as f64))
}
