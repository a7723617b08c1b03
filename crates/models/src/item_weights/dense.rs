//! A weight of every item for every other one: what EASE and kernel ridge fit, each in its way, and serve alike.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::ids::{ItemIx, UserIx};

use crate::explain::each_row;
use crate::fit::narrow;
use crate::{Candidates, Explain, FoldIn, History, Meaning, Positive, Scorer, Shape, SimilarItems};

/// Sums of weights times ratings have to fit into an f32; a fit gives weights of about 1.
const LARGEST: f32 = 1e7;

/// Weights of items for items, as many as there are pairs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DenseWeights {
    items: usize,
    /// items x items, row-major: row `i` holds what item `i` of a history adds to every score.
    weights: Vec<f32>,
    positive: Positive,
}

impl DenseWeights {
    /// Of weights items x items, row-major.
    ///
    /// # Panics
    /// When there is not a weight for each pair.
    pub(crate) fn new(items: usize, weights: Vec<f32>, positive: Positive) -> Self {
        assert_eq!(weights.len(), items * items, "a weight for each pair");
        Self { items, weights, positive }
    }

    /// What an item of a history adds to the score of every item.
    pub(crate) fn of(&self, from: usize) -> &[f32] {
        &self.weights[from * self.items..][..self.items]
    }

    /// The items of a history that count.
    pub(crate) fn counted<'a>(&self, history: History<'a>) -> impl Iterator<Item = usize> + use<'a> {
        let positive = self.positive;
        history.iter().filter(move |&(_, value)| positive.holds(value)).map(|(item, _)| item)
    }

    /// The section is f32, items x items, row-major.
    pub(crate) fn save(&self, section: Section, file: &mut Writer) {
        file.array(section, self.weights.iter().copied());
    }

    pub(crate) fn load(
        section: Section,
        positive: Positive,
        shape: &Shape,
        file: &Reader<'_>,
    ) -> Result<Self, ContainerError> {
        let weights = file.array::<f32>(section, shape.items.checked_mul(shape.items))?;
        section.check_at_most(&weights, LARGEST)?;
        Ok(Self { items: shape.items, weights, positive })
    }
}

impl Scorer for DenseWeights {
    fn items(&self) -> usize {
        self.items
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

    fn similar(&self) -> Option<&dyn SimilarItems> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }
}

impl Explain for DenseWeights {
    fn additive(&self) -> bool {
        true
    }

    /// The weight of each entry for the item.
    fn contributions(&self, history: History<'_>, items: &[ItemIx], contributions: &mut [f64]) {
        each_row(history, items, contributions, |item, row| {
            for (to, (entry, value)) in row.iter_mut().zip(history.iter()) {
                *to = if self.positive.holds(value) { f64::from(self.of(entry)[item]) } else { 0.0 };
            }
        });
    }
}

impl FoldIn for DenseWeights {
    /// |history| x items additions for all items, |history| for one. Sums run in f64, in the order of the items.
    fn score_history(&self, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        match candidates {
            Candidates::All => {
                let mut sums = vec![0f64; self.items];
                for item in self.counted(history) {
                    sums.iter_mut().zip(self.of(item)).for_each(|(sum, &weight)| *sum += f64::from(weight));
                }
                scores.iter_mut().zip(sums).for_each(|(score, sum)| *score = narrow(sum));
            }
            Candidates::Items(_) => candidates.score_each(scores, |candidate| {
                narrow(self.counted(history).map(|item| f64::from(self.of(item)[candidate])).sum())
            }),
        }
    }
}

impl SimilarItems for DenseWeights {
    fn measure(&self) -> &'static str {
        "weight"
    }

    /// What the item adds to the score of each other one; one that it adds nothing to cannot be compared with it.
    fn similar_to(&self, item: ItemIx, scores: &mut [f32]) {
        for (score, &weight) in scores.iter_mut().zip(self.of(item.0 as usize)) {
            *score = if weight == 0.0 { f32::NEG_INFINITY } else { weight };
        }
    }
}
