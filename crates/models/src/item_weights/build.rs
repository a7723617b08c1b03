//! Sparse item-to-item weights from the lists that a fit makes, one for each item.

use foretaste_linalg::{CsrError, CsrMatrix};

use super::{ItemWeights, Reading};
use crate::{Memory, Shape};

/// A list for each item: other items, each with a weight.
pub(crate) type Lists = Vec<Vec<(u32, f32)>>;

impl ItemWeights {
    /// Of lists that hold, for each candidate, the items that speak for it, in any order.
    ///
    /// # Errors
    /// When a weight is not finite.
    pub(crate) fn for_candidates(lists: Lists, reading: Reading) -> Result<Self, CsrError> {
        let items = lists.len();
        let mut offsets = vec![0usize; items + 1];
        lists.iter().flatten().for_each(|&(item, _)| offsets[item as usize + 1] += 1);
        for item in 0..items {
            offsets[item + 1] += offsets[item];
        }
        let mut next = offsets[..items].to_vec();
        let mut candidates = vec![0u32; offsets[items]];
        let mut weights = vec![0f32; candidates.len()];
        for (candidate, list) in (0u32..).zip(lists) {
            for (item, weight) in list {
                let at = &mut next[item as usize];
                (candidates[*at], weights[*at]) = (candidate, weight);
                *at += 1;
            }
        }
        let matrix = CsrMatrix::new(items, offsets, candidates, weights)?;
        Ok(Self { matrix, reading })
    }

    /// Of lists that hold, for each item, the candidates that it speaks for, in any order.
    ///
    /// # Errors
    /// When a weight is not finite.
    pub(crate) fn of_items(mut lists: Lists, reading: Reading) -> Result<Self, CsrError> {
        let entries = lists.iter().map(Vec::len).sum();
        let mut offsets = Vec::with_capacity(lists.len() + 1);
        let (mut candidates, mut weights) = (Vec::with_capacity(entries), Vec::with_capacity(entries));
        offsets.push(0);
        for list in &mut lists {
            list.sort_unstable_by_key(|&(candidate, _)| candidate);
            candidates.extend(list.iter().map(|&(candidate, _)| candidate));
            weights.extend(list.iter().map(|&(_, weight)| weight));
            offsets.push(candidates.len());
        }
        let matrix = CsrMatrix::new(lists.len(), offsets, candidates, weights)?;
        Ok(Self { matrix, reading })
    }

    /// What a fit takes whose lists have `most` entries each and are made beside as many bytes as `beside`. At most: an item
    /// has no more than those that share a user with it, which a shape does not tell.
    pub(crate) fn memory(most: usize, beside: u64, shape: &Shape) -> Memory {
        let items = shape.items as u64;
        let most = most.min(shape.items.saturating_sub(1)) as u64;
        let kept = items.saturating_mul(most).saturating_mul(8);
        let model = kept.saturating_add(8 * (items + 1));
        // A list each; then these lists, turned around.
        let lists = kept.saturating_add(24 * items);
        let turn = lists.saturating_add(model).saturating_add(8 * items);
        let fit = lists.saturating_add(beside).max(turn).saturating_add(shape.by_user());
        Memory { fit, model }
    }
}
