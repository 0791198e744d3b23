//! Element-wise expressions: numbered nodes, each made once, in an order in which they can be computed.
//!
//! The derivative of an expression with respect to an argument is another expression over the same
//! nodes, found by the reverse rule so that shared parts stay shared. Functions whose derivative is
//! simpler in the result than in the argument (exp, tanh, 1/x, √x) say it in the result.

/// A function of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unary {
    /// −x
    Neg,
    /// eˣ
    Exp,
    /// ln x
    Ln,
    /// ln(1 + x)
    Ln1p,
    /// tanh x
    Tanh,
    /// erf x
    Erf,
    /// sin x
    Sin,
    /// cos x
    Cos,
    /// √x
    Sqrt,
    /// 1/x
    Recip,
    /// 1 where x > 0, else 0; its derivative is 0.
    Step,
    /// max(x, 0); NaN stays NaN.
    Relu,
}

/// A function of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binary {
    /// x + y
    Add,
    /// x − y
    Sub,
    /// x · y
    Mul,
    /// min(x, y), NaN where one is; its derivative is 0 in both where they are equal.
    Least,
    /// 1 where x > y, else 0; its derivative is 0.
    Greater,
    /// 1 where x = y, else 0; its derivative is 0.
    Equal,
    /// y where x ≠ 0, else 0, whatever y is; constant in x.
    Where,
}

/// One node of an [`Expression`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// An argument.
    Argument(usize),
    /// A constant, as the bits of an f64, so that nodes can be compared.
    Constant(u64),
    /// A function of an earlier node.
    Unary(Unary, usize),
    /// A function of two earlier nodes.
    Binary(Binary, usize, usize),
}

/// Nodes and the one that is the result.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Expression {
    /// In an order in which they can be computed.
    pub nodes: Vec<Node>,
    /// Index of the result.
    pub root: usize,
}

/// What takes the place of an argument in [`Expression::inline`].
#[derive(Debug, Clone, Copy)]
pub enum Place {
    /// Another argument.
    Argument(usize),
    /// A node.
    Node(usize),
}

impl Unary {
    /// In double precision.
    pub fn of(self, x: f64) -> f64 {
        match self {
            Self::Neg => -x,
            Self::Exp => x.exp(),
            Self::Ln => x.ln(),
            Self::Ln1p => x.ln_1p(),
            Self::Tanh => x.tanh(),
            Self::Erf => erf(x),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Sqrt => x.sqrt(),
            Self::Recip => 1.0 / x,
            Self::Step => f64::from(u8::from(x > 0.0)),
            Self::Relu => {
                if x < 0.0 {
                    0.0
                } else {
                    x
                }
            }
        }
    }
}

impl Binary {
    /// In double precision.
    pub fn of(self, x: f64, y: f64) -> f64 {
        match self {
            Self::Add => x + y,
            Self::Sub => x - y,
            Self::Mul => x * y,
            Self::Least => {
                if x > y || y.is_nan() {
                    y
                } else {
                    x
                }
            }
            Self::Greater => f64::from(u8::from(x > y)),
            Self::Equal => f64::from(u8::from(x == y)),
            Self::Where => {
                if x == 0.0 {
                    0.0
                } else {
                    y
                }
            }
        }
    }
}

/// erf x, from its series: every term is positive, so nothing cancels.
pub fn erf(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term.abs() > 1e-18 * sum.abs() {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    sum * (-x * x).exp() * 2.0 / std::f64::consts::PI.sqrt()
}

impl Expression {
    fn push(&mut self, node: Node) -> usize {
        if let Some(found) = self.nodes.iter().position(|n| *n == node) {
            return found;
        }
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// An argument's node.
    pub fn argument(&mut self, index: usize) -> usize {
        self.push(Node::Argument(index))
    }

    /// A constant's node.
    pub fn constant(&mut self, value: f64) -> usize {
        self.push(Node::Constant(value.to_bits()))
    }

    /// The value of a node that is a constant.
    pub fn value(&self, node: usize) -> Option<f64> {
        match self.nodes[node] {
            Node::Constant(bits) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }

    /// A function of a node.
    pub fn unary(&mut self, function: Unary, x: usize) -> usize {
        if let Some(value) = self.value(x) {
            return self.constant(function.of(value));
        }
        match (function, self.nodes[x]) {
            (Unary::Neg, Node::Unary(Unary::Neg, inner)) => inner,
            _ => self.push(Node::Unary(function, x)),
        }
    }

    /// A function of two nodes.
    pub fn binary(&mut self, function: Binary, x: usize, y: usize) -> usize {
        let (a, b) = (self.value(x), self.value(y));
        if let (Some(a), Some(b)) = (a, b) {
            return self.constant(function.of(a, b));
        }
        match function {
            Binary::Add => match (a, b) {
                (Some(0.0), _) => y,
                (_, Some(0.0)) => x,
                _ => {
                    if let Node::Unary(Unary::Neg, inner) = self.nodes[y] {
                        return self.binary(Binary::Sub, x, inner);
                    }
                    self.push(Node::Binary(function, x.min(y), x.max(y)))
                }
            },
            Binary::Sub => match (a, b) {
                (Some(0.0), _) => self.unary(Unary::Neg, y),
                (_, Some(0.0)) => x,
                _ => self.push(Node::Binary(function, x, y)),
            },
            Binary::Mul => match (a, b) {
                (Some(0.0), _) => x,
                (_, Some(0.0)) => y,
                (Some(1.0), _) => y,
                (_, Some(1.0)) => x,
                (Some(-1.0), _) => self.unary(Unary::Neg, y),
                (_, Some(-1.0)) => self.unary(Unary::Neg, x),
                _ => self.push(Node::Binary(function, x.min(y), x.max(y))),
            },
            Binary::Where => match (a, b) {
                (Some(_), _) => match a {
                    Some(0.0) => x,
                    _ => y,
                },
                (_, Some(0.0)) => y,
                _ => self.push(Node::Binary(function, x, y)),
            },
            Binary::Least | Binary::Greater | Binary::Equal => {
                self.push(Node::Binary(function, x, y))
            }
        }
    }

    /// x + y
    pub fn add(&mut self, x: usize, y: usize) -> usize {
        self.binary(Binary::Add, x, y)
    }

    /// x − y
    pub fn sub(&mut self, x: usize, y: usize) -> usize {
        self.binary(Binary::Sub, x, y)
    }

    /// x · y
    pub fn mul(&mut self, x: usize, y: usize) -> usize {
        self.binary(Binary::Mul, x, y)
    }

    /// Copies another expression's nodes in, its arguments replaced; returns its result's node.
    pub fn inline(&mut self, other: &Self, place: impl Fn(usize) -> Place) -> usize {
        let mut to = Vec::with_capacity(other.nodes.len());
        for node in &other.nodes {
            let new = match *node {
                Node::Argument(index) => match place(index) {
                    Place::Argument(index) => self.argument(index),
                    Place::Node(node) => node,
                },
                Node::Constant(bits) => self.push(Node::Constant(bits)),
                Node::Unary(function, x) => self.unary(function, to[x]),
                Node::Binary(function, x, y) => self.binary(function, to[x], to[y]),
            };
            to.push(new);
        }
        to[other.root]
    }

    /// Node of the derivative of `root` with respect to an argument; the constant 0 where there is none.
    pub fn partial(&mut self, root: usize, argument: usize) -> usize {
        let zero = self.constant(0.0);
        let count = root + 1;
        let mut slopes = vec![zero; count];
        slopes[root] = self.constant(1.0);
        // Only nodes on a way to the argument.
        let mut on = vec![false; count];
        for i in 0..count {
            on[i] = match self.nodes[i] {
                Node::Argument(index) => index == argument,
                Node::Constant(_) => false,
                Node::Unary(_, x) => on[x],
                Node::Binary(_, x, y) => on[x] || on[y],
            };
        }
        let mut total = zero;
        for i in (0..count).rev() {
            let slope = slopes[i];
            if slope == zero || !on[i] {
                continue;
            }
            match self.nodes[i] {
                Node::Argument(_) => total = self.add(total, slope),
                Node::Unary(function, x) => {
                    let factor = self.slope_of(function, x, i);
                    let part = self.mul(slope, factor);
                    slopes[x] = self.add(slopes[x], part);
                }
                Node::Binary(Binary::Add, x, y) => {
                    slopes[x] = self.add(slopes[x], slope);
                    slopes[y] = self.add(slopes[y], slope);
                }
                Node::Binary(Binary::Sub, x, y) => {
                    slopes[x] = self.add(slopes[x], slope);
                    slopes[y] = self.sub(slopes[y], slope);
                }
                Node::Binary(Binary::Mul, x, y) => {
                    if on[x] {
                        let part = self.mul(slope, y);
                        slopes[x] = self.add(slopes[x], part);
                    }
                    if on[y] {
                        let part = self.mul(slope, x);
                        slopes[y] = self.add(slopes[y], part);
                    }
                }
                Node::Binary(Binary::Least, x, y) => {
                    for (less, more) in [(x, y), (y, x)].into_iter().filter(|sides| on[sides.0]) {
                        let mask = self.binary(Binary::Greater, more, less);
                        let part = self.binary(Binary::Where, mask, slope);
                        slopes[less] = self.add(slopes[less], part);
                    }
                }
                Node::Binary(Binary::Where, x, y) => {
                    let part = self.binary(Binary::Where, x, slope);
                    slopes[y] = self.add(slopes[y], part);
                }
                Node::Constant(_) | Node::Binary(Binary::Greater | Binary::Equal, ..) => {}
            }
        }
        total
    }

    /// Node of the derivative of `function` at node `x`, whose value is node `y`.
    fn slope_of(&mut self, function: Unary, x: usize, y: usize) -> usize {
        match function {
            Unary::Neg => self.constant(-1.0),
            Unary::Exp => y,
            Unary::Ln => self.unary(Unary::Recip, x),
            Unary::Ln1p => {
                let one = self.constant(1.0);
                let sum = self.add(one, x);
                self.unary(Unary::Recip, sum)
            }
            Unary::Tanh => {
                let square = self.mul(y, y);
                let one = self.constant(1.0);
                self.sub(one, square)
            }
            Unary::Erf => {
                let square = self.mul(x, x);
                let square = self.unary(Unary::Neg, square);
                let bell = self.unary(Unary::Exp, square);
                let factor = self.constant(2.0 / std::f64::consts::PI.sqrt());
                self.mul(factor, bell)
            }
            Unary::Sin => self.unary(Unary::Cos, x),
            Unary::Cos => {
                let sine = self.unary(Unary::Sin, x);
                self.unary(Unary::Neg, sine)
            }
            Unary::Sqrt => {
                let inverse = self.unary(Unary::Recip, y);
                let half = self.constant(0.5);
                self.mul(half, inverse)
            }
            Unary::Recip => {
                let square = self.mul(y, y);
                self.unary(Unary::Neg, square)
            }
            Unary::Step => self.constant(0.0),
            Unary::Relu => self.unary(Unary::Step, x),
        }
    }

    /// Only the nodes that `root` needs, arguments numbered anew in order of use, and the old numbers of
    /// those that are kept.
    pub fn tidy(&self, root: usize) -> (Self, Vec<usize>) {
        let mut needed = vec![false; self.nodes.len()];
        needed[root] = true;
        for i in (0..=root).rev() {
            if needed[i] {
                match self.nodes[i] {
                    Node::Unary(_, x) => needed[x] = true,
                    Node::Binary(_, x, y) => {
                        needed[x] = true;
                        needed[y] = true;
                    }
                    _ => {}
                }
            }
        }
        let (mut out, mut kept) = (Self::default(), Vec::new());
        let mut to = vec![0; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            if !needed[i] {
                continue;
            }
            to[i] = match *node {
                Node::Argument(index) => {
                    let place = kept.iter().position(|k| *k == index).unwrap_or_else(|| {
                        kept.push(index);
                        kept.len() - 1
                    });
                    out.argument(place)
                }
                Node::Constant(bits) => out.push(Node::Constant(bits)),
                Node::Unary(function, x) => out.push(Node::Unary(function, to[x])),
                Node::Binary(function, x, y) => out.push(Node::Binary(function, to[x], to[y])),
            };
        }
        out.root = to[root];
        (out, kept)
    }
}
