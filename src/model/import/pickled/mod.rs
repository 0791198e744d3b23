//! Networks of pickled modules: `torch.save(model)`.
//!
//! A pickle names classes and keeps their settings and children, but no code. What `forward` does is known of
//! `torch.nn`'s own modules and of torchvision's; an `nn.Sequential` of them is a whole network. A class of
//! the user's own says nothing of its forward, so a file with one at the top, or in it, isn't read as a
//! network: its modules are evidence then, against which a reading by names is held (`evidence`).

mod containers;
pub mod evidence;
mod leaves;
mod reader;
mod settings;
mod tensors;
mod torchvision;
mod windows;
pub mod writer;

use super::traced::Traced;
use crate::checkpoint::{Listing, Module};
use crate::error::{Error, Result};
use reader::{Compound, Reader};
use std::collections::HashMap;
use writer::{GIVEN, Writer};

const COMPOUNDS: &[Compound] = &[containers::compound, torchvision::compound];

/// Modules that only carry another one.
const WRAPPERS: [(&str, &str); 4] = [
    ("DataParallel", "module"),
    ("DistributedDataParallel", "module"),
    ("AveragedModel", "module"),
    ("OptimizedModule", "_orig_mod"),
];

/// Extents of images that are tried where no data tells them, the usual ones first.
const EXTENTS: [usize; 12] = [224, 32, 28, 64, 96, 128, 256, 299, 16, 8, 48, 512];
const LARGEST: usize = 512;

/// The network of the pickled modules in `state`, for samples of the shape `sample`; `None` where the file has
/// no pickled modules. Without a sample the shape is looked for that the weights take, and said.
///
/// # Errors
/// Names the module whose class isn't known, or about which something can't be followed: the file doesn't hold
/// the network.
pub fn read(state: &dyn Listing, sample: Option<&[usize]>) -> Result<Option<Traced>> {
    let Some(root) = state.told().modules() else {
        return Ok(None);
    };
    // Scripted modules have their code in the file, and a reader of their own.
    if root.class.starts_with("__torch__") {
        return Ok(None);
    }
    let (path, root) = unwrapped(root);
    let listed = state.list();
    let tensors: HashMap<&str, &[usize]> = listed.iter().map(|t| (t.name, t.shape)).collect();
    let given = |sample: &[usize]| followed(&path, root, sample, &tensors);
    let found = match sample {
        Some(sample) => given(sample),
        None => searched(root, &tensors, given),
    };
    found.map(Some).map_err(|e| {
        Error::Model(format!(
            "{e}: the pickled modules aren't a network that can be read; export it with `torch.export`, or choose --model"
        ))
    })
}

fn unwrapped(root: &Module) -> (String, &Module) {
    let (mut path, mut root) = (String::new(), root);
    while let Some(inside) = WRAPPERS.iter().find_map(|(class, child)| {
        let wraps = root.name() == *class && root.class.starts_with("torch.");
        root.child(child).filter(|_| wraps)
    }) {
        root = inside;
        path.clear();
    }
    (path, root)
}

fn followed(
    path: &str,
    root: &Module,
    sample: &[usize],
    tensors: &HashMap<&str, &[usize]>,
) -> Result<Traced, String> {
    let mut writer = Writer::new("pickled modules of PyTorch".to_owned(), sample, tensors);
    path.clone_into(&mut writer.module);
    let mut reader = Reader {
        w: &mut writer,
        compounds: COMPOUNDS,
    };
    let output = reader.module(root, GIVEN)?;
    let mut traced = writer.finish(output);
    root.name().clone_into(&mut traced.name);
    Ok(traced)
}

/// The network for the first shape that fits, where no data tells it.
fn searched(
    root: &Module,
    tensors: &HashMap<&str, &[usize]>,
    given: impl Fn(&[usize]) -> Result<Traced, String>,
) -> Result<Traced, String> {
    let first = root
        .walk()
        .into_iter()
        .filter(|(_, module)| module.children.is_empty())
        .find_map(|(_, module)| Some((module, *tensors.get(module.tensor("weight")?)?)));
    let shapes: Vec<Vec<usize>> = match first {
        Some((_, &[_, inputs])) => vec![vec![inputs]],
        Some((module, [_, inputs, kernel @ ..])) if !kernel.is_empty() => {
            let groups = settings::count(module, "groups", Some(1))?;
            let channels = inputs.saturating_mul(groups);
            let extents = EXTENTS.into_iter().chain(1..=LARGEST);
            let shape = |extent| [vec![channels], vec![extent; kernel.len()]].concat();
            extents.map(shape).collect()
        }
        Some((_, &[features])) => vec![vec![features]],
        _ => return Err("the first module doesn't tell the shape of a sample".into()),
    };
    let mut refusal = None;
    for shape in &shapes {
        match given(shape) {
            Ok(mut traced) => {
                traced.notes.push(format!(
                    "A sample is taken to be {shape:?}: no data was given to tell its shape."
                ));
                return Ok(traced);
            }
            Err(e) => {
                // A class that isn't known stays unknown at any size.
                if e.contains("isn't in the file") {
                    return Err(e);
                }
                refusal.get_or_insert(e);
            }
        }
    }
    Err(refusal.unwrap_or_default())
}
