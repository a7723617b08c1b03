//! Which requests the scoring pool answers, told without a router.

/// The constant beginnings of the paths that the scoring pool answers.
#[derive(Debug)]
pub(crate) struct ScoredPaths(Vec<String>);

impl ScoredPaths {
    /// Those of `templates`: paths with parameters in braces.
    pub(crate) fn new(templates: &[String]) -> Self {
        let constant = |path: &String| path.split('{').next().unwrap_or_default().to_owned();
        let mut paths: Vec<String> = templates.iter().map(constant).collect();
        paths.sort();
        paths.dedup();
        Self(paths)
    }

    /// Whether `path` is one of them, or goes on where a parameter begins.
    pub(crate) fn contain(&self, path: &str) -> bool {
        let is = |scored: &String| {
            path.strip_prefix(scored.as_str()).is_some_and(|rest| rest.is_empty() || scored.ends_with('/'))
        };
        self.0.iter().any(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_scored_as_a_whole_or_from_a_parameter_on() {
        let scored =
            ScoredPaths::new(&["/viewed".into(), "/v1/users/{user}".into(), "/v1/users/{user}/ratings".into()]);
        for path in ["/viewed", "/v1/users/7", "/v1/users/7/ratings", "/v1/users/7/else"] {
            assert!(scored.contain(path), "{path}");
        }
        for path in ["/", "/viewed2", "/viewed/", "/v1/users", "/v1/usersx"] {
            assert!(!scored.contain(path), "{path}");
        }
    }
}
