//! One model in one fold: fitted or read, asked, judged.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use foretaste::artifact;
use foretaste::dataset::Dataset;
use foretaste::models::{FitError, ModelParams, Shape};
use foretaste::recommend::Recommender;
use jiff::Timestamp;

use crate::contender::{Asked, Contender};
use crate::entrant::{Entrant, Shown};
use crate::judge::judge_beside;
use crate::{Answered, Diversity, EvalError, Fold, Judged, Observer, Outside, Plan, judge};

/// A fold and how it is evaluated.
pub(crate) struct Turn<'a> {
    pub(crate) fold: &'a Fold,
    /// Its number, from 0, and how many there are.
    pub(crate) number: usize,
    pub(crate) folds: usize,
    pub(crate) plan: &'a Plan,
    /// The place of the model in the table.
    pub(crate) place: usize,
    /// Shares of the training data, for learning curves.
    pub(crate) shares: &'a [(f64, Arc<Dataset>)],
    /// What is known of the items, where anything is.
    pub(crate) diversity: Option<&'a Diversity>,
}

impl Turn<'_> {
    /// Has the contender evaluated in this fold, and counts what it shows.
    pub(crate) fn of(
        &self,
        contender: &Contender,
        entrant: &mut Entrant,
        observer: &mut dyn Observer,
    ) -> Result<(), EvalError> {
        match contender {
            Contender::Model(asked) => self.fitted(asked, entrant, observer),
            Contender::File(path) => self.loaded(path, entrant, observer),
            Contender::Outside(outside) => self.outside(outside, entrant, observer),
        }
    }

    fn fitted(&self, asked: &Asked, entrant: &mut Entrant, observer: &mut dyn Observer) -> Result<(), EvalError> {
        let train = &self.fold.train;
        let shape = Shape::of(&train.interactions);
        let params = asked.params(&shape)?;
        entrant.named(&params, None);
        observer.begins(self.number, &params.summary());
        let needed = params.memory(&shape).fit;
        if let Some(allowed) = self.plan.memory.filter(|&allowed| needed > allowed) {
            entrant.stop(format!("a fit holds {needed} bytes, allowed are {allowed}"));
            return Ok(());
        }
        let before = observer.cpu();
        let fit = match self.fit(train, &params) {
            Ok(recommender) => recommender,
            Err(FitError::Cancelled) => {
                entrant.stop(self.too_long());
                return Ok(());
            }
            Err(source) => return Err(EvalError::Fit { model: params.summary(), source }),
        };
        let took = observer.cpu().saturating_sub(before);
        let judged = self.asked(&fit)?;
        drop(fit);
        self.count(
            Shown { judged: &judged, train: &train.interactions, diversity: self.diversity, fit: Some(took) },
            entrant,
            observer,
        )?;
        self.curve(&params, entrant, observer)
    }

    /// The same model fitted to shares of the training data, and asked for lists of what may stand in those of all of them.
    /// One that cannot be fitted to so little has no figures for that share.
    fn curve(&self, params: &ModelParams, entrant: &mut Entrant, observer: &mut dyn Observer) -> Result<(), EvalError> {
        for (share, part) in self.shares {
            observer.begins_share(self.number, &params.summary(), *share);
            match self.fit(part, params) {
                Ok(fit) => {
                    let known = Some(&self.fold.train.interactions);
                    let judged = judge_beside(&fit, &self.fold.test, self.plan.longest(), known);
                    let judged = judged.map_err(|source| EvalError::Ask { model: params.summary(), source })?;
                    let shown =
                        Shown { judged: &judged, train: &part.interactions, diversity: self.diversity, fit: None };
                    entrant.add_share(*share, Ok(shown), &self.plan.at);
                }
                Err(FitError::Cancelled) => entrant.add_share(*share, Err(self.too_long()), &self.plan.at),
                Err(error) => entrant.add_share(*share, Err(error.to_string()), &self.plan.at),
            }
        }
        Ok(())
    }

    fn fit(&self, train: &Arc<Dataset>, params: &ModelParams) -> Result<Recommender, FitError> {
        let begun = Instant::now();
        let mut progress = |_| match self.plan.limit {
            Some(limit) if begun.elapsed() > limit => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        Ok(Recommender::fit(Arc::clone(train), params, Timestamp::UNIX_EPOCH, &mut progress)?.0)
    }

    fn too_long(&self) -> String {
        format!("the fit took longer than {} s", self.plan.limit.unwrap_or_default().as_secs_f64())
    }

    fn loaded(&self, path: &Path, entrant: &mut Entrant, observer: &mut dyn Observer) -> Result<(), EvalError> {
        if self.folds > 1 {
            return Err(EvalError::ModelFolds { path: path.to_owned(), folds: self.folds });
        }
        observer.begins(self.number, &path.display().to_string());
        let model = artifact::read(path);
        let model = model.map_err(|source| EvalError::ModelFile { path: path.to_owned(), source: Box::new(source) })?;
        let (found, wanted) = (model.dataset().hash(), self.fold.train.hash());
        if found != wanted {
            return Err(EvalError::ModelData { path: path.to_owned(), found, wanted });
        }
        entrant.named(&model.provenance().params, Some(path.display().to_string()));
        let judged = self.asked(&model)?;
        self.count(
            Shown { judged: &judged, train: &self.fold.train.interactions, diversity: self.diversity, fit: None },
            entrant,
            observer,
        )
    }

    fn outside(&self, outside: &Outside, entrant: &mut Entrant, observer: &mut dyn Observer) -> Result<(), EvalError> {
        let file = outside.path.display().to_string();
        observer.begins(self.number, &file);
        let train = &self.fold.train.interactions;
        let (judged, taken) = outside.judged(train, &self.fold.test, self.plan.longest(), (self.number, self.folds))?;
        entrant.made_elsewhere(outside.kind.name(), file, taken);
        self.count(Shown { judged: &judged, train, diversity: self.diversity, fit: None }, entrant, observer)
    }

    fn asked(&self, recommender: &Recommender) -> Result<Judged, EvalError> {
        let judged = judge(recommender, &self.fold.test, self.plan.longest());
        judged.map_err(|source| EvalError::Ask { model: recommender.provenance().params.summary(), source })
    }

    fn count(&self, shown: Shown<'_>, entrant: &mut Entrant, observer: &mut dyn Observer) -> Result<(), EvalError> {
        entrant.add(shown, &self.plan.at);
        let answered = Answered {
            place: self.place,
            summary: entrant.summary(),
            fold: self.number,
            train: shown.train,
            test: &self.fold.test,
            judged: shown.judged,
        };
        observer.answered(&answered).map_err(EvalError::Keep)
    }
}
