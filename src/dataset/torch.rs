//! Data in files of `torch.save`: tuples, dictionaries, `TensorDataset`s, single tensors.
//!
//! Of two tensors with as many rows the first are inputs and the second targets, as `TensorDataset(x, y)`
//! and torchvision's processed MNIST have them; anything else goes by names or is asked about. Weights
//! are not its subject.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::container::{Opened, listed};
use super::keyed::names::{are_samples, role};
use super::keyed::{self, Store};
use super::source::Source;
use super::{DataOptions, Keys, files};
use crate::checkpoint::torch::{Every, every_tensor};
use crate::error::{Error, Result};
use crate::store::Entry;
use crate::store::bytes::Bytes;

/// The tensors of the file at `path` with those of the file beside it that holds the held-out samples;
/// `None` where it is not of `torch.save`.
pub(super) fn source(path: &Path, options: &DataOptions) -> Option<Result<Source>> {
    let bytes = match Bytes::open(path, "open the data") {
        Ok(bytes) => Arc::new(bytes),
        Err(error) => return Some(Err(error)),
    };
    let every = every_tensor(&bytes)?;
    let opened = every
        .map_err(|message| Error::file(path, message))
        .and_then(|every| of_every(every, bytes.len(), path, options));
    Some(opened)
}

fn of_every(every: Every, stored: u64, path: &Path, options: &DataOptions) -> Result<Source> {
    let entries = &every.container.entries;
    if every.weights {
        return Err(Error::file(
            path,
            "this file holds the weights of a network, not data",
        ));
    }
    if entries.is_empty() {
        return Err(Error::file(
            path,
            "no tensors in this file; save inputs and targets with torch.save((x, y), PATH)",
        ));
    }
    let mut options = options.clone();
    if options.keys.is_empty()
        && let Some(keys) = by_place(entries)
    {
        options.keys = keys;
    }
    let mut sha = Sha256::new();
    files::hash(&mut sha, path)?;
    let mut store = Opened::new(every.container, path, stored);
    let names: Vec<String> = store.listed().into_iter().map(|array| array.name).collect();
    let whole = !names
        .iter()
        .any(|name| name.contains("test") || name.contains("val"));
    let beside = files::held_out_beside(path).filter(|_| whole && options.keys.x_test.is_none());
    let train_options = options.clone();
    let mut source = keyed::source(&mut store, path, "PyTorch", String::new(), &train_options)?;
    if let Some(beside) = beside {
        let bytes = Arc::new(Bytes::open(&beside, "open the data")?);
        let every = every_tensor(&bytes)
            .ok_or_else(|| {
                Error::file(
                    &beside,
                    "not written by torch.save, as the training data are",
                )
            })?
            .map_err(|message| Error::file(&beside, message))?;
        files::hash(&mut sha, &beside)?;
        let mut store = Opened::new(every.container, &beside, bytes.len());
        let held_out = keyed::source(&mut store, &beside, "PyTorch", String::new(), &options)?;
        source.layout = format!("{}, held out {}", source.layout, files::name(&beside));
        source.warnings.extend(held_out.warnings);
        source.warnings.dedup();
        source.validation = Some(held_out.train);
    }
    if source.name == "training" || source.name == "train" {
        source.name = files::stem_of_folder(path);
    }
    source.sha256 = files::hex(sha);
    Ok(source)
}

/// What unnamed tensors are by their places: one alone inputs, two with as many rows inputs and targets.
fn by_place(entries: &[Entry]) -> Option<Keys> {
    if entries.iter().any(|entry| role(&entry.name).is_some()) {
        return None;
    }
    let named = |entry: &Entry| Some(entry.name.clone());
    match entries {
        [one] => Some(Keys {
            x: named(one),
            ..Keys::default()
        }),
        [x, y] if x.shape.first() == y.shape.first() && x.shape.len() >= y.shape.len() => {
            Some(Keys {
                x: named(x),
                y: named(y),
                ..Keys::default()
            })
        }
        _ => None,
    }
}

/// Whether a file of `torch.save` holds samples with their targets and no weights.
pub(super) fn holds_samples(path: &Path) -> bool {
    let bytes = Bytes::open(path, "look into the file").ok().map(Arc::new);
    let every = bytes.and_then(|bytes| every_tensor(&bytes)?.ok());
    every.is_some_and(|every| {
        let entries = &every.container.entries;
        let words: Vec<_> = entries.iter().map(listed).collect();
        let names: Vec<String> = words.into_iter().map(|array| array.name).collect();
        // Two tensors of a list may be anything; of a data set they have as many rows.
        let placed = entries.len() == 2 && by_place(entries).is_some() && by_number(&names);
        !every.weights && (are_samples(&names) || placed)
    })
}

/// Whether the names are places in a tuple or a `TensorDataset`.
fn by_number(names: &[String]) -> bool {
    let last = |name: &String| name.rsplit('.').next().unwrap_or_default().parse::<usize>();
    names.iter().all(|name| last(name).is_ok())
}
