//! A model, the names around it and a request: a ranked list.

mod eligible;
mod listed;
mod rank;
mod request;
mod top_n;

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;

use foretaste_data::catalogue::Item;
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::{ItemIx, UserIx};
use foretaste_data::interactions::ItemStats;
use foretaste_models::{FitError, FitParams, FitProgress, Model};

pub use listed::ListedItem;
pub use rank::check_limit;
pub use request::{
    Fallback, Filter, ItemList, MAX_LIMIT, Ranked, RecommendError, Request, Scored, Selection, Shortfall,
    ShortfallReason, Source, Subject, UnknownValue,
};

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
    /// Number of ratings.
    pub ratings: usize,
    /// What the fit was asked for.
    pub params: FitParams,
    /// The residual measured after the fit.
    pub residual: f64,
    /// When the fit began.
    pub fitted_at: Timestamp,
    /// Version of foretaste that fitted the model.
    pub foretaste_version: String,
}

impl Recommender {
    /// Fits a model to a data set. `fitted_at` is only noted down: it changes no score.
    ///
    /// # Errors
    /// Those of [`Model::fit`].
    pub fn fit(
        data: Arc<Dataset>,
        params: &FitParams,
        fitted_at: Timestamp,
        progress: &mut dyn FnMut(FitProgress) -> ControlFlow<()>,
    ) -> Result<Self, FitError> {
        let model = Model::fit(data.interactions.matrix(), params, progress)?;
        let Model::TruncatedSvd(svd) = &model;
        let provenance = Provenance {
            dataset: data.name.clone(),
            data_hash: data.hash(),
            users: data.interactions.users().len(),
            items: data.interactions.items().len(),
            ratings: data.interactions.matrix().nnz(),
            params: params.clone(),
            residual: svd.residual(),
            fitted_at,
            foretaste_version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Ok(Self::from_parts(data, model, provenance))
    }

    /// Puts together what a model file holds.
    #[must_use]
    pub fn from_parts(data: Arc<Dataset>, model: Model, provenance: Provenance) -> Self {
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

    /// The largest rank that a refit may ask for: the smaller of users and items.
    #[must_use]
    pub fn max_rank(&self) -> usize {
        self.data.interactions.users().len().min(self.data.interactions.items().len())
    }

    /// The predicted rating `(U S Vᵀ)[u, i] + mean(R[u, :])`.
    ///
    /// # Errors
    /// An unknown user or item.
    pub fn predict(&self, user: &str, item: &str) -> Result<f32, RecommendError> {
        let (user, item) = (self.user(user)?, self.item(item)?);
        Ok(rank::with_scores(&self.model, |scores| {
            self.model.scorer().score_user(user, scores);
            scores[item.0 as usize]
        }))
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
    /// An unknown item.
    pub fn item(&self, item: &str) -> Result<ItemIx, RecommendError> {
        let index = self.data.interactions.items().index(item);
        index.map(ItemIx).ok_or_else(|| RecommendError::UnknownItem { item: item.to_owned() })
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
