//! Which data, and how to read it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use foretaste::dataset::Tables;
use foretaste::interactions::{Column, ColumnRole, MissingCodes, ReadOptions, Repeat, Weights};
use foretaste::table::Encoding;

use super::dialect::DialectArgs;
use super::tables::TableArgs;

/// Where `--help` lists the flags about reading.
pub(super) const READING: &str = "Reading ratings";

/// DATA and everything about reading it.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataArgs {
    /// A ratings file, a folder in a MovieLens layout, a model file, or one of the names demo, ml-latest-small,
    /// ml-100k, ml-1m, ml-10m, ml-20m, ml-25m, ml-32m (all but demo are downloaded once). What exists at that path
    /// goes before a name
    #[arg(value_name = "DATA")]
    pub(crate) data: String,

    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// How to read ratings; everything left out is found out from the file.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ReadArgs {
    /// Take only the first N ratings
    #[arg(long, help_heading = READING, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rows: Option<u64>,

    /// File about the items: an id, and any columns such as title, genres, year, price
    #[arg(long, help_heading = READING, value_name = "FILE")]
    pub(crate) items: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) tables: TableArgs,

    /// Refuse a file with a row that is no rating, instead of counting it
    #[arg(long, help_heading = READING)]
    pub(crate) strict: bool,

    #[command(flatten)]
    pub(crate) dialect: DialectArgs,

    /// Column of users, by name or counted from 1
    #[arg(long, help_heading = READING, value_name = "COLUMN", value_parser = column)]
    pub(crate) user_column: Option<Column>,

    /// Column of items, by name or counted from 1
    #[arg(long, help_heading = READING, value_name = "COLUMN", value_parser = column)]
    pub(crate) item_column: Option<Column>,

    /// Column of ratings, counts or words, by name or counted from 1; without one each row counts 1
    #[arg(long, help_heading = READING, value_name = "COLUMN", value_parser = column)]
    pub(crate) rating_column: Option<Column>,

    /// Column of times, by name or counted from 1: seconds or milliseconds since 1970, or ISO 8601
    #[arg(long, help_heading = READING, value_name = "COLUMN", value_parser = column)]
    pub(crate) time_column: Option<Column>,

    /// What every column is, in order: `user`, `item`, `value`, `time`, and `-` for any other
    #[arg(long, help_heading = READING, value_name = "ROLES", value_parser = columns, allow_hyphen_values = true,
        conflicts_with_all = ["user_column", "item_column", "rating_column", "time_column"])]
    pub(crate) columns: Option<Columns>,

    /// Weights of the words in the value column, such as `view=1,cart=3,purchase=5`
    #[arg(long, help_heading = READING, value_name = "WORD=NUMBER,...", value_parser = Weights::parse)]
    pub(crate) value: Option<Weights>,

    /// What counts of several rows of one user and item [default: last; sum without a rating column or with --value]
    #[arg(long, help_heading = READING)]
    pub(crate) repeat: Option<RepeatArg>,

    /// What stands for "no rating" in the value column, such as `-1`; may be given several times
    #[arg(long, help_heading = READING, value_name = "CODE", allow_hyphen_values = true)]
    pub(crate) missing: Vec<String>,

    /// How bytes stand for text
    #[arg(long, help_heading = READING)]
    pub(crate) encoding: Option<EncodingArg>,

    /// Folder on the web to download NAME.zip from, instead of GroupLens
    #[arg(long, help_heading = READING, value_name = "URL")]
    pub(crate) mirror: Option<String>,
}

/// The encodings by the names that people use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncodingArg {
    /// UTF-8
    #[value(name = "utf-8", alias = "utf8")]
    Utf8,
    /// ISO 8859-1, as windows-1252 extends it
    #[value(name = "latin-1", alias = "latin1")]
    Latin1,
}

/// What every column is, in order; a type of its own, so that the flag is one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns(Vec<ColumnRole>);

/// The ways to combine repeated rows, as they are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RepeatArg {
    /// The last value, by time where there are times
    Last,
    /// The first value, by time where there are times
    First,
    /// The highest value
    Max,
    /// The sum of the values
    Sum,
    /// The number of rows
    Count,
}

impl ReadArgs {
    /// What the flags mean to the reader.
    pub(crate) fn options(&self) -> ReadOptions {
        ReadOptions {
            separator: self.dialect.separator,
            quote: self.dialect.quote(),
            decimal: self.dialect.decimal(),
            wide: self.dialect.wide(),
            header: self.dialect.header(),
            user_column: self.user_column.clone(),
            item_column: self.item_column.clone(),
            rating_column: self.rating_column.clone(),
            time_column: self.time_column.clone(),
            columns: self.columns.clone().map(|Columns(roles)| roles),
            value: self.value.clone(),
            repeat: self.repeat.map(|repeat| match repeat {
                RepeatArg::Last => Repeat::Last,
                RepeatArg::First => Repeat::First,
                RepeatArg::Max => Repeat::Max,
                RepeatArg::Sum => Repeat::Sum,
                RepeatArg::Count => Repeat::Count,
            }),
            missing: MissingCodes::new(self.missing.clone()),
            encoding: self.encoding.map(|encoding| match encoding {
                EncodingArg::Utf8 => Encoding::Utf8,
                EncodingArg::Latin1 => Encoding::Latin1,
            }),
            rows: self.rows,
            strict: self.strict,
        }
    }

    /// The files beside the ratings, and the types of their columns.
    pub(crate) fn tables(&self) -> Tables<'_> {
        self.tables.beside(self.items.as_deref())
    }

    /// Whether a flag says how to read ratings, which does not apply to a model file.
    pub(crate) fn says_anything(&self) -> bool {
        self.options() != ReadOptions::default() || self.items.is_some() || self.tables != TableArgs::default()
    }
}

fn columns(text: &str) -> Result<Columns, String> {
    ColumnRole::list(text).map(Columns)
}

fn column(text: &str) -> Result<Column, String> {
    match text.parse() {
        Ok(Column::Position(0)) => Err("columns are counted from 1".to_owned()),
        Ok(column) => Ok(column),
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flag_leaves_everything_to_the_file() {
        assert_eq!(ReadArgs::default().options(), ReadOptions::default());
    }

    #[test]
    fn column_zero_is_refused() {
        assert!(column("0").is_err());
        assert_eq!(column("2"), Ok(Column::Position(2)));
        assert_eq!(column("who"), Ok(Column::Name("who".into())));
    }
}
