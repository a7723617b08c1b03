//! The native engine as a service: `foretaste serve` with what a specification says.

use std::path::{Path, PathBuf};

use anyhow::Result;
use foretaste_deploy::emit::{Invocation, Probes};
use foretaste_deploy::plan::Worker;
use foretaste_deploy::spec::Specification;

use super::keys::Keys;
use super::model::{self, model_params};
use super::options::{Options, Words};
use super::work::{Limits, Planned, beside, home_expanded, operand, usage};
use crate::args::Command;
use crate::data;
use crate::exit::{Exit, ExitWith, coded};

/// The image that is this program.
pub(super) const IMAGE: &str = "foretaste";
/// What every service of the engine has to state.
const DATA: &str = "data";

/// How the native engine is served.
pub(super) fn work(specification: &Specification, path: &Path) -> Result<Planned> {
    if let Some(image) = specification.image.as_deref().filter(|&image| image != IMAGE) {
        return Err(usage(&format!("image `{image}` runs notebooks; a specification by itself needs image `{IMAGE}`")));
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    let (options, others) = (Options::of("serve"), Options::of("notebook"));
    // A file of parameters is a flag as any other.
    let (of_the_model, rest) = specification
        .work
        .split(|stated| Keys::are_of_the_model(stated.key()) && (stated.key() != "params" || stated.is_mapping()));
    let (data, flags) = rest.split(|stated| stated.key() == DATA);
    if let Some(foreign) = flags.stated().find(|stated| !options.have(stated.key()) && others.have(stated.key())) {
        return Err(usage(&format!("`{}` is for notebooks", foreign.key())));
    }
    let known = || options.keys().chain([DATA.to_owned()]).chain(Keys::of_the_model().map(str::to_owned)).collect();
    let Words { here, container, mut files, secrets, tls } = options.words(&flags, folder, &known)?;
    let missing = || usage(&format!("`data` is missing: a file, a folder, or one of {}", data::names()));
    let stated = data.stated().next().ok_or_else(missing)?;
    let stated = home_expanded(&stated.read::<String>().exit_with(Exit::Data)?);
    files.extend(Some(PathBuf::from(&stated)).filter(|file| folder.join(file).exists()));
    let model = model_flags(&of_the_model)?;
    let limits = Limits::of(specification, &flags);
    let line = |data: String, flags: Vec<String>| {
        let words = [vec!["serve".to_owned(), operand(data)], flags, model.clone(), limits.flags()].concat();
        // Memory of an earlier fit goes back at once: a limit counts what the allocator keeps for later, too.
        Invocation { arguments: words, environment: [("MIMALLOC_PURGE_DELAY".to_owned(), "0".to_owned())].into() }
    };
    let (here, container) = (line(beside(folder, &stated)?, here), line(stated, container));
    if let Command::Serve(args) = Options::parsed(&here.arguments, &flags)? {
        args.access.access().map_err(|error| coded(Exit::Data, error))?;
    }
    let worker = Worker {
        arguments: [here.arguments.clone(), vec!["--inherit".to_owned()]].concat(),
        here,
        container,
        files,
        secrets,
        tls,
        python: None,
        product_threads: 1,
        probes: Probes { alive: "/healthz", ready: "/readyz" },
    };
    Ok(Planned { worker, notes: Vec::new() })
}

/// The flags of the model, checked as far as that is possible without the data.
fn model_flags(keys: &foretaste_deploy::spec::Mapping) -> Result<Vec<String>> {
    let line = keys.stated().next().and_then(|stated| keys.line_of(stated.key()));
    let stated: Keys = keys.read().exit_with(Exit::Data)?;
    let stated = model::Stated { model: stated.model, params: stated.params, short: stated.short };
    let flags = stated.mapping().and_then(|model| Ok(model_params(&model)?.flags()));
    flags.map_err(|error| match line {
        Some(line) => error.context(format!("line {line}")),
        None => error,
    })
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::code_of;

    fn planned(text: &str) -> Result<Planned> {
        work(&Specification::parse(text)?, Path::new("/nowhere/films.yaml"))
    }

    fn refusal(text: &str) -> (Exit, String) {
        let error = planned(text).map(|_| text.to_owned()).expect_err(text);
        (code_of(&error), format!("{error:#}"))
    }

    fn flags(text: &str) -> String {
        planned(text).unwrap().worker.here.arguments.join(" ")
    }

    #[test]
    fn todays_specification_is_todays_command() {
        let text = "titan: v1\ncpu: 1.5\nmemory: 64MB\ndata: demo\nitems: titles.csv\nrows: 5\nmodel: svd\nrank: 7\n";
        assert_eq!(flags(text), "serve demo --items titles.csv --rows 5 --rank 7 --threads 2 --memory 64000000");
        assert_eq!(flags("titan: v1\ndata: 007\n"), "serve 007 --threads 1 --memory 1024000000");
    }

    #[test]
    fn hosts_and_origins_are_passed_on_or_refused_by_name() {
        let text = "titan: v1\ndata: demo\nhost: shop.example\ncors_origin: [https://a.example, https://b.example]\nwait: 50ms\n";
        let expected =
            "--host shop.example --cors-origin https://a.example --cors-origin https://b.example --wait 50ms";
        assert!(flags(text).contains(expected), "{}", flags(text));
        for (key, why) in [
            ("host: http://shop.example", "`http://shop.example` is no host"),
            ("cors_origin: shop.example", "is no origin"),
            ("host: {a: 1}", "host"),
            ("wait: soon", "`soon` is no time"),
        ] {
            let (_, said) = refusal(&format!("titan: v1\ndata: demo\n{key}\n"));
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn a_file_whose_name_begins_with_a_dash_is_no_flag() {
        let text = "titan: v1\ndata: -x.csv\nitems: --rows\nmissing: -1\nusers: --listen=0.0.0.0:9\n";
        let planned = planned(text).unwrap().worker;
        for line in [planned.here.arguments, planned.container.arguments] {
            let Command::Serve(args) = Options::parsed(&line, &Default::default()).unwrap() else { panic!("{line:?}") };
            assert_eq!((&*args.data.data, args.data.read.items), ("./-x.csv", Some("--rows".into())));
            assert_eq!(args.data.read.tables.users, Some("--listen=0.0.0.0:9".into()));
            assert_eq!((args.data.read.missing, args.listen.listen), (vec!["-1".to_owned()], None));
        }
    }

    #[test]
    fn paths_count_from_the_specification_and_secrets_are_no_part_of_an_image() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["r.csv", "i.csv", "k.json", "c.pem", "c.key"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        let text = "titan: v1\ndata: r.csv\nitems: i.csv\nkeys_file: k.json\ntls_cert: c.pem\ntls_key: c.key\nthreads: 7\ncpu: 2\n";
        let worker = work(&Specification::parse(text).unwrap(), &folder.path().join("films.yaml")).unwrap().worker;
        let place = |file: &str| folder.path().join(file).to_str().unwrap().to_owned();
        let here = format!(
            "serve {} --items {} --tls-cert {} --tls-key {} --threads 7 --keys {} --memory 1024000000",
            place("r.csv"),
            place("i.csv"),
            place("c.pem"),
            place("c.key"),
            place("k.json")
        );
        assert_eq!(worker.here.arguments.join(" "), here);
        let there = worker.container.arguments.join(" ");
        assert!(
            there.contains("--tls-key /run/secrets/foretaste/key.pem") && there.contains("--items i.csv"),
            "{there}"
        );
        assert_eq!(worker.files, [Path::new("i.csv"), Path::new("r.csv")]);
        let secrets: Vec<&str> = worker.secrets.iter().map(|secret| &*secret.file).collect();
        assert!(secrets == ["c.pem", "c.key", "k.json"] && worker.tls, "{secrets:?}");
        assert_eq!(worker.arguments.last().unwrap(), "--inherit");
        let home = std::env::var("HOME").unwrap();
        assert!(flags("titan: v1\ndata: ~/r.csv\n").starts_with(&format!("serve {home}/r.csv ")));
    }

    #[test]
    fn every_parameter_of_the_model_can_be_stated_in_every_way() {
        let expected = flags("titan: v1\ndata: demo\nrank: 30\ntolerance: 1e-8\nseed: 7");
        assert!(expected.contains("--rank 30 --tolerance 0.00000001 --seed 7"), "{expected}");
        for model in [
            "model: svd\nrank: 30\ntolerance: 1e-8\nseed: 7",
            "model: {model: svd, rank: 30, tolerance: 1e-8, seed: 7}",
            "model: {rank: 30, tolerance: 1e-8, seed: 7}",
            "model:\n  model: svd\n  rank: 30\ntolerance: 1e-8\nseed: 7",
            "model: svd\nparams: {rank: 30, tolerance: 1e-8, seed: 7}",
            "params: {rank: 30}\ntolerance: 1.0e-8\nseed: '7'",
        ] {
            assert_eq!(flags(&format!("titan: v1\ndata: demo\n{model}")), expected, "{model}");
        }
        for model in ["model: {model: ease, lambda: 42.5}", "model: ease\nparams: {lambda: 42.5}"] {
            let found = flags(&format!("titan: v1\ndata: demo\n{model}"));
            assert!(found.contains("serve demo --model ease --set lambda=42.5 --threads"), "{found}");
        }
    }

    #[test]
    fn what_a_model_does_not_have_is_refused_with_its_line() {
        for (model, says) in [
            ("model: gpt", "`model`: there is no model `gpt`; there are svd, popularity"),
            ("model: {model: svd, rnk: 3}", "the model `svd` has no parameter `rnk`, did you mean `rank`?"),
            ("model: [svd]", "expected a name such as `svd`"),
            ("model: 5", "expected a name such as `svd`"),
            ("model: {rank: many}", "many"),
            ("model: {rank: 3}\nrank: 4", "`rank` of the model is stated twice"),
            ("model: svd\nparams: {model: svd}", "`model` of the model is stated twice"),
            ("rank: 0", "`model`: rank 0 was asked for, allowed are 1 to"),
            ("model: {model: ease, lambda: -1}", "lambda -1 was asked for"),
            ("tolerance: .inf", "inf"),
            ("tolerance: .nan", "expected a number, found `.nan`"),
        ] {
            let (exit, message) = refusal(&format!("titan: v1\ndata: demo\n{model}\n"));
            assert!(message.contains(says) && message.contains("line 3"), "{model}: {message}");
            assert_eq!(exit, Exit::Data, "{message}");
        }
    }

    #[test]
    fn a_key_that_is_not_the_engines_is_refused_by_name() {
        let (exit, message) = refusal("titan: v1\ndata: demo\nmemry: 5MB\n");
        assert_eq!(exit, Exit::Data);
        assert!(
            message.contains("line 3: unknown key `memry` (did you mean `memory`?), expected one of titan"),
            "{message}"
        );
        let (_, message) = refusal("titan: v1\ndata: demo\nlambda: 500\n");
        assert!(message.contains("unknown key `lambda`") && message.contains("params"), "{message}");
        let (exit, message) = refusal("titan: v1\ndata: demo\nkernels: 2\n");
        assert_eq!((exit, &*message), (Exit::Usage, "`kernels` is for notebooks"));
        let (exit, message) = refusal("titan: v1\nimage: scipy\ndata: demo\n");
        assert!(exit == Exit::Usage && message.contains("runs notebooks"), "{message}");
        let (exit, message) = refusal("titan: v1\nrank: 3\n");
        assert!(exit == Exit::Usage && message.starts_with("`data` is missing"), "{message}");
        assert_eq!(refusal("titan: v1\ndata: demo\nrows: 0\n").0, Exit::Data);
    }
}
