//! What form of a reply the client prefers.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;

/// The `Accept` header, one range after the other in the client's order.
pub(crate) struct Accept(Vec<Range>);

struct Range {
    kind: String,
    version: Option<String>,
    quality: f32,
}

/// A form of the tutorial's replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Json,
}

/// A form of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MetricsForm {
    Json,
    OpenMetrics,
    PrometheusText,
}

impl<S: Send + Sync> FromRequestParts<S> for Accept {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let headers = parts.headers.get_all(ACCEPT).into_iter();
        Ok(Self(
            headers.filter_map(|header| header.to_str().ok()).flat_map(|text| text.split(',')).map(range).collect(),
        ))
    }
}

fn range(text: &str) -> Range {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let mut range = Range { kind, version: None, quality: 1.0 };
    for parameter in parts {
        match parameter.split_once('=') {
            Some(("q" | "Q", quality)) => range.quality = quality.parse().unwrap_or(0.0),
            Some(("version", version)) => range.version = Some(version.trim_matches('"').to_owned()),
            _ => {}
        }
    }
    range
}

impl Accept {
    /// The form with the best quality, the first of equals.
    fn best<F: Copy>(&self, form: impl Fn(&Range) -> Option<F>) -> Option<F> {
        let mut best: Option<(F, f32)> = None;
        for range in self.0.iter().filter(|range| range.quality > 0.0) {
            if let Some(form) = form(range)
                && best.is_none_or(|(_, quality)| range.quality > quality)
            {
                best = Some((form, range.quality));
            }
        }
        best.map(|(form, _)| form)
    }

    /// JSON where it is preferred, otherwise text.
    pub(crate) fn form(&self) -> Form {
        let form = self.best(|range| match range.kind.as_str() {
            "application/json" | "application/*" => Some(Form::Json),
            "text/plain" | "text/*" => Some(Form::Text),
            _ => None,
        });
        form.unwrap_or(Form::Text)
    }

    /// A text format where it is asked for by version, otherwise JSON.
    pub(crate) fn metrics_form(&self) -> MetricsForm {
        let form = self.best(|range| match (range.kind.as_str(), &range.version) {
            ("application/openmetrics-text", _) => Some(MetricsForm::OpenMetrics),
            ("text/plain", Some(_)) => Some(MetricsForm::PrometheusText),
            ("application/json", _) => Some(MetricsForm::Json),
            _ => None,
        });
        form.unwrap_or(MetricsForm::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(text: &str) -> Accept {
        Accept(text.split(',').map(range).collect())
    }

    #[test]
    fn text_is_the_default_and_json_is_given_where_it_is_preferred() {
        for text in ["", "*/*", "text/html,*/*;q=0.8", "application/json;q=0", "text/plain, application/json;q=0.5"] {
            assert_eq!(accept(text).form(), Form::Text, "{text}");
        }
        for json in
            ["application/json", "application/json, text/plain, */*", "text/plain;q=0.1, Application/JSON;q=0.2"]
        {
            assert_eq!(accept(json).form(), Form::Json, "{json}");
        }
    }

    #[test]
    fn a_scraper_gets_what_it_prefers() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,\
            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert_eq!(accept(prometheus).metrics_form(), MetricsForm::OpenMetrics);
        assert_eq!(accept("text/plain;version=0.0.4;q=0.5,*/*;q=0.1").metrics_form(), MetricsForm::PrometheusText);
        assert_eq!(
            accept("text/plain; version=0.0.4, application/json;q=0.9").metrics_form(),
            MetricsForm::PrometheusText
        );
        for json in ["", "*/*", "application/json", "text/plain"] {
            assert_eq!(accept(json).metrics_form(), MetricsForm::Json, "{json}");
        }
    }
}
