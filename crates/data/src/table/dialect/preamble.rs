//! What stands before a table and is neither a plain title nor a plain header: sizes, attributes, another separator.

use super::head::{Head, counts_from, shown};
use super::sketch::number;
use super::{Asked, Rows, Separator, Undecided, trim};

/// Rows from which on a first row that counts them is no chance.
const COUNTED: usize = 8;

/// The head of a file whose first row names its format: ARFF, whose attributes name the columns, and Matrix Market, whose
/// first row behind the comments counts rows, columns and entries.
///
/// R. Boisvert, R. Pozo, K. Remington, "The Matrix Market Exchange Formats: Initial Design" (1996), section 3.
pub(super) fn of_format(rows: &Rows) -> Option<Head> {
    let text = |row: &[Vec<u8>]| String::from_utf8_lossy(&row.join(&b' ')).trim().to_owned();
    let starts =
        |row: &[Vec<u8>], word: &str| text(row).get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if starts(rows.first()?, "%%MatrixMarket") {
        let sizes = rows.iter().position(|row| !starts(row, "%"))?;
        let why = "Matrix Market: a row of sizes is passed over".to_owned();
        return Some(Head { before: sizes + 1, header: None, evidence: vec![why], table: false });
    }
    let first = rows.iter().position(|row| !starts(row, "%"))?;
    let data = rows.iter().position(|row| starts(row, "@data"))?;
    if !starts(&rows[first], "@relation") {
        return None;
    }
    let attributes = rows[..data].iter().filter(|row| starts(row, "@attribute"));
    let names = attributes.map(|row| {
        let text = text(row);
        let rest = text["@attribute".len()..].trim_start();
        let quote = rest.chars().next().filter(|first| matches!(first, '\'' | '"'));
        let name = match quote {
            Some(quote) => rest[1..].split(quote).next(),
            None => rest.split(char::is_whitespace).next(),
        };
        name.unwrap_or_default().as_bytes().to_vec()
    });
    let header: Vec<Vec<u8>> = names.collect();
    let why = "ARFF: its attributes name the columns".to_owned();
    (!header.is_empty()).then(|| Head { before: data, header: Some(header), evidence: vec![why], table: false })
}

/// What stands between fields of a file whose first line names its format.
pub(super) fn separator(sample: &[u8]) -> Option<Separator> {
    let banner = b"%%matrixmarket";
    if sample.get(..banner.len()).is_some_and(|start| start.eq_ignore_ascii_case(banner)) {
        return Some(Separator::Space);
    }
    let mut lines = sample.split(|&byte| byte == b'\n').map(trim);
    let first = lines.find(|line| !line.is_empty() && line[0] != b'%')?;
    let word = b"@relation";
    first.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)).then_some(Separator::Comma)
}

/// The header that stands right before the data and has another separator than they have.
pub(super) fn cut_otherwise(
    rows: &Rows,
    before: usize,
    usual: usize,
    names: impl Fn(&[Vec<u8>]) -> usize,
) -> Option<Head> {
    let [cell] = rows.get(before.checked_sub(1)?)?.as_slice() else { return None };
    [",", ";", "\t", "|", "::", " "].into_iter().find_map(|separator| {
        let text = String::from_utf8_lossy(cell);
        let parts = text.split(separator).map(|part| part.trim().trim_matches(['"', '\'']).as_bytes().to_vec());
        let parts: Vec<Vec<u8>> = parts.collect();
        let fits = parts.len() == usual || parts.len() + 1 == usual;
        let why = format!("a row is a header: it has usual names, between `{}`", separator.replace('\t', "tab"));
        (fits && names(&parts) >= 2).then(|| Head {
            before: before - 1,
            header: Some(parts),
            evidence: vec![why],
            table: false,
        })
    })
}

/// Whether the first of the rows says how many users, items and rows follow.
pub(super) fn counts_rows(rows: &[Vec<Vec<u8>>]) -> bool {
    let Some((first, below)) = rows.split_first().filter(|(first, below)| first.len() == 3 && below.len() >= COUNTED)
    else {
        return false;
    };
    let numbers = |row: &Vec<Vec<u8>>| -> Option<[f64; 3]> {
        let [user, item, value] = row.as_slice() else { return None };
        Some([number(user, false)?, number(item, false)?, number(value, false)?])
    };
    let (Some(sizes), Some(below)) = (numbers(first), below.iter().map(numbers).collect::<Option<Vec<_>>>()) else {
        return false;
    };
    let most = |at: usize| below.iter().map(|row| row[at]).fold(0.0, f64::max);
    #[allow(clippy::float_cmp, reason = "a count is whole")]
    let counted = sizes[2] == below.len() as f64;
    // Of a sample that does not reach the end, the count is greater than all that it counts.
    let beyond = sizes[2] >= below.len() as f64 && below.len() >= 500 && sizes[2] >= 10.0 * most(2);
    sizes.iter().all(|size| size.fract() == 0.0) && sizes[0] >= most(0) && sizes[1] >= most(1) && (counted || beyond)
}

/// A first row that may say how many users, items and rows follow.
pub(super) fn sizes(row: &str) -> Undecided {
    Undecided {
        what: "header",
        one: format!("its first row ({row}) counts users, items and rows"),
        other: "its first row is data".to_owned(),
        flags: "--header or --no-header".to_owned(),
    }
}

/// Refuses words between spaces that may be names or a title: the row below them numbers the columns, or is data.
///
/// # Errors
/// When it is so.
pub(super) fn refuse_title(
    rows: &[Vec<Vec<u8>>],
    header: Option<&[Vec<u8>]>,
    asked: &Asked<'_>,
) -> Result<(), Undecided> {
    let (Some(words), Some(below)) = (header, rows.get(1)) else { return Ok(()) };
    let plain = |word: &Vec<u8>| number(word, true).is_none() && (asked.role)(word).is_none();
    let numbers =
        below.len().abs_diff(words.len()) < 2 && below.len() > 2 && (counts_from(0, below) || counts_from(1, below));
    if !numbers || !words.iter().all(plain) {
        return Ok(());
    }
    Err(Undecided {
        what: "header",
        one: format!("its row ({}) names the columns", shown(words)),
        other: format!("that row is a title, and the row below it ({}) numbers the columns", shown(below)),
        flags: "--header yes if it holds names, or by deleting the lines before the table".to_owned(),
    })
}

/// A first row with spaces within its fields, where no other row has any.
pub(super) fn sentence(row: &str) -> Undecided {
    Undecided {
        what: "header",
        one: format!("its first row ({row}) is a title, for it alone has spaces within its fields"),
        other: "its first row is data".to_owned(),
        flags: "--no-header if it is data, or by removing the line if it is a title".to_owned(),
    }
}

/// Names behind rows that may be data.
pub(super) fn late(row: &str, before: usize) -> Undecided {
    Undecided {
        what: "header",
        one: format!("its row {} ({row}) names the columns", before + 1),
        other: "the rows before that are data".to_owned(),
        flags: "--header or --no-header".to_owned(),
    }
}

/// Tabs and spaces in the same rows, of which the spaces may stand within texts.
pub(super) fn tabs_or_spaces() -> Undecided {
    Undecided {
        what: "separator",
        one: "runs of tabs stand between its fields, and spaces within them".to_owned(),
        other: "spaces stand between its fields as well".to_owned(),
        flags: "--separator space, or by writing one tab between two fields".to_owned(),
    }
}
