//! Recurrent layers on each other, forwards and backwards, unrolled over the tokens.

use super::kind::{Tensors, plain};
use crate::model::lower::context::Lowering;
use crate::model::lower::value::Value;
use crate::model::program::Id;
use crate::model::role::Role;
use crate::model::shape::given::{Given, Shape};
use serde::{Deserialize, Serialize};

/// What a recurrent layer gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Output {
    /// The hidden state of the last layer at every token, `[tokens, directions · hidden]`.
    #[default]
    Sequence,
    /// The last hidden state of every direction of the last layer, `[directions · hidden]`.
    Last,
}

/// Tensors of a stack of recurrent layers in PyTorch's layout. Each list has an entry a layer, or two with
/// `bidirectional`, the one that reads backwards second: `weight_ih_l0`, `weight_ih_l0_reverse`, `weight_ih_l1`, …
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// `weight_ih`, `[gates · hidden, in]`.
    pub input_weights: Vec<String>,
    /// `weight_hh`, `[gates · hidden, hidden]`.
    pub hidden_weights: Vec<String>,
    /// `bias_ih`, `[gates · hidden]`; empty: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input_biases: Vec<String>,
    /// `bias_hh`, `[gates · hidden]`; empty: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hidden_biases: Vec<String>,
    /// Every layer reads the tokens forwards and backwards.
    #[serde(default)]
    pub bidirectional: bool,
    /// What it gives.
    #[serde(default)]
    pub output: Output,
}

/// One direction of one layer in the program.
pub(super) struct Cell {
    hidden_weight: Id,
    hidden_bias: Option<Id>,
    hidden: usize,
}

/// The state after a token from what the input gives to the gates and the state before; `None` before the first
/// token, where it is 0.
pub(super) type Advance<'s> = dyn Fn(&mut Lowering<'_>, &Cell, Id, Option<[Id; 2]>) -> [Id; 2] + 's;

impl Stack {
    /// The names that PyTorch gives to a module's tensors.
    #[must_use]
    pub fn named(module: &str, layers: usize, bidirectional: bool, biases: bool) -> Self {
        let ends: &[&str] = if bidirectional {
            &["", "_reverse"]
        } else {
            &[""]
        };
        let names = |what: &str| -> Vec<String> {
            let dot = if module.is_empty() { "" } else { "." };
            (0..layers)
                .flat_map(|k| ends.iter().map(move |end| format!("l{k}{end}")))
                .map(|end| format!("{module}{dot}{what}_{end}"))
                .collect()
        };
        Self {
            input_weights: names("weight_ih"),
            hidden_weights: names("weight_hh"),
            input_biases: if biases { names("bias_ih") } else { Vec::new() },
            hidden_biases: if biases { names("bias_hh") } else { Vec::new() },
            bidirectional,
            output: Output::Sequence,
        }
    }

    fn directions(&self) -> usize {
        1 + usize::from(self.bidirectional)
    }

    pub(super) fn tensors(&self) -> Tensors<'_> {
        let mut tensors = Vec::new();
        for (i, weight) in self.input_weights.iter().enumerate() {
            tensors.push((weight.as_str(), Role::WEIGHT));
            let hidden = self.hidden_weights.get(i);
            tensors.extend(hidden.map(|name| (name.as_str(), Role::WEIGHT)));
            tensors.extend(plain(self.input_biases.get(i)));
            tensors.extend(plain(self.hidden_biases.get(i)));
        }
        tensors
    }

    pub(super) fn shape(&self, given: &Given<'_>, gates: usize) -> Shape {
        let x = given.one()?;
        let &[tokens, mut width] = x else {
            return Err(format!("was given {x:?}, but needs [tokens, features]"));
        };
        let (count, directions) = (self.input_weights.len(), self.directions());
        let fits = |names: &[String]| names.len() == count || names.is_empty();
        if count == 0
            || !count.is_multiple_of(directions)
            || self.hidden_weights.len() != count
            || !fits(&self.input_biases)
            || !fits(&self.hidden_biases)
        {
            return Err(format!(
                "names {count} input weights, {} hidden weights, {} and {} biases: expected as many of each, {directions} a layer",
                self.hidden_weights.len(),
                self.input_biases.len(),
                self.hidden_biases.len()
            ));
        }
        let first = given.tensor(&self.hidden_weights[0])?;
        let hidden = match first {
            [rows, hidden] if *rows == gates * hidden => *hidden,
            _ => {
                return Err(format!(
                    "{:?} has shape {first:?}, expected [{gates} · hidden, hidden]",
                    self.hidden_weights[0]
                ));
            }
        };
        for i in 0..count {
            given.expect(&self.input_weights[i], &[gates * hidden, width])?;
            given.expect(&self.hidden_weights[i], &[gates * hidden, hidden])?;
            given.expect_if(self.input_biases.get(i), &[gates * hidden])?;
            given.expect_if(self.hidden_biases.get(i), &[gates * hidden])?;
            if (i + 1).is_multiple_of(directions) {
                width = directions * hidden;
            }
        }
        Ok(match self.output {
            Output::Sequence => vec![tokens, width],
            Output::Last => vec![width],
        })
    }

    pub(super) fn lower(
        &self,
        l: &mut Lowering<'_>,
        mut inputs: Vec<Value>,
        shape: &[usize],
        advance: &Advance<'_>,
    ) -> Value {
        let x = inputs.remove(0);
        let mut x = l.natural(x).id;
        let mut last = Vec::new();
        let layers = self.input_weights.len() / self.directions();
        for layer in 0..layers {
            let mut sides = Vec::new();
            last.clear();
            for direction in 0..self.directions() {
                let i = layer * self.directions() + direction;
                let (states, end) = self.run(l, x, i, direction == 1, advance);
                sides.push(states);
                last.push(end);
            }
            x = l.joined(sides, 1);
        }
        match self.output {
            Output::Sequence => Value::new(x, shape),
            Output::Last => Value::new(l.joined(last, 1), shape),
        }
    }

    /// The states of one direction of one layer, in the order of the tokens, and the one it ends with.
    fn run(
        &self,
        l: &mut Lowering<'_>,
        x: Id,
        i: usize,
        backwards: bool,
        advance: &Advance<'_>,
    ) -> (Id, Id) {
        let weight = l.tensor(&self.input_weights[i]);
        let bias = self.input_biases.get(i).map(|name| l.row(name));
        let gates = l.linear(x, weight, bias);
        let hidden_weight = l.tensor(&self.hidden_weights[i]);
        let cell = Cell {
            hidden_weight,
            hidden_bias: self.hidden_biases.get(i).map(|name| l.row(name)),
            hidden: l.p.ty(hidden_weight).shape[1],
        };
        let tokens = l.p.ty(x).shape[0];
        let (mut states, mut state) = (Vec::with_capacity(tokens), None);
        for step in 0..tokens {
            let token = if backwards { tokens - 1 - step } else { step };
            let row = l.part(gates, 0, token, token + 1);
            let next = advance(l, &cell, row, state);
            states.push(next[0]);
            state = Some(next);
        }
        let end = states[tokens - 1];
        if backwards {
            states.reverse();
        }
        (l.joined(states, 0), end)
    }
}

impl Cell {
    /// What the state before gives to the gates.
    pub(super) fn recurrent(&self, l: &mut Lowering<'_>, state: Option<[Id; 2]>) -> Option<Id> {
        match state {
            Some([h, _]) => Some(l.linear(h, self.hidden_weight, self.hidden_bias)),
            None => self.hidden_bias,
        }
    }

    /// One of the gates of a row.
    pub(super) fn gate(&self, l: &mut Lowering<'_>, row: Id, which: usize) -> Id {
        l.part(row, 1, which * self.hidden, (which + 1) * self.hidden)
    }
}
