//! Folders, archives and items files in every layout that MovieLens has.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use foretaste_data::catalogue::{ItemsOptions, Value, read_items};
use foretaste_data::dataset::{Dataset, LoadError, Tables};
use foretaste_data::ids::{IdTable, ItemIx};
use foretaste_data::interactions::{Column, ReadError, ReadOptions, Reason};
use foretaste_data::table::{Compression, Source};

fn load(path: &Path) -> Result<Dataset, LoadError> {
    Dataset::load(path, None, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn a_folder_without_ratings_lists_what_was_looked_for() {
    let folder = folder(&[("movies.csv", "movieId,title,genres\n1,A,X\n")]);
    let error = load(folder.path()).unwrap_err();
    assert!(matches!(error, LoadError::Layout { .. }));
    for name in ["ratings.csv", "ratings.dat", "u.data"] {
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(matches!(load(&folder.path().join("absent")), Err(LoadError::Path { .. })));
}

#[test]
fn a_folder_of_dat_files_loads() {
    let folder = folder(&[
        ("ratings.dat", "1::122::5::838985046\n1::185::4.5::838983525\n"),
        ("movies.dat", "122::Boomerang (1992)::Comedy|Romance\n185::Net, The (1995)::Action\n"),
    ]);
    let data = load(folder.path()).unwrap();
    assert_eq!(data.interactions.nnz(), 2);
    assert_eq!(data.catalogue.title(ItemIx(1)), Some("Net, The (1995)"));
}

#[test]
fn flags_take_their_names_from_the_genre_file_beside_them() {
    let folder = folder(&[
        ("u.data", "1\t7\t5\t881250949\n"),
        ("u.item", "7|A (1990)|01-Jan-1991||http://x|0|1|1\n"),
        ("u.genre", "none|0\nFirst|1\nSecond|2\n\n"),
    ]);
    let data = load(folder.path()).unwrap();
    assert_eq!(data.catalogue.item(ItemIx(0)).genres, ["First", "Second"]);
    assert_eq!(data.catalogue.year(ItemIx(0)), Some(1990));
}

#[test]
fn an_archive_gives_ratings_and_titles() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ml-tiny.zip");
    let mut writer = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let files = [
        ("ml-tiny/README.txt", "hello"),
        ("ml-tiny/movies.csv", "movieId,title,genres\n7,\"Film, A (2001)\",(no genres listed)\n"),
        ("ml-tiny/ratings.csv", "userId,movieId,rating,timestamp\n1,7,3.5,1\n2,8,4,1\n"),
    ];
    for (name, text) in files {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap();
    let data = load(&path).unwrap();
    assert_eq!((data.interactions.nnz(), data.report.as_ref().unwrap().ratings.compression), (2, Compression::Zip));
    let item = data.catalogue.item(data.interactions.item("7").unwrap());
    assert_eq!((item.title, item.genres.len(), item.year), (Some("Film, A (2001)"), 0, Some(2001)));
    assert_eq!(data.report.unwrap().items.unwrap().untitled, 1);
}

#[test]
fn broken_item_rows_are_counted_by_reason() {
    let ids = IdTable::from_sorted(["1", "2", "3", "4"]).unwrap();
    let text = "movieId;title;genre\r\n1;A (1990);X|Y\r\n2;B (C;D) (1991)\r\n3;E;F;G\r\n4\r\n;H;I\r\n1;again;X\r\n9;J;K\r\n\r\n\
                2;L\u{7}M;N";
    let (catalogue, report) = read_items(Source::bytes(text), &ids, &ItemsOptions::default()).unwrap();
    let reasons = [
        (Reason::SplitTitle, 1),
        (Reason::TooManyFields, 1),
        (Reason::TooFewFields, 1),
        (Reason::EmptyId, 1),
        (Reason::RepeatedItem, 1),
    ];
    assert_eq!(report.rejected.by_reason, reasons.into());
    assert_eq!((report.rows, report.accepted, report.rejected.total), (8, 3, 5));
    assert_eq!((report.unrated, report.untitled, report.blank_lines), (1, 2, 1));
    assert_eq!(catalogue.title(ItemIx(1)), Some("L M"));

    let strict = ItemsOptions { strict: true, ..ItemsOptions::default() };
    let error = read_items(Source::bytes(text), &ids, &strict).unwrap_err();
    assert!(matches!(error, ReadError::Rejected { line: 3, reason: Reason::SplitTitle, .. }), "{error}");
}

#[test]
fn files_of_items_and_users_are_read_by_the_id_column_of_the_ratings() {
    let folder = folder(&[
        ("r.csv", "visitor_nr;StockCode;rating\na;85123A;5\nb;71053;3\n"),
        ("i.csv", "Description;StockCode;Price\nLantern;71053;3.5\nHolder;85123A;2\n"),
        ("u.csv", "Country;visitor_nr\nDE;b\nFR;c\n"),
    ]);
    let at = |name: &str| folder.path().join(name);
    let (items, users) = (at("i.csv"), at("u.csv"));
    let declared = ["Price:number".parse().unwrap()];
    let tables = Tables { items: Some(&items), users: Some(&users), item_properties: &declared, ..Tables::default() };
    let options = ReadOptions {
        user_column: Some(Column::Name("visitor_nr".into())),
        item_column: Some(Column::Name("StockCode".into())),
        ..ReadOptions::default()
    };
    let never = &mut |_| ControlFlow::Continue(());
    let data = Dataset::load_with(&[&at("r.csv")], &tables, &options, never).unwrap();
    let lantern = data.interactions.item("71053").unwrap();
    assert_eq!(data.catalogue.title(lantern), Some("Lantern"));
    let user = data.interactions.user("b").unwrap();
    assert_eq!(data.users.of_user(user).collect::<Vec<_>>(), [("Country", Value::Text("DE"))]);
    let report = data.report.unwrap();
    let price = report.items.unwrap().properties.into_iter().find(|property| property.name == "Price").unwrap();
    assert_eq!((price.evidence.as_str(), price.known), ("declared", 2));
    assert_eq!((report.users.unwrap().unrated, data.users.len()), (1, 3));

    let tables = Tables { user_properties: &declared, ..Tables::default() };
    let error = Dataset::load_with(&[&at("r.csv")], &tables, &options, never).unwrap_err();
    let expected = "property `Price` is declared, but there is no file of users; --users FILE names one";
    assert_eq!(error.to_string(), expected);
}
