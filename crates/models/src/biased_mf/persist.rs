//! The sections of the biased matrix factorisation in a model file.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 150 | biased mf mean | f64: the mean rating, the least and the greatest |
//! | 151 | biased mf users | f32, users x (factors and a bias), row-major |
//! | 152 | biased mf items | f32, items x (factors and a bias), row-major |

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{BiasedMf, BiasedMfParams, Penalties};
use crate::Shape;
use crate::fit::narrow;

const MEAN: Section = Section { kind: 150, name: "biased mf mean" };
const USERS: Section = Section { kind: 151, name: "biased mf users" };
const ITEMS: Section = Section { kind: 152, name: "biased mf items" };

/// Products of factors have to fit into an f32, and so have their sums; a fit gives factors below 100.
const LARGEST: f32 = 1e15;

pub(super) const SECTIONS: &[Section] = &[MEAN, USERS, ITEMS];

pub(super) fn save(model: &BiasedMf, file: &mut Writer) {
    let [least, most] = model.scale.map(f64::from);
    file.array(MEAN, [model.mean, least, most]);
    file.array(USERS, model.users.iter().copied());
    file.array(ITEMS, model.items.to_rows());
}

pub(super) fn load(params: &BiasedMfParams, shape: &Shape, file: &Reader<'_>) -> Result<BiasedMf, ContainerError> {
    if params.is_refused() {
        return Err(ITEMS.corrupt("parameters that no fit allows"));
    }
    let width = params.factors + 1;
    let numbers = file.array::<f64>(MEAN, Some(3))?;
    let users = file.array::<f32>(USERS, shape.users.checked_mul(width))?;
    let items = file.array::<f32>(ITEMS, shape.items.checked_mul(width))?;
    MEAN.check_finite(&numbers)?;
    USERS.check_at_most(&users, LARGEST)?;
    ITEMS.check_at_most(&items, LARGEST)?;
    let scale = [narrow(numbers[1]), narrow(numbers[2])];
    if scale[0] > scale[1] || numbers.iter().any(|number| number.abs() > f64::from(LARGEST)) {
        return Err(MEAN.corrupt("a scale that no ratings have"));
    }
    Ok(BiasedMf::new(numbers[0], Penalties::of(params), users, (&items, width), scale))
}
