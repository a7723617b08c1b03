//! Holds the structure of the workspace: who may import whom, purpose lines, length of files, names of rooms.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::fs;
use std::path::PathBuf;

use foretaste_architecture::{module_of, rooms_named, root, rust_files};

/// A room, and those of its crate that it may import. They stand above it, so no circle is possible.
type Rooms = &'static [(&'static str, &'static [&'static str])];

/// A crate: its folder, the crates of this workspace that it may use, its rooms.
struct Crate {
    folder: &'static str,
    may_use: &'static [&'static str],
    rooms: Rooms,
}

/// The architecture. Changing this table is changing the architecture: the commit says why.
const CRATES: &[Crate] = &[
    Crate { folder: "crates/files", may_use: &[], rooms: &[("whole", &[]), ("private", &["whole"]), ("journal", &[])] },
    Crate {
        folder: "crates/linalg",
        may_use: &[],
        rooms: &[
            ("csr", &[]),
            ("panel", &[]),
            ("lanes", &[]),
            ("scalar", &["lanes"]),
            ("dense", &["scalar"]),
            ("block", &["scalar"]),
            ("softmax", &["scalar"]),
            ("mirror", &["dense", "scalar"]),
            ("gram", &["csr", "dense", "mirror", "scalar"]),
            ("spgemm", &["csr", "gram"]),
            ("operator", &["dense", "scalar"]),
            ("awake", &[]),
            ("product", &["dense", "scalar"]),
            ("eigen", &["lanes", "product", "scalar"]),
            ("random", &["dense", "scalar"]),
            ("screen", &["panel", "random"]),
            ("cholesky", &["dense", "mirror", "product", "random", "scalar"]),
            ("ridge", &["dense", "eigen", "product", "random"]),
            ("spmm", &["csr", "dense", "scalar"]),
            ("scatter", &["csr", "dense", "product", "scalar", "spmm"]),
            ("sparse", &["csr", "dense", "operator", "scalar", "spmm"]),
            ("rows", &["csr", "dense", "operator", "random", "scalar", "scatter", "sparse", "spmm"]),
            ("basis", &["dense", "product", "random", "scalar"]),
            (
                "svd",
                &[
                    "awake", "basis", "csr", "dense", "eigen", "operator", "product", "random", "rows", "scalar",
                    "sparse",
                ],
            ),
        ],
    },
    Crate {
        folder: "crates/data",
        may_use: &["foretaste-files", "foretaste-linalg"],
        rooms: &[
            ("random", &[]),
            ("ids", &[]),
            ("source", &[]),
            ("columnar", &["source"]),
            ("table", &["columnar", "ids", "source"]),
            ("interactions", &["columnar", "ids", "table"]),
            ("container", &[]),
            ("catalogue", &["ids", "interactions", "table"]),
            ("dataset", &["ids", "catalogue", "interactions", "random", "source", "table"]),
        ],
    },
    Crate {
        folder: "crates/models",
        may_use: &["foretaste-linalg", "foretaste-data"],
        rooms: &[
            ("scorer", &[]),
            ("factored", &[]),
            ("fit", &[]),
            ("positive", &[]),
            ("prediction", &[]),
            ("params", &[]),
            ("space", &[]),
            ("family", &["fit", "params"]),
            ("explain", &["fit", "scorer"]),
            ("svd", &["explain", "fit"]),
            ("delegate", &["scorer"]),
            ("item_scores", &["fit"]),
            ("popularity", &["delegate", "fit", "item_scores"]),
            ("bias", &["explain", "fit"]),
            ("normal_equations", &[]),
            ("bayesian_fm", &["fit", "normal_equations"]),
            ("rating_equations", &["normal_equations"]),
            ("rating_factors", &["explain", "fit"]),
            ("biased_mf", &["explain", "fit", "rating_equations", "rating_factors"]),
            ("svd_plus_plus", &["explain", "fit", "rating_equations", "rating_factors"]),
            ("co_clustering", &["fit"]),
            ("weighting", &["fit"]),
            ("sparse_sections", &[]),
            ("sequences", &["fit", "positive", "scorer"]),
            ("item_weights", &["explain", "fit", "sparse_sections"]),
            ("item_knn", &["delegate", "fit", "item_weights", "weighting"]),
            ("random_walk", &["delegate", "fit", "item_weights", "weighting"]),
            ("slim", &["delegate", "fit", "item_weights", "weighting"]),
            ("sansa", &["delegate", "fit", "item_weights", "weighting"]),
            ("sequential_rules", &["explain", "fit", "item_weights", "sequences", "weighting"]),
            ("two_scale_linear", &["explain", "fit", "sequences"]),
            ("sasrec", &["fit", "sequences"]),
            ("user_knn", &["explain", "fit", "sparse_sections", "weighting"]),
            ("ease", &["delegate", "fit", "item_weights", "weighting"]),
            ("features", &["fit"]),
            ("ials", &["explain", "factored", "features", "fit"]),
            ("plsa", &["explain", "fit"]),
            ("scaled_svd", &["explain", "factored", "fit"]),
            ("kernel_autoencoder", &["fit"]),
            ("content", &["features", "fit", "sparse_sections"]),
            ("kernel_ridge", &["features", "fit", "item_weights"]),
            ("trending", &["delegate", "fit", "item_scores", "popularity"]),
            ("feature_factors", &["explain", "features", "fit"]),
            ("blend", &["fit", "params"]),
            (
                "families",
                &[
                    "fit",
                    "params",
                    "svd",
                    "popularity",
                    "trending",
                    "bias",
                    "item_knn",
                    "ease",
                    "user_knn",
                    "random_walk",
                    "slim",
                    "sequential_rules",
                    "two_scale_linear",
                    "sasrec",
                    "scaled_svd",
                    "kernel_autoencoder",
                    "ials",
                    "content",
                    "kernel_ridge",
                    "feature_factors",
                    "blend",
                    "bayesian_fm",
                    "biased_mf",
                    "svd_plus_plus",
                    "co_clustering",
                    "plsa",
                    "sansa",
                ],
            ),
            (
                "reference",
                &[
                    "delegate",
                    "svd",
                    "popularity",
                    "bias",
                    "co_clustering",
                    "item_knn",
                    "ease",
                    "user_knn",
                    "random_walk",
                    "slim",
                    "two_scale_linear",
                    "scaled_svd",
                    "kernel_autoencoder",
                    "ials",
                    "bayesian_fm",
                    "plsa",
                    "sansa",
                    "biased_mf",
                    "rating_equations",
                ],
            ),
        ],
    },
    Crate {
        folder: "crates/engine",
        may_use: &["foretaste-files", "foretaste-linalg", "foretaste-data", "foretaste-models"],
        rooms: &[("recommend", &[]), ("artifact", &["recommend"])],
    },
    Crate {
        folder: "crates/eval",
        may_use: &["foretaste", "foretaste-linalg"],
        rooms: &[
            ("ranking", &[]),
            ("exposure", &[]),
            ("diversity", &[]),
            ("rating", &[]),
            ("paired", &[]),
            ("newcomers", &[]),
            ("fold", &["newcomers"]),
            ("activity", &["fold"]),
            ("arrivals", &["fold", "newcomers"]),
            ("split", &["arrivals", "fold"]),
            ("folds", &["fold", "split"]),
            ("sequences", &["fold"]),
            ("protocol", &["fold", "folds", "sequences", "split"]),
            ("judge", &["exposure", "fold", "ranking", "rating"]),
            ("thinned", &["fold", "judge", "split"]),
            ("outside", &["fold", "judge", "rating"]),
            ("report", &["activity", "fold", "outside", "paired"]),
            ("plan", &["fold", "judge"]),
            ("spread", &["report"]),
            ("contender", &["outside", "spread"]),
            ("test_users", &["fold"]),
            ("compare", &["paired", "report", "test_users"]),
            ("entrant", &["compare", "diversity", "judge", "outside", "ranking", "report"]),
            ("turn", &["contender", "diversity", "entrant", "fold", "judge", "outside", "plan"]),
            (
                "run",
                &[
                    "activity",
                    "compare",
                    "contender",
                    "diversity",
                    "entrant",
                    "fold",
                    "folds",
                    "outside",
                    "plan",
                    "report",
                    "split",
                    "spread",
                    "test_users",
                    "thinned",
                    "turn",
                ],
            ),
            ("tune", &["contender", "fold", "judge", "protocol", "ranking", "run", "split"]),
        ],
    },
    Crate {
        folder: "crates/service",
        may_use: &["foretaste"],
        rooms: &[
            ("clock", &[]),
            ("observer", &[]),
            ("source", &[]),
            ("versions", &["observer", "source"]),
            ("backlog", &[]),
            ("scoring_pool", &["backlog", "clock", "observer"]),
            ("memory", &["versions"]),
            ("fits", &["memory", "observer", "source", "versions"]),
            ("system", &["clock", "fits", "observer", "scoring_pool", "source", "versions"]),
        ],
    },
    Crate {
        folder: "crates/server",
        may_use: &["foretaste", "foretaste-keys", "foretaste-net", "foretaste-service"],
        rooms: &[
            ("config", &[]),
            ("metrics", &[]),
            ("error", &[]),
            ("app", &["error", "metrics"]),
            ("extract", &["app", "error"]),
            ("routes", &["app", "error", "extract", "metrics"]),
            ("api", &["app", "error"]),
            ("server", &["api", "app", "config", "metrics", "routes"]),
            ("overload_tests", &["api", "app", "error", "routes"]),
        ],
    },
    Crate {
        folder: "crates/datasets",
        may_use: &["foretaste-files"],
        rooms: &[
            ("error", &[]),
            ("builtin", &[]),
            ("cache", &[]),
            ("unpack", &[]),
            ("download", &["builtin", "cache", "unpack"]),
        ],
    },
    Crate {
        folder: "crates/cli",
        may_use: &[
            "foretaste",
            "foretaste-files",
            "foretaste-linalg",
            "foretaste-eval",
            "foretaste-datasets",
            "foretaste-keys",
            "foretaste-net",
            "foretaste-service",
            "foretaste-server",
            "foretaste-notebook",
            "foretaste-deploy",
        ],
        rooms: &[
            ("machine", &[]),
            ("output", &[]),
            ("signals", &[]),
            ("exit", &["output"]),
            ("args", &["exit", "output"]),
            ("data", &["args", "exit", "machine", "output"]),
            ("commands", &["args", "data", "exit", "machine", "output", "signals"]),
        ],
    },
    Crate {
        folder: "hosting/keys",
        may_use: &["foretaste-files"],
        rooms: &[
            ("error", &[]),
            ("role", &[]),
            ("rate", &[]),
            ("secret", &[]),
            ("key", &[]),
            ("set", &["key"]),
            ("file", &[]),
            ("watched", &[]),
        ],
    },
    Crate {
        folder: "hosting/net",
        may_use: &["foretaste-keys"],
        rooms: &[
            ("budget", &[]),
            ("body", &["budget"]),
            ("limits", &[]),
            ("listener", &[]),
            ("tls", &[]),
            ("clock", &["limits"]),
            ("slots", &["clock"]),
            ("stream", &["clock"]),
            ("connection", &["clock", "stream"]),
            ("accept", &["clock", "connection", "listener", "stream"]),
            ("serve", &["accept", "listener"]),
            ("edge", &["body", "limits"]),
        ],
    },
    Crate {
        folder: "hosting/deploy",
        may_use: &["foretaste-files"],
        rooms: &[
            ("process", &[]),
            ("home", &[]),
            ("spec", &["home"]),
            ("emit", &["spec"]),
            ("limits", &["process", "spec"]),
            ("log", &["home"]),
            ("order", &["spec"]),
            ("plan", &["emit", "home", "order", "spec"]),
            ("record", &["home", "limits", "order", "process"]),
            ("launch", &["home", "process", "record"]),
            ("worker", &["home", "process", "record"]),
            ("supervisor", &["home", "launch", "limits", "log", "order", "process", "record", "worker"]),
            ("client", &["home", "order", "process", "record", "supervisor", "worker"]),
        ],
    },
    Crate {
        folder: "hosting/notebook",
        may_use: &["foretaste-files", "foretaste-keys", "foretaste-net"],
        rooms: &[
            ("metrics", &[]),
            ("notebook", &[]),
            ("kernel", &["notebook"]),
            ("error", &["kernel"]),
            ("pool", &["error", "kernel", "metrics", "notebook"]),
            ("http", &["kernel", "metrics", "notebook", "pool"]),
            ("gateway", &["error", "http", "kernel", "metrics", "notebook", "pool"]),
        ],
    },
    Crate { folder: "tests/architecture", may_use: &[], rooms: &[("prose", &[])] },
];

const WINGS: &[&str] = &["crates", "hosting", "tests"];
const LONGEST_FILE: usize = 500;
const NO_ROOM: &[&str] = &["common", "util", "utils", "helpers", "misc"];

fn fail_if_any(faults: &[String]) {
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let mut faults = Vec::new();
    for member in CRATES {
        let source_folder = root().join(member.folder).join("src");
        for file in rust_files(&source_folder).unwrap() {
            let module = module_of(file.strip_prefix(&source_folder).unwrap());
            let Some(room) = module.first() else { continue };
            let Some((_, allowed)) = member.rooms.iter().find(|(name, _)| name == room) else {
                faults.push(format!("{}: room `{room}` is not in the table", member.folder));
                continue;
            };
            for named in rooms_named(&fs::read_to_string(&file).unwrap(), &module) {
                let known = member.rooms.iter().any(|(name, _)| *name == named);
                if known && named != *room && !allowed.contains(&named.as_str()) {
                    faults.push(format!("{}: `{room}` must not know `{named}`", file.display()));
                }
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn the_table_names_only_rooms_that_exist_and_has_no_cycle() {
    let mut faults = Vec::new();
    for member in CRATES {
        for (at, (room, allowed)) in member.rooms.iter().enumerate() {
            let path = root().join(member.folder).join("src").join(room);
            if !path.is_dir() && !path.with_extension("rs").is_file() {
                faults.push(format!("{}: room `{room}` is gone", member.folder));
            }
            for import in *allowed {
                let position = member.rooms.iter().position(|(name, _)| name == import);
                if position.is_none_or(|position| position >= at) {
                    faults.push(format!("{}: `{room}` may import `{import}`, not above it", member.folder));
                }
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn crates_depend_only_on_those_the_table_allows() {
    let mut faults = Vec::new();
    let mut members: Vec<PathBuf> = Vec::new();
    for wing in WINGS {
        let entries = fs::read_dir(root().join(wing)).unwrap().map(|entry| entry.unwrap().path());
        members.extend(entries.filter(|path| path.join("Cargo.toml").is_file()));
    }
    for path in &members {
        let Some(member) = CRATES.iter().find(|member| root().join(member.folder) == *path) else {
            faults.push(format!("{} is not in the table", path.display()));
            continue;
        };
        let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
        let named = manifest.lines().filter_map(|line| line.strip_suffix(".workspace = true"));
        for named in named.filter(|named| named.starts_with("foretaste")) {
            if !member.may_use.contains(&named) {
                faults.push(format!("`{}` must not know `{named}`", member.folder));
            }
        }
    }
    fail_if_any(&faults);
    assert_eq!(members.len(), CRATES.len(), "the table names a crate that is gone");
}

/// Where the parameter of one model may stand by its name: with the model, with its factorisation and what measures that,
/// and with the tutorial, which has no other.
const ABOUT_THE_SVD: &[&str] = &[
    "crates/linalg/",
    "crates/models/src/svd/",
    "crates/models/src/scaled_svd/",
    "crates/models/src/feature_factors/fit.rs",
    "crates/server/src/routes/tutorial.rs",
    "crates/cli/src/commands/bench/",
];

#[test]
fn the_rank_of_the_svd_is_named_nowhere_else() {
    let mut faults = Vec::new();
    for file in WINGS.iter().flat_map(|wing| rust_files(&root().join(wing)).unwrap()) {
        let path = file.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
        let is_other = path.contains("/tests/")
            || path.contains("/examples/")
            || path.ends_with("tests.rs")
            || path.contains("/reference/")
            // Where the word is the place in a list.
            || path.starts_with("crates/eval/")
            || path.starts_with("crates/engine/src/recommend/")
            || path.starts_with("crates/cli/src/commands/evaluate/")
            || ["list.rs", "score.rs"].iter().any(|file| path == format!("crates/server/src/routes/{file}"));
        if is_other || ABOUT_THE_SVD.iter().any(|about| path.starts_with(about)) {
            continue;
        }
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        for (number, line) in (1..).zip(code.lines()) {
            let code = line.split("//").next().unwrap();
            if code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == "rank") {
                faults.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    fail_if_any(&faults);
}

#[test]
fn every_file_says_its_purpose_and_stays_short() {
    let mut faults = Vec::new();
    for file in WINGS.iter().flat_map(|wing| rust_files(&root().join(wing)).unwrap()) {
        let source = fs::read_to_string(&file).unwrap();
        if !source.starts_with("//! ") {
            faults.push(format!("{}: the first line is not a `//!` purpose", file.display()));
        }
        let lines = source.lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!("{}: {lines} lines, allowed are {LONGEST_FILE}", file.display()));
        }
        let names = file.iter().filter_map(|part| part.to_str()).map(|part| part.trim_end_matches(".rs"));
        if let Some(name) = names.into_iter().find(|name| NO_ROOM.contains(name)) {
            faults.push(format!("{}: `{name}` says nothing about what is in it", file.display()));
        }
    }
    fail_if_any(&faults);
}
