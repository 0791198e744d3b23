//! The loss of a network and its data: the one that was chosen, or the one that the targets ask for.

use crate::dataset::Dataset;
use crate::error::Result;
use crate::model::Network;
use crate::model::graph::Loss;
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
