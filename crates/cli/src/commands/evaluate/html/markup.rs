//! Text and tables as HTML.

use std::fmt::{self, Display, Write};

/// A text in which nothing is markup and no character is invisible control.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// What is put together of parts; writing to a text cannot fail.
pub(super) fn push(page: &mut String, part: fmt::Arguments<'_>) {
    let _ = page.write_fmt(part);
}

/// A table whose first column names the rows, in a box of its own that scrolls where the page is narrow.
pub(super) struct Table {
    html: String,
    columns: usize,
}

impl Table {
    /// Caption and heads, as HTML.
    pub(super) fn new<'a>(caption: &str, heads: impl IntoIterator<Item = &'a str>) -> Self {
        let mut html = format!(
            "<div class=scroll role=region aria-label=\"{}\" tabindex=0><table><caption>{caption}</caption><thead><tr>",
            without_tags(caption)
        );
        let mut columns = 0;
        for head in heads {
            push(&mut html, format_args!("<th scope=col>{head}"));
            columns += 1;
        }
        html.push_str("<tbody>");
        Self { html, columns }
    }

    /// A row: its name and its cells, as HTML; a row with fewer cells than columns is filled up.
    pub(super) fn row(&mut self, name: &str, cells: impl IntoIterator<Item = impl Display>) {
        push(&mut self.html, format_args!("<tr><th scope=row>{name}"));
        let mut given = 1;
        for cell in cells {
            push(&mut self.html, format_args!("<td>{cell}"));
            given += 1;
        }
        self.html.extend((given..self.columns).map(|_| "<td>"));
        self.html.push('\n');
    }

    pub(super) fn finish(mut self) -> String {
        self.html.push_str("</table></div>\n");
        self.html
    }
}

/// A text without its tags, for an attribute.
fn without_tags(html: &str) -> String {
    let mut inside = false;
    let mut text = String::new();
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_name_says_is_text_on_the_page() {
        assert_eq!(escaped("<b a=\"c\">'&\u{1b}"), "&lt;b a=&quot;c&quot;&gt;&#39;&amp;\u{fffd}");
        assert_eq!(without_tags("a <i>b</i> &lt;"), "a b &lt;");
    }
}
