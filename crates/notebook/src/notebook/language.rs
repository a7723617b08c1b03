//! What a kernel's language asks for: how a comment begins, how a text is assigned to `REQUEST`.

use super::json_text::{double_quoted, without_specials};

/// Has IPython forget what cells printed and showed.
const FORGET_OUTPUTS: &str = "get_ipython().history_manager.outputs.clear()";

/// A programming language, by the name that kernels give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Language(String);

impl Language {
    /// The language of that name; case does not matter.
    pub(crate) fn named(name: &str) -> Self {
        Self(name.to_lowercase())
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_python(&self) -> bool {
        matches!(self.0.as_str(), "python" | "python3" | "ipython")
    }

    /// What a comment of one line begins with.
    pub(crate) fn comment(&self) -> &'static str {
        match self.0.as_str() {
            "scala" | "java" | "kotlin" | "groovy" | "javascript" | "typescript" | "c" | "c++" | "c++17" | "c#"
            | "f#" | "go" | "rust" | "swift" | "php" => "//",
            "haskell" | "lua" | "sql" | "ada" => "--",
            "clojure" | "scheme" | "lisp" | "common-lisp" => ";",
            "matlab" | "prolog" | "erlang" => "%",
            _ => "#",
        }
    }

    /// What gives `REQUEST` the text `json`, which is JSON in ASCII.
    ///
    /// Outside of Python every character that some language gives a meaning inside of quotes is written as JSON's
    /// `\u` escape: a client cannot have `$(…)` or `#{…}` evaluated.
    pub(crate) fn assignment(&self, json: &str) -> Assignment {
        if self.is_python() {
            // Python's kernel keeps the text of every statement that it was ever sent, not of expressions. It also keeps all
            // that was ever printed, unless told otherwise; where that cannot be said, the request is assigned already.
            let text = double_quoted(json);
            return Assignment::Expression(format!("(REQUEST := {text}) and {FORGET_OUTPUTS}"));
        }
        let json = without_specials(json);
        Assignment::Statement(match self.0.as_str() {
            "bash" | "sh" | "zsh" | "shell" | "fish" => format!("REQUEST='{json}'"),
            "perl" | "perl5" | "php" => format!("$REQUEST = '{}';", json.replace('\\', "\\\\")),
            "scala" | "kotlin" => format!("val REQUEST = {}", double_quoted(&json)),
            "java" | "groovy" | "javascript" | "typescript" | "c#" => {
                format!("var REQUEST = {};", double_quoted(&json))
            }
            "r" => format!("REQUEST <- {}", double_quoted(&json)),
            _ => format!("REQUEST = {}", double_quoted(&json)),
        })
    }
}

/// What gives `REQUEST` its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Assignment {
    /// Code to run.
    Statement(String),
    /// An expression to evaluate.
    Expression(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_assigned_in_the_syntax_of_the_language() {
        let json = r#"{"body": "it's $(x) \"q\" #{y} `z`"}"#;
        let python = r#"(REQUEST := "{\"body\": \"it's $(x) \\\"q\\\" #{y} `z`\"}") and "#;
        let expected = format!("{python}{FORGET_OUTPUTS}");
        assert_eq!(Language::named("Python").assignment(json), Assignment::Expression(expected));
        let of = |name| match Language::named(name).assignment(json) {
            Assignment::Statement(code) => code,
            Assignment::Expression(code) => panic!("{name}: {code}"),
        };
        let inner = r#"{"body": "it\u0027s \u0024(x) \"q\" \u0023{y} \u0060z\u0060"}"#;
        assert_eq!(of("bash"), format!("REQUEST='{inner}'"));
        assert_eq!(of("perl"), format!("$REQUEST = '{}';", inner.replace('\\', "\\\\")));
        let doubled = inner.replace('\\', "\\\\").replace('"', "\\\"");
        assert_eq!(of("ruby"), format!("REQUEST = \"{doubled}\""));
        assert_eq!(of("R"), format!("REQUEST <- \"{doubled}\""));
        assert_eq!(of("scala"), format!("val REQUEST = \"{doubled}\""));
    }

    #[test]
    fn comments_begin_as_the_language_has_it() {
        assert_eq!(Language::named("python").comment(), "#");
        assert_eq!(Language::named("Scala").comment(), "//");
        assert_eq!(Language::named("unheard of").comment(), "#");
    }
}
