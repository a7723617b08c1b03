//! The service's specification: a fenced YAML block in a markdown cell.

/// The text inside the first fenced block of `markdown` that is a specification: its fence says `yaml` or `yml`, or says
/// nothing and the text begins with the key `titan` or `foretaste`.
pub(super) fn in_markdown(markdown: &str) -> Option<String> {
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = Fence::opened_by(line) else { continue };
        let inside: Vec<&str> = lines.by_ref().take_while(|line| !fence.is_closed_by(line)).collect();
        if fence.says_yaml || (fence.says_nothing && begins_like_one(&inside)) {
            let indent = inside.iter().filter(|line| !line.trim().is_empty()).map(|line| indent_of(line)).min();
            // Often the fence alone is indented: what is taken away must leave the lines as they stand to each other.
            let indent = indent.unwrap_or(0).min(fence.indent);
            return Some(inside.iter().flat_map(|line| [line.get(indent..).unwrap_or_default(), "\n"]).collect());
        }
    }
    None
}

/// The whole of `markdown`, if it is a specification by itself, without a fence.
pub(super) fn unfenced(markdown: &str) -> Option<String> {
    let lines: Vec<&str> = markdown.lines().collect();
    begins_like_one(&lines).then(|| markdown.to_owned())
}

struct Fence {
    mark: char,
    length: usize,
    indent: usize,
    says_yaml: bool,
    says_nothing: bool,
}

impl Fence {
    fn opened_by(line: &str) -> Option<Self> {
        let text = line.trim_start();
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let info = text.trim_start_matches(mark);
        let length = text.len() - info.len();
        let info = info.trim().trim_start_matches(['{', '.']);
        if length < 3 || info.contains('`') {
            return None;
        }
        let word = info.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let says_yaml = word.eq_ignore_ascii_case("yaml") || word.eq_ignore_ascii_case("yml");
        Some(Self { mark, length, indent: indent_of(line), says_yaml, says_nothing: info.is_empty() })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let text = line.trim();
        text.len() >= self.length && text.chars().all(|c| c == self.mark)
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn begins_like_one(lines: &[&str]) -> bool {
    let is_text = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with('#') && line.trim() != "---";
    let first = lines.iter().find(is_text).map_or("", |line| line.trim());
    ["titan", "foretaste"].iter().any(|key| first.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
}

#[cfg(test)]
mod tests {
    use super::{in_markdown, unfenced};

    #[test]
    fn a_cell_that_is_one_needs_no_fence() {
        for text in ["titan: v1\nservice:\n  image: scipy", "# a comment\n\nforetaste: v1\n"] {
            assert_eq!(unfenced(text).as_deref(), Some(text));
        }
        for text in ["", "# Title", "titan is a moon", "see\ntitan: v1"] {
            assert_eq!(unfenced(text), None, "{text}");
        }
    }

    #[test]
    fn the_block_is_found_behind_any_usual_fence() {
        let expected = Some("titan: v1\nservice:\n  image: scipy\n".to_owned());
        let text = "titan: v1\nservice:\n  image: scipy\n";
        for (open, close) in
            [("```yaml", "```"), ("```YML", "```"), ("```", "```"), ("~~~ yaml", "~~~"), ("````", "````")]
        {
            assert_eq!(in_markdown(&format!("# Title\n\n{open}\n{text}{close}\nmore")), expected, "{open}");
        }
        assert_eq!(in_markdown(" ```yaml\n titan: v1\n service:\n   image: scipy\n ```"), expected);
        assert_eq!(in_markdown(&format!(" ```yaml\n{text}```")), expected, "only the fence is indented");
        assert_eq!(in_markdown(&format!("```yaml\n{text}")), expected, "the cell ends before the block");
    }

    #[test]
    fn other_blocks_are_passed_over() {
        let found = in_markdown("```python\ntitan: 1\n```\n```\nx: 1\n```\n```yaml\nname: a\n```");
        assert_eq!(found.as_deref(), Some("name: a\n"));
        for none in ["", "titan: v1", "```\nx: 1\n```", "``yaml\ntitan: v1\n``", "`titan: v1`"] {
            assert_eq!(in_markdown(none), None, "{none:?}");
        }
    }
}
