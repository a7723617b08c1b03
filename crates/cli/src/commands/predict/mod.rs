//! `foretaste predict`: a score for each given pair of user and item, or the reason why there is none.

mod pairs;
mod rows;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Error, Result, anyhow};
use foretaste::models::Meaning;
use foretaste::recommend::{PredictedRating, RecommendError, Recommender, Request};

use super::destination::{self, Destination};
use super::{recommender_of, refused};
use crate::args::{DataArgs, ModelArgs, PredictArgs};
use crate::data::{Place, resolve};
use crate::exit::{Exit, coded};
use crate::output::{self, count, counted};
use pairs::{Pair, Pairs};
use rows::{Missing, Rows, Scored};

/// Every row of the pairs gives a row, in the same order. The pairs are opened, and the place to write to is checked,
/// before the fit: a wrong name should not cost the user a wait.
pub(super) fn run(args: &PredictArgs) -> Result<()> {
    let (name, data) = (&args.pairs, &args.model.data);
    if name == Path::new("-") && data.data == "-" {
        return Err(coded(
            Exit::Usage,
            anyhow!("DATA and --pairs are both `-`, only one of them can be standard input"),
        ));
    }
    if let Some(out) = &args.out {
        destination::check(out, &[name, Path::new(&data.data)])?;
    }
    let mut pairs = Pairs::open(name, args.pairs_columns.as_ref(), args.pairs_separator)?;
    let recommender = recommender_of(&model_args(args)?)?;
    if recommender.meaning() == Meaning::RankingScore {
        output::note(&format!(
            "the scores of the model `{}` order items, they are no predicted ratings; `--model bias` predicts ratings",
            recommender.model_name()
        ));
    }
    if args.distribution && !recommender.knows_distributions() {
        output::note(&format!(
            "the model `{}` does not know how sure its scores are; `--model bayesian_fm` does",
            recommender.model_name()
        ));
    }
    let mut rows = Rows::to(Destination::open(args.out.as_deref())?, args.shape(), args.distribution)?;
    let (mut read, mut missing) = (0u64, BTreeMap::<Missing, u64>::new());
    while let Some(pair) = pairs.next()? {
        read += 1;
        let score = score(&recommender, &pair)?;
        if let Err(reason) = score {
            if data.read.strict {
                rows.stop()?;
                return Err(stopped(name, &pair, reason));
            }
            *missing.entry(reason).or_default() += 1;
        }
        let asked = args.distribution && score.is_ok();
        let rating = if asked { distribution(&recommender, &pair)? } else { None };
        rows.write(&Scored { user: &pair.user, item: &pair.item, score, rating })?;
    }
    rows.finish()?;
    say(read, &missing, &pairs);
    Ok(())
}

/// The flags that make the model. A model file is not read as ratings are: `--strict` is about the pairs then.
fn model_args(args: &PredictArgs) -> Result<ModelArgs> {
    let ModelArgs { data: DataArgs { data, read }, fit, threads } = &args.model;
    let mut read = read.clone();
    if read.strict && matches!(resolve(data)?, Place::Model(_) | Place::Demo) {
        read.strict = false;
    }
    Ok(ModelArgs { data: DataArgs { data: data.clone(), read }, fit: fit.clone(), threads: *threads })
}

/// The score of a pair, or why it has none.
fn score(recommender: &Recommender, pair: &Pair) -> Result<Result<f32, Missing>> {
    if let Some(reason) = pair.fault {
        return Ok(Err(Missing::Row(reason)));
    }
    let unknown = match (recommender.user(&pair.user).is_ok(), recommender.item(&pair.item).is_ok()) {
        (true, true) => match recommender.predict(&pair.user, &pair.item) {
            Ok(score) => return Ok(Ok(score)),
            Err(RecommendError::NoDirection { .. }) => Missing::NoDirection,
            Err(error) => return Err(refused(error)),
        },
        (false, true) => Missing::UnknownUser,
        (true, false) => Missing::UnknownItem,
        (false, false) => Missing::UnknownUserAndItem,
    };
    Ok(Err(unknown))
}

/// How sure the rating of a pair that has a score is, where the model knows it.
fn distribution(recommender: &Recommender, pair: &Pair) -> Result<Option<PredictedRating>> {
    let ratings = recommender.predicted_ratings(&Request::for_user(&pair.user), &[&pair.item]);
    Ok(ratings.map_err(refused)?.pop().flatten())
}

/// What `--strict` ends with.
fn stopped(name: &Path, pair: &Pair, reason: Missing) -> Error {
    let Pair { line, user, item, .. } = pair;
    let (exit, what) = match reason {
        Missing::UnknownUser => (Exit::NotFound, format!("user `{user}` is not known")),
        Missing::UnknownItem => (Exit::NotFound, format!("item `{item}` is not known")),
        Missing::UnknownUserAndItem => (Exit::NotFound, format!("user `{user}` and item `{item}` are not known")),
        Missing::NoDirection => (Exit::NotFound, format!("nothing that user `{user}` did counts for the model")),
        Missing::Row(reason) => (Exit::Data, reason.to_string()),
    };
    let error = anyhow!("{what}; without --strict the row gets this reason instead of a score");
    coded(exit, error).context(format!("{}, line {line}", name.display()))
}

/// Counts the pairs without a score on stderr; says which columns were read when nothing matched.
fn say(read: u64, missing: &BTreeMap<Missing, u64>, pairs: &Pairs) {
    let without: u64 = missing.values().sum();
    if without == 0 {
        return;
    }
    let reasons = missing.iter().map(|(reason, &times)| format!("{} x {}", count(times), reason.token()));
    let reasons = reasons.collect::<Vec<_>>().join(", ");
    let (have, all) = (if without == 1 { "has" } else { "have" }, counted(read, "pair"));
    output::note(&format!("{} of {all} {have} no score: {reasons}", count(without)));
    if without == read {
        output::note(&format!("{}; --pairs-columns and --pairs-separator say otherwise", pairs.reading()));
    }
}

/// Adds the name of the pairs to an error about them.
fn about(name: &Path) -> impl Fn() -> String + '_ {
    move || format!("cannot read the pairs in {}", name.display())
}

/// An error of the pairs as a whole.
fn bad_pairs<T>(result: std::result::Result<T, impl Into<Error>>, name: &Path) -> Result<T> {
    result.map_err(|error| coded(Exit::Data, error)).with_context(about(name))
}
