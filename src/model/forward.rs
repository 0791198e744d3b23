//! Running a graph: the layers in order, each value dropped after its last reader.

use crate::model::Network;
use crate::model::layers;
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
    let layers = &network.graph.layers;
    let mut last_reader = vec![0; layers.len()];
    for (reader, sources) in network.sources.iter().enumerate() {
        for source in sources.iter().flatten() {
            last_reader[*source] = reader;
        }
    }
    let mut values: Vec<Option<Value>> = vec![None; layers.len()];
    let mut output = None;
    for (index, node) in layers.iter().enumerate() {
        let inputs: Vec<Value> = network.sources[index]
            .iter()
            .map(|source| match source {
                None => input.clone(),
                Some(s)
                    if last_reader[*s] == index
                        && network.sources[index]
                            .iter()
                            .filter(|o| *o == source)
                            .count()
                            == 1 =>
                {
                    values[*s]
                        .take()
                        .expect("a layer is computed before its readers")
                }
                Some(s) => values[*s]
                    .clone()
                    .expect("a value lives until its last reader"),
            })
            .collect();
        let value = layers::apply(
            &node.layer,
            inputs,
            &network.shapes[index],
            weights,
            &mut statistics,
        );
        if index + 1 == layers.len() {
            output = Some(value);
        } else {
            values[index] = Some(value);
        }
    }
    output.expect("a network has at least one layer").matrix()
}
