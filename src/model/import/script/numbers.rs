//! Arithmetic and comparisons of values that are known: what code computes beside its tensors.

use super::access;
use super::compare::{contains, equal};
use super::syntax::Brackets;
use super::value::Value;
use crate::store::Parsed;

/// No message or list of sizes is longer.
const LONGEST: usize = 1 << 16;

/// The result of `operation`, where it is one on values that are no tensors; `None` where it isn't listed.
///
/// # Errors
/// Where the values are no such as the operation takes.
pub fn known(operation: &str, values: &[Value]) -> Option<Parsed<Value>> {
    let unknown = values.iter().any(|value| matches!(value, Value::Unknown));
    let is_none = |value: &Value| matches!(value, Value::None);
    Some(match (operation, values) {
        ("__is__" | "eq", [a, b]) if is_none(a) || is_none(b) => {
            Ok(Value::Bool(is_none(a) && is_none(b)))
        }
        ("__isnot__" | "ne", [a, b]) if is_none(a) || is_none(b) => {
            Ok(Value::Bool(!(is_none(a) && is_none(b))))
        }
        ("__contains__", [list, item]) => contains(list, item),
        ("__and__", [a, b]) if is(a, false) || is(b, false) => Ok(Value::Bool(false)),
        ("__or__", [a, b]) if is(a, true) || is(b, true) => Ok(Value::Bool(true)),
        ("append", [list, item]) => append(list, item),
        ("len", [list]) => match list {
            Value::List(items, _) => Ok(Value::Int(items.borrow().len() as i64)),
            Value::Dict(pairs) => Ok(Value::Int(pairs.borrow().len() as i64)),
            Value::Text(text) => Ok(Value::Int(text.chars().count() as i64)),
            other => Err(format!("`len` of {}", other.kind())),
        },
        ("any" | "all", [Value::List(items, _)]) => {
            let truths: Option<Vec<bool>> = items
                .borrow()
                .iter()
                .map(|item| item.number().map(|n| n != 0.0))
                .collect();
            Ok(truths.map_or(Value::Unknown, |truths| {
                let any = operation == "any";
                Value::Bool(truths.contains(&any) == any)
            }))
        }
        ("list", [list]) => match list.items() {
            Some(items) => Ok(Value::list(items)),
            None => Err(format!("`list` of {}", list.kind())),
        },
        ("__getitem__", [list, index]) => access::index(list, index),
        ("format", [text, rest @ ..]) => Ok(format(text, rest)),
        ("add", [Value::Text(a), Value::Text(b)]) if a.len() + b.len() <= LONGEST => {
            Ok(Value::text(&format!("{a}{b}")))
        }
        ("add", [a @ Value::List(..), b @ Value::List(..)]) => joined(a, b),
        ("mul", [list @ Value::List(..), Value::Int(n)]) => repeated(list, *n),
        ("slice", [list @ Value::List(..), ..]) => sliced(list, &values[1..]),
        ("__not__", [Value::Bool(value)]) => Ok(Value::Bool(!value)),
        ("__range_length", [Value::Int(start), Value::Int(end), Value::Int(step)]) if *step > 0 => {
            let length = end.saturating_sub(*start).max(0);
            let rounds = length / step + i64::from(length % step != 0);
            Ok(Value::Int(rounds))
        }
        ("__derive_index", [Value::Int(round), Value::Int(start), Value::Int(step)]) => Ok(
            Value::Int(start.saturating_add(round.saturating_mul(*step))),
        ),
        // The second less the first.
        ("rsub", [a, b]) => return known("sub", &[b.clone(), a.clone()]),
        ("unwrap_optional" | "_unwrap_optional", [value]) => Ok(value.clone()),
        _ if unknown && ARITHMETIC.contains(&operation) => Ok(Value::Unknown),
        ("eq", [a, b]) => equal(a, b).map(Value::Bool),
        ("ne", [a, b]) => equal(a, b).map(|same| Value::Bool(!same)),
        ("__is__", [a, b]) => equal(a, b).map(Value::Bool),
        ("__isnot__", [a, b]) => equal(a, b).map(|same| Value::Bool(!same)),
        ("__and__", [Value::Bool(a), Value::Bool(b)]) => Ok(Value::Bool(*a && *b)),
        ("__or__", [Value::Bool(a), Value::Bool(b)]) => Ok(Value::Bool(*a || *b)),
        (_, [Value::Int(a), Value::Int(b)]) if WHOLE.contains(&operation) => {
            whole(operation, *a, *b)
        }
        (_, [a]) => return one(operation, a),
        (_, [a, b]) => return two(operation, a.number()?, b.number()?),
        _ => return None,
    })
}

/// Operations whose result isn't known where an argument isn't.
const ARITHMETIC: [&str; 37] = [
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "add",
    "sub",
    "mul",
    "div",
    "floordiv",
    "remainder",
    "neg",
    "pow",
    "sqrt",
    "floor",
    "ceil",
    "round",
    "abs",
    "min",
    "max",
    "__not__",
    "__and__",
    "__or__",
    "__is__",
    "__isnot__",
    "Int",
    "Float",
    "Bool",
    "log",
    "trunc",
    "NumToTensor",
    "IntImplicit",
    "ScalarImplicit",
    "FloatImplicit",
    "item",
    "floor_divide",
];

/// Operations that give whole numbers for whole numbers.
const WHOLE: [&str; 10] = [
    "add",
    "sub",
    "mul",
    "floordiv",
    "remainder",
    "min",
    "max",
    "floor_divide",
    "div_trunc",
    "pow",
];

fn is(value: &Value, wanted: bool) -> bool {
    matches!(value, Value::Bool(own) if *own == wanted)
}

fn whole(operation: &str, a: i64, b: i64) -> Parsed<Value> {
    let result = match operation {
        "add" => a.checked_add(b),
        "sub" => a.checked_sub(b),
        "mul" => a.checked_mul(b),
        // Python rounds down where Rust rounds to zero.
        "floordiv" | "floor_divide" => a.checked_div(b).and_then(|q| {
            let down = a % b != 0 && (a < 0) != (b < 0);
            q.checked_sub(i64::from(down))
        }),
        "remainder" => a.checked_rem(b).map(|r| {
            if r != 0 && (r < 0) != (b < 0) {
                r + b
            } else {
                r
            }
        }),
        "div_trunc" => a.checked_div(b),
        "min" => Some(a.min(b)),
        "max" => Some(a.max(b)),
        _ => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
    };
    let result =
        result.ok_or_else(|| format!("`{operation}` of {a} and {b} is no whole number"))?;
    Ok(Value::Int(result))
}

fn one(operation: &str, a: &Value) -> Option<Parsed<Value>> {
    let number = a.number()?;
    let rounded = |x: f64| {
        // Beyond this, numbers of f64 aren't whole ones of i64.
        let fits = x.abs() < 9e15;
        if fits {
            Ok(Value::Int(x as i64))
        } else {
            Err(format!("{x} is no whole number"))
        }
    };
    Some(match (operation, a) {
        ("neg", Value::Int(n)) => n
            .checked_neg()
            .map(Value::Int)
            .ok_or_else(|| "too large a number".into()),
        ("abs", Value::Int(n)) => n
            .checked_abs()
            .map(Value::Int)
            .ok_or_else(|| "too large a number".into()),
        ("Int", Value::Int(n)) => Ok(Value::Int(*n)),
        ("neg", _) => Ok(Value::Float(-number)),
        ("abs", _) => Ok(Value::Float(number.abs())),
        ("sqrt", _) => Ok(Value::Float(number.sqrt())),
        ("log", _) => Ok(Value::Float(number.ln())),
        ("exp", _) => Ok(Value::Float(number.exp())),
        ("reciprocal", _) => Ok(Value::Float(number.recip())),
        ("floor", _) => rounded(number.floor()),
        ("ceil", _) => rounded(number.ceil()),
        ("round", _) => rounded(number.round_ties_even()),
        ("Int" | "trunc", _) => rounded(number.trunc()),
        ("Float", _) => Ok(Value::Float(number)),
        ("Bool", _) => Ok(Value::Bool(number != 0.0)),
        (
            "NumToTensor" | "tensor" | "scalar_tensor" | "item" | "IntImplicit" | "ScalarImplicit"
            | "FloatImplicit" | "detach" | "clone" | "alias" | "to",
            _,
        ) => Ok(a.clone()),
        _ => return None,
    })
}

fn two(operation: &str, a: f64, b: f64) -> Option<Parsed<Value>> {
    Some(Ok(match operation {
        "lt" => Value::Bool(a < b),
        "le" => Value::Bool(a <= b),
        "gt" => Value::Bool(a > b),
        "ge" => Value::Bool(a >= b),
        "add" => Value::Float(a + b),
        "sub" => Value::Float(a - b),
        "mul" => Value::Float(a * b),
        "div" => Value::Float(a / b),
        "div_trunc" => Value::Float((a / b).trunc()),
        "floordiv" | "floor_divide" => Value::Float((a / b).floor()),
        "remainder" => Value::Float(a - (a / b).floor() * b),
        "pow" => Value::Float(a.powf(b)),
        "min" => Value::Float(a.min(b)),
        "max" => Value::Float(a.max(b)),
        "round" => Value::Float(a.round_ties_even()),
        _ => return None,
    }))
}

fn append(list: &Value, item: &Value) -> Parsed<Value> {
    let Value::List(items, Brackets::Square) = list else {
        return Err(format!("`append` to {}", list.kind()));
    };
    if !item.is_plain() {
        return Err("a list with items of its own is appended to another".into());
    }
    let mut items = items.borrow_mut();
    if items.len() >= LONGEST {
        return Err(format!("a list of more than {LONGEST} items"));
    }
    items.push(item.clone());
    drop(items);
    Ok(list.clone())
}

fn joined(a: &Value, b: &Value) -> Parsed<Value> {
    let mut items = a.items().unwrap_or_default();
    items.extend(b.items().unwrap_or_default());
    if items.len() > LONGEST {
        return Err(format!("a list of more than {LONGEST} items"));
    }
    Value::list(items).shallow()
}

fn repeated(list: &Value, count: i64) -> Parsed<Value> {
    let items = list.items().unwrap_or_default();
    let count = usize::try_from(count).unwrap_or(0);
    if items.len().saturating_mul(count) > LONGEST {
        return Err(format!("a list of more than {LONGEST} items"));
    }
    Value::list(std::iter::repeat_n(items, count).flatten().collect()).shallow()
}

/// `list[start:end:step]` with a positive step.
fn sliced(list: &Value, bounds: &[Value]) -> Parsed<Value> {
    let items = list.items().unwrap_or_default();
    let length = items.len() as i64;
    let bound = |index: usize, default: i64| match bounds.get(index) {
        Some(Value::Int(n)) if *n < 0 => Ok(n.saturating_add(length).clamp(0, length)),
        Some(Value::Int(n)) => Ok((*n).clamp(0, length)),
        None | Some(Value::None) => Ok(default),
        Some(other) => Err(format!("a slice by {}", other.kind())),
    };
    let (start, end) = (bound(0, 0)? as usize, bound(1, length)? as usize);
    let step = match bounds.get(2) {
        None | Some(Value::None) => 1,
        Some(Value::Int(n)) if *n > 0 => *n as usize,
        Some(_) => return Err("a slice by a step that isn't positive".into()),
    };
    let part = items.get(start..end.max(start)).unwrap_or_default();
    Ok(Value::list(part.iter().step_by(step).cloned().collect()))
}

/// A message with its gaps filled; what doesn't fit is left out, since only people read it.
fn format(text: &Value, values: &[Value]) -> Value {
    let Value::Text(text) = text else {
        return Value::text("");
    };
    let mut filled = String::new();
    let mut values = values.iter();
    for (index, part) in text.split("{}").enumerate() {
        if index > 0 {
            let shown = match values.next() {
                Some(Value::Int(n)) => n.to_string(),
                Some(Value::Float(n)) => n.to_string(),
                Some(Value::Text(t)) => t.to_string(),
                Some(other) => other.kind().to_owned(),
                None => String::new(),
            };
            filled.push_str(&shown);
        }
        filled.push_str(part);
        if filled.len() > LONGEST {
            break;
        }
    }
    Value::text(&filled)
}
