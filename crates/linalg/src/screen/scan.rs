//! One pass over the whole numbers: the rows that may be among the best.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use pulp::{Arch, Simd, WithSimd};

use super::bytes::{Bytes, Column, GROUP, LANES, Query, ROWS};

/// A number with the order of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number(f64);

impl Eq for Number {}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A search on its way.
pub(super) struct Scan<'a> {
    bytes: &'a Bytes,
    query: &'a Query,
    k: usize,
    /// Rows that may be left.
    most: usize,
    /// What sums lose below the normal range of single precision, and additions to all products round.
    lost: f64,
    /// The best lower bounds, the least on top.
    lower: BinaryHeap<Reverse<Number>>,
    /// The least of `k` lower bounds: what cannot reach it is not among the best.
    bound: f64,
    /// Rows whose upper bound reached the bound of their time, with it.
    left: Vec<(usize, f64)>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(bytes: &'a Bytes, (query, rounded): (&'a Query, f64), k: usize, most: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a number of columns is far below 2^53")]
        let lost = (bytes.ncols + 1) as f64 * 2f64.powi(-148) + rounded;
        Self { bytes, query, k, most, lost, lower: BinaryHeap::new(), bound: f64::NEG_INFINITY, left: Vec::new() }
    }

    /// The rows that are left, rising; `None` where they are too many.
    pub(super) fn run(self, allowed: &mut dyn FnMut(usize) -> bool) -> Option<Vec<usize>> {
        if self.k == 0 {
            return Some(Vec::new());
        }
        Arch::new().dispatch(Run { scan: self, allowed })
    }

    /// Looks at the rows of a panel whose upper bounds reach the bound.
    #[inline(never)]
    fn look_at(&mut self, first: usize, uppers: &[f64], allowed: &mut dyn FnMut(usize) -> bool) {
        for (at, &upper) in uppers.iter().enumerate().take(self.bytes.nrows - first) {
            let row = first + at;
            if upper < self.bound || !allowed(row) {
                continue;
            }
            self.left.push((row, upper));
            let off = self.query.length * f64::from(self.bytes.errors[row]) + self.lost;
            self.lower.push(Reverse(Number(upper - 2.0 * off)));
            if self.lower.len() > self.k {
                self.lower.pop();
            }
            if let (true, Some(Reverse(least))) = (self.lower.len() == self.k, self.lower.peek()) {
                self.bound = least.0;
            }
        }
        if self.left.len() > self.most {
            let bound = self.bound;
            self.left.retain(|&(_, upper)| upper >= bound);
        }
    }
}

struct Run<'a, 'b> {
    scan: Scan<'a>,
    allowed: &'b mut dyn FnMut(usize) -> bool,
}

impl WithSimd for Run<'_, '_> {
    type Output = Option<Vec<usize>>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Option<Vec<usize>> {
        let Self { mut scan, allowed } = self;
        let (bytes, query) = (scan.bytes, scan.query);
        let width = query.wholes.len();
        let panels = bytes.columns.chunks_exact(width);
        let steps = bytes.steps.as_chunks::<ROWS>().0;
        let errors = bytes.errors.as_chunks::<ROWS>().0;
        for (at, ((columns, steps), errors)) in panels.zip(steps).zip(errors).enumerate() {
            let sums = products(columns, &query.wholes);
            let mut uppers = [0f64; ROWS];
            let mut any = false;
            for (((upper, &sum), &step), &error) in uppers.iter_mut().zip(sums.as_flattened()).zip(steps).zip(errors) {
                let estimate = f64::from(sum) * (f64::from(step) * query.step);
                *upper = estimate + (query.length * f64::from(error) + scan.lost);
                any |= *upper >= scan.bound;
            }
            if any {
                scan.look_at(at * ROWS, &uppers, allowed);
                if scan.left.len() > scan.most {
                    return None;
                }
            }
        }
        let bound = scan.bound;
        Some(scan.left.into_iter().filter(|&(_, upper)| upper >= bound).map(|(row, _)| row).collect())
    }
}

/// The products of the rows of a panel with a vector: sums of whole numbers below 2^24, so that no order rounds them.
#[inline(always)]
fn products(columns: &[Column], query: &[f32]) -> [[f32; LANES]; GROUP] {
    let mut sums = [[0f32; LANES]; GROUP];
    for (column, &factor) in columns.iter().zip(query) {
        for (sums, bytes) in sums.iter_mut().zip(&column.0) {
            for (sum, &byte) in sums.iter_mut().zip(bytes) {
                *sum = f32::from(byte).mul_add(factor, *sum);
            }
        }
    }
    sums
}
