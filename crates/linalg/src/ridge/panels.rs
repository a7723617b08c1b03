//! Small matrices in strips of 32 columns, the form in which registers multiply them.

/// Columns of a strip: two registers of AVX-512, four of AVX2, eight of NEON.
pub(super) const WIDTH: usize = 32;
/// Rows that are made at a time.
pub(super) const BLOCK: usize = 8;

/// Neighbouring columns of one row, on cache lines of their own.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(super) struct Strip(pub(super) [f32; WIDTH]);

const ZERO: Strip = Strip([0.0; WIDTH]);

/// A matrix in panels of 32 columns, each stored row after row.
///
/// ```text
/// columns 0..32     [ row 0 | row 1 | .. ]     panel 0
/// columns 32..64    [ row 0 | row 1 | .. ]     panel 1
/// ..                                           the last panel is filled up with zeros
/// ```
#[derive(Clone, Debug, Default)]
pub(super) struct Panels {
    pub(super) rows: usize,
    pub(super) strips: Vec<Strip>,
}

impl Panels {
    /// Takes on a shape; what is in it has no meaning.
    pub(super) fn shape(&mut self, rows: usize, columns: usize) {
        self.rows = rows;
        self.strips.resize(rows * columns.div_ceil(WIDTH), ZERO);
    }

    /// Becomes a matrix of zeros.
    pub(super) fn reset(&mut self, rows: usize, columns: usize) {
        self.strips.clear();
        self.shape(rows, columns);
    }

    /// The strips of all rows of a panel.
    #[inline(always)]
    pub(super) fn panel(&self, panel: usize) -> &[Strip] {
        &self.strips[panel * self.rows..][..self.rows]
    }

    /// The strips of all rows of a panel, to write.
    #[inline(always)]
    pub(super) fn panel_mut(&mut self, panel: usize) -> &mut [Strip] {
        &mut self.strips[panel * self.rows..][..self.rows]
    }

    /// Number of panels.
    #[inline(always)]
    pub(super) fn count(&self) -> usize {
        self.strips.len().checked_div(self.rows).unwrap_or(0)
    }

    /// All entries, panel after panel.
    pub(super) fn entries(&self) -> impl Iterator<Item = f32> {
        self.strips.iter().flat_map(|strip| strip.0)
    }

    /// All entries, panel after panel, to write.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.strips.iter_mut().flat_map(|strip| &mut strip.0)
    }
}
