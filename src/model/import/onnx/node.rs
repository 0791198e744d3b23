//! An operator of an ONNX graph: its options and what it reads.

use super::known::Known;
use super::state::{State, Value};
use crate::checkpoint::onnx::proto::{AttributeProto, NodeProto};
use crate::model::import::extents::Extents;
use crate::model::import::traced::{Argument, Call};
use crate::store::Parsed;
use prost::bytes::Bytes;

/// An operator while it is read.
pub struct Node<'a, 'm> {
    /// As it stands in the file.
    pub proto: &'a NodeProto,
    /// What is known so far.
    pub state: &'a mut State<'m>,
}

impl Node<'_, '_> {
    fn option(&self, name: &str) -> Option<&AttributeProto> {
        self.proto.attribute.iter().find(|own| own.name == name)
    }

    /// A whole number, or what it is where the file doesn't say.
    pub fn integer(&self, name: &str, default: i64) -> i64 {
        self.option(name).map_or(default, |own| own.i)
    }

    /// A number.
    pub fn float(&self, name: &str, default: f64) -> f64 {
        self.option(name).map_or(default, |own| written(own.f))
    }

    /// Whole numbers.
    pub fn integers(&self, name: &str) -> Option<Vec<i64>> {
        self.option(name).map(|own| own.ints.clone())
    }

    /// Text, empty where the file doesn't say.
    pub fn text(&self, name: &str) -> String {
        let bytes = self
            .option(name)
            .map(|own| own.s.clone())
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).chars().take(200).collect()
    }

    /// Numbers.
    pub fn floats(&self, name: &str) -> Option<Vec<f64>> {
        let own = self.option(name);
        own.map(|own| own.floats.iter().map(|&n| written(n)).collect())
    }

    /// Texts.
    pub fn words(&self, name: &str) -> Vec<String> {
        let own = self.option(name).map(|own| own.strings.as_slice());
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).chars().take(200).collect();
        own.unwrap_or_default().iter().take(64).map(text).collect()
    }

    /// The tensor that an option is.
    pub fn literal(&self) -> Parsed<Option<Known>> {
        for own in &self.proto.attribute {
            let (element, shape, values): (_, Vec<usize>, Vec<f64>) = match own.name.as_str() {
                "value" => return own.t.as_ref().map(Known::of_message).transpose(),
                "value_int" => (
                    crate::model::import::traced::Element::Integer,
                    vec![],
                    vec![own.i as f64],
                ),
                "value_float" => (
                    crate::model::import::traced::Element::Float,
                    vec![],
                    vec![written(own.f)],
                ),
                "value_ints" => (
                    crate::model::import::traced::Element::Integer,
                    vec![own.ints.len()],
                    own.ints.iter().map(|&n| n as f64).collect(),
                ),
                "value_floats" => (
                    crate::model::import::traced::Element::Float,
                    vec![own.floats.len()],
                    own.floats.iter().map(|&n| written(n)).collect(),
                ),
                _ => continue,
            };
            return Ok(Some(Known {
                shape,
                values,
                element,
            }));
        }
        Ok(None)
    }

    /// Whether something stands at a place among what it reads.
    pub fn has(&self, index: usize) -> bool {
        self.proto
            .input
            .get(index)
            .is_some_and(|name| !name.is_empty())
    }

    /// What stands there.
    ///
    /// # Errors
    /// Where nothing does, or nothing before it makes it.
    pub fn value(&mut self, index: usize) -> Parsed<Value> {
        let name = self.proto.input.get(index).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| format!("it lacks what it reads at place {index}"))?;
        self.state.value(name)
    }

    /// What stands there as a traced value.
    ///
    /// # Errors
    /// As [`Node::value`].
    pub fn tensor(&mut self, index: usize) -> Parsed<String> {
        let name = self.proto.input.get(index).cloned().unwrap_or_default();
        let value = self.value(index)?;
        Ok(self.state.tensor(&name, value))
    }

    /// As an argument: a value, or nothing where nothing stands there.
    ///
    /// # Errors
    /// As [`Node::value`].
    pub fn optional(&mut self, index: usize) -> Parsed<Argument> {
        if !self.has(index) {
            return Ok(Argument::Absent);
        }
        Ok(Argument::Value(self.tensor(index)?))
    }

    /// As an argument of arithmetic: a value, or the number that it is everywhere.
    ///
    /// # Errors
    /// As [`Node::value`].
    pub fn operand(&mut self, index: usize) -> Parsed<Argument> {
        if let Value::Known(known) = self.value(index)?
            && let Some(number) = known.scalar()
        {
            return Ok(number);
        }
        Ok(Argument::Value(self.tensor(index)?))
    }

    /// Numbers that must be known: a shape, axes, bounds.
    ///
    /// # Errors
    /// Where they depend on data, or on a shape that isn't known.
    pub fn known(&mut self, index: usize) -> Parsed<Known> {
        match self.value(index)? {
            Value::Known(known) => Ok(known),
            Value::Tensor(name) => Err(format!(
                "it needs the numbers of `{name}`, which depend on data, on weights or on a shape that isn't known before that of the data is"
            )),
        }
    }

    /// Whole numbers that are an option of old versions and something to read of new ones.
    ///
    /// # Errors
    /// As [`Node::known`].
    pub fn listed(&mut self, name: &str, index: usize) -> Parsed<Option<Vec<i64>>> {
        if let Some(own) = self.integers(name) {
            return Ok(Some(own));
        }
        if !self.has(index) {
            return Ok(None);
        }
        Ok(Some(self.known(index)?.integers()))
    }

    /// The shape of what stands at a place, where it is known how many axes there are.
    pub fn shape(&mut self, index: usize) -> Parsed<Option<Extents>> {
        let value = self.value(index)?;
        Ok(self.state.shape(&value))
    }

    /// The number of axes of what stands at a place.
    ///
    /// # Errors
    /// Where it isn't known.
    pub fn rank(&mut self, index: usize) -> Parsed<usize> {
        let shape = self.shape(index)?;
        let shape = shape.ok_or(
            "it reads a value whose number of axes isn't known before the shape of the data is",
        )?;
        Ok(shape.len())
    }

    /// Writes one call down that makes one value.
    ///
    /// # Errors
    /// As [`crate::model::import::compose::Composer::call`].
    pub fn call(&mut self, operation: &str, positional: Vec<Argument>) -> Parsed<String> {
        let made = self.calls(operation, positional)?;
        made.into_iter()
            .next()
            .ok_or_else(|| "it makes nothing".into())
    }

    /// Writes one call down that makes several values.
    ///
    /// # Errors
    /// As [`Node::call`].
    pub fn calls(&mut self, operation: &str, positional: Vec<Argument>) -> Parsed<Vec<String>> {
        let call = Call {
            operation: operation.to_owned(),
            positional,
            named: Vec::new(),
            outputs: Vec::new(),
            module: module(&self.proto.name),
        };
        self.state.composer.call(call)
    }
}

/// What TensorFlow puts before the names of a function's operations.
const CALLED: [&str; 2] = ["StatefulPartitionedCall", "PartitionedCall"];

/// The module that an operator's name tells: PyTorch calls one `/layer1/conv1/Conv`, TensorFlow
/// `StatefulPartitionedCall/model/conv1/Conv2D`.
fn module(name: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').take(64).collect();
    if parts.pop().is_none() || parts.is_empty() {
        return String::new();
    }
    if parts[0].is_empty() || CALLED.contains(&parts[0]) {
        parts.remove(0);
    }
    let mut module = String::new();
    for part in parts {
        // A sequence's items carry its name: `/layer1/layer1.0/conv1`.
        let last = module.rsplit('.').next().unwrap_or_default();
        let own = part.strip_prefix(last).filter(|_| !last.is_empty());
        let own = own.and_then(|own| own.strip_prefix('.')).unwrap_or(part);
        if !module.is_empty() {
            module.push('.');
        }
        module.push_str(own);
    }
    module.chars().take(400).collect()
}

/// A number of 32 bits as it was written: 1e-5 is stored as 9.99999974737875e-6.
fn written(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| number.into())
}

/// An axis counted from the start.
///
/// # Errors
/// Where there is none.
pub fn axis(number: i64, rank: usize) -> Parsed<i64> {
    let at = if number < 0 {
        number + rank as i64
    } else {
        number
    };
    if (0..rank as i64).contains(&at) {
        return Ok(at);
    }
    Err(format!("axis {number} of {rank}"))
}

/// A list of whole numbers.
pub fn list(numbers: &[i64]) -> Argument {
    Argument::List(numbers.iter().map(|&n| Argument::Integer(n)).collect())
}

/// A value.
pub fn value(name: &str) -> Argument {
    Argument::Value(name.to_owned())
}
