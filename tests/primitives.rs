//! Every primitive by itself, at random shapes: its derivatives against central differences and against
//! each other, and the processor's executor against burn's.
//!
//! With y the primitive's result, u random numbers of its shape and f = ⟨u, y⟩ summed over samples: the rate
//! of f is ⟨u, Jv⟩ and its slopes are Jᵀu.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use losscope::dataset::TargetSlice;
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::Precision;
use losscope::model::derive::{pull, rate};
use losscope::model::primitive::expression::{Binary, Expression, Unary};
use losscope::model::primitive::moved::NONE;
use losscope::model::primitive::{Geometry, Leaf, Slot, Table};
use losscope::model::program::{Id, Program, Type};
use losscope::model::run::{Backend, Batch, Device, Numbers, Outputs, Source, Varying};
use losscope::model::simplify::fuse;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::sync::Arc;

/// A block of thirty-two and a part of one.
const SAMPLES: usize = 37;
/// Samples that share statistics, where any are measured.
const TOGETHER: usize = 21;

fn gaussian(n: usize, seed: u64) -> Vec<f64> {
    use rand::SeedableRng as _;
    use rand_distr::{Distribution as _, StandardNormal};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
}

/// Shapes are random, but the same every time: a kink that lies within a difference's step would be found
/// once, not now and then.
#[track_caller]
fn for_any<S: Strategy>(shapes: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(config, rng)
        .run(&shapes, test)
        .unwrap_or_else(|e| panic!("{e}"));
}

/// A program in the making and everything it reads.
struct Trial {
    p: Program,
    parameters: Vec<Vec<f64>>,
    inputs: Vec<f32>,
    targets: Vec<f32>,
}

/// A point and a tangent.
struct Here<'a> {
    parameters: &'a [Vec<f64>],
    tangent: &'a [Vec<f64>],
}

impl Source for Here<'_> {
    fn fill(&self, leaf: &Leaf, _: usize, out: Numbers<'_>) {
        match leaf {
            Leaf::Parameter(index) => out.fill(self.parameters[*index].iter().copied()),
            Leaf::Tangent(index) => out.fill(self.tangent[*index].iter().copied()),
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
            targets: vec![0.0; SAMPLES],
        }
    }

    fn parameter(&mut self, shape: &[usize]) -> Id {
        let index = self.parameters.len();
        let values = gaussian(shape.iter().product(), 100 + index as u64);
        self.parameters
            .push(values.into_iter().map(|v| 0.7 * v).collect());
        self.p.leaf(Leaf::Parameter(index), Type::shared(shape))
    }

    /// A value that differs from sample to sample: a z + b, with z the sample's only input; 0 where there is
    /// no sample, as whatever is added up over samples must be.
    fn of_sample(&mut self, shape: &[usize]) -> Id {
        let z = self.p.leaf(Leaf::Input, Type::sample(&[1]));
        let z = self.p.view(z, &vec![1; shape.len()]);
        let (a, b) = (self.parameter(shape), self.parameter(shape));
        let slope = self.p.binary(Binary::Mul, a, z);
        let x = self.p.binary(Binary::Add, slope, b);
        self.present(x)
    }

    /// 0 where there is no sample.
    fn present(&mut self, x: Id) -> Id {
        let ones = vec![1; self.p.ty(x).shape.len()];
        let present = self.p.leaf(Leaf::Present, Type::sample(&[1]));
        let present = self.p.view(present, &ones);
        self.p.binary(Binary::Mul, x, present)
    }

    /// 0 or 1, at places that no parameter moves: what is compared may not step over a kink.
    fn steps(&mut self, shape: &[usize], sample: bool, seed: u64) -> Id {
        let known = Leaf::constant(gaussian(shape.iter().product(), seed));
        let known = self.p.leaf(known, Type::shared(shape));
        let mut x = known;
        if sample {
            let z = self.p.leaf(Leaf::Input, Type::sample(&[1]));
            let z = self.p.view(z, &vec![1; shape.len()]);
            x = self.p.binary(Binary::Add, known, z);
        }
        self.p.unary(Unary::Step, x)
    }

    fn given(&mut self, shape: &[usize], sample: bool) -> Id {
        if sample {
            self.of_sample(shape)
        } else {
            self.parameter(shape)
        }
    }

    fn run(&self, backend: &dyn Backend, program: &Program, here: &Here<'_>) -> Outputs {
        let prepared = backend.prepare(program, Varying::Points);
        let batch = Batch {
            count: SAMPLES,
            inputs: &self.inputs,
            targets: TargetSlice::Values(&self.targets),
            weights: None,
        };
        let mut found = prepared.run(here, batch, 1, TOGETHER, None).unwrap();
        found.remove(0)
    }

    /// The outputs of a program on the processor's executor, which others must find too.
    fn found(&self, program: &Program, tangent: &[Vec<f64>]) -> Result<Outputs, TestCaseError> {
        let here = Here {
            parameters: &self.parameters,
            tangent,
        };
        let lanes = Device::Lanes.backends(true, 1 << 30).swap_remove(0);
        let expected = self.run(lanes.as_ref(), &fuse(program), &here);
        let ndarray = device::open(DeviceChoice::Ndarray, Precision::F64).unwrap();
        let others: [(&str, Arc<dyn Backend>); 3] = [
            ("flex", Device::Lanes.backends(true, 1 << 30).swap_remove(1)),
            // So little memory that samples pass a few at a time.
            (
                "flex, tight",
                Device::Lanes.backends(true, 1 << 13).swap_remove(1),
            ),
            (
                "ndarray",
                ndarray.device.backends(true, 1 << 30).swap_remove(0),
            ),
        ];
        for (name, backend) in others {
            let outputs = self.run(backend.as_ref(), program, &here);
            prop_assert_eq!(outputs.len(), expected.len());
            for (which, (a, b)) in outputs.iter().zip(&expected).enumerate() {
                prop_assert_eq!(a.len(), b.len(), "{}: output {}", name, which);
                let largest = b.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
                for (a, b) in a.iter().zip(b) {
                    // Sums of a few hundred numbers in another order.
                    prop_assert!(
                        (a - b).abs() <= 1e-11 * largest,
                        "{}: output {}: {} for {}",
                        name,
                        which,
                        a,
                        b
                    );
                }
            }
        }
        Ok(expected)
    }

    /// Everything that is to be held of a primitive with the result `y`.
    fn check(self, y: Id) -> Result<(), TestCaseError> {
        let (f, gradient) = self.derivatives(y)?;
        // Slopes of every sample add up to those of all.
        let each = pull(&f.p, true);
        let all = f.found(&each.program, &f.tangent())?;
        let ids = &each.program.outputs[1..];
        for ((parts, id), whole) in all[1..].iter().zip(ids).zip(&gradient) {
            if !each.program.ty(*id).sample {
                continue;
            }
            for (k, expected) in whole.iter().enumerate() {
                let parts = parts.iter().skip(k).step_by(whole.len());
                let (sum, size) = parts.fold((0.0, 1.0), |(s, n), x| (s + x, n + x.abs()));
                prop_assert!(
                    (sum - expected).abs() <= 1e-11 * size,
                    "{} {}",
                    sum,
                    expected
                );
            }
        }
        Ok(())
    }

    fn tangent(&self) -> Vec<Vec<f64>> {
        let parameters = self.parameters.iter().enumerate();
        parameters
            .map(|(i, values)| gaussian(values.len(), 900 + i as u64))
            .collect()
    }

    /// Values and derivatives of `y`; gives f and its slopes.
    fn derivatives(mut self, y: Id) -> Result<(Self, Vec<Vec<f64>>), TestCaseError> {
        let ty = self.p.ty(y).clone();
        let u = self.p.leaf(
            Leaf::constant(gaussian(ty.size(), 5)),
            Type::shared(&ty.shape),
        );
        let mut product = self.p.binary(Binary::Mul, y, u);
        if ty.sample {
            product = self.present(product);
        }
        let f = self.p.sum(product, Type::shared(&vec![1; ty.shape.len()]));
        self.p.outputs = vec![f, y];
        let values = self.p.alive();
        self.p.outputs = vec![f];
        let f = self.p.alive();
        let tangent = self.tangent();
        let value = self.found(&values, &tangent)?[0][0];
        let along = self.found(&rate(&f), &tangent)?[0][0];
        let slopes = pull(&f, false);
        let gradient = self.found(&slopes.program, &tangent)?;
        prop_assert!((gradient[0][0] - value).abs() <= 1e-12 * value.abs().max(1.0));
        // Jᵀu along v is u along Jv.
        let dot = |slopes: &[Vec<f64>], parameters: &[usize]| -> (f64, f64) {
            let terms = parameters.iter().zip(slopes).flat_map(|(index, slope)| {
                let tangent = tangent[*index].iter();
                slope.iter().zip(tangent).map(|(a, b)| a * b)
            });
            terms.fold((0.0, 1.0), |(sum, size), t| (sum + t, size + t.abs()))
        };
        let (back, size) = dot(&gradient[1..], &slopes.parameters);
        prop_assert!((back - along).abs() <= 1e-12 * size, "{} {}", back, along);
        // Truncation (h²) and rounding (ε/h) are both far below the tolerance.
        let h = 1e-6;
        let at = |step: f64| -> f64 {
            let moved: Vec<Vec<f64>> = self
                .parameters
                .iter()
                .zip(&tangent)
                .map(|(x, v)| x.iter().zip(v).map(|(x, v)| x + step * v).collect())
                .collect();
            let here = Here {
                parameters: &moved,
                tangent: &tangent,
            };
            let lanes = Device::Lanes.backends(true, 1 << 30).swap_remove(0);
            self.run(lanes.as_ref(), &f, &here)[0][0]
        };
        let difference = (at(h) - at(-h)) / (2.0 * h);
        prop_assert!(
            (difference - along).abs() <= 1e-7 * (size + value.abs()),
            "differences say {}, the rate is {}",
            difference,
            along
        );
        // Second derivatives.
        self.found(&rate(&slopes.program), &tangent)?;
        self.p = f;
        Ok((self, gradient[1..].to_vec()))
    }
}

const UNARY: [Unary; 12] = [
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
];

#[test]
fn functions_of_one_number() {
    for_any((1_usize..5, 1_usize..4), |(rows, width)| {
        for function in UNARY {
            let mut trial = Trial::new();
            let mut x = trial.of_sample(&[rows, width]);
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
            trial.check(y)?;
        }
        Ok(())
    });
}

/// Two values of which each may be repeated along any axis, and for all samples.
#[test]
fn functions_of_two_numbers_of_any_shape() {
    let axis = (1_usize..4, 0_usize..3);
    let axes = prop::collection::vec(axis, 1..6);
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
            let (of_x, of_y) = (samples & 1 == 0, samples & 2 == 0);
            let compares = matches!(function, Binary::Greater | Binary::Equal);
            let x = if compares || function == Binary::Where {
                trial.steps(&extent(1), of_x, 3)
            } else {
                trial.given(&extent(1), of_x)
            };
            let y = if compares {
                trial.steps(&extent(2), of_y, 4)
            } else {
                trial.given(&extent(2), of_y)
            };
            let y = trial.p.binary(function, x, y);
            trial.check(y)?;
        }
        Ok(())
    });
}

/// Bounds keep what is no number, and infinite values are bounded as any.
#[test]
fn the_least_of_two_keeps_nan() {
    for (x, y) in [(f64::NAN, 1.0), (1.0, f64::NAN), (f64::NAN, f64::NAN)] {
        assert!(Binary::Least.of(x, y).is_nan(), "{x} and {y}");
    }
    assert_eq!(Binary::Least.of(f64::INFINITY, 6.0), 6.0);
    assert_eq!(Binary::Least.of(f64::NEG_INFINITY, 6.0), f64::NEG_INFINITY);
}

/// What is masked may be anything.
#[test]
fn where_lets_nothing_through() {
    let mut trial = Trial::new();
    let x = trial.of_sample(&[2, 3]);
    let mask = trial.p.unary(Unary::Step, x);
    let root = trial.p.unary(Unary::Sqrt, x);
    let inverse = trial.p.apply(x, |e, x| {
        let root = e.unary(Unary::Relu, x);
        e.unary(Unary::Recip, root)
    });
    let both = [root, inverse].map(|y| trial.p.binary(Binary::Where, mask, y));
    trial.p.outputs = both.to_vec();
    let program = trial.p.alive();
    let found = trial.found(&program, &[]).unwrap();
    assert!(found.iter().flatten().all(|v| v.is_finite()));
    assert!(found.iter().flatten().any(|v| *v == 0.0));
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
    let places = (1_usize..5, 1_usize..5, 1_usize..4);
    let channels = (1_usize..4, 1_usize..4, 1_usize..10);
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
                trial.check(y)?;
            }
        }
        Ok(())
    });
}

#[test]
fn products_of_matrices_of_samples() {
    let dims = (1_usize..3, 1_usize..4, 1_usize..4, 1_usize..4);
    for_any(dims, |(batch, m, k, n)| {
        let mut trial = Trial::new();
        let a = trial.of_sample(&[batch, m, k]);
        let b = trial.of_sample(&[batch, k, n]);
        let y = trial.p.product(a, b);
        trial.check(y)
    });
}

#[test]
fn sums_along_any_axes_and_over_samples() {
    let axes = prop::collection::vec((1_usize..4, any::<bool>()), 1..5);
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
        trial.check(y)
    });
}

/// A shift by the largest cancels in a softmax; its derivative is never taken.
#[test]
fn shifts_by_the_largest() {
    for_any((1_usize..4, 1_usize..6), |(rows, width)| {
        let mut trial = Trial::new();
        let x = trial.of_sample(&[rows, width]);
        let most = trial.p.most(x, &[1]);
        let shifted = trial.p.binary(Binary::Sub, x, most);
        let power = trial.p.unary(Unary::Exp, shifted);
        let sum = trial.p.total(power, &[1]);
        let share = trial.p.unary(Unary::Recip, sum);
        let y = trial.p.binary(Binary::Mul, power, share);
        trial.check(y)
    });
}

#[test]
fn largest_of_windows() {
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
        trial.check(y)
    });
}

/// The first of equal values counts, and what is no number isn't lost.
#[test]
fn largest_of_equal_and_of_unknown_values() {
    for unknown in [false, true] {
        let mut trial = Trial::new();
        let x = trial.of_sample(&[4, 2]);
        // Negative values have no root.
        let function = if unknown { Unary::Sqrt } else { Unary::Step };
        let x = trial.p.unary(function, x);
        let y = trial.p.largest(x, vec![vec![0, 1, 2], vec![2, 3], vec![1]]);
        let index = trial.p.step(y).args[1];
        trial.p.outputs = vec![y, index];
        let program = trial.p.alive();
        let here = Here {
            parameters: &trial.parameters,
            tangent: &[],
        };
        let backends = Device::Lanes.backends(true, 1 << 30);
        let found: Vec<Vec<u64>> = backends
            .iter()
            .map(|backend| {
                let outputs = trial.run(backend.as_ref(), &program, &here);
                // NaN is NaN whatever its bits.
                let bits = |v: f64| if v.is_nan() { u64::MAX } else { v.to_bits() };
                outputs.concat().into_iter().map(bits).collect()
            })
            .collect();
        assert_eq!(found[0], found[1]);
        assert_eq!(unknown, found[0].contains(&u64::MAX));
    }
}

/// Rows by number; their slopes are rows added up by number.
#[test]
fn rows_of_tables() {
    let shapes = (1_usize..6, 1_usize..4, 1_usize..5);
    for_any(
        (shapes, any::<u64>()),
        |((entries, width, positions), seed)| {
            let mut trial = Trial::new();
            let numbers = gaussian(SAMPLES * positions, seed);
            let number = |v: f64| ((v.abs() * 1000.0) as usize % entries) as f32;
            trial.inputs = numbers.into_iter().map(number).collect();
            let numbers = trial.p.leaf(Leaf::Input, Type::sample(&[positions]));
            let table = trial.parameter(&[entries, width]);
            let y = trial.p.lookup(table, numbers);
            let y = trial.p.unary(Unary::Tanh, y);
            trial.check(y)
        },
    );
}

#[test]
fn numbers_in_another_order() {
    let list = prop::collection::vec(any::<u64>(), 1..9);
    for_any((2_usize..7, list), |(size, keys)| {
        // Some of them in any order, with zeros between.
        let mut list: Vec<u32> = (0..size as u32).chain([NONE, NONE]).collect();
        for (i, key) in keys.iter().enumerate() {
            let (a, b) = (i % list.len(), *key as usize % list.len());
            list.swap(a, b);
        }
        list.truncate(keys.len().min(list.len()));
        for sample in [true, false] {
            let mut trial = Trial::new();
            let x = trial.given(&[size], sample);
            let y = trial.p.moved(x, list.clone(), &[1, list.len()]);
            let y = trial.p.unary(Unary::Tanh, y);
            trial.check(y)?;
        }
        Ok(())
    });
}

#[test]
fn the_same_numbers_in_another_shape() {
    for_any((1_usize..5, 1_usize..5), |(rows, width)| {
        let mut trial = Trial::new();
        let x = trial.of_sample(&[rows, width]);
        let x = trial.p.unary(Unary::Exp, x);
        let y = trial.p.view(x, &[width, rows]);
        trial.check(y)
    });
}

/// Targets of any number a sample, labels or not.
#[test]
fn targets_of_any_number() {
    for_any(1_usize..5, |count| {
        let mut trial = Trial::new();
        let targets = gaussian(SAMPLES * count, 8);
        trial.targets = targets.into_iter().map(|v| v as f32).collect();
        let target = trial.p.leaf(Leaf::Label, Type::sample(&[1, count]));
        let x = trial.of_sample(&[1, count]);
        let off = trial.p.binary(Binary::Sub, x, target);
        let y = trial.p.binary(Binary::Mul, off, off);
        trial.check(y)
    });
}

/// Samples that read sums over samples, twice over: groups of [`TOGETHER`] have their own.
#[test]
fn statistics_of_groups_of_samples() {
    for_any((1_usize..4, 1_usize..4), |(positions, channels)| {
        let mut trial = Trial::new();
        let x = trial.of_sample(&[positions, channels]);
        let present = trial.p.leaf(Leaf::Present, Type::sample(&[1, 1]));
        let row = Type::shared(&[1, channels]);
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
        trial.derivatives(y).map(drop)
    });
}
