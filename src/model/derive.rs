//! Program → Program: the forward derivative (`rate`) and the reverse derivative (`pull`).
//!
//! Both only compose what every primitive says of itself, so a gradient is `pull(f)`, a Hessian-vector
//! product `rate(pull(f))`, gradients of single samples `pull` with slopes that aren't added up, and a
//! Gauss–Newton product a `rate` to the outputs, one of their slope, and a `pull` from there. No layer and no
//! loss is known here.

use crate::model::primitive::{Leaf, Op};
use crate::model::program::{Id, Program};

/// A program whose outputs are derivatives by parameters.
#[derive(Debug, Clone)]
pub struct Slopes {
    /// The outputs are those of the given program and then one slope a parameter.
    pub program: Program,
    /// Places in the layout of the parameters that the value depends on, in ascending order.
    pub parameters: Vec<usize>,
}

/// Adds the rates of all values, while the parameters change by [`Leaf::Tangent`]; `None` for what
/// doesn't change.
fn rates(p: &mut Program) -> Vec<Option<Id>> {
    let count = p.steps().len();
    let mut rates: Vec<Option<Id>> = vec![None; count];
    for id in 0..count {
        if let Op::Leaf(Leaf::Parameter(index)) = p.step(id).op {
            let ty = p.ty(id).clone();
            rates[id] = Some(p.leaf(Leaf::Tangent(index), ty));
            continue;
        }
        let args: Vec<Option<Id>> = p.step(id).args.iter().map(|a| rates[*a]).collect();
        if args.iter().any(Option::is_some) {
            rates[id] = Op::rate(p, id, &args);
        }
    }
    rates
}

/// The rates of the outputs along the tangents of the parameters; zero where an output doesn't depend on
/// them.
#[must_use]
pub fn rate(program: &Program) -> Program {
    let mut p = program.clone();
    let found = rates(&mut p);
    let outputs = program.outputs.clone();
    p.outputs = outputs
        .into_iter()
        .map(|output| {
            found[output].unwrap_or_else(|| {
                let ty = p.ty(output).clone();
                p.filled(0.0, ty)
            })
        })
        .collect();
    p.alive()
}

/// The outputs, and the slopes of the first by every parameter; with `each`, for every sample.
#[must_use]
pub fn pull(program: &Program, each: bool) -> Slopes {
    let mut p = program.clone();
    let on = p.depends(|leaf| matches!(leaf, Leaf::Parameter(_)));
    let first = program.outputs[0];
    let ty = p.ty(first).clone();
    let slope = p.filled(1.0, ty);
    let slopes = pulled(&mut p, first, slope, &on, each);
    by_parameter(p, &slopes)
}

/// The slopes of whatever has the slope `slope` by the value `from`, by every value before it; `on` says
/// which of these are of interest.
fn pulled(p: &mut Program, from: Id, slope: Id, on: &[bool], each: bool) -> Vec<Option<Id>> {
    let mut slopes: Vec<Option<Id>> = vec![None; from + 1];
    slopes[from] = Some(slope);
    for id in (0..=from).rev() {
        let Some(slope) = slopes[id] else { continue };
        for (which, arg) in p.step(id).args.clone().into_iter().enumerate() {
            if on[arg]
                && let Some(part) = Op::pull(p, id, which, slope, each)
            {
                slopes[arg] = Some(p.added(slopes[arg], part));
            }
        }
    }
    slopes
}

/// Adds the slopes by parameters to the outputs.
fn by_parameter(mut p: Program, slopes: &[Option<Id>]) -> Slopes {
    let mut found: Vec<(usize, Id)> = Vec::new();
    for (id, slope) in slopes.iter().enumerate() {
        if let (Op::Leaf(Leaf::Parameter(index)), Some(slope)) = (&p.step(id).op, slope) {
            found.push((*index, *slope));
        }
    }
    found.sort_unstable();
    let (parameters, slopes): (Vec<usize>, Vec<Id>) = found.into_iter().unzip();
    p.outputs.extend(slopes);
    Slopes {
        program: p.alive(),
        parameters,
    }
}

/// Gauss–Newton products Jᵀ(∂²ℓ/∂z²)J·v of the first output ℓ, which depends on the parameters through the
/// second, z, alone; v are the tangents (Schraudolph 2002). The outputs are one slope a parameter.
///
/// Forward to z, once around between z and ℓ, and back from z: what the way to z bends is left out.
#[must_use]
pub fn gauss_newton(program: &Program) -> Slopes {
    let mut p = program.clone();
    let [loss, through] = [program.outputs[0], program.outputs[1]];
    let on = p.depends(|leaf| matches!(leaf, Leaf::Parameter(_)));
    let rate = rates(&mut p)[through];
    let after = follows(&p, through);
    let ty = p.ty(loss).clone();
    let one = p.filled(1.0, ty);
    let slope = pulled(&mut p, loss, one, &after, false)[through];
    p.outputs.clear();
    let turned = rate
        .zip(slope)
        .and_then(|(rate, slope)| rate_by(&mut p, through, rate, slope));
    let turned = turned.unwrap_or_else(|| {
        // A loss that is linear in the outputs.
        let ty = p.ty(through).clone();
        p.filled(0.0, ty)
    });
    let slopes = pulled(&mut p, through, turned, &on, false);
    by_parameter(p, &slopes)
}

/// Which values depend on the value `on`, itself among them.
fn follows(p: &Program, on: Id) -> Vec<bool> {
    let mut follows = vec![false; p.steps().len()];
    for (id, step) in p.steps().iter().enumerate() {
        follows[id] = id == on || step.args.iter().any(|arg| follows[*arg]);
    }
    follows
}

/// The rate of the value `of` while the value `by` alone changes at `rate`.
fn rate_by(p: &mut Program, by: Id, rate: Id, of: Id) -> Option<Id> {
    let after = follows(p, by);
    let mut needed = vec![false; of + 1];
    needed[of] = true;
    for id in (0..=of).rev().filter(|id| after[*id]) {
        if needed[id] {
            for arg in &p.step(id).args {
                needed[*arg] = true;
            }
        }
    }
    let mut found: Vec<Option<Id>> = vec![None; of + 1];
    for id in by..=of {
        if id == by {
            found[id] = Some(rate);
        } else if after[id] && needed[id] {
            let args: Vec<Option<Id>> = p.step(id).args.iter().map(|a| found[*a]).collect();
            if args.iter().any(Option::is_some) {
                found[id] = Op::rate(p, id, &args);
            }
        }
    }
    found[of]
}
