//! Networks of plain layers on a CPU: sixteen samples side by side.
//!
//! A [`Row`] holds one value of sixteen samples, so that every rule is a loop over rows: a
//! convolution adds up rows times weights whatever its kernel, stride or padding, skips the padding,
//! and never unfolds, transposes or copies its input. Values lie channels last, `[position, channel]`
//! rows for a block of sixteen samples, and a few blocks pass through all layers while they are in
//! the caches. This takes the place of burn's operations on its `flex` device where a [`Plan`] can
//! be made; the formulas are those of [`crate::model::layers`] and [`crate::model::reverse`], which
//! remain for every other device and network, and which tests compare with these.
//!
//! Symbols as in [`crate::model::reverse`]: y a layer's output, ẏ its rate along a direction,
//! λ = ∂f/∂y and μ = ∂⟨∇f, v⟩/∂y.

#![expect(
    clippy::inline_always,
    reason = "what the kernels call must be compiled for the processor they are compiled for"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "loops of a fixed length over lanes become single instructions in this form"
)]

mod curves;
mod geometry;
mod kernel;
mod loss;
mod maps;
mod passes;
mod plan;
mod point;
mod steps;

pub use passes::{Scratch, Tape};
pub use plan::Plan;
pub use point::{Point, Purpose};

use burn::tensor::Element;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// Samples side by side.
pub const LANES: usize = 16;
/// Most blocks of [`LANES`] samples that go through the layers together.
pub const BLOCKS: usize = 16;

/// One value of sixteen samples.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Row<T>(pub [T; LANES]);

/// Sums by trained tensor, in the order of [`Plan::tensors`], each in its stored layout.
pub type Sums<T> = Vec<Vec<T>>;

/// Some samples: at most [`LANES`] · [`BLOCKS`].
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// Inputs, sample after sample.
    pub inputs: &'a [f32],
    /// One label a sample.
    pub labels: &'a [u32],
}

impl Batch<'_> {
    fn blocks(&self) -> usize {
        self.labels.len().div_ceil(LANES)
    }
}

/// A number type of the device.
pub trait Real:
    Element
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// Rounded.
    fn of(value: f64) -> Self;
    /// In double precision.
    fn wide(self) -> f64;
    /// self · a + b, rounded once.
    #[must_use]
    fn fused(self, a: Self, b: Self) -> Self;
    /// eˣ
    #[must_use]
    fn exp(self) -> Self;
    /// ln x
    #[must_use]
    fn ln(self) -> Self;
    /// ln(1 + x)
    #[must_use]
    fn ln_1p(self) -> Self;
    /// tanh x
    #[must_use]
    fn tanh(self) -> Self;
}

macro_rules! real {
    ($($type:ident),*) => {
        $(impl Real for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            #[inline(always)]
            fn of(value: f64) -> Self {
                value as $type
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn fused(self, a: Self, b: Self) -> Self {
                self.mul_add(a, b)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                self.exp()
            }
            #[inline(always)]
            fn ln(self) -> Self {
                self.ln()
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                self.ln_1p()
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                self.tanh()
            }
        })*
    };
}
real!(f32, f64);

impl<T: Real> Row<T> {
    /// All zero.
    pub const ZERO: Self = Self([T::ZERO; LANES]);

    /// One number for all samples.
    #[inline(always)]
    fn all(value: T) -> Self {
        Self([value; LANES])
    }

    /// Lane by lane.
    #[inline(always)]
    fn map(mut self, f: impl Fn(T) -> T) -> Self {
        for lane in &mut self.0 {
            *lane = f(*lane);
        }
        self
    }

    /// Lane by lane with another.
    #[inline(always)]
    fn zip(mut self, other: Self, f: impl Fn(T, T) -> T) -> Self {
        for (lane, other) in self.0.iter_mut().zip(other.0) {
            *lane = f(*lane, other);
        }
        self
    }

    /// self · factor + other
    #[inline(always)]
    fn times_plus(self, factor: T, other: Self) -> Self {
        self.zip(other, |a, b| a * factor + b)
    }

    /// Over all samples.
    #[inline(always)]
    fn sum(self) -> T {
        let mut lanes = self.0;
        for width in [8, 4, 2, 1] {
            for l in 0..width {
                lanes[l] += lanes[l + width];
            }
        }
        lanes[0]
    }
}
