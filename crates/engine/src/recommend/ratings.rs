//! Ratings that a subject would give, as distributions, where the model knows how sure it is.

use foretaste_data::ids::ItemIx;
use foretaste_models::{Meaning, Prediction};
use serde::Serialize;

use super::explain::narrow;
use super::subject::{Basis, Given};
use super::{RecommendError, Recommender, Request};

/// A rating as the model expects it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PredictedRating {
    /// Its mean, on the scale of the ratings.
    #[cfg_attr(feature = "openapi", schema(example = 3.9))]
    pub mean: f32,
    /// Its standard deviation, the noise of a single rating included.
    #[cfg_attr(feature = "openapi", schema(example = 0.9))]
    pub deviation: f32,
    /// Between these two, both included, it lies with a probability of at least 90 %: its quantiles of 5 % and of 95 %.
    #[cfg_attr(feature = "openapi", schema(example = json!([2.0, 5.0])))]
    pub interval90: [f32; 2],
    /// The probability of every rating of the scale, least rating first. Present where the model knows them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probabilities: Vec<RatingProbability>,
}

/// How likely a rating is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RatingProbability {
    /// The rating.
    #[cfg_attr(feature = "openapi", schema(example = 4.0))]
    pub rating: f32,
    /// Its probability; those of all ratings sum to 1.
    #[cfg_attr(feature = "openapi", schema(example = 0.41))]
    pub probability: f32,
}

impl PredictedRating {
    /// `None` where the distribution is not known; a normal one is held to the scale.
    fn new(predicted: &Prediction, meaning: Meaning) -> Option<Self> {
        let held = |x: f64| match meaning {
            Meaning::Rating { least, most } => narrow(x).clamp(least, most),
            Meaning::RankingScore | Meaning::Count => narrow(x),
        };
        let probability =
            |&(rating, probability): &(f32, f64)| RatingProbability { rating, probability: narrow(probability) };
        Some(Self {
            mean: held(predicted.mean),
            deviation: narrow(predicted.deviation?),
            interval90: predicted.interval90()?.map(held),
            probabilities: predicted.levels.iter().map(probability).collect(),
        })
    }
}

impl Recommender {
    /// Whether the model knows how sure a predicted rating is.
    #[must_use]
    pub fn knows_distributions(&self) -> bool {
        self.model().scorer().predictive().is_some()
    }

    /// For each named item the rating that the subject of a request would give when the training data end: `None` for items that
    /// the model does not know, and for all of them where it knows no distribution or nothing of the subject. The limit and
    /// the selection of the request do not count.
    ///
    /// # Errors
    /// Those of [`recommend`](Self::recommend).
    pub fn predicted_ratings(
        &self,
        request: &Request<'_>,
        items: &[&str],
    ) -> Result<Vec<Option<PredictedRating>>, RecommendError> {
        let nothing = || Ok(vec![None; items.len()]);
        let Some(predictive) = self.model().scorer().predictive() else { return nothing() };
        let given = Given::read(self, request, &mut Vec::new())?;
        let Some(basis) = self.basis_or_fallback(request, &given)? else { return nothing() };
        let named: Vec<Option<ItemIx>> = items.iter().map(|id| self.item(id).ok()).collect();
        let known: Vec<ItemIx> = named.iter().flatten().copied().collect();
        let predicted = match basis {
            Basis::User(user, _) => known.iter().map(|&item| predictive.predict(user, item, None)).collect(),
            Basis::History(_, history) => predictive.predict_history(history, &known),
        };
        let mut predicted = predicted.iter().map(|predicted| PredictedRating::new(predicted, self.meaning()));
        Ok(named.iter().map(|item| item.and_then(|_| predicted.next().flatten())).collect())
    }

    /// The rating of an item by a user of the training data, at a time in milliseconds since 1970 (UTC), with what the model
    /// knows of its distribution; the mean is held to the scale. A model that knows nothing of times answers the same at each;
    /// without a time it is a rating given when the training data end.
    ///
    /// # Errors
    /// An unknown user, or one whose history tells the model nothing.
    ///
    /// # Panics
    /// When the item is out of range.
    pub fn rating(&self, user: &str, item: ItemIx, time: Option<i64>) -> Result<Prediction, RecommendError> {
        let Some(predictive) = self.model().scorer().predictive() else {
            let mut score = [0.0];
            self.predict_items(user, &[item], &mut score)?;
            return Ok(Prediction { mean: f64::from(score[0]), deviation: None, levels: Vec::new() });
        };
        let mut predicted = predictive.predict(self.user(user)?, item, time);
        if let Meaning::Rating { least, most } = self.meaning() {
            predicted.mean = predicted.mean.clamp(f64::from(least), f64::from(most));
        }
        Ok(predicted)
    }
}
