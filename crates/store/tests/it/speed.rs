//! What an import and batches cost, on each store: `cargo test --release -p foretaste-store --features postgres speed -- --ignored --nocapture`.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::{ReadOptions, read_interactions};
use foretaste_data::table::Source;
use foretaste_store::{NewEvent, PostgresStore, SqliteStore, Store};

use crate::cluster::{Cluster, ticks};
use crate::suite::event;

/// Events of the data set.
const IMPORTED: u32 = 1_000_000;

fn own() -> f64 {
    ticks(Path::new("/proc/self")).unwrap().2[0]
}

fn measured(what: &str, rows: usize, server: &dyn Fn() -> f64, run: impl FnOnce()) {
    let (wall, before) = (Instant::now(), (own(), server()));
    run();
    let (wall, own, server) = (wall.elapsed().as_secs_f64(), own() - before.0, server() - before.1);
    let rate = rows as f64 / wall;
    println!("{what}: {rows} events, wall {wall:.2} s ({rate:.0}/s), CPU {own:.2} s here, {server:.2} s in the server");
}

fn measure(name: &str, store: &dyn Store, server: &dyn Fn() -> f64) {
    let rows: String =
        (0..IMPORTED).map(|row| format!("{},{},{},{row}\n", row / 100, row % 100 * 37, row % 5 + 1)).collect();
    let text = format!("user,item,rating,time\n{rows}");
    let (interactions, _) =
        read_interactions(Source::bytes(text), &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    let data = Dataset::new("speed", interactions);
    measured(&format!("{name}, import"), IMPORTED as usize, server, || {
        store.import("speed", &data, &mut |_, _| ControlFlow::Continue(())).unwrap();
    });
    for (batch, batches) in [(100, 500), (5_000, 20)] {
        let events: Vec<NewEvent> = (0..batch * batches)
            .map(|n| {
                let (user, item, id) = (n * 7919 % 20_000, n * 104_729 % 3_700, format!("{batch}-{n}"));
                event(&user.to_string(), &item.to_string(), "view", 1.0, n as i64, Some(&id))
            })
            .collect();
        measured(&format!("{name}, batches of {batch}"), events.len(), server, || {
            events.chunks(batch).for_each(|batch| drop(store.append(batch).unwrap()));
        });
    }
    measured(&format!("{name}, snapshot"), store.sequence() as usize, server, || {
        drop(store.snapshot(u64::MAX, &|| false).unwrap());
    });
}

#[test]
#[ignore = "it measures"]
fn speed() {
    let folder = tempfile::tempdir().unwrap();
    measure("SQLite", &SqliteStore::open(folder.path()).unwrap(), &|| 0.0);
    let Some(cluster) = Cluster::start() else { return };
    measure("Postgres", &PostgresStore::open(&cluster.database()).unwrap(), &|| cluster.seconds());
}
