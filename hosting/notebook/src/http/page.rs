//! The notebook's endpoints as a page, with a form for each to try it. Nothing of it is loaded from elsewhere.

use std::fmt::Write;

use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::http::{Response, StatusCode};

use super::reply::of_kind;
use crate::notebook::{Notebook, Route, Verb};

/// Scripts and requests of our own origin only, as the pages of the native service.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEAD: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
    <style>body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}\
    section{border-top:1px solid #ccc;padding:.5rem 0}h2{font-size:1.1rem}label{display:block;margin:.3rem 0}\
    input,textarea{font:inherit;width:100%;box-sizing:border-box}pre{overflow:auto;background:#f4f4f4;padding:.5rem}\
    img{max-width:100%}</style><script src=\"/_api/docs.js\" defer></script>";

/// Where a key can be given; shown once a reply has asked for one.
const KEY: &str =
    "<label hidden>Key, which this service asks for<input id=\"key\" type=\"password\" autocomplete=\"off\"></label>";

/// Sends what the forms say and shows what comes back.
const SCRIPT: &str = include_str!("page.js");

/// The page; `with_source` shows the code, too.
pub(super) fn text(notebook: &Notebook, with_source: bool) -> String {
    let title = notebook.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let title = escaped(&title);
    let mut page = format!(
        "{HEAD}<title>{title}</title><h1>{title}</h1><p>Endpoints of a notebook. For programs: \
         <a href=\"/_api/spec/openapi.json\">OpenAPI</a>, <a href=\"/_api/metrics\">metrics</a>.</p>{KEY}"
    );
    for route in notebook.routes() {
        section(&mut page, route, with_source);
    }
    page.push_str("</html>\n");
    page
}

pub(super) fn page(text: &str) -> Response<Body> {
    let mut response = of_kind(StatusCode::OK, "text/html; charset=utf-8", text.to_owned());
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

pub(super) fn script() -> Response<Body> {
    of_kind(StatusCode::OK, "text/javascript; charset=utf-8", SCRIPT)
}

fn section(page: &mut String, route: &Route, with_source: bool) {
    let (verb, template) = (route.verb(), escaped(&route.pattern.template()));
    let cells: Vec<String> = route.cells().iter().map(usize::to_string).collect();
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<section><h2><code>{verb} {}</code></h2><p>Runs cell {}.</p>",
        escaped(route.path()),
        cells.join(", ")
    );
    if with_source {
        let _ = write!(page, "<pre>{}</pre>", escaped(&route.source));
    }
    let _ = write!(page, "<form data-verb=\"{verb}\" data-path=\"{template}\">");
    for name in route.pattern.names() {
        let name = escaped(name);
        let _ = write!(page, "<label>{name}<input data-parameter=\"{name}\" required></label>");
    }
    page.push_str("<label>Query, such as a=1&amp;b=2<input name=\"query\"></label>");
    if matches!(verb, Verb::Put | Verb::Post) {
        page.push_str(
            "<label>Body<textarea name=\"body\" rows=\"3\"></textarea></label>\
             <label>Content-Type<input name=\"kind\" value=\"application/json\"></label>",
        );
    }
    page.push_str("<button>Send</button></form><div role=\"status\"></div></section>");
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_notebook_says_is_text_on_the_page() {
        assert_eq!(escaped("<script a=\"b\">'&"), "&lt;script a=&quot;b&quot;&gt;&#39;&amp;");
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for text in [HEAD, SCRIPT] {
            assert!(!text.contains("//") || text == SCRIPT && !text.contains("http"), "{text}");
        }
    }
}
