//! The fit queue without sockets: joining, refusing, reading again, failing, stopping.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use foretaste::dataset::Dataset;
use foretaste::interactions::ReadOptions;
use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;
use foretaste_service::{
    FitData, FitJobError, FitRequest, Fitted, Job, JobState, NotEnoughMemory, Origin, Schedule, ScoringThreads,
    Service, ServiceConfig, Source, SourceData, SourceError, SourceState,
};

const PATIENCE: Duration = Duration::from_secs(60);

/// What reading the source gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Ratings,
    Model,
    Panic,
}

/// A ratings file. Reading it waits while the gate is shut.
#[derive(Debug)]
struct File {
    folder: tempfile::TempDir,
    reading: Mutex<Reading>,
    is_shut: Mutex<bool>,
    opened: Condvar,
    read: AtomicUsize,
    can_be_read_twice: bool,
}

impl File {
    fn path(&self) -> PathBuf {
        self.folder.path().join("ratings.csv")
    }

    fn write(&self, more: &str) {
        let mut text = String::from("user,item,rating\n");
        for (user, item) in (0..6).flat_map(|user| (0..6).map(move |item| (user, item))) {
            if (user + item) % 3 != 0 {
                text += &format!("{user},{item},{}\n", 1 + (user * item) % 5);
            }
        }
        fs::write(self.path(), text + more).unwrap();
    }

    fn shut(&self, is_shut: bool) {
        *self.is_shut.lock().unwrap() = is_shut;
        self.opened.notify_all();
    }

    fn load(&self) -> Result<Dataset, SourceError> {
        let read = Dataset::load(&self.path(), None, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()));
        read.map_err(|error| SourceError(error.to_string()))
    }
}

impl Source for File {
    fn state(&self) -> Result<Option<SourceState>, SourceError> {
        if !self.can_be_read_twice {
            return Ok(None);
        }
        SourceState::of(&[&self.path()]).map_err(|error| SourceError(error.to_string()))
    }

    fn read(&self, _: Option<&SourceState>, is_cancelled: &dyn Fn() -> bool) -> Result<SourceData, SourceError> {
        self.read.fetch_add(1, Ordering::Relaxed);
        let mut is_shut = self.is_shut.lock().unwrap();
        while *is_shut && !is_cancelled() {
            is_shut = self.opened.wait_timeout(is_shut, Duration::from_millis(5)).unwrap().0;
        }
        drop(is_shut);
        let data = self.load()?;
        let reading = *self.reading.lock().unwrap();
        match reading {
            Reading::Ratings => Ok(SourceData::Interactions(Box::new(data))),
            Reading::Model => Ok(SourceData::Model(Box::new(fitted(data, 1)))),
            Reading::Panic => panic!("on purpose"),
        }
    }
}

fn fitted(data: Dataset, rank: usize) -> Recommender {
    let params = ModelParams::default().with(&[format!("rank={rank}")]).unwrap();
    let mut progress = |_| ControlFlow::Continue(());
    Recommender::fit(Arc::new(data), &params, jiff::Timestamp::UNIX_EPOCH, &mut progress).unwrap().0
}

struct Running {
    service: Service,
    file: Arc<File>,
    _threads: ScoringThreads,
}

fn start_with(memory: Option<u64>, can_be_read_twice: bool) -> Running {
    let file = Arc::new(File {
        folder: tempfile::tempdir().unwrap(),
        reading: Mutex::new(Reading::Ratings),
        is_shut: Mutex::new(false),
        opened: Condvar::new(),
        read: AtomicUsize::new(0),
        can_be_read_twice,
    });
    file.write("");
    let origin = Origin::of(Arc::clone(&file) as Arc<dyn Source>).unwrap();
    let first = fitted(file.load().unwrap(), 3);
    let config = ServiceConfig { threads: 1, queue: 1, wait: PATIENCE, memory, schedule: Schedule::default() };
    let train = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let (service, threads) = Service::start(&config, first, origin, train, Arc::new(())).unwrap();
    Running { service, file, _threads: threads }
}

fn start() -> Running {
    start_with(None, true)
}

impl Running {
    fn submit(&self, rank: usize, data: FitData) -> Result<Arc<Job>, FitJobError> {
        let params = self.service.params().with(&[format!("rank={rank}")]).unwrap();
        self.service.fits.submit(FitRequest { params, data })
    }

    /// Starts a fit that reads the source, and leaves it there.
    fn occupy(&self) -> Arc<Job> {
        self.file.shut(true);
        self.file.write("new,1,5\n");
        let job = self.submit(2, FitData::Source).unwrap();
        let until = Instant::now() + PATIENCE;
        while self.file.read.load(Ordering::Relaxed) == 0 {
            assert!(Instant::now() < until, "it does not read");
            std::thread::yield_now();
        }
        job
    }

    fn serving(&self) -> String {
        self.service.versions.current().name.clone()
    }
}

fn ended(job: &Job) -> Result<Fitted, FitJobError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match job.state() {
            JobState::Succeeded { fitted, .. } => return Ok(fitted),
            JobState::Failed { error, .. } => return Err(error),
            JobState::Queued | JobState::Running { .. } => assert!(Instant::now() < until, "it has not ended"),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn equal_fits_are_one_job_whether_it_runs_or_waits_and_others_are_not() {
    let running = start();
    let first = running.occupy();
    assert_eq!(running.submit(2, FitData::Source).unwrap().id, first.id);
    let waiting = running.submit(3, FitData::Source).unwrap();
    assert_ne!(waiting.id, first.id);
    for _ in 0..40 {
        assert_eq!(running.submit(3, FitData::Source).unwrap().id, waiting.id);
    }
    // Of the same rank, but of other data.
    assert!(
        matches!(running.submit(3, FitData::Loaded), Err(FitJobError::QueueFull { waiting }) if waiting == "rank 3")
    );
    assert!(
        matches!(running.submit(1, FitData::Source), Err(FitJobError::QueueFull { waiting }) if waiting == "rank 3")
    );
    running.file.shut(false);
    assert_eq!(ended(&first).unwrap().reread.unwrap().rows_added, 1);
    // The second finds what the first read.
    assert_eq!(ended(&waiting).unwrap().reread, None);
    assert_eq!(running.service.fits.jobs().len(), 2);
    assert_eq!(running.file.read.load(Ordering::Relaxed), 1);
}

#[test]
fn a_job_that_reads_an_older_state_is_not_joined() {
    let running = start();
    let first = running.occupy();
    running.file.write("new,1,5\nnew,2,5\n");
    let second = running.submit(2, FitData::Source).unwrap();
    assert_ne!(first.id, second.id);
    running.file.shut(false);
    ended(&first).unwrap();
    ended(&second).unwrap();
    let current = running.service.versions.current();
    assert_eq!(current.recommender.rated("new").unwrap().len(), 2);
}

#[test]
fn what_is_loaded_is_fitted_without_a_look_at_the_source() {
    let running = start();
    fs::remove_file(running.file.path()).unwrap();
    let job = running.submit(2, FitData::Loaded).unwrap();
    assert_eq!(ended(&job).unwrap().version, "v2");
    let job = running.submit(2, FitData::Source).unwrap();
    assert!(matches!(ended(&job), Err(FitJobError::Source(_))));
    assert_eq!(running.serving(), "v2");
}

#[test]
fn a_pipe_is_fitted_from_memory() {
    let running = start_with(None, false);
    running.file.write("new,1,5\n");
    let job = running.submit(2, FitData::Source).unwrap();
    assert_eq!(ended(&job).unwrap().reread, None);
    let job = running.service.fits.reload().unwrap().unwrap();
    ended(&job).unwrap();
    assert_eq!((running.file.read.load(Ordering::Relaxed), running.serving().as_str()), (0, "v3"));
}

#[test]
fn a_reload_fits_what_changed_with_the_parameters_that_serve_and_nothing_where_nothing_changed() {
    let running = start();
    assert!(running.service.fits.reload().unwrap().is_none());
    running.file.write("new,1,5\nnew,2,5\n");
    let job = running.service.fits.reload().unwrap().unwrap();
    assert_eq!(ended(&job).unwrap().reread.unwrap().rows_added, 2);
    let current = running.service.versions.current();
    assert_eq!((current.name.as_str(), current.recommender.provenance().params.summary().as_str()), ("v2", "rank 3"));
    assert!(running.service.fits.reload().unwrap().is_none());
}

#[test]
fn a_reload_of_a_model_file_serves_it_as_it_is_and_a_fit_takes_its_data() {
    let running = start();
    *running.file.reading.lock().unwrap() = Reading::Model;
    running.file.write("new,1,5\n");
    ended(&running.service.fits.reload().unwrap().unwrap()).unwrap();
    assert_eq!(running.service.params().summary(), "rank 1");
    running.file.write("new,1,5\nnew,2,5\n");
    ended(&running.submit(2, FitData::Source).unwrap()).unwrap();
    assert_eq!(running.service.params().summary(), "rank 2");
    assert_eq!(running.service.versions.current().recommender.rated("new").unwrap().len(), 2);
}

#[test]
fn a_panic_while_reading_fails_the_job_and_the_next_one_runs() {
    let running = start();
    *running.file.reading.lock().unwrap() = Reading::Panic;
    running.file.write("new,1,5\n");
    assert!(matches!(ended(&running.submit(2, FitData::Source).unwrap()), Err(FitJobError::Panicked)));
    *running.file.reading.lock().unwrap() = Reading::Ratings;
    assert_eq!(ended(&running.submit(2, FitData::Source).unwrap()).unwrap().version, "v2");
}

#[test]
fn other_data_may_allow_another_rank_and_says_so_when_it_does_not() {
    let running = start();
    let refused = running.submit(7, FitData::Source).unwrap_err().to_string();
    assert!(refused.starts_with("rank 7 was asked for, allowed are 1 to 6"), "{refused}");
    running.file.write("6,0,5\n6,6,1\n");
    ended(&running.submit(7, FitData::Source).unwrap()).unwrap();
    running.file.write("");
    let refused = ended(&running.submit(7, FitData::Source).unwrap()).unwrap_err().to_string();
    assert!(refused.starts_with("rank 7 was asked for, allowed are 1 to 6"), "{refused}");
    assert_eq!(running.serving(), "v2");
}

#[test]
fn a_limit_of_memory_refuses_a_fit_before_it_begins_and_a_second_reading() {
    let running = start_with(Some(100), true);
    let refused = running.submit(2, FitData::Loaded);
    assert!(matches!(refused, Err(FitJobError::Memory(NotEnoughMemory::Fit { .. }))), "{refused:?}");
    running.file.write("new,1,5\n");
    let refused = ended(&running.submit(2, FitData::Source).unwrap());
    assert!(matches!(refused, Err(FitJobError::Memory(NotEnoughMemory::Read { .. }))), "{refused:?}");
    assert_eq!(running.file.read.load(Ordering::Relaxed), 0);
}

#[test]
fn a_stop_cancels_what_runs_ends_what_waits_and_refuses_what_comes() {
    let running = start();
    let (first, second) = (running.occupy(), running.submit(3, FitData::Source).unwrap());
    running.service.fits.stop(PATIENCE);
    assert!(matches!(ended(&first), Err(FitJobError::ShuttingDown)));
    assert!(matches!(ended(&second), Err(FitJobError::ShuttingDown)));
    assert!(matches!(running.submit(2, FitData::Loaded), Err(FitJobError::ShuttingDown)));
}
