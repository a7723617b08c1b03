//! A service's store: DATA goes into it once, and it is the truth from then on.

use std::ops::ControlFlow;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use foretaste::dataset::Dataset;
use foretaste_service::{Origin, Store, StoreError};
use foretaste_store::SqliteStore;

use super::say;
use crate::args::{DataArgs, StorePlace};
use crate::commands::report;
use crate::commands::stores::refused;
use crate::data::{Loaded, Place, load, resolve};
use crate::exit::{Exit, coded};
use crate::output::{self, count};

/// Opens the store at a place, with DATA in it, and gives all that it holds as a data set.
pub(super) fn open(place: &StorePlace, data: &DataArgs) -> Result<(Arc<Dataset>, Origin)> {
    let asked = source_of(data)?;
    let store = opened(place)?;
    match store.about().map_err(refused)? {
        Some(held) if held.source == asked => {
            if data.read.says_anything() {
                output::note(
                    "the store holds the data already: flags about reading them counted when they were imported",
                );
            }
        }
        Some(held) => {
            let (place, found) = (store.place(), held.source);
            return Err(refused(StoreError::OtherSource { place, found, asked }));
        }
        None => import(&*store, &asked, data)?,
    }
    let sequence = store.sequence();
    let dataset = store.snapshot(sequence, &|| false).map_err(refused)?;
    let entries = dataset.interactions.nnz();
    say(&format!(
        "store {}: {} events, {} interactions of {} users and {} items",
        store.place(),
        count(usize::try_from(sequence).unwrap_or(usize::MAX)),
        count(entries),
        count(dataset.interactions.users().len()),
        count(dataset.interactions.items().len())
    ));
    Ok((Arc::new(dataset), Origin::stored(store, sequence)))
}

fn opened(place: &StorePlace) -> Result<Arc<dyn Store>> {
    match place {
        StorePlace::Folder(folder) => Ok(Arc::new(SqliteStore::open(folder).map_err(refused)?)),
        #[cfg(feature = "postgres")]
        StorePlace::Database(url) => Ok(Arc::new(foretaste_store::PostgresStore::open(url).map_err(refused)?)),
        #[cfg(not(feature = "postgres"))]
        StorePlace::Database(_) => {
            let message = "this foretaste was built without Postgres; build it with the feature `postgres`";
            Err(coded(Exit::Usage, anyhow!(message)))
        }
    }
}

/// What the store is said to hold: a path from the root, or a name.
fn source_of(data: &DataArgs) -> Result<String> {
    Ok(match resolve(&data.data)? {
        Place::Ratings(path) => std::path::absolute(path)?.display().to_string(),
        Place::Demo | Place::BuiltIn(_) => data.data.clone(),
        Place::Model(path) => {
            let (path, way_out) = (path.display(), "give the data that it was fitted to");
            return Err(coded(Exit::Usage, anyhow!("{path} is a model, which a store cannot hold; {way_out}")));
        }
    })
}

fn import(store: &dyn Store, source: &str, data: &DataArgs) -> Result<()> {
    let Loaded::Ratings(dataset) = load(data)? else { return Err(anyhow!("{source} is a model by now")) };
    say(&report::lines(&dataset).join("\n"));
    store.import(source, &dataset, &mut |_, _| ControlFlow::Continue(())).map(drop).map_err(refused)
}
