//! Checkpoints in several files: an index in JSON names the file of every tensor.
//!
//! Only files in the index's own folder (or below it) are opened, whatever the index says.

use super::{Array, Content, Loaded, Parsed, read_file};
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

/// Reads every shard that the index at `path` names; `hash` takes the shards' bytes in order.
///
/// # Errors
/// Where the index is damaged, points outside of its folder, or a shard doesn't hold what it promises.
pub(super) fn read(path: &Path, index: &[u8], hash: &mut Sha256) -> Result<Content> {
    let map = weight_map(index).map_err(|message| Error::file(path, message))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut tensors, mut format, mut extra) = (Vec::new(), String::new(), 0_usize);
    for (shard, names) in &map {
        let shard_path = folder.join(shard);
        let Loaded::Content(content) = read_file(&shard_path, hash)? else {
            return Err(Error::file(shard_path, "a shard can't be an index itself"));
        };
        format = content.format;
        let mut held: HashMap<String, Array> = content.tensors.into_iter().collect();
        for name in names {
            let array = held.remove(name).ok_or_else(|| {
                Error::file(
                    &shard_path,
                    format!("the index promises `{name}` here, but it is missing"),
                )
            })?;
            tensors.push((name.clone(), array));
        }
        extra += held.len();
    }
    let mut content = Content::flat(&format!("{format}, {} shards", map.len()), tensors);
    if extra > 0 {
        content.warnings.push(format!(
            "ignored {extra} tensors in the shards that the index doesn't list"
        ));
    }
    Ok(content)
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
    let index: Map<String, Value> = serde_json::from_slice(index)
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
