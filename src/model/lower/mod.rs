//! From layers to primitives: what networks and losses mean, said once.
//!
//! A [`Lowered`] network is a program without outputs yet, and the numbers of what can be asked of it.
//! Values keep the shapes of the graph, but where a layer works channel by channel they lie channels last,
//! so that a product reads them in one go (`value`). Shapes were checked by [`crate::model::shape`]. What a kind
//! of layer means stands in its own file ([`crate::model::layers`]), and so does each loss
//! ([`crate::model::losses`]); here is what several of them share.

pub mod attention;
pub mod combine;
pub mod context;
pub mod normalization;
pub mod rearrange;
pub mod scalar;
pub mod value;
pub mod window;

pub use context::{Lowering, Measured, Statistics};

use crate::error::{Error, Result};
use crate::model::Network;
use crate::model::layers::kind::Kind;
use crate::model::losses::Given;
use crate::model::primitive::Leaf;
use crate::model::program::{Id, Program, Type};
use crate::model::shape::given::product;
use context::{Lower, bounded};
use value::Value;

/// A network and its loss as primitives.
#[derive(Debug, Clone)]
pub struct Lowered {
    /// All steps; no outputs yet.
    pub program: Program,
    /// The network's outputs, of a sample.
    pub logits: Id,
    /// The weighted sum of the loss over the samples.
    pub loss: Id,
    /// The weighted sum of what the score is made of: right answers, or squared errors.
    pub right: Id,
    /// Statistics of the batch, a layer each.
    pub measured: Vec<Measured>,
}

impl Lowered {
    /// The program with these outputs.
    pub fn program(&self, outputs: Vec<Id>) -> Program {
        let mut program = self.program.clone();
        program.outputs = outputs;
        program.alive()
    }
}

/// Refuses what a layer would list where there is too much of it, before anything is listed.
fn listable(kind: &dyn Kind, inputs: &[Value], shape: &[usize]) -> Lower<()> {
    if !kind.lists() {
        return Ok(());
    }
    let given = inputs.iter().map(|x| x.shape.as_slice());
    let mut met = given.chain([shape]);
    met.try_for_each(|shape| bounded(product(shape)))
}

/// `network` and its loss as primitives.
///
/// # Errors
/// Names a layer so large that the tables of its positions would not fit.
pub fn lower(network: &Network, statistics: Statistics) -> Result<Lowered> {
    let mut lowering = Lowering::new(network.layout(), statistics);
    let graph = network.graph();
    for entry in &graph.parametrised {
        let id = entry.parametrisation.lower(&mut lowering);
        lowering.derive(&entry.name, id);
    }
    let physical = value::natural(&graph.input);
    let input = lowering.p.leaf(Leaf::Input, Type::sample(&physical));
    let input = Value::new(input, &graph.input);
    let mut values: Vec<Value> = Vec::with_capacity(graph.layers.len());
    for (index, node) in graph.layers.iter().enumerate() {
        let inputs: Vec<Value> = network.sources[index]
            .iter()
            .map(|source| source.map_or_else(|| input.clone(), |s| values[s].clone()))
            .collect();
        let shape = &network.shapes[index];
        let kind = node.layer.kind();
        let value = listable(kind, &inputs, shape)
            .and_then(|()| kind.lower(&mut lowering, inputs, shape))
            .map_err(|message| Error::Model(format!("layer {:?}: {message}", node.name)))?;
        debug_assert_eq!(&value.shape, shape, "layer {:?}", node.name);
        values.push(value);
    }
    let Some(output) = values.pop() else {
        return Err(Error::Model("the model has no layers".into()));
    };
    let logits = lowering.natural(output).id;
    // Outputs that depend on no data are still those of every sample.
    let logits = lowering.of_sample(logits);
    let shape = network.output();
    let [loss, right] = graph.loss.lower(Given {
        p: &mut lowering.p,
        outputs: logits,
        shape,
        input: input.id,
    });
    Ok(Lowered {
        program: lowering.p,
        logits,
        loss,
        right,
        measured: lowering.measured,
    })
}
