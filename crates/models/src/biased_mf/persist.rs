//! The sections of the biased matrix factorisation in a model file.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 150 | biased mf mean | f64: the mean rating, the least and the greatest |
//! | 151 | biased mf users | f32, users x (factors and a bias), row-major |
//! | 152 | biased mf items | f32, items x (factors and a bias), row-major |

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{BiasedMf, BiasedMfParams};
use crate::Shape;
use crate::rating_factors::RatingFactors;

const MEAN: Section = Section { kind: 150, name: "biased mf mean" };
const USERS: Section = Section { kind: 151, name: "biased mf users" };
const ITEMS: Section = Section { kind: 152, name: "biased mf items" };

pub(super) const SECTIONS: &[Section] = &[MEAN, USERS, ITEMS];

pub(super) fn save(model: &BiasedMf, file: &mut Writer) {
    model.factors.save([MEAN, USERS, ITEMS], file);
}

pub(super) fn load(params: &BiasedMfParams, shape: &Shape, file: &Reader<'_>) -> Result<BiasedMf, ContainerError> {
    if params.is_refused() {
        return Err(ITEMS.corrupt("parameters that no fit allows"));
    }
    let factors = RatingFactors::load([MEAN, USERS, ITEMS], params.factors, shape, file)?;
    Ok(BiasedMf { factors, penalties: params.penalties() })
}
