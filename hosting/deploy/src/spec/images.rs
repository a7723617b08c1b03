//! The table from names of images to Python interpreters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::SpecError;

/// Which interpreter each image stands for: a YAML mapping such as `scipy: /opt/scipy/bin/python`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images(BTreeMap<String, PathBuf>);

impl Images {
    /// Reads the table; an empty text is an empty table. Paths count from `folder`.
    ///
    /// # Errors
    /// [`SpecError::Yaml`]: no mapping from texts to texts.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SpecError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let table: BTreeMap<String, PathBuf> =
            serde_saphyr::from_str(text).map_err(|error| SpecError::Yaml(error.to_string()))?;
        Ok(Self(table.into_iter().map(|(name, path)| (name, folder.join(path))).collect()))
    }

    /// The interpreter of an image.
    #[must_use]
    pub fn interpreter(&self, image: &str) -> Option<&Path> {
        self.0.get(image).map(PathBuf::as_path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_names_interpreters() {
        let images =
            Images::parse("scipy: /opt/scipy/bin/python\nlocal: venv/bin/python\n", Path::new("/etc")).unwrap();
        assert_eq!(images.interpreter("scipy"), Some(Path::new("/opt/scipy/bin/python")));
        assert_eq!(images.interpreter("local"), Some(Path::new("/etc/venv/bin/python")));
        assert_eq!(images.interpreter("torch"), None);
        assert_eq!(Images::parse(" \n", Path::new("/")), Ok(Images::default()));
        assert!(Images::parse("- scipy\n", Path::new("/")).is_err());
    }
}
