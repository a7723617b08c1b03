//! The keys that every service has, in either shape of a specification.

use std::collections::BTreeMap;

use super::value::{Entry, Kind, Mapping, Meaning, Value};
use super::{SpecError, Specification};

/// The keys that are read here; `service` and `machine` hold others.
pub(super) const KEYS: &[&str] =
    &["titan", "foretaste", "service", "machine", "name", "image", "cpu", "memory", "port", "env", "replicas"];

pub(super) fn parse(text: &str) -> Result<Specification, SpecError> {
    let mut keys = Mapping::parse(text)?;
    version(&mut keys)?;
    let mut specification = Specification::default();
    let service = keys.take("service");
    take(keys, &mut specification)?;
    if let Some(mut service) = service.map(mapping).transpose()?.flatten() {
        if ["titan", "foretaste", "service"].iter().any(|key| service.take(key).is_some()) {
            return Err(SpecError::Yaml("`service` holds a version or another `service`".to_owned()));
        }
        take(service, &mut specification)?;
    }
    Ok(specification)
}

fn version(keys: &mut Mapping) -> Result<(), SpecError> {
    let mut stated = Vec::new();
    for name in ["titan", "foretaste"] {
        if let Some(entry) = keys.take(name).filter(|entry| entry.value.kind != Kind::Null) {
            stated.push(format!("{name}: {}", text(&entry)?));
        }
    }
    match stated.as_slice() {
        [one] if one.ends_with(": v1") => Ok(()),
        [] => Err(SpecError::Version { found: "no version".to_owned() }),
        several => Err(SpecError::Version { found: format!("`{}`", several.join("` and `")) }),
    }
}

/// Takes every key over, those that are not known here as they are; a key that is there already is refused.
fn take(mut keys: Mapping, into: &mut Specification) -> Result<(), SpecError> {
    let mut machine = keys.take("machine").map(mapping).transpose()?.flatten().unwrap_or_default();
    for key in ["cpu", "memory"] {
        for entry in [keys.take(key), machine.take(key)].into_iter().flatten() {
            if key == "cpu" {
                once(&entry, &mut into.cpu, |entry| Ok(quantity(entry)?.parse()?))?;
            } else {
                once(&entry, &mut into.memory, |entry| Ok(quantity(entry)?.parse()?))?;
            }
        }
    }
    if let Some(Entry { key, line, .. }) = machine.0.pop() {
        let known = ["cpu", "memory"].map(str::to_owned).into();
        return Err(SpecError::Unknown { key, within: vec!["machine".to_owned()], line, known });
    }
    for entry in keys.0 {
        match &*entry.key {
            "name" => once(&entry, &mut into.name, |entry| named(entry.read()?))?,
            "image" => once(&entry, &mut into.image, image)?,
            "port" => once(&entry, &mut into.port, |entry| within("port", entry.read()?, 1, u64::from(u16::MAX)))?,
            "replicas" => once(&entry, &mut into.replicas, |entry| within("replicas", entry.read()?, 1, 64))?,
            "env" => environment(&entry, into)?,
            _ => keep(entry, &mut into.work)?,
        }
    }
    Ok(())
}

/// Keeps what only the worker knows; a key without a value says nothing.
fn keep(entry: Entry, work: &mut Mapping) -> Result<(), SpecError> {
    if work.states(&entry.key) {
        if entry.value.kind == Kind::Null {
            return Ok(());
        }
        return Err(SpecError::Twice { key: entry.key, line: entry.line });
    }
    work.take(&entry.key);
    work.0.push(entry);
    Ok(())
}

/// The mapping that a key holds; `None` for an empty value.
fn mapping(entry: Entry) -> Result<Option<Mapping>, SpecError> {
    match entry.value.kind {
        Kind::Null => Ok(None),
        Kind::Mapping(mapping) => Ok(Some(mapping)),
        other => Err(SpecError::Value {
            within: vec![entry.key],
            line: entry.value.line,
            message: format!("expected keys with values, found {}", other.name()),
        }),
    }
}

fn once<T>(
    entry: &Entry,
    place: &mut Option<T>,
    read: impl FnOnce(&Entry) -> Result<T, SpecError>,
) -> Result<(), SpecError> {
    if entry.value.kind == Kind::Null {
        return Ok(());
    }
    if place.is_some() {
        return Err(SpecError::Twice { key: entry.key.clone(), line: entry.line });
    }
    *place = Some(read(entry)?);
    Ok(())
}

fn text(entry: &Entry) -> Result<String, SpecError> {
    entry.read()
}

/// The text of a quantity; a number in another notation, such as `0x2`, in the usual one.
fn quantity(entry: &Entry) -> Result<String, SpecError> {
    match entry.value.kind {
        Kind::Scalar(_, Meaning::Unsigned(number)) => Ok(number.to_string()),
        _ => text(entry),
    }
}

fn environment(entry: &Entry, into: &mut Specification) -> Result<(), SpecError> {
    let Some(stated) = mapping(entry.clone())? else { return Ok(()) };
    if !into.env.is_empty() {
        return Err(SpecError::Twice { key: entry.key.clone(), line: entry.line });
    }
    let value = |variable: Entry| -> Result<(String, String), SpecError> {
        let Value { line, .. } = variable.value;
        // A variable without a value is empty.
        let text = match variable.value.kind {
            Kind::Null => String::new(),
            _ => text(&variable).map_err(|error| error.below("env", line))?,
        };
        if let Some(message) = no_variable(&variable.key, &text) {
            return Err(SpecError::Value { within: vec!["env".to_owned(), variable.key], line, message });
        }
        Ok((variable.key, text))
    };
    into.env = stated.0.into_iter().map(value).collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(())
}

/// Why there can be no variable of this name and value.
fn no_variable(name: &str, value: &str) -> Option<String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        Some("this is no name of a variable, expected at least one character, and no `=` or NUL".to_owned())
    } else if value.contains('\0') {
        Some("the value holds a NUL character, which no variable can hold".to_owned())
    } else {
        None
    }
}

/// A number within bounds.
pub(super) fn within<T: TryFrom<u64>>(key: &'static str, found: u64, least: u64, most: u64) -> Result<T, SpecError> {
    let refused = || SpecError::Range { key, found, least, most };
    if !(least..=most).contains(&found) {
        return Err(refused());
    }
    T::try_from(found).map_err(|_| refused())
}

/// The name of an image, which can stand in a command.
fn image(entry: &Entry) -> Result<String, SpecError> {
    let found: String = entry.read()?;
    let is_one = |c: char| c.is_ascii_alphanumeric() || "._/:@+=-".contains(c);
    if !found.is_empty() && !found.starts_with('-') && found.chars().all(is_one) {
        return Ok(found);
    }
    let message = format!("{found:?} is no image, expected letters, digits and `._/:@+=-`");
    Err(SpecError::Value { within: vec![entry.key.clone()], line: entry.value.line, message })
}

fn named(name: String) -> Result<String, SpecError> {
    if crate::home::is_name(&name) { Ok(name) } else { Err(SpecError::Name { found: name }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_say_the_same() {
        let flat = parse("titan: v1\nimage: scipy\ncpu: 2\nmemory: 1024MB\nkernels: 2\n").unwrap();
        let nested =
            parse("titan: v1\nservice:\n  image: scipy\n  machine:\n    cpu: 2\n    memory: 1024MB\n  kernels: 2\n")
                .unwrap();
        assert_eq!((&flat.image, flat.cpu, flat.memory), (&nested.image, nested.cpu, nested.memory));
        assert_eq!(flat.cpu.unwrap().threads(), 2);
        assert_eq!(flat.memory.unwrap().bytes(), 1_024_000_000);
        assert_eq!(flat.image.as_deref(), Some("scipy"));
        for read in [flat, nested] {
            assert_eq!(read.work::<BTreeMap<String, u64>>().unwrap(), [("kernels".to_owned(), 2)].into());
        }
    }

    #[test]
    fn our_own_keys_are_read_and_all_others_are_kept() {
        let text = "foretaste: v1\nname: films\ndata: ml-1m\nrows: 200000\nmodel: svd\nrank: 50\nport: 8080\n\
                    cpu: 0.5\nmemory: 256MiB\nreplicas: 2\nenv: {A: 1, B: x, C: true, D: 0.5, E: 007, F: 1.10, G: '2', H: }\n";
        let read = parse(text).unwrap();
        assert_eq!(read.name.as_deref(), Some("films"));
        assert_eq!((read.port, read.replicas), (Some(8080), Some(2)));
        let env: Vec<(&str, &str)> = read.env.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(
            env,
            [("A", "1"), ("B", "x"), ("C", "true"), ("D", "0.5"), ("E", "007"), ("F", "1.10"), ("G", "2"), ("H", "")],
            "a variable is what was written"
        );
        let kept: Vec<(&str, u64)> = read.work.0.iter().map(|entry| (&*entry.key, entry.line)).collect();
        assert_eq!(kept, [("data", 3), ("rows", 4), ("model", 5), ("rank", 6)]);
    }

    #[test]
    fn a_key_without_a_value_says_nothing() {
        let read =
            parse("titan: v1\nname: null\ncpu:\ndata: ~\nservice: {data: demo, cpu: 2}\nmachine:\nenv:\n").unwrap();
        assert_eq!((read.name.is_none(), read.cpu.map(crate::spec::Cpu::threads)), (true, Some(2)));
        assert_eq!(read.work::<BTreeMap<String, String>>().unwrap(), [("data".to_owned(), "demo".to_owned())].into());
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (text, says) in [
            (
                "titan: v1\nservice: {machine: {gpu: 1}}\n",
                "line 2: unknown key `machine.gpu` (did you mean `cpu`?), expected one of cpu, memory",
            ),
            ("titan: v2\n", "`titan: v2`"),
            ("titan: 1\n", "`titan: 1`"),
            ("cpu: 2\n", "no version"),
            ("", "no version"),
            ("titan: v1\nforetaste: v1\n", "`titan: v1` and `foretaste: v1`"),
            ("titan: v1\ncpu: 2\nservice: {cpu: 1}\n", "line 3: `cpu` is stated twice"),
            ("titan: v1\ndata: a\nservice:\n  data: b\n", "line 4: `data` is stated twice"),
            ("titan: v1\ndata: a\ndata: b\n", "data"),
            ("titan: v1\nenv: {A: 1}\nservice: {env: {B: 1}}\n", "`env` is stated twice"),
            ("titan: v1\nenv: {A: [1]}\n", "line 2: `env.A`: expected a text, found a list"),
            (
                "titan: v1\nenv: {\"\": x}\n",
                "line 2: `env.`: this is no name of a variable, expected at least one character",
            ),
            ("titan: v1\nenv: {A=B: x}\n", "line 2: `env.A=B`: this is no name of a variable"),
            ("titan: v1\nenv: {\"A\\0\": x}\n", "this is no name of a variable"),
            ("titan: v1\nenv:\n  A: \"a\\0b\"\n", "line 3: `env.A`: the value holds a NUL character"),
            ("titan: v1\nimage: \"scipy\\nRUN x\"\n", "line 2: `image`: \"scipy\\nRUN x\" is no image"),
            ("titan: v1\nimage: --x\n", "is no image"),
            ("titan: v1\nenv: 5\n", "line 2: `env`: expected keys with values"),
            ("titan: v1\ncpu: many\n", "`many`"),
            ("titan: v1\ncpu: {a: 1}\n", "line 2: `cpu`: expected a text, found a mapping"),
            ("titan: v1\nmemory: 1024\n", "1024 bytes"),
            ("titan: v1\nmemory: 500m\n", "`500m`"),
            ("titan: v1\nport: 70000\n", "70000"),
            ("titan: v1\nport: http\n", "line 2: `port`: expected a whole number of at least 0, found `http`"),
            ("titan: v1\nport: -1\n", "found `-1`"),
            ("titan: v1\nreplicas: 0\n", "expected 1 to 64"),
            ("titan: v1\nname: ../up\n", "`../up`"),
            ("titan: v1\nservice: {service: {cpu: 1}}\n", "another `service`"),
            ("titan: v1\nservice: {titan: v1}\n", "a version"),
            ("- a\n- b\n", "cannot be read"),
            (": : :", "cannot be read"),
            ("titan: v1\n---\ntitan: v1\n", "cannot be read"),
        ] {
            let error = parse(text).expect_err(text).to_string();
            assert!(error.contains(says), "{text:?}: {error}");
        }
    }
}
