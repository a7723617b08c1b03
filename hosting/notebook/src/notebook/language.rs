//! What a kernel's language asks for: how a comment begins, how a text is assigned to `REQUEST`.

use super::json_text::{double_quoted, without_specials};

/// Has ipykernel give `REQUEST` the text that comes in the metadata of a request to execute, under [`REQUEST_KEY`], and
/// forget what earlier cells printed, of which IPython keeps all. Also keeps what threads print to the request that started
/// them, standard output open, and messages within a bound. Fails where a kernel cannot take requests, and leaves no name.
const RECEIVER: &str = include_str!("receiver.py");

/// Stands in the receiver for the bytes of a message.
const MOST_BYTES: &str = "MOST_BYTES";
/// The content of a message that was larger.
pub(crate) const TOO_LARGE_KEY: &str = "foretaste_too_large";

/// Where a [receiver](Language::receiver) looks for a request.
pub(crate) const REQUEST_KEY: &str = "foretaste_request";

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

    /// What has a kernel take requests along with the code to run, so that each is one exchange with it and not two, and send
    /// no message of more than `most` bytes.
    pub(crate) fn receiver(&self, most: usize) -> Option<String> {
        self.is_python().then(|| RECEIVER.replace(MOST_BYTES, &most.to_string()))
    }

    /// A statement that gives `REQUEST` the text `json`, which is JSON in ASCII, where there is no receiver.
    ///
    /// Outside of Python every character that some language gives a meaning inside of quotes is written as JSON's
    /// `\u` escape: a client cannot have `$(…)` or `#{…}` evaluated.
    pub(crate) fn assignment(&self, json: &str) -> String {
        if self.is_python() {
            return format!("REQUEST = {}", double_quoted(json));
        }
        let json = without_specials(json);
        match self.0.as_str() {
            "bash" | "sh" | "zsh" | "shell" | "fish" => format!("REQUEST='{json}'"),
            "perl" | "perl5" | "php" => format!("$REQUEST = '{}';", json.replace('\\', "\\\\")),
            "scala" | "kotlin" => format!("val REQUEST = {}", double_quoted(&json)),
            "java" | "groovy" | "javascript" | "typescript" | "c#" => {
                format!("var REQUEST = {};", double_quoted(&json))
            }
            "r" => format!("REQUEST <- {}", double_quoted(&json)),
            _ => format!("REQUEST = {}", double_quoted(&json)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_assigned_in_the_syntax_of_the_language() {
        let json = r#"{"body": "it's $(x) \"q\" #{y} `z`"}"#;
        let python = r#"REQUEST = "{\"body\": \"it's $(x) \\\"q\\\" #{y} `z`\"}""#;
        assert_eq!(Language::named("Python").assignment(json), python);
        let of = |name| Language::named(name).assignment(json);
        let inner = r#"{"body": "it\u0027s \u0024(x) \"q\" \u0023{y} \u0060z\u0060"}"#;
        assert_eq!(of("bash"), format!("REQUEST='{inner}'"));
        assert_eq!(of("perl"), format!("$REQUEST = '{}';", inner.replace('\\', "\\\\")));
        let doubled = inner.replace('\\', "\\\\").replace('"', "\\\"");
        assert_eq!(of("ruby"), format!("REQUEST = \"{doubled}\""));
        assert_eq!(of("R"), format!("REQUEST <- \"{doubled}\""));
        assert_eq!(of("scala"), format!("val REQUEST = \"{doubled}\""));
    }

    #[test]
    fn the_receiver_looks_where_requests_are_put() {
        let receiver = Language::named("python").receiver(4711).unwrap();
        assert!(receiver.contains(REQUEST_KEY) && receiver.contains(TOO_LARGE_KEY));
        assert!(receiver.contains("= shell.kernel.session, 4711\n"));
        assert_eq!(Language::named("bash").receiver(1), None);
    }

    #[test]
    fn comments_begin_as_the_language_has_it() {
        assert_eq!(Language::named("python").comment(), "#");
        assert_eq!(Language::named("Scala").comment(), "//");
        assert_eq!(Language::named("unheard of").comment(), "#");
    }
}
