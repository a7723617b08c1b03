//! The members of a blend as they are written: `ease(lambda=300) + .5 ials`, or a list of mappings.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::{ModelParams, ParamsError, Shape};

/// A model and how much its vote counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// What its votes are multiplied by; below 0 it votes against.
    pub weight: f64,
    /// The model.
    pub model: ModelParams,
}

/// The members of a blend.
#[derive(Clone, Debug, PartialEq)]
pub struct Members(pub Vec<Member>);

/// What the default blend is made of: weights, models and settings that were found on MovieLens 1M (docs/models.md).
const DEFAULT: [(f64, &str, &[&str]); 4] = [
    (1.0, "ease", &["lambda=300", "dropout=0.65", "user_exponent=0.5"]),
    (0.6, "kernel_autoencoder", &[]),
    (0.1, "scaled_svd", &[]),
    (0.5, "ials", &[]),
];

impl Members {
    /// The default members, with those parameters lowered that data of this shape cannot have.
    pub(super) fn for_shape(shape: &Shape) -> Self {
        Self::default_by(|name| ModelParams::for_shape(name, shape))
    }

    fn default_by(params: impl Fn(&str) -> Result<ModelParams, ParamsError>) -> Self {
        let member = |&(weight, name, settings): &(f64, &str, &[&str])| {
            let model = params(name).and_then(|params| params.with(settings)).ok()?;
            Some(Member { weight, model })
        };
        Self(DEFAULT.iter().filter_map(member).collect())
    }
}

impl Members {
    /// These members with other weights, in their order; those whose weight is 0 are left out.
    #[must_use]
    pub fn with_weights(&self, weights: &[f64]) -> Self {
        let members = self.0.iter().zip(weights).filter(|&(_, &weight)| weight != 0.0);
        Self(members.map(|(Member { model, .. }, &weight)| Member { weight, model: model.clone() }).collect())
    }
}

impl Default for Members {
    fn default() -> Self {
        Self::default_by(ModelParams::of)
    }
}

impl FromStr for Members {
    type Err = String;

    /// Members separated by `+` or `-`: a weight, by default 1, the name of a model, and in parentheses settings separated by
    /// commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let (mut members, mut rest) = (Vec::new(), text.trim());
        let form = "expected members such as `ease(lambda=300) + .5 ials`";
        while !rest.is_empty() {
            let sign = match rest.chars().next() {
                Some('-') => -1.0,
                Some('+') => 1.0,
                _ if members.is_empty() => 1.0,
                _ => return Err(format!("`+` or `-` is missing before `{rest}`; {form}")),
            };
            rest = rest.trim_start_matches(['+', '-']).trim_start();
            let digits = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            let weight = match &rest[..digits] {
                "" => 1.0,
                number => number.parse::<f64>().map_err(|_| format!("`{number}` is no weight; {form}"))?,
            };
            rest = rest[digits..].trim_start().trim_start_matches('*').trim_start();
            let named = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let model = ModelParams::of(&rest[..named]).map_err(|error| error.to_string())?;
            rest = rest[named..].trim_start();
            let mut settings = Vec::new();
            if let Some(inside) = rest.strip_prefix('(') {
                let (inside, after) =
                    inside.split_once(')').ok_or_else(|| format!("`)` is missing behind `{inside}`; {form}"))?;
                settings = inside.split(',').map(str::trim).filter(|setting| !setting.is_empty()).collect();
                rest = after.trim_start();
            }
            let model = model.with(&settings).map_err(|error| error.to_string())?;
            members.push(Member { weight: sign * weight, model });
        }
        Ok(Self(members))
    }
}

impl fmt::Display for Members {
    /// In the form that is read, with what differs from the defaults.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, Member { weight, model }) in self.0.iter().enumerate() {
            match (nth, *weight < 0.0) {
                (0, false) => {}
                (0, true) => f.write_str("-")?,
                (_, false) => f.write_str(" + ")?,
                (_, true) => f.write_str(" - ")?,
            }
            if (weight.abs() - 1.0).abs() > 0.0 {
                write!(f, "{} ", weight.abs())?;
            }
            f.write_str(model.name())?;
            let defaults = ModelParams::of(model.name()).unwrap_or_default().settings();
            let differing = model.settings().into_iter().filter(|setting| !defaults.contains(setting));
            let differing: Vec<String> = differing.map(|setting| setting.replacen(' ', "=", 1)).collect();
            if !differing.is_empty() {
                write!(f, "({})", differing.join(", "))?;
            }
        }
        Ok(())
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|Member { weight, model }| {
            let mut map = Map::from_iter([("weight".to_owned(), Value::from(*weight))]);
            if let Ok(Value::Object(params)) = serde_json::to_value(model) {
                map.extend(params);
            }
            map
        }))
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        match Value::deserialize(deserializer)? {
            Value::String(text) => text.parse(),
            Value::Array(list) => list.into_iter().map(member).collect::<Result<_, _>>().map(Self),
            other => Err(format!("found {other}, expected a list of members or `ease + .5 ials`")),
        }
        .map_err(D::Error::custom)
    }
}

fn member(value: Value) -> Result<Member, String> {
    let Value::Object(mut map) = value else {
        return Err(format!("found {value}, expected a member such as {{\"model\": \"ease\", \"weight\": 1}}"));
    };
    let weight = match map.remove("weight") {
        None => 1.0,
        Some(weight) => weight.as_f64().ok_or_else(|| format!("found weight {weight}, expected a number"))?,
    };
    if !map.contains_key("model") {
        return Err("a member without `model`".to_owned());
    }
    Ok(Member { weight, model: crate::params::from_tagged(map).map_err(|error| error.to_string())? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_and_written_alike() {
        let text = "ease(lambda=300, user_exponent=0.5) + 0.6 kernel_autoencoder - 0.1 user_knn";
        let members: Members = text.parse().unwrap();
        assert_eq!(members.0.iter().map(|member| member.weight).collect::<Vec<_>>(), [1.0, 0.6, -0.1]);
        // Values are written as they are kept.
        assert_eq!(members.to_string().replace("300.0", "300"), text);
        assert_eq!(members.to_string().parse::<Members>().unwrap(), members);
        let loose: Members =
            "1*ease( lambda = 300,user-exponent=.5 )+.6*kernel_autoencoder-.1user_knn".parse().unwrap();
        assert_eq!(loose, members);
        let json = serde_json::to_string(&members).unwrap();
        assert_eq!(serde_json::from_str::<Members>(&json).unwrap(), members, "{json}");
    }

    #[test]
    fn every_default_member_is_one() {
        assert_eq!(Members::default().0.len(), DEFAULT.len());
    }

    #[test]
    fn what_is_no_sum_is_named() {
        for (text, expected) in [
            ("ease ials", "`+` or `-` is missing before `ials`"),
            ("eese", "there is no model `eese`, did you mean `ease`?"),
            ("ease(lambda=3", "`)` is missing"),
            ("ease(lamda=3)", "the model `ease` has no parameter `lamda`"),
            ("1.2.3 ease", "`1.2.3` is no weight"),
            ("ease +", "there is no model ``"),
        ] {
            let error = text.parse::<Members>().unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
