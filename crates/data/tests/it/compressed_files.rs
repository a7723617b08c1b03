//! Compressed files of every kind: read as what is in them, or refused with the place where they break off.

use std::fmt::Write as _;
use std::io::Write as _;
use std::ops::ControlFlow;

use foretaste_data::interactions::{Interactions, ReadError, ReadOptions, ReadReport, read_interactions};
use foretaste_data::table::{Compression, Source};

use crate::packed::{gzip, zip};

const ZSTD: &[u8] = include_bytes!("../fixtures/ratings.csv.zst");
const XZ: &[u8] = include_bytes!("../fixtures/ratings.csv.xz");
const BZIP2: &[u8] = include_bytes!("../fixtures/ratings.csv.bz2");

fn plain() -> Vec<u8> {
    let mut text = String::from("userId,movieId,rating\n");
    for user in 1..=40 {
        for item in 1..=25 {
            writeln!(text, "{user},{item},{}", user * item % 5 + 1).unwrap();
        }
    }
    text.into_bytes()
}

fn read(bytes: &[u8]) -> Result<(Interactions, ReadReport), ReadError> {
    read_interactions(Source::bytes(bytes), &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))
}

fn same(bytes: &[u8], compression: Compression) {
    let (expected, _) = read(&plain()).unwrap();
    let (found, report) = read(bytes).unwrap();
    assert_eq!(found.hash(), expected.hash());
    assert_eq!((report.accepted, report.compression), (1000, compression));
}

#[test]
fn every_compression_gives_the_plain_file() {
    same(&gzip(&plain()), Compression::Gzip);
    same(&zip(&[("anything", &plain())]), Compression::Zip);
    same(ZSTD, Compression::Zstd);
    same(XZ, Compression::Xz);
    same(BZIP2, Compression::Bzip2);
}

#[test]
fn streams_one_after_the_other_are_one_text() {
    let more = b"\n41,1,5\n".as_slice();
    let bzip2 = |bytes: &[u8]| {
        let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let zstd = |bytes: &[u8]| ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest);
    let skippable = b"\x53\x2a\x4d\x18\x03\0\0\0abc".as_slice();
    for joined in [
        [gzip(&plain()), gzip(more)].concat(),
        [BZIP2, &bzip2(more)].concat(),
        [skippable, ZSTD, skippable, &zstd(more), skippable].concat(),
        [XZ, &[0; 8], XZ].concat(),
    ] {
        let (_, report) = read(&joined).unwrap();
        let expected = if joined.starts_with(XZ) { 2000 } else { 1001 };
        assert_eq!(report.accepted, expected, "{report:?}");
    }
}

#[test]
fn compression_within_compression_is_undone() {
    same(&zip(&[("ratings.csv.gz", &gzip(&plain()))]), Compression::Zip);
    same(&gzip(ZSTD), Compression::Gzip);
    let four = gzip(&gzip(&gzip(&gzip(&plain()))));
    assert!(read(&four).unwrap_err().to_string().contains("compressed four times"));
}

#[test]
fn every_truncation_is_refused_with_the_place_where_it_breaks_off() {
    for (name, whole) in [("zstd", ZSTD), ("xz", XZ), ("bz2", BZIP2), ("gzip", &gzip(&plain()))] {
        for length in (12..whole.len()).step_by(7).chain([whole.len() - 1]) {
            let error = read(&whole[..length]).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, ReadError::Table(_)), "{name} of {length} bytes: {text}");
            assert!(text.contains("breaks off after"), "{name} of {length} bytes: {text}");
            assert!(name == "gzip" || text.contains(name), "{name} of {length} bytes: {text}");
        }
    }
}

#[test]
fn a_flipped_bit_never_gives_other_ratings() {
    let expected = read(&plain()).unwrap().0.hash();
    for (name, whole) in [("zstd", ZSTD), ("xz", XZ), ("bz2", BZIP2)] {
        for at in 0..whole.len() {
            let mut bytes = whole.to_vec();
            bytes[at] ^= 1 << (at % 8);
            if let Ok((found, _)) = read(&bytes) {
                assert_eq!(found.hash(), expected, "{name}, byte {at}");
            }
        }
    }
}

#[test]
fn formats_that_are_not_read_are_refused_by_name_with_what_to_do() {
    let mut tar = vec![b'a'; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    let xlsx = zip(&[("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>")]);
    for (bytes, found, advice) in [
        (tar.clone(), "a tar archive", "tar xf"),
        (gzip(&tar), "a tar archive, in gzip", "tar xf"),
        (xlsx, "an Excel workbook (xlsx)", "as CSV"),
        (b"SQLite format 3\0....".to_vec(), "an SQLite database", "sqlite3"),
        (b"\x89HDF\r\n\x1a\n....".to_vec(), "an HDF5 file", "read_hdf"),
        (b"\x80\x04\x95\x1a\0\0\0\0".to_vec(), "a Python pickle", "never loaded"),
        (b"FEA1....".to_vec(), "a Feather file of version 1", "to_parquet"),
        (b"[{\"user\": 1, \"item\": 2}]".to_vec(), "a JSON array", "jq -c"),
        (b"<!DOCTYPE html>\n<html>".to_vec(), "a page of HTML", "download"),
        (zip(&[("a.npy", b"\x93NUMPY"), ("b.npy", b"\x93NUMPY")]), "NumPy", "load_npz"),
        (gzip(&zip(&[("ratings.csv", b"1,2,3\n")])), "a zip archive within", "unpack it"),
        (vec![0; 4096], "not text", "CSV or Parquet"),
    ] {
        let error = read(&bytes).unwrap_err().to_string();
        assert!(error.contains(found) && error.contains(advice), "{error}");
    }
}
