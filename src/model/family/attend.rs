//! Blocks of transformers: attention from named queries, keys and values, and what is added around it.
//!
//! The number of heads leaves no trace in the tensors: it is the caller's, as are masks and positions.

use super::builder::Builder;
use super::order::join;
use super::tensors::Tensors;
use crate::error::{Error, Result};
use crate::model::layers::{
    Add, Attention, Reshape, Rope, ScaledDotProductAttention, Slice, Transpose,
};

/// How tokens attend to each other.
#[derive(Debug, Clone)]
pub(super) struct Heads {
    /// Heads of queries.
    pub queries: usize,
    /// Heads of keys and values.
    pub shared: usize,
    /// Numbers a head.
    pub each: usize,
    /// A token sees only itself and those before it.
    pub causal: bool,
    /// Turns queries and keys by their position.
    pub rope: Option<Rope>,
}

impl Heads {
    /// `heads` of all of `width` numbers.
    ///
    /// # Errors
    /// Where the width doesn't divide.
    pub fn equal(heads: usize, width: usize, causal: bool) -> Result<Self> {
        if heads == 0 || !width.is_multiple_of(heads) {
            return Err(Error::Model(format!(
                "{width} numbers a token don't divide into {heads} heads"
            )));
        }
        Ok(Self {
            queries: heads,
            shared: heads,
            each: width / heads,
            causal,
            rope: None,
        })
    }
}

/// Appends attention from three layers of `[tokens, heads · each]`; gives the name of what is seen, of the queries'
/// shape.
pub(super) fn attend(builder: &mut Builder, name: &str, parts: [&str; 3], how: &Heads) -> String {
    let counts = [how.queries, how.shared, how.shared];
    let mut by_heads = Vec::new();
    for ((part, heads), letter) in parts.into_iter().zip(counts).zip(["q", "k", "v"]) {
        let of = |what: &str| join(name, &format!("{letter}.{what}"));
        let shape = vec![-1, signed(heads), signed(how.each)];
        builder.push_from(&of("heads"), &[part], Reshape { shape });
        let axes = vec![0, 2, 1, 3];
        let mut last = builder.push(&of("first"), Transpose { axes });
        if let (Some(rope), true) = (&how.rope, letter != "v") {
            last = builder.push(&of("rope"), rope.clone());
        }
        by_heads.push(last);
    }
    let layer = ScaledDotProductAttention {
        mask: None,
        causal: how.causal,
        scale: None,
    };
    let inputs: Vec<&str> = by_heads.iter().map(String::as_str).collect();
    builder.push_from(&join(name, "attention"), &inputs, layer);
    let axes = vec![0, 2, 1, 3];
    builder.push(&join(name, "tokens"), Transpose { axes });
    let shape = vec![-1, signed(how.queries * how.each)];
    builder.push(&join(name, "joined"), Reshape { shape })
}

/// Appends the three equal parts of a layer of `[tokens, 3 · width]`; gives their names.
pub(super) fn thirds(builder: &mut Builder, name: &str, from: &str, width: usize) -> [String; 3] {
    [(0, "q"), (1, "k"), (2, "v")].map(|(place, letter)| {
        let layer = Slice {
            axis: 2,
            start: place * width,
            end: Some((place + 1) * width),
            step: 1,
        };
        builder.push_from(&join(name, letter), &[from], layer)
    })
}

/// Appends attention of packed projections in PyTorch's layout: weight `[3·width, width]`; gives the layer's name.
pub(super) fn packed(
    builder: &mut Builder,
    [in_weight, in_bias]: [&str; 2],
    out: &str,
    width: usize,
    bias: [bool; 2],
    (heads, causal): (usize, bool),
) -> Result<String> {
    // Says of the heads what doesn't fit.
    Heads::equal(heads, width, causal)?;
    let because = format!("for {width} numbers a token come in");
    let (three, one) = (Some(3 * width), Some(width));
    builder.tensors.take(in_weight, &[three, one], &because)?;
    let (out_weight, out_bias) = (join(out, "weight"), join(out, "bias"));
    builder.tensors.take(&out_weight, &[one, one], &because)?;
    if bias[0] {
        builder.tensors.take(in_bias, &[three], &because)?;
    }
    if bias[1] {
        builder.tensors.take(&out_bias, &[one], &because)?;
    }
    let layer = Attention {
        in_weight: in_weight.to_owned(),
        in_bias: bias[0].then(|| in_bias.to_owned()),
        out_weight,
        out_bias: bias[1].then_some(out_bias),
        heads,
        causal,
    };
    Ok(builder.push(out, layer))
}

/// Appends the sum of the last layer and `before`; gives its name.
pub(super) fn add(builder: &mut Builder, name: &str, before: &str) -> String {
    let main = builder.last();
    builder.push_from(name, &[before, &main], Add {})
}

/// The numbers of heads that come into question for `width` numbers a token: those that leave 8 or more a head, or
/// all but the last numbers where it is narrower.
pub(super) fn divisors(width: usize) -> Vec<usize> {
    const LEAST: usize = 8;
    let most = (width / LEAST).max(4);
    let fits = |heads: &usize| width.is_multiple_of(*heads) && *heads < width;
    (1..=most.min(64)).filter(fits).collect()
}

/// Those of the width of a tensor's last axis.
pub(super) fn divisors_of(tensors: &Tensors, names: &[&str]) -> Vec<usize> {
    let mut found = names.iter().filter_map(|name| tensors.shape(name)?.last());
    found.next().map_or_else(Vec::new, |width| divisors(*width))
}

/// An extent as a reshape takes it.
pub(super) fn signed(extent: usize) -> i64 {
    i64::try_from(extent).unwrap_or(i64::MAX)
}
