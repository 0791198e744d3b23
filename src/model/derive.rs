//! Program → Program: the forward derivative (`rate`) and the reverse derivative (`pull`).
//!
//! Both only compose what every primitive says of itself, so a gradient is `pull(f)`, a Hessian-vector
//! product `rate(pull(f))`, and gradients of single samples `pull` with slopes that aren't added up. No
//! layer and no loss is known here.

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
    let count = p.steps().len();
    let on = p.depends(|leaf| matches!(leaf, Leaf::Parameter(_)));
    let mut slopes: Vec<Option<Id>> = vec![None; count];
    let first = program.outputs[0];
    let ty = p.ty(first).clone();
    slopes[first] = Some(p.filled(1.0, ty));
    for id in (0..=first).rev() {
        let Some(slope) = slopes[id] else { continue };
        for (which, arg) in p.step(id).args.clone().into_iter().enumerate() {
            if on[arg]
                && let Some(part) = Op::pull(&mut p, id, which, slope, each)
            {
                slopes[arg] = Some(p.added(slopes[arg], part));
            }
        }
    }
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
