//! What each entry of a history adds to the score of a blend whose members all add up.
//!
//! `contribution(h, i) = sum over members m of w_m / sd_m (c_m(h, i) - mean over items j of c_m(h, j))`, where `c_m` are the
//! contributions to the member's score and `sd_m` is the standard deviation of its scores for this history: a z-score is linear in
//! the score once its deviation is known. The deviation depends on all entries, so without one of them the score does not fall by that
//! entry's contribution.

use foretaste_data::ids::ItemIx;

use super::{Blend, Votes};
use crate::fit::narrow;
use crate::{Explain, ExplanationKind, History, Scorer};

/// Items whose contributions are made together.
const TOGETHER: usize = 64;

impl Blend {
    /// Whether the votes are z-scores of members whose scores are sums over the history and of nothing else.
    pub(super) fn adds_up(&self) -> bool {
        let adds_up = |member: &dyn Scorer| {
            member.explain().is_some_and(|explain| explain.kind() == ExplanationKind::Contributions)
        };
        self.votes == Votes::ZScore && self.members.iter().all(|(_, member)| adds_up(member.scorer()))
    }
}

impl Explain for Blend {
    /// Costs the contributions to each member's scores of all items.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        let entries = history.items.len();
        assert_eq!(contributions.len(), items.len() * entries, "a number for each item and entry");
        contributions.fill(0.0);
        let mut own = vec![0f64; contributions.len()];
        for (weight, member) in &self.members {
            let scorer = member.scorer();
            let Some(explain) = scorer.explain().filter(|_| entries > 0 && scorer.has_direction(history)) else {
                continue;
            };
            let Some((means, deviation)) = spread(explain, history, scorer.items()) else { continue };
            explain.contributions(history, items, &mut own);
            for (sums, own) in contributions.chunks_exact_mut(entries).zip(own.chunks_exact(entries)) {
                let terms = sums.iter_mut().zip(own).zip(&means);
                terms.for_each(|((sum, own), mean)| *sum += weight / deviation * (own - mean));
            }
        }
    }
}

/// The mean contribution of each entry to the scores of all items, and the standard deviation of those; `None` where all are equal.
fn spread(explain: &dyn Explain, history: History<'_>, items: usize) -> Option<(Vec<f64>, f64)> {
    let entries = history.items.len();
    let (mut means, mut scores) = (vec![0f64; entries], Vec::with_capacity(items));
    let all: Vec<ItemIx> = (0u32..).take(items).map(ItemIx).collect();
    let mut own = vec![0f64; TOGETHER * entries];
    for items in all.chunks(TOGETHER) {
        let own = &mut own[..items.len() * entries];
        explain.contributions(history, items, own);
        for row in own.chunks_exact(entries) {
            means.iter_mut().zip(row).for_each(|(sum, own)| *sum += own);
            scores.push(row.iter().sum::<f64>());
        }
    }
    let count = items.max(1) as f64;
    means.iter_mut().for_each(|sum| *sum /= count);
    let mean = scores.iter().sum::<f64>() / count;
    let deviation = (scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / count).sqrt();
    // Scores that are equal as they are kept say nothing, as votes.
    let all_equal = scores.windows(2).all(|pair| narrow(pair[0]).to_bits() == narrow(pair[1]).to_bits());
    (!all_equal && deviation > 0.0).then_some((means, deviation))
}
