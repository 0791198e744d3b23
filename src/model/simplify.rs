//! Program → Program: the same numbers for less work.
//!
//! * [`along`] makes parameters points of a slice and uses that products of what no parameter touches are
//!   affine in the coordinates: k + 1 products serve every point of a slice.
//! * [`fold`] multiplies the weights of a product by the scale that comes after it, as eval-mode
//!   normalisation does. Before derivatives are taken, except for Hessian products, which it makes longer.
//! * [`fuse`] makes one map of element-wise chains, but leaves a product's bias, addition and rectifier in
//!   a map of their own, which the product's kernel takes over ([`epilogue`]).

use crate::model::primitive::expression::{Binary, Expression, Node, Place, Unary};
use crate::model::primitive::{Leaf, Op, Slot};
use crate::model::program::{Id, Program, Type};

/// Below so many taps times channels a product costs less than adding up its parts.
const WORTH_SPLITTING: usize = 24;
/// Arguments of a fused map.
const MOST_ARGUMENTS: usize = 12;

/// base + Σ coordinate · direction.
type Affine = (Id, Vec<(Id, Id)>);

fn joined(p: &mut Program, (base, parts): &Affine, ty: Type) -> Id {
    let mut e = Expression::default();
    let (mut sum, mut args) = (e.argument(0), vec![*base]);
    for (coordinate, direction) in parts {
        let (x, y) = (e.argument(args.len()), e.argument(args.len() + 1));
        let one = vec![1; ty.shape.len()];
        args.extend([p.view(*coordinate, &one), *direction]);
        let product = e.mul(x, y);
        sum = e.add(sum, product);
    }
    p.map(&e, sum, &args, ty)
}

/// Every parameter becomes origin + Σₖ cₖ directionₖ, and so does every buffer if `buffers`; with
/// `linear`, products and moves of what is affine in the coordinates are made of the parts.
#[must_use]
pub fn along(program: &Program, directions: usize, buffers: bool, linear: bool) -> Program {
    let mut p = Program::default();
    let mut to: Vec<Id> = Vec::with_capacity(program.steps().len());
    let mut affine: Vec<Option<Affine>> = vec![None; program.steps().len()];
    let moves = program.depends(|l| matches!(l, Leaf::Parameter(_) | Leaf::Buffer(_)));
    for (id, step) in program.steps().iter().enumerate() {
        let ty = &step.ty;
        let split: Option<Affine> = match &step.op {
            Op::Leaf(Leaf::Parameter(index)) => Some(point(&mut p, *index, ty, directions)),
            Op::Leaf(Leaf::Buffer(index)) if buffers => Some(point(&mut p, *index, ty, directions)),
            Op::Moved(_) | Op::View => affine[step.args[0]].clone().map(|(base, parts)| {
                let mut part = |x| p.push(step.op.clone(), vec![x], ty.clone());
                let base = part(base);
                (base, parts.into_iter().map(|(c, d)| (c, part(d))).collect())
            }),
            Op::Form(g, Slot::Y)
                if linear && g.taps * g.inputs >= WORTH_SPLITTING && !moves[step.args[1]] =>
            {
                affine[step.args[0]].clone().map(|(base, parts)| {
                    let x = to[step.args[1]];
                    let mut part = |w| p.push(step.op.clone(), vec![w, x], ty.clone());
                    let base = part(base);
                    (base, parts.into_iter().map(|(c, d)| (c, part(d))).collect())
                })
            }
            _ => None,
        };
        to.push(match &split {
            Some(parts) => joined(&mut p, parts, ty.clone()),
            None => p.copy(step, |a| to[a]),
        });
        affine[id] = split;
    }
    p.outputs = program.outputs.iter().map(|o| to[*o]).collect();
    p.alive()
}

/// A tensor along a slice.
fn point(p: &mut Program, index: usize, ty: &Type, directions: usize) -> Affine {
    let base = p.leaf(Leaf::Origin(index), ty.clone());
    let one = Type::shared(&vec![1; ty.shape.len()]);
    let parts = (0..directions).map(|k| {
        let coordinate = p.leaf(Leaf::Coordinate(k), one.clone());
        (coordinate, p.leaf(Leaf::Direction(k, index), ty.clone()))
    });
    (base, parts.collect())
}

/// The two arguments of a map that is one function of them.
fn pair(p: &Program, id: Id, function: Binary) -> Option<[Id; 2]> {
    let step = p.step(id);
    match &step.op {
        Op::Map(e) => match (&e.nodes[..], &step.args[..]) {
            ([Node::Argument(_), Node::Argument(_), Node::Binary(f, ..)], [a, b])
                if *f == function =>
            {
                Some([*a, *b])
            }
            _ => None,
        },
        _ => None,
    }
}

/// The sample's argument and the shared one, a number a channel, of a pair.
fn by_channel(p: &Program, [a, b]: [Id; 2], channels: usize) -> Option<[Id; 2]> {
    let (value, shared) = if p.ty(a).sample { (a, b) } else { (b, a) };
    let ty = p.ty(shared);
    let fits = !ty.sample && ty.size() == channels && ty.shape.last() == Some(&channels);
    (p.ty(value).sample && fits).then_some([value, shared])
}

/// form(w, x) · s and (form(w, x) + b) · s with one s a channel become form(w · s, x) and
/// form(w · s, x) + b · s. Where `keep_first`, not a first product that [`along`] will split.
#[must_use]
pub fn fold(program: &Program, keep_first: bool) -> Program {
    let readers = program.readers();
    let moves = program.depends(|l| matches!(l, Leaf::Parameter(_) | Leaf::Buffer(_)));
    let foldable = |id: Id| match &program.step(id).op {
        Op::Form(g, Slot::Y) if readers[id] == 1 => {
            let split = keep_first
                && g.taps * g.inputs >= WORTH_SPLITTING
                && !moves[program.step(id).args[1]];
            (!split).then(|| g.groups * g.outputs)
        }
        _ => None,
    };
    let (mut p, mut to): (Program, Vec<Id>) = (Program::default(), Vec::new());
    for (id, step) in program.steps().iter().enumerate() {
        let folded = pair(program, id, Binary::Mul).and_then(|args| {
            let channels = step.ty.shape.last().copied()?;
            let [value, scale] = by_channel(program, args, channels)?;
            if foldable(value) == Some(channels) {
                return Some((value, None, scale));
            }
            let sum = pair(program, value, Binary::Add).filter(|_| readers[value] == 1)?;
            let [form, shift] = by_channel(program, sum, channels)?;
            (foldable(form) == Some(channels)).then_some((form, Some(shift), scale))
        });
        let new = match folded {
            Some((form, shift, scale)) => {
                let inner = program.step(form);
                let (w, x) = (to[inner.args[0]], to[inner.args[1]]);
                let rows = p.ty(w).shape[0];
                let column = p.view(to[scale], &[rows, 1]);
                let scaled = p.binary(Binary::Mul, w, column);
                let form = p.push(inner.op.clone(), vec![scaled, x], inner.ty.clone());
                match shift {
                    Some(shift) => {
                        let shift = p.binary(Binary::Mul, to[shift], to[scale]);
                        p.binary(Binary::Add, form, shift)
                    }
                    None => form,
                }
            }
            None => p.copy(step, |a| to[a]),
        };
        to.push(new);
    }
    p.outputs = program.outputs.iter().map(|o| to[*o]).collect();
    p.alive()
}

/// What a product's kernel does with its sums before it stores them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epilogue {
    /// The form.
    pub form: Id,
    /// Shared numbers to add, one a channel.
    pub bias: Option<Id>,
    /// The sample's values to add.
    pub rows: Option<Id>,
    /// Negative sums become 0.
    pub relu: bool,
}

/// How the map `id` is relu?(form + bias? + rows?), of which the kernel of the form takes care, if it is.
pub fn epilogue(p: &Program, readers: &[usize], id: Id) -> Option<Epilogue> {
    let step = p.step(id);
    let Op::Map(e) = &step.op else { return None };
    let (mut top, mut relu) = (e.root, false);
    if let Node::Unary(Unary::Relu, inner) = e.nodes[top] {
        (top, relu) = (inner, true);
    }
    let (mut open, mut leaves) = (vec![top], Vec::new());
    while let Some(node) = open.pop() {
        match e.nodes[node] {
            Node::Binary(Binary::Add, a, b) => open.extend([a, b]),
            Node::Argument(a) => leaves.push(step.args[a]),
            _ => return None,
        }
    }
    leaves.sort_unstable();
    let distinct = leaves.windows(2).all(|w| w[0] != w[1]);
    if !(1..=3).contains(&leaves.len()) || !distinct || !step.ty.sample {
        return None;
    }
    let is_form =
        |id: &Id| readers[*id] == 1 && matches!(p.step(*id).op, Op::Form(_, Slot::Y | Slot::B));
    let form = leaves.iter().copied().rev().find(|id| is_form(id))?;
    if p.ty(form).shape != step.ty.shape {
        return None;
    }
    let (mut bias, mut rows) = (None, None);
    for leaf in leaves.into_iter().filter(|l| *l != form) {
        let ty = p.ty(leaf);
        let channels = step.ty.shape.last().copied()?;
        if ty.sample && ty.shape == step.ty.shape && rows.is_none() {
            rows = Some(leaf);
        } else if !ty.sample
            && ty.size() == channels
            && ty.shape.last() == Some(&channels)
            && bias.is_none()
        {
            bias = Some(leaf);
        } else {
            return None;
        }
    }
    Some(Epilogue {
        form,
        bias,
        rows,
        relu,
    })
}

/// A map that is read once, by a map of its own type, moves into that one.
#[must_use]
pub fn fuse(program: &Program) -> Program {
    let readers = program.readers();
    let ids = 0..program.steps().len();
    let kernel: Vec<bool> = ids
        .map(|id| epilogue(program, &readers, id).is_some())
        .collect();
    let (mut p, mut to) = (Program::default(), Vec::new());
    let mut inside: Vec<Option<(Expression, Vec<Id>)>> = vec![None; program.steps().len()];
    for (id, step) in program.steps().iter().enumerate() {
        let Op::Map(expression) = &step.op else {
            to.push(p.copy(step, |a| to[a]));
            continue;
        };
        let only_relu = matches!(
            expression.nodes[..],
            [Node::Argument(0), Node::Unary(Unary::Relu, 0)]
        );
        let (mut e, mut args): (Expression, Vec<Id>) = Default::default();
        let place = |args: &mut Vec<Id>, arg: Id| {
            args.iter().position(|x| *x == arg).unwrap_or_else(|| {
                args.push(arg);
                args.len() - 1
            })
        };
        let mut places = Vec::new();
        for &arg in &step.args {
            let inner = inside[arg].as_ref().filter(|(_, from)| {
                *program.ty(arg) == step.ty
                    && readers[arg] == 1
                    && (!kernel[arg] || kernel[id] || only_relu)
                    && args.len() + from.len() <= MOST_ARGUMENTS
            });
            places.push(match inner {
                Some((inner, from)) => {
                    let at: Vec<usize> = from.iter().map(|f| place(&mut args, *f)).collect();
                    Place::Node(e.inline(inner, |k| Place::Argument(at[k])))
                }
                None => Place::Argument(place(&mut args, to[arg])),
            });
        }
        let root = e.inline(expression, |k| places[k]);
        let (e, kept) = e.tidy(root);
        let args: Vec<Id> = kept.iter().map(|k| args[*k]).collect();
        to.push(p.map(&e, e.root, &args, step.ty.clone()));
        inside[id] = Some((e, args));
    }
    p.outputs = program.outputs.iter().map(|o| to[*o]).collect();
    p.alive()
}
