//! Arguments as the schema of exported programs writes them: an object with one key that says its kind.

use crate::model::import::traced::Argument;
use crate::store::Parsed;
use serde_json::Value;

/// Lists in lists, no deeper than anybody writes them.
const DEEPEST: usize = 8;

/// The one key of an object and its value. PyTorch 2.2 wrote the others, too, with nothing.
fn tagged(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object()?;
    let mut all = object.iter().filter(|(_, value)| !value.is_null());
    let (key, value) = all.next()?;
    all.next().is_none().then_some((key.as_str(), value))
}

/// The name of a value.
pub fn name_of(argument: &Value) -> Option<String> {
    let (key, value) = tagged(argument)?;
    match key {
        "as_tensor" | "as_sym_int" | "as_sym_bool" | "as_sym_float" | "as_optional_tensor" => {
            named(value)
        }
        _ => None,
    }
}

/// `{"name": …}`, or a symbol's `{"as_name": …}`, or either wrapped once more.
fn named(value: &Value) -> Option<String> {
    let own = value.get("name").or_else(|| value.get("as_name"));
    let inner = || value.get("as_tensor").and_then(|inner| inner.get("name"));
    own.or_else(inner)?.as_str().map(str::to_owned)
}

/// Names of the values that an output stands for.
pub fn names_of(output: &Value, names: &mut Vec<String>) {
    match tagged(output) {
        Some(("as_tensors" | "as_optional_tensors" | "as_sym_ints", Value::Array(all))) => {
            // A place that gives nothing keeps its number.
            names.extend(all.iter().map(|one| named(one).unwrap_or_default()));
        }
        _ => names.push(name_of(output).unwrap_or_default()),
    }
}

/// A float, which JSON can't write where it isn't finite.
fn float(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => match text.as_str() {
            "Infinity" | "inf" => Some(f64::INFINITY),
            "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
            "NaN" | "nan" => Some(f64::NAN),
            _ => None,
        },
        other => other.as_f64(),
    }
}

/// The kind of number that a type's code in the schema stands for.
fn type_named(code: &Value) -> Argument {
    let name = match code.as_u64() {
        Some(1..=5 | 28..=31) => "integer",
        Some(6..=8 | 13) => "float",
        Some(12) => "bool",
        _ => return Argument::Absent,
    };
    Argument::Text(name.into())
}

/// What an operation is given.
///
/// # Errors
/// Where it is a graph or another thing that no layer takes.
pub fn argument(value: &Value, depth: usize) -> Parsed<Argument> {
    let (key, inner) = tagged(value).ok_or("an argument that says no kind")?;
    if depth > DEEPEST {
        return Err("lists in lists, too deep".into());
    }
    let unknown = || {
        format!(
            "an argument of the kind {:?} that isn't read",
            key.chars().take(40).collect::<String>()
        )
    };
    let list = |each: &dyn Fn(&Value) -> Option<Argument>| {
        let all = inner.as_array().ok_or_else(unknown)?;
        let all: Option<Vec<Argument>> = all.iter().map(each).collect();
        all.map(Argument::List).ok_or_else(unknown)
    };
    let value = |one: &Value| named(one).map(Argument::Value);
    let optional = |one: &Value| Some(value(one).unwrap_or(Argument::Absent));
    let integer = |one: &Value| one.as_i64().map(Argument::Integer);
    let real = |one: &Value| float(one).map(Argument::Float);
    let truth = |one: &Value| one.as_bool().map(Argument::Bool);
    let symbol = |one: &Value| {
        let known = one.get("as_int").and_then(&integer);
        let known = known.or_else(|| one.get("as_float").and_then(&real));
        known
            .or_else(|| one.get("as_bool").and_then(&truth))
            .or_else(|| value(one))
    };
    let single = |made: Option<Argument>| made.ok_or_else(unknown);
    match key {
        "as_none" | "as_device" | "as_layout" | "as_memory_format" => Ok(Argument::Absent),
        "as_tensor" => single(value(inner)),
        "as_optional_tensor" => single(optional(inner)),
        "as_tensors" => list(&value),
        "as_optional_tensors" => list(&optional),
        "as_int" => single(integer(inner)),
        "as_ints" => list(&integer),
        "as_float" => single(real(inner)),
        "as_floats" => list(&real),
        "as_bool" => single(truth(inner)),
        "as_bools" => list(&truth),
        "as_sym_int" | "as_sym_bool" | "as_sym_float" => single(symbol(inner)),
        "as_sym_ints" | "as_sym_bools" | "as_sym_floats" => list(&symbol),
        "as_string" => single(inner.as_str().map(|text| Argument::Text(text.to_owned()))),
        "as_scalar_type" => Ok(type_named(inner)),
        _ => Err(unknown()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn what_json_cannot_write_is_a_word() {
        let given: Value = serde_json::from_str(r#"{"as_float": "-Infinity"}"#).unwrap();
        assert_eq!(
            argument(&given, 0).unwrap(),
            Argument::Float(f64::NEG_INFINITY)
        );
    }
}
