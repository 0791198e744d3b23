//! Running a graph: the layers in order, each value dropped after its last reader.

use crate::model::Network;
use crate::model::burn_layers as layers;
use crate::model::value::Value;
use crate::model::weights::Weights;
use burn::tensor::Tensor;

/// Where normalisation layers take their mean and variance from.
#[derive(Debug)]
pub enum Statistics<'a> {
    /// The running statistics among the weights.
    Running,
    /// The batch itself (train mode); what was measured is appended, one entry a layer in order.
    Batch(&'a mut Vec<BatchStatistics>),
}

/// What one batch-normalisation layer measured on one batch.
#[derive(Debug, Clone)]
pub struct BatchStatistics {
    /// Name of the running mean this would update.
    pub running_mean: String,
    /// Name of the running variance this would update.
    pub running_var: String,
    /// Mean, `[channels]`.
    pub mean: Tensor<1>,
    /// Unbiased variance, `[channels]`.
    pub variance: Tensor<1>,
}

/// Outputs (logits), `[n, outputs]`, for inputs `[n, …]`.
///
/// # Panics
/// Where the input's shape isn't the graph's; callers compare them when data and network meet.
pub fn run(
    network: &Network,
    weights: &Weights,
    input: Value,
    mut statistics: Statistics<'_>,
) -> Tensor<2> {
    let output = walk(network, &input, |index, inputs| {
        let (node, shape) = (&network.graph.layers[index], &network.shapes[index]);
        layers::apply(&node.layer, inputs, shape, weights, &mut statistics)
    });
    output.matrix()
}

/// Carries anything through the graph: `apply` makes the output of the layer at an index from its
/// inputs. A layer's output is handed over, not copied, to its last reader.
///
/// # Panics
/// As `apply`.
pub(super) fn walk<V: Clone>(
    network: &Network,
    input: &V,
    mut apply: impl FnMut(usize, Vec<V>) -> V,
) -> V {
    let count = network.graph.layers.len();
    let mut last_reader = vec![0; count];
    for (reader, sources) in network.sources.iter().enumerate() {
        for source in sources.iter().flatten() {
            last_reader[*source] = reader;
        }
    }
    let mut values: Vec<Option<V>> = vec![None; count];
    let mut output = None;
    for index in 0..count {
        let sources = &network.sources[index];
        let reads_once =
            |source: &Option<usize>| sources.iter().filter(|o| *o == source).count() == 1;
        let inputs: Vec<V> = sources
            .iter()
            .map(|source| match source {
                None => input.clone(),
                Some(s) if last_reader[*s] == index && reads_once(source) => values[*s]
                    .take()
                    .expect("a layer is computed before its readers"),
                Some(s) => values[*s]
                    .clone()
                    .expect("a value lives until its last reader"),
            })
            .collect();
        let value = apply(index, inputs);
        if index + 1 == count {
            output = Some(value);
        } else {
            values[index] = Some(value);
        }
    }
    output.expect("a network has at least one layer")
}
