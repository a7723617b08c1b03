//! The sections of SVD++ in a model file.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 190 | svd++ mean | f64: the mean rating, the least and the greatest |
//! | 191 | svd++ users | f32, users x (factors, the sum over what the user has rated in them, and a bias), row-major |
//! | 192 | svd++ items | f32, items x (factors and a bias), row-major |
//! | 193 | svd++ implicit | f32, items x factors, row-major: what it says of a user to have rated the item |

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{SvdPlusPlus, SvdPlusPlusParams};
use crate::Shape;
use crate::rating_factors::{LARGEST, RatingFactors};

const MEAN: Section = Section { kind: 190, name: "svd++ mean" };
const USERS: Section = Section { kind: 191, name: "svd++ users" };
const ITEMS: Section = Section { kind: 192, name: "svd++ items" };
const IMPLICIT: Section = Section { kind: 193, name: "svd++ implicit" };

pub(super) const SECTIONS: &[Section] = &[MEAN, USERS, ITEMS, IMPLICIT];

pub(super) fn save(model: &SvdPlusPlus, file: &mut Writer) {
    model.factors.save([MEAN, USERS, ITEMS], file);
    file.array(IMPLICIT, model.implicit.iter().copied());
}

pub(super) fn load(
    params: &SvdPlusPlusParams,
    shape: &Shape,
    file: &Reader<'_>,
) -> Result<SvdPlusPlus, ContainerError> {
    if params.is_refused() {
        return Err(ITEMS.corrupt("parameters that no fit allows"));
    }
    let factors = RatingFactors::load([MEAN, USERS, ITEMS], params.factors, shape, file)?;
    let implicit = file.array::<f32>(IMPLICIT, shape.items.checked_mul(params.factors))?;
    IMPLICIT.check_at_most(&implicit, LARGEST)?;
    Ok(SvdPlusPlus { factors, implicit, penalties: params.penalties() })
}
