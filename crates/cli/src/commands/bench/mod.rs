//! `foretaste bench`: measurements that stand beside others' numbers.

#[cfg(target_os = "linux")]
mod deployed;
mod svd;
mod tutorial;

use anyhow::Result;

use crate::args::BenchCommand;

pub(super) fn run(command: BenchCommand) -> Result<()> {
    match command {
        BenchCommand::Svd(args) => svd::run(&args),
        #[cfg(target_os = "linux")]
        BenchCommand::Tutorial(args) if !args.cpu.is_empty() => deployed::run(args),
        BenchCommand::Tutorial(args) => tutorial::run(args),
    }
}

/// The middle of some times, or what is between the middle two; 0 for none.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let (low, high) = (times.len().saturating_sub(1) / 2, times.len() / 2);
    let at = |place: usize| times.get(place).copied().unwrap_or(0.0);
    f64::midpoint(at(low), at(high))
}

fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_between_the_middle_two() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-12);
        assert!((median(vec![4.0, 1.0, 3.0, 2.0]) - 2.5).abs() < 1e-12);
    }
}
