//! Whether the first row names the columns.

use super::names::COUNT_NAMES;
use super::{Column, ITEM_NAMES, RATING_NAMES, ReadError, ReadOptions, Roles, USER_NAMES, normalised};
use crate::table::Fields;

impl Roles {
    /// Decides from the first row of a file.
    ///
    /// # Errors
    /// As [`Roles::assign`].
    pub(super) fn find(first: &Fields, options: &ReadOptions, name: &str) -> Result<Self, ReadError> {
        let names: Vec<String> = first.iter().map(normalised).collect();
        let asked = [&options.user_column, &options.item_column, &options.rating_column, &options.time_column];
        let usual = [USER_NAMES, ITEM_NAMES, RATING_NAMES, COUNT_NAMES];
        let by_name = asked.iter().any(|column| matches!(column, Some(Column::Name(_))));
        let known = names.iter().any(|name| usual.iter().any(|usual| usual.contains(&name.as_str())));
        let numeric =
            first.iter().any(|field| std::str::from_utf8(field).is_ok_and(|text| text.parse::<f64>().is_ok()));
        let is_header = options.header.unwrap_or(by_name || (known && !numeric));
        let fields: Vec<String> = first.iter().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
        Self::assign(&fields, is_header, options, name)
    }
}
