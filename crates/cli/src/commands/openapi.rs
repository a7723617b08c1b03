//! `foretaste openapi`: the service's document, without a service.

use std::io::Write;

use anyhow::Result;

use crate::output;

pub(super) fn run() -> Result<()> {
    let mut out = output::stdout();
    writeln!(out, "{}", foretaste_server::openapi().trim_end())?;
    Ok(out.flush()?)
}
