//! The largest products of many vectors with one.

use foretaste_linalg::{PanelMatrix, Screen};

use crate::{Outcome, cpu_seconds, write_lists};

/// Vectors to search.
pub(super) struct Vectors {
    rows: PanelMatrix,
    screen: Screen,
}

/// The places of the best products so far.
struct Best {
    limit: usize,
    kept: Vec<(f32, u32)>,
    bound: f32,
}

impl Vectors {
    pub(super) fn new(values: &[f32], rows: usize, columns: usize) -> Outcome<Self> {
        let rows = PanelMatrix::new(rows, columns, values);
        let screen = Screen::new(&rows).ok_or("numbers that are not finite")?;
        Ok(Self { rows, screen })
    }

    /// Answers all queries, rows as wide as the vectors; what they took together.
    pub(super) fn search(&self, way: &str, queries: &[f32], limit: usize, out: &str) -> Outcome<serde_json::Value> {
        let (rows, width) = (&self.rows, self.rows.ncols());
        let mut scores = vec![0f32; rows.nrows()];
        // Queries that the copy in bytes did not answer.
        let mut left = 0;
        let begun = cpu_seconds();
        let lists: Vec<Vec<u32>> = match way {
            "batch" => {
                let mut best: Vec<Best> = queries.chunks_exact(width).map(|_| Best::new(limit)).collect();
                rows.times_each(queries, &mut |at, first, scores| best[at].offer(first, scores));
                best.into_iter().map(Best::sorted).collect()
            }
            "single" => queries.chunks_exact(width).map(|query| exhaustive(rows, query, limit, &mut scores)).collect(),
            "screened" => {
                let one = |query: &[f32]| {
                    let found = self.screen.largest(rows, (query, -0.0), limit, &mut |_| true);
                    left += usize::from(found.is_none());
                    found.map_or_else(
                        || exhaustive(rows, query, limit, &mut scores),
                        |found| found.into_iter().map(|(row, _)| row as u32).collect(),
                    )
                };
                queries.chunks_exact(width).map(one).collect()
            }
            _ => return Err(format!("no way `{way}`").into()),
        };
        let cpu = cpu_seconds() - begun;
        write_lists(lists.into_iter(), limit, out)?;
        Ok(serde_json::json!({ "cpu": cpu, "left": left }))
    }
}

fn exhaustive(rows: &PanelMatrix, query: &[f32], limit: usize, scores: &mut [f32]) -> Vec<u32> {
    rows.times(query, scores);
    let mut best = Best::new(limit);
    best.offer(0, scores);
    best.sorted()
}

impl Best {
    fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::new(), bound: f32::NEG_INFINITY }
    }

    fn offer(&mut self, first: usize, scores: &[f32]) {
        for (run, scores) in scores.chunks(16).enumerate() {
            if !scores.iter().fold(false, |any, &score| any | (score > self.bound)) {
                continue;
            }
            let places = scores.iter().enumerate().filter(|&(_, &score)| score > self.bound);
            self.kept.extend(places.map(|(at, &score)| (score, (first + 16 * run + at) as u32)));
            if self.kept.len() >= 2 * self.limit + 16 {
                self.cut();
            }
        }
    }

    fn cut(&mut self) {
        if self.kept.len() > self.limit {
            self.kept.select_nth_unstable_by(self.limit - 1, best_first);
            self.kept.truncate(self.limit);
            self.bound = self.kept[self.limit - 1].0;
        }
    }

    fn sorted(mut self) -> Vec<u32> {
        self.cut();
        self.kept.sort_unstable_by(best_first);
        self.kept.into_iter().map(|(_, at)| at).collect()
    }
}

fn best_first(a: &(f32, u32), b: &(f32, u32)) -> std::cmp::Ordering {
    b.0.total_cmp(&a.0).then(a.1.cmp(&b.1))
}
