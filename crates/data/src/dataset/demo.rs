//! A generated data set: invented films, and users whose tastes can be seen in what they rate.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use super::words::{WORDS, Words};
use super::{Dataset, LoadError, LoadReport};
use crate::catalogue::{ItemsOptions, read_items};
use crate::interactions::{ReadOptions, read_interactions};
use crate::random::Random;
use crate::table::Source;

const SEED: u64 = 1895;
const USERS: usize = 1000;
const FILMS_PER_GENRE: usize = 50;
const YEARS: std::ops::Range<u16> = 1950..2020;
/// Fewest ratings of a user; the most are about a third of all films.
const FEWEST_RATINGS: f64 = 20.0;

impl Dataset {
    /// The demo: 1,000 users (`1` to `1000`), 500 films (`1` to `500`) of ten genres, about 60,000 ratings of 1 to 5
    /// stars in halves. Always the same, on every platform: only sums, products and quotients are used.
    ///
    /// A user likes one to three genres and an era, rates more and higher what falls into them, and rates what
    /// everybody sees more often than what nobody does.
    ///
    /// # Errors
    /// Does not happen; the generated text is read like any other.
    pub fn demo() -> Result<Self, LoadError> {
        let mut random = Random::new(SEED);
        let films = films(&mut random);
        let tastes: Vec<Taste> = (0..USERS).map(|_| Taste::draw(&mut random)).collect();
        let source = Source::bytes(ratings(&films, &tastes, &mut random));
        let (ratings, report) = read_interactions(source, &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))?;
        let (catalogue, items) = read_items(Source::bytes(items(&films)), ratings.items(), &ItemsOptions::default())?;
        let report = LoadReport { ratings: report, items: Some(items), users: None };
        Ok(Self { catalogue, report: Some(report), ..Self::new("demo", ratings) })
    }
}

#[derive(Debug)]
struct Film {
    title: String,
    words: &'static Words,
    has_second: bool,
    year: u16,
    /// How much everybody likes it, in stars.
    quality: f64,
    /// How often it is seen, relative to others.
    popularity: f64,
}

fn films(random: &mut Random) -> Vec<Film> {
    let mut films = Vec::new();
    for words in &WORDS {
        let mut titles = Vec::new();
        for noun in words.nouns {
            titles.extend(words.adjectives.iter().enumerate().map(|(at, adjective)| {
                if at % 4 == 3 { format!("{adjective} {noun}") } else { format!("The {adjective} {noun}") }
            }));
            titles.extend(words.tails.iter().map(|tail| format!("The {noun} {tail}")));
        }
        random.shuffle(&mut titles);
        for title in titles.into_iter().take(FILMS_PER_GENRE) {
            let span = usize::from(YEARS.end - YEARS.start);
            let year = YEARS.start + u16::try_from(random.below(span)).unwrap_or(0);
            let quality = 0.4 * random.normal();
            films.push(Film { title, words, has_second: random.unit() < 0.5, year, quality, popularity: 0.0 });
        }
    }
    random.shuffle(&mut films);
    for (place, film) in (0u32..).zip(&mut films) {
        film.popularity = 1.0 / (f64::from(place) + 12.0);
    }
    // Ids are given in another order than that of popularity.
    random.shuffle(&mut films);
    films
}

#[derive(Debug)]
struct Taste {
    favourites: Vec<&'static str>,
    era: f64,
    /// How mild a judge, in stars.
    mildness: f64,
    count: usize,
}

impl Taste {
    fn draw(random: &mut Random) -> Self {
        let mut genres = WORDS.map(|words| words.genre);
        random.shuffle(&mut genres);
        let favourites = genres[..1 + random.below(3)].to_vec();
        let era = f64::from(YEARS.start) + 8.0 + random.unit() * 54.0;
        let mildness = 0.3 * random.normal();
        // Few raise the mean: a quarter rates more than twice as much as the median.
        let eager = random.unit();
        let count = FEWEST_RATINGS + 12.0 * random.unit() + 28.0 * eager / (1.18 - eager);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 20 and 175")]
        let count = count as usize;
        Self { favourites, era, mildness, count }
    }

    /// From 0 (another taste) to 1 (a favourite genre), a little for a favourite as second genre.
    fn liking(&self, film: &Film) -> f64 {
        if self.favourites.contains(&film.words.genre) {
            1.0
        } else if film.has_second && self.favourites.contains(&film.words.second) {
            0.4
        } else {
            0.0
        }
    }

    /// From 0 (another time) to 1 (the very year).
    fn nearness(&self, film: &Film) -> f64 {
        let decades = (f64::from(film.year) - self.era) / 10.0;
        1.0 / (1.0 + decades * decades)
    }

    fn stars(&self, film: &Film, random: &mut Random) -> f64 {
        let taste = 1.6 * self.liking(film) + 0.5 * self.nearness(film);
        let stars = 2.4 + taste + self.mildness + film.quality + 0.45 * random.normal();
        ((stars * 2.0).round() / 2.0).clamp(1.0, 5.0)
    }
}

fn ratings(films: &[Film], tastes: &[Taste], random: &mut Random) -> String {
    let mut text = String::from("userId,movieId,rating\n");
    let mut sums = vec![0.0; films.len()];
    for (user, taste) in tastes.iter().enumerate() {
        let mut sum = 0.0;
        for (to, film) in sums.iter_mut().zip(films) {
            sum += film.popularity * (1.0 + 9.0 * taste.liking(film)) * (0.3 + taste.nearness(film));
            *to = sum;
        }
        let mut rated = vec![false; films.len()];
        let mut left = taste.count;
        while left > 0 {
            let draw = random.unit() * sum;
            let film = sums.partition_point(|&upto| upto <= draw).min(films.len() - 1);
            if !std::mem::replace(&mut rated[film], true) {
                let stars = taste.stars(&films[film], random);
                // Writing to a string does not fail.
                let _ = writeln!(text, "{},{},{stars:.1}", user + 1, film + 1);
                left -= 1;
            }
        }
    }
    text
}

fn items(films: &[Film]) -> String {
    let mut text = String::from("movieId,title,genres\n");
    for (index, film) in films.iter().enumerate() {
        let second = if film.has_second { format!("|{}", film.words.second) } else { String::new() };
        let _ = writeln!(text, "{},{} ({}),{}{second}", index + 1, film.title, film.year, film.words.genre);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_demo_is_as_large_as_promised_and_always_the_same() {
        let demo = Dataset::demo().unwrap();
        let report = &demo.report.as_ref().unwrap().ratings;
        assert_eq!((demo.interactions.users().len(), demo.interactions.items().len()), (1000, 500));
        assert_eq!((report.rejected.total, report.duplicates), (0, 0));
        assert!((55_000..65_000).contains(&report.accepted), "{} ratings", report.accepted);
        assert!(demo.interactions.matrix().values().iter().all(|&stars| (1.0..=5.0).contains(&stars)));
        let titles: HashSet<&str> = demo.catalogue.iter().filter_map(|item| item.title).collect();
        assert_eq!(titles.len(), 500);
        assert!(demo.catalogue.iter().all(|item| item.year.is_some() && !item.genres.is_empty()));
        assert_eq!(demo.hash(), Dataset::demo().unwrap().hash());
    }

    /// What a user has not rated, best first by the liking of similar users.
    fn neighbourhood(demo: &Dataset, user: usize) -> Vec<u32> {
        let matrix = demo.interactions.matrix();
        let centred = |user: usize| {
            let (columns, values) = matrix.row(user);
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            let mut row = vec![0f32; matrix.ncols()];
            columns.iter().zip(values).for_each(|(&column, value)| row[column as usize] = value - mean);
            row
        };
        let mine = centred(user);
        let mut score = vec![0f32; matrix.ncols()];
        for other in (0..matrix.nrows()).filter(|&other| other != user) {
            let theirs = centred(other);
            let norm = theirs.iter().map(|x| x * x).sum::<f32>().sqrt();
            let likeness = mine.iter().zip(&theirs).map(|(a, b)| a * b).sum::<f32>() / norm;
            score.iter_mut().zip(&theirs).for_each(|(score, x)| *score += likeness.max(0.0) * x);
        }
        let rated: HashSet<u32> = matrix.row(user).0.iter().copied().collect();
        let mut unseen: Vec<u32> = (0..500).filter(|item| !rated.contains(item)).collect();
        unseen.sort_by(|&a, &b| score[b as usize].total_cmp(&score[a as usize]).then(a.cmp(&b)));
        unseen
    }

    #[test]
    fn recommendations_agree_with_the_tastes_behind_the_ratings() {
        let mut random = Random::new(SEED);
        let films = films(&mut random);
        let tastes: Vec<Taste> = (0..USERS).map(|_| Taste::draw(&mut random)).collect();
        let demo = Dataset::demo().unwrap();
        let (mut agreeing, mut hits, mut base) = (0, 0, 0.0);
        let users: Vec<usize> = (0..USERS).step_by(10).collect();
        for &user in &users {
            let taste = &tastes[user];
            let liked = |item: &u32| taste.favourites.contains(&films[*item as usize].words.genre);
            let unseen = neighbourhood(&demo, user);
            let good = unseen[..10].iter().filter(|item| liked(item)).count();
            let share = unseen.iter().filter(|item| liked(item)).count() as f64 / unseen.len() as f64;
            hits += good;
            base += share;
            agreeing += usize::from(good as f64 / 10.0 > 2.0 * share);
        }
        let (hit_rate, base_rate) = (hits as f64 / (10.0 * users.len() as f64), base / users.len() as f64);
        eprintln!("{agreeing} of {} users, hit rate {hit_rate:.3}, base rate {base_rate:.3}", users.len());
        assert!(agreeing * 10 > users.len() * 8, "{agreeing} of {}", users.len());
        assert!(hit_rate > 3.0 * base_rate, "hit rate {hit_rate:.3}, base rate {base_rate:.3}");
    }
}
