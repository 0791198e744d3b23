//! Numbers side by side: what kernels need of f32 and f64 on whatever instructions the processor has.
//!
//! Kernels are written once against [`pulp::Simd`]; `pulp` compiles them for each set of instructions and
//! chooses at run time. Comparisons never lose NaN.

use crate::model::run::backend::Numbers;
use bytemuck::{Pod, Zeroable};
use pulp::Simd;
use std::fmt::Debug;

/// Samples in a row.
pub const LANES: usize = 32;

/// One number of every sample of a block.
#[derive(Debug, Clone, Copy, Zeroable, Pod)]
#[repr(C, align(64))]
pub struct Row32([f32; LANES]);

/// As [`Row32`], in double precision.
#[derive(Debug, Clone, Copy, Zeroable, Pod)]
#[repr(C, align(64))]
pub struct Row64([f64; LANES]);

/// A number type of the executor.
pub trait Real: Copy + Default + PartialOrd + Pod + Debug + Send + Sync + 'static {
    /// Numbers of one instruction.
    type V<S: Simd>: Pod + Send + Sync + Debug;
    /// A row in memory, where the processor likes it.
    type Row: Pod + Send + Sync + Debug;

    /// Rounded.
    fn of(value: f64) -> Self;
    /// In double precision.
    fn wide(self) -> f64;
    /// A slice that any source can write.
    fn numbers(x: &mut [Self]) -> Numbers<'_>;
    /// A slice as vectors; what doesn't fill one is left out.
    fn vectors<S: Simd>(x: &[Self]) -> &[Self::V<S>];
    /// As [`Real::vectors`], to write.
    fn vectors_mut<S: Simd>(x: &mut [Self]) -> &mut [Self::V<S>];
    /// Vectors of a row.
    fn per_row<S: Simd>() -> usize {
        LANES * size_of::<Self>() / size_of::<Self::V<S>>()
    }
    /// One number in all lanes.
    fn splat<S: Simd>(s: S, x: Self) -> Self::V<S>;
    /// x + y
    fn add<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>) -> Self::V<S>;
    /// x − y
    fn sub<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>) -> Self::V<S>;
    /// x · y
    fn mul<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>) -> Self::V<S>;
    /// x / y
    fn div<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>) -> Self::V<S>;
    /// x · y + z
    fn fused<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>, z: Self::V<S>) -> Self::V<S>;
    /// √x
    fn sqrt<S: Simd>(s: S, x: Self::V<S>) -> Self::V<S>;
    /// u where x > y, else v.
    fn if_greater<S: Simd>(
        s: S,
        x: Self::V<S>,
        y: Self::V<S>,
        u: Self::V<S>,
        v: Self::V<S>,
    ) -> Self::V<S>;
    /// u where x = y, else v.
    fn if_equal<S: Simd>(
        s: S,
        x: Self::V<S>,
        y: Self::V<S>,
        u: Self::V<S>,
        v: Self::V<S>,
    ) -> Self::V<S>;
    /// Over all lanes.
    fn total<S: Simd>(s: S, x: Self::V<S>) -> Self;
    /// eˣ
    fn exp<S: Simd>(s: S, x: Self::V<S>) -> Self::V<S>;
    /// tanh x
    fn tanh<S: Simd>(s: S, x: Self::V<S>) -> Self::V<S>;
    /// erf x
    fn erf<S: Simd>(s: S, x: Self::V<S>) -> Self::V<S>;

    /// Lane by lane, for what has no instructions.
    #[inline(always)]
    fn each<S: Simd>(mut x: Self::V<S>, f: impl Fn(f64) -> f64) -> Self::V<S> {
        let lanes: &mut [Self] = bytemuck::cast_slice_mut(std::slice::from_mut(&mut x));
        for lane in lanes {
            *lane = Self::of(f(lane.wide()));
        }
        x
    }

    /// min(x, y); NaN where one of them is.
    #[inline(always)]
    fn least<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>) -> Self::V<S> {
        let less = Self::if_greater(s, x, y, y, x);
        Self::if_equal(s, y, y, less, y)
    }

    /// max(x, 0); NaN stays NaN.
    #[inline(always)]
    fn relu<S: Simd>(s: S, x: Self::V<S>) -> Self::V<S> {
        let zero = Self::splat(s, Self::default());
        Self::if_greater(s, zero, x, zero, x)
    }
}

macro_rules! arithmetic {
    ($type:ident, $vector:ident, $row:ident, $numbers:ident) => {
        type V<S: Simd> = S::$vector;
        type Row = $row;
        #[inline(always)]
        fn of(value: f64) -> Self {
            value as $type
        }
        #[inline(always)]
        fn wide(self) -> f64 {
            f64::from(self)
        }
        fn numbers(x: &mut [Self]) -> Numbers<'_> {
            Numbers::$numbers(x)
        }
        pulp_ops!($type, $vector);
    };
}

macro_rules! pulp_ops {
    (f32, f32s) => {
        ops!(
            as_simd_f32s,
            as_mut_simd_f32s,
            splat_f32s,
            add_f32s,
            sub_f32s,
            mul_f32s,
            div_f32s,
            mul_add_f32s,
            sqrt_f32s,
            greater_than_f32s,
            equal_f32s,
            select_f32s,
            reduce_sum_f32s
        );
    };
    (f64, f64s) => {
        ops!(
            as_simd_f64s,
            as_mut_simd_f64s,
            splat_f64s,
            add_f64s,
            sub_f64s,
            mul_f64s,
            div_f64s,
            mul_add_f64s,
            sqrt_f64s,
            greater_than_f64s,
            equal_f64s,
            select_f64s,
            reduce_sum_f64s
        );
    };
}

macro_rules! ops {
    ($view:ident, $view_mut:ident, $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident,
     $fused:ident, $sqrt:ident, $greater:ident, $equal:ident, $select:ident, $total:ident) => {
        #[inline(always)]
        fn vectors<S: Simd>(x: &[Self]) -> &[Self::V<S>] {
            S::$view(x).0
        }
        #[inline(always)]
        fn vectors_mut<S: Simd>(x: &mut [Self]) -> &mut [Self::V<S>] {
            S::$view_mut(x).0
        }
        #[inline(always)]
        fn splat<S: Simd>(s: S, x: Self) -> Self::V<S> {
            s.$splat(x)
        }
        #[inline(always)]
        fn add<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>) -> Self::V<S> {
            s.$add(x, y)
        }
        #[inline(always)]
        fn sub<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>) -> Self::V<S> {
            s.$sub(x, y)
        }
        #[inline(always)]
        fn mul<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>) -> Self::V<S> {
            s.$mul(x, y)
        }
        #[inline(always)]
        fn div<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>) -> Self::V<S> {
            s.$div(x, y)
        }
        #[inline(always)]
        fn fused<S: Simd>(s: S, x: Self::V<S>, y: Self::V<S>, z: Self::V<S>) -> Self::V<S> {
            s.$fused(x, y, z)
        }
        #[inline(always)]
        fn sqrt<S: Simd>(s: S, x: Self::V<S>) -> Self::V<S> {
            s.$sqrt(x)
        }
        #[inline(always)]
        fn if_greater<S: Simd>(
            s: S,
            x: Self::V<S>,
            y: Self::V<S>,
            u: Self::V<S>,
            v: Self::V<S>,
        ) -> Self::V<S> {
            s.$select(s.$greater(x, y), u, v)
        }
        #[inline(always)]
        fn if_equal<S: Simd>(
            s: S,
            x: Self::V<S>,
            y: Self::V<S>,
            u: Self::V<S>,
            v: Self::V<S>,
        ) -> Self::V<S> {
            s.$select(s.$equal(x, y), u, v)
        }
        #[inline(always)]
        fn total<S: Simd>(s: S, x: Self::V<S>) -> Self {
            s.$total(x)
        }
    };
}

impl Real for f32 {
    arithmetic!(f32, f32s, Row32, Single);

    /// 2ⁿ times a polynomial of what is left, within 2 units of the last place; past ±88 it is 0 or ∞.
    #[inline(always)]
    fn exp<S: Simd>(s: S, x: S::f32s) -> S::f32s {
        const HIGH: f32 = 88.37;
        const LOW: f32 = -87.3;
        /// Added to a small number, it rounds it to a whole one in its last bits.
        const ROUND: f32 = 12_582_912.0;
        let (high, low) = (s.splat_f32s(HIGH), s.splat_f32s(LOW));
        let inside = Self::if_greater(s, x, high, high, x);
        let inside = Self::if_greater(s, low, inside, low, inside);
        let round = s.splat_f32s(ROUND);
        let shifted = s.mul_add_f32s(inside, s.splat_f32s(std::f32::consts::LOG2_E), round);
        let n = s.sub_f32s(shifted, round);
        let r = s.mul_add_f32s(n, s.splat_f32s(-0.693_359_4), inside);
        let r = s.mul_add_f32s(n, s.splat_f32s(2.121_944_4e-4), r);
        let mut p = s.splat_f32s(1.0 / 5040.0);
        for c in [
            1.0 / 720.0,
            1.0 / 120.0,
            1.0 / 24.0,
            1.0 / 6.0,
            0.5,
            1.0,
            1.0,
        ] {
            p = s.mul_add_f32s(p, r, s.splat_f32s(c));
        }
        // The whole number's bits, put where an exponent has its own.
        let bits = s.transmute_u32s_f32s(shifted);
        let bias = s.splat_u32s(127_u32.wrapping_sub(ROUND.to_bits()));
        let exponent = s.wrapping_dyn_shl_u32s(s.add_u32s(bits, bias), s.splat_u32s(23));
        let power = s.mul_f32s(p, s.transmute_f32s_u32s(exponent));
        let power = Self::if_greater(s, x, high, s.splat_f32s(f32::INFINITY), power);
        Self::if_greater(s, low, x, s.splat_f32s(0.0), power)
    }

    /// 1 − 2/(e²ˣ + 1); near 0, where that cancels, its series.
    #[inline(always)]
    fn tanh<S: Simd>(s: S, x: S::f32s) -> S::f32s {
        let (one, two) = (s.splat_f32s(1.0), s.splat_f32s(2.0));
        let power = <Self as Real>::exp(s, s.add_f32s(x, x));
        let far = s.sub_f32s(one, s.div_f32s(two, s.add_f32s(power, one)));
        let square = s.mul_f32s(x, x);
        let mut p = s.splat_f32s(-1382.0 / 155_925.0);
        for c in [62.0 / 2835.0, -17.0 / 315.0, 2.0 / 15.0, -1.0 / 3.0, 1.0] {
            p = s.mul_add_f32s(p, square, s.splat_f32s(c));
        }
        let near = s.mul_f32s(p, x);
        Self::if_greater(s, square, s.splat_f32s(0.12), far, near)
    }

    /// Abramowitz and Stegun 7.1.26, within 1.5e-7.
    #[inline(always)]
    fn erf<S: Simd>(s: S, x: S::f32s) -> S::f32s {
        let (zero, one) = (s.splat_f32s(0.0), s.splat_f32s(1.0));
        let negative = s.sub_f32s(zero, x);
        let size = Self::if_greater(s, zero, x, negative, x);
        let t = s.div_f32s(one, s.mul_add_f32s(s.splat_f32s(0.327_591_1), size, one));
        let mut p = s.splat_f32s(1.061_405_4);
        for c in [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6] {
            p = s.mul_add_f32s(p, t, s.splat_f32s(c));
        }
        let square = s.mul_f32s(size, size);
        let bell = <Self as Real>::exp(s, s.sub_f32s(zero, square));
        let y = s.sub_f32s(one, s.mul_f32s(s.mul_f32s(p, t), bell));
        Self::if_greater(s, zero, x, s.sub_f32s(zero, y), y)
    }
}

impl Real for f64 {
    arithmetic!(f64, f64s, Row64, Double);

    #[inline(always)]
    fn exp<S: Simd>(_: S, x: S::f64s) -> S::f64s {
        Self::each::<S>(x, f64::exp)
    }

    #[inline(always)]
    fn tanh<S: Simd>(_: S, x: S::f64s) -> S::f64s {
        Self::each::<S>(x, f64::tanh)
    }

    #[inline(always)]
    fn erf<S: Simd>(_: S, x: S::f64s) -> S::f64s {
        Self::each::<S>(x, crate::model::primitive::expression::erf)
    }
}
