//! Surfaces cell by cell, and the directions under them.

use crate::common::check::{check, check_values};
use crate::common::{FLEX_F64, Model, OTHERS, On, bench, golden, model, rounded};
use losscope::landscape::direction::{Normalization, OneDim, normalise};
use losscope::landscape::grid::Coordinate;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::params::Params;

/// The direction files hold f32: rounding to it moves a value by at most 2⁻²⁴ of itself, 6e-8.
const ROUNDING: f64 = 1e-7;

/// Cells of a stored surface. `[i, j]` of the reference lies at `a[i]` along delta, `b[j]` along eta.
struct Cells {
    indices: Vec<usize>,
    coordinates: Vec<Coordinate>,
}

/// Whether a row or column is compared: its index and the number of them.
type Keep = fn(usize, usize) -> bool;

/// The cells whose row and column are both kept.
fn cells(a: &[f64], b: &[f64], keep: Keep) -> Cells {
    let kept = |count: usize| (0..count).filter(|&i| keep(i, count)).collect::<Vec<_>>();
    let (rows, columns) = (kept(a.len()), kept(b.len()));
    let pairs = || {
        rows.iter()
            .flat_map(|&i| columns.iter().map(move |&j| (i, j)))
    };
    Cells {
        indices: pairs().map(|(i, j)| i * b.len() + j).collect(),
        coordinates: pairs().map(|(i, j)| vec![a[i], b[j]]).collect(),
    }
}

fn all(_: usize, _: usize) -> bool {
    true
}

/// Corners, centre and the middles of the sides.
fn few(index: usize, count: usize) -> bool {
    [0, count / 2, count - 1].contains(&index)
}

/// A corner, the centre and the middles of two sides.
fn fewer(index: usize, count: usize) -> bool {
    [0, count / 2].contains(&index)
}

/// Every third row and column, for the costlier networks.
fn third(index: usize, _: usize) -> bool {
    index.is_multiple_of(3)
}

/// Compares a stored surface around `checkpoint`.
fn check_surface(model: &Model, checkpoint: &str, directions: Vec<Params>, on: On, keep: Keep) {
    let path = format!("results/{}/surface_filter_{checkpoint}.npz", model.name);
    let stored = golden(&path);
    let cells = cells(&stored.values("a"), &stored.values("b"), keep);
    let expected = stored.expected("", "_f64", &cells.indices, &[1437, 360]);
    let slice = Slice::new(model.at(checkpoint).clone(), directions, Buffers::Frozen).unwrap();
    let found = bench(model, on).evaluate(&slice, &cells.coordinates);
    check(&path, on, &cells.coordinates, &found, &expected);
}

fn normalised(
    model: &Model,
    checkpoint: &str,
    rule: Normalization,
    one_dim: OneDim,
) -> Vec<Params> {
    let raw = model.directions("raw");
    raw.iter()
        .map(|d| rounded(&normalise(d, model.at(checkpoint), rule, one_dim)))
        .collect()
}

fn filter_normalised(model: &Model, checkpoint: &str) -> Vec<Params> {
    normalised(model, checkpoint, Normalization::Filter, OneDim::Zero)
}

/// Each filter of a random direction gets the norm of the weights it perturbs; biases don't move.
#[test]
fn filter_normalisation_makes_the_stored_directions() {
    for name in ["mlp", "lenet"] {
        let model = model(name, &["sb"]);
        let stored = model.directions("filter_sb");
        for (raw, stored) in model.directions("raw").iter().zip(&stored) {
            let own = normalise(raw, model.at("sb"), Normalization::Filter, OneDim::Zero);
            for ((spec, found), (_, expected)) in own.tensors().zip(stored.tensors()) {
                for (f, e) in found.iter().zip(expected) {
                    assert!(
                        (f - e).abs() <= ROUNDING * e.abs(),
                        "{name} {}: {f}, expected {e}",
                        spec.name
                    );
                }
            }
            check_values(
                &format!("{name} norm"),
                &[own.norm()],
                &[stored.norm()],
                ROUNDING,
            );
        }
    }
}

#[test]
fn every_cell_agrees_with_the_stored_directions() {
    for name in ["mlp", "lenet"] {
        let model = model(name, &["sb"]);
        check_surface(&model, "sb", model.directions("filter_sb"), FLEX_F64, all);
    }
}

/// One logit and binary cross-entropy.
#[test]
fn cells_of_a_binary_network_agree() {
    let model = model("vgg", &["sb"]);
    check_surface(&model, "sb", model.directions("filter_sb"), FLEX_F64, third);
}

/// Running statistics stay those of the minimizer, which makes losses of 150 nats.
#[test]
fn cells_of_a_network_with_batch_normalisation_agree() {
    let model = model("resnet20", &["sb"]);
    check_surface(&model, "sb", model.directions("filter_sb"), FLEX_F64, third);
}

/// From raw directions to losses with nothing stored in between.
#[test]
fn cells_agree_with_own_directions() {
    let mlp = model("mlp", &["lb"]);
    check_surface(&mlp, "lb", filter_normalised(&mlp, "lb"), FLEX_F64, all);
    let lenet = model("lenet", &["lb"]);
    check_surface(
        &lenet,
        "lb",
        filter_normalised(&lenet, "lb"),
        FLEX_F64,
        third,
    );
}

#[test]
fn cells_agree_on_every_other_device() {
    let cases: [(_, Keep); 4] = [
        ("mlp", few),
        ("lenet", few),
        ("vgg", fewer),
        ("resnet20", fewer),
    ];
    for (name, keep) in cases {
        let model = model(name, &["sb"]);
        for on in OTHERS {
            check_surface(&model, "sb", model.directions("filter_sb"), on, keep);
        }
    }
}

/// Every rule of normalisation, applied to the same raw directions. Coordinates are multiplied by
/// the stored scale, which keeps the raw directions within reach.
#[test]
fn cells_of_every_normalisation_agree() {
    use {Normalization as N, OneDim as O};
    let rules = [
        ("raw", N::None, O::Keep),
        ("filter_keep1d", N::Filter, O::Keep),
        ("filter_copy1d", N::Filter, O::Copy),
        ("layer", N::Layer, O::Zero),
        ("weight", N::Weight, O::Zero),
    ];
    let model = model("mlp", &["sb"]);
    let stored = golden("results/mlp/surface_variants_sb.npz");
    let bench = bench(&model, FLEX_F64);
    for (name, rule, one_dim) in rules {
        let scale = stored.values(&format!("{name}_scale"))[0];
        let axis = |name| {
            stored
                .values(name)
                .iter()
                .map(|v| v * scale)
                .collect::<Vec<_>>()
        };
        let cells = cells(&axis("a"), &axis("b"), all);
        let expected = stored.expected(&format!("{name}_"), "", &cells.indices, &[1437, 360]);
        let directions = normalised(&model, "sb", rule, one_dim);
        let slice = Slice::new(model.at("sb").clone(), directions, Buffers::Frozen).unwrap();
        let found = bench.evaluate(&slice, &cells.coordinates);
        check(name, FLEX_F64, &cells.coordinates, &found, &expected);
    }
}
