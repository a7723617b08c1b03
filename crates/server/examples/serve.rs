//! Serves the demo data, or the first rows of a data set: `serve [ADDRESS [DATA [ROWS]]]`.
#![allow(clippy::print_stderr, reason = "an example talks to its user")]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use foretaste::dataset::Dataset;
use foretaste::interactions::ReadOptions;
use foretaste::models::ModelParams;
use foretaste::recommend::Recommender;
use foretaste_server::{Origin, Server, ServerConfig};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen = arguments.next().unwrap_or_else(|| "127.0.0.1:8080".to_owned()).parse()?;
    let data = match arguments.next() {
        None => Dataset::demo()?,
        Some(path) => {
            let rows = arguments.next().map(|rows| rows.parse()).transpose()?;
            let options = ReadOptions { rows, ..ReadOptions::default() };
            Dataset::load(Path::new(&path), None, &options, &mut |_| ControlFlow::Continue(()))?
        }
    };
    let train = rayon::ThreadPoolBuilder::new().build()?;
    let params = ModelParams::default();
    let mut progress = |_| ControlFlow::Continue(());
    let (first, _) =
        train.install(|| Recommender::fit(Arc::new(data), &params, jiff::Timestamp::now(), &mut progress))?;
    let server = Server::bind(ServerConfig { listen, ..ServerConfig::default() }, first, Origin::memory(), train)?;
    eprintln!("listening on http://{}", server.local_addr());
    server.run(std::future::pending())?;
    Ok(())
}
