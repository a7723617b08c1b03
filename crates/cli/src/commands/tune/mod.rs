//! `foretaste tune`: good parameters of a model, by a cut of the training data; test rows are looked at once, at the end.

mod report;
mod state;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Error, Result, anyhow};
use foretaste_eval::tune::{
    Goal, Head, Line, Search, SearchError, Sensitivity, Told, TrainOnly, Trial, Validation, Within, kept, tune,
};
use foretaste_eval::{Asked, Contender, EvalError, Plan, Protocol, Split, at_least, evaluate};

use self::report::Tuned;
use self::state::StateFile;
use super::evaluate::{Watched, folds, shell_line};
use super::pool;
use crate::args::{DataArgs, EvaluateArgs, ModelsArgs, TuneArgs};
use crate::data::load_ratings;
use crate::exit::{Exit, coded};
use crate::machine;
use crate::output::{self, Shape, seconds};

/// The cut of the training data comes from it, whatever the seed of the search is: searches are compared on the same rows.
const CUT_SEED: u64 = 7;

pub(super) fn run(args: &TuneArgs) -> Result<()> {
    let tuned = pool(args.threads)?.install(|| tuned(args))?;
    match args.json.shape() {
        Shape::Json => output::json(&tuned),
        Shape::Text => tuned.write(args.protocol),
    }
}

fn tuned(args: &TuneArgs) -> Result<Tuned> {
    if args.freeze && args.train.is_some() && args.test.is_none() {
        return Err(coded(Exit::Usage, anyhow!("--freeze with --train needs --test FILE, the rows to find")));
    }
    let split = cut(args);
    let (validation, members) = (validation(args, split)?, args.members());
    let (goal, shape) = (args.metric.unwrap_or_else(|| default_goal(args)), validation.shape());
    let of = validation.users();
    let (search, validation) = if members.0.is_empty() {
        let search = Search::new(args.model(), &args.set, &args.space, &shape, goal, args.trials(), args.seed);
        (if args.halving { search.and_then(Search::halving) } else { search }, validation)
    } else {
        let validation = validation.for_votes(members.0.len(), args.memory, CUT_SEED);
        (Search::blend(members, &args.set, &shape, goal, args.trials(), args.seed), validation)
    };
    let search = search.map_err(|error: SearchError| coded(Exit::Usage, error))?;
    let mut state = StateFile::open(args, &Head::of(&search, &validation, &split.to_string()))?;
    if state.known.frozen.is_some() && !args.freeze {
        let path = state.path.display();
        let error = anyhow!(
            "{path} was frozen: no trial follows; --freeze prints its figures again, another --state begins anew"
        );
        return Err(coded(Exit::Usage, error));
    }
    let (mut trials, kept) = (state.known.trials.clone(), state.known.trials.len());
    if kept > 0 {
        output::note(&format!("going on after {kept} trials of {}", state.path.display()));
    }
    let mut pace = Pace {
        begun: Instant::now(),
        made: 0,
        is_waiting: false,
        of: search.trials(),
        best: goal.best(&trials).cloned(),
    };
    if state.known.frozen.is_none() {
        let mut told = |told: Told<'_>| {
            match told {
                Told::Member(summary) => {
                    pace.is_waiting = true;
                    output::note(&format!("fitting {summary}"));
                }
                Told::Trial(trial) => {
                    state.add(&Line::Trial(trial.clone()))?;
                    output::note(&pace.told(&search, trial));
                }
            }
            Ok::<(), Error>(())
        };
        tune(&validation, &search, args.limit, &mut trials, &machine::cpu_time, &mut told).map_err(refused)?;
    }
    let best = goal.best(&trials).cloned().ok_or_else(|| {
        let why = trials.iter().find_map(|trial| trial.stopped.clone()).unwrap_or_default();
        coded(Exit::Usage, anyhow!("no trial has a figure: {why}"))
    })?;
    let settings = search.settings(&best.set);
    if args.freeze && state.known.test.is_none() {
        if state.known.frozen.is_none() {
            state.add(&Line::Frozen(best.trial))?;
            state.known.frozen = Some(best.trial);
        }
        let figures = tested(args, goal, settings.clone())?;
        state.add(&Line::Test(figures.clone()))?;
        state.known.test = Some(figures);
    }
    let sensitivity = Sensitivity::of(&search, &trials);
    let command = command(args.model(), &settings);
    Ok(Tuned::new(args, &search, &validation, (split, of), &state, trials, best, sensitivity, command))
}

/// How the training data are cut: as the evaluation cuts all data.
fn cut(args: &TuneArgs) -> Within {
    match args.protocol {
        Some(protocol) => protocol.within_train(),
        None => args.split.unwrap_or(Split::Random { share: 0.2 }).within_train().into(),
    }
}

fn default_goal(args: &TuneArgs) -> Goal {
    let of_ratings = [Protocol::P1, Protocol::P2, Protocol::P3, Protocol::P4];
    if args.protocol.is_some_and(|protocol| of_ratings.contains(&protocol)) {
        Goal::Rmse
    } else {
        Goal::List(foretaste_eval::Metric::Ndcg, args.at)
    }
}

/// The cut that judges. What is held out for the test ends in here, or was never read.
fn validation(args: &TuneArgs, split: Within) -> Result<Validation> {
    if matches!(split, Within::Entries(Split::Arrival(_))) && (args.halving || !args.blend.is_empty()) {
        let error = anyhow!(
            "--blend and --halving ask users of the training data, and --split arrival asks others: choose --split time, or tune \
             one model without them"
        );
        return Err(coded(Exit::Usage, error));
    }
    let train = match &args.train {
        Some(train) => {
            let read = load_ratings(&DataArgs { data: train.clone(), read: args.read.clone() })?;
            TrainOnly::given(match args.positive {
                Some(least) => Arc::new(read.about(&read.name, at_least(&read.interactions, least))),
                None => read,
            })
        }
        None => {
            let folds = folds(&as_evaluated(args, Vec::new()))?;
            TrainOnly::of(folds.fold(0).map_err(|error| coded(Exit::Usage, error))?)
        }
    };
    train.cut(split, CUT_SEED).map_err(|error| coded(Exit::Usage, error))
}

/// The figures of the winner on the rows that were held out.
fn tested(args: &TuneArgs, goal: Goal, settings: Vec<String>) -> Result<std::collections::BTreeMap<String, f64>> {
    let asked = [Contender::Model(Asked { model: args.model().to_owned(), settings })];
    let folds = folds(&as_evaluated(args, Vec::new()))?;
    let k = if let Goal::List(_, k) = goal { k } else { args.at };
    let plan = Plan { at: vec![k], seed: args.seed, limit: None, memory: None, shares: Vec::new() };
    let report = evaluate(&folds, &asked, &plan, &mut Watched::new(folds.len()));
    let report = report.map_err(|error| coded(Exit::Usage, error))?;
    let figures = report.models.into_iter().next().map(|model| model.metrics).unwrap_or_default();
    Ok(figures.into_iter().map(|(name, figure)| (name, kept(figure))).collect())
}

/// What `evaluate` would be asked, so that both part data alike.
fn as_evaluated(args: &TuneArgs, models: Vec<Asked>) -> EvaluateArgs {
    EvaluateArgs {
        data: args.data.clone(),
        read: args.read.clone(),
        train: args.train.clone(),
        test: args.test.clone(),
        split: args.split,
        protocol: args.protocol,
        models: ModelsArgs(models),
        at: vec![args.at],
        positive: args.positive,
        seed: args.seed,
        seeds: 1,
        limit: None,
        memory: None,
        lists: Vec::new(),
        scores: Vec::new(),
        model_file: Vec::new(),
        report: None,
        save_lists: None,
        save_users: None,
        html: None,
        curve: false,
        csv: false,
        threads: args.threads,
        json: args.json,
    }
}

/// The command line that evaluates the winner: what was typed, less what only a search needs.
fn command(model: &str, settings: &[String]) -> String {
    const WITH_VALUE: [&str; 10] =
        ["--trials", "--state", "--space", "--metric", "--set", "--limit", "--model", "--blend", "--memory", "--at"];
    let (mut words, mut typed) = (vec!["evaluate".to_owned()], std::env::args().skip(2));
    let mut at = None;
    while let Some(word) = typed.next() {
        let (flag, own) =
            word.split_once('=').map_or((word.as_str(), None), |(flag, value)| (flag, Some(value.to_owned())));
        if matches!(flag, "--freeze" | "--halving" | "--json") {
            continue;
        }
        if !WITH_VALUE.contains(&flag) {
            words.push(word);
            continue;
        }
        let value = own.or_else(|| typed.next()).unwrap_or_default();
        match flag {
            "--at" => at = Some(value),
            "--metric" => at = value.split_once('@').map(|(_, k)| k.to_owned()),
            _ => {}
        }
    }
    let has = |flag: &str| words.iter().any(|word| word == flag || word.starts_with(&format!("{flag}=")));
    if has("--train") && !has("--test") {
        words.extend(["--test", "FILE"].map(str::to_owned));
    }
    words.extend(["--model".to_owned(), model.to_owned()]);
    words.extend(settings.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]));
    words.extend(at.into_iter().flat_map(|k| ["--at".to_owned(), k]));
    shell_line(words)
}

/// How fast it goes, and how long it will.
struct Pace {
    /// When the first of the tries counted began.
    begun: Instant,
    made: usize,
    /// Whether the next try waits for the members of a blend, which tells nothing of those after it.
    is_waiting: bool,
    of: usize,
    best: Option<Trial>,
}

impl Pace {
    fn told(&mut self, search: &Search, trial: &Trial) -> String {
        let goal = search.goal();
        if let Some(figure) = trial.figure.filter(|_| trial.share.is_none())
            && self.best.as_ref().and_then(|best| best.figure).is_none_or(|best| goal.is_better(figure, best))
        {
            self.best = Some(trial.clone());
        }
        let mut figure = trial.figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.4}"));
        if let Some(share) = trial.share {
            figure = format!("{figure} at {share} of the work");
        }
        let best =
            self.best.as_ref().and_then(|best| best.figure).map_or_else(|| "-".to_owned(), |best| format!("{best:.4}"));
        let settings = search.settings(&trial.set).join(" ");
        let (number, of) = (trial.trial + 1, self.of);
        format!("trial {number} of {of}: {goal} {figure} with {settings}; best {best}{}", self.rate(number))
    }

    /// Trials a minute and the time left, after trial `number`.
    fn rate(&mut self, number: usize) -> String {
        if std::mem::take(&mut self.is_waiting) {
            (self.begun, self.made) = (Instant::now(), 0);
            return String::new();
        }
        self.made += 1;
        let took = self.begun.elapsed().as_secs_f64();
        let left = self.of.saturating_sub(number) as f64 * took / self.made as f64;
        let rate = self.made as f64 / took.max(1e-9) * 60.0;
        let left = seconds(Duration::try_from_secs_f64(left).unwrap_or_default());
        format!("; {rate:.1} trials a minute, {left} left")
    }
}

/// An error of the search with its exit code.
fn refused(error: Error) -> Error {
    match error.downcast::<EvalError>() {
        Ok(error) => coded(Exit::Usage, error),
        Err(error) => error,
    }
}
