//! LLaMA-like language models (Touvron et al. 2023): root-mean-square norms, rotary positions, gated layers; in the
//! layouts of Hugging Face's `transformers` and of Meta's own code.
//!
//! Both store the same network with another pairing of the numbers that positions turn. Number of heads, base of the
//! angles and epsilon leave no trace: the first is asked for, the others are assumed and said.

use super::attend::{self, Heads, divisors};
use super::builder::{Builder, Reading};
use super::choice::{Choice, Chosen, Range};
use super::order::join;
use super::recognised::{Hints, Recognised};
use super::tensors::Tensors;
use super::wired::members;
use crate::error::{Error, Result};
use crate::model::layers::{Embedding, Linear, Multiply, Rope, Silu};

pub(super) const CHOICES: &[Choice] = &[
    Choice {
        key: "heads",
        what: "the number of heads of queries",
        of: Range::Count(heads_of),
    },
    Choice {
        key: "base",
        what: "the base of the angles of positions (rope_theta)",
        of: Range::Number,
    },
    Choice {
        key: "epsilon",
        what: "what the norms add to the mean square",
        of: Range::Number,
    },
];

/// How a code names its tensors.
struct Layout {
    words: &'static str,
    block: &'static str,
    norms: [&'static str; 2],
    parts: [&'static str; 3],
    out: &'static str,
    /// The gate, what it opens, and the layer back.
    layers: [&'static str; 3],
    norm: &'static str,
    head: &'static str,
    interleaved: bool,
}

const HUGGING_FACE: Layout = Layout {
    words: "model.embed_tokens",
    block: "model.layers.",
    norms: ["input_layernorm", "post_attention_layernorm"],
    parts: ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
    out: "self_attn.o_proj",
    layers: ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"],
    norm: "model.norm",
    head: "lm_head",
    interleaved: false,
};

/// Without a classifier of its own every name starts with `model.`, which is left out.
const TIED: Layout = Layout {
    words: "embed_tokens",
    block: "layers.",
    norm: "norm",
    ..HUGGING_FACE
};

const META: Layout = Layout {
    words: "tok_embeddings",
    block: "layers.",
    norms: ["attention_norm", "ffn_norm"],
    parts: ["attention.wq", "attention.wk", "attention.wv"],
    out: "attention.wo",
    layers: ["feed_forward.w1", "feed_forward.w3", "feed_forward.w2"],
    norm: "norm",
    head: "output",
    interleaved: true,
};

/// Whether the names are those of such a model.
pub(super) fn claims(tensors: &Tensors) -> bool {
    layout(tensors).is_some()
}

fn layout(tensors: &Tensors) -> Option<&'static Layout> {
    let all = [&HUGGING_FACE, &TIED, &META];
    let fits = |own: &&&Layout| {
        let has = |name: &str| tensors.shape(&join(name, "weight")).is_some();
        has(own.words) && has(&format!("{}0.{}", own.block, own.layers[0]))
    };
    all.iter().find(fits).copied()
}

fn heads_of(tensors: &Tensors) -> Vec<usize> {
    let sizes = layout(tensors).and_then(|own| sizes(tensors, own));
    sizes.map_or_else(Vec::new, |[queries, keys]| {
        // As many numbers a head in keys, an even number of them.
        let fits = |heads: &usize| {
            keys.is_multiple_of(queries / heads) && (queries / heads).is_multiple_of(2)
        };
        divisors(queries).into_iter().filter(fits).collect()
    })
}

/// Numbers of all queries and of all keys of a token.
fn sizes(tensors: &Tensors, own: &Layout) -> Option<[usize; 2]> {
    let rows = |part: &str| {
        let name = format!("{}0.{part}.weight", own.block);
        tensors.shape(&name)?.first().copied().filter(|n| *n > 0)
    };
    Some([rows(own.parts[0])?, rows(own.parts[1])?])
}

/// What every block needs to know.
struct Habits {
    width: usize,
    how: Heads,
    bias: bool,
    epsilon: f64,
}

/// Makes the network.
pub(super) fn build<'a>(
    tensors: Tensors<'a>,
    hints: &'a Hints<'a>,
    chosen: &Chosen,
) -> Result<Recognised> {
    let own = layout(&tensors).unwrap_or(&HUGGING_FACE);
    let blocks = members(&tensors, own.block);
    let [queries, keys] = sizes(&tensors, own).unwrap_or([1, 1]);
    let Some(heads) = chosen.count("heads") else {
        return Err(chosen.ask(
            "heads",
            &format!(" that share {queries} numbers (num_attention_heads in its config.json)"),
        ));
    };
    let each = queries / heads.max(1);
    if each * heads != queries || !keys.is_multiple_of(each.max(1)) || !each.is_multiple_of(2) {
        return Err(Error::Model(format!(
            "{queries} numbers of queries and {keys} of keys don't divide into {heads} heads of an even number each"
        )));
    }
    let base = chosen.number("base", 10_000.0);
    let rope = Rope {
        axis: 2,
        base,
        interleaved: own.interleaved,
        width: None,
        offset: 0,
    };
    let mut builder = Builder::new(tensors, hints);
    let table = join(own.words, "weight");
    let [words, width] = builder.extents::<2>(&table)?;
    let habits = Habits {
        width,
        how: Heads {
            queries: heads,
            shared: keys / each,
            each,
            causal: true,
            rope: Some(rope),
        },
        bias: builder.has(&format!("{}0.{}.bias", own.block, own.parts[0])),
        epsilon: chosen.number("epsilon", 1e-5),
    };
    let tokens = match builder.hints.input {
        Some(&[tokens]) => tokens,
        Some(other) => {
            return Err(Error::Model(format!(
                "the network takes tokens, but a sample of the data is {other:?}"
            )));
        }
        None => {
            builder.assume("A sample is 128 tokens: no data was given to tell its length.");
            128
        }
    };
    builder.tensors.take(&table, &[None, Some(width)], "")?;
    builder.push(
        own.words,
        Embedding {
            weight: table.clone(),
        },
    );
    for block in 0..blocks {
        push(&mut builder, own, &format!("{}{block}", own.block), &habits)?;
    }
    builder.rms_norm(own.norm, &[], width, habits.epsilon)?;
    classify(&mut builder, own.head, &table, [words, width])?;
    let turned = if own.interleaved {
        "neighbours"
    } else {
        "half a head apart"
    };
    builder.assume(chosen.assumed(
        "base",
        &format!("Positions turn pairs of numbers, {turned}, with the base {base}"),
    ));
    builder.assume(chosen.assumed(
        "epsilon",
        &format!("Norms add {} to the mean square", habits.epsilon),
    ));
    builder.assume(chosen.assumed(
        "heads",
        &format!(
            "There are {heads} heads of queries, {} of keys and values",
            keys / each
        ),
    ));
    builder.assume("Every token sees only itself and those before it; the gate is SiLU.");
    let why =
        format!("{blocks} blocks of {width} numbers a token with gated layers, {words} words");
    let read = Reading {
        family: "llama",
        why,
    };
    builder.finish(
        format!("LLaMA-like ({blocks} blocks, width {width})"),
        vec![tokens],
        words,
        read,
    )
}

fn push(builder: &mut Builder, own: &Layout, name: &str, habits: &Habits) -> Result<()> {
    let of = |leaf: &str| join(name, leaf);
    let width = habits.width;
    let same = |module: &str, found: usize, expected: usize| {
        if found == expected {
            return Ok(());
        }
        Err(Error::Model(format!(
            "{module}.weight gives {found} numbers: expected {expected}"
        )))
    };
    let before = builder.last();
    let normed = builder.rms_norm(&of(own.norms[0]), &[], width, habits.epsilon)?;
    let parts = own.parts.map(of);
    let shared = [habits.how.queries, habits.how.shared, habits.how.shared];
    for (part, heads) in parts.iter().zip(shared) {
        let outputs = builder.full(part, &[&normed], width, habits.bias)?;
        same(part, outputs, heads * habits.how.each)?;
    }
    attend::attend(
        builder,
        name,
        parts.each_ref().map(String::as_str),
        &habits.how,
    );
    let out = of(own.out);
    same(
        &out,
        builder.full(&out, &[], habits.how.queries * habits.how.each, false)?,
        width,
    )?;
    let before = attend::add(builder, &of("add1"), &before);
    let normed = builder.rms_norm(&of(own.norms[1]), &[], width, habits.epsilon)?;
    let [gate, up, down] = own.layers.map(of);
    let wide = builder.full(&gate, &[&normed], width, false)?;
    let open = builder.then(&gate, "silu", Silu {});
    same(&up, builder.full(&up, &[&normed], width, false)?, wide)?;
    builder.push_from(&join(&gate, "gated"), &[&open, &up], Multiply {});
    same(&down, builder.full(&down, &[], wide, false)?, width)?;
    attend::add(builder, &of("add2"), &before);
    Ok(())
}

/// Appends the classifier over words: its own weight, or the words' table.
fn classify(
    builder: &mut Builder,
    head: &str,
    table: &str,
    [words, width]: [usize; 2],
) -> Result<()> {
    if builder.has(&join(head, "weight")) {
        let outputs = builder.full(head, &[], width, false)?;
        if outputs != words {
            return Err(Error::Model(format!(
                "{head}.weight has {outputs} rows: expected {words}, one for every word"
            )));
        }
        return Ok(());
    }
    let weight = table.to_owned();
    let (bias, output_axis) = (None, 0);
    builder.push(
        "lm_head",
        Linear {
            weight,
            bias,
            output_axis,
        },
    );
    builder.assume("The words' table is the classifier as well: the file has no other.");
    Ok(())
}
