//! The same service elsewhere: artefacts for container builders, orchestrators and systemd.

mod containers;
mod kubernetes;
mod systemd;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use containers::{compose, dockerfile};
pub use kubernetes::kubernetes;
pub use systemd::systemd;

use crate::spec::{Cpu, Memory};

/// The port that a service listens on inside its container.
const INSIDE: u16 = 8080;

/// Why there is no artefact.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmitError {
    /// A text cannot stand in the artefact.
    #[error("{what} holds a line feed or another control character, which {artefact} cannot hold")]
    LineFeed {
        /// Where it stands.
        what: String,
        /// The artefact.
        artefact: &'static str,
    },
    /// A file that no build context can hold.
    #[error("{path} lies outside of the folder of the specification, so that no image can hold it; move it there")]
    Outside {
        /// The file.
        path: String,
    },
    /// The values cannot be written as YAML.
    #[error("cannot write YAML: {0}")]
    Yaml(String),
}

/// How the program is run in one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Its arguments, without where to listen.
    pub arguments: Vec<String>,
    /// Its environment.
    pub environment: BTreeMap<String, String>,
}

/// Paths that an orchestrator asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probes {
    /// Answers 200 while the process works.
    pub alive: &'static str,
    /// Answers 200 while it is ready.
    pub ready: &'static str,
}

/// A file that is mounted into a container: it is not for its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Where it lies, from the specification's folder.
    pub file: String,
    /// Where the container finds it.
    pub place: String,
}

/// A service, as others run it.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Its name, also of its image.
    pub name: String,
    /// How it is run on this machine.
    pub here: Invocation,
    /// How it is run in a container, where files have their names below `/srv`.
    pub container: Invocation,
    /// Files and folders that the service reads, by their paths beside the specification.
    pub files: Vec<PathBuf>,
    /// Files that are not for the image.
    pub secrets: Vec<Secret>,
    /// Whether it speaks TLS.
    pub tls: bool,
    /// The folder of the specification on this machine.
    pub directory: PathBuf,
    /// The program on this machine.
    pub program: PathBuf,
    /// Python packages that the service needs; `None` when it needs no Python.
    pub python: Option<Vec<String>>,
    /// CPUs for each replica.
    pub cpu: Cpu,
    /// Memory for each replica.
    pub memory: Memory,
    /// Port to answer on.
    pub port: Option<u16>,
    /// Processes side by side.
    pub replicas: u32,
    /// Where to ask how it is.
    pub probes: Probes,
}

impl Service {
    /// The port outside.
    fn outside(&self) -> u16 {
        self.port.unwrap_or(INSIDE)
    }

    /// How a file that is not for the image gets into a container, for people: a line for each.
    fn secrets_to_mount(&self) -> Result<String, EmitError> {
        let mut text = String::new();
        for Secret { file, place, .. } in &self.secrets {
            one_line("the path of a file to mount", file, "a comment")?;
            // Writing to a String cannot fail.
            let _ = std::fmt::Write::write_fmt(&mut text, format_args!("#   {file} at {place}\n"));
        }
        Ok(text)
    }

    /// The command inside a container.
    fn command(&self) -> Vec<String> {
        let listen = ["--listen".to_owned(), format!("0.0.0.0:{INSIDE}")];
        std::iter::once("foretaste".to_owned()).chain(self.container.arguments.clone()).chain(listen).collect()
    }
}

/// Refuses a text that would begin a new line for some reader, or command a terminal.
fn one_line(what: &str, text: &str, artefact: &'static str) -> Result<(), EmitError> {
    if text.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(EmitError::LineFeed { what: what.to_owned(), artefact });
    }
    Ok(())
}

fn yaml(value: &serde_json::Value) -> Result<String, EmitError> {
    serde_saphyr::to_string(value).map_err(|error| EmitError::Yaml(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        Service {
            name: "films".to_owned(),
            here: Invocation {
                arguments: ["serve", "/home/me/my films/ratings.csv", "--threads", "2"].map(str::to_owned).into(),
                environment: [("A".to_owned(), "100% \"x\" $y".to_owned())].into(),
            },
            container: Invocation {
                arguments: ["serve", "ratings.csv", "--threads", "2"].map(str::to_owned).into(),
                environment: [("A".to_owned(), "100% \"x\" $y".to_owned()), ("N".to_owned(), "1".to_owned())].into(),
            },
            files: vec!["ratings.csv".into()],
            secrets: vec![Secret {
                name: "keys.json".to_owned(),
                file: "keys.json".to_owned(),
                place: "/run/secrets/foretaste/keys.json".to_owned(),
            }],
            tls: false,
            directory: "/home/me/my films".into(),
            program: "/usr/bin/foretaste".into(),
            python: None,
            cpu: "1.5".parse().unwrap(),
            memory: "512MiB".parse().unwrap(),
            port: Some(9000),
            replicas: 2,
            probes: Probes { alive: "/healthz", ready: "/readyz" },
        }
    }

    /// What an artefact of YAML says, read back.
    fn read(text: &str) -> serde_json::Value {
        serde_saphyr::from_str(text).unwrap()
    }

    #[test]
    fn compose_states_the_limits() {
        let text = compose(&service()).unwrap();
        let value = read(&text);
        let films = &value["services"]["films"];
        assert_eq!(films["deploy"]["resources"]["limits"]["cpus"], "1.5");
        assert_eq!(films["deploy"]["resources"]["limits"]["memory"], "536870912b");
        assert_eq!(films["deploy"]["replicas"], 2);
        assert_eq!(films["ports"][0], "9000-9001:8080");
        assert_eq!(films["environment"]["A"], "100% \"x\" $$y", "a dollar sign is no variable");
        assert_eq!(films["environment"]["N"], "1");
    }

    #[test]
    fn kubernetes_states_the_limits() {
        let text = kubernetes(&service()).unwrap();
        let documents: Vec<serde_json::Value> = text.split("---\n").skip(1).map(read).collect();
        let container = &documents[0]["spec"]["template"]["spec"]["containers"][0];
        assert_eq!(container["resources"]["limits"]["cpu"], "1500m");
        assert_eq!(container["resources"]["limits"]["memory"], "536870912");
        assert_eq!(documents[0]["spec"]["replicas"], 2);
        assert_eq!(documents[1]["spec"]["ports"][0]["port"], 9000);
    }

    #[test]
    fn systemd_states_the_limits_and_escapes_what_it_would_expand() {
        let unit = systemd(&service()).unwrap();
        for line in [
            "CPUQuota=150%",
            "MemoryMax=536870912",
            "Type=notify",
            r#"Environment="A=100%% \"x\" $y""#,
            r#"ExecStart="/usr/bin/foretaste" "serve" "/home/me/my films/ratings.csv" "--threads" "2" "--listen" "127.0.0.1:9000""#,
            "WorkingDirectory=/home/me/my films",
        ] {
            assert!(unit.lines().any(|found| found == line), "{line}\n{unit}");
        }
        let mut broken = service();
        broken.here.environment.insert("B".to_owned(), "a\nExecStart=/bin/sh".to_owned());
        assert!(matches!(systemd(&broken), Err(EmitError::LineFeed { .. })));
        assert!(matches!(
            dockerfile(&Service { files: vec!["a\nRUN x".into()], ..service() }),
            Err(EmitError::LineFeed { .. })
        ));
    }

    #[test]
    fn a_dockerfile_copies_what_is_read_and_runs_as_nobody() {
        let text = dockerfile(&service()).unwrap();
        assert!(text.contains(r#"COPY ["ratings.csv", "/srv/ratings.csv"]"#), "{text}");
        assert!(
            text.contains(r#"CMD ["foretaste","serve","ratings.csv","--threads","2","--listen","0.0.0.0:8080"]"#),
            "{text}"
        );
        assert!(text.lines().any(|line| line == "USER 65534"));
        let python =
            dockerfile(&Service { python: Some(vec!["ipykernel".into(), "scipy".into()]), ..service() }).unwrap();
        assert!(python.contains("pip install --no-cache-dir ipykernel scipy"), "{python}");
    }
}
