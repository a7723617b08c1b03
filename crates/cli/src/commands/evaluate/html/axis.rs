//! From figures to places on a plot, with the ticks between.

/// One direction of a plot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    is_log: bool,
    /// The difference of two ticks, where they are equally far apart.
    step: f64,
    from: f64,
    to: f64,
}

/// The least that a logarithmic axis tells from nothing.
const LEAST: f64 = 1e-6;
/// Ticks that an axis has at most, about.
const TICKS: f64 = 5.0;

impl Axis {
    /// With equal differences equally far apart, from the place `from` to the place `to`. Ends are ticks.
    pub(super) fn linear(figures: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) = ends(figures).unwrap_or((0.0, 1.0));
        let (low, high) = if high - low < 1e-9 { (low - 0.005, high + 0.005) } else { (low, high) };
        let rough = (high - low) / TICKS;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0].map(|times| times * power).into_iter().find(|&step| step >= rough * (1.0 - 1e-9));
        let step = step.unwrap_or(10.0 * power);
        let (low, high) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        Self { low, high, is_log: false, step, from, to }
    }

    /// With equal ratios equally far apart. What is not above 0 stands at the least that can be told from it.
    pub(super) fn log(figures: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Self {
        let (low, high) = ends(figures.into_iter().map(|figure| figure.max(LEAST))).unwrap_or((1.0, 10.0));
        let (low, high) = (10f64.powf(low.log10().floor()), 10f64.powf((high.log10() - 1e-9).ceil()));
        let high = if high <= low { low * 10.0 } else { high };
        Self { low, high, is_log: true, step: 0.0, from, to }
    }

    /// Where a figure stands.
    pub(super) fn place(&self, figure: f64) -> f64 {
        let share = if self.is_log {
            (figure.max(LEAST) / self.low).log10() / (self.high / self.low).log10()
        } else {
            (figure - self.low) / (self.high - self.low)
        };
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Places with what stands beside them.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let told = |figure: f64, digits: usize| (self.place(figure), format!("{figure:.digits$}"));
        if self.is_log {
            let decades = (self.high / self.low).log10().round() as i32;
            let every = (decades / 6 + 1) as usize;
            let powers = (0..=decades).step_by(every).map(|decade| self.low * 10f64.powi(decade));
            return powers.map(|figure| told(figure, (-figure.log10()).ceil().max(0.0) as usize)).collect();
        }
        let digits = (-self.step.log10() - 1e-9).ceil().max(0.0) as usize;
        let count = ((self.high - self.low) / self.step).round() as u32;
        (0..=count).map(|nth| told(self.low + f64::from(nth) * self.step, digits)).collect()
    }
}

fn ends(figures: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let found = figures.into_iter().filter(|figure| figure.is_finite());
    found.fold(None, |ends, figure| {
        let (low, high) = ends.unwrap_or((figure, figure));
        Some((low.min(figure), high.max(figure)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_hold_all_figures() {
        let axis = Axis::linear([0.1342, 0.3421, 0.2], 0.0, 100.0);
        assert_eq!(said(&axis), ["0.10", "0.15", "0.20", "0.25", "0.30", "0.35"]);
        assert!((axis.place(0.225) - 50.0).abs() < 1e-9);
        let single = ["0.244", "0.246", "0.248", "0.250", "0.252", "0.254", "0.256"];
        assert_eq!(said(&Axis::linear([0.25], 0.0, 1.0)), single);
        assert_eq!(said(&Axis::linear([], 0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    }

    #[test]
    fn decades_are_equally_far_apart_and_nothing_is_the_least() {
        let axis = Axis::log([0.02, 40.0], 100.0, 0.0);
        assert_eq!(said(&axis), ["0.01", "0.1", "1", "10", "100"]);
        assert!((axis.place(1.0) - 50.0).abs() < 1e-9);
        assert_eq!(said(&Axis::log([0.0, 3.0], 0.0, 1.0)), ["0.000001", "0.0001", "0.01", "1"]);
        assert_eq!(said(&Axis::log([10.0], 0.0, 1.0)), ["10", "100"]);
    }
}
