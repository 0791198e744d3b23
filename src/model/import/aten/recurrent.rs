//! Recurrent layers as PyTorch calls them whole: `lstm`, `gru`, `rnn_tanh`. Where their weights are computed, as those of
//! ONNX files are, they are written out token by token.

use super::arguments::Arguments;
use super::arithmetic::{product as times, sum};
use super::builder::Builder;
use super::motions::{concatenated, cut, permuted, viewed};
use super::normalisations::TRAINING;
use super::products::{linear_of, weight};
use super::table::{Entry, Reading};
use super::value::{Outcome, Value};
use crate::model::layers::{Gru, Layer, Lstm, Neg, Output, Relu, Rnn, Sigmoid, Stack, Tanh};

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
    let tensors: Option<Vec<Value>> = a.values((2, "params"))?.into_iter().collect();
    let tensors = tensors.ok_or("lacks a tensor")?;
    let hidden = tensors.get(1).and_then(|weight| weight.full.get(1));
    let hidden = hidden.copied().ok_or("has no weights")?;
    let batch_first = a.flag((8, "batch_first"), false)?;
    let order = if batch_first { [0, 1, 2] } else { [1, 0, 2] };
    let mut states = permuted(b, &x, &order)?;
    if states.batch != Some(0) || states.own[0] != 1 {
        return Err("needs [batch, tokens, features], or tokens first".into());
    }
    let named = |value: &Value| weight(value).is_some_and(|(_, turned)| !turned);
    if !tensors.iter().all(named) {
        let (mut last, each) = (Vec::new(), if biases { 4 } else { 2 });
        for own in tensors.chunks(each * ends) {
            let mut sides = Vec::new();
            for (number, own) in own.chunks(each).enumerate() {
                let (side, end) = unrolled(b, a.operation, &states, own, number == 1)?;
                sides.push(side);
                last.push(permuted(b, &end, &[1, 0, 2])?);
            }
            states = concatenated(b, &sides, 2)?;
        }
        let last = concatenated(b, &last, 0)?;
        return Ok(vec![permuted(b, &states, &order)?, last]);
    }
    let stack = stack(a, biases, two)?;
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

/// How many gates an operation has.
fn gates(operation: &str) -> usize {
    match operation {
        "lstm" => 4,
        "gru" => 3,
        _ => 1,
    }
}

/// Most tokens that are written out one by one.
const MOST_TOKENS: usize = 1 << 10;

/// The states of one direction of one layer, `[batch, tokens, hidden]`, and the one it ends with, of its tensors: input
/// weight, hidden weight and their biases.
fn unrolled(
    b: &mut Builder<'_>,
    operation: &str,
    x: &Value,
    tensors: &[Value],
    backwards: bool,
) -> Outcome<(Value, Value)> {
    let [input, hidden, biases @ ..] = tensors else {
        return Err("lacks a weight".into());
    };
    let rows = hidden.full.first().copied().unwrap_or(0);
    let width = rows / gates(operation);
    let fits = hidden.full == [gates(operation) * width, width]
        && matches!(input.full[..], [own, _] if own == rows)
        && biases.iter().all(|bias| bias.full == [rows]);
    if !fits || width == 0 {
        let shapes: Vec<_> = tensors.iter().map(|own| &own.full).collect();
        return Err(format!(
            "has tensors of the shapes {shapes:?}, which aren't those of one such layer"
        ));
    }
    let tokens = x.full[1];
    if !(1..=MOST_TOKENS).contains(&tokens) {
        return Err(format!(
            "reads {tokens} tokens by computed weights, expected up to {MOST_TOKENS}"
        ));
    }
    let given = linear_of(b, x, input, biases.first().cloned())?;
    let (mut all, mut state): (_, Option<[Value; 2]>) = (Vec::with_capacity(tokens), None);
    // Turned once, not once a token.
    let turned = permuted(b, hidden, &[1, 0])?;
    b.has_filters(&turned, &hidden.full);
    for step in 0..tokens {
        let token = if backwards { tokens - 1 - step } else { step };
        let row = cut(b, &given, 1, [token, token + 1, 1])?;
        let before = match (&state, biases.get(1)) {
            (Some([h, _]), bias) => {
                let product = super::products::product(b, h, &turned)?;
                Some(match bias {
                    Some(bias) => sum(b, product, bias.clone())?,
                    None => product,
                })
            }
            (None, Some(bias)) => Some(viewed(b, bias, &[1, 1, rows])?),
            (None, None) => None,
        };
        let next = advanced(b, operation, row, before, state.take())?;
        all.push(next[0].clone());
        state = Some(next);
    }
    let last = all.last().cloned().ok_or("reads no tokens")?;
    if backwards {
        all.reverse();
    }
    Ok((concatenated(b, &all, 1)?, last))
}

/// The state after a token, and an LSTM's cell, from what the token and the state before give to the gates.
fn advanced(
    b: &mut Builder<'_>,
    operation: &str,
    row: Value,
    before: Option<Value>,
    state: Option<[Value; 2]>,
) -> Outcome<[Value; 2]> {
    let hidden = row.full[2] / gates(operation);
    let gate = |b: &mut Builder<'_>, of: &Value, number: usize| {
        cut(b, of, 2, [number * hidden, (number + 1) * hidden, 1])
    };
    let both = |b: &mut Builder<'_>, x: Value, y: Option<Value>| match y {
        Some(y) => sum(b, x, y),
        None => Ok(x),
    };
    if operation == "gru" {
        let mut parts = Vec::with_capacity(3);
        for number in 0..3 {
            let hidden = match &before {
                Some(before) => Some(gate(b, before, number)?),
                None => None,
            };
            parts.push((gate(b, &row, number)?, hidden));
        }
        let (new, hidden) = parts.pop().ok_or("has no gates")?;
        let mut whole = Vec::with_capacity(2);
        for (x, hidden) in parts {
            whole.push(both(b, x, hidden)?);
        }
        let reset = b.same(Sigmoid {}, &whole[0])?;
        let own = match hidden {
            Some(hidden) => Some(times(b, reset, hidden)?),
            None => None,
        };
        let new = both(b, new, own)?;
        let new = b.same(Tanh {}, &new)?;
        // 1 − σ(x) = σ(−x)
        let less = b.same(Neg {}, &whole[1])?;
        let less = b.same(Sigmoid {}, &less)?;
        let mut h = times(b, less, new)?;
        if let Some([old, _]) = state {
            let update = b.same(Sigmoid {}, &whole[1])?;
            let kept = times(b, update, old)?;
            h = sum(b, h, kept)?;
        }
        return Ok([h.clone(), h]);
    }
    let all = both(b, row, before)?;
    if operation != "lstm" {
        let h = if operation == "rnn_relu" {
            b.same(Relu {}, &all)?
        } else {
            b.same(Tanh {}, &all)?
        };
        return Ok([h.clone(), h]);
    }
    let mut gates = Vec::with_capacity(4);
    for number in 0..4 {
        let own = gate(b, &all, number)?;
        gates.push(match number {
            2 => b.same(Tanh {}, &own)?,
            _ => b.same(Sigmoid {}, &own)?,
        });
    }
    let mut cell = times(b, gates[0].clone(), gates[2].clone())?;
    if let Some([_, old]) = state {
        let kept = times(b, gates[1].clone(), old)?;
        cell = sum(b, cell, kept)?;
    }
    let out = b.same(Tanh {}, &cell)?;
    Ok([times(b, gates[3].clone(), out)?, cell])
}
