//! Files about the items and the users, and the types of their columns.

use std::path::{Path, PathBuf};

use clap::Args;
use foretaste::catalogue::Declared;
use foretaste::dataset::Tables;

/// Where `--help` lists the flags about these files.
const ABOUT: &str = "Items and users";

/// What is known beside the ratings; types left out are found out from all values of a column.
#[derive(Clone, Debug, Default, PartialEq, Args)]
pub(crate) struct TableArgs {
    /// File about the users: an id, and any columns such as age or country
    #[arg(long, help_heading = ABOUT, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,
    /// Type of a column of the items, such as `year:number`: string, text, number, bool, time or set; may be given
    /// several times. A row with a value of another type is rejected
    #[arg(long, help_heading = ABOUT, value_name = "NAME:TYPE")]
    property: Vec<Declared>,
    /// The same for a column of the users
    #[arg(long, help_heading = ABOUT, value_name = "NAME:TYPE")]
    user_property: Vec<Declared>,
}

impl TableArgs {
    /// The same as the reader takes it, with the file of items.
    pub(super) fn beside<'a>(&'a self, items: Option<&'a Path>) -> Tables<'a> {
        Tables {
            items,
            users: self.users.as_deref(),
            item_properties: &self.property,
            user_properties: &self.user_property,
        }
    }
}
