//! The checkpoints of a training run: files of a folder in the order of their numbers.

use crate::error::{Error, Result};
use crate::store::records::is_event_file;
use std::path::{Path, PathBuf};

/// In the folder of a run that Losscope trained, the checkpoints lie in this one …
const CHECKPOINTS: &str = "checkpoints";
/// … beside this file.
const HISTORY: &str = "history.jsonl";

/// The checkpoints of a folder, in the order of the numbers in their names: `epoch_2` before
/// `epoch_10`. Files whose names start with a dot are passed over, and so are records that trainers
/// write beside their checkpoints (`.json`, `.jsonl`, `.toml`, `.yaml`, `.txt`, `.csv`, `.tsv`, `.log`,
/// event files of TensorBoard). The folder of a run that Losscope trained stands for that of its checkpoints.
///
/// # Errors
/// Where the folder can't be read or holds no checkpoint.
pub fn series(folder: &Path) -> Result<Vec<PathBuf>> {
    const RECORDS: [&str; 9] = [
        "json", "jsonl", "toml", "yaml", "yml", "txt", "csv", "tsv", "log",
    ];
    let inner = folder.join(CHECKPOINTS);
    let is_run = folder.join(HISTORY).is_file() && inner.is_dir();
    let folder = if is_run { &inner } else { folder };
    let refused = |source| Error::io("read the folder of checkpoints", folder, source);
    if folder.is_file() {
        return Err(Error::file(
            folder,
            "this is a file; expected a folder of checkpoints",
        ));
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        let path = entry.map_err(refused)?.path();
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let hidden = name.is_empty() || name.starts_with('.');
        let record = is_event_file(&name)
            || path
                .extension()
                .is_some_and(|e| RECORDS.iter().any(|r| e.eq_ignore_ascii_case(r)));
        if path.is_file() && !hidden && !record {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(Error::file(folder, "no checkpoints in the folder"));
    }
    files.sort_by_cached_key(|path| {
        natural_order(&path.file_name().unwrap_or_default().to_string_lossy())
    });
    Ok(files)
}

/// A sort key in which runs of digits count as numbers.
fn natural_order(name: &str) -> Vec<(u64, String)> {
    let mut key = vec![(0, String::new())];
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (before, tail) = rest.split_at(text);
        let digits = tail
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (number, tail) = tail.split_at(digits);
        if let Some(last) = key.last_mut() {
            last.1 = before.to_owned();
        }
        key.push((number.parse().unwrap_or(u64::MAX), String::new()));
        rest = tail;
    }
    key
}
