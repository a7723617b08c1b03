//! What every store must do.

use std::ops::ControlFlow;

use foretaste_data::dataset::Dataset;
use foretaste_data::interactions::{ReadOptions, read_interactions};
use foretaste_data::table::Source;
use foretaste_store::{Appended, Event, EventKind, NewEvent, Store, StoreError};

/// Opens the same store again and again; the one before is closed first.
pub(crate) type Open<'a> = &'a dyn Fn() -> Box<dyn Store>;

fn never() -> bool {
    false
}

fn import(store: &dyn Store, data: &Dataset) {
    store.import("test", data, &mut |_, _| ControlFlow::Continue(())).unwrap();
}

pub(crate) fn event(user: &str, item: &str, kind: &str, value: f32, time: i64, id: Option<&str>) -> NewEvent {
    let kind = EventKind::named(kind).unwrap();
    NewEvent { user: user.into(), item: item.into(), kind, value, time: Some(time), id: id.map(str::to_owned) }
}

fn all(store: &dyn Store, after: u64) -> Vec<Event> {
    let mut events = Vec::new();
    store.since(after, &mut |event| events.push(event)).unwrap();
    events
}

fn read(text: &str) -> Dataset {
    let (interactions, _) =
        read_interactions(Source::bytes(text), &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    Dataset::new("test", interactions)
}

fn same(found: &Dataset, expected: &Dataset) {
    assert_eq!(found.name, expected.name);
    assert_eq!(found.hash(), expected.hash());
    assert_eq!(found.interactions.feedback(), expected.interactions.feedback());
    assert_eq!(found.catalogue, expected.catalogue);
    assert_eq!(found.users, expected.users);
}

pub(crate) fn what_was_imported_comes_back_as_it_was(open: Open<'_>) {
    let data = Dataset::demo().unwrap();
    {
        let store = open();
        assert_eq!(store.about().unwrap(), None);
        import(&*store, &data);
    }
    let store = open();
    let about = store.about().unwrap().unwrap();
    assert_eq!((about.source.as_str(), about.data_hash), ("test", data.hash()));
    assert_eq!(store.sequence(), data.interactions.nnz() as u64);
    same(&store.snapshot(u64::MAX, &never).unwrap(), &data);
    assert_eq!(store.check().unwrap(), []);
    // Again, it is there already; another source is refused.
    import(&*store, &data);
    assert_eq!(store.sequence(), data.interactions.nnz() as u64);
    let other = store.import("other", &data, &mut |_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(
        matches!(&other, StoreError::OtherSource { found, asked, .. } if found == "test" && asked == "other"),
        "{other}"
    );
}

pub(crate) fn a_broken_import_goes_on(open: Open<'_>) {
    let rows: String = (0..250_001u32).map(|row| format!("{},{},3\n", row / 100, row % 100)).collect();
    let data = read(&format!("user,item,rating\n{rows}"));
    {
        let store = open();
        let broken = store.import("test", &data, &mut |done, all| {
            assert_eq!((done, all), (200_000, 250_001));
            ControlFlow::Break(())
        });
        assert!(matches!(broken, Err(StoreError::Stopped)));
        assert_eq!(store.about().unwrap(), None, "it is of nothing before it is whole");
    }
    let store = open();
    let imported = store.import("test", &data, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!((imported.events, imported.resumed), (250_001, 200_000));
    same(&store.snapshot(u64::MAX, &never).unwrap(), &data);
}

pub(crate) fn events_are_found_again_and_those_of_a_known_name_are_not_written_twice(open: Open<'_>) {
    import(&*open(), &read("user,item,rating,time\na,1,3,10\nb,2,4,20\n"));
    let first = event("a", "new item", "rating", 5.0, 30_000, Some("e1"));
    let second = event("new user", "1", "view", 1.0, 5, None);
    {
        let store = open();
        let appended = store.append(&[first.clone(), second.clone(), first.clone(), second.clone()]).unwrap();
        assert_eq!(appended, [Appended::New(3), Appended::New(4), Appended::Known, Appended::New(5)]);
        assert_eq!(store.sequence(), 5);
    }
    let store = open();
    assert_eq!(store.append(std::slice::from_ref(&first)).unwrap(), [Appended::Known]);
    let found = all(&*store, 2);
    let kept = |sequence, event: &NewEvent| Event { sequence, event: event.clone() };
    assert_eq!(found, [kept(3, &first), kept(4, &second), kept(5, &second)]);
    assert_eq!(all(&*store, 0).len(), 5);
    assert_eq!(all(&*store, 5), []);
    assert_eq!(store.append(&[]).unwrap(), []);
}

pub(crate) fn a_snapshot_is_what_a_file_of_the_same_events_is(open: Open<'_>) {
    let store = open();
    let start = "user,item,rating,time\na,1,3,10\nb,2,4,20\n";
    import(&*store, &read(start));
    let events = [
        event("a", "1", "rating", 1.0, 5_000, None),
        event("b", "10", "rating", 5.0, 30_000, None),
        event("c", "2", "rating", 2.0, 40_000, None),
        event("c", "9", "view", 1.0, 50_000, None),
    ];
    store.append(&events).unwrap();
    // The rating of 5 s is older than that of 10 s; a view is no rating.
    let file = format!("{start}a,1,1,5\nb,10,5,30\nc,2,2,40\n");
    same(&store.snapshot(u64::MAX, &never).unwrap(), &read(&file));
    same(&store.snapshot(4, &never).unwrap(), &read(&format!("{start}a,1,1,5\nb,10,5,30\n")));
    assert!(matches!(store.snapshot(0, &never), Ok(data) if data.interactions.nnz() == 0));
}

pub(crate) fn the_same_events_in_any_order_are_the_same_data(open: Open<'_>, shuffle: u64) -> String {
    let store = open();
    import(&*store, &read("user,item\na,1\nb,2\n"));
    let kinds = ["view", "click", "purchase", "play", "skip", "dislike"];
    let mut events: Vec<NewEvent> = (0..300u16)
        .map(|n| {
            let (user, item) = (format!("u{}", n % 7), format!("i{}", n % 11));
            let id = format!("e{n}");
            event(&user, &item, kinds[usize::from(n) * 5 % 6], f32::from(n % 10) / 10.0, i64::from(n), Some(&id))
        })
        .collect();
    foretaste_data::random::Random::new(shuffle).shuffle(&mut events);
    for part in events.chunks(17) {
        store.append(part).unwrap();
    }
    store.snapshot(u64::MAX, &never).unwrap().hash()
}
