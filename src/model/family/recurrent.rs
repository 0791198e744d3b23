//! Recurrent networks: an embedding, or numbers as they are, LSTM, GRU or plain recurrent layers, one linear layer.
//!
//! The shapes tell which of the three it is, how many layers and whether they read backwards too. What of their
//! states the linear layer reads leaves no trace.

use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order::{self, join};
use super::recognised::{Hints, Recognised};
use super::tensors::{Kind, Tensors};
use crate::error::{Error, Result};
use crate::model::layers::{Embedding, Gru, Lstm, Max, Mean, Output, Reshape, Rnn, Stack};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "read",
        what: "what the linear layer reads: the last state of every direction, the last token's states, the mean or the largest over all tokens, or each token",
        of: Range::Words(&["last", "token", "mean", "max", "each"]),
    },
    Choice {
        key: "nonlinearity",
        what: "the function of plain recurrent layers",
        of: Range::Words(&["tanh", "relu"]),
    },
];

/// Whether there are recurrent layers in PyTorch's names.
pub(super) fn claims(tensors: &Tensors) -> bool {
    tensors
        .names()
        .any(|name| order::leaf(name) == "weight_ih_l0")
}

/// What the names tell.
struct Parts<'a> {
    /// The module of the recurrent layers.
    module: &'a str,
    layers: usize,
    bidirectional: bool,
    biases: bool,
    /// 4 for an LSTM, 3 for a GRU, 1 for a plain one.
    gates: usize,
    inputs: usize,
    hidden: usize,
    embedding: Option<&'a str>,
    head: &'a str,
}

fn parts<'a>(tensors: &Tensors<'a>) -> Result<Parts<'a>> {
    let firsts: Vec<&str> = tensors
        .names()
        .filter(|n| order::leaf(n) == "weight_ih_l0")
        .collect();
    let [first] = firsts[..] else {
        return Err(Error::Model(format!(
            "there are several stacks of recurrent layers, {}: expected one",
            firsts.join(", ")
        )));
    };
    let module = order::module(first);
    let of = |leaf: &str| tensors.shape(&join(module, leaf));
    let (Some(&[rows, inputs]), Some(&[_, hidden])) = (of("weight_ih_l0"), of("weight_hh_l0"))
    else {
        return Err(Error::Model(format!(
            "{} is missing, or one of both has no two axes",
            join(module, "weight_hh_l0")
        )));
    };
    let gates = rows.checked_div(hidden).unwrap_or(0);
    if gates * hidden != rows || ![1, 3, 4].contains(&gates) {
        return Err(Error::Model(format!(
            "{first} has {rows} rows: expected 4, 3 or 1 times the {hidden} of the state, as LSTM, GRU and plain layers have"
        )));
    }
    let layers = (0..64_usize)
        .take_while(|k| of(&format!("weight_ih_l{k}")).is_some())
        .count();
    let bidirectional = of("weight_ih_l0_reverse").is_some();
    let modules = tensors.modules();
    let matrices: Vec<&str> = modules
        .iter()
        .filter(|m| m.kind == Kind::Linear && m.name != module)
        .map(|m| m.name)
        .collect();
    let has_bias = |name: &&&str| tensors.shape(&join(name, "bias")).is_some();
    let (embedding, head) = match matrices[..] {
        [head] => (None, head),
        // A table of words has no bias; where neither has one it stands first.
        [a, b] if has_bias(&&a) && !has_bias(&&b) => (Some(b), a),
        [a, b] if has_bias(&&b) && !has_bias(&&a) => (Some(a), b),
        _ => {
            return Err(Error::Model(format!(
                "beside {module} there are the weights of {}: expected an embedding without a bias and one linear layer with one, or that alone",
                matrices.join(", ")
            )));
        }
    };
    Ok(Parts {
        module,
        layers,
        bidirectional,
        biases: of("bias_ih_l0").is_some(),
        gates,
        inputs,
        hidden,
        embedding,
        head,
    })
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let own = parts(&tensors)?;
    let mut builder = Builder::new(tensors, hints);
    let input = begin(&mut builder, &own)?;
    let head = join(own.head, "weight");
    let [outputs, _] = builder.extents::<2>(&head)?;
    let words = own
        .embedding
        .and_then(|name| builder.tensors.shape(&join(name, "weight")));
    let words = words.and_then(|shape| shape.first().copied());
    let usual = if words == Some(outputs) {
        "each"
    } else {
        "last"
    };
    let read = match chosen.word("read", usual) {
        // The last token's states are the last ones, where they run in one direction.
        "token" if !own.bidirectional => "last",
        other => other,
    };
    let directions = 1 + usize::from(own.bidirectional);
    recur(&mut builder, &own, read, chosen)?;
    match read {
        "token" => {
            let before = builder.last();
            builder.token("token", &before, input[0].saturating_sub(1));
        }
        "mean" => drop(builder.push(
            "mean",
            Mean {
                axes: vec![1],
                keep: false,
            },
        )),
        "max" => drop(builder.push(
            "max",
            Max {
                axes: vec![1],
                keep: false,
            },
        )),
        _ => {}
    }
    let outputs = builder.full(own.head, &[], directions * own.hidden, true)?;
    let kind = match own.gates {
        4 => "LSTM",
        3 => "GRU",
        _ => "RNN",
    };
    let what = match read {
        "token" => "the states of the last token",
        "mean" => "the mean of the states over all tokens",
        "max" => "the largest of the states over all tokens",
        "each" => "the states of each token",
        _ => "the last state of every direction",
    };
    builder.assume(chosen.assumed("read", &format!("{} reads {what}", own.head)));
    builder.assume("The first states are zeros.");
    let both = if own.bidirectional {
        " in both directions"
    } else {
        ""
    };
    let why = format!("{} layers of {} states{both}", own.layers, own.hidden);
    let reading = Reading {
        family: "recurrent",
        why,
    };
    builder.finish(
        format!("{kind} ({} layers, width {})", own.layers, own.hidden),
        input,
        outputs,
        reading,
    )
}

/// Appends what makes tokens of a sample; gives the sample's shape, tokens first.
fn begin(builder: &mut Builder, own: &Parts) -> Result<Vec<usize>> {
    const USUAL: usize = 32;
    let given = builder.hints.input;
    if given.is_none() {
        builder.assume(format!(
            "A sample is {USUAL} tokens: no data was given to tell its length."
        ));
    }
    if let Some(name) = own.embedding {
        let weight = join(name, "weight");
        let because = format!("for {} takes {} numbers a token", own.module, own.inputs);
        builder
            .tensors
            .take(&weight, &[None, Some(own.inputs)], &because)?;
        let input = match given {
            None => vec![USUAL],
            Some(&[tokens]) => vec![tokens],
            Some(other) => {
                return Err(Error::Model(format!(
                    "{weight} takes tokens, but a sample of the data is {other:?}"
                )));
            }
        };
        builder.push(name, Embedding { weight });
        return Ok(input);
    }
    let input = match given {
        None => vec![USUAL, own.inputs],
        Some(&[tokens, width] | &[1, tokens, width]) if width == own.inputs => vec![tokens, width],
        Some(other) => {
            return Err(Error::Model(format!(
                "{} takes {} numbers a token, but a sample of the data is {other:?}",
                own.module, own.inputs
            )));
        }
    };
    let shape = input.iter().map(|&n| super::attend::signed(n)).collect();
    builder.push("tokens", Reshape { shape });
    Ok(input)
}

/// Appends the recurrent layers.
fn recur(builder: &mut Builder, own: &Parts, read: &str, chosen: &Chosen) -> Result<()> {
    let mut stack = Stack::named(own.module, own.layers, own.bidirectional, own.biases);
    let directions = 1 + usize::from(own.bidirectional);
    let rows = Some(own.gates * own.hidden);
    for (i, weight) in stack.input_weights.iter().enumerate() {
        let inputs = if i < directions {
            own.inputs
        } else {
            directions * own.hidden
        };
        builder
            .tensors
            .take(weight, &[rows, Some(inputs)], "as the layer before gives")?;
        builder.tensors.take(
            &stack.hidden_weights[i],
            &[rows, Some(own.hidden)],
            "for the state",
        )?;
        for biases in [&stack.input_biases, &stack.hidden_biases] {
            if let Some(bias) = biases.get(i) {
                builder
                    .tensors
                    .take(bias, &[rows], "one for each row of the weight")?;
            }
        }
    }
    stack.output = if read == "last" {
        Output::Last
    } else {
        Output::Sequence
    };
    match own.gates {
        4 => builder.push(own.module, Lstm { stack }),
        3 => builder.push(own.module, Gru { stack }),
        _ => {
            let word = chosen.word("nonlinearity", "tanh");
            builder.assume(chosen.assumed(
                "nonlinearity",
                &format!("The function of the layers is {word}"),
            ));
            builder.push(
                own.module,
                Rnn {
                    stack,
                    relu: word == "relu",
                },
            )
        }
    };
    Ok(())
}
