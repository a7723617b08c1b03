//! Which items may be in a list: exclusions and filters, compiled once a request to one bit an item.

use super::Recommender;
use super::request::{Filter, RecommendError, Selection, UnknownValue};
use super::top_n::MASKED;
use foretaste_data::catalogue::Bits;
use foretaste_data::ids::ItemIx;

/// The items that a request itself allows, whatever the user has rated.
#[derive(Debug)]
pub(super) struct Eligible {
    /// One bit an item; `None` allows every item.
    allowed: Option<Bits>,
}

/// What a request names and the data does not know.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    /// Ids, in the order in which they were named.
    pub(super) items: Vec<String>,
    /// Values of filters, in the order in which they were named.
    pub(super) values: Vec<UnknownValue>,
}

impl Eligible {
    /// Compiles a selection. What is not known goes to `unknown`: it can select nothing. O(items), O(1) without a filter.
    ///
    /// # Errors
    /// When an id or a genre is not known, but the parts between its commas are.
    pub(super) fn new(
        recommender: &Recommender,
        selection: &Selection<'_>,
        unknown: &mut Unknown,
    ) -> Result<Self, RecommendError> {
        Self::without(recommender, selection, &[], unknown)
    }

    /// As [`new`](Self::new), and without some items.
    ///
    /// # Errors
    /// As there.
    pub(super) fn without(
        recommender: &Recommender,
        selection: &Selection<'_>,
        hidden: &[ItemIx],
        unknown: &mut Unknown,
    ) -> Result<Self, RecommendError> {
        let mut exclude = known(recommender, "exclude", &selection.exclude, unknown)?;
        exclude.extend_from_slice(hidden);
        let only = selection.only.as_deref().map(|only| known(recommender, "only", only, unknown)).transpose()?;
        let filter = &selection.filter;
        if exclude.is_empty() && only.is_none() && filter.is_empty() {
            return Ok(Self { allowed: None });
        }
        let items = recommender.dataset().interactions.items().len();
        let mut allowed = match only {
            None => Bits::all(items),
            Some(only) => {
                let mut allowed = Bits::none(items);
                only.iter().for_each(|item| allowed.insert(item.0 as usize));
                allowed
            }
        };
        if !filter.genres.is_empty() {
            allowed.intersect(&genres(recommender, &filter.genres, items, unknown)?);
        }
        if filter.min_year.is_some() || filter.max_year.is_some() {
            allowed.intersect(&years(recommender, filter, items, unknown));
        }
        exclude.iter().for_each(|item| allowed.remove(item.0 as usize));
        Ok(Self { allowed: Some(allowed) })
    }

    /// Whether one item may be in the list.
    pub(super) fn contains(&self, item: ItemIx) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(item.0 as usize))
    }

    /// How many items may be in the list; `None` for all.
    pub(super) fn count(&self) -> Option<usize> {
        self.allowed.as_ref().map(Bits::count)
    }

    /// Masks the scores of the items that may not be in the list.
    pub(super) fn mask(&self, scores: &mut [f32]) {
        let Some(allowed) = &self.allowed else { return };
        for item in allowed.absent() {
            if let Some(score) = scores.get_mut(item) {
                *score = MASKED;
            }
        }
    }
}

/// The indices of ids.
fn known(
    recommender: &Recommender,
    parameter: &'static str,
    ids: &[&str],
    unknown: &mut Unknown,
) -> Result<Vec<ItemIx>, RecommendError> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        match recommender.item(id) {
            Ok(item) => found.push(item),
            // Known, and in no list anyway.
            Err(RecommendError::UnratedItem { .. }) => {}
            Err(_) => {
                refuse_joined(parameter, id, |part| recommender.item(part).is_ok())?;
                unknown.items.push((*id).to_owned());
            }
        }
    }
    Ok(found)
}

/// The items with at least one of the genres, compared without regard to ASCII case.
fn genres(
    recommender: &Recommender,
    wanted: &[&str],
    items: usize,
    unknown: &mut Unknown,
) -> Result<Bits, RecommendError> {
    let column = recommender.dataset().catalogue.genre_property().map(|property| property.column());
    let names = column.and_then(|column| column.dictionary());
    let is_known = |genre: &str| names.is_some_and(|names| names.iter().any(|name| name.eq_ignore_ascii_case(genre)));
    for genre in wanted.iter().filter(|genre| !is_known(genre)) {
        refuse_joined("genre", genre, is_known)?;
        unknown.values.push(UnknownValue { parameter: "genre", value: (*genre).to_owned() });
    }
    let is_wanted = |name: &str| wanted.iter().any(|genre| genre.eq_ignore_ascii_case(name));
    Ok(column.map_or_else(|| Bits::none(items), |column| column.rows_with(items, is_wanted)))
}

/// The items whose year lies between the bounds; where no item has a year, the bounds are values that nothing has.
fn years(recommender: &Recommender, filter: &Filter<'_>, items: usize, unknown: &mut Unknown) -> Bits {
    let low = filter.min_year.map_or(f64::NEG_INFINITY, f64::from);
    let high = filter.max_year.map_or(f64::INFINITY, f64::from);
    match recommender.dataset().catalogue.year_property() {
        Some(year) => year.column().rows_between(items, low, high),
        None => {
            for (parameter, bound) in [("min_year", filter.min_year), ("max_year", filter.max_year)] {
                unknown.values.extend(bound.map(|year| UnknownValue { parameter, value: year.to_string() }));
            }
            Bits::none(items)
        }
    }
}

/// Refuses `122,135` where `122` is known: the comma was meant to separate.
fn refuse_joined(parameter: &'static str, value: &str, is_known: impl Fn(&str) -> bool) -> Result<(), RecommendError> {
    if !value.contains(',') {
        return Ok(());
    }
    match value.split(',').map(str::trim).find(|part| is_known(part)) {
        Some(part) => Err(RecommendError::Joined { parameter, value: value.to_owned(), part: part.to_owned() }),
        None => Ok(()),
    }
}

impl Filter<'_> {
    /// Whether the filter lets every item through.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.genres.is_empty() && self.min_year.is_none() && self.max_year.is_none()
    }
}
