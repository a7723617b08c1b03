//! Where each tensor of the network lies among all its numbers.

use std::ops::Range;

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Number of items.
    pub(crate) items: usize,
    /// Numbers of an item, and of every place on the way.
    pub(crate) width: usize,
    /// Longest sequence.
    pub(crate) length: usize,
    /// Number of blocks.
    pub(crate) blocks: usize,
}

/// A linear map: width x width, row-major, and width summands.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    pub(crate) matrix: Range<usize>,
    pub(crate) shift: Range<usize>,
}

/// A layer norm: a gain and a shift for each number.
#[derive(Clone, Debug)]
pub(crate) struct Norm {
    pub(crate) gain: Range<usize>,
    pub(crate) shift: Range<usize>,
}

/// The tensors of a block.
#[derive(Clone, Debug)]
pub(crate) struct BlockLayout {
    pub(crate) before_attention: Norm,
    pub(crate) query: Linear,
    pub(crate) key: Linear,
    pub(crate) value: Linear,
    pub(crate) output: Linear,
    pub(crate) before_layers: Norm,
    pub(crate) inner: Linear,
    pub(crate) outer: Linear,
}

/// Linear maps of a block.
const LINEAR: usize = 6;
/// Layer norms of a block.
const NORMS: usize = 2;

impl Layout {
    /// Number of all numbers.
    pub(crate) fn len(self) -> usize {
        self.end_of_places() + self.blocks * self.of_block() + 2 * self.width
    }

    /// The items: items x width, row-major.
    pub(crate) fn items(self) -> Range<usize> {
        0..self.items * self.width
    }

    /// The places: length x width; the latest item of a sequence stands at the last place.
    pub(crate) fn places(self) -> Range<usize> {
        self.items * self.width..self.end_of_places()
    }

    /// A block.
    pub(crate) fn block(self, block: usize) -> BlockLayout {
        let mut at = self.end_of_places() + block * self.of_block();
        let mut take = |count: usize| {
            at += count;
            at - count..at
        };
        let width = self.width;
        let before_attention = Norm { gain: take(width), shift: take(width) };
        let mut linear = || Linear { matrix: take(width * width), shift: take(width) };
        let (query, key, value, output) = (linear(), linear(), linear(), linear());
        let before_layers = Norm { gain: take(width), shift: take(width) };
        let mut linear = || Linear { matrix: take(width * width), shift: take(width) };
        let (inner, outer) = (linear(), linear());
        BlockLayout { before_attention, query, key, value, output, before_layers, inner, outer }
    }

    /// The norm of what leaves the last block.
    pub(crate) fn last_norm(self) -> Norm {
        let end = self.len();
        Norm { gain: end - 2 * self.width..end - self.width, shift: end - self.width..end }
    }

    fn end_of_places(self) -> usize {
        (self.items + self.length) * self.width
    }

    fn of_block(self) -> usize {
        LINEAR * (self.width * self.width + self.width) + NORMS * 2 * self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_lie_side_by_side_and_fill_the_network() {
        let layout = Layout { items: 7, width: 4, length: 5, blocks: 2 };
        let mut all = vec![layout.items(), layout.places()];
        for block in 0..2 {
            let BlockLayout { before_attention, query, key, value, output, before_layers, inner, outer } =
                layout.block(block);
            all.extend([before_attention.gain, before_attention.shift]);
            all.extend([query, key, value, output].into_iter().flat_map(|linear| [linear.matrix, linear.shift]));
            all.extend([before_layers.gain, before_layers.shift]);
            all.extend([inner, outer].into_iter().flat_map(|linear| [linear.matrix, linear.shift]));
        }
        let last = layout.last_norm();
        all.extend([last.gain, last.shift]);
        let end = all.iter().fold(0, |end, range| {
            assert_eq!(range.start, end);
            range.end
        });
        assert_eq!(end, layout.len());
    }
}
