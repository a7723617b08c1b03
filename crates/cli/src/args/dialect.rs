//! How a table of text is written, where the file cannot tell.

use clap::{Args, ValueEnum};
use foretaste::table::{Decimal, Quote, Separator};

use super::data::READING;

/// What is told of the file's dialect; everything left out is found out from its rows.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DialectArgs {
    /// What stands between fields: `,` `;` `tab` `|` `::` or `space`
    #[arg(long, help_heading = READING, value_name = "SEPARATOR", value_parser = separator)]
    pub(crate) separator: Option<Separator>,

    /// Whether the first row names the columns
    #[arg(long, help_heading = READING, value_name = "yes|no", num_args = 0..=1, default_missing_value = "yes",
        conflicts_with = "no_header")]
    header: Option<YesNo>,

    /// The first row is data already; short for `--header no`
    #[arg(long, help_heading = READING)]
    no_header: bool,

    /// What quotes a field
    #[arg(long, help_heading = READING, value_name = "QUOTE")]
    quote: Option<QuoteArg>,

    /// What stands before the fraction of a number
    #[arg(long, help_heading = READING, value_name = "DECIMAL")]
    decimal: Option<DecimalArg>,

    /// Whether it is a table of users x items, one value a cell
    #[arg(long, help_heading = READING, value_name = "yes|no", num_args = 0..=1, default_missing_value = "yes")]
    wide: Option<YesNo>,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum YesNo {
    /// It is so
    Yes,
    /// It is not so
    No,
}

/// The ways of quoting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum QuoteArg {
    /// Nothing quotes a field
    None,
    /// "a ""quoted"" word"
    Double,
    /// "a \"quoted\" word"
    Backslash,
    /// 'a ''quoted'' word'
    Single,
    /// 'a \'quoted\' word'
    SingleBackslash,
}

/// The decimal separators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DecimalArg {
    /// 4.5
    #[value(alias = ".")]
    Point,
    /// 4,5
    #[value(alias = ",")]
    Comma,
}

impl DialectArgs {
    /// Whether the first row names the columns, if told.
    pub(crate) fn header(&self) -> Option<bool> {
        if self.no_header { Some(false) } else { self.header.map(|header| header == YesNo::Yes) }
    }

    /// What quotes a field, if told.
    pub(crate) fn quote(&self) -> Option<Quote> {
        self.quote.map(|quote| match quote {
            QuoteArg::None => Quote::None,
            QuoteArg::Double => Quote::Double,
            QuoteArg::Backslash => Quote::Backslash,
            QuoteArg::Single => Quote::Single,
            QuoteArg::SingleBackslash => Quote::SingleBackslash,
        })
    }

    /// What stands before a fraction, if told.
    pub(crate) fn decimal(&self) -> Option<Decimal> {
        self.decimal.map(|decimal| match decimal {
            DecimalArg::Point => Decimal::Point,
            DecimalArg::Comma => Decimal::Comma,
        })
    }

    /// Whether it is a table of users x items, if told.
    pub(crate) fn wide(&self) -> Option<bool> {
        self.wide.map(|wide| wide == YesNo::Yes)
    }
}

pub(super) fn separator(text: &str) -> Result<Separator, String> {
    let typed = match text {
        "\t" | "\\t" => "tab",
        " " => "space",
        "\t\t" | "\\t\\t" => "two tabs",
        other => other,
    };
    let found = Separator::ALL.into_iter().find(|separator| separator.to_string() == typed);
    found.ok_or_else(|| "expected one of `,` `;` `tab` `|` `::` `||` `space`".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        dialect: DialectArgs,
    }

    fn parse(arguments: &[&str]) -> DialectArgs {
        Line::try_parse_from([&["x"][..], arguments].concat()).unwrap().dialect
    }

    #[test]
    fn separators_are_typed_as_they_stand_or_by_name() {
        assert_eq!(separator(";"), Ok(Separator::Semicolon));
        assert_eq!(separator("tab"), Ok(Separator::Tab));
        assert_eq!(separator("\\t"), Ok(Separator::Tab));
        assert_eq!(separator("::"), Ok(Separator::DoubleColon));
        assert_eq!(separator("||"), Ok(Separator::DoublePipe));
        assert_eq!(separator("\\t\\t"), Ok(Separator::DoubleTab));
        assert_eq!(separator(" "), Ok(Separator::Space));
        assert!(separator("x").is_err());
    }

    #[test]
    fn a_header_is_told_with_and_without_an_answer() {
        assert_eq!(parse(&[]).header(), None);
        assert_eq!(parse(&["--header"]).header(), Some(true));
        assert_eq!(parse(&["--header", "no"]).header(), Some(false));
        assert_eq!(parse(&["--no-header"]).header(), Some(false));
        assert_eq!(parse(&["--wide", "yes"]).wide(), Some(true));
        assert_eq!(parse(&["--decimal", ","]).decimal(), Some(Decimal::Comma));
        assert_eq!(parse(&["--quote", "single"]).quote(), Some(Quote::Single));
        assert_eq!(parse(&["--quote", "single-backslash"]).quote(), Some(Quote::SingleBackslash));
        assert!(Line::try_parse_from(["x", "--header", "--no-header"]).is_err());
    }
}
