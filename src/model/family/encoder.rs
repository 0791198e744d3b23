//! Classifiers around `torch.nn.TransformerEncoder`: an embedding or a linear layer, positions, the encoder, one linear
//! layer.
//!
//! The encoder's own tensors tell its blocks; almost everything around it leaves no trace. What isn't told is a
//! choice, and all of it is said.

use super::attend::{self, divisors, signed};
use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order::{self, join};
use super::positions::{self, Positions};
use super::recognised::{Hints, Recognised};
use super::tensors::{Kind, Tensors};
use crate::error::{Error, Result};
use crate::model::layers::{Add, Embedding, Gelu, Max, Mean, Relu, Reshape, Scale};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "heads",
        what: "the number of heads",
        of: Range::Count(heads_of),
    },
    Choice {
        key: "read",
        what: "what the linear layer reads: the mean or the largest over all tokens, the first or last token, or each",
        of: Range::Words(&["mean", "first", "last", "max", "each"]),
    },
    Choice {
        key: "norm",
        what: "whether norms come after attention and layers or before (norm_first)",
        of: Range::Words(&["after", "before"]),
    },
    Choice {
        key: "scale",
        what: "whether embeddings are multiplied by the root of their width",
        of: Range::Words(&["no", "yes"]),
    },
    Choice {
        key: "activation",
        what: "the activation of the layers",
        of: Range::Words(&["relu", "gelu"]),
    },
    Choice {
        key: "causal",
        what: "whether a token sees only itself and those before it",
        of: Range::Words(&["no", "yes"]),
    },
];

/// Ends the name of the encoder's first projection.
const FIRST: &str = "layers.0.self_attn.in_proj_weight";

/// Whether there is one encoder in PyTorch's names, and no decoder.
pub(super) fn claims(tensors: &Tensors) -> bool {
    let decodes = || tensors.names().any(|name| name.contains("multihead_attn."));
    start(tensors).is_some() && !decodes()
}

/// What stands before the names of the encoder.
fn start<'a>(tensors: &Tensors<'a>) -> Option<&'a str> {
    tensors.names().find_map(|name| name.strip_suffix(FIRST))
}

fn width_of(tensors: &Tensors) -> Option<usize> {
    let first = format!("{}{FIRST}", start(tensors)?);
    tensors.shape(&first)?.last().copied()
}

fn heads_of(tensors: &Tensors) -> Vec<usize> {
    width_of(tensors).map_or_else(Vec::new, divisors)
}

/// The modules around the encoder.
struct Around<'a> {
    /// A table of words, or a linear layer.
    first: &'a str,
    is_table: bool,
    positions: Option<Positions<'a>>,
    head: &'a str,
}

fn around<'a>(tensors: &Tensors<'a>, start: &str, width: usize) -> Result<Around<'a>> {
    let modules = tensors.modules();
    let outside = |name: &str| !name.starts_with(&format!("{start}layers."));
    let word = |name: &str, words: &[&str]| words.iter().any(|w| name.to_lowercase().contains(w));
    let matrices: Vec<_> = modules
        .iter()
        .filter(|m| m.kind == Kind::Linear && outside(m.name))
        .collect();
    let is_positions = |name: &str| word(name, &["pos"]);
    let table = matrices
        .iter()
        .find(|m| is_positions(m.name))
        .map(|m| Positions::Table(m.name));
    let free = |name: &&str| outside(name) && tensors.shape(name).is_some_and(|s| s.len() == 3);
    let positions = tensors.names().find(free).map(|name| {
        if order::leaf(name) == "pe" {
            Positions::Sinusoids(name)
        } else {
            Positions::Trained(name)
        }
    });
    let others: Vec<&str> = matrices
        .iter()
        .filter(|m| !is_positions(m.name))
        .map(|m| m.name)
        .collect();
    let has_bias = |name: &str| tensors.shape(&join(name, "bias")).is_some();
    let reads = |name: &str| {
        tensors
            .shape(&join(name, "weight"))
            .and_then(|s| s.get(1).copied())
    };
    let (first, head) = match others[..] {
        [a, b] if !has_bias(a) && has_bias(b) => (a, b),
        [a, b] if !has_bias(b) && has_bias(a) => (b, a),
        // Both have a bias: the one that gives the encoder's width and doesn't read it comes first.
        [a, b] if reads(b) == Some(width) && reads(a) != Some(width) => (a, b),
        [a, b] if reads(a) == Some(width) && reads(b) != Some(width) => (b, a),
        _ => {
            return Err(Error::Model(format!(
                "around the encoder there are the weights of {}: expected an embedding or a linear layer before it and a linear layer after it, told apart by a bias or by their extents",
                others.join(", ")
            )));
        }
    };
    Ok(Around {
        first,
        is_table: !has_bias(first),
        positions: positions.or(table),
        head,
    })
}

/// What every block needs to know.
struct Habits {
    width: usize,
    heads: usize,
    first: bool,
    gelu: bool,
    causal: bool,
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let start = start(&tensors).unwrap_or_default().to_owned();
    let width = width_of(&tensors).unwrap_or(0);
    let own = around(&tensors, &start, width)?;
    let Some(heads) = chosen.count("heads") else {
        return Err(chosen.ask("heads", &format!(" of {width} numbers a token (nhead)")));
    };
    let habits = Habits {
        width,
        heads,
        first: chosen.word("norm", "after") == "before",
        gelu: chosen.word("activation", "relu") == "gelu",
        causal: chosen.word("causal", "no") == "yes",
    };
    let mut builder = Builder::new(tensors, hints);
    let input = begin(&mut builder, &own, width, chosen)?;
    positions::place(&mut builder, own.positions.as_ref(), width, input[0])?;
    let prefix = format!("{start}layers.");
    let blocks = builder.members(&prefix);
    for block in 0..blocks {
        push(&mut builder, &format!("{prefix}{block}"), &habits)?;
    }
    let norm = format!("{start}norm");
    if builder.has(&join(&norm, "weight")) {
        builder.layer_norm(&norm, &[], width, 1e-5, true)?;
    }
    let outputs = classify(&mut builder, &own, width, input[0], chosen)?;
    let read = [
        ("heads", format!("There are {heads} heads")),
        (
            "norm",
            format!(
                "Norms come {} attention and layers, and add 1e-5 to the variance",
                if habits.first { "before" } else { "after" }
            ),
        ),
        (
            "activation",
            format!(
                "The activation of the layers is {}",
                if habits.gelu { "GELU" } else { "ReLU" }
            ),
        ),
        (
            "causal",
            format!(
                "A token sees {}",
                if habits.causal {
                    "only itself and those before it"
                } else {
                    "all tokens"
                }
            ),
        ),
    ];
    for (key, sentence) in read {
        builder.assume(chosen.assumed(key, &sentence));
    }
    let why = format!("{blocks} encoder blocks of {width} numbers a token");
    let reading = Reading {
        family: "transformer-encoder",
        why,
    };
    builder.finish(
        format!("Transformer encoder ({blocks} blocks, width {width})"),
        input,
        outputs,
        reading,
    )
}

/// Appends what makes tokens of a sample; gives the sample's shape, tokens first.
fn begin(builder: &mut Builder, own: &Around, width: usize, chosen: &Chosen) -> Result<Vec<usize>> {
    const USUAL: usize = 32;
    let given = builder.hints.input;
    if given.is_none() {
        builder.assume(format!(
            "A sample is {USUAL} tokens: no data was given to tell its length."
        ));
    }
    let weight = join(own.first, "weight");
    let [rows, columns] = builder.extents::<2>(&weight)?;
    let input = if own.is_table {
        let because = "for the encoder's width";
        builder
            .tensors
            .take(&weight, &[Some(rows), Some(width)], because)?;
        let tokens = match given {
            None => USUAL,
            Some(&[tokens]) => tokens,
            Some(other) => {
                return Err(Error::Model(format!(
                    "{weight} takes tokens, but a sample of the data is {other:?}"
                )));
            }
        };
        builder.push(own.first, Embedding { weight });
        vec![tokens]
    } else {
        let input = match given {
            None => vec![USUAL, columns],
            Some(&[tokens, each] | &[1, tokens, each]) if each == columns => vec![tokens, each],
            Some(other) => {
                return Err(Error::Model(format!(
                    "{weight} takes {columns} numbers a token, but a sample of the data is {other:?}"
                )));
            }
        };
        let shape = input.iter().map(|&n| signed(n)).collect();
        builder.push("tokens", Reshape { shape });
        let outputs = builder.full(own.first, &[], columns, true)?;
        if outputs != width {
            return Err(Error::Model(format!(
                "{weight} gives {outputs} numbers: expected the encoder's {width}"
            )));
        }
        input
    };
    let scaled = chosen.word("scale", "no") == "yes";
    if scaled {
        let (weight, factor) = (None, (width as f64).sqrt());
        builder.then(own.first, "scaled", Scale { weight, factor });
    }
    let not = if scaled { "" } else { "not " };
    builder.assume(chosen.assumed(
        "scale",
        &format!("Embeddings are {not}multiplied by the root of their width"),
    ));
    Ok(input)
}

fn push(builder: &mut Builder, name: &str, own: &Habits) -> Result<()> {
    let of = |leaf: &str| join(name, leaf);
    let width = own.width;
    let before = builder.last();
    if own.first {
        builder.layer_norm(&of("norm1"), &[], width, 1e-5, true)?;
    }
    let (weight, bias) = (of("self_attn.in_proj_weight"), of("self_attn.in_proj_bias"));
    attend::packed(
        builder,
        [&weight, &bias],
        &of("self_attn.out_proj"),
        width,
        [true; 2],
        (own.heads, own.causal),
    )?;
    let mut before = attend::add(builder, &of("add1"), &before);
    if own.first {
        builder.layer_norm(&of("norm2"), &[], width, 1e-5, true)?;
    } else {
        before = builder.layer_norm(&of("norm1"), &[], width, 1e-5, true)?;
    }
    let wide = builder.full(&of("linear1"), &[], width, true)?;
    if own.gelu {
        builder.then(&of("linear1"), "gelu", Gelu { tanh: false });
    } else {
        builder.then(&of("linear1"), "relu", Relu {});
    }
    let back = builder.full(&of("linear2"), &[], wide, true)?;
    if back != width {
        return Err(Error::Model(format!(
            "{name}.linear2.weight gives {back} numbers: expected {width}, for the block's input is added"
        )));
    }
    let main = builder.last();
    builder.push_from(&of("add2"), &[&before, &main], Add {});
    if !own.first {
        builder.layer_norm(&of("norm2"), &[], width, 1e-5, true)?;
    }
    Ok(())
}

/// Appends what comes after the encoder; gives the number of outputs.
fn classify(
    builder: &mut Builder,
    own: &Around,
    width: usize,
    tokens: usize,
    chosen: &Chosen,
) -> Result<usize> {
    let rows = |name: &str| {
        builder
            .tensors
            .shape(&join(name, "weight"))
            .and_then(|s| s.first().copied())
    };
    let words = own.is_table && rows(own.first) == rows(own.head);
    let read = chosen.word("read", if words { "each" } else { "mean" });
    let before = builder.last();
    let what = match read {
        "first" => {
            builder.token("first", &before, 0);
            "the first token"
        }
        "last" => {
            builder.token("last", &before, tokens.saturating_sub(1));
            "the last token"
        }
        "max" => {
            builder.push(
                "max",
                Max {
                    axes: vec![1],
                    keep: false,
                },
            );
            "the largest over all tokens"
        }
        "each" => "each token",
        _ => {
            builder.push(
                "mean",
                Mean {
                    axes: vec![1],
                    keep: false,
                },
            );
            "the mean over all tokens"
        }
    };
    builder.assume(chosen.assumed("read", &format!("{} reads {what}", own.head)));
    builder.full(own.head, &[], width, true)
}
