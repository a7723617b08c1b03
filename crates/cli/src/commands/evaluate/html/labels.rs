//! Names beside points, none over another one or over a point.

/// A rectangle on a plot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// Height of a line of text, and how wide a letter is at most on average, at the size of letters in plots.
pub(super) const LINE: f64 = 15.0;
const LETTER: f64 = 7.2;
/// Half the width of a point.
const POINT: f64 = 6.0;
/// How far names may stand from their points, and in how many directions.
const DISTANCES: [f64; 14] = [8.0, 12.0, 18.0, 26.0, 36.0, 48.0, 62.0, 78.0, 96.0, 116.0, 138.0, 162.0, 190.0, 220.0];
const DIRECTIONS: u32 = 16;
/// Orders that are tried, and what a shortened name costs beside the squares of distances.
const ORDERS: usize = 24;
const SHORTENED: f64 = 1e6;
/// A line that crosses what it should not is as bad as so much distance.
const CROSSED: f64 = 60.0;
/// From this distance on a line leads from the point to its name.
const LED: f64 = 15.0;

impl Area {
    fn around((x, y): (f64, f64), half: f64) -> Self {
        Self { left: x - half, top: y - half, right: x + half, bottom: y + half }
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn holds(&self, other: &Self) -> bool {
        self.left <= other.left && other.right <= self.right && self.top <= other.top && other.bottom <= self.bottom
    }

    /// Its place that is nearest to a point.
    fn nearest(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.left, self.right), y.clamp(self.top, self.bottom))
    }
}

/// The width that a text may take.
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}

/// A name and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Label {
    pub(super) text: String,
    pub(super) area: Area,
    /// The end of the line that leads to it, where it is not beside its point.
    pub(super) led: Option<(f64, f64)>,
}

/// Places `names` beside their points; a name for which there is no place is shortened to its first word. Of some orders in
/// which names may choose their places, the one counts that shortens the fewest and keeps the others nearest.
/// O(orders x points^2), times a constant.
pub(super) fn placed(points: &[(f64, f64)], names: &[String], frame: Area) -> Vec<Label> {
    let count = points.len();
    // Multiples of a number that has no divisor in common with their count visit each point once.
    let steps = (1..count.max(2)).filter(|&step| gcd(step, count) == 1).take(ORDERS);
    let orders = steps.map(|step| (0..count).map(|nth| nth * step % count).collect::<Vec<usize>>());
    let all = orders.map(|order| placed_in(&order, points, names, frame));
    let best = all.min_by(|(a, _), (b, _)| a.total_cmp(b));
    best.map(|(_, labels)| labels).unwrap_or_default()
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The names as they are placed in an order, in the order of the points, and how bad that is.
fn placed_in(order: &[usize], points: &[(f64, f64)], names: &[String], frame: Area) -> (f64, Vec<Label>) {
    let taken: Vec<Area> = points.iter().map(|&point| Area::around(point, POINT)).collect();
    let mut labels: Vec<(usize, Label)> = Vec::new();
    let mut lines: Vec<((f64, f64), (f64, f64))> = Vec::new();
    let mut cost = 0.0;
    for &at in order {
        let (point, name) = (points[at], &names[at]);
        let short = name.split(' ').next().unwrap_or_default();
        let own = Area::around(point, POINT / 2.0);
        let others = || labels.iter().map(|(_, label)| &label.area);
        let aside =
            || points.iter().map(|&point| Area::around(point, POINT / 2.0)).filter(|other| !other.overlaps(&own));
        // What lines may cross is given up step by step; that no name stands over another one or over a point is not.
        let ways = [(name.as_str(), 0), (name, 1), (name, 2), (short, 2)];
        let found = ways.into_iter().find_map(|(text, crossed)| {
            let is_free = |area: &Area| {
                let line = (point, area.nearest(point));
                frame.holds(area)
                    && taken.iter().chain(others()).all(|other| !area.overlaps(other))
                    && (crossed > 1 || lines.iter().all(|line| !crosses(*line, area)))
                    && (crossed > 1 || others().all(|other| !crosses(line, other)))
                    && (crossed > 0 || aside().all(|other| !crosses(line, &other)))
            };
            let found = candidates(point, text_width(text)).find(|(_, area)| is_free(area));
            found.map(|(far, area)| (text, far + CROSSED * f64::from(crossed), area))
        });
        let (text, far, area) = found.unwrap_or_else(|| {
            let (left, top) = (point.0 + POINT, point.1 - LINE / 2.0);
            (short, DISTANCES[0], Area { left, top, right: left + text_width(short), bottom: top + LINE })
        });
        cost += far * far + if text == name { 0.0 } else { SHORTENED };
        let led = (far > LED).then(|| area.nearest(point));
        lines.extend(led.map(|end| (point, end)));
        labels.push((at, Label { text: text.to_owned(), area, led }));
    }
    labels.sort_by_key(|(at, _)| *at);
    (cost, labels.into_iter().map(|(_, label)| label).collect())
}

/// Where a name of this width may stand, the best first: near, and to the right or the left.
fn candidates((x, y): (f64, f64), width: f64) -> impl Iterator<Item = (f64, Area)> {
    DISTANCES.into_iter().flat_map(move |far| {
        (0..DIRECTIONS).map(move |nth| {
            // 0, then one step up, one down, two up and so on.
            let steps = f64::from(nth.div_ceil(2)) * if nth % 2 == 1 { -1.0 } else { 1.0 };
            let (sin, cos) = (steps * std::f64::consts::TAU / f64::from(DIRECTIONS)).sin_cos();
            let (middle_x, middle_y) = (x + cos * (far + width / 2.0), y + sin * (far + LINE / 2.0));
            let (left, top) = (middle_x - width / 2.0, middle_y - LINE / 2.0);
            (far, Area { left, top, right: left + width, bottom: top + LINE })
        })
    })
}

/// Whether a line goes through a rectangle, looked at in steps that are shorter than a letter.
fn crosses(((x, y), (to_x, to_y)): ((f64, f64), (f64, f64)), area: &Area) -> bool {
    let steps = ((to_x - x).hypot(to_y - y) / (LETTER / 2.0)).ceil().max(1.0);
    (1..steps as u32).any(|step| {
        let share = f64::from(step) / steps;
        area.overlaps(&Area::around((x + share * (to_x - x), y + share * (to_y - y)), 0.5))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Area = Area { left: 44.0, top: 4.0, right: 340.0, bottom: 300.0 };

    fn check(points: &[(f64, f64)]) {
        let names: Vec<String> = (1..=points.len()).map(|nth| format!("{nth} item_knn")).collect();
        let labels = placed(points, &names, FRAME);
        for (at, label) in labels.iter().enumerate() {
            assert!(FRAME.holds(&label.area), "{label:?}");
            assert!(labels[..at].iter().all(|other| !label.area.overlaps(&other.area)), "{labels:?}");
            assert!(points.iter().all(|&point| !label.area.overlaps(&Area::around(point, POINT))), "{labels:?}");
        }
    }

    #[test]
    fn no_name_stands_over_another_one_wherever_the_points_are() {
        let mut state = 7u64;
        let mut draw = |below: f64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64 * below
        };
        for _ in 0..100 {
            let spread: Vec<_> = (0..16).map(|_| (50.0 + draw(280.0), 10.0 + draw(280.0))).collect();
            check(&spread);
            let heap: Vec<_> = (0..14).map(|_| (200.0 + draw(15.0), 150.0 + draw(15.0))).collect();
            check(&heap);
        }
        check(&[(200.0, 100.0); 5]);
    }
}
