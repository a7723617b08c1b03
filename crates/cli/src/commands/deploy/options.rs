//! Keys of a specification that are flags of a command: every flag is a key, with `_` in place of `-`.

use std::any::TypeId;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::error::ContextKind;
use clap::{Arg, ArgAction, CommandFactory, Parser};
use foretaste_deploy::emit::Secret;
use foretaste_deploy::spec::{Mapping, SpecError, Stated};

use super::work::{beside, home_expanded, text_of};
use crate::args::{Cli, Command, KeysFileArg};
use crate::commands::keys;
use crate::exit::{Exit, coded};

/// Flags that are no keys: where the service listens is `port`, which the supervisor holds for all replicas, so that none
/// of them can have a second address of its own; a store has one process, and a rollout two; `memory` is a key of every service; `keys` is `required` or `none`.
pub(super) const NO_KEYS: [&str; 10] =
    ["help", "inherit", "listen", "port", "admin-listen", "memory", "keys", "insecure-no-keys", "data-dir", "store"];
/// Keys that stand for flags of another name.
const KEYS: &str = "keys";
const KEYS_FILE: &str = "keys_file";
/// Files that an image must not hold.
const SECRETS: [(&str, &str, &str); 2] = [("tls_cert", "--tls-cert", "cert.pem"), ("tls_key", "--tls-key", "key.pem")];
/// The name of the file of keys in a container.
const KEYS_NAME: &str = "keys.json";
/// Where a container finds them.
const MOUNTED: &str = "/run/secrets/foretaste";

/// The flags of a command.
pub(super) struct Options {
    command: clap::Command,
}

/// The words of two command lines.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// On this machine, where files are named from the root.
    pub(super) here: Vec<String>,
    /// In a container.
    pub(super) container: Vec<String>,
    /// Files that the container needs, by their paths from the specification's folder.
    pub(super) files: Vec<PathBuf>,
    /// Files that it needs and that are not for its image.
    pub(super) secrets: Vec<Secret>,
    /// Whether the service speaks TLS.
    pub(super) tls: bool,
}

impl Options {
    /// Those of the command with that name; none where this build has no such command.
    pub(super) fn of(command: &str) -> Self {
        let mut cli = Cli::command();
        cli.build();
        let command = cli.find_subcommand(command).cloned().unwrap_or_else(|| clap::Command::new("none"));
        Self { command }
    }

    /// All keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = String> {
        let flags = self.flags().map(|(key, _)| key);
        flags.chain([KEYS.to_owned(), KEYS_FILE.to_owned()].into_iter().filter(|_| self.flags().next().is_some()))
    }

    /// Whether a specification can have that key.
    pub(super) fn have(&self, key: &str) -> bool {
        self.keys().any(|known| known == key)
    }

    fn flags(&self) -> impl Iterator<Item = (String, &Arg)> {
        let flags = self.command.get_arguments().filter_map(|arg| Some((arg.get_long()?, arg)));
        flags.filter(|(long, _)| !NO_KEYS.contains(long)).map(|(long, arg)| (long.replace('-', "_"), arg))
    }

    /// The words that the keys of `work` stand for; a path counts from `folder`.
    pub(super) fn words(&self, work: &Mapping, folder: &Path, known: &dyn Fn() -> Vec<String>) -> Result<Words> {
        let mut words = Words::default();
        for stated in work.stated().filter(|stated| ![KEYS, KEYS_FILE].contains(&stated.key())) {
            if let Some((_, flag, name)) = SECRETS.iter().find(|(key, ..)| *key == stated.key()) {
                words.secret(folder, (flag, name), &path_of(&stated)?)?;
                continue;
            }
            let flags: Vec<(String, &Arg)> = self.flags().collect();
            let Some((_, arg)) = flags.iter().find(|(key, _)| key == stated.key()) else {
                return Err(data(stated.unknown(known())));
            };
            words.flag(arg, &stated, folder)?;
        }
        words.tls = work.states("tls_cert");
        words.keys(work, folder)?;
        Ok(words)
    }

    /// What the words say, once the command has taken them; an error names the key.
    pub(super) fn parsed(words: &[String], work: &Mapping) -> Result<Command> {
        let line = std::iter::once("foretaste").chain(words.iter().map(String::as_str));
        let error = match Cli::try_parse_from(line) {
            Ok(cli) => return Ok(cli.command),
            Err(error) => error,
        };
        let flag = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
        let key = flag.trim_start_matches("--").split([' ', '=']).next().unwrap_or_default().replace('-', "_");
        let text = error.to_string();
        let first: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        let plain = first.join(" ").trim_start_matches("error: ").to_owned();
        let message = std::error::Error::source(&error).map_or(plain, ToString::to_string);
        let stated = work.stated().find(|stated| stated.key() == key);
        Err(data(stated.map_or_else(
            || SpecError::Value { within: vec![key.clone()], line: 0, message: message.clone() },
            |stated| stated.refused(&message),
        )))
    }
}

impl Words {
    fn both(&mut self, words: impl IntoIterator<Item = String>) {
        for word in words {
            self.here.push(word.clone());
            self.container.push(word);
        }
    }

    fn flag(&mut self, arg: &Arg, stated: &Stated<'_>, folder: &Path) -> Result<()> {
        let flag = format!("--{}", arg.get_long().unwrap_or_default());
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            let is_on = stated.flag().ok_or_else(|| data(stated.refused("expected true or false")))?;
            self.both(is_on.then_some(flag));
            return Ok(());
        }
        let shown = arg.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
        let between = if shown.contains(':') { ':' } else { '=' };
        let mut texts = stated.texts(between).map_err(data)?;
        let takes = arg.get_possible_values();
        let takes = |word: &str| takes.iter().any(|value| value.matches(word, true));
        if let Some(answer) = stated.flag().filter(|_| takes("yes")) {
            texts = vec![if answer { "yes" } else { "no" }.to_owned()];
        } else if stated.is_mapping() && !matches!(arg.get_action(), ArgAction::Append) {
            texts = vec![texts.join(",")];
        } else if texts.len() > 1 && !matches!(arg.get_action(), ArgAction::Append) {
            return Err(data(stated.refused("expected one value, found a list")));
        }
        if arg.get_value_parser().type_id() != TypeId::of::<PathBuf>() {
            self.both(texts.into_iter().flat_map(|text| worded(&flag, text)));
            return Ok(());
        }
        for text in texts {
            let text = home_expanded(&text);
            self.here.extend(worded(&flag, beside(folder, &text)?));
            self.files.extend(Some(PathBuf::from(&text)).filter(|path| folder.join(path).exists()));
            self.container.extend(worded(&flag, text));
        }
        Ok(())
    }

    /// A file that is mounted into a container.
    fn secret(&mut self, folder: &Path, (flag, name): (&str, &str), stated: &str) -> Result<()> {
        let (stated, name) = (home_expanded(stated), name.to_owned());
        let place = format!("{MOUNTED}/{name}");
        self.here.extend(worded(flag, text_of(&folder.join(&stated))?));
        self.container.extend(worded(flag, place.clone()));
        self.secrets.push(Secret { name, file: stated, place });
        Ok(())
    }

    /// Whether keys are asked for: on this machine if that is stated, and in a container, which others can reach, if
    /// nothing else is.
    fn keys(&mut self, work: &Mapping, folder: &Path) -> Result<()> {
        let stated = |key: &str| work.stated().find(|stated| stated.key() == key);
        let file = stated(KEYS_FILE).map(|file| path_of(&file)).transpose()?;
        let wanted = match stated(KEYS) {
            None => None,
            Some(stated) => match stated.read::<String>().map_err(data)?.as_str() {
                "required" => Some(true),
                "none" => Some(false),
                other => return Err(data(stated.refused(format!("it is `{other}`, expected `required` or `none`")))),
            },
        };
        if wanted == Some(false) {
            if let Some(file) = stated(KEYS_FILE) {
                return Err(data(file.refused("no key is asked for where `keys` is `none`")));
            }
            self.container.push("--insecure-no-keys".to_owned());
            return Ok(());
        }
        // Beside the specification, where whoever runs the container puts it.
        let is_asked_here = wanted.is_some() || file.is_some();
        let here = self.here.len();
        self.secret(folder, ("--keys", KEYS_NAME), file.as_deref().unwrap_or(KEYS_NAME))?;
        self.here.truncate(here);
        if is_asked_here {
            let path = match file {
                Some(file) => folder.join(home_expanded(&file)),
                None => keys::file(&KeysFileArg::of_the_environment())?.path().to_owned(),
            };
            self.here.extend(worded("--keys", text_of(&path)?));
        }
        Ok(())
    }
}

/// A flag and its value, which may begin with a dash.
pub(super) fn worded(flag: &str, value: String) -> Vec<String> {
    if value.starts_with('-') { vec![format!("{flag}={value}")] } else { vec![flag.to_owned(), value] }
}

/// The path that a key states.
fn path_of(stated: &Stated<'_>) -> Result<String> {
    let path = stated.read::<String>().map_err(data)?;
    if path.is_empty() { Err(data(stated.refused("expected the path of a file, found nothing"))) } else { Ok(path) }
}

fn data(error: SpecError) -> anyhow::Error {
    coded(Exit::Data, error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foretaste_deploy::spec::Specification;

    #[test]
    fn every_flag_of_a_service_is_a_key() {
        for command in ["serve", "notebook"] {
            let options = Options::of(command);
            for arg in options.command.get_arguments().filter(|arg| !arg.is_positional()) {
                let long = arg.get_long().unwrap();
                if NO_KEYS.contains(&long) {
                    continue;
                }
                let key = long.replace('-', "_");
                assert!(options.have(&key), "{command} --{long}");
                let value = match arg.get_possible_values().first() {
                    Some(first) => first.get_name().to_owned(),
                    None => "1".to_owned(),
                };
                let is_switch = matches!(arg.get_action(), ArgAction::SetTrue);
                let text = format!("titan: v1\n{key}: {}\n", if is_switch { "true" } else { &value });
                let work = Specification::parse(&text).unwrap().work;
                let words = options.words(&work, Path::new("/nowhere"), &Vec::new).unwrap();
                assert!(words.here.iter().any(|word| word.starts_with(&format!("--{long}"))), "{text}: {words:?}");
            }
            assert!(options.have("keys") && options.have("keys_file") && !options.have("listen"));
        }
        assert_eq!(Options::of("nothing").keys().count(), 0);
    }

    #[test]
    fn keys_are_asked_for_where_others_can_reach_the_service() {
        let words = |text: &str| {
            let work = Specification::parse(&format!("titan: v1\n{text}\n")).unwrap().work;
            Options::of("serve").words(&work, Path::new("/home/me"), &Vec::new).map(|words| {
                (
                    words.here.join(" "),
                    words.container.join(" "),
                    words.secrets.into_iter().map(|secret| secret.file).collect(),
                )
            })
        };
        let (here, there, files): (String, String, Vec<String>) = words("").unwrap();
        assert_eq!((&*here, &*there), ("", "--keys /run/secrets/foretaste/keys.json"));
        assert_eq!(files, ["keys.json"]);
        let (here, there, files) = words("keys_file: k/mine.json").unwrap();
        assert_eq!((&*here, &*there), ("--keys /home/me/k/mine.json", "--keys /run/secrets/foretaste/keys.json"));
        assert_eq!(files, ["k/mine.json"]);
        let (here, there, _) = words("keys: none").unwrap();
        assert_eq!((&*here, &*there), ("", "--insecure-no-keys"));
        assert!(words("keys: required").unwrap().0.starts_with("--keys "));
        for (text, says) in [
            ("keys: some", "line 2: `keys`: it is `some`, expected `required` or `none`"),
            ("keys: none\nkeys_file: x", "line 3: `keys_file`: no key is asked for"),
            ("keys_file: ''", "line 2: `keys_file`: expected the path of a file, found nothing"),
            ("access_log: 1", "line 2: `access_log`: expected true or false"),
            ("wait: [1, 2]", "line 2: `wait`: expected one value, found a list"),
        ] {
            assert!(words(text).unwrap_err().to_string().contains(says), "{text}: {}", words(text).unwrap_err());
        }
    }
}
