//! Real data sets load with exactly the counts their makers state.
#![allow(clippy::print_stderr, reason = "a skip is said")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use foretaste_data::dataset::Dataset;
use foretaste_data::ids::ItemIx;
use foretaste_data::interactions::{ReadOptions, Reason, Rejected, RejectedRow};
use foretaste_data::table::{Compression, Encoding, Separator};

fn data(name: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("FORETASTE_TEST_DATA").map_or(default, PathBuf::from).join(name);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "no test data at {}", path.display());
    eprintln!("skipped: no test data at {}", path.display());
    None
}

fn load(path: &Path, items: Option<&Path>, rows: Option<u64>) -> Dataset {
    let options = ReadOptions { rows, ..ReadOptions::default() };
    Dataset::load(path, items, &options, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn shape(data: &Dataset) -> (usize, usize, usize) {
    (data.interactions.users().len(), data.interactions.items().len(), data.interactions.nnz())
}

fn title(data: &Dataset, id: &str) -> String {
    data.catalogue.title(data.interactions.item(id).unwrap()).unwrap().to_owned()
}

#[test]
fn ml_latest_small_has_quoted_titles_and_half_stars() {
    let Some(path) = data("ml-latest-small") else { return };
    let data = load(&path, None, None);
    assert_eq!(shape(&data), (610, 9724, 100_836));
    let report = data.report.as_ref().unwrap();
    let (ratings, items) = (&report.ratings, report.items.as_ref().unwrap());
    assert_eq!((ratings.rows, ratings.accepted, ratings.duplicates), (100_836, 100_836, 0));
    assert_eq!((items.rows, items.accepted, items.unrated, items.untitled), (9742, 9742, 18, 0));
    assert_eq!((items.separator, items.encoding), (Separator::Comma, Encoding::Utf8));
    assert_eq!(title(&data, "11"), "American President, The (1995)");
    let toy_story = data.catalogue.item(data.interactions.item("1").unwrap());
    assert_eq!(toy_story.genres, ["Adventure", "Animation", "Children", "Comedy", "Fantasy"]);
    assert_eq!(toy_story.year, Some(1995));
    assert!(data.interactions.matrix().values().contains(&0.5));
}

#[test]
fn ml_100k_has_tabs_flags_and_latin_1() {
    let Some(path) = data("ml-100k") else { return };
    let data = load(&path, None, None);
    assert_eq!(shape(&data), (943, 1682, 100_000));
    let items = data.report.as_ref().unwrap().items.as_ref().unwrap();
    assert_eq!((items.rows, items.accepted, items.unrated, items.untitled), (1682, 1682, 0, 0));
    assert_eq!((items.separator, items.encoding), (Separator::Pipe, Encoding::Latin1));
    assert_eq!(data.report.as_ref().unwrap().ratings.header, None);
    let toy_story = data.catalogue.item(data.interactions.item("1").unwrap());
    assert_eq!(toy_story.genres, ["Animation", "Children's", "Comedy"]);
    assert!(data.catalogue.iter().any(|item| item.title.is_some_and(|title| title.contains('é'))));
}

#[test]
fn ml_1m_takes_titles_with_commas() {
    let Some(path) = data("ml-1m") else { return };
    let data = load(&path, None, None);
    assert_eq!(shape(&data), (6040, 3706, 1_000_209));
    let report = data.report.as_ref().unwrap();
    let (ratings, items) = (&report.ratings, report.items.as_ref().unwrap());
    assert_eq!((ratings.rows, ratings.accepted, ratings.compression), (1_000_209, 1_000_209, Compression::Gzip));
    assert_eq!((items.rows, items.accepted, items.unrated, items.untitled), (3883, 3883, 177, 0));
    assert_eq!(items.encoding, Encoding::Latin1);
    assert_eq!(title(&data, "593"), "Silence of the Lambs, The (1991)");
    assert_eq!(title(&data, "73"), "Misérables, Les (1995)");
}

#[test]
fn the_first_rows_of_ml_1m_are_the_tutorials_data() {
    let Some(path) = data("ml-1m") else { return };
    let data = load(&path.join("ratings.csv.gz"), Some(&path.join("movies.csv")), Some(200_000));
    assert_eq!(shape(&data), (1228, 3463, 200_000));
    let items = data.report.as_ref().unwrap().items.as_ref().unwrap();
    let broken = RejectedRow { line: 3777, reason: Reason::SplitTitle };
    let rejected = Rejected { total: 1, by_reason: [(Reason::SplitTitle, 1)].into(), first: vec![broken] };
    assert_eq!(items.rejected, rejected);
    assert_eq!((items.rows, items.accepted), (3883, 3882));
    assert_eq!(title(&data, "1"), "Toy Story (1995)");
    assert_eq!(data.interactions.item("1"), Some(ItemIx(0)));
}
