//! Which items may be in a list: the filters of the service, under the same names.

use clap::Args;
use foretaste::recommend::{Filter, Selection};

/// Where `--help` lists the filters.
const WHICH: &str = "Which items";

/// Conditions on the items of a list; all of them must hold.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct SelectionArgs {
    /// At least one of these genres; may be given several times
    #[arg(long, help_heading = WHICH, value_name = "GENRE")]
    genre: Vec<String>,
    /// The first year allowed
    #[arg(long, help_heading = WHICH, value_name = "YEAR")]
    min_year: Option<u16>,
    /// The last year allowed
    #[arg(long, help_heading = WHICH, value_name = "YEAR")]
    max_year: Option<u16>,
    /// An item that must not be in the list; may be given several times
    #[arg(long, help_heading = WHICH, value_name = "ID", allow_hyphen_values = true)]
    exclude: Vec<String>,
    /// Only these items may be in the list; may be given several times
    #[arg(long, help_heading = WHICH, value_name = "ID", allow_hyphen_values = true)]
    only: Vec<String>,
}

impl SelectionArgs {
    /// The same as conditions of a request.
    pub(crate) fn selection(&self) -> Selection<'_> {
        Selection {
            exclude: refs(&self.exclude),
            only: (!self.only.is_empty()).then(|| refs(&self.only)),
            filter: Filter { genres: refs(&self.genre), min_year: self.min_year, max_year: self.max_year },
        }
    }
}

fn refs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
