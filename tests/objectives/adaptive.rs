//! Grids computed only where they aren't smooth, on functions whose values are known.

use losscope::landscape::adaptive::{Checked, Next, TooRough, Values, next};
use losscope::store::npz;
use std::path::Path;

/// What became of a grid.
struct Done {
    /// The share of nodes that were computed.
    share: f64,
    /// The interpolated grid and its checks, or why there is none.
    end: Result<(Vec<f64>, Checked), TooRough>,
    /// Nodes in the order of their computation.
    order: Vec<usize>,
}

/// Computes and interpolates to one per cent.
fn run(nx: usize, ny: usize, truth: &[f64], mut computed: Vec<bool>) -> Done {
    let mut order = Vec::new();
    loop {
        // What isn't computed must not be read.
        let known: Vec<f64> = truth
            .iter()
            .zip(&computed)
            .map(|(v, c)| if *c { *v } else { 1e300 })
            .collect();
        let values = Values {
            numbers: &known,
            decide: true,
        };
        let done = computed.iter().filter(|c| **c).count();
        let share = done as f64 / truth.len() as f64;
        let end = match next(nx, ny, &[values], &computed, 0.01) {
            Next::Compute(nodes) => {
                assert!(!nodes.is_empty());
                for node in nodes {
                    assert!(!std::mem::replace(&mut computed[node], true), "twice");
                    order.push(node);
                }
                continue;
            }
            Next::Interpolate(mut found) => Ok((found.numbers.remove(0), found.error)),
            Next::TooRough(why) => Err(why),
        };
        return Done { share, end, order };
    }
}

fn grid(n: usize, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    let at = |i: usize| 2.0 * i as f64 / (n - 1) as f64 - 1.0;
    (0..n * n).map(|i| f(at(i % n), at(i / n))).collect()
}

/// The share of nodes that are off by more than a share of the range, of the values and of their logarithms.
fn off(found: &[f64], truth: &[f64], tolerance: f64) -> f64 {
    let finite = || truth.iter().copied().filter(|v| v.is_finite());
    let (lo, hi) = (
        finite().fold(f64::INFINITY, f64::min),
        finite().fold(f64::NEG_INFINITY, f64::max),
    );
    let is_off = |(a, b): &(&f64, &f64)| {
        let same = a == b || a.is_nan() && b.is_nan();
        let plain = (*a - *b).abs() <= tolerance * (hi - lo);
        let log = lo <= 0.0 || (*a / *b).ln().abs() <= tolerance * (hi / lo).ln();
        !(same || plain && log)
    };
    found.iter().zip(truth).filter(is_off).count() as f64 / truth.len() as f64
}

fn bowl(x: f64, y: f64) -> f64 {
    0.002 + 3.0 * x * x + 0.5 * y * y + 0.2 * x * y
}

/// A loss that explodes towards one side, as that of a network does.
fn exploding(x: f64, y: f64) -> f64 {
    0.01 + (3.0 * x * x).exp() - 1.0 + 0.1 * (2.0 * y + x).exp()
}

/// Softened ramps, as of a few samples' cross-entropies.
fn ramps(x: f64, y: f64) -> f64 {
    let soft = |z: f64| z.exp().ln_1p();
    0.05 + soft(6.0 * x * x - y - 3.0) + soft(9.0 * y * y - x - 2.0)
}

#[test]
fn a_tenth_of_the_points_gives_a_smooth_surface() {
    for n in [51, 101, 251] {
        for (name, f) in [
            ("bowl", bowl as fn(f64, f64) -> f64),
            ("exploding", exploding),
            ("ramps", ramps),
        ] {
            let truth = grid(n, f);
            let done = run(n, n, &truth, vec![false; n * n]);
            let (found, checked) = done.end.unwrap();
            // A coarse grid hasn't enough points to leave many out.
            let (most, few) = if n > 51 { (0.1, 0.01) } else { (0.2, 0.02) };
            assert!(done.share <= most, "{name}, {n}: {}", done.share);
            let off = off(&found, &truth, 0.01);
            assert!(off <= few, "{name}, {n}: {off}");
            assert!(checked.nodes >= 24 && checked.worst < 0.02, "{checked:?}");
            for node in done.order {
                assert_eq!(found[node].to_bits(), truth[node].to_bits(), "exact");
            }
        }
    }
}

/// A ResNet-20 without shortcuts, by `fixtures/surfaces/make.py`.
#[test]
fn a_network_without_shortcuts_is_within_a_per_cent_or_said_to_be_too_rough() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/surfaces/no-skip.npz"
    );
    let arrays = npz::read_arrays(Path::new(path)).unwrap();
    let (_, truth) = arrays.iter().find(|(n, _)| n == "train_loss").unwrap();
    let truth = truth.to_f64();
    let done = run(251, 251, &truth, vec![false; truth.len()]);
    match done.end {
        Ok((found, _)) => {
            let off = off(&found, &truth, 0.01);
            assert!(off <= 0.01, "{off} of the points are off");
            assert!(done.share <= 0.1, "{} of the points", done.share);
        }
        Err(why) => assert!(why.to_string().contains("too rough")),
    }
}

#[test]
fn noise_is_too_rough_and_said_to_be_soon() {
    let noise = |x: f64, y: f64| 2.0 + ((12.9898 * x + 78.233 * y).sin() * 43758.5453).fract();
    for n in [31, 51, 251] {
        let done = run(n, n, &grid(n, noise), vec![false; n * n]);
        let why = done.end.unwrap_err();
        assert!(why.to_string().contains("too rough"), "{why}");
        assert!(
            done.share < 0.3,
            "{n}: seen after {} of the points",
            done.share
        );
    }
}

/// What lies between the nodes of the first grids is nowhere to be seen, but checks find it.
#[test]
fn ripples_that_the_first_grids_miss_are_found_by_checks() {
    let n = 251;
    // A period of eight nodes, which is the step of the second grid.
    let at = |v: f64| (v + 1.0) / 2.0 * (n - 1) as f64;
    let ripples = |x: f64, y: f64| {
        let wave = |v: f64| (std::f64::consts::TAU * at(v) / 8.0).sin().powi(2);
        1.0 + x * x + wave(x) + wave(y)
    };
    let truth = grid(n, ripples);
    let done = run(n, n, &truth, vec![false; n * n]);
    if let Ok((found, _)) = done.end {
        let off = off(&found, &truth, 0.01);
        assert!(off <= 0.02, "{off}");
    }
    assert!(done.share > 0.03, "nothing was noticed: {}", done.share);
}

#[test]
fn where_a_loss_overflows_it_does_so_to_the_point() {
    let n = 101;
    let f = |x: f64, y: f64| match x * x + y * y {
        r if r > 0.8 => f64::INFINITY,
        r => 0.1 + r,
    };
    let truth = grid(n, f);
    let (found, _) = run(n, n, &truth, vec![false; n * n]).end.unwrap();
    let wrong = found.iter().zip(&truth);
    let wrong = wrong
        .filter(|(a, b)| a.is_finite() != b.is_finite())
        .count();
    assert_eq!(wrong, 0);
}

/// Nothing but what is computed decides, so that a computation can be stopped at any point.
#[test]
fn a_stopped_computation_goes_on_as_if_it_hadnt_been() {
    let n = 51;
    let truth = grid(n, exploding);
    let whole = run(n, n, &truth, vec![false; n * n]);
    for stop in [1, 40, 150, whole.order.len() - 3] {
        let mut computed = vec![false; n * n];
        for node in &whole.order[..stop] {
            computed[*node] = true;
        }
        let rest = run(n, n, &truth, computed);
        let (mut a, mut b) = (
            whole.order.clone(),
            [&whole.order[..stop], &rest.order].concat(),
        );
        a.sort_unstable();
        b.sort_unstable();
        assert_eq!(a, b, "stopped at {stop}");
        assert_eq!(rest.end.as_ref().unwrap().0, whole.end.as_ref().unwrap().0);
    }
}

#[test]
fn small_and_narrow_grids_and_flat_ones_end() {
    for (nx, ny) in [
        (1, 1),
        (2, 2),
        (3, 5),
        (1, 40),
        (200, 1),
        (9, 200),
        (64, 64),
    ] {
        for f in [|_: f64| 2.3, |x: f64| 1.0 + x * x] {
            let truth: Vec<f64> = (0..nx * ny).map(|i| f((i % nx) as f64)).collect();
            let done = run(nx, ny, &truth, vec![false; nx * ny]);
            if let Ok((found, _)) = done.end {
                assert_eq!(found.len(), truth.len());
                // A parabola from 1 to 4,000 is steep where it is low.
                let off = off(&found, &truth, 0.01);
                assert!(off <= 0.03, "{nx} × {ny}: {off}");
            }
        }
    }
    let flat = run(251, 251, &vec![2.3; 251 * 251], vec![false; 251 * 251]);
    assert!(flat.share < 0.03, "{}", flat.share);
}
