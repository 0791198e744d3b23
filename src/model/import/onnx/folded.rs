//! What an exporter did to a network's parameters, in words.
//!
//! A batch norm that was multiplied into the convolution before it leaves a network that computes the same and has
//! other parameters: directions normalised by filters, and distances, are other ones.

use super::given::is_of_keras;
use super::state::State;
use crate::checkpoint::onnx::proto::{GraphProto, NodeProto};
use crate::checkpoint::onnx::{Model, is_generated};

/// How a network is exported with its own parameters.
pub const CURE: &str = "export it with `torch.onnx.export(model, x, \"model.onnx\", optimize=False)`, \
with `dynamo=False` by `do_constant_folding=False`, or save it with `torch.export.save(torch.export.export(model, (x,)), \"model.pt2\")`";

/// The same of Keras's networks.
const CURE_OF_KERAS: &str = "open what `model.save(\"model.keras\")` writes instead";

/// What tf2onnx calls the weights of a convolution that it has multiplied by its batch norm's.
const FUSED: &str = "_weights_fused_bn";
/// TensorFlow's name of a batch norm's scale, divided by the deviation before the export.
const SCALED: &str = "/batchnorm/mul";

/// What a person should know of the file.
pub fn notes(model: &Model, graph: &GraphProto, state: &State<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let by_pytorch = model.proto.producer_name == "pytorch";
    let operators = |start: &'static str| {
        let nodes = graph.node.iter();
        nodes.filter(move |node| node.op_type.starts_with(start))
    };
    let convolutions = || operators("Conv");
    let read = |node: &NodeProto, index: usize| node.input.get(index).cloned().unwrap_or_default();
    let renamed = |node: &&NodeProto| is_generated(&read(node, 1));
    // The newer exporter keeps the weight's name, but the value keeps the batch norm's.
    let taken = |node: &&NodeProto| {
        let name = node.output.first();
        name.is_some_and(|name| name.starts_with("getitem"))
    };
    let fused = convolutions().find(|node| read(node, 1).ends_with(FUSED));
    let scaled = operators("Mul").find(|node| {
        let mut names = node.input.iter();
        names.any(|name| name.contains(SCALED) && model.tensor(name).is_some())
    });
    let folded = convolutions()
        .find(renamed)
        .or_else(|| convolutions().find(taken))
        .filter(|_| by_pytorch);
    let ways = [
        (folded, "folded batch norm into convolutions", CURE),
        (fused, "folded batch norm into convolutions", CURE_OF_KERAS),
        (
            scaled,
            "made a product and a sum of batch norm",
            CURE_OF_KERAS,
        ),
    ];
    let mut known = ways
        .into_iter()
        .filter_map(|(node, what, cure)| Some((node?, what, cure)))
        .peekable();
    if known.peek().is_some() {
        notes.extend(known.map(|(node, what, cure)| {
            let own: String = node.name.chars().take(120).collect();
            format!(
                "the exporter {what} ({own:?}): the parameters are other ones than those that were trained, and so are filter normalisation and distances; {cure}"
            )
        }));
    } else if !by_pytorch
        && convolutions().next().is_some()
        && operators("BatchNormalization").next().is_none()
    {
        notes.push(
            "if the network was trained with batch norm, the exporter has folded it into the convolutions: then the parameters are other ones than those that were trained".into(),
        );
    }
    let weights: Vec<&str> = state.renamed.iter().map(String::as_str).collect();
    if !weights.is_empty() && folded.is_none() {
        let first: String = weights[0].chars().take(120).collect();
        let of_keras = is_of_keras(model);
        let cure = if of_keras { CURE_OF_KERAS } else { CURE };
        notes.push(format!(
            "the exporter turned or renamed {} of the weights ({first:?}), so that a state dict of the network doesn't fit it; {cure}",
            weights.len()
        ));
    }
    notes
}
