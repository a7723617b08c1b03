//! The command line read. What clap says of a mistake is completed with what it does not know.

use std::env;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, CommandFactory, Error, Parser, ValueEnum};

use super::Cli;
use super::data::RepeatArg;

/// The command line of this process; a mistake in it ends the process, as clap does.
pub(crate) fn typed() -> Cli {
    let words = with_report(env::args_os().collect());
    Cli::try_parse_from(&words).unwrap_or_else(|error| {
        let is_set = |name: &OsStr| env::var_os(name).is_some();
        completed(error, &whole(), &words, is_set).exit()
    })
}

/// `evaluate --repeat REPORT` and nothing else: `--repeat` with the name of a file is `--repeat-report`, since everywhere else it
/// says how rows of one user and item combine.
fn with_report(mut words: Vec<OsString>) -> Vec<OsString> {
    if let [_, command, flag, value] = &mut words[..]
        && command == "evaluate"
        && flag == "--repeat"
        && value.to_str().is_none_or(|value| RepeatArg::from_str(value, true).is_err())
    {
        *flag = "--repeat-report".into();
    }
    words
}

/// The definition of the command line, worked out: only then a flag can be written as clap writes it.
fn whole() -> Command {
    let mut whole = Cli::command();
    whole.build();
    whole
}

/// The command line without the commands that only foretaste itself calls.
pub(crate) fn shown() -> Command {
    let all = Cli::command();
    let mut shown = Command::new("foretaste").version(env!("CARGO_PKG_VERSION"));
    if let Some(about) = all.get_about() {
        shown = shown.about(about.clone());
    }
    shown.subcommands(all.get_subcommands().filter(|command| !command.is_hide_set()).cloned())
}

/// Hidden commands are no suggestion; a value that an environment variable gave is said to come from there.
fn completed(mut error: Error, all: &Command, words: &[OsString], is_set: impl Fn(&OsStr) -> bool) -> Error {
    if let Some(ContextValue::Strings(names)) = error.get(ContextKind::SuggestedSubcommand) {
        let is_hidden = |name: &str| all.find_subcommand(name).is_some_and(Command::is_hide_set);
        let left: Vec<String> = names.iter().filter(|name| !is_hidden(name)).cloned().collect();
        error.remove(ContextKind::SuggestedSubcommand);
        if !left.is_empty() {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(left));
        }
    }
    if let Some(ContextValue::String(told)) = error.get(ContextKind::InvalidArg)
        && let Some(variable) = variable_of(told, all, words).filter(|variable| is_set(variable))
    {
        let told = format!("{} in the environment, which sets {told}", variable.display());
        error.insert(ContextKind::InvalidArg, ContextValue::String(told));
    }
    error
}

/// The variable that gives a flag its value, where no word does. `told` is the flag as clap writes it: `--threads <N>`.
fn variable_of(told: &str, all: &Command, words: &[OsString]) -> Option<OsString> {
    let commands = all.get_subcommands().flat_map(|command| std::iter::once(command).chain(command.get_subcommands()));
    let mut flags = commands.flat_map(Command::get_arguments);
    let flag = flags.find(|flag| flag.get_env().is_some() && flag.to_string() == told)?;
    let is_typed = words.iter().any(|word| is_typed(word, flag));
    flag.get_env().filter(|_| !is_typed).map(OsStr::to_owned)
}

fn is_typed(word: &OsStr, flag: &Arg) -> bool {
    let typed = word.to_string_lossy();
    let name = typed.split('=').next().and_then(|word| word.strip_prefix("--"));
    name.is_some() && name == flag.get_long()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(line: &str, set: &str) -> String {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let error = Cli::try_parse_from(&words).unwrap_err();
        completed(error, &whole(), &words, |name| name == set).to_string()
    }

    #[test]
    fn a_value_from_the_environment_is_said_to_come_from_there() {
        let told = message("foretaste fit demo --out m --threads abc", "FORETASTE_THREADS");
        assert!(!told.contains("FORETASTE_THREADS"), "it was typed: {told}");
        let variable = variable_of("--threads <N>", &whole(), &["foretaste".into(), "fit".into()]);
        assert_eq!(variable.unwrap(), "FORETASTE_THREADS");
        let typed = variable_of("--threads <N>", &whole(), &["foretaste".into(), "--threads=2".into()]);
        assert_eq!(typed, None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn hidden_commands_are_not_suggested() {
        for word in ["server", "supervis", "kernal", "lanch"] {
            let told = message(&format!("foretaste {word}"), "");
            for hidden in ["supervise", "kernel", "launch"] {
                assert!(!told.contains(&format!("'{hidden}'")), "{told}");
            }
        }
        assert!(message("foretaste server", "").contains("'serve'"), "{}", message("foretaste server", ""));
        assert!(message("foretaste reccomend", "").contains("'recommend'"));
    }
}
