//! Rows and vectors as whole numbers, with a bound of what the rounding changes.

use rayon::prelude::*;

use crate::panel::PanelMatrix;

/// Rows of a register.
pub(super) const LANES: usize = 16;
/// Registers that are summed side by side.
pub(super) const GROUP: usize = 4;
/// Rows of a panel; the rows are filled up to whole panels.
pub(super) const ROWS: usize = GROUP * LANES;
/// The largest whole number of a row.
const STEPS: f64 = 127.0;
/// Whole numbers up to this have an f32 of their own.
const EXACT: usize = 1 << 24;
/// What f64 rounds is far below this share of a bound.
const SLACK: f64 = 1.0 + 1e-5;

/// One column of 64 rows, a cache line: a search reads one line after the other.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Column(pub(super) [[i8; LANES]; GROUP]);

/// The rows of a matrix as whole numbers times a step of each row.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    pub(super) nrows: usize,
    pub(super) ncols: usize,
    /// For each 64 rows the columns, one after the other.
    pub(super) columns: Vec<Column>,
    /// The step of each row.
    pub(super) steps: Vec<f32>,
    /// How far a product with a vector of length 1 can be off; rounded up.
    pub(super) errors: Vec<f32>,
    /// The length of the longest row, rounded up.
    pub(super) longest: f64,
}

/// A vector as whole numbers times a step.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) wholes: Vec<f32>,
    pub(super) step: f64,
    /// Rounded up.
    pub(super) length: f64,
}

/// The largest whole number of a vector, so that sums of `ncols` products are exact in single precision.
fn vector_steps(ncols: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a number of at most 18 bits")]
    let steps = (EXACT / 127 / ncols) as f64;
    steps
}

impl Bytes {
    pub(super) fn new(matrix: &PanelMatrix) -> Self {
        let (nrows, ncols) = (matrix.nrows(), matrix.ncols());
        let width = ncols;
        let panels = nrows.div_ceil(ROWS);
        let mut columns = vec![Column([[0; LANES]; GROUP]); panels * width];
        let (mut steps, mut errors) = (vec![0f32; panels * ROWS], vec![0f32; panels * ROWS]);
        let rows = columns.par_chunks_exact_mut(width).zip(steps.par_chunks_exact_mut(ROWS));
        let lengths =
            rows.zip(errors.par_chunks_exact_mut(ROWS)).enumerate().map(|(panel, ((columns, steps), errors))| {
                let (mut row, mut longest) = (vec![0f32; ncols], 0f64);
                for at in 0..ROWS.min(nrows.saturating_sub(panel * ROWS)) {
                    matrix.row(panel * ROWS + at, &mut row);
                    let (step, error, length) =
                        rounded(&row, |column, whole| columns[column].0[at / LANES][at % LANES] = whole);
                    (steps[at], errors[at]) = (step, error);
                    longest = longest.max(length);
                    if !length.is_finite() {
                        return f64::INFINITY;
                    }
                }
                longest
            });
        let longest = lengths.collect::<Vec<f64>>().into_iter().fold(0.0, f64::max);
        Self { nrows, ncols, columns, steps, errors, longest }
    }
}

/// The step of a row, how far its product with a vector of length 1 can be off, and the row's length.
fn rounded(row: &[f32], mut put: impl FnMut(usize, i8)) -> (f32, f32, f64) {
    let largest = row.iter().fold(0f64, |largest, &x| largest.max(f64::from(x).abs()));
    #[expect(clippy::cast_possible_truncation, reason = "a step is stored as f32")]
    let step = (largest / STEPS) as f32;
    let inverse = if step > 0.0 { f64::from(step).recip() } else { 0.0 };
    let (mut squares, mut remainders) = (0f64, 0f64);
    for (column, &x) in row.iter().enumerate() {
        let x = f64::from(x);
        let whole = (x * inverse).round().clamp(-STEPS, STEPS);
        #[expect(clippy::cast_possible_truncation, reason = "held to what a byte holds")]
        put(column, whole as i8);
        let remainder = x - f64::from(step) * whole;
        squares += x * x;
        remainders += remainder * remainder;
    }
    let (length, remainder) = (squares.sqrt(), remainders.sqrt());
    #[expect(clippy::cast_precision_loss, reason = "a number of columns is far below 2^53")]
    let columns = row.len() as f64;
    // Each number of a vector is rounded by at most half a step, and a step is at most the length over their number.
    let vector = columns.sqrt() / (2.0 * vector_steps(row.len())) * (length + remainder);
    let sums = 1.01 * columns * 2f64.powi(-24) * length;
    // A step below f64's normal range cannot occur: it is made of an f32.
    (step, up((remainder + vector + sums) * SLACK), length * SLACK)
}

/// The next f32 above.
#[expect(clippy::cast_possible_truncation, reason = "rounded up")]
fn up(x: f64) -> f32 {
    (x as f32).next_up()
}

impl Query {
    /// `None` for numbers that are not finite.
    pub(super) fn new(x: &[f32]) -> Option<Self> {
        let (mut largest, mut squares) = (0f64, 0f64);
        for &x in x {
            let x = f64::from(x);
            largest = largest.max(x.abs());
            squares += x * x;
        }
        if !squares.is_finite() {
            return None;
        }
        let step = largest / vector_steps(x.len());
        let inverse = if step > 0.0 { step.recip() } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^24")]
        let wholes = x.iter().map(|&x| (f64::from(x) * inverse).round() as f32).collect();
        Some(Self { wholes, step, length: squares.sqrt() * SLACK })
    }
}
