//! The sections of the PLSA in a model file.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 160 | items of tastes | f32, items x tastes, row-major: `p(item \| taste)` |
//! | 161 | shares of tastes | f32, tastes: `p(taste)` |
//! | 162 | names of tastes | a string a taste |

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{Plsa, PlsaParams};
use crate::Shape;

const ITEMS: Section = Section { kind: 160, name: "items of tastes" };
const SHARES: Section = Section { kind: 161, name: "shares of tastes" };
const NAMES: Section = Section { kind: 162, name: "names of tastes" };

pub(super) const SECTIONS: &[Section] = &[ITEMS, SHARES, NAMES];

pub(super) fn save(model: &Plsa, file: &mut Writer) -> Result<(), ContainerError> {
    file.array(ITEMS, model.items.to_rows());
    file.array(SHARES, model.shares.iter().copied());
    file.strings(NAMES, model.names.iter())
}

pub(super) fn load(params: &PlsaParams, shape: &Shape, file: &Reader<'_>) -> Result<Plsa, ContainerError> {
    if params.refused().is_err() {
        return Err(ITEMS.corrupt("parameters that no fit allows"));
    }
    let items = file.array::<f32>(ITEMS, shape.items.checked_mul(params.tastes))?;
    let shares = file.array::<f32>(SHARES, Some(params.tastes))?;
    for (section, values) in [(ITEMS, &items), (SHARES, &shares)] {
        if !values.iter().all(|value| (0.0..=1.0).contains(value)) {
            return Err(section.corrupt("a probability outside 0 to 1"));
        }
    }
    let names = file.strings(NAMES)?;
    NAMES.check_count(names.len(), params.tastes)?;
    if names.iter().any(|name| name.chars().any(char::is_control)) {
        return Err(NAMES.corrupt("a control character in a name"));
    }
    let names = names.into_iter().map(str::to_owned).collect();
    Ok(Plsa::new(params, (shape.items, &items), shares, names))
}
