//! The names that need no file: the demo, and what GroupLens publishes.

/// Where GroupLens Research keeps its MovieLens archives (Harper and Konstan, "The MovieLens Datasets", 2015).
pub const SOURCE: &str = "https://files.grouplens.org/datasets/movielens";

/// The generated catalogue.
pub const DEMO: &str = "demo";

/// A published archive `NAME.zip`.
#[derive(Debug)]
pub struct Archive {
    /// Its name, which is also the folder's name in the cache.
    pub name: &'static str,
    /// The MD5 sum that GroupLens publishes; none where the archive changes under its name, so that only the sum
    /// beside it can be right.
    pub(crate) md5: Option<&'static str>,
}

const fn pinned(name: &'static str, md5: &'static str) -> Archive {
    Archive { name, md5: Some(md5) }
}

const ARCHIVES: [Archive; 7] = [
    Archive { name: "ml-latest-small", md5: None },
    pinned("ml-100k", "0e33842e24a9c977be4e0107933c0723"),
    pinned("ml-1m", "c4d9eecfca2ab87c1945afe126590906"),
    pinned("ml-10m", "ce571fd55effeba0271552578f2648bd"),
    pinned("ml-20m", "cd245b17a1ae2cc31bb14903e1204af3"),
    pinned("ml-25m", "6b51fb2759a8657d3bfcbfc42b592ada"),
    pinned("ml-32m", "d472be332d4daa821edc399621853b57"),
];

/// The archive of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Archive> {
    static TABLE: [Archive; 7] = ARCHIVES;
    TABLE.iter().find(|archive| archive.name == name)
}

/// All names, smallest data first.
pub fn names() -> impl Iterator<Item = &'static str> {
    [DEMO].into_iter().chain(ARCHIVES.map(|archive| archive.name))
}

/// The name that was meant, if one is near enough to ask.
#[must_use]
pub fn nearest(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase().replace('_', "-").replace("movielens", "ml");
    let near = |name: &'static str| (strsim::jaro_winkler(&word, name), name);
    let (likeness, name) = names().map(near).max_by(|a, b| a.0.total_cmp(&b.0))?;
    // Below this, names of files start to look like names of data sets.
    (likeness > 0.8).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pinned_sum_is_an_md5_sum_of_its_own() {
        let sums: std::collections::BTreeSet<_> = ARCHIVES.iter().filter_map(|archive| archive.md5).collect();
        assert_eq!(sums.len(), 6);
        assert!(
            sums.iter()
                .all(|sum| sum.len() == 32 && sum.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
        );
    }

    #[test]
    fn near_names_are_found() {
        for (typed, meant) in
            [("ml1m", "ml-1m"), ("Demo", "demo"), ("movielens-100k", "ml-100k"), ("ml-latest", "ml-latest-small")]
        {
            assert_eq!(nearest(typed), Some(meant), "{typed}");
        }
        assert_eq!(nearest("data/ratings.csv"), None);
    }
}
