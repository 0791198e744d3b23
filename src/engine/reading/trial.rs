//! One reading tried on some training samples: what it makes of the checkpoint's weights.

use crate::checkpoint::StateDict;
use crate::dataset::{Dataset, Samples};
use crate::engine::loss;
use crate::error::{Error, Result};
use crate::landscape::evaluate::measured::Statistics;
use crate::landscape::evaluate::{Evaluator, Precision};
use crate::landscape::slice::{Buffers, Slice};
use crate::model::Network;
use crate::model::family::Recognised;
use crate::model::graph::Loss;
use crate::model::losses::Score;
use crate::model::params::Params;
use crate::model::run::Device;
use crate::plot::number::{format_value, score};
use std::sync::Arc;

/// Memory that a trial may take, bytes.
const MEMORY: usize = 512 << 20;

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
    /// (`distance`); `None` where it keeps none.
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
}

impl Ground<'_> {
    /// Tries a reading.
    ///
    /// # Errors
    /// Where it fits neither the checkpoint nor the data.
    pub fn attempt(&self, found: &Recognised) -> Result<Trial> {
        let mut graph = found.graph.clone();
        graph.loss = loss::expected(&graph.loss, self.chosen, Some(self.data));
        let network = Network::new(graph, self.state)?;
        let (network, _) = loss::settled(network, self.chosen.is_some(), Some(self.data))?;
        let network = Arc::new(network);
        let (params, _) = network.params(self.state)?;
        let kind = network.graph().loss.score();
        let evaluator = Evaluator::new(
            Arc::clone(&network),
            self.device.clone(),
            Precision::F32,
            MEMORY,
        )?;
        let split = evaluator.upload(&self.samples, self.data.classes)?;
        let still = Params::zeros(params.layout());
        let slice = Slice::new(params.clone(), vec![still.clone()], Buffers::Frozen)?;
        let slice = evaluator.load(slice, None)?;
        let rows = evaluator.evaluate(&slice, &[vec![0.0]], &[&split])?;
        let metrics = rows.into_iter().flatten().next();
        let metrics = metrics.ok_or_else(|| Error::Model("nothing was evaluated".into()))?;
        let distance = if network.has_statistics() && self.samples.len() > 1 {
            let slice = Slice::new(params, vec![still], Buffers::Recompute)?;
            let slice = evaluator.load(slice, Some(&self.samples))?;
            Some(distance(&evaluator.statistics(&slice)?))
        } else {
            None
        };
        Ok(Trial {
            loss: metrics.loss,
            score: metrics.score,
            kind,
            distance,
        })
    }
}

/// How far measured statistics lie from kept ones: the root mean square, over layers and their channels,
/// of the difference of means in kept deviations and of half the logarithm of the ratio of variances
/// (which is the logarithm of the ratio of deviations). 0: the same; 0.1: about a tenth of a deviation.
///
/// Variances count from a thousandth of their layer's mean: of channels that do nothing there is nothing
/// to be learnt.
fn distance(layers: &[Statistics]) -> f64 {
    let of = |layer: &Statistics| {
        let [means, variances] = &layer.kept;
        let count = variances.len().max(1) as f64;
        let least = 1e-3 * variances.iter().sum::<f64>() / count + f64::MIN_POSITIVE;
        let channels = means
            .iter()
            .zip(variances)
            .zip(layer.measured[0].iter().zip(&layer.measured[1]));
        let each = channels.map(|((mean, variance), (own_mean, own_variance))| {
            let (kept, own) = (variance.max(0.0) + least, own_variance.max(0.0) + least);
            (own_mean - mean).powi(2) / kept + (0.5 * (own / kept).ln()).powi(2)
        });
        each.sum::<f64>() / count
    };
    let count = layers.len().max(1) as f64;
    let found = (layers.iter().map(of).sum::<f64>() / count).sqrt();
    if found.is_finite() {
        found
    } else {
        f64::INFINITY
    }
}
