//! How named items stand for a user or a history: their scores, their places, and why they are not in the list.

use std::borrow::Cow;

use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use foretaste::models::ExplanationKind;
use foretaste::recommend::{
    KeptOut, Others, Part, PredictedRating, Recommender, Request, Source, Standing, Standings, TermItem, Why,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::errors::HistoryErrors;
use super::list::UnknownEntry;
use super::list_query::{ExplainQuery, FallbackQuery, Limit};
use super::reply;
use super::selection_query::SelectionQuery;
use super::subject_body::{OneSubject, SubjectBody, merged};
use crate::app::Shared;
use crate::error::{ApiError, ErrorCode};
use crate::extract::body::JsonBody;
use crate::extract::fields::{Fields, Wire};
use crate::extract::query::NoQuery;
use crate::extract::wire_error::WireError;
use foretaste_service::{Since, Version};

/// Most items that one request may ask about.
const MAX_ITEMS: usize = 1000;

/// A user or a history and the items that are asked about.
pub(super) struct ScoreRequest {
    of: OneSubject,
    items: ItemsField,
    places: PlacesField,
    among: SelectionQuery,
    fallback: FallbackQuery,
    explain: ExplainQuery,
    distribution: DistributionField,
}

/// The items that are asked about.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ItemsField {
    /// Ids of the items; a whole number stands for its digits.
    #[schema(max_items = 1000, example = json!(["1", "2"]))]
    items: Vec<String>,
}

/// How long the list is that they may be in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlacesField {
    /// Places of the list: when given, an item that is worse than that is kept out by it.
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 1000, example = 10)]
    limit: Option<Limit>,
}

/// Whether to say how sure predicted ratings are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DistributionField {
    /// Whether each item has the distribution of its rating, where the model predicts one: `bayesian_fm` does.
    #[serde(default)]
    distribution: bool,
}

impl Wire for ScoreRequest {
    fn read(fields: &mut Fields) -> Result<Self, WireError> {
        let (of, items) = (OneSubject::read(fields)?, ItemsField::read(fields)?);
        let places = PlacesField::read(fields)?;
        let (among, fallback) = (SelectionQuery::read(fields)?, FallbackQuery::read(fields)?);
        let explain = ExplainQuery::read(fields)?;
        Ok(Self { of, items, places, among, fallback, explain, distribution: DistributionField::read(fields)? })
    }
}

impl PartialSchema for ScoreRequest {
    /// One object with the fields of all.
    fn schema() -> RefOr<Schema> {
        let parts = [
            SubjectBody::schema(),
            ItemsField::schema(),
            PlacesField::schema(),
            SelectionQuery::schema(),
            FallbackQuery::schema(),
            ExplainQuery::schema(),
            DistributionField::schema(),
        ];
        let description =
            "A user or a history and the items that are asked about, with what a list would be asked for.";
        merged(parts, description, json!({"user": "500", "items": ["1", "2"]}))
    }
}

impl ToSchema for ScoreRequest {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ScoreRequest")
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        SubjectBody::schemas(schemas);
    }
}

impl ScoreRequest {
    fn check(&self) -> Result<(), ApiError> {
        self.of.check()?;
        self.among.check()?;
        let found = self.items.items.len();
        if found > MAX_ITEMS {
            let message = format!("`items` has {found} entries, allowed are {MAX_ITEMS}");
            return Err(ErrorCode::TooManyEntries.because(message));
        }
        Ok(())
    }

    fn request<'a>(&'a self, since: &'a Since) -> Request<'a> {
        Request {
            subject: self.of.subject(),
            limit: 1,
            selection: self.among.selection(),
            fallback: self.fallback.fallback,
            explain: self.explain.explain.map(|Limit(terms)| terms),
            live: &since.observed,
            what_if: self.of.what_if(),
        }
    }
}

/// How items stand for a user or a history.
#[derive(Serialize, ToSchema)]
pub(super) struct Scores<'a> {
    /// The version of the model that all of the reply comes from.
    #[schema(example = "v1")]
    model_version: &'a str,
    /// Where the scores come from.
    source: Source,
    /// The items, in the order in which they were named.
    items: Vec<ScoredItem<'a>>,
    /// Ids of the request that the model does not know.
    unknown_items: Vec<String>,
    /// Values of filters that no item has; present when there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown_values: Vec<UnknownEntry>,
}

/// How an item stands.
#[derive(Serialize, ToSchema)]
pub(super) struct ScoredItem<'a> {
    /// The item's id.
    id: String,
    /// The item's title, or its id where it has none.
    title: String,
    /// What a list would be ordered by; null where there is no interaction with the item.
    score: Option<f32>,
    /// Its place in the list of all items that the request allows, from 1; for an item that is kept out of it, the place that
    /// it would have.
    rank: Option<usize>,
    /// The first reason that keeps it out of the list; null where it is in it. `no_interactions`: no model knows it; `seen`: it is
    /// in the history; `excluded`, `only`, `filter`: the request does not allow it; `limit`: there are enough better items.
    #[schema(inline)]
    reason: Option<KeptOut>,
    /// Why it has its score, as in a list. Present with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<Vec<TermItem<'a>>>,
    /// All other entries of the history. Present with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<Others>,
    /// What no entry of the history gave the score. Present where there is any, with `explain`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parts: Vec<Part>,
    /// What the contributions are: `contributions`, `parts` or `leave_one_out`. Present with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "contributions")]
    kind: Option<ExplanationKind>,
    /// Whether a history without one of its entries scores lower by that entry's contribution. Present with `explain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    additive: Option<bool>,
    /// The rating that is expected, and how sure that is. Present with `distribution` where the model knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<PredictedRating>,
}

impl<'a> ScoredItem<'a> {
    fn new(recommender: &'a Recommender, standing: Standing, rating: Option<PredictedRating>) -> Self {
        let Standing { id, title, score, rank, reason, why } = standing;
        let why = why.as_ref();
        Self {
            id,
            title,
            score,
            rank,
            reason,
            because: why.map(|why| recommender.because(why)),
            others: why.map(Why::others),
            parts: why.map_or_else(Vec::new, Why::parts),
            kind: why.map(|why| why.kind),
            additive: why.map(|why| why.additive),
            rating,
        }
    }
}

impl<'a> Scores<'a> {
    /// `ratings` are those of the items, or none at all.
    fn new(version: &'a Version, standings: Standings, ratings: Vec<Option<PredictedRating>>) -> Self {
        let items = standings.items.into_iter().zip(ratings.into_iter().chain(std::iter::repeat(None)));
        Self {
            model_version: &version.name,
            source: standings.source,
            items: items.map(|(standing, rating)| ScoredItem::new(&version.recommender, standing, rating)).collect(),
            unknown_items: standings.unknown_items,
            unknown_values: UnknownEntry::of(standings.unknown_values),
        }
    }
}

/// How items stand for a user or a history
///
/// Each item's score, its place among all items, and the first reason that keeps it out of the list; with `explain` also why
/// it has its score; with `distribution`, how sure a predicted rating is. With `add` and `remove`, as if the history were
/// another one; nothing is written.
#[utoipa::path(
    post, path = "/v1/score", tag = "recommendations", operation_id = "score",
    request_body(
        content = ScoreRequest,
        examples(
            ("a user" = (value = json!({"user": "500", "items": ["1", "2"]}))),
            ("how sure" = (value = json!({"user": "500", "items": ["1"], "distribution": true}))),
            ("why" = (value = json!({"user": "500", "items": ["1", "2"], "limit": 10, "explain": 3}))),
        ),
    ),
    responses((status = 200, description = "The items", body = Scores), HistoryErrors)
)]
pub(super) async fn score(
    State(app): State<Shared>,
    _: NoQuery,
    JsonBody(request): JsonBody<ScoreRequest>,
) -> Result<Response<Body>, ApiError> {
    request.check()?;
    app.score(move |version| {
        let items: Vec<&str> = request.items.items.iter().map(String::as_str).collect();
        let limit = request.places.limit.map(|Limit(limit)| limit);
        let since = request.of.since(version);
        let (recommender, asked) = (&version.recommender, request.request(&since));
        let standings = recommender.standings(&asked, &items, limit)?;
        let ratings = if request.distribution.distribution {
            let known: Vec<&str> = standings.items.iter().map(|standing| standing.id.as_str()).collect();
            recommender.predicted_ratings(&asked, &known)?
        } else {
            Vec::new()
        };
        reply::json(version, &Scores::new(version, standings, ratings))
    })
    .await
}
