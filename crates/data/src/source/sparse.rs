//! Sparse matrices written as text: Matrix Market and svmlight, told by their first lines.

use super::content::{Content, Refusal};

/// Lines that must have the form of svmlight.
const LINES: usize = 20;
const MATRIX_MARKET: &[u8] = b"%%matrixmarket";
const GENERAL: &str = "write it in coordinates with every entry: `scipy.io.mmwrite(\"data.mtx\", \
                       scipy.sparse.coo_matrix(scipy.io.mmread(FILE)), symmetry=\"general\")`";
const TRIPLES: &str = "write one row for each pair of user and item, such as `m = \
                       sklearn.datasets.load_svmlight_file(FILE)[0].tocoo()` and then `numpy.savetxt(\"data.csv\", \
                       numpy.c_[m.row, m.col, m.data], delimiter=\",\", fmt=\"%g\")`";

/// What a text is that begins as a sparse matrix does, unless its rows are user, item and value as they stand.
pub(super) fn content(text: &[u8], complete: bool) -> Option<Content> {
    let refused = |found, advice| Some(Content::Refused(Refusal { found, advice }));
    if text.len() >= MATRIX_MARKET.len() && text[..MATRIX_MARKET.len()].eq_ignore_ascii_case(MATRIX_MARKET) {
        let banner = text.split(|&byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        let banner = String::from_utf8_lossy(banner).to_lowercase();
        let says = |word: &str| banner.split_whitespace().any(|found| found == word);
        return match () {
            () if says("array") => refused("a Matrix Market file of a dense array", GENERAL),
            () if says("complex") => refused(
                "a Matrix Market file of complex numbers",
                "write their real parts: `scipy.io.mmwrite(\"data.mtx\", scipy.io.mmread(FILE).real)`",
            ),
            () if says("skew-symmetric") || says("hermitian") || says("symmetric") => {
                refused("a Matrix Market file that holds one half of a symmetric matrix", GENERAL)
            }
            () => None,
        };
    }
    is_svmlight(text, complete).then_some(())?;
    refused("an svmlight (libsvm) file: a label and then pairs such as `3:5` in each line", TRIPLES)
}

/// Whether each of the first lines is a number and then pairs of a whole number and a number, between spaces.
fn is_svmlight(text: &[u8], complete: bool) -> bool {
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').take(LINES + 1).collect();
    // The last line may be cut off by the end of what is looked at; behind the last line end there is none.
    if lines.len() > LINES || !complete || lines.last().is_some_and(|line| line.trim_ascii().is_empty()) {
        lines.pop();
    }
    let number = |word: &str| word.parse::<f64>().is_ok();
    let pair = |word: &str| {
        word.split_once(':').is_some_and(|(feature, value)| {
            (feature == "qid" || !feature.is_empty() && feature.bytes().all(|byte| byte.is_ascii_digit()))
                && number(value)
        })
    };
    let mut pairs = 0;
    let fits = lines.iter().all(|line| {
        let Ok(line) = std::str::from_utf8(line) else { return false };
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let label = words.next().is_none_or(|word| word.split(',').all(number));
        label
            && words.all(|word| {
                pairs += 1;
                pair(word)
            })
    });
    fits && pairs > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Option<&'static str> {
        match content(text.as_bytes(), true) {
            Some(Content::Refused(refusal)) => Some(refusal.found),
            _ => None,
        }
    }

    #[test]
    fn a_matrix_that_is_not_read_as_it_stands_is_named() {
        for (text, part) in [
            ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n2 1 3\n", Some("symmetric")),
            ("%%matrixmarket MATRIX Coordinate Integer Skew-Symmetric\n2 2 1\n2 1 3\n", Some("symmetric")),
            ("%%MatrixMarket matrix array real general\n1 1\n5\n", Some("dense array")),
            ("%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 5 0\n", Some("complex")),
            ("1 3:5 7:2\n2 3:4\n", Some("svmlight")),
            ("+1 3:5.5 7:2 # a comment\n-1 qid:3 3:4", Some("svmlight")),
            ("%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 5\n", None),
            ("%%MatrixMarket matrix coordinate pattern general\n1 1 1\n1 1\n", None),
            ("1 10 5\n2 11 4\n", None),
            ("1:10:5\n2:11:4\n", None),
            ("1 10:30\n2 eleven\n", None),
            ("", None),
        ] {
            let told = found(text);
            assert_eq!(told.is_some(), part.is_some(), "{text}");
            assert!(part.is_none_or(|part| told.unwrap().contains(part)), "{text}");
        }
    }
}
