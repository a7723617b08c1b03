//! The sections of co-clustering in a model file.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 140 | item means | f64, items |
//! | 141 | item groups | u32, items |
//! | 142 | group means | f64: least and greatest rating, all ratings, groups of users, groups of items, blocks row-major |

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{CoClustering, CoClusteringParams, GroupMeans};
use crate::Shape;
use crate::fit::narrow;

const ITEM_MEANS: Section = Section { kind: 140, name: "item means" };
const ITEM_GROUPS: Section = Section { kind: 141, name: "item groups" };
const GROUP_MEANS: Section = Section { kind: 142, name: "group means" };

pub(super) const SECTIONS: &[Section] = &[ITEM_MEANS, ITEM_GROUPS, GROUP_MEANS];

/// Sums of four means have to fit into an f32.
const LARGEST: f64 = 1e37;

pub(super) fn save(model: &CoClustering, file: &mut Writer) {
    file.array(ITEM_MEANS, model.item_means.iter().copied());
    file.array(ITEM_GROUPS, model.item_groups.iter().copied());
    let GroupMeans { all, user_groups, item_groups, blocks } = &model.means;
    let begin = model.scale.into_iter().map(f64::from).chain([*all]);
    file.array(GROUP_MEANS, begin.chain(user_groups.iter().chain(item_groups).chain(blocks).copied()));
}

pub(super) fn load(
    params: &CoClusteringParams,
    shape: &Shape,
    file: &Reader<'_>,
) -> Result<CoClustering, ContainerError> {
    if params.refused().is_err() {
        return Err(GROUP_MEANS.corrupt("parameters that no fit allows"));
    }
    let (users, items) = (params.user_groups, params.item_groups);
    let item_means = file.array::<f64>(ITEM_MEANS, Some(shape.items))?;
    let item_groups = file.array::<u32>(ITEM_GROUPS, Some(shape.items))?;
    let means = file.array::<f64>(GROUP_MEANS, Some(3 + users + items + users * items))?;
    for (section, numbers) in [(ITEM_MEANS, &item_means), (GROUP_MEANS, &means)] {
        if !numbers.iter().all(|mean| mean.abs() <= LARGEST) {
            return Err(section.corrupt("a mean that no rating can have"));
        }
    }
    if item_groups.iter().any(|&group| group as usize >= items) {
        return Err(ITEM_GROUPS.corrupt("a group that there is not"));
    }
    let scale = [narrow(means[0]), narrow(means[1])];
    if scale[0] > scale[1] {
        return Err(GROUP_MEANS.corrupt("a scale that falls"));
    }
    let (user_groups, rest) = means[3..].split_at(users);
    let (of_items, blocks) = rest.split_at(items);
    let means = GroupMeans {
        all: means[2],
        user_groups: user_groups.to_vec(),
        item_groups: of_items.to_vec(),
        blocks: blocks.to_vec(),
    };
    Ok(CoClustering { item_means, item_groups, means, scale })
}
