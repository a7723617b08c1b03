//! A recommender as the bytes of a model file.

use super::ArtifactError;
use super::container::Writer;
use super::layout::{self, put_array, put_strings, section_name};
use crate::recommend::{Provenance, Recommender};
use foretaste_data::ids::ItemIx;
use foretaste_models::Model;

pub(super) fn encode(recommender: &Recommender) -> Result<Vec<u8>, ArtifactError> {
    let data = recommender.dataset();
    let ratings = data.interactions.matrix();
    let Model::TruncatedSvd(model) = recommender.model();

    let mut file = Writer::default();
    // Format 1 knows no times and no kind of feedback, and holds the hash of version 1, which covers neither.
    let provenance = Provenance { data_hash: data.hash_v1(), ..recommender.provenance().clone() };
    let provenance = serde_json::to_vec(&provenance);
    file.section(layout::PROVENANCE, provenance.map_err(|_| ArtifactError::TooLarge { what: "provenance" })?);
    for (kind, ids) in [(layout::USER_IDS, data.interactions.users()), (layout::ITEM_IDS, data.interactions.items())] {
        file.section(kind, put_strings(ids.iter(), section_name(kind))?);
    }
    file.section(layout::RATING_OFFSETS, put_array(ratings.offsets().iter().map(|&offset| offset as u64)));
    file.section(layout::RATING_ITEMS, put_array(ratings.columns().iter().copied()));
    file.section(layout::RATING_VALUES, put_array(ratings.values().iter().copied()));

    let items = || (0..data.interactions.items().len()).map(index);
    let titles = items().map(|item| data.catalogue.title(item).unwrap_or_default());
    file.section(layout::TITLES, put_strings(titles, "titles")?);
    let genres = items().map(|item| data.catalogue.genres(item).collect::<Vec<_>>().join("\n"));
    file.section(layout::GENRES, put_strings(genres, "genres")?);
    file.section(layout::YEARS, put_array(items().map(|item| data.catalogue.year(item).unwrap_or(0))));

    file.section(layout::USER_FACTORS, put_array(model.user_factors().iter().copied()));
    let mut row = vec![0f32; model.rank()];
    let mut item_factors = Vec::with_capacity(ratings.ncols() * model.rank());
    for item in 0..ratings.ncols() {
        model.item_factors().row(item, &mut row);
        item_factors.extend_from_slice(&row);
    }
    file.section(layout::ITEM_FACTORS, put_array(item_factors));
    file.section(layout::SINGULAR_VALUES, put_array(model.singular_values().iter().copied()));
    Ok(file.finish())
}

#[allow(clippy::cast_possible_truncation, reason = "item indices are u32 from the start")]
fn index(item: usize) -> ItemIx {
    ItemIx(item as u32)
}
