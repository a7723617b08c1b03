//! The sections of user-kNN in a model file: kinds 50, 51 and 52 are the offsets, users and weights of the items x users
//! matrix in sparse rows.

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{UserKnn, UserKnnParams};
use crate::Shape;
use crate::sparse_sections::SparseSections;

const POSTINGS: SparseSections = SparseSections {
    offsets: Section { kind: 50, name: "offsets of the items' users" },
    columns: Section { kind: 51, name: "the items' users" },
    values: Section { kind: 52, name: "weights of the items' users" },
};

pub(super) const SECTIONS: &[Section] = &POSTINGS.all();

pub(super) fn save(model: &UserKnn, file: &mut Writer) {
    POSTINGS.save(&model.postings, file);
}

pub(super) fn load(params: &UserKnnParams, shape: &Shape, file: &Reader<'_>) -> Result<UserKnn, ContainerError> {
    let postings = POSTINGS.load(shape.items, shape.users, file)?;
    Ok(UserKnn::new(postings.transpose(), postings, params.clone()))
}
