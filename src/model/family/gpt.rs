//! GPT-2 (Radford et al. 2019) in the layouts of nanoGPT and of Hugging Face's `transformers`.
//!
//! Both call their tensors the same; Hugging Face stores weights as `[in, out]`, which the shape of the packed
//! projection tells. The number of heads leaves no trace, nor does which of two GELUs it is.

use super::attend::{self, Heads, divisors_of};
use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order::join;
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::wired::members;
use crate::error::{Error, Result};
use crate::model::layers::{Embedding, Gelu, Linear, Parameter, Slice};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "heads",
        what: "the number of heads",
        of: Range::Count(heads_of),
    },
    Choice {
        key: "epsilon",
        what: "what layer normalisation adds to the variance",
        of: Range::Number,
    },
    Choice {
        key: "gelu",
        what: "which GELU it is, the exact one or its approximation by tanh",
        of: Range::Words(&["exact", "tanh"]),
    },
    Choice {
        key: "tied",
        what: "whether lm_head and wte are one tensor, of which the file has two copies",
        of: Range::Words(&["no", "yes"]),
    },
];

/// Width and number of heads of the published networks.
const HEADS: [(usize, usize); 4] = [(768, 12), (1024, 16), (1280, 20), (1600, 25)];

/// Whether the names are those of a GPT-2.
pub(super) fn claims(tensors: &Tensors) -> bool {
    start(tensors).is_some()
}

/// What stands before every name: nothing in files of the body alone.
fn start(tensors: &Tensors) -> Option<&'static str> {
    let has = |start: &&&str| {
        let of = |rest: &str| tensors.shape(&format!("{start}{rest}")).is_some();
        of("wte.weight") && of("wpe.weight") && tensors.any_under(&format!("{start}h.0."))
    };
    ["transformer.", ""].iter().find(has).copied()
}

fn heads_of(tensors: &Tensors) -> Vec<usize> {
    let name = format!("{}wte.weight", start(tensors).unwrap_or_default());
    let width = tensors.shape(&name).and_then(|shape| shape.last());
    match width.and_then(|&width| known(width)) {
        Some(heads) => vec![heads],
        None => divisors_of(tensors, &[&name]),
    }
}

fn known(width: usize) -> Option<usize> {
    let found = HEADS.iter().find(|(own, _)| *own == width);
    found.map(|(_, heads)| *heads)
}

/// What every block needs to know.
struct Habits {
    width: usize,
    heads: usize,
    bias: bool,
    /// Which axis of a weight counts the outputs.
    output_axis: usize,
    tanh: bool,
    epsilon: f64,
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let start = start(&tensors).unwrap_or("transformer.");
    let prefix = format!("{start}h.");
    let blocks = members(&tensors, &prefix);
    let of = |rest: &str| format!("{start}{rest}");
    let mut builder = Builder::new(tensors, hints);
    let (table, positions) = (of("wte.weight"), of("wpe.weight"));
    let [words, width] = builder.extents::<2>(&table)?;
    let [longest, _] = builder.extents::<2>(&positions)?;
    let Some(heads) = chosen.count("heads").or_else(|| known(width)) else {
        return Err(chosen.ask("heads", &format!(" of {width} numbers a token")));
    };
    let [rows, _] = builder.extents::<2>(&of("h.0.attn.c_attn.weight"))?;
    let output_axis = usize::from(rows == width);
    let tanh = chosen.word("gelu", if output_axis == 1 { "tanh" } else { "exact" }) == "tanh";
    let habits = Habits {
        width,
        heads,
        bias: builder.has(&of("ln_f.bias")),
        output_axis,
        tanh,
        epsilon: chosen.number("epsilon", 1e-5),
    };
    let tokens = tokens(&mut builder, longest)?;
    builder.tensors.take(&table, &[None, Some(width)], "")?;
    builder.push(
        &of("wte"),
        Embedding {
            weight: table.clone(),
        },
    );
    place(&mut builder, &positions, [longest, width], tokens)?;
    for block in 0..blocks {
        push(&mut builder, &format!("{prefix}{block}"), &habits)?;
    }
    builder.layer_norm(&of("ln_f"), &[], width, habits.epsilon, habits.bias)?;
    let outputs = classify(&mut builder, &table, words, width, chosen)?;
    builder.assume(chosen.assumed("heads", &format!("There are {heads} heads")));
    let which = if tanh {
        "GELU's approximation by tanh"
    } else {
        "the exact GELU"
    };
    builder.assume(chosen.assumed("gelu", &format!("The activation is {which}")));
    let sentence = format!(
        "Norms come first and add {} to the variance",
        habits.epsilon
    );
    builder.assume(chosen.assumed("epsilon", &sentence));
    builder.assume("Every token sees only itself and those before it.");
    let why = format!(
        "{blocks} blocks of {width} numbers a token, {words} words, up to {longest} tokens"
    );
    let read = Reading {
        family: "gpt2",
        why,
    };
    builder.finish(
        format!("GPT-2 ({blocks} blocks, width {width})"),
        vec![tokens],
        outputs,
        read,
    )
}

/// Tokens of a sample: the data's, no more than there are positions.
fn tokens(builder: &mut Builder, longest: usize) -> Result<usize> {
    match builder.hints.input {
        Some(&[tokens]) if tokens <= longest => Ok(tokens),
        Some(other) => Err(Error::Model(format!(
            "the network takes up to {longest} tokens, but a sample of the data is {other:?}"
        ))),
        None => {
            builder.assume(format!(
                "A sample is {longest} tokens: no data was given to tell its length."
            ));
            Ok(longest)
        }
    }
}

/// Appends the positions of as many tokens.
fn place(
    builder: &mut Builder,
    positions: &str,
    [longest, width]: [usize; 2],
    tokens: usize,
) -> Result<()> {
    builder.tensors.take(
        positions,
        &[Some(longest), Some(width)],
        "as wide as the words",
    )?;
    let words = builder.last();
    builder.push(positions, Parameter::table(positions));
    if tokens < longest {
        let (axis, start, end, step) = (1, 0, Some(tokens), 1);
        builder.then(
            positions,
            "first",
            Slice {
                axis,
                start,
                end,
                step,
            },
        );
    }
    attend::add(builder, &join(positions, "add"), &words);
    Ok(())
}

fn push(builder: &mut Builder, name: &str, own: &Habits) -> Result<()> {
    let of = |leaf: &str| join(name, leaf);
    let (width, bias, axis) = (own.width, own.bias, own.output_axis);
    let before = builder.last();
    builder.layer_norm(&of("ln_1"), &[], width, own.epsilon, bias)?;
    // The mask of older files.
    let mask = of("attn.bias");
    if let Some(&[_, _, n, _]) = builder.tensors.shape(&mask) {
        builder
            .tensors
            .take(&mask, &[Some(1), Some(1), Some(n), Some(n)], "a mask")?;
    }
    if builder.has(&of("attn.masked_bias")) {
        builder
            .tensors
            .take(&of("attn.masked_bias"), &[], "a number")?;
    }
    let (all, out) = (of("attn.c_attn"), of("attn.c_proj"));
    if axis == 0 {
        let tensors = [join(&all, "weight"), join(&all, "bias")];
        let tensors = [tensors[0].as_str(), &tensors[1]];
        attend::packed(builder, tensors, &out, width, [bias; 2], (own.heads, true))?;
    } else {
        let wide = builder.full_along(&all, &[], width, bias, axis)?;
        same(&all, wide, 3 * width)?;
        let parts = attend::thirds(builder, &all, &all, width);
        let how = Heads::equal(own.heads, width, true)?;
        attend::attend(
            builder,
            &of("attn"),
            parts.each_ref().map(String::as_str),
            &how,
        );
        same(
            &out,
            builder.full_along(&out, &[], width, bias, axis)?,
            width,
        )?;
    }
    let before = attend::add(builder, &of("add1"), &before);
    builder.layer_norm(&of("ln_2"), &[], width, own.epsilon, bias)?;
    let (up, down) = (of("mlp.c_fc"), of("mlp.c_proj"));
    let wide = builder.full_along(&up, &[], width, bias, axis)?;
    builder.then(&up, "gelu", Gelu { tanh: own.tanh });
    same(
        &down,
        builder.full_along(&down, &[], wide, bias, axis)?,
        width,
    )?;
    attend::add(builder, &of("add2"), &before);
    Ok(())
}

fn same(module: &str, outputs: usize, width: usize) -> Result<()> {
    if outputs == width {
        return Ok(());
    }
    Err(Error::Model(format!(
        "{module}.weight gives {outputs} numbers: expected {width}"
    )))
}

/// Appends the classifier over words; gives their number.
fn classify(
    builder: &mut Builder,
    table: &str,
    words: usize,
    width: usize,
    chosen: &Chosen,
) -> Result<usize> {
    let has_head = builder.has("lm_head.weight");
    if has_head {
        let shape = [Some(words), Some(width)];
        builder
            .tensors
            .take("lm_head.weight", &shape, "a row for every word")?;
    }
    let tied = !has_head || chosen.word("tied", "no") == "yes";
    builder.assume(if !has_head {
        "The words' table is the classifier as well: the file has no other.".to_owned()
    } else if tied {
        "lm_head and wte are one tensor, as asked.".to_owned()
    } else {
        let sentence = "lm_head and wte are two tensors, as the file has both; where one is a copy of the other, directions and the number of parameters count it twice";
        chosen.assumed("tied", sentence)
    });
    let weight = if tied {
        table.to_owned()
    } else {
        "lm_head.weight".to_owned()
    };
    let (bias, output_axis) = (None, 0);
    builder.push(
        "lm_head",
        Linear {
            weight,
            bias,
            output_axis,
        },
    );
    Ok(words)
}
