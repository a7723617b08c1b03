//! Folders of parts, archives as systems leave them, several files, and pipes.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use foretaste_data::dataset::{Dataset, LoadError, Tables};
use foretaste_data::interactions::{ReadError, ReadOptions};
use foretaste_data::table::TableError;

fn load(path: &Path) -> Result<Dataset, LoadError> {
    load_all(&[path])
}

fn load_all(paths: &[&Path]) -> Result<Dataset, LoadError> {
    Dataset::load_with(paths, &Tables::default(), &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn ids(data: &Dataset) -> Vec<&str> {
    data.interactions.users().iter().collect()
}

const HEADER: &str = "userId,movieId,rating\n";

#[test]
fn parts_are_one_table_with_one_header() {
    let text = |row: &str| format!("{HEADER}{row}");
    let folder = folder(&[
        ("part-0.csv", &text("1,1,1\n2,1,2")),
        ("part-1.csv", &text("3,1,3\r\n")),
        ("part-2.csv", HEADER.trim()),
        ("part-10.csv", &text("1,1,4\n")),
        ("_SUCCESS", ""),
        (".part-0.csv.crc", "crc"),
    ]);
    let data = load(folder.path()).unwrap();
    let report = &data.report.as_ref().unwrap().ratings;
    assert_eq!((report.rows, report.accepted, report.duplicates), (4, 4, 1), "{report:?}");
    assert_eq!(ids(&data), ["1", "2", "3"]);
    // `part-10` comes last.
    let user = data.interactions.user("1").unwrap();
    assert_eq!(data.interactions.of(user).1, [4.0]);
}

#[test]
fn parts_without_headers_and_with_one_in_the_first_alone_are_joined() {
    for first in ["1,1,1\n", "userId,movieId,rating\n1,1,1\n"] {
        let folder = folder(&[("x1.csv", first), ("x2.csv", "1,1,1\n2,1,2\n"), ("x3.csv", "1,1,1\n")]);
        let report = load(folder.path()).unwrap().report.unwrap().ratings;
        assert_eq!((report.accepted, report.rejected.total), (4, 0), "{report:?}");
    }
}

#[test]
fn parts_with_other_columns_are_refused_by_name() {
    let folder = folder(&[("a1.csv", "userId,movieId,rating\n1,1,1\n"), ("a2.csv", "movieId,userId,rating\n1,1,1\n")]);
    let error = load(folder.path()).unwrap_err();
    assert!(matches!(error, LoadError::Read(ReadError::Table(TableError::Parts { .. }))), "{error}");
    assert!(error.to_string().contains("a2.csv") && error.to_string().contains("movieId,userId,rating"), "{error}");
}

#[test]
fn parts_may_be_compressed_in_different_ways() {
    let folder = folder(&[("part-0.csv", "userId,movieId,rating\n1,1,1\n")]);
    let text = crate::packed::gzip(b"userId,movieId,rating\n2,1,2\n");
    std::fs::write(folder.path().join("part-1.csv.gz"), text).unwrap();
    assert_eq!(ids(&load(folder.path()).unwrap()), ["1", "2"]);
}

#[test]
fn items_and_users_may_be_folders_of_parts() {
    let ratings = folder(&[("ratings.csv", "userId,movieId,rating\n1,7,1\n2,8,1\n")]);
    let items = folder(&[("part-0.csv", "movieId,title\n7,Up\n"), ("part-1.csv", "movieId,title\n8,Heat\n")]);
    let users = folder(&[("people.csv", "userId,age\n1,30\n2,40\n"), ("_SUCCESS", "")]);
    let tables = Tables { items: Some(items.path()), users: Some(users.path()), ..Tables::default() };
    let load = |tables: &Tables<'_>| {
        Dataset::load_with(&[ratings.path()], tables, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))
    };
    let data = load(&tables).unwrap();
    assert_eq!(data.catalogue.title(data.interactions.item("8").unwrap()), Some("Heat"));
    assert_eq!(data.report.unwrap().users.unwrap().rows, 2);
    let (other, empty) = (folder(&[("a.csv", "1\n"), ("b.csv", "1\n")]), folder(&[]));
    assert!(matches!(load(&Tables { items: Some(other.path()), ..tables }), Err(LoadError::Several { .. })));
    assert!(matches!(load(&Tables { users: Some(empty.path()), ..tables }), Err(LoadError::NoTableIn { .. })));
}

#[test]
fn several_files_are_read_in_the_order_given() {
    let folder = folder(&[("b.csv", "1,1,1\n"), ("a.csv", "1,1,2\n2,2,2\n")]);
    let [a, b] = ["a.csv", "b.csv"].map(|name| folder.path().join(name));
    let data = load_all(&[&b, &a]).unwrap();
    assert_eq!(data.interactions.of(data.interactions.user("1").unwrap()).1, [2.0]);
    assert_eq!(data.name, "b.csv and 1 more");
    let error = load_all(&[&a, &folder.path().join("absent.csv")]).unwrap_err();
    assert!(matches!(error, LoadError::Path { .. }));
}

#[test]
fn names_that_kaggle_gives_and_folders_within_folders_are_found() {
    let kaggle = folder(&[
        ("rating.csv", "userId,movieId,rating\n1,7,3.5\n"),
        ("movie.csv", "movieId,title,genres\n7,\"Film, A (2001)\",X\n"),
        ("tag.csv", "userId,movieId,tag\n1,7,x\n"),
    ]);
    let data = load(kaggle.path()).unwrap();
    assert_eq!(data.catalogue.title(data.interactions.item("7").unwrap()), Some("Film, A (2001)"));
    let nested = folder(&[
        ("outer/ml-latest/ratings.csv", "userId,movieId,rating\n1,7,3.5\n"),
        ("outer/ml-latest/README.txt", "about"),
        ("__MACOSX/outer/._ratings.csv", "\0\x05\x16\x07"),
        (".DS_Store", "x"),
    ]);
    assert_eq!(load(nested.path()).unwrap().interactions.nnz(), 1);
}

#[test]
fn partitions_of_hive_are_parts() {
    let folder = folder(&[
        ("day=1/part-0.csv", "userId,movieId,rating\n1,1,1\n"),
        ("day=2/hour=3/part-0.csv", "userId,movieId,rating\n2,1,1\n"),
        ("_SUCCESS", ""),
    ]);
    assert_eq!(ids(&load(folder.path()).unwrap()), ["1", "2"]);
}

#[test]
fn several_tables_are_refused_by_name_with_the_way_out() {
    let tables = folder(&[("train.csv", "1,2,3\n"), ("test.csv", "1,2,3\n")]);
    let error = load(tables.path()).unwrap_err();
    assert!(matches!(error, LoadError::Several { .. }), "{error}");
    for word in ["train.csv", "test.csv", "DATA", "--items"] {
        assert!(error.to_string().contains(word), "{error}");
    }
    let folders = folder(&[("a/ratings.csv", "1,2,3\n"), ("b/ratings.csv", "1,2,3\n")]);
    assert!(matches!(load(folders.path()), Err(LoadError::Several { .. })));
}

#[test]
fn archives_made_by_macos_hold_what_people_put_in_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in [
        ("log/clicks.csv", "userId,movieId,rating\n1,7,3.5\n"),
        ("__MACOSX/log/._clicks.csv", "\0\x05\x16\x07\0\x02"),
        ("log/.DS_Store", "\0\0\0\x01Bud1"),
    ] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(load(&path).unwrap().interactions.nnz(), 1);
}

#[test]
fn archives_of_parts_are_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("parts.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in [("p/part-1.csv", "2,7,3.5\n"), ("p/part-0.csv", "1,7,3.5\n"), ("p/_SUCCESS", "")] {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap();
    assert_eq!(ids(&load(&path).unwrap()), ["1", "2"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once_whatever_it_holds() {
    let zip = {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file("x.csv", zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(b"1,2,3\n").unwrap();
        writer.finish().unwrap().into_inner()
    };
    for bytes in [b"1,2,3\n".to_vec(), zip, b"{\"user\": 1, \"item\": 2, \"rating\": 3}\n".to_vec()] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        let to = path.clone();
        let writer = std::thread::spawn(move || std::fs::write(to, bytes).unwrap());
        assert_eq!(load(&path).unwrap().interactions.nnz(), 1);
        writer.join().unwrap();
        assert!(!Dataset::rereadable(&[&path]));
        assert!(!Dataset::rereadable(&[Path::new("-")]));
        assert!(Dataset::rereadable(&[folder.path()]));
    }
}
