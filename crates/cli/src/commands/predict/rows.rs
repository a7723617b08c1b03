//! Pairs with their scores as rows: CSV that the reader of pairs reads again, or one JSON object a line.

use std::io::{self, Write};

use anyhow::Result;
use foretaste::interactions::Reason;
use foretaste::recommend::PredictedRating;
use serde::{Serialize, Serializer};

use super::Destination;
use crate::output::{Shape, csv_field};

/// Why a pair has no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Missing {
    /// The model does not know the user.
    UnknownUser,
    /// The model does not know the item.
    UnknownItem,
    /// It knows neither.
    UnknownUserAndItem,
    /// Nothing that the user did counts for the model.
    NoDirection,
    /// The row is no pair.
    #[serde(untagged)]
    Row(Reason),
}

impl Missing {
    /// The name of the reason, for programs: `unknown_item`.
    pub(super) fn token(self) -> String {
        serde_json::to_value(self).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    }
}

/// A row of the answer.
#[derive(Clone, Debug)]
pub(super) struct Scored<'a> {
    pub(super) user: &'a str,
    pub(super) item: &'a str,
    pub(super) score: std::result::Result<f32, Missing>,
    /// How sure a predicted rating is, where that was asked for and the model knows it.
    pub(super) rating: Option<PredictedRating>,
}

impl Serialize for Scored<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            user: &'a str,
            item: &'a str,
            score: Option<f32>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<Missing>,
            #[serde(skip_serializing_if = "Option::is_none")]
            rating: Option<&'a PredictedRating>,
        }
        let (score, reason, rating) = (self.score.ok(), self.score.err(), self.rating.as_ref());
        Row { user: self.user, item: self.item, score, reason, rating }.serialize(to)
    }
}

/// Where rows go, and in which shape.
pub(super) struct Rows {
    out: Destination,
    shape: Shape,
    distribution: bool,
}

impl Rows {
    /// Begins with the header of a CSV file; with a distribution it has a deviation and the ends of an interval.
    pub(super) fn to(mut out: Destination, shape: Shape, distribution: bool) -> Result<Self> {
        if shape == Shape::Text {
            let more = if distribution { ",deviation,low90,high90" } else { "" };
            writeln!(out, "user,item,score,reason{more}")?;
        }
        Ok(Self { out, shape, distribution })
    }

    pub(super) fn write(&mut self, row: &Scored<'_>) -> Result<()> {
        if self.shape == Shape::Json {
            serde_json::to_writer(&mut self.out, row).map_err(io::Error::from)?;
            return Ok(writeln!(self.out)?);
        }
        let (user, item) = (csv_field(row.user), csv_field(row.item));
        match row.score {
            Ok(score) => write!(self.out, "{user},{item},{score},")?,
            Err(reason) => write!(self.out, "{user},{item},,{}", reason.token())?,
        }
        match &row.rating {
            Some(PredictedRating { deviation, interval90: [low, high], .. }) => {
                writeln!(self.out, ",{deviation},{low},{high}")?;
            }
            None => writeln!(self.out, "{}", if self.distribution { ",,," } else { "" })?,
        }
        Ok(())
    }

    /// Ends before the last row: the reader of stdout has the rows so far, a file is not written.
    pub(super) fn stop(self) -> Result<()> {
        match self.out {
            out @ Destination::Stdout(_) => out.finish(),
            Destination::File(..) => Ok(()),
        }
    }

    /// Writes what is still held back; a file is there from now on.
    pub(super) fn finish(self) -> Result<()> {
        self.out.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_names_for_programs() {
        assert_eq!(Missing::UnknownUserAndItem.token(), "unknown_user_and_item");
        assert_eq!(Missing::Row(Reason::TooFewFields).token(), "too_few_fields");
        let row = Scored { user: "1", item: "9", score: Err(Missing::UnknownItem), rating: None };
        let json = serde_json::to_string(&row).unwrap();
        assert_eq!(json, r#"{"user":"1","item":"9","score":null,"reason":"unknown_item"}"#);
    }
}
