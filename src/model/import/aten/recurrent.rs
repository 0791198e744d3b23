//! Recurrent layers as PyTorch calls them whole: `lstm`, `gru`, `rnn_tanh`.

use super::arguments::Arguments;
use super::builder::Builder;
use super::motions::{concatenated, permuted, viewed};
use super::normalisations::TRAINING;
use super::products::weight;
use super::table::{Entry, Reading};
use super::value::{Outcome, Value};
use crate::model::layers::{Gru, Layer, Lstm, Output, Rnn, Stack};

/// Recurrent layers.
pub const OPERATIONS: &[Entry] = &[
    ("lstm", Reading::Call(recurrent)),
    ("gru", Reading::Call(recurrent)),
    ("rnn_tanh", Reading::Call(recurrent)),
    ("rnn_relu", Reading::Call(recurrent)),
];

/// Names of the tensors in the order of the call: input weight, hidden weight and their biases, layer by layer.
fn stack(a: &Arguments<'_>, biases: bool, bidirectional: bool) -> Outcome<Stack> {
    let mut stack = Stack {
        input_weights: Vec::new(),
        hidden_weights: Vec::new(),
        input_biases: Vec::new(),
        hidden_biases: Vec::new(),
        bidirectional,
        output: Output::Sequence,
    };
    let each = if biases { 4 } else { 2 };
    for (number, value) in a.values((2, "params"))?.into_iter().enumerate() {
        let value = value.ok_or("lacks a tensor")?;
        let Some((name, false)) = weight(&value) else {
            return Err("has computed weights".into());
        };
        let list = match number % each {
            0 => &mut stack.input_weights,
            1 => &mut stack.hidden_weights,
            2 => &mut stack.input_biases,
            _ => &mut stack.hidden_biases,
        };
        list.push(name.to_owned());
    }
    Ok(stack)
}

/// One layer of a stack.
fn layer_of(stack: &Stack, number: usize, output: Output) -> Stack {
    let ends = 1 + usize::from(stack.bidirectional);
    let own = |all: &[String]| {
        let part = all.chunks(ends).nth(number);
        part.map(<[String]>::to_vec).unwrap_or_default()
    };
    Stack {
        input_weights: own(&stack.input_weights),
        hidden_weights: own(&stack.hidden_weights),
        input_biases: own(&stack.input_biases),
        hidden_biases: own(&stack.hidden_biases),
        bidirectional: stack.bidirectional,
        output,
    }
}

/// The states at every token, and the last ones of every layer; the cells of an LSTM aren't followed beyond it.
fn recurrent(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value((0, "input"))?;
    let starts = a.values((1, "hx"))?;
    if starts
        .iter()
        .flatten()
        .any(|start| start.uniform() != Some(0.0))
    {
        return Err("starts from states that aren't 0".into());
    }
    if a.number_or((5, "dropout"), 0.0)? != 0.0 && a.flag((6, "train"), false)? {
        return Err(TRAINING.into());
    }
    let (biases, two) = (
        a.flag((3, "has_biases"), true)?,
        a.flag((7, "bidirectional"), false)?,
    );
    let ends = 1 + usize::from(two);
    let stack = stack(a, biases, two)?;
    let first = stack.hidden_weights.first().map(|name| b.tensor(name));
    let hidden = first
        .and_then(|shape| shape.get(1))
        .copied()
        .ok_or("has no weights")?;
    let batch_first = a.flag((8, "batch_first"), false)?;
    let order = if batch_first { [0, 1, 2] } else { [1, 0, 2] };
    let mut states = permuted(b, &x, &order)?;
    if states.batch != Some(0) || states.own[0] != 1 {
        return Err("needs [batch, tokens, features], or tokens first".into());
    }
    let layer = |stack: Stack| -> Layer {
        match a.operation {
            "lstm" => Lstm { stack }.into(),
            "gru" => Gru { stack }.into(),
            operation => {
                let relu = operation == "rnn_relu";
                Rnn { stack, relu }.into()
            }
        }
    };
    let mut last = Vec::new();
    for number in 0..stack.hidden_weights.len() / ends {
        let given = b.dense(&states)?;
        let place = b.place(&given)?;
        let mut like = given.clone();
        (like.full[2], like.own[2]) = (ends * hidden, ends * hidden);
        let mut end = like.clone();
        end.full.remove(1);
        end.own.remove(1);
        let own = layer(layer_of(&stack, number, Output::Last));
        let end = b.value(own, &[place], end)?;
        let end = viewed(b, &end, &[x.full[usize::from(!batch_first)], ends, hidden])?;
        last.push(permuted(b, &end, &[1, 0, 2])?);
        let own = layer(layer_of(&stack, number, Output::Sequence));
        states = b.value(own, &[place], like)?;
    }
    let last = concatenated(b, &last, 0)?;
    Ok(vec![permuted(b, &states, &order)?, last])
}
