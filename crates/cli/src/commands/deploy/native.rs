//! The native engine as a service.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use foretaste_deploy::spec::{Cpu, Memory, Specification};

use super::work::{Work, beside, usage};
use crate::data;

/// The image that is this program.
pub(super) const IMAGE: &str = "foretaste";

/// How the native engine is served.
pub(super) fn work(specification: &Specification, folder: &Path, cpu: Cpu, memory: Memory) -> Result<Work> {
    if let Some(image) = specification.image.as_deref().filter(|&image| image != IMAGE) {
        return Err(usage(&format!("image `{image}` runs notebooks; a specification by itself needs image `{IMAGE}`")));
    }
    if specification.kernels.is_some() {
        return Err(usage("`kernels` is for notebooks"));
    }
    let data = specification.data.as_deref();
    let data =
        data.ok_or_else(|| usage(&format!("`data` is missing: a file, a folder, or one of {}", data::names())))?;
    let items = specification.items.as_deref();
    let command = |place: &dyn Fn(&str) -> String| {
        let mut command = vec!["serve".to_owned(), place(data)];
        let mut flag = |name: &str, value: Option<String>| {
            command.extend(value.into_iter().flat_map(|value| [format!("--{name}"), value]));
        };
        flag("items", items.map(place));
        flag("rows", specification.rows.map(|rows| rows.to_string()));
        flag("rank", specification.rank.map(|rank| rank.to_string()));
        flag("threads", Some(cpu.threads().to_string()));
        flag("memory", Some(memory.bytes().to_string()));
        command
    };
    let files = [Some(data), items].into_iter().flatten().filter(|file| folder.join(file).exists());
    Ok(Work {
        here: command(&|stated| beside(folder, stated)),
        inside: command(&str::to_owned),
        files: files.map(PathBuf::from).collect(),
        environment: BTreeMap::new(),
        environment_here: BTreeMap::new(),
        python: None,
        probes: ("/healthz", "/readyz"),
        notes: Vec::new(),
    })
}
