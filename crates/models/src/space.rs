//! What of a family's parameters a search varies, from where to where, on what scale.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// A parameter that a search varies.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// Its name.
    pub name: String,
    /// From where to where.
    pub range: Range,
}

impl Dimension {
    /// A real number whose differences count.
    #[must_use]
    pub fn linear(name: &str, low: f64, high: f64) -> Self {
        Self { name: name.to_owned(), range: Range::Linear(low, high) }
    }

    /// A real number whose ratios count.
    #[must_use]
    pub fn log(name: &str, low: f64, high: f64) -> Self {
        Self { name: name.to_owned(), range: Range::Log(low, high) }
    }

    /// A whole number whose differences count.
    #[must_use]
    pub fn whole(name: &str, low: u32, high: u32) -> Self {
        Self { name: name.to_owned(), range: Range::Whole(low, high) }
    }

    /// A whole number whose ratios count.
    #[must_use]
    pub fn whole_log(name: &str, low: u32, high: u32) -> Self {
        Self { name: name.to_owned(), range: Range::WholeLog(low, high) }
    }
}

/// How a fit becomes a cheap one, which tells bad values of the parameters from good ones for a part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cheaper {
    /// A share of what this parameter counts, such as epochs: that share of the work.
    Less(&'static str),
    /// A share of the items: less than that share of the work, where that grows with their square or cube.
    Items,
    /// A share of the users, as of the items.
    Users,
}

/// The values of a parameter, both ends included.
#[derive(Clone, Debug, PartialEq)]
pub enum Range {
    /// Real numbers whose differences count: `0..0.8`.
    Linear(f64, f64),
    /// Real numbers above 0 whose ratios count: `50..2000:log`.
    Log(f64, f64),
    /// Whole numbers whose differences count: `2..5:whole`.
    Whole(u32, u32),
    /// Whole numbers above 0 whose ratios count: `20..1000:wholelog`.
    WholeLog(u32, u32),
    /// Some values: `[binary,bm25]`.
    Choices(Vec<Value>),
}

/// Ratio of a step from a value of a scale of ratios to the next.
const RATIO: f64 = 1.25;
/// Steps from one end of a scale of differences to the other.
const STEPS: f64 = 10.0;

impl Range {
    /// The value at a share of the way from the low end to the high one, `0 <= share < 1`. Real numbers have three
    /// digits, so that what is fitted is what a command line says.
    #[must_use]
    pub fn at(&self, share: f64) -> Value {
        let along = |low: f64, high: f64| low + (high - low) * share;
        let ratio = |low: f64, high: f64| low * (high / low).powf(share);
        // Each whole number has an interval of its own length.
        let floor = |low: u32, high: u32, found: f64| Value::from((found.floor() as u32).clamp(low, high));
        match self {
            Self::Linear(low, high) => self.real(along(*low, *high)),
            Self::Log(low, high) => self.real(ratio(*low, *high)),
            Self::Whole(low, high) => floor(*low, *high, along(f64::from(*low), f64::from(*high) + 1.0)),
            Self::WholeLog(low, high) => floor(*low, *high, ratio(f64::from(*low), f64::from(*high) + 1.0)),
            Self::Choices(values) => {
                let place = ((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1));
                values.get(place).cloned().unwrap_or(Value::Null)
            }
        }
    }

    /// The values beside one, `size` steps down and up: a step is a ratio of 1.25 or a tenth of the range, and at least 1 of
    /// whole numbers. Of choices all the others. What lies outside comes back to the end of the range; the value itself is
    /// not among them.
    #[must_use]
    pub fn beside(&self, value: &Value, size: f64) -> Vec<Value> {
        let found = value.as_f64();
        let step = |low: f64, high: f64| (high - low) / STEPS * size;
        let ratio = RATIO.powf(size);
        let whole = |low: u32, high: u32, down: f64, up: f64, middle: f64| {
            let (down, up) = (down.round().min(middle - 1.0), up.round().max(middle + 1.0));
            [down, up].map(|value| Value::from((value.max(0.0) as u32).clamp(low, high))).to_vec()
        };
        let beside = match (self, found) {
            (Self::Linear(low, high), Some(at)) => {
                [at - step(*low, *high), at + step(*low, *high)].map(|value| self.real(value)).to_vec()
            }
            (Self::Log(..), Some(at)) => [at / ratio, at * ratio].map(|value| self.real(value)).to_vec(),
            (Self::Whole(low, high), Some(at)) => {
                let step = step(f64::from(*low), f64::from(*high));
                whole(*low, *high, at - step, at + step, at)
            }
            (Self::WholeLog(low, high), Some(at)) => whole(*low, *high, at / ratio, at * ratio, at),
            (Self::Choices(values), _) => values.clone(),
            // A default that is no number, such as none: the middle.
            (_, None) => vec![self.at(0.5)],
        };
        beside
            .into_iter()
            .filter(|other| other != value && other.as_f64().is_none_or(|other| found != Some(other)))
            .collect()
    }

    /// A number of three digits inside the range.
    fn real(&self, value: f64) -> Value {
        let (low, high) = match *self {
            Self::Linear(low, high) | Self::Log(low, high) => (low, high),
            Self::Whole(low, high) | Self::WholeLog(low, high) => (f64::from(low), f64::from(high)),
            Self::Choices(_) => (value, value),
        };
        let digits: f64 = format!("{value:.2e}").parse().unwrap_or(value);
        Value::from(digits.clamp(low, high))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear(low, high) => write!(f, "{low}..{high}"),
            Self::Log(low, high) => write!(f, "{low}..{high}:log"),
            Self::Whole(low, high) => write!(f, "{low}..{high}:whole"),
            Self::WholeLog(low, high) => write!(f, "{low}..{high}:wholelog"),
            Self::Choices(values) => {
                let words = values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
                write!(f, "[{}]", words.collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// Why a text is no range of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{found}` is no range of a parameter: {why}; allowed are NAME=LOW..HIGH, NAME=LOW..HIGH:log, NAME=LOW..HIGH:whole, \
     NAME=LOW..HIGH:wholelog and NAME=[VALUE,VALUE]"
)]
pub struct RangeError {
    /// What was found.
    pub found: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl FromStr for Dimension {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let wrong = |why| RangeError { found: text.to_owned(), why };
        let (name, range) = text.split_once('=').ok_or_else(|| wrong("it names no parameter"))?;
        let name = name.trim().replace('-', "_");
        if let Some(values) = range.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let value = |word: &str| serde_json::from_str(word).unwrap_or_else(|_| Value::from(word));
            let values: Vec<Value> =
                values.split(',').map(str::trim).filter(|word| !word.is_empty()).map(value).collect();
            if values.is_empty() {
                return Err(wrong("there is no value between the brackets"));
            }
            return Ok(Self { name, range: Range::Choices(values) });
        }
        let (ends, scale) = range.rsplit_once(':').map_or((range, None), |(ends, scale)| (ends, Some(scale)));
        let (low, high) = ends.split_once("..").ok_or_else(|| wrong("two dots part the low end from the high one"))?;
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let (Some(low), Some(high)) = (number(low), number(high)) else { return Err(wrong("an end is no number")) };
        if low >= high {
            return Err(wrong("the low end is not below the high one"));
        }
        let is_whole = |end: f64| end.fract() == 0.0 && (0.0..1e9).contains(&end);
        let range = match scale {
            None => Range::Linear(low, high),
            Some("log" | "wholelog") if low <= 0.0 => return Err(wrong("ratios need ends above 0")),
            Some("log") => Range::Log(low, high),
            Some("whole" | "wholelog") if !is_whole(low) || !is_whole(high) => {
                return Err(wrong("an end is no whole number from 0 to below 1000000000"));
            }
            Some("whole") => Range::Whole(low as u32, high as u32),
            Some("wholelog") => Range::WholeLog(low as u32, high as u32),
            Some(_) => return Err(wrong("the scale is not known")),
        };
        Ok(Self { name, range })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        format!("x={text}").parse::<Dimension>().unwrap().range
    }

    #[test]
    fn a_range_is_read_as_it_is_written() {
        for text in ["0..0.8", "50..2000:log", "2..5:whole", "20..1000:wholelog", "[binary,bm25]", "[1,2]"] {
            assert_eq!(range(text).to_string(), text);
        }
    }

    #[test]
    fn a_range_that_is_none_is_refused_with_the_reason() {
        for (text, why) in [
            ("1..2", "it names no parameter"),
            ("x=1", "two dots"),
            ("x=2..1", "not below"),
            ("x=0..1:log", "above 0"),
            ("x=1..b", "no number"),
            ("x=1..2.5:whole", "no whole number"),
            ("x=1..2:cubic", "not known"),
            ("x=[]", "no value"),
        ] {
            let error = text.parse::<Dimension>().unwrap_err();
            assert!(error.why.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn shares_go_from_end_to_end_on_the_scale_of_the_range() {
        assert_eq!(range("0..0.8").at(0.5), Value::from(0.4));
        assert_eq!(range("10..1000:log").at(0.5), Value::from(100.0));
        let wholes: Vec<Value> =
            [0.0, 0.24, 0.26, 0.5, 0.76, 0.999].map(|share| range("2..5:whole").at(share)).to_vec();
        assert_eq!(wholes, [2, 2, 3, 4, 5, 5].map(Value::from));
        assert_eq!(range("[a,b]").at(0.5), Value::from("b"));
    }

    #[test]
    fn steps_stay_inside_and_leave_the_value() {
        assert_eq!(range("50..2000:log").beside(&Value::from(100.0), 1.0), [Value::from(80.0), Value::from(125.0)]);
        assert_eq!(range("50..2000:log").beside(&Value::from(50.0), 1.0), [Value::from(62.5)]);
        assert_eq!(range("0..0.8").beside(&Value::from(0.0), 1.0), [Value::from(0.08)]);
        assert_eq!(range("2..5:whole").beside(&Value::from(4), 0.5), [Value::from(3), Value::from(5)]);
        assert_eq!(range("1..100:log").beside(&Value::Null, 1.0), [Value::from(10.0)]);
    }
}
