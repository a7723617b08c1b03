//! stub
pub(super) fn run(args: &crate::args::InspectArgs) -> anyhow::Result<()> { crate::data::load(&args.data)?; Ok(()) }
