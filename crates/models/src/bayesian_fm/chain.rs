//! The Gibbs sampler: draws all weights, priors, noise and cut points in turn, each given all others.
//!
//! The error of every interaction is kept up to date, so that a weight costs its features' rows alone. What the draws of one
//! side change is told to the interactions in the same pass in which the sums for the next side are made: two passes over
//! the interactions for each factor, and a third where days are a feature. An interaction's row of the other side is then that
//! of both others, added up.

use foretaste_linalg::CsrMatrix;
use rayon::prelude::*;

use super::cut_points::CutPoints;
use super::draws::Draws;
use super::side::{Features, Side};

/// Users whose latent ratings are drawn by one task, with a stream of its own.
const TASK: usize = 64;

/// What an interaction's score is compared with.
#[derive(Debug)]
pub(crate) enum Target {
    /// Its rating, with normal noise.
    Rating,
    /// A latent rating, which lies between the cut points of its level.
    Level { levels: Vec<u8>, cut_points: CutPoints },
}

/// The day of each interaction, and what is drawn of days.
#[derive(Debug)]
pub(crate) struct DaySide<'a> {
    /// By interaction.
    of: Vec<u32>,
    pub(crate) side: Side<'a>,
}

impl DaySide<'_> {
    /// The sum of the weights of a factor of an interaction's day.
    #[inline]
    fn sum(&self, factor: usize, interaction: usize) -> f64 {
        self.side.sums[factor][self.of[interaction] as usize][0]
    }
}

/// The state of the sampler.
#[derive(Debug)]
pub(crate) struct Chain<'a> {
    matrix: &'a CsrMatrix,
    pub(crate) users: Side<'a>,
    pub(crate) items: Side<'a>,
    /// Where days are a feature.
    pub(crate) days: Option<DaySide<'a>>,
    /// What every score has in common.
    pub(crate) offset: f64,
    /// The precision of the noise; 1 for latent ratings.
    pub(crate) noise: f64,
    pub(crate) target: Target,
    /// For each interaction the rating, latent or not.
    ratings: Vec<f64>,
    /// Score less rating.
    errors: Vec<f64>,
    draws: Draws,
    seed: u64,
    sweeps: usize,
}

impl<'a> Chain<'a> {
    /// The state before the first sweep. `features` are those of the users and of the items; `days` the day of each entry, empty
    /// where they are no feature, and the number of days; `ratings` those of the matrix's
    /// entries, which latent ones take the place of.
    pub(crate) fn new(
        matrix: &'a CsrMatrix,
        item_counts: &[usize],
        features: [Vec<Features<'a>>; 2],
        days: (Vec<u32>, usize),
        factors: usize,
        (ratings, target): (Vec<f64>, Target),
        seed: u64,
    ) -> Self {
        let mut draws = Draws::new(seed);
        let user_counts: Vec<usize> = matrix.offsets().windows(2).map(|ends| ends[1] - ends[0]).collect();
        let [of_users, of_items] = features;
        let users = Side::new(&user_counts, of_users, factors, &mut draws);
        let items = Side::new(item_counts, of_items, factors, &mut draws);
        let days = (days.1 > 0).then(|| {
            let mut counts = vec![0; days.1];
            days.0.iter().for_each(|&day| counts[day as usize] += 1);
            let side = Side::new(&counts, vec![Features::Ids(days.1)], factors, &mut draws);
            DaySide { of: days.0, side }
        });
        let (offset, noise, errors) = (0.0, 1.0, Vec::new());
        let mut chain =
            Self { matrix, users, items, days, offset, noise, target, ratings, errors, draws, seed, sweeps: 0 };
        chain.errors = chain.scores();
        chain.errors.iter_mut().zip(&chain.ratings).for_each(|(error, rating)| *error -= rating);
        chain.draw_latent();
        chain
    }

    /// Draws everything once. O(interactions x factors).
    pub(crate) fn sweep(&mut self) {
        self.sweeps += 1;
        #[expect(clippy::cast_precision_loss, reason = "a number of interactions is far below 2^53")]
        let count = self.errors.len() as f64;
        if let Target::Rating = self.target {
            let squares: f64 = self.errors.iter().map(|error| error * error).sum();
            self.noise = self.draws.gamma(f64::midpoint(1.0, count), f64::midpoint(1.0, squares));
        }
        self.tell_users(0, 0);
        let sum: f64 = self.users.rows.iter().map(|row| row.errors).sum();
        let before = self.offset;
        self.offset = self.draws.posterior(self.noise * count + 1.0, self.noise * (count * before - sum));
        let change = self.offset - before;
        self.users.rows.iter_mut().for_each(|row| row.errors += change * row.count);
        self.users.draw_priors(&mut self.draws);
        self.items.draw_priors(&mut self.draws);
        if let Some(days) = &mut self.days {
            days.side.draw_priors(&mut self.draws);
        }
        self.users.draw_linear(self.noise, &mut self.draws);
        self.users.changes.iter_mut().for_each(|of_row| of_row[0] += change);
        self.tell_items(0);
        self.items.draw_linear(self.noise, &mut self.draws);
        self.tell_days(0);
        if let Some(days) = &mut self.days {
            days.side.draw_linear(self.noise, &mut self.draws);
        }
        for factor in 0..self.users.sums.len() {
            self.tell_users(factor.saturating_sub(1), factor);
            self.users.draw_factor(factor, self.noise, &mut self.draws);
            self.tell_items(factor);
            self.items.draw_factor(factor, self.noise, &mut self.draws);
            self.tell_days(factor);
            if let Some(days) = &mut self.days {
                days.side.draw_factor(factor, self.noise, &mut self.draws);
            }
        }
        self.settle();
        self.draw_latent();
    }

    /// Tells the interactions what the last draws of a factor, of days or else of items, changed, and the users the sums for the
    /// next.
    fn tell_users(&mut self, before: usize, factor: usize) {
        let Self { matrix, users, items, days, errors, .. } = self;
        users.forget();
        if let Some(days) = days {
            let mut at = 0;
            for (user, row) in users.rows.iter_mut().enumerate() {
                let was = users.sums[before][user][0];
                for &item in matrix.row(user).0 {
                    let [alone, times] = days.side.changes[days.of[at] as usize];
                    errors[at] += alone + times * (was + items.sums[before][item as usize][0]);
                    row.hear(errors[at], items.sums[factor][item as usize][0] + days.sum(factor, at));
                    at += 1;
                }
            }
            return;
        }
        let (mut rest, sums) = (&mut errors[..], &items.sums[factor]);
        for (user, row) in users.rows.iter_mut().enumerate() {
            let known = matrix.row(user).0;
            let (errors, after) = rest.split_at_mut(known.len());
            rest = after;
            let was = users.sums[before][user][0];
            let (mut total, mut products, mut others, mut squares) = (0.0, 0.0, 0.0, 0.0);
            for (error, &item) in errors.iter_mut().zip(known) {
                let [alone, times] = items.changes[item as usize];
                let other = sums[item as usize][0];
                *error += alone + times * was;
                total += *error;
                products += *error * other;
                others += other;
                squares += other * other;
            }
            (row.errors, row.products, row.others, row.squares) = (total, products, others, squares);
        }
    }

    /// The same from users to items.
    fn tell_items(&mut self, factor: usize) {
        let Self { matrix, users, items, days, errors, .. } = self;
        items.forget();
        if let Some(days) = days {
            let mut at = 0;
            for (user, &[alone, times]) in users.changes.iter().enumerate() {
                let of_user = users.sums[factor][user][0];
                for &item in matrix.row(user).0 {
                    let (item, of_day) = (item as usize, days.sum(factor, at));
                    errors[at] += alone + times * (items.sums[factor][item][0] + of_day);
                    items.rows[item].hear(errors[at], of_user + of_day);
                    at += 1;
                }
            }
            return;
        }
        let (mut rest, sums) = (&mut errors[..], &items.sums[factor]);
        for (user, &[alone, times]) in users.changes.iter().enumerate() {
            let known = matrix.row(user).0;
            let (errors, after) = rest.split_at_mut(known.len());
            rest = after;
            let other = users.sums[factor][user][0];
            let square = other * other;
            for (error, &item) in errors.iter_mut().zip(known) {
                *error += alone + times * sums[item as usize][0];
                let row = &mut items.rows[item as usize];
                row.errors += *error;
                row.products += *error * other;
                row.others += other;
                row.squares += square;
            }
        }
    }

    /// The same from items to days, where there are any.
    fn tell_days(&mut self, factor: usize) {
        let Self { matrix, users, items, days, errors, .. } = self;
        let Some(DaySide { of, side }) = days else { return };
        side.forget();
        let mut at = 0;
        for (user, sums) in users.sums[factor].iter().enumerate() {
            for &item in matrix.row(user).0 {
                let (item, day) = (item as usize, of[at] as usize);
                let [alone, times] = items.changes[item];
                errors[at] += alone + times * (sums[0] + side.sums[factor][day][0]);
                side.rows[day].hear(errors[at], sums[0] + items.sums[factor][item][0]);
                at += 1;
            }
        }
    }

    /// Tells the interactions what the last draws of the last factor changed.
    fn settle(&mut self) {
        let last = self.users.sums.len() - 1;
        self.tell_users(last, last);
        self.items.changes.iter_mut().for_each(|change| *change = [0.0; 2]);
        if let Some(days) = &mut self.days {
            days.side.changes.iter_mut().for_each(|change| *change = [0.0; 2]);
        }
    }

    /// Draws the cut points and then the latent rating of every interaction, where there are any.
    fn draw_latent(&mut self) {
        let Target::Level { levels, cut_points } = &mut self.target else { return };
        // For now the scores.
        self.errors.iter_mut().zip(&self.ratings).for_each(|(error, rating)| *error += rating);
        cut_points.draw(&self.errors, levels, &mut self.draws);
        let (points, offsets) = (&cut_points.points, self.matrix.offsets());
        let ends: Vec<usize> = offsets.iter().step_by(TASK).copied().chain([offsets[offsets.len() - 1]]).collect();
        let mut parts = Vec::with_capacity(ends.len());
        let (mut errors, mut ratings) = (&mut self.errors[..], &mut self.ratings[..]);
        for range in ends.windows(2) {
            let (first, rest) = errors.split_at_mut(range[1] - range[0]);
            let (of_first, of_rest) = ratings.split_at_mut(range[1] - range[0]);
            parts.push((first, of_first, &levels[range[0]..range[1]]));
            (errors, ratings) = (rest, of_rest);
        }
        let (seed, sweep) = (self.seed, self.sweeps);
        parts.into_par_iter().enumerate().for_each(|(part, (errors, ratings, levels))| {
            let mut draws = Draws::of_part(seed, sweep, part);
            for ((error, rating), &level) in errors.iter_mut().zip(ratings).zip(levels) {
                let (score, (low, high)) = (*error, CutPoints::ends(points, usize::from(level)));
                let noise = draws.between(low - score, high - score);
                (*rating, *error) = (score + noise, -noise);
            }
        });
    }

    /// The score of every interaction, from nothing but the weights.
    pub(crate) fn scores(&self) -> Vec<f64> {
        let alone = |side: &Side<'_>| {
            let mut alone: Vec<f64> = side.sums_of(0).iter().map(|sums| sums[0]).collect();
            for sums in &side.sums {
                alone.iter_mut().zip(sums).for_each(|(to, [sum, squares])| *to += 0.5 * (sum * sum - squares));
            }
            alone
        };
        let (of_users, of_items) = (alone(&self.users), alone(&self.items));
        let score = |user: usize, item: usize| {
            let both = self.users.sums.iter().zip(&self.items.sums);
            self.offset + of_users[user] + of_items[item] + both.map(|(u, v)| u[user][0] * v[item][0]).sum::<f64>()
        };
        let rows = 0..self.matrix.nrows();
        let places = rows.flat_map(|user| self.matrix.row(user).0.iter().map(move |&item| (user, item as usize)));
        let mut scores = Vec::with_capacity(self.matrix.nnz());
        scores.extend(places.map(|(user, item)| score(user, item)));
        if let Some(days) = &self.days {
            let of_days = alone(&days.side);
            let rows = (0..self.matrix.nrows())
                .flat_map(|user| self.matrix.row(user).0.iter().map(move |&item| (user, item as usize)));
            for (at, ((user, item), score)) in rows.zip(&mut scores).enumerate() {
                let both = self.users.sums.iter().zip(&self.items.sums).enumerate();
                let of_factors = both.map(|(factor, (u, v))| (u[user][0] + v[item][0]) * days.sum(factor, at));
                *score += of_days[days.of[at] as usize] + of_factors.sum::<f64>();
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bayesian_fm::side::Row;

    const FACTORS: usize = 3;

    /// Ratings of 12 users for 9 items.
    fn ratings() -> CsrMatrix {
        let mut draws = Draws::new(5);
        let (mut offsets, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        for _ in 0..12 {
            for item in 0..9 {
                if draws.unit() < 0.5 {
                    columns.push(item);
                    values.push((1.0 + 5.0 * draws.unit()).floor() as f32);
                }
            }
            offsets.push(columns.len());
        }
        CsrMatrix::new(9, offsets, columns, values).unwrap()
    }

    /// Runs with a chain in full swing.
    fn with_chain(ordinal: bool, has_days: bool, run: impl FnOnce(&mut Chain<'_>)) {
        let matrix = ratings();
        let by_item = matrix.transpose();
        let counts: Vec<usize> = (0..9).map(|item| by_item.row(item).0.len()).collect();
        // Two properties of users, of which a user may have both; and one of items.
        let of_users = CsrMatrix::new(12, vec![0, 5, 8], vec![0, 2, 4, 6, 8, 1, 2, 3], vec![0.5; 8]).unwrap();
        let of_items = CsrMatrix::new(9, vec![0, 3], vec![1, 5, 8], vec![1.0; 3]).unwrap();
        let features = [
            vec![Features::Ids(12), Features::Implicit(&by_item), Features::Property(&of_users)],
            vec![Features::Ids(9), Features::Implicit(&matrix), Features::Property(&of_items)],
        ];
        let ratings = matrix.values().iter().map(|&value| f64::from(value) - 3.0).collect();
        let levels = matrix.values().iter().map(|&value| value as u8 - 1).collect();
        let ordinal_target = Target::Level { levels, cut_points: CutPoints::new(5) };
        let target = if ordinal { ordinal_target } else { Target::Rating };
        let days = (0..matrix.nnz()).map(|at| (at * 7 % 5 % 4) as u32);
        let days = if has_days { (days.collect(), 4) } else { (Vec::new(), 0) };
        let mut chain = Chain::new(&matrix, &counts, features, days, FACTORS, (ratings, target), 1);
        (0..20).for_each(|_| chain.sweep());
        run(&mut chain);
    }

    /// What both sides' features are of an interaction: (column of weights) -> values by side, group and feature.
    fn design(chain: &Chain<'_>) -> Vec<Vec<Vec<Vec<f64>>>> {
        let of_rows = |side: &Side<'_>| {
            let mut all: Vec<Vec<Vec<f64>>> = side
                .rows
                .iter()
                .map(|_| side.groups.iter().map(|group| vec![0.0; group.features.count()]).collect())
                .collect();
            for (at, group) in side.groups.iter().enumerate() {
                group.for_each(&side.rows, |feature, row, value| all[row][at][feature] = value);
            }
            all
        };
        let (users, items) = (of_rows(&chain.users), of_rows(&chain.items));
        let rows = 0..chain.matrix.nrows();
        let places = rows.flat_map(|user| chain.matrix.row(user).0.iter().map(move |&item| (user, item as usize)));
        let days = chain.days.as_ref().map(|days| (&days.of, of_rows(&days.side)));
        let day = |at: usize| days.as_ref().map(|(of, features)| features[of[at] as usize].clone());
        let sides = |(at, (user, item)): (usize, (usize, usize))| {
            [users[user].clone(), items[item].clone()].into_iter().chain(day(at)).collect()
        };
        places.enumerate().map(sides).collect()
    }

    /// Users, items and, where there are any, days.
    fn sides<'c>(chain: &'c Chain<'_>) -> Vec<&'c Side<'c>> {
        [&chain.users, &chain.items].into_iter().chain(chain.days.as_ref().map(|days| &days.side)).collect()
    }

    /// The score by its definition: weights, and a product for each pair of features.
    fn defined(chain: &Chain<'_>) -> Vec<f64> {
        let sides = sides(chain);
        let score = |values: &Vec<Vec<Vec<f64>>>| {
            let mut score = chain.offset;
            let mut seen: Vec<(f64, Vec<f64>)> = Vec::new();
            for (side, values) in sides.iter().zip(values) {
                for (group, values) in side.groups.iter().zip(values) {
                    for (feature, &value) in values.iter().enumerate().filter(|&(_, &value)| value != 0.0) {
                        score += group.weights[0][feature] * value;
                        let factors: Vec<f64> = (1..=FACTORS).map(|column| group.weights[column][feature]).collect();
                        for (other, of_other) in &seen {
                            score += value * other * factors.iter().zip(of_other).map(|(a, b)| a * b).sum::<f64>();
                        }
                        seen.push((value, factors));
                    }
                }
            }
            score
        };
        design(chain).iter().map(score).collect()
    }

    #[test]
    fn errors_stay_those_of_the_model_as_it_is_defined() {
        for (ordinal, has_days) in [(false, false), (true, false), (false, true), (true, true)] {
            with_chain(ordinal, has_days, |chain| {
                let (defined, kept) = (defined(chain), chain.scores());
                for (at, (defined, kept)) in defined.iter().zip(&kept).enumerate() {
                    assert!((defined - kept).abs() < 1e-11, "score {at}: {kept}, not {defined}");
                    let error = defined - chain.ratings[at];
                    assert!((error - chain.errors[at]).abs() < 1e-10, "error {at}: {}, not {error}", chain.errors[at]);
                }
            });
        }
    }

    #[test]
    fn latent_ratings_lie_in_the_stretch_of_their_level() {
        with_chain(true, true, |chain| {
            let Target::Level { levels, cut_points } = &chain.target else { panic!("ordinal") };
            assert!(cut_points.taken.0 > 10, "{:?} proposals taken and made", cut_points.taken);
            for (rating, &level) in chain.ratings.iter().zip(levels) {
                let (low, high) = CutPoints::ends(&cut_points.points, usize::from(level));
                assert!(low <= *rating && *rating <= high, "{rating} is not in {low}..{high}");
            }
        });
    }

    /// The conditional distribution of every weight, against sums over the interactions themselves.
    #[test]
    fn conditional_means_and_variances_are_those_of_the_interactions() {
        let asked = |chain: &mut Chain<'_>| {
            let (noise, design) = (chain.noise, design(chain));
            for side in 0..design[0].len() {
                for column in 0..=FACTORS {
                    let factor = column.saturating_sub(1);
                    match side {
                        0 => chain.tell_users(factor, factor),
                        1 => chain.tell_items(factor),
                        _ => chain.tell_days(factor),
                    }
                    let told = sides(chain)[side];
                    let mut rows: Vec<Row> = told.rows.clone();
                    for (row, sums) in rows.iter_mut().zip(&told.sums[factor]) {
                        (row.sum, row.own_squares) = (sums[0], sums[1]);
                    }
                    for (at, group) in told.groups.iter().enumerate() {
                        for feature in 0..group.features.count() {
                            let weight = group.weights[column][feature];
                            // The score is linear in a weight: its factor is the slope.
                            let slope = |values: &Vec<Vec<Vec<f64>>>| {
                                let value = values[side][at][feature];
                                if column == 0 {
                                    return value;
                                }
                                let sides = sides(chain);
                                let both =
                                    sides.iter().zip(values).flat_map(|(side, values)| side.groups.iter().zip(values));
                                let sum: f64 = both
                                    .flat_map(|(group, values)| group.weights[column].iter().zip(values))
                                    .map(|(weight, value)| weight * value)
                                    .sum();
                                value * (sum - weight * value)
                            };
                            let slopes: Vec<f64> = design.iter().map(slope).collect();
                            let squares: f64 = slopes.iter().map(|slope| slope * slope).sum();
                            let linear: f64 = slopes.iter().zip(&chain.errors).map(|(a, b)| a * (a * weight - b)).sum();
                            let prior = group.priors[column];
                            let precision = prior.precision + noise * squares;
                            let mean = (prior.precision * prior.mean + noise * linear) / precision;
                            let found = group.conditional(&rows, column, feature, noise);
                            assert!((found.0 / mean - 1.0).abs() < 1e-8, "mean {}, not {mean}", found.0);
                            assert!((found.1 / precision - 1.0).abs() < 1e-9, "precision {}, not {precision}", found.1);
                        }
                    }
                    chain
                        .users
                        .changes
                        .iter_mut()
                        .chain(&mut chain.items.changes)
                        .chain(chain.days.iter_mut().flat_map(|days| &mut days.side.changes))
                        .for_each(|change| *change = [0.0; 2]);
                }
            }
        };
        with_chain(false, false, asked);
        with_chain(false, true, asked);
    }
}
