//! Comparisons of values, as Python makes them.

use super::value::Value;
use crate::store::Parsed;

/// Values that one comparison looks at.
const MOST_COMPARED: usize = 1 << 16;

/// Whether two values are equal, as Python compares them.
///
/// # Errors
/// Where they are no such as can be compared, or one depends on data.
pub fn equal(a: &Value, b: &Value) -> Parsed<bool> {
    equal_within(a, b, &mut 0)
}

fn equal_within(a: &Value, b: &Value, count: &mut usize) -> Parsed<bool> {
    *count += 1;
    if *count > MOST_COMPARED {
        return Err("a comparison of lists too large".into());
    }
    if let (Some(a), Some(b)) = (a.number(), b.number()) {
        return Ok(a == b);
    }
    Ok(match (a, b) {
        (Value::None, Value::None) => true,
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Module(a), Value::Module(b)) => a == b,
        (Value::Aside, Value::Aside) => true,
        (Value::List(a, _), Value::List(b, _)) => {
            let (a, b) = (a.borrow(), b.borrow());
            if a.len() != b.len() {
                return Ok(false);
            }
            for (a, b) in a.iter().zip(b.iter()) {
                if matches!(a, Value::Unknown) || matches!(b, Value::Unknown) {
                    return Err(
                        "sizes are compared that aren't known before the shape of the data is"
                            .into(),
                    );
                }
                if !equal_within(a, b, count)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Tensor(_) | Value::Unknown, _) | (_, Value::Tensor(_) | Value::Unknown) => {
            return Err(format!("a comparison of {} with {}", a.kind(), b.kind()));
        }
        _ => false,
    })
}

/// Whether an item is in a list, or a key in a dictionary.
///
/// # Errors
/// As [`equal`].
pub fn contains(list: &Value, item: &Value) -> Parsed<Value> {
    if let Value::Dict(pairs) = list {
        for (key, _) in pairs.borrow().iter() {
            if equal(key, item)? {
                return Ok(Value::Bool(true));
            }
        }
        return Ok(Value::Bool(false));
    }
    let items = list
        .items()
        .ok_or_else(|| format!("a search in {}", list.kind()))?;
    if matches!(item, Value::Unknown) {
        return Ok(Value::Unknown);
    }
    for own in &items {
        if equal(own, item)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}
