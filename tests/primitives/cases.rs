//! The cases that every executor is held to: each primitive by itself, at random shapes.
//!
//! A case makes a value in a [`Trial`] and hands both to an [`Executor`], which says what must hold of them.

use losscope::dataset::TargetSlice;
use losscope::model::primitive::expression::{Binary, Expression, Unary};
use losscope::model::primitive::moved::NONE;
use losscope::model::primitive::{Geometry, Leaf, Slot, Table};
use losscope::model::program::{Id, Program, Type};
use losscope::model::run::{Backend, Batch, Numbers, Outputs, Source, Varying};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// A block of thirty-two, or vectors of four, and a part of one.
pub const SAMPLES: usize = 37;
/// Samples that share statistics, where any are measured.
pub const TOGETHER: usize = 21;

/// What a case ends with.
pub type Held = Result<(), TestCaseError>;

/// An executor, and what is held of it.
pub trait Executor {
    /// Shapes that a case is tried at: few where each means kernels to compile.
    const SHAPES: u32;

    /// Everything that is to be held of a primitive with the result `y`; `each`: whether a sample has slopes
    /// of its own.
    fn check(&self, trial: Trial, y: Id, each: bool) -> Held;

    /// It finds what the others find, at every point that `varying` says.
    fn agree(&self, trial: &Trial, what: &str, program: &Program, varying: Varying) -> Held;

    /// Tries a case at shapes that are random, but the same every time: a kink that lies within a
    /// difference's step would be found once, not now and then.
    #[track_caller]
    fn for_any<S: Strategy>(&self, shapes: S, test: impl Fn(S::Value) -> Held) {
        let config = ProptestConfig {
            cases: Self::SHAPES,
            failure_persistence: None,
            ..ProptestConfig::default()
        };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        TestRunner::new_with_rng(config, rng)
            .run(&shapes, test)
            .unwrap_or_else(|e| panic!("{e}"));
    }
}

/// A test for every case of an executor; `$begin` stands before each.
macro_rules! every_case {
    ($executor:expr, $begin:expr) => {
        every_case!($executor, $begin,
            functions_of_one_number functions_of_two_numbers_of_any_shape
            forms_with_any_place_as_the_result products_with_what_follows_them
            products_of_matrices_of_samples sums_along_any_axes_and_over_samples
            shifts_by_the_largest largest_of_windows largest_of_equal_and_of_unknown_values
            rows_of_tables numbers_in_another_order the_same_numbers_in_another_shape
            targets_of_any_number statistics_of_groups_of_samples);
    };
    ($executor:expr, $begin:expr, $($case:ident)*) => {
        $(
            #[test]
            fn $case() {
                let _begun = $begin;
                cases::$case(&$executor);
            }
        )*
    };
}
pub(crate) use every_case;

pub fn gaussian(n: usize, seed: u64) -> Vec<f64> {
    use rand::SeedableRng as _;
    use rand_distr::{Distribution as _, StandardNormal};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    (0..n).map(|_| StandardNormal.sample(&mut rng)).collect()
}

/// A program in the making, its parameters at the first point, and the samples.
#[derive(Clone)]
pub struct Trial {
    pub p: Program,
    pub parameters: Vec<Vec<f64>>,
    pub inputs: Vec<f32>,
    pub targets: Vec<f32>,
}

impl Source for Trial {
    fn fill(&self, leaf: &Leaf, point: usize, out: Numbers<'_>) {
        match leaf {
            Leaf::Parameter(index) => {
                let scale = 1.0 + 0.25 * point as f64;
                out.fill(self.parameters[*index].iter().map(|v| scale * v));
            }
            Leaf::Tangent(index) => out.fill(self.tangent(*index)),
            other => unreachable!("{other:?} at a point"),
        }
    }
}

impl Trial {
    pub fn new() -> Self {
        let inputs = gaussian(SAMPLES, 1);
        Self {
            p: Program::default(),
            parameters: Vec::new(),
            inputs: inputs.into_iter().map(|v| v as f32).collect(),
            targets: vec![0.0; SAMPLES],
        }
    }

    /// The direction of rates, of one parameter.
    pub fn tangent(&self, index: usize) -> Vec<f64> {
        gaussian(self.parameters[index].len(), 900 + index as u64)
    }

    pub fn parameter(&mut self, shape: &[usize]) -> Id {
        let index = self.parameters.len();
        let values = gaussian(shape.iter().product(), 100 + index as u64);
        self.parameters
            .push(values.into_iter().map(|v| 0.5 * v).collect());
        self.p.leaf(Leaf::Parameter(index), Type::shared(shape))
    }

    /// A value that differs from sample to sample: a z + b, with z the sample's only input; 0 where there is
    /// no sample, as whatever is added up over samples must be.
    pub fn of_sample(&mut self, shape: &[usize]) -> Id {
        let z = self.p.leaf(Leaf::Input, Type::sample(&[1]));
        let z = self.p.view(z, &vec![1; shape.len()]);
        let (a, b) = (self.parameter(shape), self.parameter(shape));
        let slope = self.p.binary(Binary::Mul, a, z);
        let x = self.p.binary(Binary::Add, slope, b);
        self.present(x)
    }

    /// 0 where there is no sample.
    pub fn present(&mut self, x: Id) -> Id {
        let ones = vec![1; self.p.ty(x).shape.len()];
        let present = self.p.leaf(Leaf::Present, Type::sample(&[1]));
        let present = self.p.view(present, &ones);
        self.p.binary(Binary::Mul, x, present)
    }

    /// 0 or 1, at places that no parameter moves: what is compared may not step over a kink.
    pub fn steps(&mut self, shape: &[usize], sample: bool, seed: u64) -> Id {
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

    pub fn given(&mut self, shape: &[usize], sample: bool) -> Id {
        if sample {
            self.of_sample(shape)
        } else {
            self.parameter(shape)
        }
    }

    /// The outputs at some points, twice with what is kept: they must be the same bits.
    pub fn run(
        &self,
        backend: &dyn Backend,
        program: &Program,
        varying: Varying,
        points: usize,
    ) -> Vec<Outputs> {
        let prepared = backend.prepare(program, varying);
        let batch = Batch {
            count: SAMPLES,
            inputs: &self.inputs,
            targets: TargetSlice::Values(&self.targets),
            weights: None,
        };
        let kept = prepared.keeper(SAMPLES, 1 << 20);
        let run = || prepared.run(self, batch, points, TOGETHER, kept.as_ref());
        let (first, again) = (run().unwrap(), run().unwrap());
        // NaN is NaN whatever its bits.
        let bits = |all: &[Outputs]| -> Vec<u64> {
            let numbers = all.iter().flatten().flatten();
            let bits = |v: &f64| if v.is_nan() { u64::MAX } else { v.to_bits() };
            numbers.map(bits).collect()
        };
        assert_eq!(bits(&first), bits(&again), "another time, other bits");
        first
    }

    /// f = ⟨u, y⟩ over all samples, with u random numbers: a program of f and y, and one of f alone.
    pub fn product_with(mut self, y: Id) -> (Program, Self) {
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
        self.p = self.p.alive();
        (values, self)
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

pub fn functions_of_one_number(on: &impl Executor) {
    on.for_any((1_usize..5, 1_usize..4), |(rows, width)| {
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
            on.check(trial, y, true)?;
        }
        Ok(())
    });
}

/// Two values of which each may be repeated along any axis, and for all samples.
pub fn functions_of_two_numbers_of_any_shape(on: &impl Executor) {
    let axis = (1_usize..4, 0_usize..3);
    let axes = prop::collection::vec(axis, 1..6);
    on.for_any((axes, 0_usize..4), |(axes, samples)| {
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
            // Far above or far below the other: what is compared may not step over a kink.
            let y = if function == Binary::Least {
                let side = trial.steps(&extent(2), of_y, 4);
                let away = trial.p.apply(side, |e, side| {
                    let (width, half) = (e.constant(80.0), e.constant(40.0));
                    let far = e.mul(side, width);
                    e.sub(far, half)
                });
                trial.p.binary(Binary::Add, y, away)
            } else {
                y
            };
            let y = trial.p.binary(function, x, y);
            on.check(trial, y, true)?;
        }
        Ok(())
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

pub fn forms_with_any_place_as_the_result(on: &impl Executor) {
    let places = (1_usize..5, 1_usize..5, 1_usize..4);
    let channels = (1_usize..4, 1_usize..20, 1_usize..10);
    on.for_any((places, channels, any::<u64>()), |(p, c, seed)| {
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
                on.check(trial, y, true)?;
            }
        }
        Ok(())
    });
}

/// A product's kernel adds and rectifies too.
pub fn products_with_what_follows_them(on: &impl Executor) {
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
        on.check(trial, y, true).unwrap();
    }
}

pub fn products_of_matrices_of_samples(on: &impl Executor) {
    let dims = (1_usize..3, 1_usize..7, 1_usize..7, 1_usize..7);
    on.for_any(dims, |(batch, m, k, n)| {
        let mut trial = Trial::new();
        let a = trial.of_sample(&[batch, m, k]);
        let b = trial.of_sample(&[batch, k, n]);
        let y = trial.p.product(a, b);
        on.check(trial, y, true)
    });
}

pub fn sums_along_any_axes_and_over_samples(on: &impl Executor) {
    let axes = prop::collection::vec((1_usize..4, any::<bool>()), 1..5);
    on.for_any((axes, any::<bool>()), |(axes, samples)| {
        let shape: Vec<usize> = axes.iter().map(|(extent, _)| *extent).collect();
        let kept = |(extent, keep): &(usize, bool)| if *keep { *extent } else { 1 };
        let mut trial = Trial::new();
        let x = trial.of_sample(&shape);
        let ty = Type {
            sample: !samples,
            shape: axes.iter().map(kept).collect(),
        };
        let y = trial.p.sum(x, ty);
        on.check(trial, y, true)
    });
}

/// A shift by the largest cancels in a softmax; its derivative is never taken.
pub fn shifts_by_the_largest(on: &impl Executor) {
    on.for_any((1_usize..4, 1_usize..6), |(rows, width)| {
        let mut trial = Trial::new();
        let x = trial.of_sample(&[rows, width]);
        let most = trial.p.most(x, &[1]);
        let shifted = trial.p.binary(Binary::Sub, x, most);
        let power = trial.p.unary(Unary::Exp, shifted);
        let sum = trial.p.total(power, &[1]);
        let share = trial.p.unary(Unary::Recip, sum);
        let y = trial.p.binary(Binary::Mul, power, share);
        on.check(trial, y, true)
    });
}

pub fn largest_of_windows(on: &impl Executor) {
    let window = prop::collection::vec(0_u32..6, 0..4);
    let windows = prop::collection::vec(window, 1..5);
    on.for_any((windows, 1_usize..4), |(mut windows, channels)| {
        for window in &mut windows {
            window.sort_unstable();
            window.dedup();
        }
        let mut trial = Trial::new();
        let x = trial.of_sample(&[6, channels]);
        let y = trial.p.largest(x, windows);
        on.check(trial, y, true)
    });
}

/// The first of equal values counts, and what is no number isn't lost.
pub fn largest_of_equal_and_of_unknown_values(on: &impl Executor) {
    // Negative values have no root.
    for function in [Unary::Sqrt, Unary::Step] {
        let mut trial = Trial::new();
        let x = trial.of_sample(&[4, 2]);
        let x = trial.p.unary(function, x);
        let y = trial.p.largest(x, vec![vec![0, 1, 2], vec![2, 3], vec![1]]);
        let index = trial.p.step(y).args[1];
        trial.p.outputs = vec![y, index];
        let program = trial.p.alive();
        on.agree(&trial, "windows", &program, Varying::Points)
            .unwrap();
        let most = trial.p.largest(x, vec![vec![0, 1, 2], vec![2, 3]]);
        trial.p.outputs = vec![most];
        let program = trial.p.alive();
        on.agree(&trial, "largest of windows", &program, Varying::Points)
            .unwrap();
    }
}

/// Rows by number; their slopes are rows added up by number.
pub fn rows_of_tables(on: &impl Executor) {
    let shapes = (1_usize..6, 1_usize..4, 1_usize..5);
    on.for_any(
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
            on.check(trial, y, true)
        },
    );
}

pub fn numbers_in_another_order(on: &impl Executor) {
    let list = prop::collection::vec(any::<u64>(), 1..9);
    on.for_any((2_usize..7, list), |(size, keys)| {
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
            on.check(trial, y, true)?;
        }
        Ok(())
    });
}

pub fn the_same_numbers_in_another_shape(on: &impl Executor) {
    on.for_any((1_usize..5, 1_usize..5), |(rows, width)| {
        let mut trial = Trial::new();
        let x = trial.of_sample(&[rows, width]);
        let x = trial.p.unary(Unary::Exp, x);
        let y = trial.p.view(x, &[width, rows]);
        on.check(trial, y, true)
    });
}

/// Targets of any number a sample, labels or not.
pub fn targets_of_any_number(on: &impl Executor) {
    on.for_any(1_usize..5, |count| {
        let mut trial = Trial::new();
        let targets = gaussian(SAMPLES * count, 8);
        trial.targets = targets.into_iter().map(|v| v as f32).collect();
        let target = trial.p.leaf(Leaf::Label, Type::sample(&[1, count]));
        let x = trial.of_sample(&[1, count]);
        let off = trial.p.binary(Binary::Sub, x, target);
        let y = trial.p.binary(Binary::Mul, off, off);
        on.check(trial, y, true)
    });
}

/// Samples that read sums over samples, twice over: groups of [`TOGETHER`] have their own.
pub fn statistics_of_groups_of_samples(on: &impl Executor) {
    on.for_any((1_usize..4, 1_usize..4), |(positions, channels)| {
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
        on.check(trial, y, false)
    });
}
