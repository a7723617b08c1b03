//! A path with parameters: `/users/:name` and `/users/{name}` mean the same.

use percent_encoding::percent_decode_str;

/// The path of an endpoint, segment by segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter { before: String, name: String, after: String },
}

/// Why a path cannot be one of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A parameter without a name.
    #[error("a parameter without a name; `:name` or `{{name}}` was expected")]
    NoName,
    /// A name that occurs twice.
    #[error("the parameter `{name}` occurs twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A segment with more than one parameter, or with a brace that is not closed.
    #[error("the segment `{segment}` is neither a text nor a text with one `:name` or `{{name}}` in it")]
    Segment {
        /// The segment.
        segment: String,
    },
}

impl Pattern {
    /// Reads a path that begins with `/`.
    pub(crate) fn parse(path: &str) -> Result<Self, PatternError> {
        let segments: Vec<Segment> = path.split('/').skip(1).map(Segment::parse).collect::<Result<_, _>>()?;
        let names: Vec<&str> = segments.iter().filter_map(Segment::name).collect();
        for (at, name) in names.iter().enumerate() {
            if names[..at].contains(name) {
                return Err(PatternError::Twice { name: (*name).to_owned() });
            }
        }
        Ok(Self { segments })
    }

    /// The values of the parameters when `path`, as it stands in a request, matches. Values are never empty.
    pub(crate) fn matched(&self, path: &str) -> Option<Vec<(&str, String)>> {
        let mut values = Vec::new();
        let mut given = path.split('/').skip(1);
        for segment in &self.segments {
            // Bytes that are no text match nothing.
            let given = percent_decode_str(given.next()?).decode_utf8().ok()?;
            match segment {
                Segment::Literal(text) if *text == given => {}
                Segment::Literal(_) => return None,
                Segment::Parameter { before, name, after } => {
                    let value = given.strip_prefix(before.as_str())?.strip_suffix(after.as_str())?;
                    if value.is_empty() {
                        return None;
                    }
                    values.push((name.as_str(), value.to_owned()));
                }
            }
        }
        given.next().is_none().then_some(values)
    }

    /// Which of two patterns that match is asked first, the smaller: without parameters before with, then the one whose
    /// first parameter stands deeper, then the one with fewer.
    pub(crate) fn precedence(&self) -> (usize, usize) {
        let parameters = self.segments.iter().filter(|segment| segment.name().is_some()).count();
        let depth = self.segments.iter().position(|segment| segment.name().is_some());
        (depth.map_or(0, |depth| usize::MAX - depth), parameters)
    }

    /// Whether both match the same paths, whatever their parameters are called.
    pub(crate) fn same_shape(&self, other: &Self) -> bool {
        self.segments.iter().map(Segment::shape).eq(other.segments.iter().map(Segment::shape))
    }

    /// The names of the parameters, from left to right.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::name)
    }

    /// The path as OpenAPI writes it, with `{name}`.
    pub(crate) fn template(&self) -> String {
        self.segments.iter().map(|segment| format!("/{}", segment.template())).collect()
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, PatternError> {
        let broken = || PatternError::Segment { segment: text.to_owned() };
        let (before, name, after) = match (text.find(':'), text.find('{')) {
            (Some(colon), None) => (&text[..colon], &text[colon + 1..], ""),
            (None, Some(open)) => {
                let close = text.find('}').filter(|&close| close > open).ok_or_else(broken)?;
                (&text[..open], &text[open + 1..close], &text[close + 1..])
            }
            (None, None) if !text.contains('}') => return Ok(Self::Literal(text.to_owned())),
            _ => return Err(broken()),
        };
        if name.is_empty() {
            return Err(PatternError::NoName);
        }
        if name.contains([':', '{', '}']) || after.contains(['{', '}']) || before.contains('}') {
            return Err(broken());
        }
        Ok(Self::Parameter { before: before.to_owned(), name: name.to_owned(), after: after.to_owned() })
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::Parameter { name, .. } => Some(name),
        }
    }

    fn shape(&self) -> (bool, &str, &str) {
        match self {
            Self::Literal(text) => (false, text, ""),
            Self::Parameter { before, after, .. } => (true, before, after),
        }
    }

    fn template(&self) -> String {
        match self {
            Self::Literal(text) => text.clone(),
            Self::Parameter { before, name, after } => format!("{before}{{{name}}}{after}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(pattern: &str, path: &str) -> Option<Vec<String>> {
        let pattern = Pattern::parse(pattern).unwrap();
        pattern.matched(path).map(|values| values.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    #[test]
    fn a_parameter_is_one_segment_and_never_empty() {
        assert_eq!(matched("/hello/:name", "/hello/Ann"), Some(vec!["name=Ann".to_owned()]));
        assert_eq!(matched("/hello/{name}", "/hello/a%20b%2Fc"), Some(vec!["name=a b/c".to_owned()]));
        assert_eq!(matched("/a/:b/c/:d", "/a/1/c/2"), Some(vec!["b=1".to_owned(), "d=2".to_owned()]));
        assert_eq!(matched("/v{major}.json", "/v12.json"), Some(vec!["major=12".to_owned()]));
        assert_eq!(matched("/a b", "/a%20b"), Some(vec![]));
        for (pattern, path) in [
            ("/hello/:name", "/hello/"),
            ("/hello/:name", "/hello"),
            ("/hello/:name", "/hello/a/b"),
            ("/hello", "/hello/"),
            ("/v{major}.json", "/v.json"),
            ("/hello/:name", "/hello/%ff"),
        ] {
            assert_eq!(matched(pattern, path), None, "{pattern} {path}");
        }
    }

    #[test]
    fn a_path_that_cannot_be_is_refused_with_the_reason() {
        assert_eq!(Pattern::parse("/a/:"), Err(PatternError::NoName));
        assert_eq!(Pattern::parse("/a/{}"), Err(PatternError::NoName));
        assert_eq!(Pattern::parse("/:a/{a}"), Err(PatternError::Twice { name: "a".to_owned() }));
        for broken in ["/{a", "/a}", "/{a}{b}", "/:a:b", "/:a{b}"] {
            assert!(matches!(Pattern::parse(broken), Err(PatternError::Segment { .. })), "{broken}");
        }
    }

    #[test]
    fn literal_goes_before_parameter_and_deeper_before_shallower() {
        let mut patterns = ["/:a/b", "/a/:b", "/a/b", "/:a/:b"].map(|path| Pattern::parse(path).unwrap());
        patterns.sort_by_key(Pattern::precedence);
        let order: Vec<String> = patterns.iter().map(Pattern::template).collect();
        assert_eq!(order, ["/a/b", "/a/{b}", "/{a}/b", "/{a}/{b}"]);
    }
}
