//! stub
pub(super) fn run(_: &crate::args::SvdArgs) -> anyhow::Result<()> { Ok(()) }
