//! Softmax and attention.

use super::arguments::Arguments;
use super::builder::Builder;
use super::normalisations::TRAINING;
use super::table::{Entry, Reading};
use super::truth::chosen;
use super::value::{Joint, Outcome, Value};
use crate::model::import::traced::Element;
use crate::model::layers::{LogSoftmax, ScaledDotProductAttention, Softmax};

/// Softmax and attention.
pub const OPERATIONS: &[Entry] = &[
    ("softmax", Reading::Call(softmax)),
    ("_softmax", Reading::Call(softmax)),
    ("log_softmax", Reading::Call(softmax)),
    ("_log_softmax", Reading::Call(softmax)),
    ("scaled_dot_product_attention", Reading::Call(attention)),
    (
        "_scaled_dot_product_flash_attention",
        Reading::Call(attention),
    ),
    (
        "_scaled_dot_product_flash_attention_for_cpu",
        Reading::Call(attention),
    ),
];

/// The place of an argument that is only given by name.
const BY_NAME: usize = usize::MAX;

fn softmax(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let x = a.value((0, "self"))?;
    let axis = x.axis(a.integer_or((1, "dim"), -1)?)?;
    let x = b.laid_out(&x, &[axis])?;
    let axis = x.graph_axis(axis)?;
    let made = if a.operation.ends_with("log_softmax") {
        b.same(LogSoftmax { axis }, &x)?
    } else {
        b.same(Softmax { axis }, &x)?
    };
    Ok(vec![Value {
        element: Element::Float,
        ..made
    }])
}

fn attention(b: &mut Builder<'_>, a: &Arguments<'_>) -> Outcome<Vec<Value>> {
    let (q, k, v) = (
        a.value((0, "query"))?,
        a.value((1, "key"))?,
        a.value((2, "value"))?,
    );
    let [mask_at, dropout_at, causal_at, scale_at] = match a.operation {
        "scaled_dot_product_attention" => [3, 4, 5, 6],
        _ => [BY_NAME, 3, 4, BY_NAME],
    };
    if a.number_or((dropout_at, "dropout_p"), 0.0)? != 0.0 {
        return Err(TRAINING.into());
    }
    let rank = q.rank();
    if rank < 2 || k.rank() != rank || v.rank() != rank {
        return Err("has queries, keys and values with different numbers of axes".into());
    }
    if [&q, &k, &v]
        .iter()
        .any(|x| x.batch.is_some_and(|axis| axis + 2 >= rank))
    {
        return Err("attends along the batch axis".into());
    }
    let grouped = a.flag((7, "enable_gqa"), false)?;
    // Leading axes are broadcast, except for heads that share keys.
    let heads = grouped && rank > 2;
    let shape = |x: &Value, rows: usize, columns: usize, heads: usize| {
        let mut x = x.clone();
        let ends = [(rank - 2, rows), (rank - 1, columns)];
        let shared = (rank.saturating_sub(3), heads);
        for (axis, extent) in ends.into_iter().chain((heads > 0).then_some(shared)) {
            (x.full[axis], x.own[axis]) = (extent, extent);
        }
        x
    };
    let plain = |x: &Value| shape(x, 1, 1, usize::from(heads));
    let joint = Joint::of(&[&plain(&q), &plain(&k), &plain(&v)])?;
    let mut places = Vec::with_capacity(4);
    for x in [&q, &k, &v] {
        let x = b.dense(x)?;
        let own = |axis: usize| x.own[axis];
        let mut whole = joint.clone();
        for axis in (rank - 2..rank).chain(heads.then_some(rank.saturating_sub(3))) {
            (whole.full[axis], whole.own[axis]) = (x.full[axis], own(axis));
        }
        let mut laid = x.clone();
        for axis in 0..rank {
            if laid.full[axis] == 1 {
                laid.full[axis] = whole.full[axis];
            }
        }
        let mut target = whole.own.clone();
        for (axis, extent) in target.iter_mut().enumerate() {
            *extent = (*extent).max(laid.own[axis]);
        }
        let laid = b.repeated(&laid, &target)?;
        places.push(b.joined(&laid, &whole)?);
    }
    let (rows, keys) = (q.full[rank - 2], k.full[rank - 2]);
    let mut scores = joint.clone();
    if heads {
        (scores.full[rank - 3], scores.own[rank - 3]) = (q.full[rank - 3], q.full[rank - 3]);
    }
    let mut mask = None;
    if let Some(given) = a.optional((mask_at, "attn_mask"))? {
        let given = a.as_known(&given).unwrap_or(given);
        let given = added(b, given)?;
        (scores.full[rank - 2], scores.own[rank - 2]) = (rows, rows);
        (scores.full[rank - 1], scores.own[rank - 1]) = (keys, keys);
        mask = same_for_all(&given, rows, keys)?;
        if mask.is_none() {
            let whole = scores.value(Element::Float);
            let met = Joint::of(&[&whole, &given])?;
            if met.full != scores.full || met.batch != scores.batch {
                return Err(format!(
                    "has a mask of shape {:?} for scores of shape {:?}",
                    given.full, scores.full
                ));
            }
            places.push(b.joined(&given, &scores)?);
        }
    }
    let layer = ScaledDotProductAttention {
        mask,
        causal: a.flag((causal_at, "is_causal"), false)?,
        scale: a.number((scale_at, "scale"))?,
    };
    (scores.full[rank - 2], scores.own[rank - 2]) = (rows, rows);
    (scores.full[rank - 1], scores.own[rank - 1]) = (v.full[rank - 1], v.full[rank - 1]);
    Ok(vec![b.value(
        layer,
        &places,
        scores.value(Element::Float),
    )?])
}

/// A mask of truths as one that is added.
fn added(b: &mut Builder<'_>, mask: Value) -> Outcome<Value> {
    if mask.element != Element::Bool {
        return Ok(mask);
    }
    let seen = Value::number(0.0, Element::Float);
    let hidden = Value::number(f64::NEG_INFINITY, Element::Float);
    chosen(b, &mask, &seen, &hidden)
}

/// A known mask that is the same for all samples and heads, `[rows, keys]`.
fn same_for_all(mask: &Value, rows: usize, keys: usize) -> Outcome<Option<Vec<f64>>> {
    let rank = mask.rank();
    if rank < 2 || mask.numbers().is_none() || mask.own[..rank - 2].iter().any(|n| *n != 1) {
        return Ok(None);
    }
    let fits = |extent: usize, whole: usize| extent == whole || extent == 1;
    if !fits(mask.full[rank - 2], rows) || !fits(mask.full[rank - 1], keys) {
        return Err(format!(
            "has a mask of shape {:?} for {rows} queries and {keys} keys",
            mask.full
        ));
    }
    let mut own = vec![1; rank];
    (own[rank - 2], own[rank - 1]) = (rows, keys);
    let whole = Value {
        full: own.clone(),
        ..mask.clone()
    };
    Ok(whole.repeated(&own)?.numbers().map(|n| n.to_vec()))
}
