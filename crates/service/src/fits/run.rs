//! What the thread of the fit queue does: read where it must, fit, publish.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use foretaste::dataset::Dataset;
use foretaste::models::Shape;
use foretaste::recommend::Recommender;
use jiff::Timestamp;

use super::queue::Shared;
use super::{FitData, FitJobError, Fitted, Job, Reread};
use crate::memory::held_by_all;
use crate::source::{SourceData, SourceState};
use crate::versions::Version;

/// What a job fits a model to.
struct Input {
    data: Arc<Dataset>,
    /// A model that serves without a fit.
    model: Option<Recommender>,
    source: Option<SourceState>,
    reread: Option<Reread>,
}

impl Shared {
    /// Does the jobs until the end, in the pool of threads that this is called in.
    pub(super) fn work(&self) {
        while let Some(job) = self.next() {
            let started = Instant::now();
            job.started();
            let outcome = self.fit(&job).map(|(version, fit, reread)| Fitted {
                version: version.name.clone(),
                took: started.elapsed(),
                fit,
                reread,
            });
            let params = &job.request.params;
            match &outcome {
                Ok(Fitted { version, took, reread, .. }) => {
                    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                    let rows_added = reread.map(|reread| reread.rows_added);
                    tracing::info!(job = job.id, ?params, model = version, duration_ms, rows_added, "fitted");
                }
                Err(error) => {
                    self.observer.fit_failed();
                    tracing::error!(job = job.id, ?params, %error, "fit failed");
                }
            }
            self.rest();
            job.finished(outcome);
        }
        for job in self.left() {
            job.finished(Err(FitJobError::ShuttingDown));
        }
    }

    /// Fits and publishes; also says how long the fit took. Whatever goes wrong, the version that serves stays.
    fn fit(&self, job: &Job) -> Result<(Arc<Version>, Duration, Option<Reread>), FitJobError> {
        let input = self.input(job)?;
        if let Some(model) = input.model {
            return Ok((self.versions.publish(model, input.source), Duration::ZERO, input.reread));
        }
        let params = &job.request.params;
        params.check(&Shape::of(&input.data.interactions))?;
        // Older versions give way where they must.
        let room = self.memory.beside_fit(&input.data, params, &self.versions.current())?;
        self.versions.shrink(room, |versions| held_by_all(versions, &input.data));
        let (fitted, report) = contained(|| {
            Recommender::fit(input.data, params, Timestamp::now(), &mut |progress| {
                job.progressed(progress.done);
                if self.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })
        })??;
        if let Some((name, &found)) = fitted.provenance().figures.iter().find(|(_, figure)| !figure.is_finite()) {
            return Err(FitJobError::Figure { name: name.clone(), found });
        }
        let took = report.took("factorise").unwrap_or_else(|| report.total());
        Ok((self.versions.publish(fitted, input.source), took, input.reread))
    }

    /// The data of the version that serves, or the source read again where that is asked for and it has changed.
    fn input(&self, job: &Job) -> Result<Input, FitJobError> {
        let serving = self.versions.current();
        let loaded = Arc::clone(serving.recommender.dataset());
        let as_loaded = |data| Input { data, model: None, source: serving.source.clone(), reread: None };
        // What was not read, or cannot be read twice, is in memory.
        if job.request.data == FitData::Loaded || serving.source.is_none() {
            return Ok(as_loaded(loaded));
        }
        let source = job.look(|| self.source.state())?;
        if source == serving.source {
            return Ok(as_loaded(loaded));
        }
        let room = self.memory.beside_read(&serving)?;
        drop(serving);
        self.versions.shrink(room, |versions| held_by_all(versions, &loaded));
        let read = contained(|| self.source.read(source.as_ref(), &|| self.is_cancelled()))?;
        if self.is_cancelled() {
            return Err(FitJobError::ShuttingDown);
        }
        let (data, model) = match read? {
            SourceData::Interactions(data) => (Arc::new(*data), None),
            SourceData::Model(model) => {
                let data = Arc::clone(model.dataset());
                (data, (job.request.data == FitData::Reload).then_some(*model))
            }
        };
        let rows_added = rows(&data).saturating_sub(rows(&loaded));
        Ok(Input { data, model, source, reread: Some(Reread { rows_added }) })
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Rows that were accepted, or interactions where none were counted.
fn rows(data: &Dataset) -> i64 {
    let accepted = data.report.as_ref().map(|report| report.ratings.accepted);
    i64::try_from(accepted.unwrap_or(data.interactions.matrix().nnz() as u64)).unwrap_or(i64::MAX)
}

fn contained<T>(work: impl FnOnce() -> T) -> Result<T, FitJobError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| FitJobError::Panicked)
}
