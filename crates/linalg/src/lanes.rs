//! The vector registers of either precision.

use pulp::Simd;

/// What the loops of the eigensolver do with a whole register at a time. Called from within a dispatch only.
///
/// Loops over arrays are left to the compiler elsewhere; where several sums run through a loop it does not find the
/// vectors by itself.
pub trait Lanes: Copy {
    /// A register of the processor that the dispatch found.
    type Register<S: Simd>: Copy;

    /// The lanes of a register.
    #[must_use]
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Register<S>>() / size_of::<Self>()
    }

    /// The registers of a slice and what is left over.
    fn registers<S: Simd>(simd: S, slice: &[Self]) -> (&[Self::Register<S>], &[Self])
    where
        Self: Sized;

    /// The registers of a slice, to write, and what is left over.
    fn registers_mut<S: Simd>(simd: S, slice: &mut [Self]) -> (&mut [Self::Register<S>], &mut [Self])
    where
        Self: Sized;

    /// A slice shorter than a register, filled up with zeros.
    fn partial<S: Simd>(simd: S, slice: &[Self]) -> Self::Register<S>
    where
        Self: Sized;

    /// Writes the first lanes to a slice shorter than a register.
    fn write_partial<S: Simd>(simd: S, slice: &mut [Self], register: Self::Register<S>)
    where
        Self: Sized;

    /// The register with zeros in the lanes before `lane`.
    fn from_lane<S: Simd>(simd: S, register: Self::Register<S>, lane: usize) -> Self::Register<S>;

    /// The same number in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Register<S>;

    /// `a b + c`, rounded once.
    fn fuse<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>, c: Self::Register<S>) -> Self::Register<S>;

    /// The sum of all lanes, by halves.
    fn total<S: Simd>(simd: S, register: Self::Register<S>) -> Self;
}

macro_rules! lanes {
    (
        $number:ty, $index:ty, $register:ident, $of:ident, $of_mut:ident, $partial:ident, $write_partial:ident,
        $between:ident, $select:ident, $splat:ident, $fuse:ident, $sum:ident
    ) => {
        impl Lanes for $number {
            type Register<S: Simd> = S::$register;

            #[inline(always)]
            fn registers<S: Simd>(_: S, slice: &[Self]) -> (&[Self::Register<S>], &[Self]) {
                S::$of(slice)
            }

            #[inline(always)]
            fn registers_mut<S: Simd>(_: S, slice: &mut [Self]) -> (&mut [Self::Register<S>], &mut [Self]) {
                S::$of_mut(slice)
            }

            #[inline(always)]
            fn partial<S: Simd>(simd: S, slice: &[Self]) -> Self::Register<S> {
                simd.$partial(slice)
            }

            #[inline(always)]
            fn write_partial<S: Simd>(simd: S, slice: &mut [Self], register: Self::Register<S>) {
                simd.$write_partial(slice, register);
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, reason = "a register has few lanes, if an index is narrow")]
            fn from_lane<S: Simd>(simd: S, register: Self::Register<S>, lane: usize) -> Self::Register<S> {
                let lanes = Self::lanes::<S>();
                // pulp 0.22 has no mask for the empty range behind the last lane.
                if lane >= lanes {
                    return simd.$splat(0.0);
                }
                let kept = simd.$between(lane as $index, lanes as $index).mask();
                simd.$select(kept, register, simd.$splat(0.0))
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> Self::Register<S> {
                simd.$splat(value)
            }

            #[inline(always)]
            fn fuse<S: Simd>(
                simd: S,
                a: Self::Register<S>,
                b: Self::Register<S>,
                c: Self::Register<S>,
            ) -> Self::Register<S> {
                simd.$fuse(a, b, c)
            }

            #[inline(always)]
            fn total<S: Simd>(simd: S, register: Self::Register<S>) -> Self {
                simd.$sum(register)
            }
        }
    };
}

lanes!(
    f32,
    u32,
    f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    partial_load_f32s,
    partial_store_f32s,
    mask_between_m32s,
    select_f32s,
    splat_f32s,
    mul_add_f32s,
    reduce_sum_f32s
);
lanes!(
    f64,
    u64,
    f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    partial_load_f64s,
    partial_store_f64s,
    mask_between_m64s,
    select_f64s,
    splat_f64s,
    mul_add_f64s,
    reduce_sum_f64s
);
