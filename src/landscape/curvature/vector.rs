//! Host vectors: the few operations that the measures of curvature and noise are made of.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};
use std::sync::OnceLock;

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

/// Entries handled together: they stay in the nearest cache while the basis passes by.
const STRIP: usize = 2048;
/// Entries of a basis below which one core is done before another has started.
const WORTH_SHARING: usize = 1 << 20;
/// Where more than this share of a vector is left, so little was taken off that its rounding doesn't
/// count.
const ENOUGH_LEFT: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Takes the parts along `basis` (orthonormal) off `w`; where that leaves little, twice, because
/// then rounding stays behind (Daniel et al. 1976; twice is enough: Giraud et al. 2005).
pub fn orthogonalise(w: &mut [f64], basis: &[Vec<f64>]) {
    let mut before = norm(w);
    for _ in 0..2 {
        take_off(w, basis);
        let after = norm(w);
        if after > ENOUGH_LEFT * before {
            return;
        }
        before = after;
    }
}

/// w ← w − Q Qᵀ w. All sums are cut into the same strips whatever the cores, so that the result
/// doesn't depend on them.
fn take_off(w: &mut [f64], basis: &[Vec<f64>]) {
    let (n, m) = (w.len(), basis.len());
    if n == 0 || m == 0 {
        return;
    }
    let cores = if n * m < WORTH_SHARING { 1 } else { cores() };
    let strips = n.div_ceil(STRIP);
    let each = strips.div_ceil(cores);
    let mut parts = vec![0.0; strips * m];
    let shared: &[f64] = w;
    on_cores(parts.chunks_mut(each * m), |group, parts| {
        for (i, parts) in parts.chunks_exact_mut(m).enumerate() {
            let from = (group * each + i) * STRIP;
            let range = from..(from + STRIP).min(n);
            for (part, q) in parts.iter_mut().zip(basis) {
                *part = dot(&shared[range.clone()], &q[range.clone()]);
            }
        }
    });
    let mut along = vec![0.0; m];
    for parts in parts.chunks_exact(m) {
        add_scaled(&mut along, 1.0, parts);
    }
    on_cores(w.chunks_mut(each * STRIP), |group, w| {
        for (i, w) in w.chunks_mut(STRIP).enumerate() {
            let from = (group * each + i) * STRIP;
            for (q, along) in basis.iter().zip(&along) {
                add_scaled(w, -along, &q[from..from + w.len()]);
            }
        }
    });
}

/// Each group with its number on a core of its own, the first one on this.
fn on_cores<'a>(
    groups: impl Iterator<Item = &'a mut [f64]>,
    work: impl Fn(usize, &mut [f64]) + Sync,
) {
    let mut groups = groups.enumerate();
    let own = groups.next();
    let work = &work;
    std::thread::scope(|scope| {
        for (number, group) in groups {
            scope.spawn(move || work(number, group));
        }
        if let Some((number, group)) = own {
            work(number, group);
        }
    });
}

/// Asked once: the system reads files to know.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
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
