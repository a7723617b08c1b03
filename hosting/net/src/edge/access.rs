//! By which names a service may be called, and by pages of which origins.
//!
//! A browser runs pages of strangers on the machine that a service on a loopback address trusts. A page can send it requests
//! without reading the answers (cross-site request forgery), or have its own name resolved to 127.0.0.1 and read them, too
//! (DNS rebinding). Against the first, a request that can change something is refused where the browser says that it comes
//! from another origin; against the second, every request whose host is not a name of the loopback.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use foretaste_keys::KeyStore;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use hyper::{Method, Request};

use super::Refusal;
use super::gate::Gate;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// Answered whatever the host is: probes call by address. The latter two are those of notebooks.
const PROBES: [&str; 4] = ["/healthz", "/readyz", "/_api/health", "/_api/ready"];

/// Which hosts and origins a service takes requests for, and with which keys.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Names by which it may be called, besides those of the loopback; lower case, without ports.
    hosts: Vec<String>,
    /// Origins whose pages may call it, `*` for all.
    origins: Vec<HeaderValue>,
    /// Whether a host has to be one that is named.
    only_named: bool,
    /// Who lets clients in; `None` where all may come.
    gate: Option<Arc<Gate>>,
}

/// What cannot be a host or an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Not the name of a host.
    #[error("`{found}` is no host, expected a name or an address such as shop.example, without a scheme and a path")]
    Host {
        /// What was given.
        found: String,
    },
    /// Not an origin.
    #[error(
        "`{found}` is no origin, expected scheme, host and port as a browser sends them, such as https://shop.example, or *"
    )]
    Origin {
        /// What was given.
        found: String,
    },
}

impl Access {
    /// Takes requests for these hosts, by pages of these origins.
    ///
    /// # Errors
    /// [`AccessError`]
    pub fn new(hosts: &[String], origins: &[String]) -> Result<Self, AccessError> {
        let hosts: Vec<String> = hosts.iter().map(|found| host(found)).collect::<Result<_, _>>()?;
        let origins = origins.iter().map(|found| origin(found)).collect::<Result<_, _>>()?;
        Ok(Self { only_named: !hosts.is_empty(), hosts, origins, gate: None })
    }

    /// The same for a service that listens there: on a loopback address, every host has to be a name of the loopback or one
    /// of those given.
    #[must_use]
    pub fn listening(self, address: SocketAddr) -> Self {
        Self { only_named: self.only_named || is_loopback(address.ip()), ..self }
    }

    /// The same for those alone who bring one of the keys, but for what is open to all; figures are open if `open_metrics`.
    #[must_use]
    pub fn with_keys(self, keys: Arc<dyn KeyStore>, open_metrics: bool) -> Self {
        Self { gate: Some(Arc::new(Gate::new(keys, open_metrics))), ..self }
    }

    /// Whether a key is asked for.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        self.gate.is_some()
    }

    pub(super) fn gate(&self) -> Option<&Gate> {
        self.gate.as_deref()
    }

    pub(super) fn has_origins(&self) -> bool {
        !self.origins.is_empty()
    }

    /// What the browser says of the page that asks, if it may read the answer.
    pub(super) fn allowed_origin<'a>(&'a self, headers: &HeaderMap) -> Option<&'a HeaderValue> {
        if self.origins.is_empty() {
            return None;
        }
        let origin = headers.get(ORIGIN)?;
        self.origins.iter().find(|allowed| *allowed == origin || *allowed == "*")
    }

    /// Whether the request may come here; `is_open` says whether the service answers it to all.
    ///
    /// # Errors
    /// The refusal.
    pub(super) fn check<B>(&self, request: &Request<B>, is_open: &dyn Fn() -> bool) -> Result<(), Refusal> {
        let headers = request.headers();
        // What the first line names goes before the header (RFC 9112, section 3.2.2).
        let authority = request.uri().authority().map(|authority| authority.as_str());
        let header = headers.get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()));
        // A client of HTTP/1.0 need not name a host, and is no browser.
        let named = authority.or(header.as_deref());
        let is_probe = || {
            let reads = matches!(*request.method(), Method::GET | Method::HEAD);
            reads && PROBES.contains(&request.uri().path()) && is_open()
        };
        if let Some(named) = named.filter(|named| self.only_named && !self.is_ours(named) && !is_probe()) {
            return Err(Refusal::Host { found: named.chars().take(100).collect() });
        }
        let named = named.unwrap_or_default();
        let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE);
        if is_safe || self.allowed_origin(headers).is_some() {
            return Ok(());
        }
        let origin = headers.get(ORIGIN).map(|origin| String::from_utf8_lossy(origin.as_bytes()).into_owned());
        let is_foreign = origin.as_deref().is_some_and(|origin| !is_same(origin, named));
        if is_foreign || headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "cross-site") {
            return Err(Refusal::Origin {
                found: origin.filter(|_| is_foreign).map(|origin| origin.chars().take(100).collect()),
            });
        }
        Ok(())
    }

    fn is_ours(&self, authority: &str) -> bool {
        let (name, _) = parts(authority);
        let name = name.strip_suffix('.').unwrap_or(name);
        match literal(name) {
            Some(address) if is_loopback(address) => true,
            _ => {
                let is = |own: &str| name.eq_ignore_ascii_case(own);
                let last = name.rsplit('.').next().unwrap_or_default();
                // RFC 6761, section 6.3: names below `localhost` are the loopback.
                last.eq_ignore_ascii_case("localhost") || self.hosts.iter().any(|own| is(own))
            }
        }
    }
}

/// Host and port of an authority.
fn parts(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        // The colons of an address of version 6 stand in brackets.
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && name.starts_with('[') == name.ends_with(']') =>
        {
            (name, port)
        }
        _ => (authority, ""),
    }
}

fn literal(name: &str) -> Option<IpAddr> {
    let inner = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match inner {
        Some(inner) => inner.parse().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// Whether a page comes from where the request goes. The scheme does not count: what ends TLS before us hides it.
fn is_same(origin: &str, authority: &str) -> bool {
    let Some((_, from)) = origin.split_once("://") else { return false };
    let default = |port: &str| matches!(port, "" | "80" | "443");
    let ((a, a_port), (b, b_port)) = (parts(from), parts(authority));
    !a.is_empty() && a.eq_ignore_ascii_case(b) && (a_port == b_port || (default(a_port) && default(b_port)))
}

fn host(found: &str) -> Result<String, AccessError> {
    let (name, _) = parts(found);
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    if name.is_empty() || !name.bytes().all(legal) {
        return Err(AccessError::Host { found: found.to_owned() });
    }
    Ok(name.to_ascii_lowercase())
}

fn origin(found: &str) -> Result<HeaderValue, AccessError> {
    let refused = || AccessError::Origin { found: found.to_owned() };
    let is_origin = found.split_once("://").is_some_and(|(scheme, rest)| {
        let is_scheme =
            !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        is_scheme && host(rest).is_ok()
    });
    if found != "*" && !is_origin {
        return Err(refused());
    }
    HeaderValue::from_str(&found.to_ascii_lowercase()).map_err(|_| refused())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(hosts: &[&str], origins: &[&str], address: &str) -> Access {
        let texts = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        Access::new(&texts(hosts), &texts(origins)).unwrap().listening(address.parse().unwrap())
    }

    fn asked(access: &Access, method: &str, path: &str, headers: &[(&str, &str)]) -> Result<(), Refusal> {
        let mut request = Request::builder().method(method).uri(path);
        for &(name, value) in headers {
            request = request.header(name, value);
        }
        access.check(&request.body(()).unwrap(), &|| method != "POST")
    }

    fn host_is_taken(access: &Access, host: &str) -> bool {
        asked(access, "GET", "/v1/jobs", &[("host", host)]).is_ok()
    }

    #[test]
    fn on_a_loopback_address_a_host_is_a_name_of_the_loopback_or_one_that_was_given() {
        for address in ["127.0.0.1:80", "[::1]:80", "127.9.9.9:1"] {
            let plain = access(&[], &[], address);
            for host in [
                "localhost",
                "LocalHost:8080",
                "localhost.",
                "a.localhost:1",
                "127.0.0.1:8080",
                "127.3.2.1",
                "[::1]",
                "[::1]:80",
                "[::ffff:127.0.0.1]:9",
            ] {
                assert!(host_is_taken(&plain, host), "{host}");
            }
            for host in [
                "evil.example",
                "",
                "localhost.evil.example",
                "evil-localhost",
                "127.0.0.1.evil.example",
                "128.0.0.1",
                "[::2]",
                "0.0.0.0",
                "127.1",
                "::1",
            ] {
                let refused = Err(Refusal::Host { found: host.to_owned() });
                assert_eq!(asked(&plain, "GET", "/v1/jobs", &[("host", host)]), refused);
                for probe in PROBES {
                    assert_eq!(asked(&plain, "GET", probe, &[("host", host)]), Ok(()));
                    assert!(asked(&plain, "POST", probe, &[("host", host)]).is_err());
                }
            }
            let named = access(&["Shop.Example", "other:8080"], &[], address);
            for host in ["shop.example", "SHOP.example:443", "other", "localhost"] {
                assert!(host_is_taken(&named, host), "{host}");
            }
            assert!(!host_is_taken(&named, "evil.example"));
        }
        let absolute =
            asked(&access(&[], &[], "127.0.0.1:80"), "GET", "http://evil.example/v1/jobs", &[("host", "localhost")]);
        assert_eq!(absolute, Err(Refusal::Host { found: "evil.example".to_owned() }));
    }

    #[test]
    fn elsewhere_a_host_is_free_unless_one_was_given() {
        assert!(host_is_taken(&access(&[], &[], "0.0.0.0:80"), "evil.example"));
        let named = access(&["shop.example"], &[], "0.0.0.0:80");
        assert!(host_is_taken(&named, "shop.example") && host_is_taken(&named, "127.0.0.1"));
        assert!(!host_is_taken(&named, "evil.example"));
    }

    #[test]
    fn what_changes_something_is_refused_to_pages_of_other_origins() {
        let plain = access(&[], &[], "127.0.0.1:8080");
        let own = ("host", "localhost:8080");
        let posted = |access: &Access, headers: &[(&str, &str)]| asked(access, "POST", "/recompute_svd", headers);
        for same in ["http://localhost:8080", "https://localhost:8080", "http://LOCALHOST:8080"] {
            assert_eq!(posted(&plain, &[own, ("origin", same)]), Ok(()), "{same}");
        }
        assert_eq!(posted(&plain, &[own]), Ok(()), "no browser");
        assert_eq!(posted(&plain, &[("host", "127.0.0.1"), ("origin", "http://127.0.0.1:80")]), Ok(()));
        for foreign in
            ["http://localhost:3000", "http://127.0.0.1:8080", "https://evil.example", "null", "http://localhost", ""]
        {
            let refused = Err(Refusal::Origin { found: Some(foreign.to_owned()) });
            assert_eq!(posted(&plain, &[own, ("origin", foreign)]), refused);
            assert_eq!(asked(&plain, "GET", "/", &[own, ("origin", foreign)]), Ok(()), "reading is not changing");
        }
        assert_eq!(posted(&plain, &[own, ("sec-fetch-site", "cross-site")]), Err(Refusal::Origin { found: None }));
        for site in ["same-origin", "same-site", "none"] {
            assert_eq!(posted(&plain, &[own, ("sec-fetch-site", site)]), Ok(()), "{site}");
        }
        let allowing = access(&[], &["https://Shop.example"], "127.0.0.1:8080");
        let from = |origin| posted(&allowing, &[own, ("origin", origin), ("sec-fetch-site", "cross-site")]);
        assert_eq!(from("https://shop.example"), Ok(()));
        assert!(from("https://shop.example:444").is_err() && from("http://shop.example").is_err());
        assert_eq!(posted(&access(&[], &["*"], "127.0.0.1:8080"), &[own, ("origin", "null")]), Ok(()));
    }

    #[test]
    fn what_is_no_host_and_no_origin_is_refused_by_name() {
        let new = |host: &str, origin: &str| {
            let given = |text: &str| Vec::from_iter((!text.is_empty()).then(|| text.to_owned()));
            Access::new(&given(host), &given(origin))
        };
        for host in ["http://shop.example", "shop.example/x", "a b", ":80"] {
            assert_eq!(new(host, "").map(drop), Err(AccessError::Host { found: host.to_owned() }));
        }
        for origin in ["shop.example", "https://", "https://shop.example/", "://x", "null"] {
            assert_eq!(new("", origin).map(drop), Err(AccessError::Origin { found: origin.to_owned() }));
        }
        assert!(new("shop.example:8443", "app+x://shop.example:8443").is_ok());
    }
}
