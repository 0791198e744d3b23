//! What is known of an ONNX graph's values while its operators are read.

use super::known::Known;
use crate::checkpoint::Kind;
use crate::checkpoint::onnx::Model;
use crate::model::import::compose::Composer;
use crate::model::import::extents::Extents;
use crate::model::import::traced::Element;
use crate::store::Parsed;
use std::collections::{BTreeSet, HashMap};

/// Bytes of a tensor that is looked through.
const MOST_ZEROS: u64 = 1 << 24;

/// A value of the graph.
#[derive(Debug, Clone)]
pub enum Value {
    /// A traced value, by its name.
    Tensor(String),
    /// Known numbers.
    Known(Known),
}

/// All values so far.
pub struct State<'m> {
    model: &'m Model,
    /// What was written down.
    pub composer: Composer,
    values: HashMap<String, Value>,
    /// Known values that became constants.
    lifted: HashMap<String, String>,
    /// The version of the standard operators.
    pub opset: i64,
    /// Weights under a name that an exporter made up: it turned or folded them.
    pub renamed: BTreeSet<String>,
}

impl<'m> State<'m> {
    /// Before any operator.
    pub fn new(model: &'m Model, composer: Composer, opset: i64) -> Self {
        Self {
            model,
            composer,
            values: HashMap::new(),
            lifted: HashMap::new(),
            opset,
            renamed: BTreeSet::new(),
        }
    }

    /// Gives a name its value.
    pub fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Whether a name is that of an initialiser.
    pub fn is_initialiser(&self, name: &str) -> bool {
        self.model.tensor(name).is_some()
    }

    /// Whether a name is that of an initialiser that is 0 everywhere: exporters keep first states so.
    pub fn is_zero(&self, name: &str) -> bool {
        let small = |entry: &crate::store::Entry| entry.memory <= MOST_ZEROS;
        let small = self.model.tensor(name).is_some_and(|own| small(&own.entry));
        let numbers = small.then(|| self.model.numbers(name));
        numbers.is_some_and(|read| read.is_ok_and(|own| own.to_f64().iter().all(|&n| n == 0.0)))
    }

    /// The numbers of a small initialiser that no layer trains: how many times as large something becomes.
    pub fn numbers(&self, name: &str) -> Option<Vec<f64>> {
        let own = self.model.tensor(name)?;
        let numbers = (own.entry.memory <= 1024).then(|| self.model.numbers(name));
        numbers?.ok().map(|own| own.to_f64())
    }

    /// The value called `name`.
    ///
    /// # Errors
    /// Where nothing before makes it.
    pub fn value(&mut self, name: &str) -> Parsed<Value> {
        if let Some(value) = self.values.get(name) {
            return Ok(value.clone());
        }
        let tensor = self.model.tensor(name);
        let tensor = tensor.ok_or_else(|| {
            let name: String = name.chars().take(120).collect();
            format!("nothing before it makes `{name}`, which it reads")
        })?;
        let entry = &tensor.entry;
        let value = if tensor.kept && entry.dtype.kind == Kind::Float {
            if crate::checkpoint::onnx::is_generated(name) {
                self.renamed.insert(name.to_owned());
            }
            Value::Tensor(self.composer.stored(name, &entry.shape, Element::Float))
        } else {
            let numbers = self.model.numbers(name);
            let numbers = numbers.map_err(|e| format!("tensor `{}`: {e}", entry.name))?;
            Value::Known(Known::of_array(&numbers, entry.dtype.name() == "bool")?)
        };
        self.set(name, value.clone());
        Ok(value)
    }

    /// A value as a traced one; known numbers become a constant.
    pub fn tensor(&mut self, name: &str, value: Value) -> String {
        let known = match value {
            Value::Tensor(name) => return name,
            Value::Known(known) => known,
        };
        // What has no name of its own in the file is another constant every time.
        if name.is_empty() {
            return self.composer.constant("constant", known.constant());
        }
        if let Some(lifted) = self.lifted.get(name) {
            return lifted.clone();
        }
        let lifted = self.composer.constant(name, known.constant());
        self.lifted.insert(name.to_owned(), lifted.clone());
        lifted
    }

    /// The shape of a value, where it is known how many axes there are.
    pub fn shape(&self, value: &Value) -> Option<Extents> {
        match value {
            Value::Tensor(name) => self.composer.facts(name).shape,
            Value::Known(known) => Some(known.shape.iter().map(|&n| Some(n)).collect()),
        }
    }
}
