//! A data set: ratings and what is known of the items, from a file, a folder or thin air.

mod demo;
mod error;
mod layout;
mod load;
mod summary;
mod synthetic;
mod words;

pub use error::LoadError;
pub use load::{Tables, table_of};
pub use summary::{Bin, Quantiles, Summary, TopItem};
pub use synthetic::{
    SyntheticError, SyntheticParams, SyntheticProgress, SyntheticReport, write_synthetic, write_synthetic_file,
};

use serde::Serialize;

use crate::catalogue::{Catalogue, ItemsReport};
use crate::interactions::{Interactions, ReadReport};

/// Interactions, titles, and how they were read.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Name for people: of the file or folder, or `demo`.
    pub name: String,
    /// Who rated what.
    pub interactions: Interactions,
    /// What the items are; unknown when there is no file of items.
    pub catalogue: Catalogue,
    /// Who the users are; unknown when there is no file of users.
    pub users: Catalogue,
    /// What happened to the rows; `None` for data that did not come from a ratings file.
    pub report: Option<LoadReport>,
}

/// What happened to the rows of a data set's files.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LoadReport {
    /// The ratings file.
    pub ratings: ReadReport,
    /// The items file, if there is one.
    pub items: Option<ItemsReport>,
    /// The users file, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub users: Option<ItemsReport>,
}

impl Dataset {
    /// Interactions of which nothing else is known.
    #[must_use]
    pub fn new(name: &str, interactions: Interactions) -> Self {
        let catalogue = Catalogue::unknown(interactions.items().len());
        let users = Catalogue::unknown(interactions.users().len());
        Self { name: name.to_owned(), interactions, catalogue, users, report: None }
    }

    /// The blake3 hash of ids, values and times in hexadecimal, the same in whatever order or format they came; see
    /// [`Interactions::hash`].
    #[must_use]
    pub fn hash(&self) -> String {
        blake3::Hash::from(self.interactions.hash()).to_hex().to_string()
    }

    /// [`Interactions::hash_v1`] in hexadecimal.
    #[must_use]
    pub fn hash_v1(&self) -> String {
        blake3::Hash::from(self.interactions.hash_v1()).to_hex().to_string()
    }
}
