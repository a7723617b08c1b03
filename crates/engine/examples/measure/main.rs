//! Fits, searches and makes lists, and prints what each took: for comparisons with other programs, `benches/models/run`.
//!
//! `measure [DATA]` reads a line a measurement and answers it with a line of JSON; CPU seconds throughout, of the whole
//! process. Files of numbers are little-endian, row-major, without a head. Set `RAYON_NUM_THREADS`.
//!
//! ```text
//! fit MODEL NAME=VALUE ..      fits; what it took, and had taken at each whole half of an epoch
//! start ROWS COLUMNS SEED FILE writes the item factors that an ials begins with
//! factors FILE                 writes the factors of the users, then of the items (ials)
//! lists N FILE                 the N best items for all users, their own left out, in one call; writes u32, filled with MAX
//! alone N FILE                 the same, a request for each user
//! some N FILE COUNT            the same for the first COUNT users
//! vectors FILE ROWS COLUMNS    reads the vectors to search, and packs them
//! batch FILE N OUT             the N best for all vectors of the file together; writes u32
//! single FILE N OUT            the same, one after the other
//! screened FILE N OUT          the same by the screened search
//! machine                      floating point rates and memory bandwidth
//! ```
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

mod machine;
mod search;

use std::error::Error;
use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::ids::UserIx;
use foretaste::interactions::ReadOptions;
use foretaste::models::{FitProgress, Model, ModelParams};
use foretaste::recommend::{Recommender, Request, Scored};
use rustix::time::{ClockId, clock_gettime};

use search::Vectors;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Default)]
struct Session {
    data: Option<Arc<Dataset>>,
    fitted: Option<Recommender>,
    vectors: Option<Vectors>,
}

fn main() -> Outcome<()> {
    let mut session = Session::default();
    if let Some(path) = std::env::args().nth(1) {
        let read = Dataset::load(Path::new(&path), None, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))?;
        session.data = Some(Arc::new(read));
    }
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        println!("{}", session.answer(&words)?);
        std::io::stdout().flush()?;
    }
    Ok(())
}

impl Session {
    fn answer(&mut self, words: &[&str]) -> Outcome<serde_json::Value> {
        match *words {
            ["fit", model, ref settings @ ..] => self.fit(model, settings),
            ["start", rows, columns, seed, file] => {
                let (rows, columns): (usize, usize) = (rows.parse()?, columns.parse()?);
                let start = foretaste_linalg::normal(rows, columns, 0.1 / (columns as f64).sqrt(), seed.parse()?);
                write(start.values(), file)
            }
            ["factors", file] => self.factors(file),
            ["lists", limit, file] => self.lists(limit.parse()?, file, true, usize::MAX),
            ["alone", limit, file] => self.lists(limit.parse()?, file, false, usize::MAX),
            ["some", limit, file, count] => self.lists(limit.parse()?, file, false, count.parse()?),
            ["vectors", file, rows, columns] => {
                self.vectors = Some(Vectors::new(&read(file)?, rows.parse()?, columns.parse()?)?);
                Ok(serde_json::json!({}))
            }
            [way @ ("batch" | "single" | "screened"), file, limit, out] => {
                let vectors = self.vectors.as_ref().ok_or("no vectors")?;
                vectors.search(way, &read(file)?, limit.parse()?, out)
            }
            ["machine"] => Ok(machine::rates()),
            _ => Err(format!("unknown: {words:?}").into()),
        }
    }

    fn fit(&mut self, model: &str, settings: &[&str]) -> Outcome<serde_json::Value> {
        let data = self.data.clone().ok_or("no data")?;
        let params = ModelParams::of(model)?.with(settings)?;
        drop(self.fitted.take());
        let (begun, mut steps) = (cpu_seconds(), Vec::new());
        let mut progress = |step: FitProgress| {
            steps.push((step.done, cpu_seconds() - begun));
            ControlFlow::Continue(())
        };
        let (fitted, report) = Recommender::fit(data, &params, jiff::Timestamp::UNIX_EPOCH, &mut progress)?;
        let cpu = cpu_seconds() - begun;
        let phases: Vec<_> = report.phases.iter().map(|phase| (phase.name, phase.took.as_secs_f64())).collect();
        self.fitted = Some(fitted);
        Ok(serde_json::json!({"cpu": cpu, "steps": steps, "wall": phases, "figures": report.figures}))
    }

    fn fitted(&self) -> Outcome<&Recommender> {
        self.fitted.as_ref().ok_or_else(|| "no model".into())
    }

    fn factors(&self, file: &str) -> Outcome<serde_json::Value> {
        let Model::Ials(model) = self.fitted()?.model() else { return Err("no factors".into()) };
        let mut numbers = model.user_factors().to_vec();
        let mut row = vec![0.0; model.factors()];
        for item in 0..model.item_factors().nrows() {
            model.item_factors().row(item, &mut row);
            numbers.extend(&row);
        }
        write(&numbers, file)
    }

    fn lists(&self, limit: usize, file: &str, together: bool, most: usize) -> Outcome<serde_json::Value> {
        let fitted = self.fitted()?;
        let names = fitted.dataset().interactions.users();
        let users: Vec<UserIx> = (0..u32::try_from(names.len().min(most))?).map(UserIx).collect();
        let begun = cpu_seconds();
        let lists: Vec<Vec<Scored>> = if together {
            fitted.recommend_each(&users, limit)?
        } else {
            let alone = |user: &UserIx| {
                let request = Request { limit, ..Request::for_user(names.name(user.0)) };
                fitted.recommend(&request).map(|ranked| ranked.items)
            };
            users.iter().map(alone).collect::<Result<_, _>>()?
        };
        let cpu = cpu_seconds() - begun;
        let lists = lists.iter().map(|list| list.iter().map(|scored| scored.item.0).collect::<Vec<u32>>());
        write_lists(lists, limit, file)?;
        Ok(serde_json::json!({ "cpu": cpu }))
    }
}

/// CPU time of this process so far.
fn cpu_seconds() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

fn read(file: &str) -> Outcome<Vec<f32>> {
    let bytes = std::fs::read(file)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
}

fn write(numbers: &[f32], file: &str) -> Outcome<serde_json::Value> {
    std::fs::write(file, numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>())?;
    Ok(serde_json::json!({}))
}

fn write_lists(lists: impl Iterator<Item = Vec<u32>>, limit: usize, file: &str) -> Outcome<()> {
    let filled = lists.flat_map(|list| list.into_iter().chain(std::iter::repeat(u32::MAX)).take(limit));
    std::fs::write(file, filled.flat_map(u32::to_le_bytes).collect::<Vec<u8>>())?;
    Ok(())
}
