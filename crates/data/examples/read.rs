//! Reads a ratings file again and again and prints the median CPU time: `read FILE [TIMES]`.

#![allow(clippy::print_stdout, reason = "an example talks to its user")]

use std::error::Error;
use std::ops::ControlFlow;
use std::time::Duration;

use foretaste_data::interactions::{ReadOptions, read_interactions};
use foretaste_data::table::Source;
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("usage: read FILE [TIMES]")?;
    let times: usize = arguments.next().map_or(Ok(20), |times| times.parse())?;
    let mut took = Vec::with_capacity(times);
    let mut ratings = 0;
    for _ in 0..times {
        let begun = cpu_time();
        let (read, _) =
            read_interactions(Source::file(&file), &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))?;
        took.push(cpu_time() - begun);
        ratings = read.nnz();
    }
    took.sort();
    println!("{ratings} ratings, CPU ms a read: median {:.1}", took[times / 2].as_secs_f64() * 1e3);
    Ok(())
}

/// CPU time of this process so far.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap_or_default()
}
