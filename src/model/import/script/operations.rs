//! Calls of PyTorch's own operations: what is known of tensors is answered, the rest is written down.

use super::numbers::known;
use super::value::Value;
use crate::model::import::compose::Composer;
use crate::model::import::extents::plain;
use crate::model::import::traced::{Argument, Call, Element};
use crate::store::Parsed;

/// Whole numbers that stand for types, with the types' names.
const TYPES: [(i64, &str); 10] = [
    (0, "uint8"),
    (1, "int8"),
    (2, "int16"),
    (3, "int32"),
    (4, "int64"),
    (5, "float16"),
    (6, "float32"),
    (7, "float64"),
    (11, "bool"),
    (15, "bfloat16"),
];

/// Where an operation takes a type by its place: `to(x, 6)`.
const TYPED: [(&str, usize); 7] = [
    ("to", 1),
    ("softmax", 2),
    ("log_softmax", 2),
    ("cumsum", 2),
    ("mean", 3),
    ("sum", 3),
    ("prod", 3),
];

/// Where an operation is told that it is trained: by its place, and what it is in evaluation.
const TRAINED: [(&str, usize); 12] = [
    ("batch_norm", 5),
    ("dropout", 2),
    ("feature_dropout", 2),
    ("alpha_dropout", 2),
    ("feature_alpha_dropout", 2),
    ("rrelu", 3),
    ("lstm", 6),
    ("gru", 6),
    ("rnn_tanh", 6),
    ("rnn_relu", 6),
    ("instance_norm", 5),
    ("native_batch_norm", 5),
];

/// Operations whose values come as a list.
const LISTS: [&str; 7] = [
    "split",
    "split_with_sizes",
    "chunk",
    "unbind",
    "meshgrid",
    "tensor_split",
    "broadcast_tensors",
];

/// The result of the operation that the code calls `name`, without the namespace before it.
///
/// # Errors
/// Where it needs what isn't known.
pub fn operate(
    composer: &mut Composer,
    module: &str,
    name: &str,
    positional: Vec<Value>,
    named: Vec<(String, Value)>,
) -> Parsed<Value> {
    let tensors = positional.iter().any(Value::has_tensor);
    if let Some(value) = aside(name, &positional) {
        return Ok(value);
    }
    // Lists are joined and compared as lists, whatever is in them.
    let about_a_list = matches!(positional.first(), Some(Value::List(..)))
        || matches!(name, "len" | "__is__" | "__isnot__");
    if !tensors || about_a_list {
        let rounded = named.iter().any(|(name, how)| {
            name == "rounding_mode" && matches!(how, Value::Text(text) if **text == *"trunc")
        });
        let name = if name == "div" && rounded {
            "div_trunc"
        } else {
            name
        };
        if let ("__is__" | "__isnot__", [a, b]) = (name, &positional[..])
            && let Some(value) = identical(composer, a, b)
        {
            return Ok(match value {
                Value::Bool(same) => Value::Bool(same == (name == "__is__")),
                unknown => unknown,
            });
        }
        if let [Value::Tensor(of)] = &positional[..]
            && name == "len"
        {
            return Ok(extent(composer, of, 0));
        }
        if let Some(value) = known(name, &positional) {
            return value;
        }
    }
    if let [Value::Tensor(of), rest @ ..] = &positional[..]
        && let Some(value) = asked(composer, of, name, rest)
    {
        return Ok(value);
    }
    call(composer, module, name, &positional, &named)
}

/// The answer where no result depends on it.
fn aside(name: &str, values: &[Value]) -> Option<Value> {
    Some(match name {
        // Gradients keep PyTorch from a fused shortcut that isn't trained by, and which computes the same.
        "is_grad_enabled" | "requires_grad" => Value::Bool(true),
        "is_autocast_enabled"
        | "is_scripting"
        | "is_cuda"
        | "is_nested"
        | "is_sparse"
        | "is_quantized"
        | "is_mkldnn"
        | "is_xla"
        | "is_mps"
        | "is_vulkan"
        | "is_meta"
        | "has_torch_function"
        | "is_tracing"
        | "is_cuda_available" => Value::Bool(false),
        "device" | "layout" | "get_device" | "memory_format" => Value::Aside,
        "type" => Value::text("cpu"),
        "warn" | "_assert" | "_assert_async" | "_log_api_usage_once" | "profiler_record" => {
            Value::None
        }
        "unchecked_cast" | "unchecked_unwrap_optional" | "_unwrap_optional" => {
            values.last()?.clone()
        }
        "TupleUnpack" | "TupleConstruct" => values.first()?.clone(),
        _ => return None,
    })
}

/// Whether two values are one, where at least one is a tensor. Attention asks it of query, key and value.
fn identical(composer: &Composer, a: &Value, b: &Value) -> Option<Value> {
    Some(match (a, b) {
        (Value::Tensor(_), Value::None) | (Value::None, Value::Tensor(_)) => Value::Bool(false),
        (Value::Tensor(a), Value::Tensor(b)) => {
            composer.same(a, b).map_or(Value::Unknown, Value::Bool)
        }
        _ => return None,
    })
}

fn extent(composer: &Composer, of: &str, axis: i64) -> Value {
    let Some(shape) = composer.facts(of).shape else {
        // Samples lie along the first axis, whatever the others are.
        return Value::Unknown;
    };
    let axis = if axis < 0 {
        axis + shape.len() as i64
    } else {
        axis
    };
    let extent = usize::try_from(axis)
        .ok()
        .and_then(|axis| shape.get(axis).copied().flatten());
    extent.map_or(Value::Unknown, |n| Value::Int(n as i64))
}

/// What is asked of a tensor that its shape and type answer.
fn asked(composer: &mut Composer, of: &str, name: &str, rest: &[Value]) -> Option<Value> {
    let facts = composer.facts(of);
    let number = |extents: &[Option<usize>]| {
        let whole = extents
            .iter()
            .try_fold(1_usize, |n, d| n.checked_mul((*d)?));
        whole.map_or(Value::Unknown, |n| Value::Int(n as i64))
    };
    Some(match (name, rest) {
        ("size" | "shape", []) => match &facts.shape {
            Some(shape) => {
                let extents = 0..shape.len() as i64;
                Value::list(extents.map(|axis| extent(composer, of, axis)).collect())
            }
            None => Value::Unknown,
        },
        ("size", [Value::Int(axis)]) => extent(composer, of, *axis),
        ("dim" | "ndim", []) => {
            let shape = facts.shape.as_ref();
            shape.map_or(Value::Unknown, |shape| Value::Int(shape.len() as i64))
        }
        ("numel", []) => facts.shape.as_deref().map_or(Value::Unknown, number),
        ("dtype", []) => Value::Int(match composer.type_of(of) {
            Element::Float => 6,
            Element::Integer => 4,
            Element::Bool => 11,
        }),
        ("is_floating_point", []) => Value::Bool(composer.type_of(of) == Element::Float),
        ("is_complex" | "is_inference", []) => Value::Bool(false),
        _ => return None,
    })
}

/// Writes a call down.
fn call(
    composer: &mut Composer,
    module: &str,
    name: &str,
    positional: &[Value],
    named: &[(String, Value)],
) -> Parsed<Value> {
    if !positional.iter().any(Value::has_tensor) && plain(name) != name {
        return Err(format!("`{name}` writes over a number"));
    }
    let within = |e: String| format!("`{name}`: {e}");
    let mut call = Call {
        operation: name.to_owned(),
        positional: positional
            .iter()
            .map(Value::argument)
            .collect::<Parsed<_>>()
            .map_err(within)?,
        named: named
            .iter()
            .map(|(name, value)| Ok((name.clone(), value.argument()?)))
            .collect::<Parsed<_>>()
            .map_err(within)?,
        outputs: Vec::new(),
        module: module.to_owned(),
    };
    if name == "_convolution" {
        call = convolution(call)?;
    }
    types(&mut call);
    evaluated(composer, &mut call);
    if call.operation == "embedding"
        && let Some(Argument::Value(tokens)) = call.positional.get(1)
    {
        let tokens = tokens.clone();
        composer
            .input_is(&tokens, Element::Integer)
            .map_err(within)?;
    }
    let operation = call.operation.clone();
    let made = composer.call(call).map_err(within)?;
    let mut values: Vec<Value> = made.iter().map(|name| Value::tensor(name)).collect();
    if LISTS.contains(&operation.as_str()) {
        return Ok(Value::list(values));
    }
    match values.len() {
        1 => values.pop().ok_or_else(|| "no value".into()),
        _ => Ok(Value::tuple(values)),
    }
}

/// Types by their names.
fn types(call: &mut Call) {
    let name = |argument: &mut Argument| {
        if let Argument::Integer(number) = argument
            && let Some((_, name)) = TYPES.iter().find(|(own, _)| own == number)
        {
            *argument = Argument::Text((*name).to_owned());
        }
    };
    for (own, argument) in &mut call.named {
        if own == "dtype" {
            name(argument);
        }
    }
    let place = TYPED.iter().find(|(own, _)| *own == call.operation);
    if let Some(argument) = place.and_then(|(_, at)| call.positional.get_mut(*at)) {
        name(argument);
    }
}

/// The operation as it is in evaluation, where it was saved as it is in training.
fn evaluated(composer: &mut Composer, call: &mut Call) {
    let operation = plain(&call.operation).to_owned();
    let Some((_, at)) = TRAINED.iter().find(|(own, _)| *own == operation) else {
        return;
    };
    // Without running statistics those of the batch serve in evaluation, too.
    let normalises = operation.ends_with("_norm");
    if normalises && !matches!(call.positional.get(3), Some(Argument::Value(_))) {
        return;
    }
    // A rate of zero changes nothing.
    let idle = operation.contains("dropout")
        && matches!(call.positional.get(1), Some(Argument::Float(p)) if *p == 0.0);
    if let Some(argument) = call.positional.get_mut(*at)
        && *argument == Argument::Bool(true)
    {
        *argument = Argument::Bool(false);
        if !idle {
            composer.note(format!(
                "the code calls `{operation}` as in training; it is read as in evaluation"
            ));
        }
    }
}

/// PyTorch's one convolution for all as the one that it is.
fn convolution(call: Call) -> Parsed<Call> {
    let at = |index: usize| {
        call.positional
            .get(index)
            .cloned()
            .unwrap_or(Argument::Absent)
    };
    let axes = match at(3) {
        Argument::List(items) if (1..=3).contains(&items.len()) => items.len(),
        _ => return Err("a convolution without strides".into()),
    };
    let places: &[usize] = match at(6) {
        Argument::Bool(true) => &[0, 1, 2, 3, 4, 7, 8, 5],
        _ => &[0, 1, 2, 3, 4, 5, 8],
    };
    let kind = if places.len() == 8 {
        "conv_transpose"
    } else {
        "conv"
    };
    Ok(Call {
        operation: format!("{kind}{axes}d"),
        positional: places.iter().map(|&index| at(index)).collect(),
        ..call
    })
}
