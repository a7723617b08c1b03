//! `foretaste keys`: makes, lists and revokes the keys that let clients in; and finds those that a service asks for.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};
use directories::ProjectDirs;
use foretaste_keys::{FileError, KeyError, KeyFile};
use jiff::Timestamp;
use serde::Serialize;

use crate::args::{AddKeyArgs, KeysCommand, KeysFileArg, ListKeysArgs, RevokeKeyArgs};
use crate::exit::{Exit, coded};
use crate::output::{self, Align, Shape, Table, counted};

pub(super) fn run(command: KeysCommand) -> Result<()> {
    match command {
        KeysCommand::Add(args) => add(&args),
        KeysCommand::List(args) => list(&args),
        KeysCommand::Revoke(args) => revoke(&args),
    }
}

/// The file that was named, or the user's.
pub(super) fn file(args: &KeysFileArg) -> Result<KeyFile> {
    let named = args.keys.clone().filter(|path| !path.as_os_str().is_empty());
    let path = named.or_else(users).context("this user has no home folder to keep keys in; name a file with --keys")?;
    Ok(KeyFile::new(path))
}

fn users() -> Option<PathBuf> {
    Some(ProjectDirs::from("", "", "foretaste")?.config_dir().join("keys.json"))
}

/// A key, for programs.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    id: String,
    role: &'a str,
    created: Timestamp,
    expires: Option<Timestamp>,
    has_ended: bool,
    rate: Option<String>,
    /// The key itself, this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

impl<'a> Entry<'a> {
    fn of(key: &'a foretaste_keys::Key, now: Timestamp) -> Self {
        Self {
            name: &key.name,
            id: key.id(),
            role: key.role.name(),
            created: key.created,
            expires: key.expires,
            has_ended: key.has_ended(now),
            rate: key.rate.map(|rate| rate.to_string()),
            key: None,
        }
    }
}

fn add(args: &AddKeyArgs) -> Result<()> {
    let (file, now) = (file(&args.file)?, Timestamp::now());
    let added = file
        .change::<_, FileError>(|keys| Ok(keys.add(&args.name, args.role, args.expires.as_deref(), args.rate, now)?));
    let (secret, key) = added.map_err(refused)?;
    match args.json.shape() {
        Shape::Json => output::json(&Entry { key: Some(secret.reveal()), ..Entry::of(&key, now) })?,
        Shape::Text => {
            let mut out = output::stdout();
            writeln!(out, "{}", secret.reveal())?;
            out.flush()?;
        }
    }
    let (name, role, id) = (&key.name, key.role, key.id());
    output::note(&format!(
        "the key of {name}, role {role}, id {id}; it is not shown again: {} has its hash",
        file.path().display()
    ));
    Ok(())
}

fn list(args: &ListKeysArgs) -> Result<()> {
    let (file, now) = (file(&args.file)?, Timestamp::now());
    let keys = file.read().map_err(refused)?.unwrap_or_default();
    let entries: Vec<Entry> = keys.iter().map(|key| Entry::of(key, now)).collect();
    if args.json.shape() == Shape::Json {
        return output::json(&entries);
    }
    if entries.is_empty() {
        output::note(&format!(
            "there is no key in {}; `foretaste keys add NAME --role read` makes one",
            file.path().display()
        ));
        return Ok(());
    }
    let columns = ["name", "id", "role", "created", "expires", "rate"].map(|name| (name, Align::Left));
    let mut table = Table::new(columns);
    for entry in entries {
        let day = |time: Timestamp| time.to_string().chars().take(16).collect::<String>().replace('T', " ");
        let ends = entry.expires.map_or_else(|| "never".to_owned(), day);
        let ends = if entry.has_ended { format!("{ends}, ended") } else { ends };
        let rate = entry.rate.unwrap_or_else(|| "any".to_owned());
        table.row([entry.name.to_owned(), entry.id, entry.role.to_owned(), day(entry.created), ends, rate]);
    }
    let mut out = output::stdout();
    table.write(&mut out, "")?;
    out.flush()?;
    Ok(())
}

fn revoke(args: &RevokeKeyArgs) -> Result<()> {
    let file = file(&args.file)?;
    let gone = file.change::<_, FileError>(|keys| Ok(keys.revoke(&args.name, args.id.as_deref())?)).map_err(refused)?;
    let ids: Vec<String> = gone.iter().map(foretaste_keys::Key::id).collect();
    output::note(&format!(
        "revoked {} of {}: {}; services notice within a second",
        counted(gone.len(), "key"),
        args.name,
        ids.join(", ")
    ));
    Ok(())
}

/// An error with its exit code.
pub(super) fn refused(error: FileError) -> anyhow::Error {
    let exit = match &error {
        FileError::Key(KeyError::Unknown { .. } | KeyError::UnknownId { .. }) => Exit::NotFound,
        FileError::Key(KeyError::Random { .. }) | FileError::Write { .. } => Exit::Failure,
        FileError::Key(_) => Exit::Usage,
        FileError::Read { .. } | FileError::Content { .. } | FileError::Writable { .. } => Exit::Data,
    };
    coded(exit, error)
}
