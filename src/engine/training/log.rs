//! Logs of other trainers beside their checkpoints: tables with a line an epoch or step, as Keras' `CSVLogger`
//! and Lightning's `metrics.csv` write them.
//!
//! Columns are known by their usual names; others are passed over, and a table without any is no log.

use crate::error::Result;
use crate::store::files;
use crate::train::Record;
use std::path::{Path, PathBuf};

/// Puts a number into a record.
type Put = fn(&mut Record, f64);

/// Usual names of columns.
const COLUMNS: [(&[&str], Put); 8] = [
    (&["epoch", "epochs"], |r, v| r.epoch = v),
    (&["step", "iteration", "iter", "global_step"], |r, v| {
        r.step = v as u64;
    }),
    (
        &["train_loss", "loss", "training_loss", "train_loss_epoch"],
        |r, v| r.train_loss = Some(v),
    ),
    (
        &[
            "train_accuracy",
            "train_acc",
            "accuracy",
            "acc",
            "train_acc_epoch",
        ],
        |r, v| r.train_accuracy = Some(v),
    ),
    (
        &["validation_loss", "val_loss", "valid_loss", "test_loss"],
        |r, v| r.validation_loss = Some(v),
    ),
    (
        &[
            "validation_accuracy",
            "val_accuracy",
            "val_acc",
            "valid_acc",
            "test_acc",
            "test_accuracy",
        ],
        |r, v| r.validation_accuracy = Some(v),
    ),
    (&["learning_rate", "lr"], |r, v| r.learning_rate = Some(v)),
    (&["gradient_norm", "grad_norm"], |r, v| {
        r.gradient_norm = Some(v);
    }),
];

/// The records of the first log among `files`, and which it was.
///
/// # Errors
/// Where one can't be read.
pub fn first(files: &[PathBuf]) -> Result<Option<(PathBuf, Vec<Record>)>> {
    for path in files {
        let records = read(path)?;
        if !records.is_empty() {
            return Ok(Some((path.clone(), records)));
        }
    }
    Ok(None)
}

fn read(path: &Path) -> Result<Vec<Record>> {
    let text = files::read_text(path, "read the log")?;
    Ok(parse(&text))
}

/// The records in a table with a line of names.
fn parse(text: &str) -> Vec<Record> {
    let mut lines = text.lines();
    let names = lines.next().unwrap_or_default();
    let separator = if names.contains('\t') { '\t' } else { ',' };
    let clean = |cell: &str| {
        cell.trim()
            .trim_matches('"')
            .to_lowercase()
            .replace(['/', ' '], "_")
    };
    let puts: Vec<Option<Put>> = names
        .split(separator)
        .map(|name| {
            let name = clean(name);
            let known = COLUMNS
                .iter()
                .find(|(names, _)| names.contains(&name.as_str()));
            known.map(|(_, put)| *put)
        })
        .collect();
    // Epochs or steps alone are no log.
    let told: Vec<String> = names.split(separator).map(clean).collect();
    let has = |which: std::ops::Range<usize>| {
        let mut names = COLUMNS[which].iter().flat_map(|(names, _)| *names);
        names.any(|name| told.iter().any(|own| own == name))
    };
    if !(has(0..2) && has(2..COLUMNS.len())) {
        return Vec::new();
    }
    let mut records: Vec<Record> = Vec::new();
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let mut record = Record {
            whole_epoch: true,
            ..Record::default()
        };
        let mut any = false;
        for (cell, put) in line.split(separator).zip(&puts) {
            let value: Option<f64> = cell.trim().trim_matches('"').parse().ok();
            if let (Some(value), Some(put)) = (value.filter(|v| v.is_finite()), put) {
                put(&mut record, value);
                any = true;
            }
        }
        if !any {
            continue;
        }
        // Training and validation of one epoch may have lines of their own.
        match records.last_mut() {
            Some(last) if has(0..1) && last.epoch == record.epoch => merge(last, record),
            _ => records.push(record),
        }
    }
    records
}

/// Fills in what an earlier line of the same epoch lacks.
fn merge(into: &mut Record, from: Record) {
    into.step = into.step.max(from.step);
    into.train_loss = from.train_loss.or(into.train_loss);
    into.train_accuracy = from.train_accuracy.or(into.train_accuracy);
    into.validation_loss = from.validation_loss.or(into.validation_loss);
    into.validation_accuracy = from.validation_accuracy.or(into.validation_accuracy);
    into.learning_rate = from.learning_rate.or(into.learning_rate);
    into.gradient_norm = from.gradient_norm.or(into.gradient_norm);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_of_keras_and_lightning_are_read() {
        let keras = parse(
            "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.5,1.2,0.4,1.5\n1,0.6,1.0,0.5,1.4\n",
        );
        assert_eq!(keras.len(), 2);
        assert_eq!((keras[1].epoch, keras[1].train_loss), (1.0, Some(1.0)));
        assert_eq!(keras[0].validation_accuracy, Some(0.4));
        let lightning = parse("epoch,step,train_loss,val_loss\n0,9,,0.8\n0,9,0.9,\n1,19,,0.7\n");
        assert_eq!(lightning.len(), 2);
        let first = &lightning[0];
        assert_eq!(
            (first.train_loss, first.validation_loss, first.step),
            (Some(0.9), Some(0.8), 9)
        );
        assert!(parse("epoch,name\n1,2\n").is_empty(), "no number of a run");
        assert!(parse("x,y\n1,2\n").is_empty());
    }
}
