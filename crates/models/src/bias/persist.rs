//! The sections of the bias baseline in a model file: kind 41 is the mean and the ends of the scale (f64, 3), 42 the
//! items' and 43 the users' biases (f64 each).

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{Bias, BiasParams};
use crate::Shape;
use crate::fit::narrow;

const MEAN: Section = Section { kind: 41, name: "mean and scale" };
const ITEMS: Section = Section { kind: 42, name: "item biases" };
const USERS: Section = Section { kind: 43, name: "user biases" };

pub(super) const SECTIONS: &[Section] = &[MEAN, ITEMS, USERS];

pub(super) fn save(model: &Bias, file: &mut Writer) {
    let [least, most] = model.scale.map(f64::from);
    file.array(MEAN, [model.mean, least, most]);
    file.array(ITEMS, model.item_biases.iter().copied());
    file.array(USERS, model.user_biases.iter().copied());
}

pub(super) fn load(params: &BiasParams, shape: &Shape, file: &Reader<'_>) -> Result<Bias, ContainerError> {
    let numbers = file.array::<f64>(MEAN, Some(3))?;
    let item_biases = file.array(ITEMS, Some(shape.items))?;
    let user_biases = file.array(USERS, Some(shape.users))?;
    for (section, numbers) in [(MEAN, &numbers), (ITEMS, &item_biases), (USERS, &user_biases)] {
        section.check_finite(numbers)?;
    }
    let [mean, least, most] = numbers[..] else { return Err(MEAN.corrupt("another number of entries than 3")) };
    let (user_shrinkage, scale) = (params.user_shrinkage, [narrow(least), narrow(most)]);
    Ok(Bias { mean, item_biases, user_biases, user_shrinkage, scale })
}
