//! Reads generated files of every dialect and prints how many were read exactly: `dialects [FILES] [FIRST SEED]`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    dead_code,
    reason = "an example talks to its user, and shares files with a test"
)]

#[path = "../tests/it/dialects/generator.rs"]
mod generator;
#[path = "../tests/it/dialects/verdict.rs"]
mod verdict;
#[path = "../tests/it/dialects/writer.rs"]
mod writer;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let files = arguments.next().unwrap_or(Ok(10_000))?;
    let first = arguments.next().unwrap_or(Ok(0))?;
    if files == 0 {
        use std::io::Write as _;
        let file = generator::File::draw(first);
        println!("{}\n{:?}", file.dialect.told(), verdict::judge(&file));
        std::io::stdout().write_all(&file.bytes)?;
        return Ok(());
    }
    let tally = verdict::Tally::of(first..first + files);
    print!("{}", tally.table());
    if std::env::args().nth(3).is_some() {
        for (kind, (_, refused)) in &tally.refused {
            refused.iter().for_each(|refused| println!("{kind}: {refused}"));
        }
    }
    for misread in &tally.misread {
        println!("misread: {misread}");
    }
    Ok(())
}
