//! The bytes of a model file as a recommender; every rule of the types is checked again.

use std::sync::Arc;

use foretaste_linalg::CsrMatrix;

use super::ArtifactError;
use super::container::Reader;
use super::layout::{self, Number, get_array, get_strings, section_name};
use crate::recommend::{Provenance, Recommender};
use foretaste_data::catalogue::{Catalogue, Item};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::IdTable;
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_models::{Model, TruncatedSvd};

pub(super) fn decode(bytes: &[u8]) -> Result<Recommender, ArtifactError> {
    let file = Reader::open(bytes)?;
    let mut provenance: Provenance = serde_json::from_slice(file.section(layout::PROVENANCE)?)
        .map_err(|_| corrupt(layout::PROVENANCE, "JSON without the fields that belong there"))?;
    let users = ids(&file, layout::USER_IDS, provenance.users)?;
    let items = ids(&file, layout::ITEM_IDS, provenance.items)?;
    let matrix = ratings(&file, &provenance)?;
    let catalogue = catalogue(&file, &items)?;

    let rank = provenance.params.rank;
    if rank == 0 || rank > users.len().min(items.len()) {
        return Err(corrupt(layout::PROVENANCE, "a rank that the users and items do not allow"));
    }
    let user_factors = array::<f32>(&file, layout::USER_FACTORS, users.len().checked_mul(rank))?;
    let item_factors = array::<f32>(&file, layout::ITEM_FACTORS, items.len().checked_mul(rank))?;
    let singular_values = array::<f64>(&file, layout::SINGULAR_VALUES, Some(rank))?;
    let model = TruncatedSvd::from_parts(&matrix, user_factors, item_factors, singular_values, provenance.residual)
        .map_err(|_| corrupt(layout::ITEM_FACTORS, "a number that is not finite"))?;
    let feedback = Feedback::explicit(matrix.values());
    let interactions = Interactions::new(users, items, matrix, None, feedback)
        .map_err(|_| corrupt(layout::RATING_OFFSETS, "a matrix of another shape than the ids"))?;
    let data = Dataset { catalogue, ..Dataset::new(&provenance.dataset, interactions) };
    if data.hash_v1() != provenance.data_hash {
        return Err(corrupt(layout::RATING_VALUES, "other ratings than the provenance says"));
    }
    provenance.data_hash = data.hash();
    Ok(Recommender::from_parts(Arc::new(data), Model::TruncatedSvd(model), provenance))
}

fn ids(file: &Reader<'_>, kind: u32, expected: usize) -> Result<IdTable, ArtifactError> {
    let strings = get_strings(file.section(kind)?, section_name(kind))?;
    check_count(kind, strings.len(), expected)?;
    IdTable::from_sorted(strings).map_err(|_| corrupt(kind, "ids out of order"))
}

fn ratings(file: &Reader<'_>, provenance: &Provenance) -> Result<CsrMatrix, ArtifactError> {
    let offsets = array::<u64>(file, layout::RATING_OFFSETS, provenance.users.checked_add(1))?;
    let offsets = offsets.into_iter().map(usize::try_from).collect::<Result<_, _>>();
    let offsets = offsets.map_err(|_| corrupt(layout::RATING_OFFSETS, "an offset beyond this machine's memory"))?;
    let columns = array(file, layout::RATING_ITEMS, Some(provenance.ratings))?;
    let values = array(file, layout::RATING_VALUES, Some(provenance.ratings))?;
    CsrMatrix::new(provenance.items, offsets, columns, values)
        .map_err(|_| corrupt(layout::RATING_OFFSETS, "rows that are not a valid sparse matrix"))
}

fn catalogue(file: &Reader<'_>, items: &IdTable) -> Result<Catalogue, ArtifactError> {
    let titles = get_strings(file.section(layout::TITLES)?, "titles")?;
    let genres = get_strings(file.section(layout::GENRES)?, "genres")?;
    let years = array::<u16>(file, layout::YEARS, Some(items.len()))?;
    check_count(layout::TITLES, titles.len(), items.len())?;
    check_count(layout::GENRES, genres.len(), items.len())?;
    let cards = titles.iter().zip(&genres).zip(&years).map(|((title, genres), year)| Item {
        title: Some(*title).filter(|title| !title.is_empty()),
        genres: genres.split('\n').filter(|genre| !genre.is_empty()).collect(),
        year: Some(*year).filter(|&year| year != 0),
    });
    Catalogue::from_items(cards).map_err(|_| corrupt(layout::TITLES, "more text than a catalogue can hold"))
}

fn array<T: Number>(file: &Reader<'_>, kind: u32, expected: Option<usize>) -> Result<Vec<T>, ArtifactError> {
    let numbers = get_array(file.section(kind)?, section_name(kind))?;
    check_count(kind, numbers.len(), expected.unwrap_or(usize::MAX))?;
    Ok(numbers)
}

fn check_count(kind: u32, found: usize, expected: usize) -> Result<(), ArtifactError> {
    if found == expected { Ok(()) } else { Err(ArtifactError::Count { what: section_name(kind), found, expected }) }
}

fn corrupt(kind: u32, why: &'static str) -> ArtifactError {
    ArtifactError::Corrupt { what: section_name(kind), why }
}
