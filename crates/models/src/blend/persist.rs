//! The sections of a blend in a model file.
//!
//! | kind | section | content |
//! |---|---|---|
//! | 80 | blend ends | u64, where the file of each member ends |
//! | 81 | blend members | the sections of each member, as a file of its own |

use foretaste_data::container::{ContainerError, Reader, Section, Writer};

use super::{Blend, BlendParams};
use crate::{ModelParams, Shape};

const ENDS: Section = Section { kind: 80, name: "blend ends" };
const MEMBERS: Section = Section { kind: 81, name: "blend members" };

pub(super) const SECTIONS: &[Section] = &[ENDS, MEMBERS];

/// The version of the format in which members are written.
const VERSION: u32 = 2;

pub(super) fn save(model: &Blend, file: &mut Writer) -> Result<(), ContainerError> {
    let (mut ends, mut members) = (Vec::new(), Vec::new());
    for (_, member) in &model.members {
        let mut own = Writer::default();
        member.save(&mut own)?;
        members.append(&mut own.finish(VERSION));
        ends.push(members.len() as u64);
    }
    file.array(ENDS, ends);
    file.bytes(MEMBERS, members);
    Ok(())
}

pub(super) fn load(params: &BlendParams, shape: &Shape, file: &Reader<'_>) -> Result<Blend, ContainerError> {
    if params.check_own().is_err() {
        return Err(ENDS.corrupt("parameters that no fit allows"));
    }
    let ends = file.array::<u64>(ENDS, Some(params.members.0.len()))?;
    let (bytes, mut from, mut members) = (file.bytes(MEMBERS)?, 0usize, Vec::new());
    for (member, end) in params.members.0.iter().zip(ends) {
        let to = usize::try_from(end).ok().filter(|to| (from..=bytes.len()).contains(to));
        let to = to.ok_or_else(|| ENDS.corrupt("an end that is outside of the members"))?;
        let own = Reader::open(&bytes[from..to], VERSION, ModelParams::SECTIONS)?;
        members.push((member.weight, member.model.load(shape, &own)?));
        from = to;
    }
    if from != bytes.len() {
        return Err(MEMBERS.corrupt("bytes behind the last member"));
    }
    Ok(Blend { members, votes: params.votes, rank_constant: params.rank_constant })
}
