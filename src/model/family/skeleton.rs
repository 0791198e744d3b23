//! A first draft of a `model.toml` for a network that no family knows.
//!
//! One layer for each module in the order of the names, with ReLU between. It is a start to edit,
//! checked against nothing: it names what it could not place and claims no more.

use super::order;
use super::recognised::{Hints, Recognised};
use super::tensors::{Kind, Tensors};
use crate::checkpoint::Listing;
use crate::model::graph::{Graph, Layer, Loss};
use crate::model::layers::{BatchNorm, Conv, Flatten, LayerNorm, Linear, Relu};

/// Drafts a graph from the shapes alone; what it says in `assumptions` is to be gone through.
pub fn skeleton(state: &dyn Listing, hints: &Hints) -> Recognised {
    let tensors = Tensors::new(state);
    let mut modules = tensors.modules();
    if order::one_pattern(modules.iter().map(|m| m.name)) {
        modules.sort_by(|a, b| order::natural(a.name, b.name));
    }
    let last = modules
        .iter()
        .rposition(|m| matches!(m.kind, Kind::Linear | Kind::Conv));
    let input = hints.input.map(<[usize]>::to_vec).or_else(|| {
        modules.iter().find_map(|m| match (m.kind, m.weight) {
            (Kind::Linear, &[_, width]) => Some(vec![width]),
            (Kind::Conv, &[_, channels, ..]) => Some(vec![channels, 32, 32]),
            _ => None,
        })
    });

    let mut graph = Graph::new("Draft", input.unwrap_or_default(), Loss::cross_entropy());
    let mut assumptions = vec![
        "This is a draft: no family of networks fits. Check the order of the layers, strides, padding, pools, activations and the loss.".to_owned(),
    ];
    let mut flat = false;
    for (i, module) in modules.iter().enumerate() {
        let name = if module.name.is_empty() || module.name == crate::model::graph::INPUT {
            format!("layer {i}")
        } else {
            module.name.to_owned()
        };
        let tensor = |leaf: &str| {
            Some(order::join(module.name, leaf)).filter(|n| tensors.shape(n).is_some())
        };
        let weight = order::join(module.name, "weight");
        let layer = match (module.kind, module.weight) {
            (Kind::Linear, _) => {
                if !flat {
                    graph.push(format!("{name}.flatten"), Flatten { from: 1 });
                    flat = true;
                }
                Layer::Linear(Linear {
                    weight,
                    bias: tensor("bias"),
                    output_axis: 0,
                })
            }
            (Kind::Conv, &[_, _, height, width]) => Layer::Conv(Conv {
                weight,
                bias: tensor("bias"),
                stride: vec![1, 1],
                padding: vec![height / 2, width / 2],
                dilation: vec![1, 1],
                groups: 1,
            }),
            (Kind::Norm, _) => Layer::BatchNorm(BatchNorm {
                weight: tensor("weight"),
                bias: tensor("bias"),
                running_mean: order::join(module.name, "running_mean"),
                running_var: order::join(module.name, "running_var"),
                epsilon: 1e-5,
            }),
            (Kind::Other, [_]) => Layer::LayerNorm(LayerNorm {
                weight: Some(weight),
                shape: None,
                bias: tensor("bias"),
                epsilon: 1e-5,
            }),
            _ => {
                // By their names in the file: the module may have none of its own.
                let own = tensors.of_module(module.name);
                assumptions.push(format!("{} have no layer yet.", own.join(", ")));
                continue;
            }
        };
        graph.push(name.as_str(), layer);
        // One weight axis is a layer norm here, as above; the activation follows the norm.
        let norm_next = modules
            .get(i + 1)
            .is_some_and(|m| m.kind == Kind::Norm || m.kind == Kind::Other && m.weight.len() == 1);
        if last.is_some_and(|last| i < last) && !norm_next {
            graph.push(format!("{name}.relu"), Relu {});
        }
    }
    Recognised {
        graph,
        family: "skeleton",
        why: "one layer for each module".to_owned(),
        assumptions,
        choices: Vec::new(),
        doubt: None,
    }
}
