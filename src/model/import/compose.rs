//! Calls written one after another, with what is known of every value: its shape, what its numbers are.
//!
//! Readers of files that have no shapes use it, or whose shapes depend on others. What nobody reads is left
//! out at the end.

use super::extents::{self, Facts};
use super::traced::{Argument, Call, Constant, Element, Input, OPEN, Traced};
use crate::store::Parsed;
use std::collections::{HashMap, HashSet};

/// No network calls more operations.
const MOST_CALLS: usize = 1 << 17;
/// Values of a call's list.
const MOST_ITEMS: usize = 1 << 12;
/// Said where code took the data for real numbers that turn out to be others: it is to be read again with these.
pub const ASKED: &str = "the code asked for the type of the data before this shows it";
/// Operations that may give their first argument itself.
const PERHAPS_ITSELF: [&str; 17] = [
    "to",
    "type_as",
    "float",
    "double",
    "half",
    "contiguous",
    "reshape",
    "reshape_as",
    "flatten",
    "dropout",
    "feature_dropout",
    "alpha_dropout",
    "feature_alpha_dropout",
    "lift_fresh",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
];

/// A [`Traced`] in the making.
#[derive(Debug, Default)]
pub struct Composer {
    traced: Traced,
    facts: HashMap<String, Facts>,
    counts: HashMap<String, usize>,
    /// What a value is perhaps itself, by the value.
    perhaps: HashMap<String, String>,
    /// Inputs of which the code asked what their numbers are, and was told that they are real.
    told: HashSet<String>,
}

impl Composer {
    /// Nothing yet, by a file that is described as `source`.
    pub fn new(source: String) -> Self {
        let mut new = Self::default();
        new.traced.source = source;
        new
    }

    /// A name that no value has, `wanted` itself where it is free.
    fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while self.facts.contains_key(&name) {
            let count = self.counts.entry(wanted.to_owned()).or_insert(0);
            *count += 1;
            name = format!("{wanted}_{count}");
        }
        name
    }

    /// Adds an input; gives its value's name.
    pub fn input(&mut self, name: &str, facts: Facts) -> String {
        let name = self.unique(name);
        self.traced.inputs.push(Input {
            name: name.clone(),
            shape: open(&facts),
            element: facts.element,
        });
        self.facts.insert(name.clone(), facts);
        name
    }

    /// Says of an input what its numbers are, where that shows only later.
    ///
    /// # Errors
    /// Where the code was told otherwise before.
    pub fn input_is(&mut self, name: &str, element: Element) -> Parsed<()> {
        let mut inputs = self.traced.inputs.iter_mut();
        let Some(input) = inputs.find(|input| input.name == name) else {
            return Ok(());
        };
        if input.element != element && self.told.contains(name) {
            return Err(ASKED.into());
        }
        input.element = element;
        if let Some(facts) = self.facts.get_mut(name) {
            facts.element = element;
        }
        Ok(())
    }

    /// What a value's numbers are, for code that asks. An input's count as real from then on, until it is read anew.
    pub fn type_of(&mut self, name: &str) -> Element {
        if self.is_input(name) {
            self.told.insert(name.to_owned());
        }
        self.facts(name).element
    }

    /// Whether two values are one tensor; `None` where that can't be told.
    pub fn same(&self, a: &str, b: &str) -> Option<bool> {
        if a == b {
            return Some(true);
        }
        let root = |name: &str| {
            let mut at = name.to_owned();
            while let Some(of) = self.perhaps.get(&at) {
                at.clone_from(of);
            }
            at
        };
        (root(a) != root(b)).then_some(false)
    }

    /// Adds the checkpoint's tensor `tensor`; gives its value's name.
    pub fn stored(&mut self, tensor: &str, shape: &[usize], element: Element) -> String {
        let name = self.unique(tensor);
        self.traced.stored.insert(name.clone(), tensor.to_owned());
        let facts = Facts::known(shape, element);
        self.facts.insert(name.clone(), facts);
        name
    }

    /// Adds a tensor that the file fixes; gives its value's name.
    pub fn constant(&mut self, name: &str, constant: Constant) -> String {
        let name = self.unique(name);
        let facts = Facts::known(&constant.shape, constant.element);
        self.facts.insert(name.clone(), facts);
        self.traced.constants.insert(name.clone(), constant);
        name
    }

    /// Adds what a person should know, once.
    pub fn note(&mut self, note: String) {
        if !self.traced.notes.contains(&note) {
            self.traced.notes.push(note);
        }
    }

    /// Gives the network its name.
    pub fn name(&mut self, name: &str) {
        name.clone_into(&mut self.traced.name);
    }

    /// Fixes the numbers of a stored value: it is a buffer, which isn't trained.
    pub fn buffer(&mut self, value: &str, constant: Constant) {
        self.traced.constants.insert(value.to_owned(), constant);
    }

    /// What is known of a value.
    pub fn facts(&self, name: &str) -> Facts {
        self.facts.get(name).cloned().unwrap_or_default()
    }

    /// Whether a value is one that the network's caller gives, of which nobody said yet what its numbers are.
    fn is_input(&self, name: &str) -> bool {
        let mut inputs = self.traced.inputs.iter();
        inputs.any(|input| input.name == name && input.element == Element::Float)
    }

    /// Adds a call; gives the names of the values it makes.
    ///
    /// # Errors
    /// Where it isn't known how many these are, or there are too many calls.
    pub fn call(&mut self, mut call: Call) -> Parsed<Vec<String>> {
        if self.traced.calls.len() >= MOST_CALLS {
            return Err(format!(
                "the network calls more than {MOST_CALLS} operations"
            ));
        }
        let facts = extents::outputs(&call, &|name| self.facts(name))?;
        if facts.len() > MOST_ITEMS {
            return Err(format!(
                "`{}` makes {} values, expected at most {MOST_ITEMS}",
                call.operation,
                facts.len()
            ));
        }
        let wanted = extents::plain(&call.operation).to_owned();
        let outputs: Vec<String> = facts.iter().map(|_| String::new()).collect();
        call.outputs = outputs;
        for (index, facts) in facts.into_iter().enumerate() {
            let name = self.unique(&wanted);
            self.facts.insert(name.clone(), facts);
            if let Some(output) = call.outputs.get_mut(index) {
                *output = name;
            }
        }
        let outputs = call.outputs.clone();
        let itself = wanted != call.operation || PERHAPS_ITSELF.contains(&&*wanted);
        if let (true, Some(Argument::Value(of)), [own]) =
            (itself, call.positional.first(), &outputs[..])
        {
            self.perhaps.insert(own.clone(), of.clone());
        }
        self.traced.calls.push(call);
        Ok(outputs)
    }

    /// Adds a call with arguments by name that makes one value; gives its name.
    ///
    /// # Errors
    /// As [`Composer::call`].
    pub fn named(
        &mut self,
        operation: &str,
        positional: Vec<Argument>,
        named: Vec<(&str, Argument)>,
    ) -> Parsed<String> {
        let named = named
            .into_iter()
            .map(|(name, argument)| (name.to_owned(), argument));
        let call = Call {
            operation: operation.to_owned(),
            positional,
            named: named.collect(),
            outputs: Vec::new(),
            module: String::new(),
        };
        self.call(call)?
            .into_iter()
            .next()
            .ok_or_else(|| "it makes nothing".into())
    }

    /// What was composed, with these outputs and without what they don't depend on.
    pub fn finish(mut self, outputs: Vec<String>) -> Traced {
        let mut needed: HashSet<String> = outputs.iter().cloned().collect();
        let mut kept = Vec::new();
        for call in std::mem::take(&mut self.traced.calls).into_iter().rev() {
            // What is written over may have another name later; a counter of batches has none.
            let counts = matches!(call.positional.first(), Some(Argument::Value(name)) if name.ends_with("num_batches_tracked"));
            let writes = extents::plain(&call.operation) != call.operation && !counts;
            if writes || call.outputs.iter().any(|name| needed.contains(name)) {
                let read = call
                    .positional
                    .iter()
                    .chain(call.named.iter().map(|(_, a)| a));
                needed.extend(read.flat_map(extents::values).map(str::to_owned));
                kept.push(call);
            }
        }
        kept.reverse();
        self.traced.calls = kept;
        self.traced.stored.retain(|name, _| needed.contains(name));
        self.traced
            .constants
            .retain(|name, _| needed.contains(name));
        let made = self.traced.calls.iter().flat_map(|call| &call.outputs);
        let named = made
            .chain(self.traced.inputs.iter().map(|input| &input.name))
            .chain(self.traced.stored.keys());
        let known = named.filter_map(|name| {
            let shape = self.facts.get(name)?.shape.as_ref()?;
            let shape: Option<Vec<usize>> = shape.iter().copied().collect();
            Some((name.clone(), shape?))
        });
        self.traced.shapes = known.collect();
        self.traced.outputs = outputs;
        self.traced
    }
}

/// The extents of an input as they are said of one: those left open are `None`.
fn open(facts: &Facts) -> Vec<Option<usize>> {
    let shape = facts.shape.clone().unwrap_or_default();
    shape
        .into_iter()
        .map(|n| n.filter(|&n| n != OPEN))
        .collect()
}
