//! Reading the source again: what changed on disk is served, what is wrong with it is told, and what served goes on.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};

use foretaste::dataset::Dataset;
use foretaste::interactions::ReadOptions;
use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;
use foretaste_server::{Origin, Source, SourceData, SourceError, SourceState};

use crate::client::{Running, any_port, start_from};

/// A ratings file, whose reading waits while the gate is shut.
#[derive(Debug)]
pub(crate) struct File {
    path: PathBuf,
    shut: Mutex<bool>,
    opened: Condvar,
}

impl File {
    pub(crate) fn shut(&self, shut: bool) {
        *self.shut.lock().unwrap() = shut;
        self.opened.notify_all();
    }
}

impl Source for File {
    fn state(&self) -> Result<Option<SourceState>, SourceError> {
        SourceState::of(&[self.path.as_path()]).map_err(|error| SourceError(error.to_string()))
    }

    fn read(&self, _: Option<&SourceState>, _: &dyn Fn() -> bool) -> Result<SourceData, SourceError> {
        drop(self.opened.wait_while(self.shut.lock().unwrap(), |shut| *shut).unwrap());
        load(&self.path).map(|data| SourceData::Interactions(Box::new(data)))
    }
}

fn load(path: &Path) -> Result<Dataset, SourceError> {
    let read = Dataset::load(path, None, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
    read.map_err(|error| SourceError(error.to_string()))
}

/// Ratings of eight items by eight users, and what is to be added.
fn write(path: &Path, more: &str) {
    let mut text = String::from("userId,movieId,rating\n");
    for (user, item) in (0..8).flat_map(|user| (0..8).map(move |item| (user, item))) {
        if (user + item) % 3 != 0 {
            text += &format!("{user},{item},{}\n", 1 + (user * item) % 5);
        }
    }
    std::fs::write(path, text + more).unwrap();
}

pub(crate) struct Served {
    pub(crate) server: Running,
    pub(crate) file: Arc<File>,
    _folder: tempfile::TempDir,
}

/// A server of a file on disk, rank 3.
pub(crate) fn serve() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ratings.csv");
    write(&path, "");
    let file = Arc::new(File { path: path.clone(), shut: Mutex::new(false), opened: Condvar::new() });
    let origin = Origin::of(Arc::clone(&file) as Arc<dyn Source>).unwrap();
    let params = ModelParams::default().with(&["rank=3"]).unwrap();
    let mut progress = |_| ControlFlow::Continue(());
    let data = Arc::new(load(&path).unwrap());
    let first = Recommender::fit(data, &params, jiff::Timestamp::UNIX_EPOCH, &mut progress).unwrap().0;
    Served { server: start_from(any_port(), first, origin), file, _folder: folder }
}

#[test]
fn rows_that_were_added_are_served_after_a_refit_and_counted() {
    let Served { server, file, _folder } = serve();
    assert_eq!(server.get("/v1/users/new/ratings").fault(), "404 unknown_user");
    let unchanged = server.post_json("/v1/models", r#"{"rank": 4}"#).json();
    let unchanged = server.ended(unchanged["id"].as_str().unwrap());
    assert_eq!((&unchanged["state"], unchanged.get("rows_added")), (&"succeeded".into(), None), "{unchanged}");
    write(&file.path, "new,1,5\nnew,2,4\n");
    let job = server.post_json("/v1/models", r#"{"rank": 4}"#).json();
    let job = server.ended(job["id"].as_str().unwrap());
    assert_eq!((&job["state"], &job["rows_added"]), (&"succeeded".into(), &2.into()), "{job}");
    assert_eq!(server.get("/v1/users/new/ratings").json()["total"], 2);
    // The rows went: a negative number, and a version that was rolled back to has its own data.
    write(&file.path, "");
    let job = server.post_json("/v1/models", r#"{"rank": 4}"#).json();
    assert_eq!(server.ended(job["id"].as_str().unwrap())["rows_added"], -2);
    assert_eq!(server.get("/v1/users/new/ratings").fault(), "404 unknown_user");
    assert_eq!(server.post("/v1/models/v3/activate").status, 200);
    assert_eq!(server.get("/v1/users/new/ratings").json()["total"], 2);
}

#[test]
fn the_tutorials_recompute_fits_what_is_loaded() {
    let Served { server, file, _folder } = serve();
    write(&file.path, "new,1,5\n");
    assert_eq!(server.post("/recompute_svd?param=2").status, 200);
    assert_eq!(server.get("/v1/users/new/ratings").fault(), "404 unknown_user");
    let job = server.post_json("/v1/models", r#"{"rank": 2}"#).json();
    assert_eq!(server.ended(job["id"].as_str().unwrap())["rows_added"], 1);
}

#[test]
fn a_source_that_cannot_be_read_fails_the_job_and_the_model_goes_on() {
    let Served { server, file, _folder } = serve();
    let before = server.post("/recommended?param=5");
    type Damage = fn(&Path);
    let damages: [(Damage, &str); 2] = [
        (|path| std::fs::write(path, "nothing\n").unwrap(), "source_unreadable"),
        (|path| std::fs::remove_file(path).unwrap(), "source_unreadable"),
    ];
    for (damage, code) in damages {
        damage(&file.path);
        let job = server.post_json("/v1/models", r#"{"rank": 2}"#);
        assert_eq!(job.status, 202, "{job:?}");
        let job = server.ended(job.json()["id"].as_str().unwrap());
        assert_eq!((&job["state"], &job["error"]["code"]), (&"failed".into(), &code.into()), "{job}");
        assert!(job["error"]["message"].as_str().unwrap().starts_with("the source cannot be read again: "), "{job}");
        let after = server.post("/recommended?param=5");
        assert_eq!((after.header("x-model-version"), &after.body), (Some("v1"), &before.body));
    }
    write(&file.path, "new,1,5\n");
    let job = server.post_json("/v1/models", r#"{"rank": 2}"#).json();
    assert_eq!(server.ended(job["id"].as_str().unwrap())["rows_added"], 1);
}

#[test]
fn forty_equal_fits_are_one_job_and_a_third_kind_is_refused_with_a_time_to_come_back() {
    let Served { server, file, _folder } = serve();
    file.shut(true);
    write(&file.path, "new,1,5\n");
    let ask = |rank: usize| server.post_json("/v1/models", &format!(r#"{{"rank": {rank}}}"#));
    let running = ask(2).json()["id"].clone();
    let clients: Vec<_> = (0..40)
        .map(|_| {
            let mut client = server.client();
            let json = ["content-type: application/json"];
            std::thread::spawn(move || client.send("POST", "/v1/models", &json, br#"{"rank": 3}"#).json()["id"].clone())
        })
        .collect();
    let ids: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    assert!(ids.iter().all(|id| *id == ids[0] && *id != running), "{running}: {ids:?}");
    assert_eq!(ask(2).json()["id"], running, "the one that runs is joined as well");
    let refused = ask(4);
    assert_eq!((refused.fault().as_str(), refused.header("retry-after")), ("409 fit_queue_full", Some("1")));
    let refused = server.post("/recompute_svd?param=4");
    assert_eq!((refused.fault().as_str(), refused.header("retry-after")), ("409 fit_queue_full", Some("1")));
    file.shut(false);
    assert_eq!(server.ended(ids[0].as_str().unwrap())["state"], "succeeded");
    assert_eq!(server.get("/v1/jobs").json()["jobs"].as_array().unwrap().len(), 2);
}

#[test]
fn a_fit_that_reads_the_source_is_not_joined_once_the_source_changed_again() {
    let Served { server, file, _folder } = serve();
    file.shut(true);
    write(&file.path, "new,1,5\n");
    let first = server.post_json("/v1/models", r#"{"rank": 2}"#).json()["id"].clone();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while server.get("/v1/jobs/j1").json()["state"] != "running" {
        assert!(std::time::Instant::now() < until);
    }
    // Whether it has looked at the source yet or not, a job that does not hold the newest rows is not joined.
    std::thread::sleep(std::time::Duration::from_millis(50));
    write(&file.path, "new,1,5\nnew,2,5\n");
    let second = server.post_json("/v1/models", r#"{"rank": 2}"#).json()["id"].clone();
    assert_ne!(first, second);
    file.shut(false);
    assert_eq!(server.ended(second.as_str().unwrap())["state"], "succeeded");
    assert_eq!(server.get("/v1/users/new/ratings").json()["total"], 2);
}
