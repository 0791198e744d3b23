//! Recurrent networks: what each makes of its gates.

use super::kind::{Kind, Tensors};
use super::stack::{Advance, Cell, Stack};
use crate::model::lower::context::{Lower, Lowering};
use crate::model::lower::scalar::sigmoid;
use crate::model::lower::value::Value;
use crate::model::primitive::expression::{Binary, Expression, Unary};
use crate::model::program::Id;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// c' = σ(f) c + σ(i) tanh(g), h' = σ(o) tanh(c'): the gates i, f, g, o in this order.
fn lstm(l: &mut Lowering<'_>, cell: &Cell, row: Id, state: Option<[Id; 2]>) -> [Id; 2] {
    let recurrent = cell.recurrent(l, state);
    let all = l.p.added(recurrent, row);
    let [i, f, g, o] = [0, 1, 2, 3].map(|which| cell.gate(l, all, which));
    let open = |e: &mut Expression, gate: usize, value: usize| {
        let gate = sigmoid(e, gate);
        let value = e.unary(Unary::Tanh, value);
        e.mul(gate, value)
    };
    let mut c = l.pair(open, i, g);
    if let Some([_, before]) = state {
        let keep = |e: &mut Expression, gate: usize, value: usize| {
            let gate = sigmoid(e, gate);
            e.mul(gate, value)
        };
        let kept = l.pair(keep, f, before);
        c = l.p.binary(Binary::Add, kept, c);
    }
    [l.pair(open, o, c), c]
}

/// n = tanh(nₓ + σ(r) nₕ), h' = (1 − σ(z)) n + σ(z) h: the gates r, z, n in this order.
fn gru(l: &mut Lowering<'_>, cell: &Cell, row: Id, state: Option<[Id; 2]>) -> [Id; 2] {
    let recurrent = cell.recurrent(l, state);
    let of = |l: &mut Lowering<'_>, which: usize| {
        let x = cell.gate(l, row, which);
        let h = recurrent.map(|all| cell.gate(l, all, which));
        (x, h)
    };
    let [r, z] = [0, 1].map(|which| {
        let (x, h) = of(l, which);
        l.p.added(h, x)
    });
    let (mut n, h) = of(l, 2);
    if let Some(h) = h {
        let part = |e: &mut Expression, gate: usize, value: usize| {
            let gate = sigmoid(e, gate);
            e.mul(gate, value)
        };
        let reset = l.pair(part, r, h);
        n = l.p.binary(Binary::Add, n, reset);
    }
    let new = |e: &mut Expression, z: usize, n: usize| {
        let (gate, n) = (sigmoid(e, z), e.unary(Unary::Tanh, n));
        let kept = e.mul(gate, n);
        e.sub(n, kept)
    };
    let mut h = l.pair(new, z, n);
    if let Some([before, _]) = state {
        let keep = |e: &mut Expression, z: usize, h: usize| {
            let gate = sigmoid(e, z);
            e.mul(gate, h)
        };
        let kept = l.pair(keep, z, before);
        h = l.p.binary(Binary::Add, h, kept);
    }
    [h, h]
}

/// h' = f(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh).
fn elman(function: Unary) -> impl Fn(&mut Lowering<'_>, &Cell, Id, Option<[Id; 2]>) -> [Id; 2] {
    move |l, cell, row, state| {
        let recurrent = cell.recurrent(l, state);
        let sum = l.p.added(recurrent, row);
        let h = l.p.unary(function, sum);
        [h, h]
    }
}

/// Long short-term memory over `[n, tokens, features]`, from a state of zeros: `torch.nn.LSTM` with
/// `batch_first=True` (Hochreiter and Schmidhuber 1997).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lstm {
    /// Its tensors.
    #[serde(flatten)]
    pub stack: Stack,
}

/// Gated recurrent units over `[n, tokens, features]`, from a state of zeros: `torch.nn.GRU` with `batch_first=True`
/// (Cho et al. 2014).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gru {
    /// Its tensors.
    #[serde(flatten)]
    pub stack: Stack,
}

/// A plain recurrent network over `[n, tokens, features]`, from a state of zeros: `torch.nn.RNN` with
/// `batch_first=True` (Elman 1990).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rnn {
    /// Its tensors.
    #[serde(flatten)]
    pub stack: Stack,
    /// Rectifiers in place of tanh: `nonlinearity="relu"`.
    #[serde(default)]
    pub relu: bool,
}

macro_rules! recurrent {
    ($($name:ident, $gates:literal, $advance:expr;)*) => {
        $(
            impl Kind for $name {
                fn tensors(&self) -> Tensors<'_> {
                    self.stack.tensors()
                }

                fn shape(&self, given: &Given<'_>) -> Shape {
                    self.stack.shape(given, $gates)
                }

                fn lower(
                    &self,
                    l: &mut Lowering<'_>,
                    inputs: Vec<Value>,
                    shape: &[usize],
                ) -> Lower<Value> {
                    let advance: fn(&Self) -> Box<Advance<'static>> = $advance;
                    Ok(self.stack.lower(l, inputs, shape, &*advance(self)))
                }
            }
        )*
    };
}

recurrent! {
    Lstm, 4, |_| Box::new(lstm);
    Gru, 3, |_| Box::new(gru);
    Rnn, 1, |own| Box::new(elman(if own.relu { Unary::Relu } else { Unary::Tanh }));
}
