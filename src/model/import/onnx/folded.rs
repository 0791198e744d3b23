//! What an exporter did to a network's parameters, in words.
//!
//! A batch norm that was multiplied into the convolution before it leaves a network that computes the same and has
//! other parameters: directions normalised by filters, and distances, are other ones.

use super::state::State;
use crate::checkpoint::onnx::proto::{GraphProto, NodeProto};
use crate::checkpoint::onnx::{Model, is_generated};

/// How a network is exported with its own parameters.
pub const CURE: &str = "export it with `torch.onnx.export(model, x, \"model.onnx\", optimize=False)`, \
with `dynamo=False` by `do_constant_folding=False`, or save it with `torch.export.save(torch.export.export(model, (x,)), \"model.pt2\")`";

/// What a person should know of the file.
pub fn notes(model: &Model, graph: &GraphProto, state: &State<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let by_pytorch = model.proto.producer_name == "pytorch";
    let convolutions = || {
        graph
            .node
            .iter()
            .filter(|node| node.op_type.starts_with("Conv"))
    };
    let normalised = graph
        .node
        .iter()
        .any(|node| node.op_type == "BatchNormalization");
    let renamed = |node: &&NodeProto| node.input.get(1).is_some_and(|name| is_generated(name));
    // The newer exporter keeps the weight's name, but the value keeps the batch norm's.
    let taken = |node: &&NodeProto| {
        node.output
            .first()
            .is_some_and(|name| name.starts_with("getitem"))
    };
    let folded = convolutions()
        .filter(renamed)
        .chain(convolutions().filter(taken))
        .next();
    if let Some(node) = folded
        && by_pytorch
    {
        let own: String = node.name.chars().take(120).collect();
        notes.push(format!(
            "the exporter folded batch norm into convolutions ({own:?}): the parameters are other ones than those that were trained, and so are filter normalisation and distances; {CURE}"
        ));
    } else if !normalised && convolutions().next().is_some() && !by_pytorch {
        notes.push(
            "if the network was trained with batch norm, the exporter has folded it into the convolutions: then the parameters are other ones than those that were trained".into(),
        );
    }
    let weights: Vec<&str> = state.renamed.iter().map(String::as_str).collect();
    if !weights.is_empty() && folded.is_none() {
        let first: String = weights[0].chars().take(120).collect();
        notes.push(format!(
            "the exporter turned or renamed {} of the weights ({first:?}), so that a state dict of the network doesn't fit it; {CURE}",
            weights.len()
        ));
    }
    notes
}
