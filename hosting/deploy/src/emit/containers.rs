//! A Dockerfile, and a compose file that builds and runs it.

use std::fmt::Write;
use std::path::Component;

use serde_json::{Value, json};

use super::{EmitError, INSIDE, Secret, Service, one_line, yaml};

/// What the binary runs on: it needs a C library and nothing else.
const BASE: &str = "debian:stable-slim";
/// The same with Python.
const PYTHON: &str = "python:3.13-slim";

/// A Dockerfile for a build context that is the specification's folder, with the program in it.
///
/// # Errors
/// [`EmitError::LineFeed`]: the name of a file has one.
pub fn dockerfile(service: &Service) -> Result<String, EmitError> {
    let mut text = String::new();
    let base = if service.python.is_some() { PYTHON } else { BASE };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "# The context is the folder of the specification, with the program `foretaste` in it:");
    let _ = writeln!(text, "#   cp target/release/foretaste FOLDER/ && docker build -t {} FOLDER", service.name);
    if !service.secrets.is_empty() {
        let _ = writeln!(text, "# Files that are mounted when it runs, as with docker run -v \"$PWD/FILE:PLACE:ro\":");
        text.push_str(&service.secrets_to_mount()?);
    }
    let _ = writeln!(text, "FROM {base}");
    if let Some(packages) = &service.python {
        let _ = writeln!(text, "RUN pip install --no-cache-dir {}", packages.join(" "));
    }
    let _ = writeln!(text, "COPY foretaste /usr/local/bin/foretaste");
    for file in &service.files {
        let from = file.to_string_lossy();
        one_line("the path of a file", &from, "a Dockerfile")?;
        if !file.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(EmitError::Outside { path: from.into_owned() });
        }
        let _ = writeln!(text, "COPY [{}, {}]", json!(from), json!(format!("/srv/{from}")));
    }
    let _ = writeln!(text, "WORKDIR /srv");
    let _ = writeln!(text, "ENV FORETASTE_CACHE=/tmp/foretaste HOME=/tmp");
    let _ = writeln!(text, "EXPOSE {INSIDE}");
    let _ = writeln!(text, "USER 65534");
    let _ = writeln!(text, "CMD {}", json!(service.command()));
    Ok(text)
}

/// A compose file that builds the [`dockerfile`] and runs it within the limits.
///
/// # Errors
/// [`EmitError::Yaml`]
pub fn compose(service: &Service) -> Result<String, EmitError> {
    let first = service.outside();
    let ports = match service.replicas {
        0 | 1 => format!("127.0.0.1:{first}:{INSIDE}"),
        // Replicas share no socket here: each gets a port of its own.
        replicas => format!("{first}-{}:{INSIDE}", u32::from(first) + replicas - 1),
    };
    let environment: serde_json::Map<String, Value> = service
        .container
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), json!(value.replace('$', "$$"))))
        .collect();
    let mounted: Vec<Value> =
        service.secrets.iter().map(|Secret { name, place, .. }| json!({"source": name, "target": place})).collect();
    let secrets: serde_json::Map<String, Value> = service
        .secrets
        .iter()
        .map(|Secret { name, file, .. }| (name.clone(), json!({"file": relative(file)})))
        .collect();
    let mut document = json!({"services": {service.name.clone(): {
        "build": {"context": "."},
        "image": service.name,
        "ports": [ports],
        "environment": environment,
        "restart": "unless-stopped",
        "stop_grace_period": "15s",
        "deploy": {
            "replicas": service.replicas,
            "resources": {"limits": {
                "cpus": service.cpu.to_string(),
                "memory": format!("{}b", service.memory.bytes()),
            }},
        },
    }}});
    if secrets.is_empty() {
        return yaml(&document);
    }
    document["services"][&service.name]["secrets"] = mounted.into();
    document["secrets"] = secrets.into();
    let note = "# The files of `secrets` have to be readable by user 65534, as chmod a+r makes them; that of keys holds hashes alone.\n";
    Ok(format!("{note}{}", yaml(&document)?))
}

/// A path that is none of a volume's names.
fn relative(file: &str) -> String {
    if file.starts_with(['/', '.']) { file.to_owned() } else { format!("./{file}") }
}
