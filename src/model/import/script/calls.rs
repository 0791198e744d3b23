//! What is called in the code: PyTorch's operations, functions and methods of the code, words of the language.

use super::names::{Frame, global};
use super::operations::operate;
use super::syntax::{Call, Expression};
use super::unfold::Unfolder;
use super::value::Value;
use crate::store::Parsed;

impl Unfolder<'_> {
    /// What a call gives: of an operation, of code, or of a word of the language.
    pub(super) fn call(&mut self, call: &Call, frame: &Frame) -> Parsed<Value> {
        let named = |own: &mut Self| -> Parsed<Vec<(String, Value)>> {
            let pairs = call.named.iter();
            pairs
                .map(|(name, value)| Ok((name.clone(), own.value(value, frame)?)))
                .collect()
        };
        if let Expression::Name(name) = &call.function
            && !frame.names.contains_key(name)
        {
            return self.built_in(name, &call.arguments, frame);
        }
        if let Some(dotted) = global(&call.function, frame) {
            let arguments = self.values(&call.arguments, frame)?;
            let named = named(self)?;
            let Some(operation) = operation(&dotted) else {
                return self.function(&dotted, arguments, named);
            };
            if operation == "RaiseException" {
                let said = match arguments.first() {
                    Some(Value::Text(text)) => text.chars().take(200).collect(),
                    _ => String::new(),
                };
                return Err(format!("the code stops with {said:?}"));
            }
            return operate(&mut self.composer, &self.path, operation, arguments, named);
        }
        if let Expression::Attribute(of, method) = &call.function {
            let of = self.value(of, frame)?;
            let Value::Module(place) = of else {
                return Err(format!("the method `{method}` of {}", of.kind()));
            };
            let arguments = self.values(&call.arguments, frame)?;
            let named = named(self)?;
            return self.method(place, method, arguments, named);
        }
        let function = self.value(&call.function, frame)?;
        let arguments = self.values(&call.arguments, frame)?;
        let named = named(self)?;
        match function {
            Value::Named(name) => self.function(&name, arguments, named),
            other => Err(format!("{} is called", other.kind())),
        }
    }

    /// Functions that are words of the language. Types among their arguments aren't looked at.
    fn built_in(&mut self, name: &str, arguments: &[Expression], frame: &Frame) -> Parsed<Value> {
        match (name, arguments) {
            ("annotate" | "unchecked_cast", [_, value]) => self.value(value, frame),
            ("uninitialized", [_]) => Ok(Value::None),
            ("getattr", [of, Expression::Text(name)]) => {
                let of = self.value(of, frame)?;
                self.attribute(&of, name, frame)
            }
            ("int" | "float" | "bool", [value]) => {
                let value = self.value(value, frame)?;
                let operation = match name {
                    "int" => "Int",
                    "float" => "Float",
                    _ => "Bool",
                };
                if let Value::Tensor(_) = value {
                    return Ok(Value::Unknown);
                }
                operate(
                    &mut self.composer,
                    &self.path,
                    operation,
                    vec![value],
                    Vec::new(),
                )
            }
            ("str", [value]) => {
                self.value(value, frame)?;
                Ok(Value::text(""))
            }
            ("range", bounds) => {
                let bounds = self.values(bounds, frame)?;
                range(&bounds)
            }
            _ => Err(format!("`{name}` is called, which isn't read")),
        }
    }
}

/// The operation that a dotted name means; `None` for a function of the code.
fn operation(dotted: &str) -> Option<&str> {
    let known = ["torch.", "ops.prim.", "ops.aten.", "warnings."];
    known.iter().find_map(|start| dotted.strip_prefix(start))
}

/// The rounds of a loop, counted.
fn range(bounds: &[Value]) -> Parsed<Value> {
    const MOST: i64 = 1 << 16;
    let (start, end, step) = match bounds {
        [Value::Int(end)] => (0, *end, 1),
        [Value::Int(start), Value::Int(end)] => (*start, *end, 1),
        [Value::Int(start), Value::Int(end), Value::Int(step)] if *step > 0 => {
            (*start, *end, *step)
        }
        _ => return Err("a loop whose number of rounds isn't known".into()),
    };
    let length = end.saturating_sub(start).max(0);
    let rounds = length / step + i64::from(length % step != 0);
    if rounds > MOST {
        return Err(format!(
            "a loop of {rounds} rounds, expected at most {MOST}"
        ));
    }
    let numbers = (0..rounds).map(|n| Value::Int(start.saturating_add(n.saturating_mul(step))));
    Ok(Value::list(numbers.collect()))
}
