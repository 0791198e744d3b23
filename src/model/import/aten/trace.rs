//! Calls one after the other: their values by name, and what is written over.
//!
//! A call that writes in place changes what its first argument's name stands for, and every view of the same numbers.
//! Which names are views of which is kept, so that views are taken again of what was written; what is written through a
//! view (`mask[1:3].fill_(1)`) goes into what it is a view of, at the places that the view shows.

use super::arguments::Arguments;
use super::builder::Builder;
use super::table::{Entry, Reading};
use super::value::{Outcome, Source, Value, count};
use super::{
    arithmetic, attention, bounds, convolutions, creation, einsum, gates, housekeeping, indexing,
    normalisations, parts, pointwise, pools, products, recurrent, reductions, truth, views,
};
use crate::model::import::traced::{Argument, Call, Element, Traced};
use crate::model::layers::Gather;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// All operations that can be read.
const OPERATIONS: [&[Entry]; 18] = [
    pointwise::OPERATIONS,
    bounds::OPERATIONS,
    arithmetic::OPERATIONS,
    truth::OPERATIONS,
    gates::OPERATIONS,
    products::OPERATIONS,
    convolutions::OPERATIONS,
    einsum::OPERATIONS,
    attention::OPERATIONS,
    recurrent::OPERATIONS,
    normalisations::OPERATIONS,
    pools::OPERATIONS,
    reductions::OPERATIONS,
    views::OPERATIONS,
    parts::OPERATIONS,
    indexing::OPERATIONS,
    creation::OPERATIONS,
    housekeeping::OPERATIONS,
];

/// Operations whose result is another view of the numbers of their first argument.
const VIEWS: [&str; 27] = [
    "view",
    "view_as",
    "flatten",
    "unflatten",
    "squeeze",
    "unsqueeze",
    "transpose",
    "swapaxes",
    "swapdims",
    "t",
    "numpy_T",
    "mT",
    "permute",
    "movedim",
    "moveaxis",
    "expand",
    "expand_as",
    "broadcast_to",
    "slice",
    "narrow",
    "select",
    "split",
    "split_with_sizes",
    "chunk",
    "unbind",
    "alias",
    "detach",
];
/// Operations that give their first argument itself, or a copy where that is needed.
const PERHAPS: [&str; 7] = [
    "reshape",
    "reshape_as",
    "contiguous",
    "to",
    "type_as",
    "dropout",
    "lift_fresh",
];

/// Where a name's numbers come from: the call that made a view, and the name it is a view of.
struct Link {
    call: usize,
    base: String,
}

/// Values by name while calls are read.
pub struct Trace<'a> {
    calls: &'a [Call],
    operations: HashMap<&'static str, Reading>,
    /// What the names stand for now.
    pub values: HashMap<String, Value>,
    links: HashMap<String, Link>,
    last_use: HashMap<&'a str, usize>,
    /// Buffers whose numbers were taken from the file.
    pub fixed: BTreeSet<String>,
}

/// An operation's name without the mark, and whether it writes in place.
fn plain(operation: &str) -> (&str, bool) {
    match operation.strip_suffix('_') {
        Some(plain) if !operation.ends_with("__") && !plain.is_empty() => (plain, true),
        _ => (operation, false),
    }
}

fn names<'a>(argument: &'a Argument, found: &mut Vec<&'a str>) {
    match argument {
        Argument::Value(name) => found.push(name),
        Argument::List(all) => all.iter().for_each(|one| names(one, found)),
        _ => {}
    }
}

/// The names that a call reads.
pub fn read_by(call: &Call) -> Vec<&str> {
    let mut found = Vec::new();
    let named = call.named.iter().map(|(_, argument)| argument);
    for argument in call.positional.iter().chain(named) {
        names(argument, &mut found);
    }
    found
}

impl<'a> Trace<'a> {
    /// With what there is before the first call.
    pub fn new(traced: &'a Traced, values: HashMap<String, Value>) -> Self {
        let mut last_use = HashMap::new();
        for (at, call) in traced.calls.iter().enumerate() {
            for name in read_by(call) {
                last_use.insert(name, at);
            }
        }
        for name in &traced.outputs {
            last_use.insert(name, usize::MAX);
        }
        let operations = OPERATIONS.iter().flat_map(|group| group.iter());
        Self {
            calls: &traced.calls,
            operations: operations.copied().collect(),
            values,
            links: HashMap::new(),
            last_use,
            fixed: BTreeSet::new(),
        }
    }

    fn evaluate(&mut self, b: &mut Builder<'_>, at: usize) -> Outcome<Vec<Value>> {
        let call = &self.calls[at];
        let (operation, _) = plain(&call.operation);
        b.begin(&call.module, operation);
        let Some(reading) = self.operations.get(operation) else {
            return Err("isn't one that can be read".into());
        };
        let arguments = Arguments::new(call, operation, &self.values);
        let made = match reading {
            Reading::Call(read) => read(b, &arguments),
            Reading::Function { known, layer } => pointwise::read(b, &arguments, *known, *layer),
        };
        let fixed = arguments.fixed.take();
        self.fixed.extend(fixed);
        made
    }

    /// One call: its values stand under its outputs' names from then on.
    ///
    /// # Errors
    /// Says what the operation can't do, without its name.
    pub fn call(&mut self, b: &mut Builder<'_>, at: usize) -> Outcome<()> {
        let made = self.evaluate(b, at)?;
        let call = &self.calls[at];
        let (operation, in_place) = plain(&call.operation);
        let first = read_by(call).first().map(|name| (*name).to_owned());
        if let (true, Some(first)) = (in_place, &first) {
            let [result] = &made[..] else {
                return Err("writes several values in place".into());
            };
            self.write(b, at, first, result.clone())?;
        }
        let is_view = VIEWS.contains(&operation) || PERHAPS.contains(&operation) || in_place;
        for (name, value) in call.outputs.iter().zip(made) {
            self.values.insert(name.clone(), value);
            if let (true, Some(base)) = (is_view, &first) {
                let base = base.clone();
                self.links.insert(name.clone(), Link { call: at, base });
            }
        }
        Ok(())
    }

    /// The names from `name` up to what it is a view of in the end.
    fn chain(&self, name: &str) -> Vec<String> {
        let mut chain = vec![name.to_owned()];
        let mut at = name;
        while let Some(link) = self.links.get(at) {
            // A name is made once, after what it is a view of.
            if chain.len() > self.calls.len() {
                break;
            }
            at = &link.base;
            chain.push(at.to_owned());
        }
        chain
    }

    /// Whether a view is the whole value as it is.
    fn is_whole(&self, name: &str) -> bool {
        self.links.get(name).is_some_and(|link| {
            let (operation, in_place) = plain(&self.calls[link.call].operation);
            let same =
                ["alias", "detach"].contains(&operation) || PERHAPS[2..].contains(&operation);
            in_place || same
        })
    }

    /// Whether anything reads, after call `at`, a name that shows the numbers that `name` shows.
    fn is_read_elsewhere(&self, name: &str, chain: &[String], at: usize) -> bool {
        let root = chain.last().map(String::as_str);
        let later = |own: &str| self.last_use.get(own).is_some_and(|last| *last > at);
        let mut others = self.links.keys().filter(|own| own.as_str() != name);
        root.is_some_and(later)
            || others.any(|own| later(own) && self.chain(own).last().map(String::as_str) == root)
    }

    /// Puts `result` under a name that call `at` writes over, and what follows from it under others.
    fn write(&mut self, b: &mut Builder<'_>, at: usize, name: &str, result: Value) -> Outcome<()> {
        let Some(before) = self.values.get(name) else {
            return Err(format!(
                "writes over {name:?}, which nothing before it gives"
            ));
        };
        if before.full != result.full {
            return Err(format!("writes {:?} over {:?}", result.full, before.full));
        }
        let same = |a: &Value, b: &Value| match (&a.source, &b.source) {
            (Source::Layer(a), Source::Layer(b)) => a == b,
            _ => false,
        };
        if same(before, &result) && before.own == result.own {
            // As dropout at rest.
            return Ok(());
        }
        let chain = self.chain(name);
        if chain.len() > 1 && !self.is_read_elsewhere(name, &chain, at) {
            self.values.insert(name.to_owned(), result);
            return Ok(());
        }
        let root = chain.last().cloned().unwrap_or_default();
        let whole = chain[..chain.len() - 1]
            .iter()
            .all(|name| self.is_whole(name));
        let written = if whole {
            result.clone()
        } else {
            self.through(b, &chain, &result)?
        };
        self.values.insert(root.clone(), written);
        self.values.insert(name.to_owned(), result);
        let mut changed = BTreeSet::from([root, name.to_owned()]);
        let mut views: Vec<(usize, String, String)> = Vec::new();
        for (view, link) in &self.links {
            views.push((link.call, view.clone(), link.base.clone()));
        }
        views.sort();
        for (call, view, base) in views {
            if !changed.contains(&base) || changed.contains(&view) {
                continue;
            }
            let (operation, in_place) = plain(&self.calls[call].operation);
            changed.insert(view.clone());
            let needed = self
                .last_use
                .get(view.as_str())
                .is_some_and(|last| *last > at);
            if in_place {
                let value = self.values[&base].clone();
                self.values.insert(view, value);
            } else if needed && PERHAPS[..3].contains(&operation) {
                return Err(format!(
                    "writes over {name:?}, of which {view:?} may be a copy or not"
                ));
            } else {
                let made = self.evaluate(b, call)?;
                let outputs = self.calls[call].outputs.iter();
                for (output, value) in outputs.zip(made) {
                    if *output == view {
                        self.values.insert(view.clone(), value);
                    }
                }
            }
        }
        Ok(())
    }

    /// What is at the end of a chain of views with `result` written through them.
    fn through(&mut self, b: &mut Builder<'_>, chain: &[String], result: &Value) -> Outcome<Value> {
        let refused = "writes through a view into a value that can't be followed";
        let root = chain.last().map_or("", String::as_str);
        let base = self.values.get(root).cloned().ok_or(refused)?;
        let base = b.dense(&base)?;
        // Numbers that say where they are in a sample, seen through the same views.
        let places: Vec<f64> = (0..count(&base.own)?).map(|i| i as f64).collect();
        let mut seen = Value {
            source: Source::Known(Rc::new(places)),
            ..base.clone()
        };
        for pair in chain.windows(2).rev() {
            let [view, of] = pair else { continue };
            let Some(link) = self.links.get(view) else {
                continue;
            };
            let call = link.call;
            let kept = self.values.insert(of.clone(), seen);
            let made = self.evaluate(b, call);
            if let Some(kept) = kept {
                self.values.insert(of.clone(), kept);
            }
            let outputs = self.calls[call].outputs.iter();
            let own = outputs.zip(made?).find(|(output, _)| *output == view);
            seen = own.map(|(_, value)| value).ok_or(refused)?;
        }
        let result = b.dense(result)?;
        let places = seen.numbers().cloned().ok_or(refused)?;
        if result.own != seen.own || result.is_data() && !base.is_data() {
            return Err(refused.into());
        }
        let mut numbers = vec![0.0; count(&base.own)?];
        let known = |numbers: Vec<f64>, element| Value {
            batch: None,
            outer: 1,
            element,
            source: Source::Known(Rc::new(numbers)),
            ..base.clone()
        };
        if let (Some(before), Some(written)) = (base.numbers(), result.numbers()) {
            numbers.clone_from(before);
            for (place, number) in places.iter().zip(written.iter()) {
                numbers[*place as usize] = *number;
            }
            return Ok(known(numbers, base.element));
        }
        let mut from = vec![0; numbers.len()];
        for (at, place) in places.iter().enumerate() {
            (numbers[*place as usize], from[*place as usize]) = (1.0, at);
        }
        let written = if let Some(written) = result.numbers() {
            known(from.iter().map(|at| written[*at]).collect(), result.element)
        } else {
            // Everything in a row, taken to its place, in the shape of what it is written into.
            let place = b.place(&result)?;
            let row = b.reshaped(place, &[places.len()])?;
            let (axis, indices) = (1, from);
            let at = b.layer(Gather { axis, indices }, &[Some(row)])?;
            let at = b.reshaped(Some(at), &base.layer_shape())?;
            Value {
                source: Source::Layer(Some(at)),
                ..base.clone()
            }
        };
        let mask = known(numbers, Element::Bool);
        let made = truth::chosen(b, &mask, &written, &base)?;
        Ok(Value {
            element: base.element,
            ..made
        })
    }
}
