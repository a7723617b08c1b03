//! The two precisions that the solvers compute in.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::lanes::Lanes;

/// An IEEE 754 number: `f32` or `f64`.
pub trait Real:
    faer::traits::RealField
    + Lanes
    + Copy
    + Default
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
    + 'static
{
    /// Distance from 1 to the next larger number.
    const EPSILON: Self;

    /// The nearest number of this precision.
    fn from_f64(value: f64) -> Self;

    /// The nearest number of this precision.
    fn from_f32(value: f32) -> Self;

    /// The same number in double precision.
    fn to_f64(self) -> f64;

    /// `self * factor + summand`, rounded once.
    fn fused(self, factor: Self, summand: Self) -> Self;
}

impl Real for f32 {
    const EPSILON: Self = f32::EPSILON;

    #[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest is what the name says")]
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn from_f32(value: f32) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn fused(self, factor: Self, summand: Self) -> Self {
        self.mul_add(factor, summand)
    }
}

impl Real for f64 {
    const EPSILON: Self = f64::EPSILON;

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn from_f32(value: f32) -> Self {
        f64::from(value)
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn fused(self, factor: Self, summand: Self) -> Self {
        self.mul_add(factor, summand)
    }
}
