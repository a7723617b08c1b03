//! The sections of a model file that hold the data: ids, interactions, catalogue.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 2, 3 | user ids, item ids | string tables, in the order of [`id_order`](foretaste_data::ids::id_order) |
//! | 4, 5, 6 | offsets (u64), items (u32), values (f32) | the users x items matrix in sparse rows |
//! | 7, 8, 9 | titles, genres, years | of format 1: string table, string table (genres joined by line feeds), u16 an item; empty or 0 for none |
//! | 30 | times | i64 an interaction, milliseconds since 1970 (UTC); not there where times are not known |
//! | 32, 33, 34 | properties of items | [`Sections`] of the catalogue: schema, ids without interactions, values |
//! | 35, 36, 37 | properties of users | the same of the users |
//! | 31 | scale | f32, the least and the greatest value of explicit feedback; empty for implicit feedback |

use foretaste_data::catalogue::{Catalogue, Item, Sections};
use foretaste_data::container::{ContainerError, Number, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::IdTable;
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_linalg::CsrMatrix;
use foretaste_models::Shape;

const USER_IDS: Section = Section { kind: 2, name: "user ids" };
const ITEM_IDS: Section = Section { kind: 3, name: "item ids" };
const OFFSETS: Section = Section { kind: 4, name: "rating offsets" };
const ITEMS: Section = Section { kind: 5, name: "rating items" };
pub(super) const VALUES: Section = Section { kind: 6, name: "rating values" };
const TITLES: Section = Section { kind: 7, name: "titles" };
const GENRES: Section = Section { kind: 8, name: "genres" };
const YEARS: Section = Section { kind: 9, name: "years" };
const TIMES: Section = Section { kind: 30, name: "times" };
const SCALE: Section = Section { kind: 31, name: "scale" };
const OF_ITEMS: Sections<Section> = Sections {
    schema: Section { kind: 32, name: "properties of items" },
    ids: Section { kind: 33, name: "ids of items without interactions" },
    values: Section { kind: 34, name: "values of items" },
};
const OF_USERS: Sections<Section> = Sections {
    schema: Section { kind: 35, name: "properties of users" },
    ids: Section { kind: 36, name: "ids of users without interactions" },
    values: Section { kind: 37, name: "values of users" },
};

pub(super) const SECTIONS: &[Section] = &[
    USER_IDS,
    ITEM_IDS,
    OFFSETS,
    ITEMS,
    VALUES,
    TITLES,
    GENRES,
    YEARS,
    TIMES,
    SCALE,
    OF_ITEMS.schema,
    OF_ITEMS.ids,
    OF_ITEMS.values,
    OF_USERS.schema,
    OF_USERS.ids,
    OF_USERS.values,
];

pub(super) fn save(data: &Dataset, file: &mut Writer) -> Result<(), ContainerError> {
    let interactions = &data.interactions;
    for (section, ids) in [(USER_IDS, interactions.users()), (ITEM_IDS, interactions.items())] {
        file.strings(section, ids.iter())?;
    }
    let matrix = interactions.matrix();
    file.array(OFFSETS, matrix.offsets().iter().map(|&offset| offset as u64));
    file.array(ITEMS, matrix.columns().iter().copied());
    file.array(VALUES, matrix.values().iter().copied());
    if let Some(times) = interactions.times() {
        file.array(TIMES, times.iter().copied());
    }
    let scale = match interactions.feedback() {
        Feedback::Explicit { least, most } => vec![least, most],
        Feedback::Implicit => Vec::new(),
    };
    file.array(SCALE, scale);

    for (sections, catalogue) in [(OF_ITEMS, &data.catalogue), (OF_USERS, &data.users)] {
        let Sections { schema, ids, values } = catalogue.to_sections();
        file.bytes(sections.schema, schema);
        file.bytes(sections.ids, ids);
        file.bytes(sections.values, values);
    }
    Ok(())
}

/// Reads the data of a file of format 2.
pub(super) fn load(name: &str, shape: &Shape, file: &Reader<'_>) -> Result<Dataset, ContainerError> {
    let times = if file.has(TIMES) { Some(file.array::<i64>(TIMES, Some(shape.entries))?) } else { None };
    let scale = numbers::<f32>(file, SCALE)?;
    SCALE.check_finite(&scale)?;
    let feedback = match scale[..] {
        [] => Feedback::Implicit,
        [least, most] if least <= most => Feedback::Explicit { least, most },
        _ => return Err(SCALE.corrupt("something else than a least and a greatest value")),
    };
    let data = load_with(name, shape, file, times, |_| feedback)?;
    let (catalogue, users) = (properties(file, OF_ITEMS, shape.items)?, properties(file, OF_USERS, shape.users)?);
    Ok(Dataset { catalogue, users, ..data })
}

fn properties(file: &Reader<'_>, of: Sections<Section>, rated: usize) -> Result<Catalogue, ContainerError> {
    let (schema, ids, values) = (file.bytes(of.schema)?, file.bytes(of.ids)?, file.bytes(of.values)?);
    let catalogue = Catalogue::from_sections(rated, &Sections { schema, ids, values });
    catalogue.map_err(|error| ContainerError::Broken { what: of.values.name, why: error.to_string() })
}

/// Reads data whose times and feedback come from elsewhere, and of which no properties are known.
pub(super) fn load_with(
    name: &str,
    shape: &Shape,
    file: &Reader<'_>,
    times: Option<Vec<i64>>,
    feedback: impl FnOnce(&CsrMatrix) -> Feedback,
) -> Result<Dataset, ContainerError> {
    let users = ids(file, USER_IDS, shape.users)?;
    let items = ids(file, ITEM_IDS, shape.items)?;
    let offsets = file.array::<u64>(OFFSETS, shape.users.checked_add(1))?;
    let offsets = offsets.into_iter().map(usize::try_from).collect::<Result<_, _>>();
    let offsets = offsets.map_err(|_| OFFSETS.corrupt("an offset beyond this machine's memory"))?;
    let columns = file.array(ITEMS, Some(shape.entries))?;
    let values = file.array(VALUES, Some(shape.entries))?;
    let matrix = CsrMatrix::new(shape.items, offsets, columns, values)
        .map_err(|_| OFFSETS.corrupt("rows that are not a valid sparse matrix"))?;
    let feedback = feedback(&matrix);
    let interactions = Interactions::new(users, items, matrix, times, feedback)
        .map_err(|_| OFFSETS.corrupt("a matrix of another shape than the ids"))?;
    Ok(Dataset::new(name, interactions))
}

fn ids(file: &Reader<'_>, section: Section, expected: usize) -> Result<IdTable, ContainerError> {
    let strings = file.strings(section)?;
    section.check_count(strings.len(), expected)?;
    IdTable::from_sorted(strings).map_err(|_| section.corrupt("ids out of order"))
}

/// The titles, genres and years of a file of format 1.
pub(super) fn catalogue_v1(file: &Reader<'_>, items: usize) -> Result<Catalogue, ContainerError> {
    let titles = file.strings(TITLES)?;
    let genres = file.strings(GENRES)?;
    let years = file.array::<u16>(YEARS, Some(items))?;
    TITLES.check_count(titles.len(), items)?;
    GENRES.check_count(genres.len(), items)?;
    let cards = titles.iter().zip(&genres).zip(&years).map(|((title, genres), year)| Item {
        title: Some(*title).filter(|title| !title.is_empty()),
        genres: genres.split('\n').filter(|genre| !genre.is_empty()).collect(),
        year: Some(*year).filter(|&year| year != 0),
    });
    Catalogue::from_items(cards).map_err(|_| TITLES.corrupt("more text than a catalogue can hold"))
}

/// An array of any length.
fn numbers<T: Number>(file: &Reader<'_>, section: Section) -> Result<Vec<T>, ContainerError> {
    let length = file.bytes(section)?.len() / T::BYTES;
    file.array(section, Some(length))
}
