//! Which files of a folder or an archive are the interactions, and which the items: told by their names.

use crate::source::is_litter;

/// Interactions files of the MovieLens layouts, best first.
pub(super) const RATINGS_FILES: [&str; 3] = ["ratings.csv", "ratings.dat", "u.data"];
/// Items files of the MovieLens layouts, best first: of 1M the one whose titles kept their commas.
pub(super) const ITEMS_FILES: [&str; 3] = ["movies.dat", "movies.csv", "u.item"];

/// Names of interactions files without case, signs and endings, in other layouts: Kaggle's of MovieLens and of anime
/// lists, Retailrocket, Book-Crossing, Last.fm of HetRec, Yelp.
const RATINGS_STEMS: [&str; 10] = [
    "ratings",
    "rating",
    "interactions",
    "events",
    "bxbookratings",
    "bookratings",
    "userartists",
    "userratedmovies",
    "yelpacademicdatasetreview",
    "reviews",
];
/// Names of items files, likewise.
const ITEMS_STEMS: [&str; 14] = [
    "movies",
    "movie",
    "items",
    "item",
    "books",
    "bxbooks",
    "products",
    "articles",
    "artists",
    "games",
    "songs",
    "tracks",
    "anime",
    "yelpacademicdatasetbusiness",
];
/// Names of files about users, likewise: never interactions.
const USERS_STEMS: [&str; 7] = ["users", "user", "uuser", "bxusers", "customers", "members", "yelpacademicdatasetuser"];
const COMPRESSIONS: [&str; 7] = ["gz", "gzip", "zip", "zst", "zstd", "bz2", "xz"];
/// Endings of files that are no tables.
const DOCUMENTS: [&str; 20] = [
    "md", "pdf", "html", "htm", "rst", "py", "pl", "sh", "ipynb", "r", "png", "jpg", "jpeg", "gif", "yaml", "yml",
    "toml", "crc", "sha256", "md5",
];

/// Which files are the interactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// One file.
    One(String),
    /// Parts of one table, in the order of their names.
    Parts(Vec<String>),
    /// None could be.
    Nothing,
    /// Each of these could be.
    Several(Vec<String>),
}

/// The interactions among these files; a name may have folders before it.
pub(super) fn interactions(names: &[String]) -> Choice {
    let data: Vec<&String> = names.iter().filter(|name| is_data(name)).collect();
    for wanted in RATINGS_FILES {
        let mut found: Vec<&&String> = data.iter().filter(|name| without_compression(&last(name)) == wanted).collect();
        // The file itself before its compressed copies, in their alphabetical order: gz, then zip.
        found.sort_by_key(|name| (last(name).len() != wanted.len(), last(name).to_owned()));
        if let Some(name) = found.first() {
            return Choice::One((**name).clone());
        }
    }
    let known = |name: &&&String| {
        RATINGS_STEMS.contains(&stem(name).as_str()) || without_compression(&last(name)).ends_with(".inter")
    };
    let by_name: Vec<String> = data.iter().filter(known).map(|name| (*name).clone()).collect();
    if let [one] = &by_name[..] {
        return Choice::One(one.clone());
    }
    if !by_name.is_empty() {
        return parts_or_several(by_name);
    }
    let others = data.iter().filter(|name| {
        let stem = stem(name);
        !ITEMS_STEMS.contains(&stem.as_str())
            && !USERS_STEMS.contains(&stem.as_str())
            && !ITEMS_FILES.contains(&&*last(name))
    });
    let others: Vec<String> = others.map(|name| (*name).clone()).collect();
    match &others[..] {
        [] => Choice::Nothing,
        [one] => Choice::One(one.clone()),
        _ => parts_or_several(others),
    }
}

/// The file of items among these, if one is named as such.
pub(super) fn items(names: &[String]) -> Option<String> {
    let data = || names.iter().filter(|name| is_data(name));
    for wanted in ITEMS_FILES {
        let mut found: Vec<&String> = data().filter(|name| without_compression(&last(name)) == wanted).collect();
        found.sort_by_key(|name| last(name).len());
        if let Some(name) = found.first() {
            return Some((*name).clone());
        }
    }
    let mut found = data().filter(|name| {
        ITEMS_STEMS.contains(&stem(name).as_str()) || without_compression(&last(name)).ends_with(".item")
    });
    let first = found.next()?;
    // Of two that could be, none is taken: titles of the wrong things are worse than none.
    found.next().is_none().then(|| first.clone())
}

/// Files as parts of one table, if their names say so.
pub(super) fn parts_or_several(mut names: Vec<String>) -> Choice {
    names.sort_by_cached_key(|name| natural(name));
    let shapes: Vec<String> = names.iter().map(|name| shape(name)).collect();
    if shapes.windows(2).all(|pair| pair[0] == pair[1]) { Choice::Parts(names) } else { Choice::Several(names) }
}

/// Whether it may be a table.
pub(super) fn is_data(name: &str) -> bool {
    let last = last(name).to_ascii_lowercase();
    let about = ["readme", "license", "licence", "copying", "citation", "changelog", "allbut.pl", "mku.sh"];
    let ending = last.rsplit_once('.').map_or("", |(_, ending)| ending);
    !is_litter(name) && !DOCUMENTS.contains(&ending) && !about.iter().any(|about| last.starts_with(about))
}

fn last(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

fn without_compression(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((rest, ending)) if COMPRESSIONS.contains(&ending.to_ascii_lowercase().as_str()) => rest.to_owned(),
        _ => name.to_owned(),
    }
}

/// The name without folders, endings, case and signs.
fn stem(name: &str) -> String {
    let name = without_compression(&last(name));
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    stem.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A name with what tells parts apart taken out: words with a digit, and of hexadecimal letters alone.
fn shape(name: &str) -> String {
    // Parts may be compressed in different ways, or some of them not at all.
    let last = without_compression(&last(name));
    let (stem, ending) = last.split_once('.').unwrap_or((&last, ""));
    let word = |word: &str| {
        let number = word.bytes().any(|byte| byte.is_ascii_digit());
        let hex = word.len() >= 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if number {
            // `a1` and `a2` belong together, `a1` and `b1` do not.
            let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
            let letters = if hex { "" } else { &word[..letters] };
            format!("{letters}#")
        } else if hex {
            "#".to_owned()
        } else {
            word.to_owned()
        }
    };
    let words: Vec<String> = stem.split(['-', '_', ' ', '=']).map(word).collect();
    format!("{}.{ending}", words.join("-"))
}

/// Names in the order in which people count: `part-2` before `part-10`.
fn natural(name: &str) -> Vec<(String, u128)> {
    let mut parts = vec![(String::new(), 0u128)];
    let mut in_number = false;
    for c in name.chars() {
        match c.to_digit(10) {
            Some(digit) => {
                if let Some((_, number)) = parts.last_mut() {
                    *number = number.saturating_mul(10).saturating_add(u128::from(digit));
                }
                in_number = true;
            }
            None => {
                if in_number {
                    parts.push((String::new(), 0));
                }
                if let Some((text, _)) = parts.last_mut() {
                    text.push(c);
                }
                in_number = false;
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Choice {
        interactions(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
    }

    fn one(name: &str) -> Choice {
        Choice::One(name.to_owned())
    }

    #[test]
    fn known_names_are_found_among_others() {
        for (names, expected) in [
            (&["movies.csv", "ratings.csv", "tags.csv", "links.csv"][..], "ratings.csv"),
            (&["ratings.dat", "ratings.csv.gz"], "ratings.csv.gz"),
            (&["ratings.csv.zip", "ratings.csv", "ratings.csv.gz"], "ratings.csv"),
            (&["u.data", "u.item", "u.user", "u1.base", "u1.test", "README"], "u.data"),
            (&["movie.csv", "rating.csv", "genome_scores.csv", "link.csv", "tag.csv"], "rating.csv"),
            (&["anime.csv", "rating.csv"], "rating.csv"),
            (&["Books.csv", "Ratings.csv", "Users.csv"], "Ratings.csv"),
            (&["BX-Book-Ratings.csv", "BX-Books.csv", "BX-Users.csv"], "BX-Book-Ratings.csv"),
            (&["category_tree.csv", "events.csv", "item_properties_part1.csv"], "events.csv"),
            (&["ml-100k.inter", "ml-100k.item", "ml-100k.user"], "ml-100k.inter"),
            (&["log.parquet", "README.md", "_SUCCESS", "users.parquet"], "log.parquet"),
            (&["__MACOSX/._x.csv", "x.csv", ".DS_Store"], "x.csv"),
        ] {
            assert_eq!(of(names), one(expected), "{names:?}");
        }
    }

    #[test]
    fn parts_stand_in_the_order_of_their_numbers() {
        let parts = |names: &[&str]| Choice::Parts(names.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(of(&["part-10.csv", "part-2.csv", "_SUCCESS"]), parts(&["part-2.csv", "part-10.csv"]));
        let spark = [
            "part-00000-1b2c3d4e-face-4a00-9999-0123456789ab-c000.snappy.parquet",
            "part-00001-1b2c3d4e-face-4a00-9999-0123456789ab-c000.snappy.parquet",
        ];
        assert_eq!(of(&spark), parts(&spark));
        assert_eq!(of(&["ratings_1.csv", "ratings_2.csv"]), parts(&["ratings_1.csv", "ratings_2.csv"]));
        assert_eq!(of(&["2020-01-02.jsonl", "2020-01-01.jsonl"]), parts(&["2020-01-01.jsonl", "2020-01-02.jsonl"]));
        assert_eq!(of(&["000001_0", "000000_0"]), parts(&["000000_0", "000001_0"]));
        let mixed = ["part-0.csv", "part-1.csv.gz", "part-2.csv.zst"];
        assert_eq!(of(&mixed), parts(&mixed));
    }

    #[test]
    fn files_that_do_not_belong_together_are_not_joined() {
        for names in [
            &["train.csv", "test.csv"][..],
            &["big_matrix.csv", "small_matrix.csv"],
            &["part-0.csv", "part-1.parquet"],
            &["events.csv", "reviews.csv"],
            &["a1.csv", "b1.csv"],
        ] {
            assert!(matches!(of(names), Choice::Several(found) if found.len() == 2), "{names:?}");
        }
        assert_eq!(of(&["movies.csv", "README.txt"]), Choice::Nothing);
    }
}
