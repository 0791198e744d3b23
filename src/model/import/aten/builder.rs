//! The graph while it is made: layers with what they read, named when all are there.

use super::value::{Joint, Outcome, Source, Stored, Value, count};
use crate::model::graph::{Graph, INPUT, Loss, Node};
use crate::model::layers::{Constant, Expand, Layer, Parameter, Repeat, Reshape, Transpose};
use crate::model::shape::given::Given;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Axes a layer's output may have, the batch left out.
const MOST_AXES: usize = 6;
/// Numbers that a layer's output may have.
const MOST_VALUES: usize = 1 << 31;

/// What a layer reads: a layer by its place, or the data.
pub type Place = Option<usize>;

/// A layer that has no name yet.
struct Made {
    layer: Layer,
    inputs: Vec<Place>,
    shape: Vec<usize>,
    module: String,
    operation: String,
}

/// A graph being made.
pub struct Builder<'a> {
    /// Shape of a sample.
    input: Vec<usize>,
    /// Shapes of the tensors of the checkpoint.
    tensors: HashMap<&'a str, &'a [usize]>,
    made: Vec<Made>,
    parameters: HashMap<String, usize>,
    constants: HashMap<(*const Vec<f64>, Vec<usize>), usize>,
    /// Known numbers that became layers live as long as the builder, so that no address is used twice.
    kept: Vec<Rc<Vec<f64>>>,
    module: String,
    operation: String,
    /// How many samples the traced batch has.
    pub batch: usize,
}

impl<'a> Builder<'a> {
    /// Without layers yet.
    pub fn new(input: Vec<usize>, batch: usize, tensors: HashMap<&'a str, &'a [usize]>) -> Self {
        Self {
            input,
            tensors,
            made: Vec::new(),
            parameters: HashMap::new(),
            constants: HashMap::new(),
            kept: Vec::new(),
            module: String::new(),
            operation: String::new(),
            batch,
        }
    }

    /// Says which operation of which module the next layers come from.
    pub fn begin(&mut self, module: &str, operation: &str) {
        module.clone_into(&mut self.module);
        operation.clone_into(&mut self.operation);
    }

    /// The shape of a tensor of the checkpoint.
    pub fn tensor(&self, name: &str) -> &'a [usize] {
        self.tensors.get(name).copied().unwrap_or(&[])
    }

    /// The shape of a sample's values at a place.
    pub fn shape(&self, place: Place) -> &[usize] {
        place.map_or(&self.input, |at| &self.made[at].shape)
    }

    /// A layer, and the shape that it says it has.
    ///
    /// # Errors
    /// Where it refuses what it is given.
    pub fn layer(&mut self, layer: impl Into<Layer>, inputs: &[Place]) -> Outcome<usize> {
        let layer = layer.into();
        let shapes: Vec<&[usize]> = inputs.iter().map(|place| self.shape(*place)).collect();
        let given = Given {
            inputs: &shapes,
            tensors: &|name| self.tensors.get(name).copied(),
        };
        let shape = layer.kind().shape(&given)?;
        let size = count(&shape)?;
        if !(1..=MOST_VALUES).contains(&size) || !(1..=MOST_AXES).contains(&shape.len()) {
            return Err(format!(
                "makes values of shape {shape:?} a sample: expected 1 to {MOST_AXES} axes and up to {MOST_VALUES} numbers"
            ));
        }
        self.made.push(Made {
            layer,
            inputs: inputs.to_vec(),
            shape,
            module: self.module.clone(),
            operation: self.operation.clone(),
        });
        Ok(self.made.len() - 1)
    }

    /// A layer whose output is a value like `like`, which must have the shape that the layer gives.
    ///
    /// # Errors
    /// Where the layer refuses, or gives another shape.
    pub fn value(
        &mut self,
        layer: impl Into<Layer>,
        inputs: &[Place],
        like: Value,
    ) -> Outcome<Value> {
        let at = self.layer(layer, inputs)?;
        let (shape, expected) = (&self.made[at].shape, like.layer_shape());
        if *shape != expected {
            return Err(format!(
                "gives {shape:?} a sample where {expected:?} was expected"
            ));
        }
        Ok(Value {
            source: Source::Layer(Some(at)),
            ..like
        })
    }

    /// A layer of one value whose extents it keeps.
    ///
    /// # Errors
    /// As [`Builder::value`].
    pub fn same(&mut self, layer: impl Into<Layer>, x: &Value) -> Outcome<Value> {
        let place = self.place(x)?;
        self.value(layer, &[place], x.clone())
    }

    /// A value as a layer's output in its own shape.
    ///
    /// # Errors
    /// Where the value is too large.
    pub fn place(&mut self, value: &Value) -> Outcome<Place> {
        match &value.source {
            Source::Layer(place) => Ok(*place),
            Source::Known(numbers) => {
                let numbers = Rc::clone(numbers);
                self.constant(&numbers, value.layer_shape()).map(Some)
            }
            Source::Stored(stored) => {
                let stored = Rc::clone(stored);
                self.stored(&stored).map(Some)
            }
        }
    }

    fn constant(&mut self, numbers: &Rc<Vec<f64>>, shape: Vec<usize>) -> Outcome<usize> {
        let key = (Rc::as_ptr(numbers), shape);
        if let Some(at) = self.constants.get(&key) {
            return Ok(*at);
        }
        let first = numbers.first().copied().unwrap_or(0.0);
        let even = numbers.iter().all(|n| n.to_bits() == first.to_bits());
        let values = if even { vec![first] } else { numbers.to_vec() };
        let shape = key.1.clone();
        let at = self.layer(Constant { values, shape }, &[None])?;
        self.constants.insert(key, at);
        self.kept.push(Rc::clone(numbers));
        Ok(at)
    }

    fn stored(&mut self, stored: &Stored) -> Outcome<usize> {
        let name = &stored.name;
        let at = match self.parameters.get(name) {
            Some(at) => *at,
            None => {
                let parameter = Parameter {
                    weight: name.clone(),
                    output_axis: None,
                    groups: 1,
                    fixed: stored.buffer.is_some(),
                };
                let at = self.layer(parameter, &[None])?;
                // A tensor is called as it is, whoever asks for it first.
                let (module, own) = name.rsplit_once('.').unwrap_or(("", name));
                module.clone_into(&mut self.made[at].module);
                own.clone_into(&mut self.made[at].operation);
                self.parameters.insert(name.clone(), at);
                at
            }
        };
        if !stored.turned {
            return Ok(at);
        }
        let axes = vec![0, 2, 1];
        self.layer(Transpose { axes }, &[Some(at)])
    }

    /// The first axis of tensors of this shape that `value` was made of counts the filters of a product, of several
    /// such tensors in one the second axis, for each of them.
    pub fn has_filters(&mut self, value: &Value, shape: &[usize]) {
        let Source::Layer(Some(last)) = value.source else {
            return;
        };
        let (mut open, mut seen) = (vec![last], HashSet::new());
        while let Some(at) = open.pop() {
            if !seen.insert(at) {
                continue;
            }
            let made = &mut self.made[at];
            open.extend(made.inputs.iter().flatten());
            if let Layer::Parameter(own) = &mut made.layer
                && !own.fixed
            {
                match self.tensors.get(own.weight.as_str()) {
                    Some(stored) if *stored == shape => own.output_axis = Some(0),
                    Some([count, stored @ ..]) if *stored == *shape => {
                        (own.output_axis, own.groups) = (Some(1), *count);
                    }
                    _ => {}
                }
            }
        }
    }

    /// A table, whose rows are its filters, as a value.
    ///
    /// # Errors
    /// As [`Builder::place`].
    pub fn table(&mut self, table: &Value) -> Outcome<Value> {
        let place = self.place(table)?;
        let value = Value {
            source: Source::Layer(place),
            ..table.clone()
        };
        let shape = value.full.clone();
        self.has_filters(&value, &shape);
        Ok(value)
    }

    /// A value laid out to other own extents, whole multiples of the present ones.
    ///
    /// # Errors
    /// Where the value is too large.
    pub fn repeated(&mut self, value: &Value, own: &[usize]) -> Outcome<Value> {
        if value.own == own {
            return Ok(value.clone());
        }
        if value.numbers().is_some() {
            return value.repeated(own);
        }
        let place = self.place(value)?;
        let like = Value {
            own: own.to_vec(),
            ..value.clone()
        };
        let shape = like.layer_shape();
        let before = value.layer_shape();
        let spread = |(now, then): (&usize, &usize)| now == then || *now == 1;
        if before.iter().zip(&shape).all(spread) {
            return self.value(Expand { shape }, &[place], like);
        }
        let counts = shape.iter().zip(&before).map(|(n, m)| n / m).collect();
        self.value(Repeat { counts }, &[place], like)
    }

    /// A value with nothing repeated along some axes.
    ///
    /// # Errors
    /// As [`Builder::repeated`].
    pub fn laid_out(&mut self, value: &Value, axes: &[usize]) -> Outcome<Value> {
        let mut own = value.own.clone();
        for axis in axes {
            if value.batch != Some(*axis) {
                own[*axis] = value.full[*axis];
            }
        }
        self.repeated(value, &own)
    }

    /// A value with nothing repeated at all, except for the batch.
    ///
    /// # Errors
    /// As [`Builder::repeated`].
    pub fn dense(&mut self, value: &Value) -> Outcome<Value> {
        let all: Vec<usize> = (0..value.rank()).collect();
        self.laid_out(value, &all)
    }

    /// A value as one of several that are combined: its place, its axes broadcast against theirs.
    ///
    /// # Errors
    /// Where it is another for every sample without depending on the data.
    pub fn joined(&mut self, value: &Value, joint: &Joint) -> Outcome<Place> {
        let offset = joint.full.len() - value.rank();
        let mut value = value.clone();
        let mut own = value.own.clone();
        for (axis, extent) in own.iter_mut().enumerate() {
            let most = joint.own[axis + offset];
            if *extent > most {
                value = shortened(&value, axis, most)?;
                *extent = most;
            } else if *extent != 1 && most.is_multiple_of(*extent) {
                *extent = most;
            } else if *extent != 1 {
                return Err("repeats a value in no whole number of times".into());
            }
        }
        let value = self.repeated(&value, &own)?;
        let place = self.place(&value)?;
        if joint.outer != 1 && !value.is_data() {
            let axis = joint.batch.and_then(|axis| axis.checked_sub(offset));
            if axis.is_some_and(|axis| value.full[axis] != 1) {
                return Err(
                    "meets the batch within an axis that counts other things before it".into(),
                );
            }
        }
        // The layers of the others leave the batch axis out.
        let dropped = joint.batch.filter(|axis| joint.own[*axis] == 1);
        let Some(axis) = dropped.and_then(|axis| axis.checked_sub(offset)) else {
            return Ok(place);
        };
        if value.is_data() || value.rank() < 2 {
            return Ok(place);
        }
        let mut shape = value.own.clone();
        shape.remove(axis);
        match value.numbers() {
            Some(numbers) => self.constant(&Rc::clone(numbers), shape).map(Some),
            None => self.reshaped(place, &shape).map(Some),
        }
    }

    /// A layer's output in another shape.
    ///
    /// # Errors
    /// Where the sizes differ.
    pub fn reshaped(&mut self, place: Place, shape: &[usize]) -> Outcome<usize> {
        let shape = if shape.is_empty() { &[1] } else { shape };
        if let Some(at) = place
            && self.made[at].shape == shape
        {
            return Ok(at);
        }
        let shape = shape.iter().map(|n| *n as i64).collect();
        self.layer(Reshape { shape }, &[place])
    }

    /// The graph of all layers that `output` needs, each with a name.
    pub fn finish(mut self, name: &str, output: usize) -> Graph {
        let mut needed = vec![false; self.made.len()];
        needed[output] = true;
        for at in (0..=output).rev() {
            if needed[at] {
                for input in self.made[at].inputs.iter().flatten() {
                    needed[*input] = true;
                }
            }
        }
        let names = self.names(&needed);
        let mut graph = Graph::new(name, self.input, Loss::default());
        for (at, made) in self.made.drain(..=output).enumerate() {
            if needed[at] {
                let input = |place: &Place| place.map_or(INPUT, |at| names[at].as_str()).to_owned();
                graph.layers.push(Node {
                    name: names[at].clone(),
                    inputs: made.inputs.iter().map(input).collect(),
                    layer: made.layer,
                });
            }
        }
        graph
    }

    /// The innermost module alone names its only operation; others say which operation of it they are.
    fn names(&self, needed: &[bool]) -> Vec<String> {
        let mut operations: HashMap<&str, HashSet<&str>> = HashMap::new();
        let mut parents: HashSet<&str> = HashSet::new();
        for (made, _) in self.made.iter().zip(needed).filter(|(_, needed)| **needed) {
            let own = operations.entry(&made.module).or_default();
            own.insert(&made.operation);
            let mut path = made.module.as_str();
            while let Some((parent, _)) = path.rsplit_once('.') {
                parents.insert(parent);
                path = parent;
            }
        }
        let mut used: HashMap<String, usize> = HashMap::from([(INPUT.to_owned(), 1)]);
        let mut names = Vec::with_capacity(self.made.len());
        for (made, needed) in self.made.iter().zip(needed) {
            if !needed {
                names.push(String::new());
                continue;
            }
            let (module, operation) = (made.module.as_str(), made.operation.as_str());
            let alone = operations.get(module).is_some_and(|own| own.len() == 1);
            let base = if module.is_empty() {
                operation.to_owned()
            } else if alone && !parents.contains(module) {
                module.to_owned()
            } else {
                format!("{module}.{operation}")
            };
            let mut name = base.clone();
            let mut number = used.get(&base).copied().unwrap_or(0);
            while number > 0 && used.contains_key(&name) {
                number += 1;
                name = format!("{base}_{number}");
            }
            used.insert(base, number.max(1));
            used.entry(name.clone()).or_insert(1);
            names.push(name);
        }
        names
    }
}

/// A value that the samples share in the extent that each has of the batch axis, if all have the same.
fn shortened(value: &Value, axis: usize, extent: usize) -> Outcome<Value> {
    let numbers = value.numbers().ok_or(
        "is another value for every sample of the example's batch: export with one sample",
    )?;
    let inner: usize = value.own[axis + 1..].iter().product();
    let (block, whole) = (extent * inner, value.own[axis] * inner);
    let even = numbers.chunks(whole.max(1)).all(|part| {
        let first = part.get(..block);
        first.is_some_and(|first| part.chunks(block.max(1)).all(|own| own == first))
    });
    if !even {
        return Err(
            "has other known numbers for every sample of the example's batch: they would depend on a sample's place in it"
                .into(),
        );
    }
    let parts = numbers.chunks(whole.max(1));
    let kept = parts.flat_map(|part| part[..block].iter().copied());
    let mut own = value.own.clone();
    own[axis] = extent;
    Ok(Value {
        own,
        source: Source::Known(Rc::new(kept.collect())),
        ..value.clone()
    })
}
