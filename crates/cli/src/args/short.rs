//! Flags that set a parameter of the default model, where no model is named.

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};
use foretaste::models::{ModelParams, Number, Short};
use serde_json::Value;

/// The flag by which a file states the parameters instead.
const PARAMS: &str = "params";

/// Parameters that were set by a flag of their own, in the order in which the models declare those that have one.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShortArgs(Vec<(&'static str, Stated)>);

/// The value of such a flag.
#[derive(Clone, Copy, Debug)]
enum Stated {
    Whole(u64),
    Real(f64),
}

impl ShortArgs {
    /// All these flags.
    pub(crate) fn names() -> impl Iterator<Item = String> {
        ModelParams::SHORT.iter().map(|short| format!("--{}", short.name))
    }

    /// Takes a parameter over, if it is one of these.
    pub(crate) fn take(&mut self, name: &str, value: &Value) -> bool {
        let short = ModelParams::SHORT.iter().find(|short| short.name == name);
        let stated = short.and_then(|short| Some((short.name, Stated::of(short, value)?)));
        self.0.extend(stated);
        self.0.sort_by_key(|&(name, _)| ModelParams::SHORT.iter().position(|short| short.name == name));
        stated.is_some()
    }

    /// As settings, `NAME=VALUE` each.
    pub(crate) fn settings(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, stated)| match stated {
            Stated::Whole(number) => format!("{name}={number}"),
            Stated::Real(number) => format!("{name}={number:e}"),
        })
    }

    /// As words of a command line.
    pub(crate) fn flags(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|(name, stated)| {
            let value = match stated {
                Stated::Whole(number) => number.to_string(),
                Stated::Real(number) => number.to_string(),
            };
            [format!("--{name}"), value]
        })
    }
}

impl Stated {
    fn of(short: &Short, value: &Value) -> Option<Self> {
        match short.number {
            Number::Whole => value.as_u64().map(Self::Whole),
            Number::Real => value.as_f64().map(Self::Real),
        }
    }
}

impl FromArgMatches for ShortArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        let stated = ModelParams::SHORT.iter().filter_map(|short| {
            let stated = match short.number {
                Number::Whole => matches.get_one(short.name).copied().map(Stated::Whole),
                Number::Real => matches.get_one(short.name).copied().map(Stated::Real),
            };
            Some((short.name, stated?))
        });
        self.0 = stated.collect();
        Ok(())
    }
}

impl Args for ShortArgs {
    fn augment_args(command: Command) -> Command {
        ModelParams::SHORT.iter().fold(command, |command, short| {
            let arg = Arg::new(short.name).long(short.name).value_name(short.value).help(short.about);
            let arg = arg.conflicts_with(PARAMS);
            command.arg(match short.number {
                Number::Whole => arg.value_parser(value_parser!(u64)),
                Number::Real => arg.value_parser(value_parser!(f64)).allow_negative_numbers(true),
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
