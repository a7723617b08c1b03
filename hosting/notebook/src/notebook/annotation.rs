//! The first line of a cell, when it makes the cell an endpoint or the description of a response.

use std::fmt;

/// The methods that a cell can answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// `GET`; such an endpoint also answers `HEAD`
    Get,
    /// `PUT`
    Put,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
}

impl Verb {
    pub(crate) const ALL: [Self; 4] = [Self::Get, Self::Put, Self::Post, Self::Delete];

    /// The method's name in a request, upper case.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == name)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.as_str())
    }
}

/// What the first line of a code cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Annotation<'a> {
    /// The cell answers requests.
    Endpoint(Verb, &'a str),
    /// The cell gives status and headers of an endpoint's responses.
    ResponseInfo(Verb, &'a str),
    /// The line reads like an endpoint, but of a method that cells do not answer.
    UnknownVerb(&'a str, &'a str),
}

impl<'a> Annotation<'a> {
    /// Reads the annotation; `None` when the cell is ordinary code. Nothing, not even white space, may stand before the
    /// comment's `prefix`.
    pub(crate) fn of(source: &'a str, prefix: &str) -> Option<Self> {
        let line = source.lines().next()?.strip_prefix(prefix)?;
        let (word, rest) = next_word(line)?;
        if word == "ResponseInfo" {
            let (word, path) = next_word(rest)?;
            let path = path_of(path)?;
            return Verb::named(word).map(|verb| Self::ResponseInfo(verb, path));
        }
        let path = path_of(rest)?;
        match Verb::named(word) {
            Some(verb) => Some(Self::Endpoint(verb, path)),
            None if matches!(word, "PATCH" | "HEAD" | "OPTIONS" | "TRACE" | "CONNECT") => {
                Some(Self::UnknownVerb(word, path))
            }
            None => None,
        }
    }
}

/// The word after some white space, and what follows it.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let trimmed = text.trim_start();
    if trimmed.len() == text.len() {
        return None;
    }
    let end = trimmed.find(char::is_whitespace)?;
    Some(trimmed.split_at(end))
}

fn path_of(rest: &str) -> Option<&str> {
    Some(rest.trim()).filter(|path| path.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_the_very_first_text_of_a_cell() {
        let of = |source| Annotation::of(source, "#");
        assert_eq!(of("# GET /hello\nprint(1)"), Some(Annotation::Endpoint(Verb::Get, "/hello")));
        assert_eq!(of("#   POST \t /a/:b  \r\nx"), Some(Annotation::Endpoint(Verb::Post, "/a/:b")));
        assert_eq!(of("# DELETE /a b"), Some(Annotation::Endpoint(Verb::Delete, "/a b")));
        for ordinary in ["", "\n# GET /a", " # GET /a", "#GET /a", "# get /a", "# GET a", "# GET", "## GET /a", "x = 1"]
        {
            assert_eq!(of(ordinary), None, "{ordinary:?}");
        }
    }

    #[test]
    fn response_info_and_methods_that_cells_do_not_answer_are_told_apart() {
        let of = |source| Annotation::of(source, "//");
        assert_eq!(of("// ResponseInfo PUT /a"), Some(Annotation::ResponseInfo(Verb::Put, "/a")));
        assert_eq!(of("// ResponseInfo /a"), None);
        assert_eq!(of("// PATCH /a"), Some(Annotation::UnknownVerb("PATCH", "/a")));
        assert_eq!(of("# GET /a"), None);
    }
}
