//! Tables with a line an epoch or step, as Keras' `CSVLogger` and Lightning's `metrics.csv` write them.

use super::names::{Quantity, known};
use crate::dataset::cells;
use crate::error::{Error, Result};
use crate::store::files;
use crate::train::Record;
use std::path::Path;

/// The records in a table with a line of names; none where its names are no run's.
///
/// # Errors
/// Where it can't be read; where it is a log and one of its lines is damaged.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    let text = files::read_text(path, "read the log")?;
    parse(&text).map_err(|message| Error::file(path, message))
}

fn parse(text: &str) -> Result<Vec<Record>, String> {
    let head = text.lines().next().unwrap_or_default();
    if !is_log(head) {
        return Ok(Vec::new());
    }
    let mut rows = cells(text.as_bytes())?.into_iter();
    let names = rows.next().unwrap_or_default();
    let columns = chosen(&names);
    let has = |quantity| columns.iter().flatten().any(|own| *own == quantity);
    let mut records: Vec<Record> = Vec::new();
    for row in rows {
        let mut record = Record {
            whole_epoch: true,
            epoch: f64::NAN,
            ..Record::default()
        };
        let mut any = false;
        for (cell, quantity) in row.iter().zip(&columns) {
            let value: Option<f64> = cell.trim().parse().ok();
            if let (Some(value), Some(quantity)) = (value.filter(|v| v.is_finite()), quantity) {
                quantity.put(&mut record, value);
                any = true;
            }
        }
        if !any {
            continue;
        }
        // Training and validation of one epoch may have lines of their own.
        match records.last_mut() {
            Some(last) if has(Quantity::Epoch) && last.epoch == record.epoch => merge(last, record),
            _ => records.push(record),
        }
    }
    Ok(records)
}

/// Whether a line of names is that of a run: epochs or steps, and something beside them.
fn is_log(head: &str) -> bool {
    let names = head
        .split([',', ';', '\t'])
        .map(|name| name.trim_matches('"'));
    let known: Vec<Quantity> = names.filter_map(|name| Some(known(name)?.0)).collect();
    known.iter().any(|q| q.is_place()) && known.iter().any(|q| !q.is_place())
}

/// What each column is; of several that are the same the best is taken.
fn chosen(names: &[String]) -> Vec<Option<Quantity>> {
    let all: Vec<Option<(Quantity, u8)>> = names.iter().map(|name| known(name)).collect();
    let best = |at: usize, (quantity, rank): (Quantity, u8)| {
        let others = all
            .iter()
            .enumerate()
            .filter_map(|(i, own)| Some((i, (*own)?)));
        let mut same = others.filter(|(_, own)| own.0 == quantity);
        same.all(|(i, own)| (own.1, i) >= (rank, at))
    };
    let each = all.iter().enumerate();
    each.map(|(at, own)| own.filter(|own| best(at, *own)).map(|own| own.0))
        .collect()
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
        )
        .unwrap();
        assert_eq!(keras.len(), 2);
        assert_eq!((keras[1].epoch, keras[1].train_loss), (1.0, Some(1.0)));
        assert_eq!(keras[0].validation_accuracy, Some(0.4));
        let lightning = parse("epoch,step,train_loss,val_loss\n0,9,,0.8\n0,9,0.9,\n1,19,,0.7\n");
        let lightning = lightning.unwrap();
        assert_eq!(lightning.len(), 2);
        let first = &lightning[0];
        assert_eq!(
            (first.train_loss, first.validation_loss, first.step),
            (Some(0.9), Some(0.8), 9)
        );
        let none = |text: &str| parse(text).unwrap().is_empty();
        assert!(none("epoch,name\n1,2\n"), "no number of a run");
        assert!(none("x,y\n1,2\n"));
    }

    #[test]
    fn cells_with_commas_stay_one_and_a_test_never_replaces_validation() {
        let read = parse(
            "epoch,note,val_loss,test_loss\n1,\"warm, slow\",0.5,0.9\n2,\"a \"\"b\"\"\",0.4,0.8\n",
        )
        .unwrap();
        let losses: Vec<_> = read.iter().map(|r| r.validation_loss).collect();
        assert_eq!(losses, [Some(0.5), Some(0.4)]);
    }
}
