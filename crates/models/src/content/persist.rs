//! The sections of the content model in a model file: the features of the items, as a sparse matrix of kinds 82 to 85.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{Content, ContentParams};
use crate::Shape;
use crate::sparse_sections::SparseSections;

const COUNT: Section = Section { kind: 82, name: "number of features" };
const FEATURES: SparseSections = SparseSections {
    offsets: Section { kind: 83, name: "offsets of item features" },
    columns: Section { kind: 84, name: "item features" },
    values: Section { kind: 85, name: "weights of item features" },
};

pub(super) const SECTIONS: &[Section] = &[COUNT, FEATURES.offsets, FEATURES.columns, FEATURES.values];

pub(super) fn save(model: &Content, file: &mut Writer) {
    file.array(COUNT, [model.features.ncols() as u64]);
    FEATURES.save(&model.features, file);
}

pub(super) fn load(params: &ContentParams, shape: &Shape, file: &Reader<'_>) -> Result<Content, ContainerError> {
    let count = file.array::<u64>(COUNT, Some(1))?;
    // A profile has a number for each: no more than there are values that could name one.
    let most = file.bytes(FEATURES.columns)?.len() as u64 / 4;
    let count = count.first().copied().filter(|&count| count <= most).and_then(|count| usize::try_from(count).ok());
    let count = count.ok_or_else(|| COUNT.corrupt("more features than values"))?;
    Ok(Content { features: FEATURES.load(shape.items, count, file)?, positive: params.positive })
}
