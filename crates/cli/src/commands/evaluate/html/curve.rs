//! The plot of figures by the share of the training data that models were fitted to.

use super::axis::Axis;
use super::labels::{LINE, text_width};
use super::plots::{BELOW, LEFT, Series};
use super::svg::{COLOURS, Said, Svg, WIDTH};

/// A figure of each model by the share of the training data, with the name of each at the end of its line.
pub(super) fn plot(said: &Said<'_>, models: &[Series], shares: &[f64], up: &str) -> String {
    let widest = models.iter().map(|model| text_width(&model.name)).fold(0.0, f64::max).min(WIDTH / 2.0);
    let (top, right) = (22.0, WIDTH - widest - 26.0);
    let bottom = (250f64).max(top + (LINE + 2.0) * models.len() as f64);
    let y_axis = Axis::linear(models.iter().flat_map(|model| model.figures.iter().copied()), bottom, top);
    let (least, most) = (shares.first().copied().unwrap_or(0.1), shares.last().copied().unwrap_or(1.0));
    let x_of = |share: f64| LEFT + 10.0 + (share / least).ln() / (most / least).ln().max(1e-9) * (right - LEFT - 10.0);
    let mut svg = Svg::new(said, bottom + BELOW);
    svg.text("axis", 0.0, 11.0, "start", up);
    svg.up(&y_axis, LEFT, right);
    for &share in shares {
        let text = format!("{} %", (share * 100.0).round());
        svg.text("tick", x_of(share), bottom + 14.0, "middle", &text);
    }
    svg.text("axis", right, bottom + 30.0, "end", "share of the training data");
    let ends: Vec<f64> =
        models.iter().map(|model| y_axis.place(model.figures.last().copied().unwrap_or(0.0))).collect();
    let heights = apart(&ends, top + LINE / 2.0, bottom);
    for ((model, end), height) in models.iter().zip(&ends).zip(heights) {
        let colour = model.nth % COLOURS;
        let places: Vec<_> =
            shares.iter().zip(&model.figures).map(|(&share, &figure)| (x_of(share), y_axis.place(figure))).collect();
        svg.line(&format!("course c{colour}"), &places);
        svg.line("leader", &[(right + 6.0, *end), (right + 18.0, height)]);
        svg.text("label", right + 21.0, height + 4.0, "start", &model.name);
        for ((share, figure), place) in shares.iter().zip(&model.figures).zip(places) {
            svg.mark(model.nth, place, &format!("{}: {figure:.4} with {} %", model.name, (share * 100.0).round()));
        }
    }
    svg.finish()
}

/// Heights near the ones that are wanted, a line of text apart, between `top` and `bottom` as far as there is room.
fn apart(wanted: &[f64], top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut heights = vec![0.0; wanted.len()];
    let mut next = top;
    for &at in &order {
        heights[at] = wanted[at].max(next);
        next = heights[at] + LINE;
    }
    let mut next = bottom;
    for &at in order.iter().rev() {
        heights[at] = f64::min(heights[at], next);
        next = heights[at] - LINE;
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_ends_of_lines_stand_a_line_apart() {
        let heights = apart(&[50.0, 51.0, 20.0, 52.0, 99.0, 98.0], 10.0, 100.0);
        let mut sorted = heights.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= LINE - 1e-9), "{heights:?}");
        assert!(sorted[0] >= 10.0 && sorted[5] <= 100.0 && heights[2] < heights[0]);
    }
}
