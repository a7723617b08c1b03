//! The sections of a model file that hold the data: ids, interactions, catalogue.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 2, 3 | user ids, item ids | string tables, in the order of [`id_order`](foretaste_data::ids::id_order) |
//! | 4, 5, 6 | offsets (u64), items (u32), values (f32) | the users x items matrix in sparse rows |
//! | 7, 8, 9 | titles, genres, years | string table, string table (genres joined by line feeds), u16 an item; empty or 0 for none |
//! | 30 | times | i64 an interaction, milliseconds since 1970 (UTC); not there where times are not known |
//! | 31 | scale | f32, the least and the greatest value of explicit feedback; empty for implicit feedback |

use foretaste_data::catalogue::{Catalogue, Item};
use foretaste_data::container::{ContainerError, Number, Reader, Section, Writer};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::{IdTable, ItemIx};
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

pub(super) const SECTIONS: &[Section] =
    &[USER_IDS, ITEM_IDS, OFFSETS, ITEMS, VALUES, TITLES, GENRES, YEARS, TIMES, SCALE];

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

    #[expect(clippy::cast_possible_truncation, reason = "item indices are u32 from the start")]
    let items = || (0..interactions.items().len()).map(|item| ItemIx(item as u32));
    file.strings(TITLES, items().map(|item| data.catalogue.title(item).unwrap_or_default()))?;
    file.strings(GENRES, items().map(|item| data.catalogue.genres(item).collect::<Vec<_>>().join("\n")))?;
    file.array(YEARS, items().map(|item| data.catalogue.year(item).unwrap_or(0)));
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
    load_with(name, shape, file, times, |_| feedback)
}

/// Reads data whose times and feedback come from elsewhere.
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
    let catalogue = catalogue(file, &items)?;
    let feedback = feedback(&matrix);
    let interactions = Interactions::new(users, items, matrix, times, feedback)
        .map_err(|_| OFFSETS.corrupt("a matrix of another shape than the ids"))?;
    Ok(Dataset { name: name.to_owned(), interactions, catalogue, report: None })
}

fn ids(file: &Reader<'_>, section: Section, expected: usize) -> Result<IdTable, ContainerError> {
    let strings = file.strings(section)?;
    section.check_count(strings.len(), expected)?;
    IdTable::from_sorted(strings).map_err(|_| section.corrupt("ids out of order"))
}

fn catalogue(file: &Reader<'_>, items: &IdTable) -> Result<Catalogue, ContainerError> {
    let titles = file.strings(TITLES)?;
    let genres = file.strings(GENRES)?;
    let years = file.array::<u16>(YEARS, Some(items.len()))?;
    TITLES.check_count(titles.len(), items.len())?;
    GENRES.check_count(genres.len(), items.len())?;
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
