//! One reading tried on some training samples: what it makes of the checkpoint's weights.

use crate::checkpoint::StateDict;
use crate::dataset::{Dataset, IGNORED, Samples, Targets};
use crate::engine::loss;
use crate::error::{Error, Result};
use crate::landscape::evaluate::measured::{Statistics, distance};
use crate::landscape::evaluate::{Evaluator, Metrics, Precision};
use crate::landscape::slice::{Buffers, Slice};
use crate::model::Network;
use crate::model::graph::{Graph, Loss};
use crate::model::losses::Score;
use crate::model::params::Params;
use crate::model::run::Device;
use crate::plot::number::{format_value, score};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Memory that a trial may take, bytes.
const MEMORY: usize = 1 << 30;

/// What a reading makes of the weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// Mean loss in its own unit; not finite where outputs overflow.
    pub loss: f64,
    /// Accuracy or R².
    pub score: f64,
    /// What the score is.
    pub kind: Score,
    /// How far the statistics that the samples give lie from those that the checkpoint keeps
    /// ([`distance`]); `None` where it keeps none.
    pub distance: Option<f64>,
}

impl Trial {
    /// "loss 0.042, accuracy 98.4 %, statistics 0.03 apart".
    pub fn words(&self) -> String {
        let statistics = self.distance.map_or_else(String::new, |d| {
            format!(
                ", statistics {} apart",
                format_value((100.0 * d).round() / 100.0)
            )
        });
        format!(
            "loss {}, {} {}{statistics}",
            format_value(self.loss),
            self.kind.name(),
            score(self.kind, self.score)
        )
    }
}

/// The samples that readings are tried on.
pub struct Ground<'a> {
    /// The checkpoint.
    pub state: &'a StateDict,
    /// The data, for the loss that its targets ask for.
    pub data: &'a Dataset,
    /// The loss that a person chose.
    pub chosen: Option<&'a Loss>,
    /// Some of its training samples.
    pub samples: Arc<Samples>,
    /// Where to compute.
    pub device: Device,
    /// Hears what is being tried, in words.
    pub watch: &'a dyn Fn(&str),
}

impl Ground<'_> {
    /// The network of a graph, with the loss that its data ask for.
    fn network(&self, graph: &Graph) -> Result<Arc<Network>> {
        let mut graph = graph.clone();
        graph.loss = loss::expected(&graph.loss, self.chosen, Some(self.data));
        let network = Network::new(graph, self.state)?;
        let (network, _) = loss::settled(network, self.chosen.is_some(), Some(self.data))?;
        // A sigmoid at the end is part of the loss here as it is where the network is opened for good. Networks that are
        // settled, and those that a person described, come with a loss.
        let meant = loss::of_probabilities(network.graph()).filter(|_| self.chosen.is_none());
        let network = match meant {
            Some((meant, _)) => Network::new(meant, self.state)?,
            None => network,
        };
        Ok(Arc::new(network))
    }

    /// Tries a graph on the samples.
    ///
    /// # Errors
    /// Where it fits neither the checkpoint nor the data.
    pub fn attempt(&self, graph: &Graph) -> Result<Trial> {
        let network = self.network(graph)?;
        let (classes, device) = (self.data.classes, &self.device);
        let (metrics, statistics) =
            tried(&network, self.state, &self.samples, classes, device, true)?;
        Ok(Trial {
            loss: metrics.loss,
            score: metrics.score,
            kind: network.graph().loss.score(),
            distance: (!statistics.is_empty()).then(|| distance(&statistics)),
        })
    }

    /// Loss and score of a graph on other samples of the same data.
    ///
    /// # Errors
    /// As [`Ground::attempt`].
    pub fn metrics(&self, graph: &Graph, samples: &Arc<Samples>) -> Result<Metrics> {
        let network = self.network(graph)?;
        let (classes, device) = (self.data.classes, &self.device);
        let (metrics, _) = tried(&network, self.state, samples, classes, device, false)?;
        Ok(metrics)
    }
}

/// What `network` makes of the weights in `state` on `samples` of `classes` classes: loss and score, and with
/// `measuring` what the samples give to its normalisation layers, where it keeps statistics of them.
///
/// # Errors
/// Where they don't fit each other, or the device fails.
pub fn tried(
    network: &Arc<Network>,
    state: &StateDict,
    samples: &Arc<Samples>,
    classes: usize,
    device: &Device,
    measuring: bool,
) -> Result<(Metrics, Vec<Statistics>)> {
    let (params, _) = network.params(state)?;
    let evaluator = Evaluator::new(Arc::clone(network), device.clone(), Precision::F32, MEMORY)?;
    let split = evaluator.upload(samples, classes)?;
    let still = Params::zeros(params.layout());
    let slice = Slice::new(params.clone(), vec![still.clone()], Buffers::Frozen)?;
    let slice = evaluator.load(slice, None)?;
    let rows = evaluator.evaluate(&slice, &[vec![0.0]], &[&split])?;
    let metrics = rows.into_iter().flatten().next();
    let metrics = metrics.ok_or_else(|| Error::Model("nothing was evaluated".into()))?;
    if !measuring || !network.has_statistics() || samples.len() < 2 {
        return Ok((metrics, Vec::new()));
    }
    let slice = Slice::new(params, vec![still], Buffers::Recompute)?;
    let slice = evaluator.load(slice, Some(samples))?;
    Ok((metrics, evaluator.statistics(&slice)?))
}

/// The score of a network that has learnt nothing: the share of the commonest class, 0 for R².
pub fn chance(targets: &Targets, loss: &Loss) -> f64 {
    let (Targets::Classes(labels), true) = (targets, loss.score().is_share()) else {
        return 0.0;
    };
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for label in labels.iter().filter(|label| **label != IGNORED) {
        *counts.entry(*label).or_default() += 1;
    }
    let all: usize = counts.values().sum();
    let most = counts.values().copied().max().unwrap_or(0);
    let share = most as f64 / all.max(1) as f64;
    match loss {
        Loss::CrossEntropy(_) => share,
        _ => share.max(0.5),
    }
}
