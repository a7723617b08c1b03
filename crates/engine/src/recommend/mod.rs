//! A model, the names around it and a request: a ranked list.

mod eligible;
mod explain;
mod listed;
mod live;
mod many;
mod ranking;
mod ratings;
mod request;
mod screened;
mod standing;
mod subject;
mod top_n;
mod what_if;

use std::collections::BTreeMap;
use std::sync::Arc;

use foretaste_data::catalogue::Item;
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_data::interactions::ItemStats;
use foretaste_models::{Candidates, FitError, FitReport, Meaning, Model, ModelParams, OnProgress, Shape};
use jiff::Timestamp;

pub use explain::{Taste, Term, Why, check_terms};
pub use listed::{ListedItem, Others, Part, RecommendedItem, TermItem};
pub use live::Observed;
pub use ranking::check_limit;
pub use ratings::{PredictedRating, RatingProbability};
pub use request::{
    Fallback, Filter, ItemList, MAX_LIMIT, MAX_TERMS, Ranked, RecommendError, Request, Scored, Selection, Shortfall,
    ShortfallReason, Source, Subject, UnknownValue, WhatIf,
};
pub use standing::{KeptOut, Standing, Standings};
pub use what_if::{Moved, Place, Shift};

/// A fitted model together with the data it was fitted to. Immutable: share it, and swap it for the next one.
#[derive(Clone, Debug)]
pub struct Recommender {
    data: Arc<Dataset>,
    model: Model,
    provenance: Provenance,
}

/// Where a model comes from: enough to fit it again.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Provenance {
    /// Name of the data set.
    pub dataset: String,
    /// BLAKE3 of the ratings and ids in canonical form, in hexadecimal.
    pub data_hash: String,
    /// Number of users.
    pub users: usize,
    /// Number of rated items.
    pub items: usize,
    /// Number of interactions.
    #[serde(rename = "ratings")]
    pub interactions: usize,
    /// Which model, and what its fit was asked for.
    pub params: ModelParams,
    /// What was measured of the result, by name; see [`FitReport::figures`].
    pub figures: BTreeMap<String, f64>,
    /// When the fit began.
    pub fitted_at: Timestamp,
    /// Version of foretaste that fitted the model.
    pub foretaste_version: String,
}

/// A model, its provenance and data that do not belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the data are {shape:?}, the provenance says {told:?}, and the model scores {items} items")]
pub struct PartsError {
    shape: Shape,
    told: Shape,
    items: usize,
}

impl Provenance {
    /// The shape of the data.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape { users: self.users, items: self.items, entries: self.interactions }
    }
}

impl Recommender {
    /// Fits a model to a data set, in the pool of threads that this is called in. `fitted_at` is only noted down: it
    /// changes no score.
    ///
    /// # Errors
    /// Those of [`ModelParams::fit`].
    pub fn fit(
        data: Arc<Dataset>,
        params: &ModelParams,
        fitted_at: Timestamp,
        progress: &mut OnProgress<'_>,
    ) -> Result<(Self, FitReport), FitError> {
        let fitted = params.fit(&data, progress)?;
        let Shape { users, items, entries } = Shape::of(&data.interactions);
        let provenance = Provenance {
            dataset: data.name.clone(),
            data_hash: data.hash(),
            users,
            items,
            interactions: entries,
            params: params.clone(),
            figures: fitted.report.figures.iter().map(|&(name, figure)| (name.to_owned(), figure)).collect(),
            fitted_at,
            foretaste_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Ok((Self::new(data, fitted.model, provenance), fitted.report))
    }

    /// Puts a model together with the data it was fitted to.
    ///
    /// # Errors
    /// When model or provenance are of data of another shape.
    pub fn from_parts(data: Arc<Dataset>, model: Model, provenance: Provenance) -> Result<Self, PartsError> {
        let shape = Shape::of(&data.interactions);
        if provenance.shape() == shape && model.scorer().items() == shape.items {
            return Ok(Self::new(data, model, provenance));
        }
        Err(PartsError { shape, told: provenance.shape(), items: model.scorer().items() })
    }

    /// Puts together what belongs together: model and provenance are of these data.
    pub(crate) fn new(data: Arc<Dataset>, model: Model, provenance: Provenance) -> Self {
        // What requests ask of the data is ready before the first of them.
        let _ = data.interactions.by_popularity();
        Self { data, model, provenance }
    }

    /// The data the model was fitted to; a refit shares it.
    #[must_use]
    pub fn dataset(&self) -> &Arc<Dataset> {
        &self.data
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Where the model comes from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The name of the model's family, such as `svd`.
    #[must_use]
    pub fn model_name(&self) -> &'static str {
        self.provenance.params.name()
    }

    /// What a score of the model is.
    #[must_use]
    pub fn meaning(&self) -> Meaning {
        self.model.scorer().meaning()
    }

    /// What the score of a similar item is, such as `cosine`.
    #[must_use]
    pub fn measure_of_similar(&self) -> &'static str {
        self.model.scorer().similar().map_or("none", foretaste_models::SimilarItems::measure)
    }

    /// The score of one item for a user of the training data; a predicted rating is held to the scale.
    ///
    /// # Errors
    /// An unknown user or item, or a user whose history tells the model nothing.
    pub fn predict(&self, user: &str, item: &str) -> Result<f32, RecommendError> {
        let item = self.item(item)?;
        let mut score = [0.0];
        self.predict_items(user, &[item], &mut score)?;
        Ok(score[0])
    }

    /// The scores of some items for a user of the training data; each costs its own, not a catalogue.
    ///
    /// # Errors
    /// An unknown user, or one whose history tells the model nothing.
    ///
    /// # Panics
    /// When an item is out of range, or `scores` does not hold a number for each.
    pub fn predict_items(&self, user: &str, items: &[ItemIx], scores: &mut [f32]) -> Result<(), RecommendError> {
        let subject = Subject::User(user);
        let given = subject::Given::default();
        self.basis(&subject, &given)?.score(self.model.scorer(), Candidates::Items(items), scores);
        if let Meaning::Rating { least, most } = self.meaning() {
            scores.iter_mut().for_each(|score| *score = score.clamp(least, most));
        }
        Ok(())
    }

    /// The row of a user.
    ///
    /// # Errors
    /// An unknown user.
    pub fn user(&self, user: &str) -> Result<UserIx, RecommendError> {
        let index = self.data.interactions.users().index(user);
        index.map(UserIx).ok_or_else(|| RecommendError::UnknownUser { user: user.to_owned() })
    }

    /// The column of an item.
    ///
    /// # Errors
    /// An unknown item, or one that nobody has rated.
    pub fn item(&self, item: &str) -> Result<ItemIx, RecommendError> {
        let index = self.data.interactions.items().index(item);
        index.map(ItemIx).ok_or_else(|| match self.data.catalogue.unrated_row(item) {
            Some(_) => RecommendError::UnratedItem { item: item.to_owned() },
            None => RecommendError::UnknownItem { item: item.to_owned() },
        })
    }

    /// The row of the catalogue in which an item stands, rated or not.
    ///
    /// # Errors
    /// An item that neither the interactions nor the file of items have.
    pub fn catalogue_row(&self, item: &str) -> Result<usize, RecommendError> {
        let rated = self.item(item).map(|item| item.0 as usize);
        rated.or_else(|unknown| self.data.catalogue.unrated_row(item).ok_or(unknown))
    }

    /// The external id of an item.
    ///
    /// # Panics
    /// When the item is out of range, here and below.
    #[must_use]
    pub fn item_id(&self, item: ItemIx) -> &str {
        self.data.interactions.items().name(item.0)
    }

    /// The title of an item, or its id where it has none.
    #[must_use]
    pub fn title(&self, item: ItemIx) -> &str {
        self.data.catalogue.title(item).unwrap_or_else(|| self.item_id(item))
    }

    /// What is known of an item.
    #[must_use]
    pub fn card(&self, item: ItemIx) -> Item<'_> {
        self.data.catalogue.item(item)
    }

    /// How an item was rated.
    #[must_use]
    pub fn item_stats(&self, item: ItemIx) -> ItemStats {
        self.data.interactions.item_stats()[item.0 as usize]
    }
}
