//! A sparse matrix of a model as three sections of a model file: offsets (u64), columns (u32) and values (f32).

use foretaste_data::container::{ContainerError, Reader, Section, Writer};
use foretaste_linalg::CsrMatrix;

/// The sections of one matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SparseSections {
    pub(crate) offsets: Section,
    pub(crate) columns: Section,
    pub(crate) values: Section,
}

impl SparseSections {
    /// No value of a matrix is further from zero: sums of them, and of them times ratings, have to fit into an f32.
    pub(crate) const LARGEST: f32 = 1e20;

    pub(crate) const fn all(self) -> [Section; 3] {
        [self.offsets, self.columns, self.values]
    }

    pub(crate) fn save(self, matrix: &CsrMatrix, file: &mut Writer) {
        file.array(self.offsets, matrix.offsets().iter().map(|&offset| offset as u64));
        file.array(self.columns, matrix.columns().iter().copied());
        file.array(self.values, matrix.values().iter().copied());
    }

    /// Reads a matrix of this shape; every rule is checked again.
    pub(crate) fn load(self, nrows: usize, ncols: usize, file: &Reader<'_>) -> Result<CsrMatrix, ContainerError> {
        let offsets = file.array::<u64>(self.offsets, nrows.checked_add(1))?;
        let offsets = offsets.into_iter().map(usize::try_from).collect::<Result<Vec<_>, _>>();
        let offsets = offsets.map_err(|_| self.offsets.corrupt("an offset beyond this machine's memory"))?;
        let entries = offsets.last().copied();
        let columns = file.array::<u32>(self.columns, entries)?;
        let values = file.array::<f32>(self.values, entries)?;
        self.values.check_at_most(&values, Self::LARGEST)?;
        CsrMatrix::new(ncols, offsets, columns, values)
            .map_err(|_| self.offsets.corrupt("rows that are not a valid sparse matrix"))
    }
}
