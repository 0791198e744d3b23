//! Which loss data ask for, where nobody says.

use super::binary::BinaryCrossEntropy;
use super::cross_entropy::{CrossEntropy, PYTORCH_IGNORED};
use super::loss::Loss;
use super::mean_squared::MeanSquaredError;
use crate::dataset::{IGNORED, Samples, Targets};

/// The loss that samples ask for, and what was assumed, a sentence each.
///
/// * `found`: what the network was read with; kept for samples of one class each.
/// * `given`: whether a person named that loss, who is only helped with labels of −100 then.
/// * `output`: shape of the network's outputs; empty: not known yet.
pub fn usual(
    found: &Loss,
    given: bool,
    output: &[usize],
    samples: &Samples,
) -> (Loss, Vec<String>) {
    let mut said = Vec::new();
    let mut loss = found.clone();
    match &samples.targets {
        _ if given => {}
        Targets::Values(_) => {
            loss = MeanSquaredError::default().into();
            said.push(
                "The data's targets are numbers: mean squared error; --loss chooses another."
                    .to_owned(),
            );
        }
        // Which loss does without targets, a person says; a regression has any outputs.
        Targets::Missing(_) => {
            loss = MeanSquaredError::default().into();
            said.push(
                "The data has no targets; --loss mean-squared-error:target=input holds the outputs of an autoencoder against its inputs."
                    .to_owned(),
            );
        }
        Targets::Classes(labels) if !samples.target_shape.is_empty() && !output.is_empty() => {
            let as_many = samples.targets_each() == output.iter().product::<usize>();
            if as_many && labels.iter().all(|label| *label <= 1) {
                loss = BinaryCrossEntropy::default().into();
                said.push(
                    "A label of 0 or 1 for every output: binary cross-entropy; --loss chooses another."
                        .to_owned(),
                );
            } else {
                let own = over_positions(output, &samples.target_shape);
                said.push(format!(
                    "A label for every position: cross-entropy over positions, classes along axis {}; --loss chooses another.",
                    own.axis.unwrap_or(1)
                ));
                loss = own.into();
            }
        }
        Targets::Classes(_) => {}
    }
    if let (Loss::CrossEntropy(own), Targets::Classes(labels)) = (&mut loss, &samples.targets)
        && own.ignore.is_none()
        && labels.contains(&IGNORED)
    {
        own.ignore = Some(PYTORCH_IGNORED);
        said.push("Positions with the label −100 don't count, as in PyTorch.".to_owned());
    }
    (loss, said)
}

/// Cross-entropy along the axis that leaves the labels' shape, the usual one first.
fn over_positions(output: &[usize], labels: &[usize]) -> CrossEntropy {
    let usual = usize::from(output.len() == 2);
    let along = |axis: usize| CrossEntropy {
        axis: Some(axis + 1),
        ..CrossEntropy::default()
    };
    let axes = std::iter::once(usual).chain(0..output.len());
    let fits = |axis: &usize| along(*axis).labels_of(output) == labels;
    along(axes.clone().find(fits).unwrap_or(usual))
}
