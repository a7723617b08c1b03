//! Where a service listens, as it is typed.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::{Result, anyhow};
use clap::Args;

use crate::exit::{Exit, coded};

/// Where a service listens by default.
const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// `--listen` and `--port`
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ListenArgs {
    /// Address to listen on, such as localhost:8080, :8080 (both 127.0.0.1) or 0.0.0.0:8080; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS", env = "FORETASTE_LISTEN", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
    /// Port of 127.0.0.1 to listen on, in place of an address
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// A second address, for health, readiness and metrics only
    #[arg(long, alias = "admin", value_name = "ADDRESS", env = "FORETASTE_ADMIN", value_parser = address)]
    pub(crate) admin_listen: Option<SocketAddr>,
}

impl ListenArgs {
    /// The address that they say.
    pub(crate) fn address(self) -> Result<SocketAddr> {
        match (self.listen, self.port) {
            (Some(listen), Some(port)) if listen != local(port) => Err(coded(
                Exit::Usage,
                anyhow!("--listen says {listen} and --port says {}; give one of them", local(port)),
            )),
            (_, Some(port)) => Ok(local(port)),
            (listen, None) => Ok(listen.unwrap_or(DEFAULT)),
        }
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// An address with a port. No name is looked up: `localhost`, and no name at all, are 127.0.0.1.
fn address(text: &str) -> Result<SocketAddr> {
    let allowed = || {
        anyhow!(
            "`{text}` is no address to listen on, expected one with a port, such as 127.0.0.1:8080, localhost:8080, :8080, 0.0.0.0:8080 or [::1]:8080"
        )
    };
    match text.rsplit_once(':') {
        Some((name, port)) if name.is_empty() || name.eq_ignore_ascii_case("localhost") => {
            port.parse().map(local).map_err(|_| allowed())
        }
        _ => text.parse().map_err(|_| allowed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_what_is_plain() {
        for (text, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("LocalHost:0", "127.0.0.1:0"),
            (":8080", "127.0.0.1:8080"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(address(text).unwrap().to_string(), expected, "{text}");
        }
        for text in
            ["", "8080", "localhost", "localhost:", ":", ":70000", ":-1", "shop.example:80", "1.2.3:80", "::1:80"]
        {
            assert!(address(text).unwrap_err().to_string().starts_with(&format!("`{text}` is no address")), "{text}");
        }
    }

    #[test]
    fn a_port_is_one_of_this_machine() {
        let args = |listen: Option<&str>, port| ListenArgs {
            listen: listen.map(|text| address(text).unwrap()),
            port,
            admin_listen: None,
        };
        let said = |listen, port| args(listen, port).address().map(|address| address.to_string());
        assert_eq!(said(None, None).unwrap(), "127.0.0.1:8080");
        assert_eq!(said(None, Some(9)).unwrap(), "127.0.0.1:9");
        assert_eq!(said(Some(":9"), Some(9)).unwrap(), "127.0.0.1:9");
        assert!(said(Some("0.0.0.0:8080"), Some(9)).unwrap_err().to_string().contains("--port says 127.0.0.1:9"));
    }
}
