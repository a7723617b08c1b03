//! The sections of sparse item-to-item weights in a model file: kinds 21, 22 and 23 are the offsets, candidates and
//! weights of the items x items matrix in sparse rows.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{ItemWeights, Reading};
use crate::Shape;
use crate::sparse_sections::SparseSections;

const MATRIX: SparseSections = SparseSections {
    offsets: Section { kind: 21, name: "neighbour offsets" },
    columns: Section { kind: 22, name: "neighbour items" },
    values: Section { kind: 23, name: "neighbour weights" },
};

impl ItemWeights {
    pub(crate) const SECTIONS: &'static [Section] = &MATRIX.all();

    pub(crate) fn save(&self, file: &mut Writer) {
        MATRIX.save(&self.matrix, file);
    }

    pub(crate) fn load(reading: Reading, shape: &Shape, file: &Reader<'_>) -> Result<Self, ContainerError> {
        let matrix = MATRIX.load(shape.items, shape.items, file)?;
        Ok(Self { matrix, reading })
    }
}
