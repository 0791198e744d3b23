//! Taking the parts along a large basis off a vector, on all cores.
//!
//! Reading the basis from memory is all the time it takes, so a part of it that fits into a cache is
//! taken off before the next one is read. Sums are cut into the same strips whatever the cores, so that
//! the result doesn't depend on them.

use super::vector::{add_scaled, dot, norm};
use std::sync::OnceLock;

/// Entries handled together: they stay in the nearest cache while the basis passes by.
const STRIP: usize = 2048;
/// Entries of a basis that are worth a core: with fewer it is done before another has started.
const WORTH_A_CORE: usize = 1 << 18;
/// Entries of a basis that stay in the last cache, 8 MB.
const CACHED: usize = 1 << 20;
/// Fewer vectors than this at a time would read `w` as often as the basis.
const FEWEST_AT_ONCE: usize = 8;
/// Where more than this share of a vector is left, so little was taken off that its rounding doesn't
/// count.
const ENOUGH_LEFT: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// Takes the parts along `basis` (orthonormal) off `w`; where that leaves little, twice, because
/// then rounding stays behind (Daniel et al. 1976; twice is enough: Giraud et al. 2005).
pub fn orthogonalise(w: &mut [f64], basis: &[Vec<f64>]) {
    let at_once = (CACHED / w.len().max(1)).max(FEWEST_AT_ONCE);
    let mut before = norm(w);
    for _ in 0..2 {
        for part in basis.chunks(at_once) {
            take_off(w, part);
        }
        let after = norm(w);
        if after > ENOUGH_LEFT * before {
            return;
        }
        before = after;
    }
}

/// w ← w − Q Qᵀ w
fn take_off(w: &mut [f64], basis: &[Vec<f64>]) {
    let (n, m) = (w.len(), basis.len());
    if n == 0 || m == 0 {
        return;
    }
    let cores = (n * m / WORTH_A_CORE).clamp(1, cores());
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
