//! The two shapes of a specification in YAML.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{QuantityError, Specification};

/// Why a text is no specification.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpecError {
    /// Not YAML, or not of this form; unknown keys among it.
    #[error("the specification cannot be read: {0}")]
    Yaml(String),
    /// Neither `titan` nor `foretaste`, or another version.
    #[error("the specification states {found}, expected `titan: v1` or `foretaste: v1`")]
    Version {
        /// What it says.
        found: String,
    },
    /// A key that stands in two places.
    #[error("`{key}` is stated twice")]
    Twice {
        /// The key.
        key: &'static str,
    },
    /// A number of CPUs or an amount of memory that is none.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A number that is out of range.
    #[error("`{key}` is {found}, expected {least} to {most}")]
    Range {
        /// The key.
        key: &'static str,
        /// What it is.
        found: u64,
        /// The smallest allowed.
        least: u64,
        /// The largest allowed.
        most: u64,
    },
    /// A name that cannot be a folder's or a host's.
    #[error("`name` is `{found}`, expected 1 to 40 lower-case letters, digits and dashes, a letter first")]
    Name {
        /// What it is.
        found: String,
    },
    /// A model that does not exist.
    #[error("`model` is `{found}`, expected `svd`")]
    Model {
        /// What it is.
        found: String,
    },
}

/// A number or a text: `cpu: 2`, `cpu: "2"`, `memory: 1GB`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scalar {
    Whole(i64),
    Fraction(f64),
    Text(String),
    Flag(bool),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Fraction(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// The keys of a service, at the top or under `service`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    titan: Option<Scalar>,
    foretaste: Option<Scalar>,
    service: Option<Box<Keys>>,
    machine: Option<Machine>,
    name: Option<String>,
    image: Option<String>,
    cpu: Option<Scalar>,
    memory: Option<Scalar>,
    data: Option<String>,
    items: Option<String>,
    rows: Option<u64>,
    model: Option<String>,
    rank: Option<u64>,
    port: Option<u64>,
    env: Option<BTreeMap<String, Scalar>>,
    replicas: Option<u64>,
    kernels: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    cpu: Option<Scalar>,
    memory: Option<Scalar>,
}

pub(super) fn parse(text: &str) -> Result<Specification, SpecError> {
    let keys: Keys = serde_saphyr::from_str(text).map_err(|error| SpecError::Yaml(error.to_string()))?;
    version(&keys)?;
    let mut specification = Specification::default();
    take(keys, &mut specification)?;
    Ok(specification)
}

fn version(keys: &Keys) -> Result<(), SpecError> {
    let named = [("titan", &keys.titan), ("foretaste", &keys.foretaste)];
    let stated: Vec<String> =
        named.iter().filter_map(|(name, version)| Some(format!("{name}: {}", version.as_ref()?.text()))).collect();
    match stated.as_slice() {
        [one] if one.ends_with(": v1") => Ok(()),
        [] => Err(SpecError::Version { found: "no version".to_owned() }),
        several => Err(SpecError::Version { found: format!("`{}`", several.join("` and `")) }),
    }
}

/// Takes every key over; a key that is there already is refused.
fn take(keys: Keys, into: &mut Specification) -> Result<(), SpecError> {
    let machine = keys.machine.unwrap_or_default();
    for cpu in [keys.cpu, machine.cpu].into_iter().flatten() {
        once("cpu", &mut into.cpu, Some(cpu.text().parse()?))?;
    }
    for memory in [keys.memory, machine.memory].into_iter().flatten() {
        once("memory", &mut into.memory, Some(memory.text().parse()?))?;
    }
    once("name", &mut into.name, keys.name.map(named).transpose()?)?;
    once("image", &mut into.image, keys.image)?;
    once("data", &mut into.data, keys.data)?;
    once("items", &mut into.items, keys.items)?;
    once("rows", &mut into.rows, within("rows", keys.rows, 1, u64::MAX)?)?;
    once("model", &mut into.model, keys.model.map(model).transpose()?)?;
    once("rank", &mut into.rank, within("rank", keys.rank, 1, 1 << 20)?)?;
    once("port", &mut into.port, within("port", keys.port, 1, u64::from(u16::MAX))?)?;
    once("replicas", &mut into.replicas, within("replicas", keys.replicas, 1, 64)?)?;
    once("kernels", &mut into.kernels, within("kernels", keys.kernels, 1, 64)?)?;
    if let Some(env) = keys.env {
        if !into.env.is_empty() {
            return Err(SpecError::Twice { key: "env" });
        }
        into.env = env.into_iter().map(|(name, value)| (name, value.text())).collect();
    }
    match keys.service {
        Some(service) if service.titan.is_none() && service.foretaste.is_none() && service.service.is_none() => {
            take(*service, into)
        }
        Some(_) => Err(SpecError::Yaml("`service` holds a version or another `service`".to_owned())),
        None => Ok(()),
    }
}

fn once<T>(key: &'static str, place: &mut Option<T>, value: Option<T>) -> Result<(), SpecError> {
    if value.is_some() && place.is_some() {
        return Err(SpecError::Twice { key });
    }
    if value.is_some() {
        *place = value;
    }
    Ok(())
}

fn within<T: TryFrom<u64>>(
    key: &'static str,
    value: Option<u64>,
    least: u64,
    most: u64,
) -> Result<Option<T>, SpecError> {
    let Some(found) = value else { return Ok(None) };
    let refused = || SpecError::Range { key, found, least, most };
    if !(least..=most).contains(&found) {
        return Err(refused());
    }
    T::try_from(found).map(Some).map_err(|_| refused())
}

fn named(name: String) -> Result<String, SpecError> {
    if crate::home::is_name(&name) { Ok(name) } else { Err(SpecError::Name { found: name }) }
}

fn model(model: String) -> Result<String, SpecError> {
    if model == "svd" { Ok(model) } else { Err(SpecError::Model { found: model }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_say_the_same() {
        let flat = parse("titan: v1\nimage: scipy\ncpu: 2\nmemory: 1024MB\n").unwrap();
        let nested =
            parse("titan: v1\nservice:\n  image: scipy\n  machine:\n    cpu: 2\n    memory: 1024MB\n").unwrap();
        assert_eq!(flat, nested);
        assert_eq!(flat.cpu.unwrap().threads(), 2);
        assert_eq!(flat.memory.unwrap().bytes(), 1_024_000_000);
        assert_eq!(flat.image.as_deref(), Some("scipy"));
    }

    #[test]
    fn our_own_keys_are_read() {
        let text = "foretaste: v1\nname: films\ndata: ml-1m\nrows: 200000\nmodel: svd\nrank: 50\nport: 8080\n\
                    cpu: 0.5\nmemory: 256MiB\nreplicas: 2\nenv: {A: 1, B: x, C: true, D: 0.5}\n";
        let read = parse(text).unwrap();
        assert_eq!((read.name.as_deref(), read.data.as_deref()), (Some("films"), Some("ml-1m")));
        assert_eq!((read.rows, read.rank, read.port, read.replicas), (Some(200_000), Some(50), Some(8080), Some(2)));
        let env: Vec<(&str, &str)> = read.env.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(env, [("A", "1"), ("B", "x"), ("C", "true"), ("D", "0.5")]);
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (text, says) in [
            ("titan: v1\nmemry: 5MB\n", "memry"),
            ("titan: v1\nservice: {machine: {gpu: 1}}\n", "gpu"),
            ("titan: v2\n", "`titan: v2`"),
            ("cpu: 2\n", "no version"),
            ("titan: v1\nforetaste: v1\n", "`titan: v1` and `foretaste: v1`"),
            ("titan: v1\ncpu: 2\nservice: {cpu: 1}\n", "`cpu` is stated twice"),
            ("titan: v1\ncpu: many\n", "`many`"),
            ("titan: v1\nmemory: 1024\n", "`1024`"),
            ("titan: v1\nport: 70000\n", "70000"),
            ("titan: v1\nreplicas: 0\n", "expected 1 to 64"),
            ("titan: v1\nname: ../up\n", "`../up`"),
            ("titan: v1\nmodel: gpt\n", "`gpt`"),
            ("titan: v1\nservice: {service: {cpu: 1}}\n", "another `service`"),
            ("- a\n- b\n", "cannot be read"),
            (": : :", "cannot be read"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
