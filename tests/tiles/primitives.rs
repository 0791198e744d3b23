//! The cases of primitives on the executor for GPUs: values, slopes, slopes of every sample and second
//! derivatives at a few points.

use crate::cases::{self, Executor, Held, Trial, every_case};
use crate::{TOLERANCE, alone, off, opened};
use losscope::model::derive::{pull, rate};
use losscope::model::primitive::Leaf;
use losscope::model::primitive::expression::{Binary, Unary};
use losscope::model::program::{Id, Program, Type};
use losscope::model::run::{Device, Varying};
use losscope::model::simplify::fuse;

const POINTS: usize = 3;

/// The executor for GPUs.
struct Tiles;

impl Executor for Tiles {
    const SHAPES: u32 = 3;

    fn check(&self, trial: Trial, y: Id, each: bool) -> Held {
        let (values, f) = trial.product_with(y);
        self.agree(&f, "values", &values, Varying::Points)?;
        let slopes = pull(&f.p, false).program;
        self.agree(&f, "slopes", &slopes, Varying::Points)?;
        if each {
            let own = pull(&f.p, true).program;
            self.agree(&f, "slopes of samples", &own, Varying::Points)?;
        }
        self.agree(&f, "rates of slopes", &rate(&slopes), Varying::Tangents)
    }

    /// What the processor's executor finds, in one pass and in many.
    fn agree(&self, trial: &Trial, what: &str, program: &Program, varying: Varying) -> Held {
        let program = fuse(program);
        let points = if varying == Varying::Points {
            POINTS
        } else {
            1
        };
        let lanes = Device::Lanes.backends(true, 1 << 30).swap_remove(0);
        let expected = trial.run(lanes.as_ref(), &program, varying, points);
        for memory in [1 << 30, 1 << 14] {
            let tiles = opened().backends(false, memory).swap_remove(0);
            let found = trial.run(tiles.as_ref(), &program, varying, points);
            for (point, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_eq!(found.len(), expected.len());
                // Where terms cancel to nothing, what single precision leaves of them is as large as their digits.
                let finite = expected.iter().flatten().filter(|v| v.is_finite());
                // Numbers of order one go in, and powers of 1/√0.1 stand between where statistics are taken.
                let largest = finite.fold(1.0_f64, |most, v| most.max(v.abs()));
                for (output, (a, b)) in found.iter().zip(expected).enumerate() {
                    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= 5e-5 * largest;
                    let off = off(a, b);
                    assert!(
                        off <= TOLERANCE || a.iter().zip(b).all(near),
                        "{what}, output {output} at point {point} in {memory} bytes: off by {off:.1e}: {:?} for {:?}",
                        &a[..a.len().min(12)],
                        &b[..b.len().min(12)]
                    );
                }
            }
        }
        Ok(())
    }
}

every_case!(Tiles, alone());

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
        let found = trial.run(tiles.as_ref(), &trial.p.alive(), Varying::Points, 1);
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

/// A number outside a table is no row of it.
#[test]
fn rows_outside_a_table() {
    let _alone = alone();
    let mut trial = Trial::new();
    trial.inputs.fill(0.0);
    trial.inputs[3] = -1.0;
    trial.inputs[4] = 2.0;
    let numbers = trial.p.leaf(Leaf::Input, Type::sample(&[1]));
    let table = trial.parameter(&[2, 3]);
    let y = trial.p.lookup(table, numbers);
    trial.p.outputs = vec![y];
    let program = trial.p.alive();
    Tiles
        .agree(&trial, "rows outside", &program, Varying::Points)
        .unwrap();
}
