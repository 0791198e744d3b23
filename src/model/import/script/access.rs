//! Items of lists and dictionaries.

use super::compare::equal;
use super::syntax::Brackets;
use super::value::Value;
use crate::store::Parsed;

/// `of[index]`.
///
/// # Errors
/// Where there is no such item.
pub fn index(of: &Value, index: &Value) -> Parsed<Value> {
    match (of, index) {
        (Value::List(items, _), Value::Int(number)) => {
            let items = items.borrow();
            let at = if *number < 0 {
                number + items.len() as i64
            } else {
                *number
            };
            let found = usize::try_from(at).ok().and_then(|at| items.get(at));
            found
                .cloned()
                .ok_or_else(|| format!("item {number} of a list of {}", items.len()))
        }
        (Value::Dict(pairs), key) => {
            for (own, value) in pairs.borrow().iter() {
                if equal(own, key)? {
                    return Ok(value.clone());
                }
            }
            Err("a dictionary has no such key".into())
        }
        (Value::Unknown, _) | (Value::List(..), Value::Unknown) => Ok(Value::Unknown),
        _ => Err(format!("an item of {} by {}", of.kind(), index.kind())),
    }
}

/// `of[index] = value`.
///
/// # Errors
/// Where there is no such item.
pub fn set(of: &Value, index: &Value, value: &Value) -> Parsed<()> {
    if !value.is_plain() {
        return Err("a list with items of its own becomes an item of another".into());
    }
    match (of, index) {
        (Value::List(items, Brackets::Square), Value::Int(number)) => {
            let mut items = items.borrow_mut();
            let at = if *number < 0 {
                number + items.len() as i64
            } else {
                *number
            };
            let length = items.len();
            let found = usize::try_from(at).ok().and_then(|at| items.get_mut(at));
            *found.ok_or_else(|| format!("item {number} of a list of {length}"))? = value.clone();
            Ok(())
        }
        (Value::Dict(pairs), key) => {
            let mut pairs = pairs.borrow_mut();
            for (own, kept) in pairs.iter_mut() {
                if equal(own, key)? {
                    *kept = value.clone();
                    return Ok(());
                }
            }
            pairs.push((key.clone(), value.clone()));
            Ok(())
        }
        _ => Err(format!("an item of {} is set", of.kind())),
    }
}
