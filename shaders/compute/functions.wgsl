// Functions whose own versions on a device are too coarse near zero, or missing.

fn as_number(x: vec4<bool>) -> vec4<f32> {
    return select(vec4<f32>(), vec4<f32>(1.0), x);
}

/// ln(1 + x); near zero by the series of 2 artanh(x / (2 + x)).
fn ln1p(x: vec4<f32>) -> vec4<f32> {
    let q = x / (x + 2.0);
    let t = q * q;
    let series = 1.0 + t * (0.33333333 + t * (0.2 + t * (0.14285714 + t * (0.11111111 + t * 0.09090909))));
    return select(log(1.0 + x), 2.0 * q * series, abs(x) < vec4<f32>(0.4));
}

/// tanh x; near zero by its series.
fn hyperbolic(x: vec4<f32>) -> vec4<f32> {
    let e = exp(-2.0 * abs(x));
    let far = sign(x) * (1.0 - e) / (1.0 + e);
    let t = x * x;
    let near = x * (1.0 + t * (-0.33333333 + t * (0.13333333 + t * (-0.05396825 + t * 0.02186949))));
    return select(select(far, near, abs(x) < vec4<f32>(0.25)), x, unknown(x));
}

/// erf x: its series near zero, else Abramowitz and Stegun 7.1.26, 1.5e-7 off at most.
fn error(x: vec4<f32>) -> vec4<f32> {
    let t = x * x;
    let series = 1.0 + t * (-0.33333333 + t * (0.1 + t * (-0.023809524 + t * (0.004629630 + t * (-0.00075757576 + t * 0.00010683761)))));
    let near = 1.1283792 * x * series;
    let k = 1.0 / (1.0 + 0.3275911 * abs(x));
    let tail = k * (0.254829592 + k * (-0.284496736 + k * (1.421413741 + k * (-1.453152027 + k * 1.061405429))));
    let far = sign(x) * (1.0 - tail * exp(-t));
    return select(select(far, near, abs(x) < vec4<f32>(0.6)), x, unknown(x));
}

/// sin x (quarter 0) or cos x (quarter 1): a device's own may be off by 5e-4 and more far from zero.
fn wave(x: vec4<f32>, quarter: u32) -> vec4<f32> {
    let k = round(x * 0.63661977);
    var r = fma(-k, vec4<f32>(1.5703125), x);
    r = fma(-k, vec4<f32>(0.00048351288), r);
    r = fma(-k, vec4<f32>(3.1391647e-7), r);
    r = fma(-k, vec4<f32>(5.3903029e-12), r);
    let t = r * r;
    let sine = r * (1.0 + t * (-0.16666667 + t * (0.0083333333 + t * (-0.00019841270 + t * 2.7557319e-6))));
    let cosine = 1.0 + t * (-0.5 + t * (0.041666667 + t * (-0.0013888889 + t * (2.4801587e-5 - t * 2.7557319e-7))));
    let turn = (vec4<i32>(k - 4.0 * floor(0.25 * k)) + vec4<i32>(i32(quarter))) & vec4<i32>(3);
    let odd = (turn & vec4<i32>(1)) == vec4<i32>(1);
    let size = select(sine, cosine, odd);
    let directed = select(size, -size, turn >= vec4<i32>(2));
    // Infinite arguments have no sine.
    return select(directed, x - x, unknown(x - x));
}
