//! A build without stores: each is refused by name.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use foretaste::dataset::Dataset;
use foretaste_service::Origin;

use crate::args::{DataArgs, StorePlace};
use crate::exit::{Exit, coded};

pub(super) fn open(_: &StorePlace, _: &DataArgs) -> Result<(Arc<Dataset>, Origin)> {
    Err(coded(Exit::Usage, anyhow!("this foretaste was built without stores; build it with the feature `store`")))
}
