//! The plots of an evaluation: each draws models under the names and marks that the tables have.

use foretaste_eval::ActivityGroup;

use super::axis::Axis;
use super::labels::{Area, placed};
use super::svg::{Said, Svg, WIDTH};

/// A model with two figures.
pub(super) struct Point {
    /// Its place in the list of models: its mark.
    pub(super) nth: usize,
    /// `1 ease`
    pub(super) name: String,
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A model with a figure and the interval around it.
pub(super) struct Row {
    pub(super) nth: usize,
    pub(super) name: String,
    pub(super) figure: f64,
    pub(super) interval: Option<(f64, f64)>,
}

/// A model with a figure for each of some groups or shares.
pub(super) struct Series {
    pub(super) nth: usize,
    pub(super) name: String,
    pub(super) figures: Vec<f64>,
}

/// Room for the ticks at the left, and at the other sides.
pub(super) const LEFT: f64 = 46.0;
const EDGE: f64 = 16.0;
/// Room for ticks and the name of an axis below.
pub(super) const BELOW: f64 = 38.0;
/// Height of a row with its name above it.
const ROW: f64 = 38.0;

/// Two figures of each model: one across, by ratios where `is_log`, and one up.
pub(super) fn scatter(said: &Said<'_>, points: &[Point], is_log: bool, (across, up): (&str, &str)) -> String {
    let bottom = 250.0 + 12.0 * points.len().saturating_sub(8) as f64;
    let (top, right) = (22.0, WIDTH - EDGE);
    let figures = points.iter().map(|point| point.x);
    let x_axis = if is_log { Axis::log(figures, LEFT + 8.0, right) } else { Axis::linear(figures, LEFT + 8.0, right) };
    let y_axis = Axis::linear(points.iter().map(|point| point.y), bottom, top);
    let mut svg = Svg::new(said, bottom + BELOW);
    svg.text("axis", 0.0, 11.0, "start", up);
    svg.up(&y_axis, LEFT, right);
    svg.across(&x_axis, top, bottom, across);
    let places: Vec<_> = points.iter().map(|point| (x_axis.place(point.x), y_axis.place(point.y))).collect();
    let names: Vec<String> = points.iter().map(|point| point.name.clone()).collect();
    let frame = Area { left: LEFT + 2.0, top: top - 6.0, right: WIDTH, bottom: bottom - 1.0 };
    let labels = placed(&places, &names, frame);
    for (place, label) in places.iter().zip(&labels) {
        svg.label(*place, label);
    }
    for (point, place) in points.iter().zip(&places) {
        let told = format!("{}: {up} {:.4}, {across} {}", point.name, point.y, short(point.x));
        svg.mark(point.nth, *place, &told);
    }
    svg.finish()
}

/// A figure of each model with its interval, one below the other; `beside` is where a line is drawn to compare with.
pub(super) fn rows(said: &Said<'_>, rows: &[Row], beside: Option<f64>, across: &str) -> String {
    let ends = rows.iter().flat_map(|row| [Some(row.figure), row.interval.map(|to| to.0), row.interval.map(|to| to.1)]);
    let axis = Axis::linear(ends.flatten(), EDGE, WIDTH - EDGE);
    let bottom = ROW * rows.len() as f64 + 4.0;
    let mut svg = Svg::new(said, bottom + BELOW);
    svg.across(&axis, 4.0, bottom, across);
    if let Some(figure) = beside {
        let x = axis.place(figure);
        svg.line("beside", &[(x, 4.0), (x, bottom)]);
    }
    for (at, row) in rows.iter().enumerate() {
        let (line, y) = row_at(at);
        svg.line("grid", &[(EDGE, y), (WIDTH - EDGE, y)]);
        svg.text("label", 2.0, line, "start", &row.name);
        svg.text("label", WIDTH - 2.0, line, "end", &format!("{:.4}", row.figure));
        let mut told = format!("{}: {:.4}", row.name, row.figure);
        if let Some((low, high)) = row.interval {
            let (from, to) = (axis.place(low), axis.place(high));
            svg.line(&format!("whisker c{}", row.nth % super::svg::COLOURS), &[(from, y), (to, y)]);
            for x in [from, to] {
                svg.line(&format!("whisker c{}", row.nth % super::svg::COLOURS), &[(x, y - 4.0), (x, y + 4.0)]);
            }
            told += &format!(", {low:.4} to {high:.4}");
        }
        svg.mark(row.nth, (axis.place(row.figure), y), &told);
    }
    svg.finish()
}

/// Where the name of a row stands, and where its marks do.
fn row_at(at: usize) -> (f64, f64) {
    let begin = 4.0 + ROW * at as f64;
    (begin + 15.0, begin + 27.0)
}

/// A figure of each model in each group of users, one model below the other.
pub(super) fn groups(said: &Said<'_>, models: &[Series], groups: &[ActivityGroup], across: &str) -> String {
    let axis = Axis::linear(models.iter().flat_map(|model| model.figures.iter().copied()), EDGE, WIDTH - EDGE);
    let bottom = ROW * models.len() as f64 + 4.0;
    let mut svg = Svg::new(said, bottom + BELOW);
    svg.across(&axis, 4.0, bottom, across);
    for (at, model) in models.iter().enumerate() {
        let (line, y) = row_at(at);
        svg.line("grid", &[(EDGE, y), (WIDTH - EDGE, y)]);
        svg.text("label", 2.0, line, "start", &model.name);
        let places: Vec<_> = model.figures.iter().map(|&figure| (axis.place(figure), y)).collect();
        svg.line("track", &places);
        for ((nth, place), (figure, group)) in places.into_iter().enumerate().zip(model.figures.iter().zip(groups)) {
            let told = format!("{}: {figure:.4} for users with {} to {} rows", model.name, group.least, group.most);
            svg.group(nth, place, &told);
        }
    }
    svg.finish()
}

/// A figure with about three digits.
fn short(figure: f64) -> String {
    match figure {
        figure if figure >= 100.0 => format!("{figure:.0}"),
        figure if figure >= 1.0 => format!("{figure:.2}"),
        figure => format!("{figure:.4}"),
    }
}
