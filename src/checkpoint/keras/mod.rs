//! Weights as Keras and Flax keep them: kernels `[height, width, in, out]` and `[in, out]`, under names of
//! their own.
//!
//! They become tensors in PyTorch's layout under PyTorch's names (`conv2d.weight`, `[out, in, h, w]`), so
//! that a filter is the same thing wherever a network came from. What can't be told by one tensor stays as it
//! is and is said: both libraries flatten images channels last, so the columns of the first fully connected
//! weight are in that order, and the network has to flatten as they do.

mod flax;
mod layout;
mod stored;

use super::content::Content;
use super::told::{Architecture, Told};
use crate::store::archive::{Archive, Checksum};
use crate::store::bytes::Bytes;
use crate::store::container::Container;
use crate::store::limits::Allowance;
use crate::store::{Parsed, hdf5, hdf5_words};
pub use flax::{flax, is_flax};
use serde_json::Value;
use std::borrow::Cow;
use std::sync::Arc;

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.weights.h5";

/// True for the archive of `model.save("model.keras")`.
pub fn is_archive(archive: &Archive) -> bool {
    archive.contains(CONFIG) && archive.contains(WEIGHTS)
}

/// Lists the weights in the archive of `model.save("model.keras")`.
///
/// # Errors
/// Names the member or dataset at fault.
pub fn read_archive(archive: &Archive) -> Parsed<Content> {
    let allowance = Allowance::for_file(archive.file_length());
    let member = |name| archive.read(name, Checksum::Check, &allowance);
    let config: Value = serde_json::from_slice(&member(CONFIG)?)
        .map_err(|e| format!("`{CONFIG}` isn't JSON: {e}"))?;
    let bytes = Arc::new(Bytes::in_memory(member(WEIGHTS).map(Cow::into_owned)?));
    let words = hdf5_words::words(Arc::clone(&bytes))?;
    let container = hdf5::container(bytes)?;
    let names = stored::names(&container, &words, Some(&config));
    Ok(content("Keras archive", container, names, Some(config)))
}

/// What an HDF5 file holds, if Keras wrote it.
///
/// # Errors
/// Where the structures are damaged, or its configuration isn't JSON.
pub fn read_hdf5(bytes: &Arc<Bytes>, container: Container) -> Parsed<Result<Content, Container>> {
    let words = hdf5_words::words(Arc::clone(bytes))?;
    if !stored::is_keras(&container, &words) {
        return Ok(Err(container));
    }
    let json = |key: &str| {
        let text = words.get("").and_then(|root| root.get(key)?.first());
        let parsed: Option<Value> = text
            .map(|text| serde_json::from_str(text))
            .transpose()
            .map_err(|e| format!("the attribute `{key}` isn't JSON: {e}"))?;
        Parsed::Ok(parsed)
    };
    let mut config = json("model_config")?;
    // What the network was trained with stands beside it in the older files, within it in the newer ones.
    if let (Some(Value::Object(config)), Some(training)) = (&mut config, json("training_config")?) {
        config.entry("compile_config").or_insert(training);
    }
    let names = stored::names(&container, &words, config.as_ref());
    Ok(Ok(content("Keras HDF5", container, names, config)))
}

/// The tensors under their new names.
fn content(
    format: &str,
    container: Container,
    names: Vec<Option<layout::Named>>,
    config: Option<Value>,
) -> Content {
    let mut container = layout::turned(container, names);
    format.clone_into(&mut container.format);
    container.warnings.push(
        "Keras keeps kernels as [height, width, in, out] and [in, out]: they are read as [out, in, height, width] and [out, in], with Keras's kernel, gamma, beta, moving_mean and moving_variance as weight, bias, running_mean and running_var".into(),
    );
    let mut content = Content::from(container);
    content.told = Told {
        architecture: config.map(Architecture::Keras),
        channels_last: Some("Keras"),
        ..Told::default()
    };
    content
}
