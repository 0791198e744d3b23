//! Checkpoints in several files: an index in JSON names the file of every tensor.
//!
//! Only files in the index's own folder (or below it) are opened, whatever the index says.

use super::load::{Loaded, load};
use super::recognise;
use crate::error::{Error, Result};
use crate::store::bytes::Bytes;
use crate::store::container::{Arrays, Container};
use crate::store::{Array, Entry, Parsed};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// Lists what every shard that the index at `path` names holds; `hash` takes the shards' bytes in
/// order. Gives the bytes of all of them, too.
///
/// # Errors
/// Where the index is damaged, points outside of its folder, or a shard doesn't hold what it promises.
pub(super) fn read(path: &Path, index: &[u8], hash: &mut Sha256) -> Result<(Container, u64)> {
    let map = weight_map(index).map_err(|message| Error::file(path, message))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut all = Shards::default();
    let (mut entries, mut format) = (Vec::new(), String::new());
    let (mut extra, mut stored, mut in_use) = (0_usize, 0, 0);
    for (shard, names) in &map {
        let shard_path = folder.join(shard);
        let bytes = Bytes::open(&shard_path, "read the checkpoint")?;
        let (loaded, length) = load(&shard_path, bytes, None, hash)?;
        let Loaded::Content(content) = loaded else {
            return Err(Error::file(shard_path, "a shard can't be an index itself"));
        };
        let content = content.container;
        stored += length;
        in_use += content.held;
        format = content.format;
        let held = content.entries.into_iter().zip(0..);
        let mut held: HashMap<String, (Entry, usize)> = held
            .map(|(entry, place)| (entry.name.clone(), (entry, place)))
            .collect();
        for name in names {
            let (entry, place) = held.remove(name).ok_or_else(|| {
                Error::file(
                    &shard_path,
                    format!("the index promises `{name}` here, but it is missing"),
                )
            })?;
            entries.push(entry);
            all.places.push((all.files.len(), place));
        }
        extra += held.len();
        all.files.push((shard.clone(), content.arrays));
    }
    let words = format!("{format}, {} shards", map.len());
    let mut content = Container::new(&words, entries, Box::new(all), in_use);
    if extra > 0 {
        content.warnings.push(format!(
            "ignored {extra} tensors in the shards that the index doesn't list"
        ));
    }
    Ok((content, stored))
}

/// The shards by their names, and where in them each tensor is.
#[derive(Default)]
struct Shards {
    files: Vec<(String, Box<dyn Arrays>)>,
    places: Vec<(usize, usize)>,
}

impl Arrays for Shards {
    fn read(&self, index: usize) -> Parsed<Array> {
        let place = self.places.get(index);
        let (file, place) = *place.ok_or("it is in none of the shards")?;
        let (name, tensors) = self.files.get(file).ok_or("its shard is missing")?;
        tensors.read(place).map_err(|e| format!("in {name}: {e}"))
    }
}

/// The files that the index in `bytes`, at `path`, names; none where it is damaged.
pub(super) fn files(path: &Path, bytes: &[u8]) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let shards = weight_map(bytes).unwrap_or_default();
    let place = |(shard, _): (String, _)| folder.join(shard);
    shards.into_iter().map(place).collect()
}

/// Shards in the order they are first named, each with the names of its tensors.
fn weight_map(index: &[u8]) -> Parsed<Vec<(String, Vec<String>)>> {
    let index: Map<String, Value> = serde_json::from_slice(recognise::text(index))
        .map_err(|e| format!("the index of shards isn't valid JSON: {e}"))?;
    let map = index.get("weight_map").and_then(Value::as_object);
    let map = map.ok_or("this JSON file isn't an index of shards: it has no table `weight_map`")?;
    let mut shards: Vec<(String, Vec<String>)> = Vec::new();
    let mut positions = HashMap::new();
    for (name, shard) in map {
        let shard = shard
            .as_str()
            .ok_or_else(|| format!("`{name}` has no file in the index"))?;
        let inside = Path::new(shard)
            .components()
            .all(|c| matches!(c, Component::Normal(_)));
        if shard.is_empty() || !inside {
            return Err(format!(
                "the index points outside of its folder: `{name}` in `{shard}`"
            ));
        }
        let position = *positions.entry(shard.to_owned()).or_insert_with(|| {
            shards.push((shard.to_owned(), Vec::new()));
            shards.len() - 1
        });
        if let Some((_, names)) = shards.get_mut(position) {
            names.push(name.clone());
        }
    }
    Ok(shards)
}
