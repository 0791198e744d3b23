//! Logs of other trainers beside their checkpoints: tables ([`table`]) and event files of TensorBoard
//! ([`mod@events`]).
//!
//! Numbers are known by their usual names ([`names`]); others are passed over, and a file without any is no log.
//! What a log doesn't say (whether a step is one of the optimiser or an epoch, whether an accuracy is in percent)
//! is decided by its numbers, and said.

mod events;
mod names;
mod table;

use crate::error::Result;
use crate::train::Record;
use std::path::{Path, PathBuf};

/// A log that was found.
#[derive(Debug)]
pub struct Log {
    /// Its records, in order; an epoch that isn't known is NaN.
    pub records: Vec<Record>,
    /// Where it was and what was made of it.
    pub notes: Vec<String>,
}

/// The log in the folder of a run's checkpoints, in folders right below it, or above it. `last`: the largest epoch
/// in the checkpoints' names.
///
/// # Errors
/// Where one can't be read or is damaged.
pub fn beside(folder: &Path, last: Option<f64>) -> Result<Option<Log>> {
    let above = folder.parent();
    for place in std::iter::once(folder).chain(above) {
        // Folders beside this one are other runs.
        let deeper = place == folder;
        let mut found = events(place, deeper, last)?;
        if found.is_none() {
            found = tables(place)?;
        }
        if let Some(mut log) = found {
            in_shares(&mut log);
            return Ok(Some(log));
        }
    }
    Ok(None)
}

fn tables(folder: &Path) -> Result<Option<Log>> {
    let is_table = |path: &PathBuf| {
        let end = path.extension();
        end.is_some_and(|e| e.eq_ignore_ascii_case("csv") || e.eq_ignore_ascii_case("tsv"))
    };
    for path in entries(folder).into_iter().filter(is_table) {
        let records = table::read(&path)?;
        if !records.is_empty() {
            let name = name(&path);
            let counted = if records.iter().all(|r| r.epoch.is_nan()) {
                "it counts steps, and says nothing of epochs"
            } else {
                "epochs are counted as it counts them"
            };
            let notes = vec![format!("the history is that of {name}: {counted}")];
            return Ok(Some(Log { records, notes }));
        }
    }
    Ok(None)
}

fn events(folder: &Path, deeper: bool, last: Option<f64>) -> Result<Option<Log>> {
    let of = |place: &Path, prefix: &str| -> Vec<(String, PathBuf)> {
        let files = entries(place).into_iter();
        let named = files.filter(|path| path.is_file() && events::is_named(path));
        named.map(|path| (prefix.to_owned(), path)).collect()
    };
    let mut files = of(folder, "");
    if deeper {
        let below = entries(folder).into_iter().filter(|path| path.is_dir());
        files.extend(below.flat_map(|place| of(&place, &name(&place))));
    }
    if files.is_empty() {
        return Ok(None);
    }
    let told = events::read(&files)?;
    if told.records.is_empty() {
        return Ok(None);
    }
    let mut records = told.records;
    let unknown = records.iter().all(|record| record.epoch.is_nan());
    let counted = if !unknown {
        "epochs are as it tells them"
    } else if told.by_epoch || is_an_epoch_each(&records, last) {
        for record in &mut records {
            record.epoch = record.step as f64;
            record.step = 0;
        }
        if told.by_epoch {
            "its steps are epochs, as their names say"
        } else {
            "its steps are taken for epochs, one after the other up to the last checkpoint's"
        }
    } else {
        "it counts steps, and says nothing of epochs"
    };
    let which = match files.as_slice() {
        [(_, path)] => name(path),
        several => format!("{} event files of TensorBoard", several.len()),
    };
    let mut notes = vec![format!("the history is that of {which}: {counted}")];
    if told.cut {
        notes
            .push("it ends in the middle of a record: what was written until then is there".into());
    }
    Ok(Some(Log { records, notes }))
}

/// Whether steps follow each other by one, and end where the checkpoints' epochs do.
fn is_an_epoch_each(records: &[Record], last: Option<f64>) -> bool {
    let consecutive = records
        .windows(2)
        .all(|pair| pair[1].step == pair[0].step + 1);
    let end = records.last().map_or(0.0, |record| record.step as f64);
    consecutive && last.is_some_and(|last| (end - last).abs() <= 1.0)
}

/// Accuracies above 1 are in percent.
fn in_shares(log: &mut Log) {
    let percent = |of: fn(&Record) -> Option<f64>| {
        let mut values = log.records.iter().filter_map(of);
        values.any(|value| value > 1.001)
    };
    let (train, held_out) = (
        percent(|r| r.train_accuracy),
        percent(|r| r.validation_accuracy),
    );
    if !(train || held_out) {
        return;
    }
    for record in &mut log.records {
        let share = |accuracy: &mut Option<f64>| *accuracy = accuracy.map(|a| 0.01 * a);
        if train {
            share(&mut record.train_accuracy);
        }
        if held_out {
            share(&mut record.validation_accuracy);
        }
    }
    log.notes
        .push("accuracies above 1 are read as percent".into());
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let all = folder.read_dir().into_iter().flatten().flatten();
    let mut all: Vec<PathBuf> = all.map(|entry| entry.path()).collect();
    all.sort();
    all
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
