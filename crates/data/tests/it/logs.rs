//! Logs: words with weights, repeated rows, times, codes for "no rating", files without a header or a value.
#![allow(clippy::float_cmp, reason = "small whole numbers are exact")]

use std::ops::ControlFlow;

use foretaste_data::ids::UserIx;
use foretaste_data::interactions::{
    ColumnRole, Feedback, Interactions, MissingCodes, ReadError, ReadOptions, ReadReport, Reason, Repeat, TimeFormat,
    Weights, read_in_chunks,
};
use foretaste_data::table::Source;

fn try_read(text: &str, options: &ReadOptions) -> Result<(Interactions, ReadReport), ReadError> {
    let whole = read_in_chunks(Source::bytes(text), options, 1 << 18, &mut |_| ControlFlow::Continue(()));
    let pieces = read_in_chunks(Source::bytes(text), options, 7, &mut |_| ControlFlow::Continue(()));
    if let (Ok((whole, report)), Ok((pieces, same))) = (&whole, &pieces) {
        assert_eq!((whole.hash(), report), (pieces.hash(), same), "chunks change nothing");
    }
    whole
}

fn read(text: &str, options: &ReadOptions) -> (Interactions, ReadReport) {
    try_read(text, options).unwrap()
}

/// All entries: user, item, value, and time if times are kept.
fn entries(all: &Interactions) -> Vec<(String, String, f32, Option<i64>)> {
    let users = (0u32..).zip(all.users().iter());
    let rows = users.flat_map(|(row, user)| {
        let (items, values) = all.of(UserIx(row));
        let times = all.times_of(UserIx(row));
        (0..items.len()).map(move |at| {
            let item = all.items().name(items[at]).to_owned();
            (user.to_owned(), item, values[at], times.map(|times| times[at]))
        })
    });
    rows.collect()
}

fn weights(text: &str) -> ReadOptions {
    ReadOptions { value: Weights::parse(text).ok(), ..ReadOptions::default() }
}

const LOG: &str = "visitor,sku,event,time\n\
                   b,x,view,2024-01-01T00:00:00Z\n\
                   a,x,purchase,2024-01-03T00:00:00+01:00\n\
                   a,x,view,2024-01-01T00:00:00Z\n\
                   a,y,cart,2024-01-02\n\
                   a,x,view,2024-01-02 00:00:00.5\n";

#[test]
fn a_shops_log_is_read_with_one_flag() {
    let (all, report) = read(LOG, &weights("view=1,cart=3,purchase=5"));
    let time = |millis: i64| Some(1_704_067_200_000 + millis);
    let day = 86_400_000;
    assert_eq!(
        entries(&all),
        [
            ("a".into(), "x".into(), 7.0, time(2 * day - 3_600_000)),
            ("a".into(), "y".into(), 3.0, time(day)),
            ("b".into(), "x".into(), 1.0, time(0)),
        ]
    );
    assert_eq!((report.rows, report.accepted, report.duplicates), (5, 5, 2));
    assert_eq!((report.repeat, report.feedback), (Repeat::Sum, Some(Feedback::Implicit)));
    assert_eq!(report.time_format, Some(TimeFormat::Iso8601));
}

#[test]
fn every_way_to_repeat_gives_its_value() {
    for (repeat, value) in
        [(Repeat::Last, 5.0), (Repeat::First, 1.0), (Repeat::Max, 5.0), (Repeat::Sum, 7.0), (Repeat::Count, 3.0)]
    {
        let options = ReadOptions { repeat: Some(repeat), ..weights("view=1,cart=3,purchase=5") };
        let (all, _) = read(LOG, &options);
        assert_eq!(entries(&all)[0].2.to_bits(), f32::to_bits(value), "{repeat:?}");
    }
}

#[test]
fn without_a_value_each_row_counts_one() {
    let (all, report) = read(LOG, &ReadOptions::default());
    let values: Vec<f32> = entries(&all).iter().map(|entry| entry.2).collect();
    assert_eq!(values, [3.0, 1.0, 1.0]);
    assert_eq!(report.columns.value, None);
    assert_eq!(all.feedback(), Feedback::Implicit);
}

#[test]
fn words_without_a_weight_are_rejected_by_name() {
    let (_, report) = read(LOG, &weights("view=1,purchase=5"));
    assert_eq!(report.rejected.by_reason, [(Reason::WordWithoutWeight, 1)].into());
    assert_eq!(report.words_without_weight, [("cart".to_owned(), 1)].into());
    let strict = ReadOptions { strict: true, ..weights("view=1,purchase=5") };
    let error = try_read(LOG, &strict).unwrap_err().to_string();
    assert!(error.contains("line 5") && error.contains("`cart`") && error.contains("--value cart=1"), "{error}");
    let none = try_read(LOG, &weights("click=1")).unwrap_err().to_string();
    assert!(none.contains("--value cart=1,purchase=1,view=1"), "{none}");
    let words = try_read("user,item,rating\n1,2,good\n", &ReadOptions::default()).unwrap_err().to_string();
    assert!(words.contains("--value WORD=NUMBER"), "{words}");
}

#[test]
fn time_decides_what_is_last_and_the_file_among_equal_times() {
    for (rows, value, time) in [
        ("1,10,5,200\n1,10,1,100\n2,10,4,5\n", 5.0, 200_000),
        ("1,10,5,100\n1,10,1,100\n2,10,4,5\n", 1.0, 100_000),
        ("1,10,5,200.5\n1,10,1,200\n2,10,4,5\n", 5.0, 200_500),
        ("1,10,5,1433221332117\n1,10,1,1433221332116\n", 5.0, 1_433_221_332_117),
        ("1,10,5,2024-02-29\n1,10,1,2024-02-28T23:59:59Z\n", 5.0, 1_709_164_800_000),
        ("1,10,5,0\n1,10,1,0\n1,10,2,-1\n", 1.0, 0),
    ] {
        let (all, _) = read(&format!("user_id,item_id,rating,timestamp\n{rows}"), &ReadOptions::default());
        assert_eq!(entries(&all)[0], ("1".into(), "10".into(), value, Some(time)), "{rows}");
    }
}

#[test]
fn long_files_are_read_as_short_ones_are() {
    // Long enough for the fast path, which must agree with the careful one: the same rows with quotes.
    let mut random = 1u64;
    let mut next = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let rows: Vec<[u64; 4]> = (0..5000).map(|_| [next(50), next(40), 1 + next(5), 900_000_000 + next(1000)]).collect();
    let text = |quote: &str, extra: &str| {
        let mut text = format!("userId,movieId,rating,timestamp{}\n", if extra.is_empty() { "" } else { ",note" });
        for row in &rows {
            let fields = row.map(|field| format!("{quote}{field}{quote}")).join(",");
            text += &format!("{fields}{extra}\n");
        }
        text
    };
    let (careful, _) = read(&text("\"", ""), &ReadOptions::default());
    for extra in ["", ",so"] {
        let (fast, report) = read(&text("", extra), &ReadOptions::default());
        assert_eq!(report.time_format, Some(TimeFormat::EpochSeconds));
        assert_eq!(fast.hash(), careful.hash());
    }
    let mut last = std::collections::BTreeMap::new();
    for [user, item, value, time] in rows {
        let entry = last.entry((user, item)).or_insert((time, value));
        if time >= entry.0 {
            *entry = (time, value);
        }
    }
    assert_eq!(careful.nnz(), last.len());
    for (user, item, value, time) in entries(&careful) {
        let (at, kept) = last[&(user.parse().unwrap(), item.parse().unwrap())];
        assert_eq!((value as u64, time), (kept, Some(at as i64 * 1000)));
    }
}

#[test]
fn a_time_that_cannot_be_read_costs_the_row_only_when_the_column_was_asked_for() {
    let text = "user,item,rating,date\n1,2,3,2024-01-01\n1,2,4,soon\n1,3,4,2024-01-01\n";
    let (all, report) = read(text, &ReadOptions::default());
    assert_eq!(all.times(), None);
    let found = report.not_a_time.unwrap();
    assert_eq!((found.line, found.text.as_str(), report.accepted), (3, "soon", 3));
    assert_eq!(entries(&all)[0].2.to_bits(), 4.0f32.to_bits());
    let asked = ReadOptions { time_column: "date".parse().ok(), ..ReadOptions::default() };
    let (all, report) = read(text, &asked);
    assert_eq!(report.rejected.by_reason, [(Reason::NotATime, 1)].into());
    assert_eq!(entries(&all)[0].2.to_bits(), 3.0f32.to_bits());
}

#[test]
fn codes_for_no_rating_are_counted_apart_and_other_negatives_are_data() {
    let text = "user,item,rating\n1,2,-1\n1,3,7\n2,2,-1.0\n2,3,-9.5\n";
    let (all, report) =
        read(text, &ReadOptions { missing: MissingCodes::new(vec!["-1".into()]), ..Default::default() });
    assert_eq!((report.rows, report.accepted, report.missing, report.rejected.total), (4, 2, 2, 0));
    let found: Vec<f32> = entries(&all).iter().map(|entry| entry.2).collect();
    assert_eq!(found, [7.0, -9.5]);
    let (all, _) = read(text, &ReadOptions::default());
    assert_eq!(all.feedback(), Feedback::Explicit { least: -9.5, most: 7.0 });
}

#[test]
fn columns_are_listed_where_no_header_names_them() {
    let columns = |text: &str| ReadOptions { columns: ColumnRole::list(text).ok(), ..ReadOptions::default() };
    let (all, _) = read("5,100,a,x\n4,200,b,y\n3,50,a,x\n", &columns("value,time,user,item"));
    assert_eq!(entries(&all)[0], ("a".into(), "x".into(), 5.0, Some(100_000)));
    let (all, report) = read("a,x\na,x\nb,y\n", &columns("user,item"));
    assert_eq!(entries(&all)[0].2.to_bits(), 2.0f32.to_bits());
    assert_eq!((report.repeat, report.feedback), (Repeat::Sum, Some(Feedback::Implicit)));
}

#[test]
fn the_order_of_rows_with_different_times_changes_nothing() {
    let mut lines: Vec<&str> = LOG.lines().skip(1).collect();
    let options = weights("view=1,cart=3,purchase=5");
    let (first, _) = read(LOG, &options);
    for _ in 0..lines.len() {
        lines.rotate_left(1);
        let text = format!("visitor,sku,event,time\n{}\n", lines.join("\n"));
        assert_eq!(read(&text, &options).0.hash(), first.hash());
    }
}
