//! Values, slopes, slopes of every sample and second derivatives of every primitive at a few points.

use crate::{TOLERANCE, alone, off, opened};
use losscope::dataset::TargetSlice;
use losscope::model::derive::{pull, rate};
use losscope::model::primitive::expression::{Binary, Expression, Unary};
use losscope::model::primitive::moved::NONE;
use losscope::model::primitive::{Geometry, Leaf, Slot, Table};
use losscope::model::program::{Id, Program, Type};
use losscope::model::run::{Backend, Batch, Device, Numbers, Outputs, Source, Varying};
use losscope::model::simplify::fuse;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// Vectors of four and a part of one.
const SAMPLES: usize = 37;
/// Samples that share statistics, where any are measured.
const TOGETHER: usize = 21;
const POINTS: usize = 3;

fn gaussian(n: usize, seed: u64) -> Vec<f64> {
    use rand::SeedableRng as _;
    use rand_distr::{Distribution as _, StandardNormal};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
}

/// A few shapes, the same every time.
#[track_caller]
fn for_any<S: Strategy>(shapes: S, test: impl Fn(S::Value)) {
    let config = ProptestConfig {
        cases: 3,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, rng)
        .run(&shapes, |shape| {
            test(shape);
            Ok(())
        })
        .unwrap_or_else(|e| panic!("{e}"));
}

/// A program in the making, its parameters at the first point and the samples.
struct Trial {
    p: Program,
    parameters: Vec<Vec<f64>>,
    inputs: Vec<f32>,
}

impl Source for Trial {
    fn fill(&self, leaf: &Leaf, point: usize, out: Numbers<'_>) {
        match leaf {
            Leaf::Parameter(index) => {
                let scale = 1.0 + 0.25 * point as f64;
                out.fill(self.parameters[*index].iter().map(|v| scale * v));
            }
            Leaf::Tangent(index) => {
                out.fill(gaussian(self.parameters[*index].len(), 900 + *index as u64));
            }
            other => unreachable!("{other:?} at a point"),
        }
    }
}

impl Trial {
    fn new() -> Self {
        let inputs = gaussian(SAMPLES, 1);
        Self {
            p: Program::default(),
            parameters: Vec::new(),
            inputs: inputs.into_iter().map(|v| v as f32).collect(),
        }
    }

    fn parameter(&mut self, shape: &[usize]) -> Id {
        let index = self.parameters.len();
        let values = gaussian(shape.iter().product(), 100 + index as u64);
        self.parameters
            .push(values.into_iter().map(|v| 0.5 * v).collect());
        self.p.leaf(Leaf::Parameter(index), Type::shared(shape))
    }

    /// a z + b, with z the sample's only input.
    fn of_sample(&mut self, shape: &[usize]) -> Id {
        let z = self.p.leaf(Leaf::Input, Type::sample(&[1]));
        let z = self.p.view(z, &vec![1; shape.len()]);
        let (a, b) = (self.parameter(shape), self.parameter(shape));
        let slope = self.p.binary(Binary::Mul, a, z);
        let x = self.p.binary(Binary::Add, slope, b);
        self.present(x)
    }

    fn present(&mut self, x: Id) -> Id {
        let ones = vec![1; self.p.ty(x).shape.len()];
        let present = self.p.leaf(Leaf::Present, Type::sample(&[1]));
        let present = self.p.view(present, &ones);
        self.p.binary(Binary::Mul, x, present)
    }

    fn given(&mut self, shape: &[usize], sample: bool) -> Id {
        if sample {
            self.of_sample(shape)
        } else {
            self.parameter(shape)
        }
    }

    fn run(&self, backend: &dyn Backend, program: &Program, varying: Varying) -> Vec<Outputs> {
        let prepared = backend.prepare(program, varying);
        let targets = vec![0.0_f32; SAMPLES];
        let batch = Batch {
            count: SAMPLES,
            inputs: &self.inputs,
            targets: TargetSlice::Values(&targets),
            weights: None,
        };
        let points = if varying == Varying::Points {
            POINTS
        } else {
            1
        };
        let kept = prepared.keeper(SAMPLES, 1 << 20);
        let first = prepared
            .run(self, batch, points, TOGETHER, kept.as_ref())
            .unwrap();
        // What was kept gives the same bits as what wasn't.
        let again = prepared
            .run(self, batch, points, TOGETHER, kept.as_ref())
            .unwrap();
        let bits = |all: &[Outputs]| -> Vec<u64> {
            let numbers = all.iter().flatten().flatten();
            numbers
                .map(|v| if v.is_nan() { 0 } else { v.to_bits() })
                .collect()
        };
        assert_eq!(bits(&first), bits(&again), "another time, other bits");
        first
    }

    /// The executor finds what the processor's finds, in one pass and in many.
    fn agree(&self, what: &str, program: &Program, varying: Varying) {
        let program = fuse(program);
        let lanes = Device::Lanes.backends(true, 1 << 30).swap_remove(0);
        let expected = self.run(lanes.as_ref(), &program, varying);
        for memory in [1 << 30, 1 << 14] {
            let tiles = opened().backends(false, memory).swap_remove(0);
            let found = self.run(tiles.as_ref(), &program, varying);
            for (point, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_eq!(found.len(), expected.len());
                for (output, (a, b)) in found.iter().zip(expected).enumerate() {
                    let off = off(a, b);
                    assert!(
                        off <= TOLERANCE,
                        "{what}, output {output} at point {point} in {memory} bytes: off by {off:.1e}: {:?} for {:?}",
                        &a[..a.len().min(12)],
                        &b[..b.len().min(12)]
                    );
                }
            }
        }
    }

    /// Everything of a primitive with the result `y`.
    fn check(mut self, y: Id) {
        let ty = self.p.ty(y).clone();
        let known = Leaf::constant(gaussian(ty.size(), 5));
        let u = self.p.leaf(known, Type::shared(&ty.shape));
        let mut product = self.p.binary(Binary::Mul, y, u);
        if ty.sample {
            product = self.present(product);
        }
        let f = self.p.sum(product, Type::shared(&vec![1; ty.shape.len()]));
        self.p.outputs = vec![f, y];
        let values = self.p.alive();
        self.p.outputs = vec![f];
        let f = self.p.alive();
        self.agree("values", &values, Varying::Points);
        let slopes = pull(&f, false).program;
        self.agree("slopes", &slopes, Varying::Points);
        self.agree(
            "slopes of samples",
            &pull(&f, true).program,
            Varying::Points,
        );
        self.agree("rates of slopes", &rate(&slopes), Varying::Tangents);
    }
}

#[test]
fn functions_of_one_number() {
    let _alone = alone();
    for function in [
        Unary::Neg,
        Unary::Exp,
        Unary::Ln,
        Unary::Ln1p,
        Unary::Tanh,
        Unary::Erf,
        Unary::Sqrt,
        Unary::Recip,
        Unary::Step,
        Unary::Relu,
        Unary::Sin,
        Unary::Cos,
    ] {
        let mut trial = Trial::new();
        let mut x = trial.of_sample(&[3, 5]);
        if matches!(
            function,
            Unary::Ln | Unary::Ln1p | Unary::Sqrt | Unary::Recip
        ) {
            // Where they are functions.
            x = trial.p.apply(x, |e, x| {
                let (square, half) = (e.mul(x, x), e.constant(0.5));
                e.add(square, half)
            });
        }
        let y = trial.p.unary(function, x);
        trial.check(y);
    }
}

/// Near zero, far from it, and beyond what f32 holds.
#[test]
fn functions_are_right_everywhere() {
    let _alone = alone();
    let sizes = [
        0.0, 1e-30, 1e-7, 1e-3, 0.1, 0.24, 0.26, 0.39, 0.41, 0.59, 0.61, 1.0, 3.0, 9.0, 50.0,
        500.0, 1e6,
    ];
    let values: Vec<f64> = sizes.iter().flat_map(|v| [*v, -*v]).collect();
    let values: Vec<f64> = values
        .into_iter()
        .chain([f64::INFINITY, f64::NEG_INFINITY, f64::NAN])
        .collect();
    for (function, relative) in [
        (Unary::Exp, 1e-5),
        (Unary::Ln, 1e-5),
        (Unary::Ln1p, 1e-5),
        (Unary::Tanh, 1e-5),
        (Unary::Erf, 1e-5),
        (Unary::Sqrt, 1e-6),
        (Unary::Relu, 0.0),
        (Unary::Step, 0.0),
        (Unary::Sin, 1e-5),
        (Unary::Cos, 1e-5),
    ] {
        let mut trial = Trial::new();
        let x = trial.p.leaf(
            Leaf::constant(values.iter().copied()),
            Type::shared(&[values.len()]),
        );
        let z = trial.p.leaf(Leaf::Present, Type::sample(&[1]));
        let x = trial.p.binary(Binary::Mul, x, z);
        let y = trial.p.unary(function, x);
        trial.p.outputs = vec![y];
        let tiles = opened().backends(false, 1 << 30).swap_remove(0);
        let found = trial.run(tiles.as_ref(), &trial.p.alive(), Varying::Points);
        for (v, found) in values.iter().zip(&found[0][0]) {
            let v = f64::from(*v as f32);
            let expected = function.of(v);
            // Periodic functions of large arguments lose what the argument lost.
            let slack = if matches!(function, Unary::Sin | Unary::Cos) {
                1e-6 + 1e-7 * v.abs()
            } else {
                1e-37
            };
            let same = *found == expected || found.is_nan() && expected.is_nan();
            let near = (found - expected).abs() <= relative * expected.abs() + slack;
            let overflows = expected.abs() > 3.4e38 && found.abs() >= 3.4e38;
            let vanishes = expected.abs() < 1e-36 && found.abs() < 1e-36;
            assert!(
                same || near || overflows || vanishes,
                "{function:?} of {v}: {found} for {expected}"
            );
        }
    }
}

#[test]
fn functions_of_two_numbers_of_any_shape() {
    let _alone = alone();
    let axes = prop::collection::vec((1_usize..4, 0_usize..3), 1..6);
    for_any((axes, 0_usize..4), |(axes, samples)| {
        for function in [
            Binary::Add,
            Binary::Sub,
            Binary::Mul,
            Binary::Least,
            Binary::Greater,
            Binary::Equal,
            Binary::Where,
        ] {
            let mut trial = Trial::new();
            let extent = |own: usize| -> Vec<usize> {
                let one =
                    |(extent, which): &(usize, usize)| if *which == own { 1 } else { *extent };
                axes.iter().map(one).collect()
            };
            let x = trial.given(&extent(1), samples & 1 == 0);
            // Equal values are found too.
            let x = match function {
                Binary::Equal | Binary::Where => trial.p.unary(Unary::Step, x),
                _ => x,
            };
            let y = trial.given(&extent(2), samples & 2 == 0);
            let y = match function {
                Binary::Equal => trial.p.unary(Unary::Step, y),
                _ => y,
            };
            let y = trial.p.binary(function, x, y);
            trial.check(y);
        }
    });
}

/// Random hits, several of one target and tap among them, targets and sources without any too.
fn geometry(
    [targets, sources, taps]: [usize; 3],
    [groups, outputs, inputs]: [usize; 3],
    seed: u64,
) -> Geometry {
    let places = gaussian(3 * (targets + sources) * taps, seed);
    let pick = |v: f64, n: usize| ((v.abs() * 1000.0) as usize % n) as u32;
    let mut hits: Vec<[u32; 3]> = places
        .chunks_exact(3)
        .map(|v| [pick(v[0], targets), pick(v[1], taps), pick(v[2], sources)])
        .collect();
    hits.sort_unstable();
    hits.dedup();
    Geometry {
        targets,
        sources,
        taps,
        groups,
        outputs,
        inputs,
        hits,
    }
}

#[test]
fn forms_with_any_place_as_the_result() {
    let _alone = alone();
    let places = (1_usize..5, 1_usize..5, 1_usize..4);
    let channels = (1_usize..4, 1_usize..20, 1_usize..10);
    for_any((places, channels, any::<u64>()), |(p, c, seed)| {
        let any = geometry([p.0, p.1, p.2], [c.0, c.1, c.2], seed);
        let deep = geometry([p.0, p.1, p.2], [c.0, 1, 1], seed);
        let linear = Geometry::linear(p.0, c.1, c.2);
        for geometry in [any, deep, linear].map(Table::new) {
            for out in [Slot::Y, Slot::A, Slot::B] {
                let mut trial = Trial::new();
                let args = out.others().map(|place| {
                    let ty = geometry.ty(place);
                    trial.given(&ty.shape, ty.sample)
                });
                let y = trial.p.form(&geometry, out, args);
                trial.check(y);
            }
        }
    });
}

/// A product's kernel adds and rectifies too.
#[test]
fn products_with_what_follows_them() {
    let _alone = alone();
    for (groups, outputs) in [(1, 20), (2, 5), (3, 1)] {
        let mut trial = Trial::new();
        let g = Table::new(geometry([4, 5, 3], [groups, outputs, 6], 3));
        let (w, x) = (
            trial.parameter(&g.ty(Slot::A).shape),
            trial.of_sample(&g.ty(Slot::B).shape),
        );
        let x = trial.p.unary(Unary::Tanh, x);
        let y = trial.p.form(&g, Slot::Y, [w, x]);
        let bias = trial.parameter(&[1, groups * outputs]);
        let rows = trial.of_sample(&[4, groups * outputs]);
        let y = trial.p.binary(Binary::Add, y, bias);
        let y = trial.p.binary(Binary::Add, y, rows);
        let y = trial.p.unary(Unary::Relu, y);
        trial.check(y);
    }
}

#[test]
fn products_of_matrices_of_samples() {
    let _alone = alone();
    for_any(
        (1_usize..3, 1_usize..7, 1_usize..7, 1_usize..7),
        |(batch, m, k, n)| {
            let mut trial = Trial::new();
            let a = trial.of_sample(&[batch, m, k]);
            let b = trial.of_sample(&[batch, k, n]);
            let y = trial.p.product(a, b);
            trial.check(y);
        },
    );
}

#[test]
fn sums_along_any_axes_and_over_samples() {
    let _alone = alone();
    let axes = prop::collection::vec((1_usize..6, any::<bool>()), 1..5);
    for_any((axes, any::<bool>()), |(axes, samples)| {
        let shape: Vec<usize> = axes.iter().map(|(extent, _)| *extent).collect();
        let kept = |(extent, keep): &(usize, bool)| if *keep { *extent } else { 1 };
        let mut trial = Trial::new();
        let x = trial.of_sample(&shape);
        let ty = Type {
            sample: !samples,
            shape: axes.iter().map(kept).collect(),
        };
        let y = trial.p.sum(x, ty);
        trial.check(y);
    });
}

#[test]
fn shifts_by_the_largest() {
    let _alone = alone();
    let mut trial = Trial::new();
    let x = trial.of_sample(&[3, 6]);
    let most = trial.p.most(x, &[1]);
    let shifted = trial.p.binary(Binary::Sub, x, most);
    let power = trial.p.unary(Unary::Exp, shifted);
    let sum = trial.p.total(power, &[1]);
    let share = trial.p.unary(Unary::Recip, sum);
    let y = trial.p.binary(Binary::Mul, power, share);
    trial.check(y);
}

#[test]
fn largest_of_windows() {
    let _alone = alone();
    let window = prop::collection::vec(0_u32..6, 0..4);
    let windows = prop::collection::vec(window, 1..5);
    for_any((windows, 1_usize..4), |(mut windows, channels)| {
        for window in &mut windows {
            window.sort_unstable();
            window.dedup();
        }
        let mut trial = Trial::new();
        let x = trial.of_sample(&[6, channels]);
        let y = trial.p.largest(x, windows);
        trial.check(y);
    });
}

/// The first of equal values counts, and what is no number isn't lost.
#[test]
fn largest_of_equal_and_of_unknown_values() {
    let _alone = alone();
    for function in [Unary::Sqrt, Unary::Step] {
        let mut trial = Trial::new();
        let x = trial.of_sample(&[4, 2]);
        let x = trial.p.unary(function, x);
        let y = trial.p.largest(x, vec![vec![0, 1, 2], vec![2, 3], vec![1]]);
        let index = trial.p.step(y).args[1];
        trial.p.outputs = vec![y, index];
        let program = trial.p.alive();
        trial.agree("windows", &program, Varying::Points);
        let most = trial.p.largest(x, vec![vec![0, 1, 2], vec![2, 3]]);
        trial.p.outputs = vec![most];
        let program = trial.p.alive();
        trial.agree("largest of windows", &program, Varying::Points);
    }
}

/// Rows by number; their slopes are rows added up by number. A number outside the table is no row of it.
#[test]
fn rows_of_tables() {
    let _alone = alone();
    for_any(
        (1_usize..6, 1_usize..4, 1_usize..5),
        |(entries, width, positions)| {
            let mut trial = Trial::new();
            let numbers = gaussian(SAMPLES * positions, 7);
            let number = |v: f64| ((v.abs() * 1000.0) as usize % entries) as f32;
            trial.inputs = numbers.into_iter().map(number).collect();
            let numbers = trial.p.leaf(Leaf::Input, Type::sample(&[positions]));
            let table = trial.parameter(&[entries, width]);
            let y = trial.p.lookup(table, numbers);
            let y = trial.p.unary(Unary::Tanh, y);
            trial.check(y);
        },
    );
    let mut trial = Trial::new();
    trial.inputs[3] = -1.0;
    trial.inputs[4] = 2.0;
    let numbers = trial.p.leaf(Leaf::Input, Type::sample(&[1]));
    let table = trial.parameter(&[2, 3]);
    let y = trial.p.lookup(table, numbers);
    trial.p.outputs = vec![y];
    trial.agree("rows outside", &trial.p.alive(), Varying::Points);
}

#[test]
fn numbers_in_another_order() {
    let _alone = alone();
    for list in [
        vec![2, NONE, 0, 3],
        vec![1, 0],
        vec![NONE, 3, 2, 1, 0, NONE],
    ] {
        for sample in [true, false] {
            let mut trial = Trial::new();
            let x = trial.given(&[4], sample);
            let y = trial.p.moved(x, list.clone(), &[1, list.len()]);
            // Moved again, and read by an expression as it lies.
            let back = (0..list.len() as u32).rev().collect();
            let y = trial.p.moved(y, back, &[list.len(), 1]);
            let y = trial.p.unary(Unary::Tanh, y);
            trial.check(y);
        }
    }
}

/// Samples that read sums over samples, twice over: groups of [`TOGETHER`] have their own.
#[test]
fn statistics_of_groups_of_samples() {
    let _alone = alone();
    let mut trial = Trial::new();
    let x = trial.of_sample(&[3, 2]);
    let present = trial.p.leaf(Leaf::Present, Type::sample(&[1, 1]));
    let row = Type::shared(&[1, 2]);
    let count = trial.p.sum(present, Type::shared(&[1, 1]));
    let mean_of = |trial: &mut Trial, x: Id| {
        let x = trial.p.binary(Binary::Mul, x, present);
        let sum = trial.p.sum(x, row.clone());
        let share = trial.p.unary(Unary::Recip, count);
        trial.p.binary(Binary::Mul, sum, share)
    };
    let mean = mean_of(&mut trial, x);
    let centred = trial.p.binary(Binary::Sub, x, mean);
    let square = trial.p.binary(Binary::Mul, centred, centred);
    let variance = mean_of(&mut trial, square);
    let scale = trial.p.apply(variance, |e: &mut Expression, v| {
        let small = e.constant(0.1);
        let v = e.add(v, small);
        let root = e.unary(Unary::Sqrt, v);
        e.unary(Unary::Recip, root)
    });
    let y = trial.p.binary(Binary::Mul, centred, scale);
    let y = trial.p.unary(Unary::Tanh, y);
    let known = trial
        .p
        .leaf(Leaf::constant(gaussian(6, 5)), Type::shared(&[3, 2]));
    let product = trial.p.binary(Binary::Mul, y, known);
    let product = trial.present(product);
    let f = trial.p.sum(product, Type::shared(&[1, 1]));
    trial.p.outputs = vec![f, mean, variance, y];
    trial.agree("statistics", &trial.p.alive(), Varying::Points);
    trial.p.outputs = vec![f];
    let slopes = pull(&trial.p.alive(), false).program;
    trial.agree("slopes", &slopes, Varying::Points);
    trial.agree("rates of slopes", &rate(&slopes), Varying::Tangents);
}
