//! Parameters of Flax and Haiku, saved as nested names: `params/Dense_0/kernel`, `batch_stats/BatchNorm_0/mean`.

use super::layout::{self, Named};
use crate::checkpoint::content::Content;
use crate::checkpoint::told::Told;
use crate::store::container::Container;
use std::collections::HashMap;

/// Collections around the modules.
const AROUND: [&str; 3] = ["params", "batch_stats", "variables"];
/// What a training state holds beside them.
const OTHERS: [&str; 3] = ["opt_state", "optimizer", "step"];
const BETWEEN: [char; 2] = ['/', '.'];

/// True where some tensor is called a kernel, and none a weight of PyTorch's.
pub fn is_flax(container: &Container) -> bool {
    let leaf = |name: &str| name.rsplit(BETWEEN).next().map(str::to_owned);
    let has = |wanted: &str| {
        let mut entries = container.entries.iter();
        entries.any(|entry| {
            entry.shape.len() > 1
                && entry.name.contains(BETWEEN)
                && leaf(&entry.name).as_deref() == Some(wanted)
        })
    };
    has("kernel") && !has("weight")
}

/// The tensors of such a container in PyTorch's layout.
pub fn flax(container: Container) -> Content {
    let mut layers: HashMap<String, usize> = HashMap::new();
    let mut turned_back = Vec::new();
    let names = container.entries.iter().map(|entry| {
        let parts: Vec<&str> = entry.name.split(BETWEEN).collect();
        if parts.iter().any(|part| OTHERS.contains(part)) {
            return None;
        }
        let statistics = parts.contains(&"batch_stats");
        let inside: Vec<&str> = parts
            .into_iter()
            .skip_while(|part| AROUND.contains(part))
            .collect();
        let (leaf, modules) = inside.split_last()?;
        let layer = modules.join(".");
        let leaf = match *leaf {
            "mean" if statistics => "moving_mean",
            "var" if statistics => "moving_variance",
            "kernel" if layer.contains("ConvTranspose") => {
                turned_back.push(format!("`{layer}`"));
                "kernel as Flax keeps it"
            }
            other => other,
        };
        let count = layers.len();
        let place = *layers.entry(layer.clone()).or_insert(count);
        let last = ["kernel", "scale", "embedding"].contains(&leaf);
        Some(Named {
            layer,
            leaf: leaf.to_owned(),
            order: (place, usize::from(!last)),
        })
    });
    let names = names.collect();
    let format = container.format.clone();
    let mut container = layout::turned(container, names);
    container.format = format!("{format} of Flax");
    container.warnings.push(
        "Flax keeps kernels as [height, width, in, out] and [in, out]: they are read as [out, in, height, width] and [out, in], with Flax's kernel, scale, mean and var as weight, running_mean and running_var".into(),
    );
    if !turned_back.is_empty() {
        container.warnings.push(format!(
            "the kernels of {} are left as they are: Flax turns those of transposed convolutions round, or not, by an option that the file doesn't tell",
            turned_back.join(", ")
        ));
    }
    let mut content = Content::from(container);
    content.told = Told {
        channels_last: Some("Flax"),
        ..Told::default()
    };
    content
}
