//! Functions of one number that several layers share, as nodes of an expression.
//!
//! All keep NaN, none turns a large argument into one, and each has the slope that PyTorch gives it where it
//! bends: what lies on the side that isn't taken is 0 and not merely multiplied by 0.

use crate::model::primitive::expression::{Binary, Expression, Unary};

/// Past this softplus is its argument in double precision, and nothing on the way overflows in single.
const SOFTPLUS_IS_LINEAR: f64 = 40.0;

/// σ(x) = 1/(1 + e^−|x|) for x > 0 and e^−|x|/(1 + e^−|x|) below: nothing overflows, and what is nearly 0 keeps its
/// digits, as ½ + ½ tanh(x/2) wouldn't.
pub fn sigmoid(e: &mut Expression, x: usize) -> usize {
    let up = above(e, x, 0.0);
    let down = rest(e, up);
    let minus = e.unary(Unary::Neg, x);
    // −|x|, with slope 1 at 0.
    let sides = [(up, minus), (down, x)].map(|(mask, x)| e.binary(Binary::Where, mask, x));
    let size = e.add(sides[0], sides[1]);
    let power = e.unary(Unary::Exp, size);
    let one = e.constant(1.0);
    let sum = e.add(one, power);
    let whole = e.unary(Unary::Recip, sum);
    let part = e.mul(power, whole);
    let sides = [(up, whole), (down, part)].map(|(mask, y)| e.binary(Binary::Where, mask, y));
    e.add(sides[0], sides[1])
}

/// x · (½ + ½ y)
pub fn gated(e: &mut Expression, x: usize, y: usize) -> usize {
    let half = e.constant(0.5);
    let y = e.mul(y, half);
    let gate = e.add(y, half);
    e.mul(x, gate)
}

/// 1 − mask: what a mask of ones and zeros leaves out.
pub fn rest(e: &mut Expression, mask: usize) -> usize {
    let one = e.constant(1.0);
    e.sub(one, mask)
}

/// 1 where x > `bound`.
pub fn above(e: &mut Expression, x: usize, bound: f64) -> usize {
    let bound = e.constant(bound);
    e.binary(Binary::Greater, x, bound)
}

/// 1 where x < `bound`.
pub fn below(e: &mut Expression, x: usize, bound: f64) -> usize {
    let bound = e.constant(bound);
    e.binary(Binary::Greater, bound, x)
}

/// min(x, 0), with slope 1 at 0.
pub fn negative(e: &mut Expression, x: usize) -> usize {
    let positive = above(e, x, 0.0);
    let mask = rest(e, positive);
    e.binary(Binary::Where, mask, x)
}

/// |x|, with slope 0 at 0.
pub fn magnitude(e: &mut Expression, x: usize) -> usize {
    let minus = e.unary(Unary::Neg, x);
    let (up, down) = (e.unary(Unary::Relu, x), e.unary(Unary::Relu, minus));
    e.add(up, down)
}

/// eˣ − 1 for x ≤ 0, as 2t/(1 − t) with t = tanh(x/2), so that nothing cancels near 0.
fn exp_minus_one(e: &mut Expression, x: usize) -> usize {
    let half = e.constant(0.5);
    let x = e.mul(x, half);
    let t = e.unary(Unary::Tanh, x);
    let under = rest(e, t);
    let under = e.unary(Unary::Recip, under);
    let twice = e.add(t, t);
    e.mul(twice, under)
}

/// x for x > 0, `alpha` (e^(x/`width`) − 1) below.
pub fn elu(e: &mut Expression, x: usize, alpha: f64, width: f64) -> usize {
    let up = e.unary(Unary::Relu, x);
    let down = negative(e, x);
    let inverse = e.constant(1.0 / width);
    let down = e.mul(down, inverse);
    let down = exp_minus_one(e, down);
    let alpha = e.constant(alpha);
    let down = e.mul(alpha, down);
    e.add(up, down)
}

/// ln(1 + e^(βx))/β, and x where βx is above `threshold`.
pub fn softplus(e: &mut Expression, x: usize, beta: f64, threshold: f64) -> usize {
    let (steep, flat) = (e.constant(beta), e.constant(1.0 / beta));
    let scaled = e.mul(x, steep);
    let linear = above(e, scaled, threshold.min(SOFTPLUS_IS_LINEAR));
    let bent = rest(e, linear);
    let inside = e.binary(Binary::Where, bent, scaled);
    let power = e.unary(Unary::Exp, inside);
    let log = e.unary(Unary::Ln1p, power);
    let log = e.mul(log, flat);
    let (log, x) = (
        e.binary(Binary::Where, bent, log),
        e.binary(Binary::Where, linear, x),
    );
    e.add(log, x)
}

/// x between two bounds, else the nearer one, with slope 0 at both; the upper one where they are in the wrong order. An
/// infinite bound is none.
pub fn clamped(e: &mut Expression, x: usize, [lower, upper]: [Option<f64>; 2]) -> usize {
    let mut y = x;
    match lower.filter(|bound| bound.is_finite()) {
        Some(0.0) => y = e.unary(Unary::Relu, y),
        // max(y, b) = −min(−y, −b)
        Some(bound) => {
            let (minus, bound) = (e.unary(Unary::Neg, y), e.constant(-bound));
            let least = e.binary(Binary::Least, minus, bound);
            y = e.unary(Unary::Neg, least);
        }
        None => {}
    }
    if let Some(bound) = upper.filter(|bound| bound.is_finite()) {
        let bound = e.constant(bound);
        y = e.binary(Binary::Least, y, bound);
    }
    y
}

/// Refuses bounds that bound nothing, or everything away.
///
/// # Errors
/// Names the bounds.
pub fn check_bounds(lower: Option<f64>, upper: Option<f64>) -> Result<(), String> {
    let wrong = |bound: Option<f64>, end: f64| bound.is_some_and(|b| b.is_nan() || b == end);
    if wrong(lower, f64::INFINITY) || wrong(upper, f64::NEG_INFINITY) {
        let word = |bound: Option<f64>| bound.map_or_else(|| "none".to_owned(), |b| b.to_string());
        return Err(format!(
            "has the bounds min = {} and max = {}, expected numbers; leave one out for none",
            word(lower),
            word(upper)
        ));
    }
    Ok(())
}

/// x^n for a whole n ≥ 0, by squaring.
fn whole_power(e: &mut Expression, x: usize, mut n: u32) -> usize {
    let (mut y, mut square) = (e.constant(1.0), x);
    while n > 0 {
        if n % 2 == 1 {
            y = e.mul(y, square);
        }
        n /= 2;
        if n > 0 {
            square = e.mul(square, square);
        }
    }
    y
}

/// x^p. NaN for a negative x and a p that isn't whole.
pub fn power(e: &mut Expression, x: usize, p: f64) -> usize {
    let size = p.abs();
    let y = if size.fract() == 0.0 && size <= f64::from(u16::MAX) {
        whole_power(e, x, size as u32)
    } else if size == 0.5 {
        e.unary(Unary::Sqrt, x)
    } else {
        // e^(p ln x); 0 at 0, where its slope would be 0 · ∞.
        let zero = e.constant(0.0);
        let none = e.binary(Binary::Equal, x, zero);
        let some = rest(e, none);
        let x = e.binary(Binary::Where, some, x);
        let x = e.add(x, none);
        let log = e.unary(Unary::Ln, x);
        let exponent = e.constant(size);
        let y = e.mul(exponent, log);
        let y = e.unary(Unary::Exp, y);
        e.binary(Binary::Where, some, y)
    };
    if p < 0.0 { e.unary(Unary::Recip, y) } else { y }
}

/// The larger of two, or the smaller (`largest` false); half of each slope where they are equal.
pub fn extreme(e: &mut Expression, x: usize, y: usize, largest: bool) -> usize {
    let (a, b) = if largest { (x, y) } else { (y, x) };
    let first = e.binary(Binary::Greater, a, b);
    let second = e.binary(Binary::Greater, b, a);
    let either = e.add(first, second);
    let level = rest(e, either);
    let half = e.constant(0.5);
    let (half_x, half_y) = (e.mul(half, x), e.mul(half, y));
    let middle = e.add(half_x, half_y);
    let parts = [(first, x), (second, y), (level, middle)];
    let parts = parts.map(|(mask, value)| e.binary(Binary::Where, mask, value));
    let sum = e.add(parts[0], parts[1]);
    e.add(sum, parts[2])
}
