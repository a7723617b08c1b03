//! The vector registers of either precision.

use pulp::Simd;

/// What the loops of the eigensolver do with a whole register at a time. Called from within a dispatch only.
///
/// Loops over arrays are left to the compiler elsewhere; where several sums run through a loop it does not find the
/// vectors by itself.
pub trait Lanes: Copy {
    /// A register of the processor that the dispatch found.
    type Register<S: Simd>: Copy;

    /// The registers of a slice and what is left over.
    fn registers<S: Simd>(simd: S, slice: &[Self]) -> (&[Self::Register<S>], &[Self])
    where
        Self: Sized;

    /// The registers of a slice, to write, and what is left over.
    fn registers_mut<S: Simd>(simd: S, slice: &mut [Self]) -> (&mut [Self::Register<S>], &mut [Self])
    where
        Self: Sized;

    /// The same number in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Register<S>;

    /// `a b + c`, rounded once.
    fn fuse<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>, c: Self::Register<S>) -> Self::Register<S>;

    /// The sum of all lanes, by halves.
    fn total<S: Simd>(simd: S, register: Self::Register<S>) -> Self;
}

macro_rules! lanes {
    ($number:ty, $register:ident, $of:ident, $of_mut:ident, $splat:ident, $fuse:ident, $sum:ident) => {
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

lanes!(f32, f32s, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_f32s, reduce_sum_f32s);
lanes!(f64, f64s, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_f64s, reduce_sum_f64s);
