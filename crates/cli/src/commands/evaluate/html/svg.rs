//! A plot as SVG in the page: frame, axes, points; all of it is drawn with the page's colours.

use super::axis::Axis;
use super::labels::{Area, Label, text_width};
use super::markup::{escaped, push};

/// The width of every plot, in units of its own: small enough that letters can be read on a narrow screen.
pub(super) const WIDTH: f64 = 340.0;

/// What a plot shows, for a reader who does not see it, and beside it for one who does.
pub(super) struct Said<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    /// What to see in it, as HTML.
    pub(super) caption: &'a str,
    /// The same and where the numbers stand, as text.
    pub(super) description: &'a str,
}

/// A plot in the making.
pub(super) struct Svg(String);

impl Svg {
    pub(super) fn new(said: &Said<'_>, height: f64) -> Self {
        let Said { id, title, caption, description } = said;
        Self(format!(
            "<figure><figcaption><strong>{title}</strong> {caption}</figcaption>\n<svg viewBox=\"0 0 {WIDTH} {height:.0}\" \
             role=\"img\" aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{}</desc>\n",
            escaped(description)
        ))
    }

    /// The ticks of a horizontal axis at the height `y`, with lines up to `top`, and its name.
    pub(super) fn across(&mut self, axis: &Axis, top: f64, y: f64, name: &str) {
        let ticks = axis.ticks();
        let widest = ticks.iter().map(|(_, text)| text_width(text)).fold(0.0, f64::max);
        // As many figures as there is room for.
        let room = ticks.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(WIDTH, f64::min).max(1.0);
        let every = ((widest + 4.0) / room).ceil().max(1.0) as usize;
        for (at, (x, text)) in ticks.into_iter().enumerate() {
            push(&mut self.0, format_args!("<path class=\"grid\" d=\"M{x:.1} {top:.1}V{y:.1}\"/>"));
            if at % every == 0 {
                let half = text_width(&text) / 2.0;
                self.text("tick", x.clamp(half, WIDTH - half), y + 14.0, "middle", &text);
            }
        }
        let (x, y) = (WIDTH - 4.0, y + 30.0);
        push(
            &mut self.0,
            format_args!("<text class=\"axis\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{name}</text>\n"),
        );
    }

    /// The ticks of a vertical axis at `x`, with lines to `right`.
    pub(super) fn up(&mut self, axis: &Axis, x: f64, right: f64) {
        for (y, text) in axis.ticks() {
            push(&mut self.0, format_args!("<path class=\"grid\" d=\"M{x:.1} {y:.1}H{right:.1}\"/>"));
            let (x, y) = (x - 6.0, y + 4.0);
            push(
                &mut self.0,
                format_args!("<text class=\"tick\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"end\">{text}</text>"),
            );
        }
        self.0.push('\n');
    }

    /// A text.
    pub(super) fn text(&mut self, class: &str, x: f64, y: f64, anchor: &str, text: &str) {
        let text = escaped(text);
        push(
            &mut self.0,
            format_args!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"),
        );
    }

    /// A line through places.
    pub(super) fn line(&mut self, class: &str, places: &[(f64, f64)]) {
        let mut path = String::new();
        for (at, (x, y)) in places.iter().enumerate() {
            push(&mut path, format_args!("{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' }));
        }
        push(&mut self.0, format_args!("<path class=\"{class}\" d=\"{path}\"/>"));
    }

    /// A name beside its point, with a line to it where it stands farther away.
    pub(super) fn label(&mut self, point: (f64, f64), label: &Label) {
        if let Some(end) = label.led {
            self.line("leader", &[point, end]);
        }
        let Area { left, right, bottom, .. } = label.area;
        let (x, anchor) = match point.0 {
            x if x < left => (left, "start"),
            x if x > right => (right, "end"),
            _ => (f64::midpoint(left, right), "middle"),
        };
        self.text("label", x, bottom - 4.0, anchor, &label.text);
    }

    /// The mark of a model, with what a pointer that rests on it is told.
    pub(super) fn mark(&mut self, nth: usize, place: (f64, f64), told: &str) {
        self.told(&mark(nth, place), told);
    }

    /// The mark of a group of users, likewise.
    pub(super) fn group(&mut self, nth: usize, place: (f64, f64), told: &str) {
        self.told(&group(nth, place), told);
    }

    fn told(&mut self, mark: &str, told: &str) {
        push(&mut self.0, format_args!("{mark}<title>{}</title></path>", escaped(told)));
    }

    pub(super) fn finish(mut self) -> String {
        self.0.push_str("</svg></figure>\n");
        self.0
    }
}

/// Colours that can be told apart, also by those who see fewer of them.
pub(super) const COLOURS: usize = 8;

/// The mark of the model of a number, an open `path`: colour and form go round, so that 32 differ.
fn mark(nth: usize, place: (f64, f64)) -> String {
    format!("<path class=\"mark c{}\" d=\"{}\">", nth % COLOURS, form(nth + nth / COLOURS, place))
}

/// The mark of a group of users: without a colour, since colours are for models.
fn group(nth: usize, place: (f64, f64)) -> String {
    format!("<path class=\"mark g{nth}\" d=\"{}\">", form(nth, place))
}

fn form(nth: usize, (x, y): (f64, f64)) -> String {
    match nth % 4 {
        0 => format!("M{:.1} {y:.1}a5 5 0 1 1 10 0a5 5 0 1 1 -10 0z", x - 5.0),
        1 => format!("M{:.1} {:.1}h9v9h-9z", x - 4.5, y - 4.5),
        2 => format!("M{x:.1} {:.1}l5.6 9.6h-11.2z", y - 5.8),
        _ => format!("M{x:.1} {:.1}l6 6l-6 6l-6 -6z", y - 6.0),
    }
}

const KEY: &str = "<svg class=\"key\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">";
const MIDDLE: (f64, f64) = (7.0, 7.0);

/// The mark of a model in a line of text.
pub(super) fn key(nth: usize) -> String {
    format!("{KEY}{}</path></svg>", mark(nth, MIDDLE))
}

/// The mark of a group in a line of text.
pub(super) fn group_key(nth: usize) -> String {
    format!("{KEY}{}</path></svg>", group(nth, MIDDLE))
}
