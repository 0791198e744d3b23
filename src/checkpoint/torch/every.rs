//! Every tensor of a `torch.save` file by where it stands: data sets are tuples, lists and
//! dictionaries of tensors, or a `TensorDataset`, not state dicts.
//!
//! The walk is bounded as the one through modules is. What a tensor is for isn't known here.

use super::select::Found;
use super::tensors::is_tensor;
use super::tree::{self, Bounds};
use super::{archive, legacy};
use crate::checkpoint::pickle::{Id, Node, Pickle};
use crate::store::Parsed;
use crate::store::archive::{Archive, is_zip};
use crate::store::bytes::Bytes;
use crate::store::container::Container;
use std::sync::Arc;

/// No data set is nested deeper.
const DEEPEST: usize = 4;
/// More tensors than any data set has as a whole.
const MOST: usize = 4096;

/// The tensors of a file.
pub struct Every {
    /// Each by its place: `0`, `1` in a tuple, `images` in a dictionary, `tensors.0` in a
    /// `TensorDataset`; a single one has an empty name.
    pub container: Container,
    /// Whether they are a network's: a module, or a dictionary whose names have several parts.
    pub weights: bool,
}

/// Lists every tensor of the file that `bytes` are; `None` where it is not of `torch.save`.
///
/// # Errors
/// Names the tensor or the byte at fault.
pub fn every_tensor(bytes: &Arc<Bytes>) -> Option<Parsed<Every>> {
    let head = bytes.peek(0, 64);
    let mut weights = false;
    let choose = |pickle: &Pickle| {
        let found = collect(pickle)?;
        weights = found.1;
        Ok(found.0)
    };
    let content = if is_zip(&head) {
        // One that is damaged may have been anything.
        let archive = Archive::open(bytes).ok()?;
        let folder = archive::archive_folder(&archive)?;
        archive::read_chosen(archive, &folder, choose)
    } else if legacy::legacy_start(&head).is_some() {
        legacy::read_chosen(Arc::clone(bytes), choose)
    } else {
        return None;
    };
    Some(content.map(|content| Every {
        container: content.container,
        weights,
    }))
}

fn collect(pickle: &Pickle) -> Parsed<(Found, bool)> {
    let mut walk = Walk {
        pickle,
        bounds: Bounds::default(),
        entries: Vec::new(),
        module: false,
    };
    walk.at(pickle.root(), String::new(), 0)?;
    let dotted = |(name, _): &(String, Id)| {
        let last = name.rsplit('.').next().unwrap_or_default();
        ["weight", "bias", "running_mean", "running_var"].contains(&last)
    };
    let weights = walk.module || walk.entries.iter().any(dotted);
    Ok((Found::plain(walk.entries), weights))
}

struct Walk<'p, 'a> {
    pickle: &'p Pickle<'a>,
    bounds: Bounds,
    entries: Vec<(String, Id)>,
    module: bool,
}

impl Walk<'_, '_> {
    fn at(&mut self, id: Id, name: String, depth: usize) -> Parsed<()> {
        let pickle = self.pickle;
        if is_tensor(pickle, id) {
            if self.entries.len() >= MOST {
                return Err(format!(
                    "more than {MOST} tensors; save them stacked as one"
                ));
            }
            self.entries.push((name, id));
            return Ok(());
        }
        if depth > DEEPEST {
            return Ok(());
        }
        if tree::is_module(pickle, id) {
            self.module = true;
            return Ok(());
        }
        let inside = |inner: &str| match name.as_str() {
            "" => inner.to_owned(),
            outer => format!("{outer}.{inner}"),
        };
        if let Some(items) = pickle.elements(id) {
            for (index, &item) in items.iter().enumerate().take(MOST) {
                // Numbers by the thousand are no tensors.
                if matches!(
                    pickle.node(item),
                    Node::Object(_) | Node::Tuple(_) | Node::List(_)
                ) {
                    let name = self.bounds.joined("", &inside(&index.to_string()))?;
                    self.at(item, name, depth + 1)?;
                }
            }
            return Ok(());
        }
        // An object's attributes: a `TensorDataset` keeps its tensors in `tensors`.
        let state = pickle.object(id).and_then(|object| object.state);
        for (key, value) in self.bounds.entries(pickle, state.or(Some(id)))? {
            let name = self.bounds.joined("", &inside(key))?;
            self.at(value, name, depth + 1)?;
        }
        Ok(())
    }
}
