//! Compressed sparse rows, valid by construction.

use std::ops::Range;

use rayon::prelude::*;

/// A sparse `nrows x ncols` matrix in compressed sparse row form.
///
/// ```text
///            columns          offsets   columns   values
///          0   1   2   3
/// row 0  [ 5   .   3   . ]     0          0 2       5 3
/// row 1  [ .   .   .   . ]     2
/// row 2  [ .   4   .   1 ]     2          1 3       4 1
///                              4
/// ```
///
/// What the constructor checks holds for ever, so kernels need not look again: `offsets` has `nrows + 1` entries,
/// starts at 0, never falls and ends in `nnz`; neither side exceeds `u32::MAX`; within a row the columns rise strictly and are below `ncols`; every
/// value is finite. An explicitly stored zero is allowed and counts as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct CsrMatrix {
    ncols: usize,
    offsets: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

/// Why parts do not make a [`CsrMatrix`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CsrError {
    /// The offsets do not describe `nrows` rows of the stored entries.
    #[error("row offset {index} is {found}, expected between {least} and {most}")]
    Offset {
        /// Which offset.
        index: usize,
        /// Its value.
        found: usize,
        /// The smallest value allowed there.
        least: usize,
        /// The largest value allowed there.
        most: usize,
    },
    /// More rows than an index of 32 bits can name, which the transpose needs.
    #[error("{nrows} rows, expected at most {most}")]
    Rows {
        /// Number of rows.
        nrows: usize,
        /// The most that there may be.
        most: usize,
    },
    /// More columns than an index of 32 bits can name.
    #[error("{ncols} columns, expected at most {most}")]
    Columns {
        /// Number of columns.
        ncols: usize,
        /// The most that there may be.
        most: usize,
    },
    /// Columns and values differ in number.
    #[error("{columns} columns and {values} values, expected as many of one as of the other")]
    Lengths {
        /// Number of column indices.
        columns: usize,
        /// Number of values.
        values: usize,
    },
    /// A column is out of range or does not rise within its row.
    #[error("row {row} holds column {column} after {previous:?}, expected rising columns below {ncols}")]
    Column {
        /// Row of the entry.
        row: usize,
        /// Its column.
        column: u32,
        /// The column stored before it in the same row, if any.
        previous: Option<u32>,
        /// Number of columns of the matrix.
        ncols: usize,
    },
    /// A value is NaN or infinite.
    #[error("entry ({row}, {column}) is {value}, expected a finite number")]
    Value {
        /// Row of the entry.
        row: usize,
        /// Its column.
        column: u32,
        /// The value found.
        value: f32,
    },
}

/// Bytes of a matrix with these numbers of rows and entries.
pub(crate) fn bytes(nrows: usize, nnz: usize) -> u64 {
    8 * (nnz + nrows + 1) as u64
}

/// Rows and columns that a matrix may have: every index fits in 32 bits.
const MOST: usize = u32::MAX as usize;
/// Entries of a transpose that two tasks share; fewer are not worth a second one.
const SHARED: usize = 1 << 15;

/// Whether both sides can be indexed in 32 bits, in the matrix and in its transpose.
fn check_sides(nrows: usize, ncols: usize) -> Result<(), CsrError> {
    if nrows > MOST {
        return Err(CsrError::Rows { nrows, most: MOST });
    }
    if ncols > MOST {
        return Err(CsrError::Columns { ncols, most: MOST });
    }
    Ok(())
}

impl CsrMatrix {
    /// Builds a matrix from its parts; `offsets.len() - 1` is the number of rows.
    ///
    /// # Errors
    /// Names the first part that breaks one of the rules in the type's description. Costs one pass over the entries.
    pub fn new(ncols: usize, offsets: Vec<usize>, columns: Vec<u32>, values: Vec<f32>) -> Result<Self, CsrError> {
        check_sides(offsets.len().saturating_sub(1), ncols)?;
        if columns.len() != values.len() {
            return Err(CsrError::Lengths { columns: columns.len(), values: values.len() });
        }
        let nnz = columns.len();
        let (first, last) = (offsets.first().copied(), offsets.last().copied());
        if first != Some(0) {
            return Err(CsrError::Offset { index: 0, found: first.unwrap_or(usize::MAX), least: 0, most: 0 });
        }
        if last != Some(nnz) {
            return Err(CsrError::Offset { index: offsets.len() - 1, found: last.unwrap_or(0), least: nnz, most: nnz });
        }
        for (index, pair) in offsets.windows(2).enumerate() {
            if pair[1] < pair[0] || pair[1] > nnz {
                return Err(CsrError::Offset { index: index + 1, found: pair[1], least: pair[0], most: nnz });
            }
        }
        for (row, pair) in offsets.windows(2).enumerate() {
            let mut previous = None;
            for (&column, &value) in columns[pair[0]..pair[1]].iter().zip(&values[pair[0]..pair[1]]) {
                if column as usize >= ncols || previous.is_some_and(|p| p >= column) {
                    return Err(CsrError::Column { row, column, previous, ncols });
                }
                if !value.is_finite() {
                    return Err(CsrError::Value { row, column, value });
                }
                previous = Some(column);
            }
        }
        Ok(Self { ncols, offsets, columns, values })
    }

    /// Number of rows.
    #[must_use]
    pub fn nrows(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Number of columns.
    #[must_use]
    pub fn ncols(&self) -> usize {
        self.ncols
    }

    /// Number of stored entries.
    #[must_use]
    pub fn nnz(&self) -> usize {
        self.columns.len()
    }

    /// The columns and values of one row, columns rising.
    ///
    /// # Panics
    /// When `row` is not below [`nrows`](Self::nrows).
    #[must_use]
    pub fn row(&self, row: usize) -> (&[u32], &[f32]) {
        let span = self.offsets[row]..self.offsets[row + 1];
        (&self.columns[span.clone()], &self.values[span])
    }

    /// Where each row starts in [`columns`](Self::columns); `nrows + 1` entries, the last is `nnz`.
    #[must_use]
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The column of every stored entry, row after row.
    #[must_use]
    pub fn columns(&self) -> &[u32] {
        &self.columns
    }

    /// The value of every stored entry, row after row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The transpose, as a matrix of its own. O(nnz + nrows + ncols), one counting pass and one scatter.
    #[must_use]
    pub fn transpose(&self) -> Self {
        self.transpose_rows(0..self.nrows(), rayon::current_num_threads())
    }

    /// The transpose of some rows, made by a given number of tasks; column 0 of the result is the first of them.
    pub(crate) fn transpose_rows(&self, rows: Range<usize>, tasks: usize) -> Self {
        let span = self.offsets[rows.start]..self.offsets[rows.end];
        let mut offsets = vec![0usize; self.ncols + 1];
        for &column in &self.columns[span.clone()] {
            offsets[column as usize + 1] += 1;
        }
        for at in 0..self.ncols {
            offsets[at + 1] += offsets[at];
        }
        let (mut columns, mut values) = (vec![0u32; span.len()], vec![0f32; span.len()]);
        let place = Place { offsets: &offsets, which: 0..self.ncols, columns: &mut columns, values: &mut values };
        self.scatter(rows.clone(), place, tasks);
        Self { ncols: rows.len(), offsets, columns, values }
    }

    /// Puts the entries of some rows in their places; several tasks share the columns.
    fn scatter(&self, rows: Range<usize>, mut place: Place<'_>, tasks: usize) {
        if tasks > 1 && place.columns.len() >= SHARED {
            let (first, second) = place.halves();
            let share = tasks / 2;
            rayon::join(
                || self.scatter(rows.clone(), first, tasks - share),
                || self.scatter(rows.clone(), second, share),
            );
            return;
        }
        let Place { offsets, which, columns, values } = place;
        let (base, all) = (offsets[which.start], which == (0..self.ncols));
        let mut next: Vec<usize> = offsets[which.clone()].iter().map(|at| at - base).collect();
        // First a row's places, then its values, whose columns differ. One after the other for each entry, they would meet in
        // AMD's predictor of cache ways where the two arrays lie so that their hashes agree (Moritz Lipp et al., "Take A Way:
        // Exploring the Security Implications of AMD's Cache Way Predictors", 2020, section 3.3): 1.0 ms for 0.3 ms.
        // The constructor has checked that the number of rows fits in 32 bits.
        for (place, row) in (0u32..).zip(rows.clone()) {
            let (mut from, mut factors) = self.row(row);
            if !all {
                let at = |column: usize| from.partition_point(|&other| (other as usize) < column);
                let some = at(which.start)..at(which.end);
                (from, factors) = (&from[some.clone()], &factors[some]);
            }
            for &column in from {
                columns[next[column as usize - which.start]] = place;
            }
            for (&column, &value) in from.iter().zip(factors) {
                let slot = &mut next[column as usize - which.start];
                values[*slot] = value;
                *slot += 1;
            }
        }
    }

    /// Sum of every row, in f64, in stored order.
    #[must_use]
    pub fn row_sums(&self) -> Vec<f64> {
        self.offsets
            .par_windows(2)
            .map(|pair| self.values[pair[0]..pair[1]].iter().map(|&value| f64::from(value)).sum())
            .collect()
    }
}

/// Where the entries of some columns go in a transpose.
struct Place<'a> {
    /// Where each column of the whole matrix starts.
    offsets: &'a [usize],
    which: Range<usize>,
    columns: &'a mut [u32],
    values: &'a mut [f32],
}

impl Place<'_> {
    /// Two with about as many entries each.
    fn halves(&mut self) -> (Place<'_>, Place<'_>) {
        let Self { offsets, which, columns, values } = self;
        let base = offsets[which.start];
        let half = base + columns.len() / 2;
        let middle = which.start + offsets[which.clone()].partition_point(|&at| at < half);
        let (first_columns, second_columns) = columns.split_at_mut(offsets[middle] - base);
        let (first_values, second_values) = values.split_at_mut(offsets[middle] - base);
        let first = Place { offsets, which: which.start..middle, columns: first_columns, values: first_values };
        let second = Place { offsets, which: middle..which.end, columns: second_columns, values: second_values };
        (first, second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> CsrMatrix {
        CsrMatrix::new(4, vec![0, 2, 2, 4], vec![0, 2, 1, 3], vec![5.0, 3.0, 4.0, 1.0]).unwrap()
    }

    #[test]
    fn a_transpose_is_the_same_at_any_number_of_tasks() {
        let row = |row: u32| (0..90).filter(move |column| (row * 31 + column * 17) % 5 < 2);
        let columns: Vec<u32> = (0..3000).flat_map(row).collect();
        let offsets = std::iter::once(0).chain((0..3000).scan(0, |end, at| {
            *end += row(at).count();
            Some(*end)
        }));
        let values = (0..columns.len()).map(|at| at as f32).collect();
        let matrix = CsrMatrix::new(90, offsets.collect(), columns, values).unwrap();
        let one = matrix.transpose_rows(10..2990, 1);
        assert!(one.nnz() >= 3 * SHARED, "enough to share");
        for tasks in [2, 3, 7] {
            assert_eq!(matrix.transpose_rows(10..2990, tasks), one, "{tasks} tasks");
        }
    }

    #[test]
    fn transposing_twice_gives_the_same_matrix() {
        let matrix = picture();
        let transposed = matrix.transpose();
        assert_eq!((transposed.nrows(), transposed.ncols()), (4, 3));
        assert_eq!(transposed.row(1), (&[2u32][..], &[4.0f32][..]));
        assert_eq!(transposed.transpose(), matrix);
    }

    #[test]
    fn broken_parts_are_named() {
        let column = CsrMatrix::new(2, vec![0, 2], vec![1, 1], vec![1.0, 1.0]);
        assert_eq!(column, Err(CsrError::Column { row: 0, column: 1, previous: Some(1), ncols: 2 }));
        let value = CsrMatrix::new(2, vec![0, 1], vec![1], vec![f32::NAN]);
        assert!(matches!(value, Err(CsrError::Value { row: 0, column: 1, .. })));
        let offset = CsrMatrix::new(2, vec![0, 2, 1], vec![1], vec![1.0]);
        assert_eq!(offset, Err(CsrError::Offset { index: 1, found: 2, least: 0, most: 1 }));
        assert!(CsrMatrix::new(2, vec![], vec![], vec![]).is_err());
    }

    #[test]
    fn offsets_that_fall_are_named_though_the_last_one_is_right() {
        let falling = CsrMatrix::new(5, vec![0, 3, 1, 4], vec![0, 1, 2, 3], vec![1.0; 4]);
        assert_eq!(falling, Err(CsrError::Offset { index: 2, found: 1, least: 3, most: 4 }));
        let beyond = CsrMatrix::new(5, vec![0, 9, 4], vec![0, 1, 2, 3], vec![1.0; 4]);
        assert_eq!(beyond, Err(CsrError::Offset { index: 1, found: 9, least: 0, most: 4 }));
    }

    #[test]
    fn sides_that_an_index_of_32_bits_cannot_name_are_refused() {
        assert_eq!(check_sides(MOST, MOST), Ok(()));
        assert_eq!(check_sides(MOST + 1, 3), Err(CsrError::Rows { nrows: MOST + 1, most: MOST }));
        assert_eq!(check_sides(3, MOST + 1), Err(CsrError::Columns { ncols: MOST + 1, most: MOST }));
        let wide = CsrMatrix::new(MOST + 1, vec![0], vec![], vec![]);
        assert_eq!(wide, Err(CsrError::Columns { ncols: MOST + 1, most: MOST }));
    }

    #[test]
    fn a_matrix_without_rows_is_allowed() {
        let matrix = CsrMatrix::new(3, vec![0], vec![], vec![]).unwrap();
        assert_eq!((matrix.nrows(), matrix.transpose().nrows()), (0, 3));
    }
}
