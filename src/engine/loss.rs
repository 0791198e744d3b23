//! The loss of a network and its data: the one that was chosen, or the one that the targets ask for.

use crate::dataset::Dataset;
use crate::error::Result;
use crate::model::Network;
use crate::model::graph::{Graph, Layer, Loss, Node};
use crate::model::layers::Identity;
use crate::model::losses;

/// The loss before the outputs are known; `found`: what the network was read with.
pub fn expected(found: &Loss, chosen: Option<&Loss>, data: Option<&Dataset>) -> Loss {
    match (chosen, data) {
        (Some(chosen), _) => chosen.clone(),
        (None, Some(data)) => losses::usual(found, false, &[], &data.train).0,
        (None, None) => found.clone(),
    }
}

/// The network with the loss that fits its outputs and the data, and what was assumed; `given`: a person
/// named the loss that it has.
///
/// # Errors
/// Where no loss fits.
pub fn settled(
    mut network: Network,
    mut given: bool,
    data: Option<&Dataset>,
) -> Result<(Network, Vec<String>)> {
    let mut assumed = Vec::new();
    let splits = data.map(|data| std::iter::once(&data.train).chain(&data.validation));
    for samples in splits.into_iter().flatten() {
        let loss = &network.graph().loss;
        let (loss, said) = losses::usual(loss, given, network.output(), samples);
        assumed.extend(said);
        network = network.with_loss(loss)?;
        given = true;
    }
    Ok((network, assumed))
}

/// What a network that ends in probabilities means for a loss that takes logits, and the network that was meant where
/// there is only one: a sigmoid under binary cross-entropy is part of the loss (`torch.nn.BCELoss`). A softmax under
/// cross-entropy stays: `torch.nn.CrossEntropyLoss` takes it as it is, and whether training did isn't in a file.
pub fn of_probabilities(graph: &Graph) -> Option<(Graph, String)> {
    let last = last_map(graph)?;
    let Node { name, layer, .. } = &graph.layers[last];
    let mut meant = graph.clone();
    let words = match (layer, &graph.loss) {
        (Layer::Sigmoid(_), Loss::BinaryCrossEntropy(_)) => {
            meant.layers[last].layer = Identity {}.into();
            format!("The sigmoid {name:?} at the end is part of the loss, as in torch.nn.BCELoss.")
        }
        (Layer::Softmax(_), Loss::CrossEntropy(_)) => format!(
            "The network ends in the softmax {name:?}, and cross-entropy takes a softmax of its outputs once more, as \
             torch.nn.CrossEntropyLoss does; −log of the outputs themselves would be another loss."
        ),
        _ => return None,
    };
    Some((meant, words))
}

/// The place of the last layer that does more than move numbers.
fn last_map(graph: &Graph) -> Option<usize> {
    let mut at = graph.layers.len().checked_sub(1)?;
    loop {
        let Node { inputs, layer, .. } = &graph.layers[at];
        let moves = matches!(
            layer,
            Layer::Flatten(_) | Layer::Reshape(_) | Layer::Identity(_) | Layer::Dropout(_)
        );
        if !moves {
            return Some(at);
        }
        at = match inputs.first() {
            Some(read) => graph.layers.iter().position(|node| node.name == *read)?,
            None => at.checked_sub(1)?,
        };
    }
}
