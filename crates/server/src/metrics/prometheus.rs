//! The figures for a Prometheus scraper.

use std::fmt::Write;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use foretaste::recommend::Provenance;
use foretaste_service::Observer;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// A count of replies by status.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct StatusLabel {
    status: u16,
}

/// A count of replies by route and status.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct ReplyLabel {
    route: Arc<str>,
    status: u16,
}

/// A route, as a template.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct RouteLabel {
    route: Arc<str>,
}

/// The family of the model that serves.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub(crate) struct ModelLabel {
    model: &'static str,
}

/// Every figure, and the registry that prints them.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) recompute: Histogram,
    fits_failed: Counter,
    pub(crate) connections: Gauge,
    model: Family<ModelLabel, Gauge>,
    model_number: Gauge<u64, AtomicU64>,
    full: Counter,
    too_late: Counter,
    waited: Histogram,
    ran: Histogram,
    replies: Family<StatusLabel, Counter>,
    requests: Family<ReplyLabel, Counter>,
    durations: Family<RouteLabel, Histogram, fn() -> Histogram>,
    pub(crate) model_age: Gauge<f64, AtomicU64>,
    registry: Mutex<Registry>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // 4 us to 262 ms.
        let queue = || Histogram::new(exponential_buckets(4e-6, 4.0, 9));
        let metrics = Self {
            // 1 ms to 65 s.
            recompute: Histogram::new(exponential_buckets(1e-3, 2.0, 17)),
            fits_failed: Counter::default(),
            connections: Gauge::default(),
            model: Family::default(),
            model_number: Gauge::default(),
            full: Counter::default(),
            too_late: Counter::default(),
            waited: queue(),
            ran: queue(),
            replies: Family::default(),
            requests: Family::default(),
            // 64 us to 17 s.
            durations: Family::new_with_constructor(|| Histogram::new(exponential_buckets(64e-6, 4.0, 10))),
            model_age: Gauge::default(),
            registry: Mutex::new(Registry::with_prefix("foretaste")),
        };
        metrics.register();
        metrics
    }

    fn register(&self) {
        let Ok(mut registry) = self.registry.lock() else { return };
        registry.register("http_replies", "Replies by status", self.replies.clone());
        registry.register(
            "http_requests",
            "Requests by route and status, without those refused at once",
            self.requests.clone(),
        );
        let durations = self.durations.clone();
        registry.register_with_unit(
            "http_request",
            "Time from the head of a request to its reply",
            Unit::Seconds,
            durations,
        );
        let age = self.model_age.clone();
        registry.register_with_unit("model_age", "Time since the model that serves was fitted", Unit::Seconds, age);
        registry.register("score_refused", "Requests refused because they would have been late", self.full.clone());
        registry.register("score_dropped", "Requests dropped after waiting too long", self.too_late.clone());
        let seconds = || Unit::Seconds;
        registry.register_with_unit("score_wait", "Time queued for scoring", seconds(), self.waited.clone());
        registry.register_with_unit("score_run", "Time spent scoring", seconds(), self.ran.clone());
        registry.register_with_unit("recompute", "Duration of recompute calls", seconds(), self.recompute.clone());
        registry.register("fits_failed", "Fits that failed", self.fits_failed.clone());
        registry.register("connections", "Open connections", self.connections.clone());
        registry.register("model_info", "1 for the family of the model that serves", self.model.clone());
        registry.register("model_number", "Number of the version that serves", self.model_number.clone());
    }

    /// Counts one reply.
    pub(crate) fn replied(&self, status: u16) {
        self.replies.get_or_create(&StatusLabel { status }).inc();
    }

    /// Counts one reply of a route.
    pub(crate) fn answered(&self, route: Arc<str>, status: u16, took: Duration) {
        self.durations.get_or_create(&RouteLabel { route: Arc::clone(&route) }).observe(took.as_secs_f64());
        self.requests.get_or_create(&ReplyLabel { route, status }).inc();
    }

    /// The OpenMetrics 1.0 text.
    pub(crate) fn open_metrics(&self) -> String {
        let mut text = String::new();
        if let Ok(registry) = self.registry.lock() {
            // Writing to a string cannot fail.
            let _ = encode(&mut text, &registry);
        }
        ordered(&text)
    }

    /// The older Prometheus text format 0.0.4: counters carry their suffix in the metadata too, and there is no end mark.
    pub(crate) fn prometheus_text(&self) -> String {
        let open_metrics = self.open_metrics();
        let counters: Vec<&str> =
            open_metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")).collect();
        let mut text = String::with_capacity(open_metrics.len());
        for line in open_metrics.lines() {
            let mut words = line.splitn(4, ' ');
            match (words.next(), words.next(), words.next(), words.next()) {
                (Some("#"), Some("EOF" | "UNIT"), ..) => {}
                (Some("#"), Some(kind), Some(name), Some(rest)) if counters.contains(&name) => {
                    let _ = writeln!(text, "# {kind} {name}_total {rest}");
                }
                _ => {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        text
    }
}

/// The same text with the series of each figure in the order of their labels: the registry has them in no order.
fn ordered(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    for series in lines.chunk_by_mut(|a, b| !a.starts_with('#') && !b.starts_with('#')) {
        // The buckets of a series stay as they are.
        series.sort_by_key(|line| {
            let labels = line.split_once('{').map_or("", |(_, labels)| labels);
            let labels = labels.rsplit_once('}').map_or(labels, |(labels, _)| labels);
            labels.split(',').filter(|label| !label.starts_with("le=")).collect::<Vec<_>>().join(",")
        });
    }
    lines.into_iter().flat_map(|line| [line, "\n"]).collect()
}

impl Observer for Metrics {
    fn scoring_refused(&self) {
        self.full.inc();
    }

    fn scoring_dropped(&self) {
        self.too_late.inc();
    }

    fn scored(&self, waited: Duration, ran: Duration) {
        self.waited.observe(waited.as_secs_f64());
        self.ran.observe(ran.as_secs_f64());
    }

    fn fit_failed(&self) {
        self.fits_failed.inc();
    }

    fn serves(&self, number: u64, provenance: &Provenance) {
        self.model_number.set(number);
        self.model.clear();
        self.model.get_or_create(&ModelLabel { model: provenance.params.name() }).set(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_come_in_the_order_of_their_labels() {
        let metrics = Metrics::new();
        for route in ["/c", "/a", "/b", "/d", "/a"] {
            metrics.answered(route.into(), 200, Duration::from_millis(1));
        }
        metrics.answered("/a".into(), 404, Duration::from_millis(1));
        let text = metrics.open_metrics();
        let of = |prefix: &str| -> Vec<String> {
            text.lines().filter_map(|line| line.strip_prefix(prefix)).map(str::to_owned).collect()
        };
        let series = of("foretaste_http_requests_total{route=");
        assert_eq!(series[..2], ["\"/a\",status=\"200\"} 2", "\"/a\",status=\"404\"} 1"]);
        assert!(series.is_sorted() && series.len() == 5, "{series:?}");
        let buckets = of("foretaste_http_request_seconds_bucket{le=");
        assert!(
            buckets[..11].iter().all(|bucket| bucket.contains("\"/a\"")) && buckets[0].starts_with("\"0.000064\""),
            "{buckets:?}"
        );
    }

    #[test]
    fn both_formats_name_a_counter_as_their_rules_say() {
        let metrics = Metrics::new();
        metrics.replied(200);
        let open = metrics.open_metrics();
        assert!(
            open.contains("# TYPE foretaste_http_replies counter\nforetaste_http_replies_total{status=\"200\"} 1\n")
        );
        assert!(open.ends_with("# EOF\n"));
        let old = metrics.prometheus_text();
        assert!(
            old.contains(
                "# TYPE foretaste_http_replies_total counter\nforetaste_http_replies_total{status=\"200\"} 1\n"
            )
        );
        assert!(!old.contains("# EOF") && !old.contains("# UNIT"));
        assert!(old.contains("# TYPE foretaste_recompute_seconds histogram\n"));
    }
}
