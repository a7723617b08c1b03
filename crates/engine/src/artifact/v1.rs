//! Reads files of format 1, which held one model only: the svd. Frozen: nothing writes it any more.

use foretaste_data::container::{ContainerError, Reader};
use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::Feedback;
use foretaste_models::svd::{self, SvdParams};
use foretaste_models::{Model, ModelParams, Shape};
use jiff::Timestamp;
use serde::Deserialize;

use super::{PROVENANCE, data};
use crate::recommend::{Provenance, Recommender};

/// What format 1 wrote down of a fit.
#[derive(Deserialize)]
struct ProvenanceV1 {
    dataset: String,
    data_hash: String,
    users: usize,
    items: usize,
    ratings: usize,
    params: SvdParams,
    residual: f64,
    fitted_at: Timestamp,
    foretaste_version: String,
}

pub(super) fn decode(file: &Reader<'_>) -> Result<Recommender, ContainerError> {
    let from: ProvenanceV1 = serde_json::from_slice(file.bytes(PROVENANCE)?)
        .map_err(|_| PROVENANCE.corrupt("JSON without the fields that belong there"))?;
    let shape = Shape { users: from.users, items: from.items, entries: from.ratings };
    let dataset = data::load_with(&from.dataset, &shape, file, None, |matrix| Feedback::explicit(matrix.values()))?;
    let dataset = Dataset { catalogue: data::catalogue_v1(file, shape.items)?, ..dataset };
    if dataset.hash_v1() != from.data_hash {
        return Err(data::VALUES.corrupt("other ratings than the provenance says"));
    }
    let means = user_means(&dataset);
    let model = svd::load_with(&from.params, &shape, file, means, from.residual)?;
    let provenance = Provenance {
        dataset: from.dataset,
        data_hash: dataset.hash(),
        users: from.users,
        items: from.items,
        interactions: from.ratings,
        params: ModelParams::Svd(from.params),
        figures: [("residual".to_owned(), from.residual)].into(),
        fitted_at: from.fitted_at,
        foretaste_version: from.foretaste_version,
    };
    Ok(Recommender::new(std::sync::Arc::new(dataset), Model::Svd(model), provenance))
}

/// The mean of each user's row over all items.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "stored as f32; few items")]
fn user_means(data: &Dataset) -> Vec<f32> {
    let matrix = data.interactions.matrix();
    matrix.row_sums().iter().map(|sum| (sum / matrix.ncols() as f64) as f32).collect()
}
