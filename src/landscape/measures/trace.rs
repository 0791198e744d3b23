//! The trace of the Hessian and its Frobenius norm.

use super::entry::{Entry, Group, Row};
use super::found::{Found, Value};
use super::measuring::Measuring;
use crate::landscape::curvature::trace::{Hutchinson, TraceOptions};
use crate::landscape::definitions::{Definition, PER_SQUARED_WEIGHT, source};

/// The trace of the Hessian.
pub const TRACE: Definition = Definition {
    name: "Trace",
    formula: "tr H = Σ λ = E vᵀHv, vᵢ = ±1",
    unit: PER_SQUARED_WEIGHT,
    meaning: "The sum of all curvatures: the mean over random sign vectors v; ± is its standard error",
    sources: &[source("Hutchinson 1990", "", "")],
};

/// The Frobenius norm of the Hessian.
pub const FROBENIUS: Definition = Definition {
    name: "Frobenius norm",
    formula: "‖H‖_F = √Σ λ² = √(E ‖Hv‖²), vᵢ = ±1",
    unit: PER_SQUARED_WEIGHT,
    meaning: "From the same products as the trace; ± is its standard error",
    sources: &[source("Hutchinson 1990", "", "")],
};

/// The entry.
pub const ENTRY: Entry = Entry {
    key: "trace",
    name: "Trace",
    group: Group::Curvature,
    definitions: &[&TRACE, &FROBENIUS],
    made: "Here from 100 random vectors.",
    needs: &[],
    usual: true,
    whole: "",
    rows: &[
        Row::new("trace", "Trace", &TRACE),
        Row::new("frobenius", "Frobenius norm", &FROBENIUS),
    ],
    begin: |spot, settings| {
        let options = TraceOptions {
            probes: settings.probes,
            tolerance: 0.0,
            seed: settings.seed,
        };
        Ok(measuring(spot.theta.flatten(), options))
    },
    read: |found| {
        let Found::Trace(found) = found else {
            return Vec::new();
        };
        let root = found.squares.mean.max(0.0).sqrt();
        vec![
            Some(Value::so_far(found.trace.mean, found.trace.standard_error)),
            Some(Value::so_far(
                root,
                0.5 * found.squares.standard_error / root,
            )),
        ]
    },
};

/// Networks of more weights are slow: there a step is one product, so that it can be stopped soon.
const FEW_WEIGHTS: usize = 200_000;

/// Trace and Frobenius norm at a point.
pub fn measuring(point: Vec<f64>, options: TraceOptions) -> Measuring {
    let small = point.len() <= FEW_WEIGHTS;
    let mut work = Hutchinson::new(point, options);
    if small {
        work = work.several_at_a_time();
    }
    Measuring::told("trace", options.probes, move |objective| {
        Ok(work.step(objective)?.map(Found::Trace))
    })
}
