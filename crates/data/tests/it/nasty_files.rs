//! Files that nobody should write and somebody does: each read with exactly the counts stated, or refused by name.

use std::ops::ControlFlow;

use foretaste_data::ids::MAX_ID_BYTES;
use foretaste_data::interactions::{
    Interactions, ReadError, ReadOptions, ReadReport, Reason, read_in_chunks, read_interactions,
};
use foretaste_data::table::{MAX_LINE_BYTES, Source, TableError};

/// What a file gives: rows, accepted, rejected by reason, duplicates; or the error it is refused with.
enum Expect {
    Read(u64, u64, &'static [(Reason, u64)], u64),
    Empty(u64, &'static [(Reason, u64)]),
    /// More rows rejected than accepted.
    Mostly(u64, u64, &'static [(Reason, u64)]),
    Refused(fn(&ReadError) -> bool),
}
use Expect::{Empty, Mostly, Read, Refused};

use crate::packed::{gzip, zip};

type Case = (&'static str, Vec<u8>, Expect);

fn read(bytes: &[u8], chunk: usize) -> Result<(Interactions, ReadReport), ReadError> {
    read_in_chunks(Source::bytes(bytes), &ReadOptions::default(), chunk, &mut |_| ControlFlow::Continue(()))
}

fn check((name, bytes, expect): &Case, chunk: usize) {
    let found = read(bytes, chunk);
    match (expect, &found) {
        (Read(rows, accepted, rejected, duplicates), Ok((ratings, report))) => {
            assert_eq!((report.rows, report.accepted), (*rows, *accepted), "{name}: {report:?}");
            assert_eq!(report.rejected.by_reason, rejected.iter().copied().collect(), "{name}: {report:?}");
            assert_eq!(report.duplicates, *duplicates, "{name}: {report:?}");
            assert_eq!(ratings.nnz() as u64, accepted - duplicates, "{name}");
            identity(report, name);
        }
        (Empty(rows, rejected), Err(ReadError::Empty { report, .. })) => {
            assert_eq!(report.rows, *rows, "{name}: {report:?}");
            assert_eq!(report.rejected.by_reason, rejected.iter().copied().collect(), "{name}: {report:?}");
            identity(report, name);
        }
        (Mostly(rows, accepted, rejected), Err(ReadError::NotUnderstood { report, .. })) => {
            assert_eq!((report.rows, report.accepted), (*rows, *accepted), "{name}: {report:?}");
            assert_eq!(report.rejected.by_reason, rejected.iter().copied().collect(), "{name}: {report:?}");
            identity(report, name);
        }
        (Refused(is), Err(error)) => assert!(is(error), "{name}: {error}"),
        _ => panic!("{name}: {:?}", found.map(|(_, report)| report)),
    }
}

fn identity(report: &ReadReport, name: &str) {
    assert_eq!(report.rows, report.accepted + report.rejected.total, "{name}");
    assert_eq!(report.rejected.by_reason.values().sum::<u64>(), report.rejected.total, "{name}");
    assert_eq!(report.rejected.first.len() as u64, report.rejected.total.min(20), "{name}");
}

fn utf16(text: &str, mark: bool, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(order).collect()
}

const H: &str = "userId,movieId,rating\n";
const PLAIN: &[u8] = b"1,2,3\n4,5,6\n";

fn text(name: &'static str, text: &str, expect: Expect) -> Case {
    (name, text.as_bytes().to_vec(), expect)
}

fn undecided(error: &ReadError) -> bool {
    matches!(error, ReadError::Table(TableError::Undecided { .. }))
}

fn shapes() -> Vec<Case> {
    vec![
        text("plain", "1,2,3\n4,5,6\n", Read(2, 2, &[], 0)),
        text("no final newline", "1,2,3\n4,5,6", Read(2, 2, &[], 0)),
        text("one row without newline", "1,2,3", Read(1, 1, &[], 0)),
        text("header", &format!("{H}1,2,3\n"), Read(1, 1, &[], 0)),
        text("header only", H, Empty(0, &[])),
        text("header only without newline", "userId,movieId,rating", Empty(0, &[])),
        text("empty", "", Empty(0, &[])),
        text("only a mark", "\u{feff}", Empty(0, &[])),
        text("only newlines", "\n\n\r\n\n", Empty(0, &[])),
        text("only spaces", "   \n  \n", Empty(0, &[])),
        text("blank lines between", "\n1,2,3\n\n  \n4,5,6\n\n", Read(2, 2, &[], 0)),
        text("crlf", "1,2,3\r\n4,5,6\r\n", Read(2, 2, &[], 0)),
        text("crlf and header and no end", "user_id;item_id;rating\r\n1;2;3\r\n4;5;6", Read(2, 2, &[], 0)),
        text("lone cr", "1,2,3\r4,5,6\r7,8,9", Read(3, 3, &[], 0)),
        text("a cr within a line", "1,2,3\n4\r,5,6\n", Read(2, 1, &[(Reason::IdControlCharacter, 1)], 0)),
        text("two crs", "1,2,3\r\r\n4,5,6\r\n", Read(2, 1, &[(Reason::RatingNotANumber, 1)], 0)),
        text("mark and header", "\u{feff}userId,movieId,rating\n1,2,3\n", Read(1, 1, &[], 0)),
        text("mark without header", "\u{feff}1,2,3\n1,3,3\n", Read(2, 2, &[], 0)),
        text("header twice", &format!("{H}1,2,3\n{H}4,5,6\n"), Read(3, 2, &[(Reason::RepeatedHeader, 1)], 0)),
        text("header in the middle", &format!("1,2,3\n{H}"), Read(2, 1, &[(Reason::RatingNotANumber, 1)], 0)),
        text("columns in another order", "rating;timestamp;ITEM-ID;User Id\n3;0;7;1\n", Read(1, 1, &[], 0)),
        text("header without rating", "userId,movieId\n1,2\n1,2\n", Read(2, 2, &[], 1)),
        text(
            "header without item",
            "userId,thing,rating\n1,2,3\n",
            Refused(|e| matches!(e, ReadError::MissingColumn { .. })),
        ),
        text("tabs", "1\t2\t3\t881250949\n4\t5\t6\t881250949\n", Read(2, 2, &[], 0)),
        text("pipes", "1|2|3\n4|5|6\n", Read(2, 2, &[], 0)),
        text("double colons", "1::2::3::978300760\n4::5::6::978300760\n", Read(2, 2, &[], 0)),
        text("triple colons", "1::2::3\n4:::5::6\n7::8:::9\n", Read(3, 2, &[(Reason::RatingNotANumber, 1)], 0)),
        text("mixed separators", "1,2,3\n4;5;6\n7,8,9\n", Read(3, 2, &[(Reason::TooFewFields, 1)], 0)),
        text("no separator", "hello\nworld\n", Empty(2, &[(Reason::TooFewFields, 2)])),
    ]
}

fn fields() -> Vec<Case> {
    vec![
        text("too short", "1,2,3\n4,5\n6\n", Read(3, 1, &[(Reason::TooFewFields, 2)], 0)),
        text("too long", "1,2,3\n4,5,6,881250949\n", Read(2, 2, &[], 0)),
        text("a trailing separator", "1,2,3\n4,5,6,\n", Read(2, 2, &[], 0)),
        text("extra columns", "1,2,3,964982703,x\n4,5,6,964981247,y\n", Read(2, 2, &[], 0)),
        text("an extra column missing", "1,2,3,964982703\n4,5,6\n", Read(2, 2, &[], 0)),
        text("an extra column too many", "1,2,3,4\n4,5,6,7,8\n", Read(2, 2, &[], 0)),
        text("short first row", "1,2\n3,4,5\n6,7,8\n", Read(3, 2, &[(Reason::TooFewFields, 1)], 0)),
        text("spaces", " 1 , 2 , 3 \n\t4\t,5 ,6\n", Read(2, 2, &[], 0)),
        text("spaces make the same id", "1,2,3\n 1,2 ,4\n", Read(2, 2, &[], 1)),
        text("empty ids", "1,2,3\n,2,3\n1, ,3\n,,\n", Read(4, 1, &[(Reason::EmptyId, 3)], 0)),
        text("nul in an id", "1,2,3\n1\0,2,3\n\0,2,3\n", Read(3, 1, &[(Reason::IdControlCharacter, 2)], 0)),
        text(
            "nul behind an id that came before",
            "1,2,3\n1\0,2,3\n1,2\0\0,4\n1,2,5\n9,9,9\n9,9,8\n9,9,7\n",
            Read(7, 5, &[(Reason::IdControlCharacter, 2)], 3),
        ),
        text("nuls at the end", "1,2,3\n4,5,6\n\0\0\0\0", Read(3, 2, &[(Reason::TooFewFields, 1)], 0)),
        text("unicode ids", "日本,é,3\nüser,☃,4\n日本,é,5\n", Read(3, 3, &[], 1)),
        text("c1 control", "1,2,3\na\u{85}b,2,3\n", Read(2, 1, &[(Reason::IdControlCharacter, 1)], 0)),
        text("leading zeros are other ids", "1,2,3\n01,2,3\n001,2,3\n", Read(3, 3, &[], 0)),
        text(
            "large ids",
            "4294967295,18446744073709551616,3\n1e30,-1,4\n4294967295,18446744073709551616,5\n",
            Read(3, 3, &[], 1),
        ),
        text(
            "ids of 7, 8 and 9 bytes",
            "1234567,12345678,3\n123456789,1234567,3\n1234567,12345678,4\n",
            Read(3, 3, &[], 1),
        ),
        text("duplicates", "1,2,3\n1,2,4\n1,2,5\n2,2,1\n1,2,2\n", Read(5, 5, &[], 3)),
        ("latin-1 ids", b"Ren\xe9,2,3\nRen\xe9,3,4\n".to_vec(), Read(2, 2, &[], 0)),
        (
            "utf-8 then a broken byte",
            b"Ren\xc3\xa9,2,3\nRen\xe9,3,4\n".to_vec(),
            // The start of the file is not UTF-8, so all of it is latin-1.
            Read(2, 2, &[], 0),
        ),
        (
            "utf-8 by its mark, then a broken byte",
            b"\xef\xbb\xbf1,2,3\nRen\xe9,3,4\n".to_vec(),
            Read(2, 1, &[(Reason::IdNotUtf8, 1)], 0),
        ),
        (
            "the longest id and one byte more",
            format!("{0},2,3\n{0}x,2,3\n", "9".repeat(MAX_ID_BYTES)).into_bytes(),
            Read(2, 1, &[(Reason::IdTooLong, 1)], 0),
        ),
        (
            "binary",
            (0..=255u8).cycle().take(4096).collect(),
            Refused(|e| matches!(e, ReadError::Table(TableError::Refused { .. }))),
        ),
    ]
}

fn numbers() -> Vec<Case> {
    vec![
        text("words", "1,2,3\n1,3,good\n1,4,\n", Read(3, 1, &[(Reason::RatingNotANumber, 2)], 0)),
        text("nan", "1,2,3\n1,3,NaN\n1,4,nan\n1,5,-nan\n", Read(4, 1, &[(Reason::RatingNotFinite, 3)], 0)),
        text("infinity", "1,2,3\n1,3,inf\n1,4,-Infinity\n", Read(3, 1, &[(Reason::RatingNotFinite, 2)], 0)),
        text(
            "too large for any float",
            "1,2,3\n1,3,1e400\n1,4,-1e400\n",
            Read(3, 1, &[(Reason::RatingNotFinite, 2)], 0),
        ),
        text("too large for f32", "1,2,3\n1,3,3.5e38\n1,4,1e-60\n", Read(3, 1, &[(Reason::RatingOutOfRange, 2)], 0)),
        text("negative", "1,2,3\n1,3,-1\n1,4,-0.5\n1,5,-0\n", Read(4, 4, &[], 0)),
        text("zero", "1,2,0\n1,3,0.0\n", Read(2, 2, &[], 0)),
        text("thousands", "1;2;3\n1;3;1,000\n1;4;1 000\n", Refused(undecided)),
        text(
            "thousands and points",
            "1;2;3.5\n1;3;1,000\n1;4;1 000\n",
            Read(3, 1, &[(Reason::RatingNotANumber, 2)], 0),
        ),
        text("comma decimals", "1;2;3,5\n1;3;4\n", Read(2, 2, &[], 0)),
        text("comma decimals between commas", "1,2,3\n1,3,4,5\n", Refused(undecided)),
        text(
            "odd but numbers",
            "1,2,+4.5\n1,3,.5\n1,4,5.\n1,5,4.50000000000000000001\n1,6,45e-1\n",
            Read(5, 5, &[], 0),
        ),
        text("hexadecimal", "1,2,3\n1,3,0x10\n1,4,1_0\n", Read(3, 1, &[(Reason::RatingNotANumber, 2)], 0)),
        text("a long number", &format!("1,2,3\n1,3,0.{}1\n", "3".repeat(5000)), Read(2, 2, &[], 0)),
    ]
}

fn quotes() -> Vec<Case> {
    vec![
        text("all quoted", "\"1\",\"2\",\"3\"\n\"4\",\"5\",\"6\"\n", Read(2, 2, &[], 0)),
        text("quoted is the same id", "1,2,3\n\"1\",\"2\",\"4\"\n", Read(2, 2, &[], 1)),
        text("quoted separators", "\"a,b\",\"c;d\",3\n\"a,b\",x,4\n", Read(2, 2, &[], 0)),
        text("quoted quotes", "\"\"\"a\"\"\",2,3\n\"\"\"a\"\"\",2,4\n", Read(2, 2, &[], 1)),
        text("an id of quotes is not a quoted id", "\"\"\"1\"\"\",2,3\n\"1\",2,4\n1,2,5\n", Read(3, 3, &[], 1)),
        text("a newline in an extra column", "1,2,3,\"so\nso\"\n4,5,6,ok\n", Read(2, 2, &[], 0)),
        text("a newline in an id", "1,2,3\n\"a\nb\",2,3\n4,5,6\n", Read(3, 2, &[(Reason::IdControlCharacter, 1)], 0)),
        text("a quote that never closes", "1,2,3\n\"4,5,6\n7,8,9\n", Read(3, 2, &[(Reason::UnterminatedQuote, 1)], 0)),
        text(
            "a quote that closes lines later",
            "1,2,3\n\"4,5,6\n7\",8,9\n1,9,9\n",
            Read(3, 2, &[(Reason::IdControlCharacter, 1)], 0),
        ),
        text("a quote within a field", "1,2,3\n4\"x,5,6\n", Read(2, 2, &[], 0)),
        text("a quote in a file without quoting", "1\t2\t3\n\"4\t5\t6\n7\t8\"\t9\n", Read(3, 3, &[], 0)),
        text("text behind a closing quote", "\"1\"x,2,3\n1x,2,4\n", Read(2, 2, &[], 1)),
        text("empty quotes", "1,2,3\n\"\",2,3\n", Read(2, 1, &[(Reason::EmptyId, 1)], 0)),
        text("a lone quote at the end", "1,2,3\n\"", Read(2, 1, &[(Reason::UnterminatedQuote, 1)], 0)),
    ]
}

fn containers() -> Vec<Case> {
    let table = |e: &ReadError| matches!(e, ReadError::Table(TableError::Read { .. }));
    let utf16_refused = |e: &ReadError| matches!(e, ReadError::Table(TableError::Utf16 { .. }));
    let long = gzip(&"1,2,3\n4,5,6\n".repeat(50_000).into_bytes());
    let mut flipped = zip(&[("ratings.csv", PLAIN)]);
    let at = flipped.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap() + 16;
    flipped[at] ^= 1;
    vec![
        ("gzip", gzip(PLAIN), Read(2, 2, &[], 0)),
        ("two gzip members", [gzip(PLAIN), gzip(b"7,8,9\n")].concat(), Read(3, 3, &[], 0)),
        ("a row over two gzip members", [gzip(b"1,2,3\n4,"), gzip(b"5,6\n")].concat(), Read(2, 2, &[], 0)),
        ("gzip of nothing", gzip(b""), Empty(0, &[])),
        ("truncated gzip", long[..long.len() / 2].to_vec(), Refused(table)),
        ("gzip without its last byte", long[..long.len() - 1].to_vec(), Refused(table)),
        ("gzip magic alone", b"\x1f\x8b".to_vec(), Refused(table)),
        ("zip of one file of any name", zip(&[("x/whatever.txt", PLAIN)]), Read(2, 2, &[], 0)),
        ("zip of nothing", zip(&[]), Refused(|e| matches!(e, ReadError::Table(TableError::ZipEntry { .. })))),
        (
            "zip of two files of no known name",
            zip(&[("a.csv", PLAIN), ("b.csv", PLAIN)]),
            Refused(|e| matches!(e, ReadError::Table(TableError::ZipEntry { .. }))),
        ),
        (
            "truncated zip",
            zip(&[("ratings.csv", PLAIN)])[..40].to_vec(),
            Refused(|e| matches!(e, ReadError::Table(TableError::Zip { .. }))),
        ),
        ("zip with a wrong checksum", flipped, Refused(table)),
        ("utf-16 little", utf16("1,2,3\n4,5,6\n", true, u16::to_le_bytes), Refused(utf16_refused)),
        ("utf-16 big", utf16("1,2,3\n4,5,6\n", true, u16::to_be_bytes), Refused(utf16_refused)),
        ("utf-16 little without mark", utf16("1,2,3\n4,5,6\n", false, u16::to_le_bytes), Refused(utf16_refused)),
        ("utf-16 big without mark", utf16("1,2,3\n4,5,6\n", false, u16::to_be_bytes), Refused(utf16_refused)),
    ]
}

fn giants() -> Vec<Case> {
    let line = |length: usize| format!("1,2,3\n{}\n4,5,6\n", "x".repeat(length)).into_bytes();
    let quoted = format!("1,2,3\n\"{}\n4,5,6\n", "x,y\n".repeat(MAX_LINE_BYTES / 2));
    vec![
        ("a line of 8 MiB", line(8 << 20), Read(3, 2, &[(Reason::LineTooLong, 1)], 0)),
        (
            "a line of 8 MiB at the end",
            [PLAIN, &vec![b'1'; 8 << 20]].concat(),
            Read(3, 2, &[(Reason::LineTooLong, 1)], 0),
        ),
        ("the longest line", line(MAX_LINE_BYTES), Read(3, 2, &[(Reason::TooFewFields, 1)], 0)),
        ("one byte more", line(MAX_LINE_BYTES + 1), Read(3, 2, &[(Reason::LineTooLong, 1)], 0)),
        (
            "a quote open for 2 MiB",
            quoted.into_bytes(),
            // The line that opens it is lost, those behind it are read on their own.
            Mostly(524_290, 2, &[(Reason::UnterminatedQuote, 1), (Reason::TooFewFields, 524_287)]),
        ),
        (
            "a bomb: 64 MiB of zeros",
            zip(&[("ratings.csv", &vec![0; 64 << 20])]),
            Refused(|e| matches!(e, ReadError::Table(TableError::Refused { .. }))),
        ),
        ("many ratings of one pair", "1,2,3\n".repeat(100_000).into_bytes(), Read(100_000, 100_000, &[], 99_999)),
    ]
}

#[test]
fn every_nasty_file_is_read_with_the_counts_stated() {
    let small: Vec<Case> = [shapes(), fields(), numbers(), quotes(), containers()].into_iter().flatten().collect();
    let giants = giants();
    assert!(small.len() + giants.len() >= 60, "{} cases", small.len() + giants.len());
    for case in &small {
        for chunk in [1, 2, 3, 7, 16, 64, 1 << 18] {
            check(case, chunk);
        }
    }
    for case in &giants {
        check(case, 1 << 18);
        check(case, 50_000);
    }
}

#[test]
fn strict_reading_names_the_first_rejected_line() {
    let options = ReadOptions { strict: true, ..ReadOptions::default() };
    let source = Source::bytes("userId,movieId,rating\n1,2,3\n\n1,3,x\n1,4,\n");
    let error = read_interactions(source, &options, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, ReadError::Rejected { line: 4, reason: Reason::RatingNotANumber, .. }), "{error}");
}

#[test]
fn a_limit_takes_the_first_ratings_and_counts_the_rejected_rows_on_the_way() {
    let text = "1,2,3\n1,3,x\n1,4,5\n1,5,5\n";
    for chunk in [1, 1 << 18] {
        let options = ReadOptions { rows: Some(2), ..ReadOptions::default() };
        let read = read_in_chunks(Source::bytes(text), &options, chunk, &mut |_| ControlFlow::Continue(()));
        let (ratings, report) = read.unwrap();
        assert_eq!((report.rows, report.accepted, ratings.nnz()), (3, 2, 2));
    }
}

#[test]
fn reading_stops_when_the_caller_wants_no_more() {
    let bytes = "1,2,3\n".repeat(1 << 17);
    let mut calls = 0;
    let error = read_interactions(Source::bytes(bytes.clone()), &ReadOptions::default(), &mut |progress| {
        calls += 1;
        assert_eq!(progress.bytes_total, bytes.len() as u64);
        if calls == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(error, Err(ReadError::Stopped { .. })));
    assert_eq!(calls, 2);
}

#[test]
fn the_last_of_equal_pairs_counts_and_the_order_of_rows_does_not() {
    let rows = ["b,10,1.5\n", "a,9,2\n", "b,9,3\n", "a,10,4\n", "10,9,5\n", "9,x,0.5\n"];
    let (ratings, report) = read(format!("b,10,5\n{}", rows.concat()).as_bytes(), 8).unwrap();
    assert_eq!(report.duplicates, 1);
    assert_eq!(ratings.users().iter().collect::<Vec<_>>(), ["9", "10", "a", "b"]);
    assert_eq!(ratings.of(ratings.user("b").unwrap()), (&[0u32, 1][..], &[3.0f32, 1.5][..]));
    let reversed: String = rows.iter().rev().copied().collect();
    let (other, _) = read(reversed.as_bytes(), 1 << 18).unwrap();
    assert_eq!((ratings.matrix(), ratings.hash()), (other.matrix(), other.hash()));
}

#[test]
fn a_file_without_a_row_is_empty_whatever_is_said_of_it() {
    for text in ["", "\n", "\u{feff}", "   \n", "\"", "\0", "\r\n\r\n", "#\n"] {
        for (wide, header) in [(None, None), (Some(true), None), (Some(false), None), (Some(true), Some(true))] {
            let options = ReadOptions { wide, header, ..ReadOptions::default() };
            let read = read_interactions(Source::bytes(text), &options, &mut |_| ControlFlow::Continue(()));
            let error = read.err().map(|error| error.to_string());
            assert!(error.is_some(), "{text:?} {options:?}");
        }
    }
}

#[test]
fn a_quote_that_opens_by_mistake_loses_its_line_and_no_other() {
    let mut text = "user,item,rating,note\n".to_owned();
    for row in 0..3000 {
        let note = if row == 100 || row == 2500 { "\"big one" } else { "fine" };
        text += &format!("{},{},{},{note}\n", row % 50, row, row % 5 + 1);
    }
    let (_, report) =
        read_interactions(Source::bytes(text), &ReadOptions::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!((report.rows, report.accepted), (3000, 2998));
    assert_eq!(report.rejected.by_reason.get(&Reason::UnterminatedQuote), Some(&2));
    let first: Vec<u64> = report.rejected.first.iter().map(|row| row.line).collect();
    assert_eq!(first, [102, 2502]);
}
