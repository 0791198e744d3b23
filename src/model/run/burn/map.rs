//! Expressions, element by element, of values that are repeated along axes.

use super::on::{On, Value};
use crate::model::primitive::expression::{Binary, Expression, Node, Unary};
use crate::model::primitive::moved::{indices, strides};
use burn::tensor::{Int, Tensor};

/// Axes of a value beside that of the samples, neighbours that are repeated alike being one.
const AXES: usize = 3;

/// An extent, and which arguments have it too; for the others it is repeated.
type Axis = (usize, Vec<bool>);

/// How arguments become shapes that burn repeats.
#[derive(Debug)]
pub struct Map {
    dims: [usize; AXES],
    spread: Vec<Spread>,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "few, and made once")]
enum Spread {
    /// In this shape, with ones where it is repeated.
    As([usize; AXES]),
    /// Number by number.
    By(Tensor<1, Int>),
}

/// A node's value.
#[expect(
    clippy::large_enum_variant,
    reason = "tensors' handles are large, and nearly all are tensors"
)]
enum Part {
    Number(f64),
    Tensor(Tensor<4>),
}

impl Map {
    /// Of arguments of these shapes, to a result of shape `to`.
    pub fn new(args: &[&[usize]], to: &[usize], on: &On) -> Self {
        let strides: Vec<Vec<usize>> = args.iter().map(|shape| strides(shape, to)).collect();
        // Those above 1.
        let mut merged: Vec<Axis> = Vec::new();
        for (axis, extent) in to.iter().enumerate().filter(|(_, extent)| **extent != 1) {
            let whole: Vec<bool> = strides.iter().map(|s| s[axis] != 0).collect();
            match merged.last_mut() {
                Some((joined, same)) if *same == whole => *joined *= extent,
                _ => merged.push((*extent, whole)),
            }
        }
        let size: usize = to.iter().product();
        if merged.len() > AXES {
            let spread = args.iter().zip(&strides).map(|(shape, strides)| {
                if *shape == to {
                    Spread::As([1, 1, size])
                } else {
                    Spread::By(on.list(indices(to, strides)))
                }
            });
            return Self {
                dims: [1, 1, size],
                spread: spread.collect(),
            };
        }
        let padded = |extent: &dyn Fn(&Axis) -> usize| {
            let mut dims = [1; AXES];
            for (to, axis) in dims[AXES - merged.len()..].iter_mut().zip(&merged) {
                *to = extent(axis);
            }
            dims
        };
        let own = |arg: usize| {
            let extent = move |(extent, whole): &Axis| {
                if whole[arg] { *extent } else { 1 }
            };
            Spread::As(padded(&extent))
        };
        Self {
            dims: padded(&|(extent, _)| *extent),
            spread: (0..args.len()).map(own).collect(),
        }
    }

    /// The expression of `args`, `rows` of it.
    pub fn run(&self, e: &Expression, args: Vec<Value>, rows: usize, on: &On) -> Value {
        let size: usize = self.dims.iter().product();
        let mut args: Vec<Option<Tensor<4>>> = args
            .into_iter()
            .zip(&self.spread)
            .map(|(x, spread)| {
                let own = x.dims()[0];
                Some(match spread {
                    Spread::As([a, b, c]) => x.reshape([own, *a, *b, *c]),
                    Spread::By(list) => x.select(1, list.clone()).reshape([own, 1, 1, size]),
                })
            })
            .collect();
        // How often each node is still read, so that the last reader may write over it.
        let mut readers = vec![0; e.nodes.len()];
        readers[e.root] += 1;
        for node in &e.nodes {
            match node {
                Node::Unary(_, x) => readers[*x] += 1,
                Node::Binary(_, x, y) => {
                    readers[*x] += 1;
                    readers[*y] += 1;
                }
                Node::Argument(_) | Node::Constant(_) => {}
            }
        }
        let mut parts: Vec<Option<Part>> = Vec::with_capacity(e.nodes.len());
        for node in &e.nodes {
            let mut read = |at: usize| {
                readers[at] -= 1;
                let last = readers[at] == 0;
                match &mut parts[at] {
                    Some(Part::Number(number)) => Part::Number(*number),
                    own if last => own.take().expect("a node is computed before its readers"),
                    Some(Part::Tensor(x)) => Part::Tensor(x.clone()),
                    None => unreachable!("a node lives until its last reader"),
                }
            };
            let new = match node {
                Node::Argument(at) => {
                    Part::Tensor(args[*at].take().expect("an argument is one node"))
                }
                Node::Constant(bits) => Part::Number(f64::from_bits(*bits)),
                Node::Unary(function, x) => match read(*x) {
                    Part::Number(x) => Part::Number(function.of(x)),
                    Part::Tensor(x) => Part::Tensor(unary(*function, x, on)),
                },
                Node::Binary(function, x, y) => {
                    let (x, y) = (read(*x), read(*y));
                    binary(*function, x, y, on)
                }
            };
            parts.push(Some(new));
        }
        match parts.swap_remove(e.root) {
            Some(Part::Tensor(x)) => {
                let [a, b, c] = self.dims;
                whole(x, [rows, a, b, c]).reshape([rows, size])
            }
            Some(Part::Number(number)) => on.filled([rows, size], number),
            None => unreachable!("the result has a reader"),
        }
    }
}

/// Repeated where it isn't whole.
fn whole(mut x: Tensor<4>, shape: [usize; 4]) -> Tensor<4> {
    for (axis, extent) in shape.into_iter().enumerate() {
        if x.dims()[axis] != extent {
            x = x.repeat_dim(axis, extent);
        }
    }
    x
}

fn unary(function: Unary, x: Tensor<4>, on: &On) -> Tensor<4> {
    match function {
        Unary::Neg => x.neg(),
        Unary::Exp => x.exp(),
        Unary::Ln => x.log(),
        Unary::Ln1p => x.log1p(),
        Unary::Tanh => x.tanh(),
        Unary::Erf => x.erf(),
        Unary::Sqrt => x.sqrt(),
        Unary::Recip => x.recip(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Step => on.truth(x.greater_scalar(0.0)),
        Unary::Relu => {
            let below = x.clone().lower_scalar(0.0);
            x.mask_fill(below, 0.0)
        }
    }
}

fn binary(function: Binary, x: Part, y: Part, on: &On) -> Part {
    let found = match (function, x, y) {
        (_, Part::Number(x), Part::Number(y)) => return Part::Number(function.of(x, y)),
        (Binary::Add, Part::Tensor(x), Part::Tensor(y)) => x + y,
        (Binary::Add, Part::Tensor(x), Part::Number(y))
        | (Binary::Add, Part::Number(y), Part::Tensor(x)) => x.add_scalar(y),
        (Binary::Sub, Part::Tensor(x), Part::Tensor(y)) => x - y,
        (Binary::Sub, Part::Tensor(x), Part::Number(y)) => x.sub_scalar(y),
        (Binary::Sub, Part::Number(x), Part::Tensor(y)) => y.neg().add_scalar(x),
        (Binary::Mul, Part::Tensor(x), Part::Tensor(y)) => x * y,
        (Binary::Mul, Part::Tensor(x), Part::Number(y))
        | (Binary::Mul, Part::Number(y), Part::Tensor(x)) => x.mul_scalar(y),
        // Masked, not `min_pair`: devices differ in what they make of NaN.
        (Binary::Least, Part::Tensor(x), Part::Number(y))
        | (Binary::Least, Part::Number(y), Part::Tensor(x)) => {
            let above = x.clone().greater_scalar(y);
            x.mask_fill(above, y)
        }
        (Binary::Least, Part::Tensor(x), Part::Tensor(y)) => {
            let (x, y) = alike(x, y);
            let other = x.clone().greater(y.clone()).bool_or(y.clone().is_nan());
            x.mask_where(other, y)
        }
        (Binary::Greater, Part::Tensor(x), Part::Number(y)) => on.truth(x.greater_scalar(y)),
        (Binary::Greater, Part::Number(x), Part::Tensor(y)) => on.truth(y.lower_scalar(x)),
        (Binary::Equal, Part::Tensor(x), Part::Number(y))
        | (Binary::Equal, Part::Number(y), Part::Tensor(x)) => on.truth(x.equal_scalar(y)),
        (Binary::Greater, Part::Tensor(x), Part::Tensor(y)) => {
            let (x, y) = alike(x, y);
            on.truth(x.greater(y))
        }
        (Binary::Equal, Part::Tensor(x), Part::Tensor(y)) => {
            let (x, y) = alike(x, y);
            on.truth(x.equal(y))
        }
        // Filled, not multiplied: what is masked may be infinite or no number.
        (Binary::Where, Part::Tensor(x), Part::Tensor(y)) => {
            let (x, y) = alike(x, y);
            y.mask_fill(x.equal_scalar(0.0), 0.0)
        }
        (Binary::Where, Part::Tensor(x), Part::Number(y)) => {
            let masked = x.clone().equal_scalar(0.0);
            x.full_like(y).mask_fill(masked, 0.0)
        }
        (Binary::Where, Part::Number(x), Part::Tensor(y)) => {
            if x == 0.0 {
                return Part::Number(0.0);
            }
            y
        }
    };
    Part::Tensor(found)
}

/// Both in the shape that they have together.
fn alike(x: Tensor<4>, y: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
    let (a, b) = (x.dims(), y.dims());
    let both: [usize; 4] = std::array::from_fn(|axis| a[axis].max(b[axis]));
    let expanded = |t: Tensor<4>| if t.dims() == both { t } else { t.expand(both) };
    (expanded(x), expanded(y))
}
