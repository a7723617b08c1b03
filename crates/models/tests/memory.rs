//! Memory that a fit announces beside memory that it asks of the allocator, and that the model keeps.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::ops::ControlFlow;

use foretaste_data::catalogue::{Catalogue, Item};
use foretaste_data::dataset::Dataset;
use foretaste_data::ids::IdTable;
use foretaste_data::interactions::{Feedback, Interactions};
use foretaste_linalg::CsrMatrix;
use foretaste_models::{Model, ModelParams, Shape};
use peak_alloc::PeakAlloc;
use rayon::{ThreadPool, ThreadPoolBuilder};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// Users, items and interactions of each user: square, tall, wide, few users with much, many users with little.
const SHAPES: [(usize, usize, usize); 13] = [
    (60, 40, 10),
    (943, 1682, 110),
    (1500, 800, 60),
    (1200, 1200, 40),
    (300, 4000, 400),
    (40, 2500, 1200),
    (20_000, 300, 30),
    (20_000, 400, 100),
    (1000, 8000, 150),
    (60, 20_000, 200),
    (20_000, 1000, 60),
    (250_000, 800, 8),
    (1_000_000, 1_000_000, 1),
];

/// The setting of models that are fitted to items of which something is known.
const FEATURES: &str = "features=items";

/// Items of two genres of twenty, and of some year.
fn catalogue(items: usize) -> Catalogue {
    const GENRES: [&str; 20] =
        ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t"];
    let genre = |item: usize, of: u64| GENRES[(scrambled((item as u64) << 3 | of) % 20) as usize];
    let year = |item: usize| Some(1930 + (scrambled(item as u64) % 90) as u16);
    let item = |item| Item { title: None, genres: vec![genre(item, 1), genre(item, 2)], year: year(item) };
    Catalogue::from_items((0..items).map(item)).unwrap()
}

/// Ratings of one to five with times; a user has `each` items at scattered places, or a few less.
fn data((users, items, each): (usize, usize, usize)) -> Dataset {
    let (mut offsets, mut columns, mut values) = (vec![0], vec![], vec![]);
    for user in 0..users as u64 {
        let mut places: Vec<u64> = (0..each as u64).map(|at| scrambled(user << 32 | at) % items as u64).collect();
        places.sort_unstable();
        places.dedup();
        values.extend(places.iter().map(|&place| (1 + scrambled(place << 32 | user) % 5) as f32));
        columns.extend(places.into_iter().map(|place| u32::try_from(place).unwrap()));
        offsets.push(columns.len());
    }
    let times = (0..columns.len() as u64).map(|at| 1_600_000_000_000 + (scrambled(at) % (1 << 33)) as i64).collect();
    let table = |count: usize| {
        let ids: Vec<String> = (0..count).map(|id| id.to_string()).collect();
        IdTable::from_sorted(ids.iter().map(String::as_str)).unwrap()
    };
    let matrix = CsrMatrix::new(items, offsets, columns, values).unwrap();
    let feedback = Feedback::Explicit { least: 1.0, most: 5.0 };
    let interactions = Interactions::new(table(users), table(items), matrix, Some(times), feedback).unwrap();
    Dataset::new("scattered", interactions)
}

fn scrambled(mut x: u64) -> u64 {
    for _ in 0..3 {
        x = (x ^ (x >> 29)).wrapping_add(0x9E37_79B9).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x ^= x >> 32;
    }
    x
}

/// The settings of a model that are tried on a shape: those that change its memory, as far as the fit is quick.
fn settings(model: &str, shape: &Shape) -> Vec<Vec<String>> {
    let all = |settings: &[&[&str]]| {
        settings.iter().map(|one| one.iter().map(|&setting| setting.to_owned()).collect()).collect()
    };
    let multiplications = shape.entries * shape.entries / shape.users;
    match model {
        "svd" => ranks(shape),
        "item_knn" | "random_walk" if shape.items > 10_000 => vec![],
        "item_knn" if shape.items > 2000 || shape.entries > 1_500_000 || multiplications > 100_000_000 => all(&[
            &["neighbours=20", "weighting=values"],
            &["neighbours=1000"],
            if shape.items <= 5000 { &["neighbours=1000000"] } else { &["neighbours=100"] },
        ]),
        "item_knn" => all(&[
            &["neighbours=1"],
            &["neighbours=20", "weighting=values"],
            &["neighbours=20", "weighting=tf_idf"],
            &["neighbours=100", "weighting=bm25"],
            &["neighbours=1000"],
            &["neighbours=1000000"],
        ]),
        "ease" if shape.items <= 3000 => all(&[&[], &["dropout=0.2", "user_exponent=0.5"]]),
        "scaled_svd" if shape.users.min(shape.items) <= 2000 => {
            all(&[&["factors=1"], &["factors=30", "user_exponent=0.5"]])
        }
        "kernel_autoencoder" if shape.items <= 5000 => all(&[&["landmarks=100"], &["landmarks=1000", "depth=1"]]),
        "ials" if shape.entries <= 2_000_000 && shape.users <= 100_000 => {
            let mut all: Vec<Vec<String>> =
                all(&[&["epochs=1", "factors=8"], &["epochs=1"], &["epochs=1", "factors=200"]]);
            if shape.items <= 20_000 {
                let of = |factors: &str| ["epochs=1", factors, FEATURES].map(str::to_owned).to_vec();
                all.extend(["factors=8", "factors=64"].map(of));
            }
            all
        }
        "bayesian_fm" if shape.entries <= 200_000 && shape.users <= 10_000 => all(&[
            &["sweeps=3", "burn_in=0", "samples=3"],
            &["sweeps=16", "burn_in=0", "samples=16", "factors=4", "rated_items=false", "output=normal"],
            &["sweeps=2", "burn_in=0", "samples=2", "factors=30", "rating_users=false"],
        ]),
        "popularity" => all(&[&[], &["all_time=true"]]),
        "bias" | "trending" => all(&[&[]]),
        "biased_mf" if shape.entries <= 2_000_000 && shape.users <= 100_000 => {
            all(&[&["epochs=1"], &["epochs=1", "factors=4"]])
        }
        "svd_plus_plus" if shape.entries <= 2_000_000 && shape.users <= 100_000 => {
            all(&[&["epochs=1"], &["epochs=1", "factors=4"]])
        }
        "co_clustering" if shape.entries <= 3_000_000 => all(&[&["sweeps=2"], &["sweeps=1", "user_groups=9"]]),
        "random_walk" if shape.items > 2000 || multiplications > 100_000_000 => all(&[&[], &["neighbours=1000"]]),
        "random_walk" => all(&[&["neighbours=1"], &["neighbours=50", "beta=0.5"], &["neighbours=1000000"]]),
        "sequential_rules" if shape.items <= 100_000 => all(&[&["neighbours=20"], &["window=100"]]),
        "two_scale_linear" if shape.items <= 1500 => all(&[&[], &["long_decay=0.99"]]),
        "sasrec" if shape.users <= 1500 && shape.items <= 4000 => all(&[&["epochs=1", "length=10", "blocks=1"]]),
        "sansa" if shape.items <= 5000 && multiplications <= 100_000_000 => {
            all(&[&["factor_nonzeros=20"], &["factor_nonzeros=20", "pairs=50", "neighbours=60"]])
        }
        "plsa" if shape.entries <= 3_000_000 => all(&[&["iterations=1"], &["iterations=1", "tastes=5"]]),
        "slim" if shape.items <= 3000 => all(&[&[], &["l1=20", "neighbours=20"]]),
        "user_knn" => all(&[&[], &["weighting=bm25"]]),
        _ => vec![],
    }
}

/// Ranks from 1 to all, whose vectors are of at most 200 MB; in double precision too where they are few.
fn ranks(shape: &Shape) -> Vec<Vec<String>> {
    let (short, both) = (shape.users.min(shape.items), shape.users + shape.items);
    if short > 2000 {
        return vec![];
    }
    let mut ranks = vec![1, 10, 50, 100, short / 2, short - 1, short];
    ranks.retain(|&rank| rank <= short && 8 * rank * both <= 200_000_000);
    ranks.sort_unstable();
    ranks.dedup();
    let tolerances: &[&str] = if short <= 300 { &["1e-6", "1e-9"] } else { &["1e-6"] };
    let of =
        |rank: usize| tolerances.iter().map(move |given| vec![format!("rank={rank}"), format!("tolerance={given}")]);
    ranks.into_iter().flat_map(of).collect()
}

/// What a fit takes whatever the shape is: packing buffers of dense products (4 MiB a thread), sums of each thread.
fn base(model: &str) -> f64 {
    match model {
        "svd" | "ease" | "scaled_svd" | "kernel_autoencoder" | "slim" | "sansa" | "two_scale_linear" | "sasrec" => 10e6,
        // Two threads that solve, with 16 bytes a square of the factors at most.
        "ials" => 12e6,
        "item_knn" | "random_walk" | "sequential_rules" => 2e6,
        _ => 1e5,
    }
}

/// Whether what is announced is a bound, because only the values tell how much of it is needed: how many neighbours an
/// item shares a user with, of which item-kNN and random walks keep no more; and whether the smallest of nearly all singular values are
/// so small that the svd decomposes them by themselves.
fn is_bound(params: &ModelParams, shape: &Shape) -> bool {
    let (users, items, entries) = (shape.users as f64, shape.items as f64, shape.entries as f64);
    // Places are scattered evenly, so that every item shares users with about as many others.
    let shared = items * (1.0 - (-entries * entries / users / items / items).exp());
    match params {
        ModelParams::ItemKnn(params) => shared < 0.95 * items.min(params.neighbours as f64),
        // Penalties leave fewer weights than are kept.
        ModelParams::Slim(_) => true,
        // Which items share users, and how alike the rows of the factor are, is in the data alone.
        ModelParams::Sansa(_) => true,
        // How many items come after an item is in the data alone.
        ModelParams::SequentialRules(_) => true,
        ModelParams::RandomWalk(params) => shared < 0.95 * items.min(params.neighbours as f64),
        ModelParams::Svd(params) => {
            // Those of a square matrix are; and of a long one, the model takes more.
            let (short, long) = (users.min(items), users.max(items));
            params.rank as f64 >= 0.95 * short && short < long && long < 2.0 * short
        }
        _ => false,
    }
}

fn fit(params: &ModelParams, data: &Dataset) -> Model {
    params.fit(data, &mut |_| ControlFlow::Continue(())).unwrap().model
}

/// What was asked of the allocator for a fit, above what was held before: at most, and by the model.
fn measured(pool: &ThreadPool, params: &ModelParams, data: &Dataset) -> (u64, u64) {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let model = pool.install(|| fit(params, data));
    let (peak, held) = (ALLOCATED.peak_usage() - before, ALLOCATED.current_usage().saturating_sub(before));
    drop(model);
    (peak as u64, held as u64)
}

#[test]
fn peaks_and_models_are_a_fifth_from_what_was_announced_for_every_model_and_shape() {
    let pool = ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    // What a thread keeps for dense products is no part of a model.
    let small = data((60, 40, 10));
    pool.broadcast(|_| ["rank=1", "rank=40"].map(|rank| fit(&ModelParams::default().with(&[rank]).unwrap(), &small)));
    let mut wrong = Vec::new();
    for shape in SHAPES {
        let mut data = data(shape);
        // What is known of the data stays with them, and is no part of a model.
        let _ = data.interactions.user_sums();
        let shape = Shape::of(&data.interactions);
        let given = 8 * (shape.entries + shape.users + 1) as u64;
        for &(name, _) in ModelParams::MODELS {
            for settings in settings(name, &shape) {
                let params = ModelParams::of(name).unwrap().with(&settings).unwrap();
                data.catalogue = match settings.iter().any(|setting| setting == FEATURES) {
                    true => catalogue(shape.items),
                    false => Catalogue::unknown(shape.items),
                };
                let (peak, held) = measured(&pool, &params, &data);
                let memory = params.memory(&shape);
                let fit = memory.fit.saturating_sub(given);
                for (what, announced, found, base) in
                    [("fit", fit, peak, base(name)), ("model", memory.model, held, 1e5)]
                {
                    let (announced, found) = (announced as f64, found as f64);
                    let exact = announced > base && !is_bound(&params, &shape);
                    if found > 1.2 * announced + base || exact && found < 0.8 * announced {
                        wrong.push(format!("{name} {settings:?}, {shape:?}, {what}: {found} for {announced}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
