//! Every primitive by itself, at random shapes: its derivatives against central differences and against
//! each other, and the processor's executor against burn's.
//!
//! With y the primitive's result, u random numbers of its shape and f = ⟨u, y⟩ summed over samples: the rate
//! of f is ⟨u, Jv⟩ and its slopes are Jᵀu.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// The cases, which every executor is held to.
#[path = "primitives/cases.rs"]
mod cases;

use cases::{Executor, Held, Trial, every_case};
use losscope::engine::device::{self, DeviceChoice};
use losscope::landscape::evaluate::Precision;
use losscope::model::derive::{pull, rate};
use losscope::model::primitive::expression::{Binary, Unary};
use losscope::model::program::Id;
use losscope::model::program::Program;
use losscope::model::run::{Backend, Device, Outputs, Varying};
use losscope::model::simplify::fuse;
use proptest::prelude::*;
use std::sync::Arc;

/// The processor's executor in double precision, and burn's.
struct Processor;

fn lanes() -> Arc<dyn Backend> {
    Device::Lanes.backends(true, 1 << 30).swap_remove(0)
}

/// Those that find what [`lanes`] finds.
fn others() -> [(&'static str, Arc<dyn Backend>); 3] {
    let ndarray = device::open(DeviceChoice::Ndarray, Precision::F64).unwrap();
    let flex = |memory| Device::Lanes.backends(true, memory).swap_remove(1);
    [
        ("flex", flex(1 << 30)),
        // So little memory that samples pass a few at a time.
        ("flex, tight", flex(1 << 13)),
        (
            "ndarray",
            ndarray.device.backends(true, 1 << 30).swap_remove(0),
        ),
    ]
}

/// The outputs of a program on the processor's executor, which others must find too.
fn found(trial: &Trial, program: &Program, varying: Varying) -> Result<Outputs, TestCaseError> {
    let of = |backend: &dyn Backend, program: &Program| {
        trial.run(backend, program, varying, 1).swap_remove(0)
    };
    let expected = of(lanes().as_ref(), &fuse(program));
    for (name, backend) in others() {
        let outputs = of(backend.as_ref(), program);
        prop_assert_eq!(outputs.len(), expected.len());
        for (which, (a, b)) in outputs.iter().zip(&expected).enumerate() {
            prop_assert_eq!(a.len(), b.len(), "{}: output {}", name, which);
            let finite = b.iter().filter(|v| v.is_finite());
            let largest = finite.fold(1.0_f64, |m, v| m.max(v.abs()));
            for (a, b) in a.iter().zip(b) {
                let same = a == b || a.is_nan() && b.is_nan();
                // Sums of a few hundred numbers in another order.
                prop_assert!(
                    same || (a - b).abs() <= 1e-11 * largest,
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

impl Executor for Processor {
    const SHAPES: u32 = 12;

    fn check(&self, trial: Trial, y: Id, each: bool) -> Held {
        let (f, gradient) = derivatives(trial, y)?;
        if !each {
            return Ok(());
        }
        // Slopes of every sample add up to those of all.
        let each = pull(&f.p, true);
        let all = found(&f, &each.program, Varying::Points)?;
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

    fn agree(&self, trial: &Trial, _: &str, program: &Program, varying: Varying) -> Held {
        found(trial, program, varying).map(drop)
    }
}

/// Values and derivatives of `y`; gives f and its slopes.
fn derivatives(trial: Trial, y: Id) -> Result<(Trial, Vec<Vec<f64>>), TestCaseError> {
    let (values, f) = trial.product_with(y);
    let tangent: Vec<Vec<f64>> = (0..f.parameters.len()).map(|i| f.tangent(i)).collect();
    let value = found(&f, &values, Varying::Points)?[0][0];
    let along = found(&f, &rate(&f.p), Varying::Tangents)?[0][0];
    let slopes = pull(&f.p, false);
    let gradient = found(&f, &slopes.program, Varying::Points)?;
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
        let mut moved = f.clone();
        for (x, v) in moved.parameters.iter_mut().zip(&tangent) {
            x.iter_mut().zip(v).for_each(|(x, v)| *x += step * v);
        }
        moved.run(lanes().as_ref(), &f.p, Varying::Points, 1)[0][0][0]
    };
    let difference = (at(h) - at(-h)) / (2.0 * h);
    prop_assert!(
        (difference - along).abs() <= 1e-7 * (size + value.abs()),
        "differences say {}, the rate is {}",
        difference,
        along
    );
    // Second derivatives.
    found(&f, &rate(&slopes.program), Varying::Tangents)?;
    Ok((f, gradient[1..].to_vec()))
}

every_case!(Processor, ());

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
    let found = found(&trial, &program, Varying::Points).unwrap();
    assert!(found.iter().flatten().all(|v| v.is_finite()));
    assert!(found.iter().flatten().any(|v| *v == 0.0));
}
