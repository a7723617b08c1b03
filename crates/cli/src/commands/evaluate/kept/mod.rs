//! A file of rows that an evaluation keeps: CSV, or Parquet where its name ends in `.parquet`.

#[cfg(feature = "parquet")]
mod parquet;

use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;

use crate::commands::destination::{self, Destination};
use crate::output::csv_field;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text.
    Text,
    /// Whole numbers.
    Whole,
    /// Numbers of single precision: scores.
    Single,
    /// Numbers of double precision: figures.
    Double,
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    Whole(usize),
    Single(f32),
    Double(f64),
}

/// A file that rows go to; it appears when it is finished.
pub(super) enum Kept {
    Csv(Destination),
    #[cfg(feature = "parquet")]
    Parquet(Destination, Box<parquet::Groups>),
}

impl Kept {
    /// A file with these columns, in the format that its name ends with.
    pub(super) fn open(path: &Path, columns: &[(String, Kind)]) -> Result<Self> {
        destination::check(path, &[])?;
        let is_parquet = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("parquet"));
        let mut file = Destination::open(Some(path))?;
        if is_parquet {
            return as_parquet(file, path, columns);
        }
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        writeln!(file, "{}", names.join(","))?;
        Ok(Self::Csv(file))
    }

    /// Appends a row: a cell for each column, of its kind.
    pub(super) fn row(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        match self {
            Self::Csv(file) => csv_row(file, cells),
            #[cfg(feature = "parquet")]
            Self::Parquet(file, groups) => groups.row(cells, file),
        }
    }

    /// The file is there from now on.
    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Csv(file) => file.finish(),
            #[cfg(feature = "parquet")]
            Self::Parquet(mut file, groups) => {
                groups.finish(&mut file)?;
                file.finish()
            }
        }
    }
}

fn csv_row(file: &mut impl Write, cells: &[Cell<'_>]) -> io::Result<()> {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            file.write_all(b",")?;
        }
        match cell {
            Cell::Text(text) => write!(file, "{}", csv_field(text)),
            Cell::Whole(number) => write!(file, "{number}"),
            Cell::Single(number) => write!(file, "{number}"),
            Cell::Double(number) => write!(file, "{number}"),
        }?;
    }
    writeln!(file)
}

#[cfg(feature = "parquet")]
fn as_parquet(file: Destination, _path: &Path, columns: &[(String, Kind)]) -> Result<Kept> {
    Ok(Kept::Parquet(file, Box::new(parquet::Groups::new(columns)?)))
}

#[cfg(not(feature = "parquet"))]
fn as_parquet(_file: Destination, path: &Path, _columns: &[(String, Kind)]) -> Result<Kept> {
    let why = "this build leaves Parquet out; build with the feature `parquet`, or give a name that ends in .csv";
    Err(crate::exit::coded(crate::exit::Exit::Usage, anyhow::anyhow!("cannot write {}: {why}", path.display())))
}

#[cfg(all(test, not(feature = "parquet")))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_parquet_refuses_such_a_file_by_name_and_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lists.parquet", "LISTS.PARQUET"] {
            let path = folder.path().join(name);
            let Err(error) = Kept::open(&path, &[("user".to_owned(), Kind::Text)]) else { panic!("{name} is written") };
            let error = error.to_string();
            assert!(error.contains(name) && error.contains("feature `parquet`") && error.contains(".csv"), "{error}");
        }
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
        assert!(Kept::open(&folder.path().join("lists.csv"), &[("user".to_owned(), Kind::Text)]).is_ok());
    }
}
