//! Activations, and their first and second derivatives.

use super::plan::Curve;
use super::{Real, Row};

/// y
pub fn value<T: Real>(curve: Curve, x: &[Row<T>], y: &mut [Row<T>]) {
    match curve {
        Curve::Leaky(slope) => {
            let slope = T::of(slope);
            each(y, x, |x| if x <= T::ZERO { slope * x } else { x });
        }
        Curve::Tanh => each(y, x, Real::tanh),
        Curve::Sigmoid => each(y, x, logistic),
        Curve::Silu => each(y, x, |x| x * logistic(x)),
    }
}

#[inline(always)]
fn each<T: Real>(y: &mut [Row<T>], x: &[Row<T>], f: impl Fn(T) -> T) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = x.map(&f);
    }
}

fn logistic<T: Real>(x: T) -> T {
    T::ONE / (T::ONE + (-x).exp())
}

/// g′(x) times rows, added to what is there or in its place.
pub fn chain<T: Real, const ADD: bool>(
    curve: Curve,
    x: &[Row<T>],
    y: &[Row<T>],
    rows: &[Row<T>],
    out: &mut [Row<T>],
) {
    #[inline(always)]
    fn times<T: Real, const ADD: bool>(
        at: &[Row<T>],
        rows: &[Row<T>],
        out: &mut [Row<T>],
        slope: impl Fn(T) -> T,
    ) {
        for ((out, at), row) in out.iter_mut().zip(at).zip(rows) {
            for ((out, &at), &row) in out.0.iter_mut().zip(&at.0).zip(&row.0) {
                let term = slope(at) * row;
                *out = if ADD { *out + term } else { term };
            }
        }
    }
    match curve {
        // y has the sign of x, and is at hand: the next layer reads it.
        Curve::Leaky(below) if below >= 0.0 => {
            let below = T::of(below);
            times::<T, ADD>(y, rows, out, |y| if y > T::ZERO { T::ONE } else { below });
        }
        Curve::Leaky(below) => {
            let below = T::of(below);
            times::<T, ADD>(x, rows, out, |x| if x > T::ZERO { T::ONE } else { below });
        }
        Curve::Tanh => times::<T, ADD>(y, rows, out, |y| T::ONE - y * y),
        Curve::Sigmoid => times::<T, ADD>(y, rows, out, |y| y * (T::ONE - y)),
        Curve::Silu => times::<T, ADD>(x, rows, out, |x| {
            let sigma = logistic(x);
            sigma + x * sigma * (T::ONE - sigma)
        }),
    }
}

/// Adds g″(x) λ ẋ.
pub fn bend<T: Real>(
    curve: Curve,
    x: &[Row<T>],
    y: &[Row<T>],
    [adjoint, moves]: [&[Row<T>]; 2],
    out: &mut [Row<T>],
) {
    let two = T::ONE + T::ONE;
    let second = |x: T, y: T| match curve {
        Curve::Leaky(_) => T::ZERO,
        Curve::Tanh => -(two * y * (T::ONE - y * y)),
        Curve::Sigmoid => y * (T::ONE - y) * (T::ONE - two * y),
        Curve::Silu => {
            let sigma = logistic(x);
            let slope = sigma * (T::ONE - sigma);
            slope * (two + x * (T::ONE - two * sigma))
        }
    };
    if matches!(curve, Curve::Leaky(_)) {
        return;
    }
    let rows = adjoint.iter().zip(moves);
    for (((out, x), y), (a, m)) in out.iter_mut().zip(x).zip(y).zip(rows) {
        let term = x.zip(*y, second).zip(a.zip(*m, |a, m| a * m), |s, r| s * r);
        *out = out.zip(term, |a, b| a + b);
    }
}
