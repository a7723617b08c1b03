//! One score for each item, the same for every user: what popularity and trends fit, each in its way, and serve alike.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_data::ids::{ItemIx, UserIx};

use crate::fit::narrow;
use crate::{Candidates, Explain, ExplanationKind, FoldIn, History, Meaning, Scorer, Shape};

/// What scores of items are, and the section that holds them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kind {
    pub(crate) section: Section,
    pub(crate) meaning: Meaning,
    /// What a score is called where it is explained.
    pub(crate) name: &'static str,
}

/// A score for each item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ItemScores {
    pub(crate) kind: Kind,
    /// By rising index.
    pub(crate) scores: Vec<f64>,
}

impl ItemScores {
    pub(crate) fn save(&self, file: &mut Writer) {
        file.array(self.kind.section, self.scores.iter().copied());
    }

    pub(crate) fn load(kind: Kind, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        let scores = file.array(kind.section, Some(shape.items))?;
        kind.section.check_finite(&scores)?;
        Ok(Self { kind, scores })
    }
}

impl Scorer for ItemScores {
    fn items(&self) -> usize {
        self.scores.len()
    }

    fn meaning(&self) -> Meaning {
        self.kind.meaning
    }

    fn score_user(&self, _: UserIx, history: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        self.score_history(history, candidates, scores);
    }

    /// The scores are the same for every user.
    fn has_direction(&self, _: History<'_>) -> bool {
        true
    }

    fn fold_in(&self) -> Option<&dyn FoldIn> {
        Some(self)
    }

    fn explain(&self) -> Option<&dyn Explain> {
        Some(self)
    }
}

impl Explain for ItemScores {
    fn kind(&self) -> ExplanationKind {
        ExplanationKind::Parts
    }

    /// The score itself: no history changes it.
    fn parts(&self, item: ItemIx) -> Vec<(&'static str, f64)> {
        vec![(self.kind.name, self.scores[item.0 as usize])]
    }

    fn contributions(&self, _: History<'_>, _: &[ItemIx], contributions: &mut [f64]) {
        contributions.fill(0.0);
    }
}

impl FoldIn for ItemScores {
    fn score_history(&self, _: History<'_>, candidates: Candidates<'_>, scores: &mut [f32]) {
        candidates.score_each(scores, |item| narrow(self.scores[item]));
    }
}
