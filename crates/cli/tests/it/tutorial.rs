//! The tutorial's data, exactly: ten titles, predictions, and a stop in the middle of a fit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::program::Program;
use crate::service::Service;
use rustix::process::Signal;

const FOR_USER_500: [&str; 10] = [
    "Toy Story (1995)",
    "Silence of the Lambs, The (1991)",
    "Sleeping Beauty (1959)",
    "West Side Story (1961)",
    "Toy Story 2 (1999)",
    "Lady and the Tramp (1955)",
    "Best in Show (2000)",
    "Star Wars: Episode IV - A New Hope (1977)",
    "Bug's Life, A (1998)",
    "Saving Private Ryan (1998)",
];

const FOR_USER_400: [&str; 10] = [
    "Shawshank Redemption, The (1994)",
    "Star Wars: Episode IV - A New Hope (1977)",
    "Saving Private Ryan (1998)",
    "Star Wars: Episode VI - Return of the Jedi (1983)",
    "Pulp Fiction (1994)",
    "Terminator, The (1984)",
    "Toy Story (1995)",
    "Breakfast Club, The (1985)",
    "Airplane! (1980)",
    "E.T. the Extra-Terrestrial (1982)",
];

/// The folder of MovieLens 1M; without it the test fails in CI and is skipped elsewhere.
fn ml_1m() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FORETASTE_TEST_DATA").map_or(default, PathBuf::from).join("ml-1m");
    if folder.is_dir() {
        return folder.canonicalize().ok();
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is not there", folder.display());
    eprintln!("skipped: {} is not there", folder.display());
    None
}

#[test]
fn the_ten_titles_of_the_tutorial_come_in_its_order() {
    let Some(data) = ml_1m() else { return };
    let (program, data) = (Program::new(), data.to_str().unwrap().to_owned());
    let fit = ["fit", &data, "--rows", "200000", "--rank", "50", "--out", "m.foretaste", "--json"];
    let fitted = program.run(&fit).json();
    assert_eq!((fitted["users"].as_u64(), fitted["items"].as_u64()), (Some(1228), Some(3463)));
    for (user, titles) in [("500", FOR_USER_500), ("400", FOR_USER_400)] {
        for data in [&["m.foretaste"][..], &[&data, "--rows", "200000"]] {
            let args = [&["recommend", "--user", user, "--json"], data].concat();
            let list = program.run(&args).json();
            let found: Vec<_> = list["items"].as_array().unwrap().iter().map(|item| item["title"].clone()).collect();
            assert_eq!(found, titles, "user {user} from {data:?}");
        }
    }
}

#[test]
fn a_signal_during_the_first_fit_ends_it_well() {
    let Some(data) = ml_1m() else { return };
    let program = Program::new();
    let args = ["serve", data.to_str().unwrap(), "--rank", "1500", "--listen", "127.0.0.1:0", "--threads", "1"];
    let mut service = Service::start(program.command(&args));
    let lines = service.lines_until("1,000,209 rows = ");
    assert!(lines[0].starts_with("read ml-1m: 1,000,209 ratings"), "{lines:?}");
    service.signal(Signal::TERM);
    let (code, log) = service.end(Duration::from_secs(20));
    assert_eq!(code, Some(0), "{log}");
}
