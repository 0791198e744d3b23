//! What is asked of a network, as programs: each a composition of lowering, derivatives and
//! simplifications.

use crate::error::{Error, Result};
use crate::landscape::slice::Buffers;
use crate::model::derive::{gauss_newton, pull, rate};
use crate::model::lower::{Lowered, Statistics};
use crate::model::primitive::expression::Binary;
use crate::model::primitive::{Op, Slot};
use crate::model::program::{Id, Program};
use crate::model::run::Varying;
use crate::model::simplify::{along, fold, fuse};

/// A program by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// Loss and right answers, or outputs, along so many directions.
    Along {
        directions: usize,
        buffers: Buffers,
        logits: bool,
        /// Whether there are buffers that follow the weights in a way of their own ([`crate::landscape::slice::Slice::tensor`]).
        own: bool,
    },
    /// Statistics of a batch along so many directions, and whether there are such buffers.
    Statistics { directions: usize, own: bool },
    /// The loss at a point.
    Value(Statistics),
    /// Its gradient.
    Gradient(Statistics),
    /// Its Hessian-vector product.
    Product(Statistics),
    /// Its Gauss–Newton product.
    GaussNewton(Statistics),
    /// Squared norms of samples' gradients.
    Norms,
    /// Loss and score at a point.
    Metrics,
    /// Loss, score, the statistics of a batch and the gradient.
    Training(Statistics),
}

impl What {
    /// Where its normalisation layers take their statistics from.
    pub fn statistics(self) -> Statistics {
        match self {
            Self::Along { .. } | Self::Norms | Self::Metrics => Statistics::Running,
            Self::Statistics { .. } => Statistics::Batch,
            Self::Value(own)
            | Self::Gradient(own)
            | Self::Product(own)
            | Self::GaussNewton(own)
            | Self::Training(own) => own,
        }
    }
}

/// A program, what differs from point to point, and which tensors its outputs are for.
#[derive(Debug)]
pub struct Made {
    pub program: Program,
    pub varying: Varying,
    pub parameters: Vec<usize>,
}

/// A network lowered with running statistics and, where it has any, with those of a batch.
#[derive(Debug)]
pub struct Forms {
    running: Lowered,
    batch: Option<Lowered>,
}

impl Forms {
    /// Both forms.
    pub fn new(running: Lowered, batch: Option<Lowered>) -> Self {
        Self { running, batch }
    }

    /// The form with these statistics.
    ///
    /// # Errors
    /// Where there is none.
    pub fn get(&self, statistics: Statistics) -> Result<&Lowered> {
        let found = match statistics {
            Statistics::Running => Some(&self.running),
            Statistics::Batch => self.batch.as_ref(),
        };
        found.ok_or_else(|| {
            Error::Model("statistics of a batch can't be taken of this network".into())
        })
    }
}

/// Makes a program of a network that was lowered with the statistics it takes.
pub fn make(what: What, lowered: &Lowered) -> Made {
    let (program, varying, parameters) = match what {
        What::Along {
            directions,
            buffers,
            logits,
            own,
        } => {
            let outputs = if logits {
                vec![lowered.logits]
            } else {
                vec![lowered.loss, lowered.right]
            };
            let program = fold(&lowered.program(outputs), true);
            // In the program where all are affine, else given at every point.
            let follow = buffers == Buffers::Interpolate && !own;
            let program = along(&program, directions, follow, true);
            let given = buffers == Buffers::Recompute || own && buffers == Buffers::Interpolate;
            (program, Varying::Slice { buffers: given }, Vec::new())
        }
        What::Statistics { directions, own } => {
            let measured = lowered.measured.iter();
            let outputs = measured.flat_map(|m| [m.mean, m.variance]).collect();
            let program = along(&lowered.program(outputs), directions, false, true);
            (program, Varying::Slice { buffers: own }, Vec::new())
        }
        What::Value(_) => {
            let program = fold(&lowered.program(vec![lowered.loss]), false);
            (program, Varying::Points, Vec::new())
        }
        What::Gradient(_) => {
            let program = fold(&lowered.program(vec![lowered.loss]), false);
            let slopes = pull(&program, false);
            (slopes.program, Varying::Points, slopes.parameters)
        }
        What::Product(_) => {
            // Folding would make it longer.
            let mut slopes = pull(&lowered.program(vec![lowered.loss]), false);
            slopes.program.outputs.remove(0);
            let program = rate(&slopes.program.alive());
            (program, Varying::Tangents, slopes.parameters)
        }
        What::GaussNewton(_) => {
            let slopes = gauss_newton(&lowered.program(vec![lowered.loss, lowered.logits]));
            (slopes.program, Varying::Tangents, slopes.parameters)
        }
        What::Metrics => {
            let program = fold(&lowered.program(vec![lowered.loss, lowered.right]), false);
            (program, Varying::Points, Vec::new())
        }
        What::Training(_) => {
            let measured = lowered.measured.iter();
            let measured = measured.flat_map(|m| [m.mean, m.variance]);
            let outputs = [lowered.loss, lowered.right].into_iter().chain(measured);
            let program = fold(&lowered.program(outputs.collect()), false);
            let slopes = pull(&program, false);
            (slopes.program, Varying::Points, slopes.parameters)
        }
        What::Norms => {
            let slopes = pull(&lowered.program(vec![lowered.loss]), true);
            let program = squared(slopes.program);
            (program, Varying::Points, slopes.parameters)
        }
    };
    Made {
        program: fuse(&program),
        varying,
        parameters,
    }
}

/// The squared norm of every slope, a number a sample, in place of the slopes.
fn squared(mut p: Program) -> Program {
    let outputs: Vec<Id> = p.outputs.split_off(1);
    p.outputs = outputs
        .into_iter()
        .map(|slope| match (slope, &p.step(viewed(&p, slope)).op) {
            // ‖y xᵀ‖² = ‖y‖² ‖x‖² (Goodfellow 2015, arXiv 1510.01799); every position must be hit.
            (slope, Op::Form(g, Slot::A))
                if g.hits.len() == 1 && g.targets == 1 && g.sources == 1 && g.groups == 1 =>
            {
                let args = p.step(viewed(&p, slope)).args.clone();
                let norms: Vec<Id> = args.into_iter().map(|x| norm(&mut p, x)).collect();
                p.binary(Binary::Mul, norms[0], norms[1])
            }
            (slope, _) => norm(&mut p, slope),
        })
        .collect();
    p.alive()
}

/// What a value is a view of.
fn viewed(p: &Program, id: Id) -> Id {
    match p.step(id).op {
        Op::View => p.step(id).args[0],
        _ => id,
    }
}

/// Σ x², a number a sample, `[1, 1]`.
fn norm(p: &mut Program, x: Id) -> Id {
    let size = p.ty(x).size();
    let square = p.binary(Binary::Mul, x, x);
    let square = p.view(square, &[1, size]);
    p.total(square, &[1])
}
