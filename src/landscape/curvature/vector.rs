//! Host vectors: the few operations that the measures of curvature and noise are made of.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};

/// Σ aᵢ bᵢ, in four running sums, which is faster and rounds less than one.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (heads_a, rest_a) = a.as_chunks::<4>();
    let (heads_b, rest_b) = b.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in heads_a.iter().zip(heads_b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f64 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f64>() + rest
}

/// ‖a‖₂
pub fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// a ← a + scale · b
pub fn add_scaled(a: &mut [f64], scale: f64, b: &[f64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += scale * b;
    }
}

/// a ← scale · a
pub fn scale(a: &mut [f64], scale: f64) {
    for a in a {
        *a *= scale;
    }
}

/// x + t · d, formed anew.
pub fn moved(x: &[f64], t: f64, d: &[f64]) -> Vec<f64> {
    x.iter().zip(d).map(|(x, d)| x + t * d).collect()
}

/// The generator of one seed's `stream`.
pub fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// `n` independent N(0, 1) draws.
pub fn gaussian(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..n).map(|_| StandardNormal.sample(rng)).collect()
}

/// `n` independent signs, each +1 or −1 with probability ½.
pub fn rademacher(n: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..n)
        .map(|_| if rng.random::<bool>() { 1.0 } else { -1.0 })
        .collect()
}

/// Running mean and variance (Welford 1962), so that a long run keeps its digits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Running {
    count: usize,
    mean: f64,
    squares: f64,
}

impl Running {
    /// Takes one more value.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// Number of values.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Their mean; NaN before the first.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.mean }
    }

    /// Standard error of the mean; infinite before the second value.
    pub fn standard_error(&self) -> f64 {
        if self.count < 2 {
            return f64::INFINITY;
        }
        let n = self.count as f64;
        (self.squares / (n - 1.0) / n).sqrt()
    }
}
