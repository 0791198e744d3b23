//! Element-wise expressions.

use super::expression::{Binary, Expression, Node, Unary};
use super::op::Op;
use crate::model::program::{Id, Program, Step, Type};

impl Program {
    /// `expression` at its node `root`, of `args` broadcast to `ty`. A value of the same type that would
    /// only be copied is the value itself.
    pub fn map(&mut self, expression: &Expression, root: usize, args: &[Id], ty: Type) -> Id {
        let (expression, kept) = expression.tidy(root);
        let args: Vec<Id> = kept.iter().map(|k| args[*k]).collect();
        if expression.nodes[expression.root] == Node::Argument(0) && *self.ty(args[0]) == ty {
            return args[0];
        }
        self.push(Op::Map(expression), args, ty)
    }

    /// One number everywhere: a map without arguments.
    pub fn filled(&mut self, value: f64, ty: Type) -> Id {
        let mut e = Expression::default();
        let root = e.constant(value);
        self.map(&e, root, &[], ty)
    }

    /// x + y, x − y, …, broadcast; both have the same number of axes.
    pub fn binary(&mut self, function: Binary, x: Id, y: Id) -> Id {
        let ty = self.common(&[x, y]);
        let mut e = Expression::default();
        let (a, b) = (e.argument(0), e.argument(1));
        let root = if x == y {
            e.binary(function, a, a)
        } else {
            e.binary(function, a, b)
        };
        self.map(&e, root, &[x, y], ty)
    }

    /// −x, eˣ, …
    pub fn unary(&mut self, function: Unary, x: Id) -> Id {
        let ty = self.ty(x).clone();
        let mut e = Expression::default();
        let a = e.argument(0);
        let root = e.unary(function, a);
        self.map(&e, root, &[x], ty)
    }

    /// factor · x + shift
    pub fn affine(&mut self, x: Id, factor: f64, shift: f64) -> Id {
        let ty = self.ty(x).clone();
        let mut e = Expression::default();
        let (a, factor, shift) = (e.argument(0), e.constant(factor), e.constant(shift));
        let product = e.mul(a, factor);
        let root = e.add(product, shift);
        self.map(&e, root, &[x], ty)
    }

    /// An expression of one value.
    pub fn apply(&mut self, x: Id, build: impl FnOnce(&mut Expression, usize) -> usize) -> Id {
        let ty = self.ty(x).clone();
        let mut e = Expression::default();
        let a = e.argument(0);
        let root = build(&mut e, a);
        self.map(&e, root, &[x], ty)
    }

    /// The type that values broadcast to.
    pub fn common(&self, args: &[Id]) -> Type {
        let axes = self.ty(args[0]).shape.len();
        debug_assert!(args.iter().all(|a| self.ty(*a).shape.len() == axes));
        let extent = |axis: usize| args.iter().map(|a| self.ty(*a).shape[axis]).max();
        Type {
            sample: args.iter().any(|a| self.ty(*a).sample),
            shape: (0..axes).filter_map(extent).collect(),
        }
    }

    /// The sum of what may be there already and of one more.
    pub fn added(&mut self, sum: Option<Id>, more: Id) -> Id {
        match sum {
            Some(sum) => self.binary(Binary::Add, sum, more),
            None => more,
        }
    }

    /// A value as `ty`, repeated along axes and for every sample.
    pub fn broadcast(&mut self, x: Id, ty: Type) -> Id {
        let mut e = Expression::default();
        let root = e.argument(0);
        self.map(&e, root, &[x], ty)
    }
}

fn is_zero(e: &Expression, node: usize) -> bool {
    e.value(node) == Some(0.0)
}

/// One map, so that its parts share their nodes.
pub(super) fn rate(
    p: &mut Program,
    id: Id,
    step: &Step,
    expression: &Expression,
    rates: &[Option<Id>],
) -> Option<Id> {
    let mut e = expression.clone();
    let mut args: Vec<Id> = step.args.iter().copied().chain([id]).collect();
    let mut sum = None;
    for (which, rate) in rates.iter().enumerate() {
        let Some(rate) = rate else { continue };
        let slope = e.partial(expression.root, which);
        if is_zero(&e, slope) {
            continue;
        }
        let factor = e.argument(args.len());
        args.push(*rate);
        let part = e.mul(factor, slope);
        sum = Some(match sum {
            Some(sum) => e.add(sum, part),
            None => part,
        });
    }
    let sum = sum?;
    read_result(&mut e, expression.root, sum, step.args.len());
    (!is_zero(&e, sum)).then(|| p.map(&e, sum, &args, step.ty.clone()))
}

/// Says the derivative in terms of the result, so that nobody has to keep the argument.
fn read_result(e: &mut Expression, root: usize, derivative: usize, result: usize) {
    let is_function = matches!(e.nodes[derivative], Node::Unary(..) | Node::Binary(..));
    if derivative != root || is_function {
        e.nodes[root] = Node::Argument(result);
    }
}

pub(super) fn pull(
    p: &mut Program,
    id: Id,
    step: &Step,
    expression: &Expression,
    which: usize,
    slope: Id,
    ty: Type,
) -> Option<Id> {
    let mut e = expression.clone();
    let derivative = e.partial(expression.root, which);
    if is_zero(&e, derivative) {
        return None;
    }
    let args: Vec<Id> = step.args.iter().copied().chain([id, slope]).collect();
    read_result(&mut e, expression.root, derivative, step.args.len());
    let factor = e.argument(step.args.len() + 1);
    let root = e.mul(factor, derivative);
    let full = p.ty(slope).clone();
    let sample = full.sample || args.iter().any(|a| p.ty(*a).sample) && ty.sample;
    let scaled = p.map(&e, root, &args, full.with_sample(sample));
    Some(p.sum(scaled, ty))
}
