//! Event files of TensorBoard (`events.out.tfevents.…`): scalars by tag and step.
//!
//! Only what is asked for is decoded: an event's step and the single numbers of its summary, written as such or as
//! a tensor of one. Pictures, histograms and graphs are skipped.

use super::names::{Quantity, known};
use crate::error::{Error, Result};
use crate::store::bytes::Bytes;
use crate::store::records::{Records, is_event_file};
use crate::train::Record;
use prost::Message;
use prost::bytes::Bytes as Raw;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `tensorflow/core/util/event.proto`
#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

/// `tensorflow/core/framework/summary.proto`
#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple: Option<f32>,
    #[prost(message, optional, tag = "8")]
    tensor: Option<Tensor>,
}

/// `tensorflow/core/framework/tensor.proto`
#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(bytes = "bytes", tag = "4")]
    content: Raw,
    #[prost(float, repeated, tag = "5")]
    float_val: Vec<f32>,
    #[prost(double, repeated, tag = "6")]
    double_val: Vec<f64>,
}

/// TensorFlow's numbers of its number types.
const FLOAT: i32 = 1;
const DOUBLE: i32 = 2;
/// Bytes of an event that is decoded.
const LARGEST: usize = 8 << 20;

impl Value {
    /// The number, where it is a single one.
    fn number(&self) -> Option<f64> {
        if let Some(value) = self.simple {
            return Some(f64::from(value));
        }
        let tensor = self.tensor.as_ref()?;
        let content = tensor.content.as_ref();
        match (
            tensor.dtype,
            tensor.float_val.as_slice(),
            tensor.double_val.as_slice(),
        ) {
            (FLOAT, [one], _) => Some(f64::from(*one)),
            (FLOAT, [], _) => Some(f64::from(f32::from_le_bytes(content.try_into().ok()?))),
            (DOUBLE, _, [one]) => Some(*one),
            (DOUBLE, _, []) => Some(f64::from_le_bytes(content.try_into().ok()?)),
            _ => None,
        }
    }
}

/// What event files tell.
#[derive(Debug, Default)]
pub struct Told {
    /// A record for every step that has a known number, in order; epochs aren't known, unless a tag says them.
    pub records: Vec<Record>,
    /// Whether steps count epochs, as Keras' tags say.
    pub by_epoch: bool,
    /// Whether a file ends within a record.
    pub cut: bool,
}

/// Whether a name is an event file's.
pub fn is_named(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    is_event_file(&name)
}

/// Values of a quantity by step.
type Series = BTreeMap<i64, f64>;

/// What event files of one run tell together, each with the name of the folder that its tags lie in, which may be
/// empty: `train` and `validation` beside each other, as Keras writes them. Of two names of one quantity the better
/// is taken whole; what was written twice for a step is as written last.
///
/// # Errors
/// Where one can't be read or is damaged.
pub fn read(files: &[(String, PathBuf)]) -> Result<Told> {
    let mut told = Told::default();
    let mut all: BTreeMap<(Quantity, u8, String), Series> = BTreeMap::new();
    for (prefix, path) in files {
        let bytes = Bytes::open(path, "read the event file")?;
        let mut records = Records::new(&bytes);
        let refused = |message: String| Error::file(path, message);
        while let Some(record) = records.next().map_err(refused)? {
            // Pictures: numbers are small, and an empty one of two bytes takes sixty times as much in memory.
            if record.len() > LARGEST {
                continue;
            }
            let event = Event::decode(record.as_ref());
            let event = event.map_err(|e| refused(format!("an event in it is damaged: {e}")))?;
            for value in event.summary.iter().flat_map(|summary| &summary.value) {
                let name = format!("{prefix} {}", value.tag);
                if let (Some((quantity, rank)), Some(number)) = (known(&name), value.number()) {
                    let series = all.entry((quantity, rank, name)).or_default();
                    series.insert(event.step, number);
                }
            }
        }
        told.cut |= records.cut;
    }
    let mut best: BTreeMap<Quantity, (String, Series)> = BTreeMap::new();
    for ((quantity, _, name), series) in all {
        best.entry(quantity).or_insert((name, series));
    }
    let epochs = best.remove(&Quantity::Epoch).map(|(_, series)| series);
    best.remove(&Quantity::Step);
    let keras = |name: &String| {
        name.split(' ')
            .next_back()
            .is_some_and(|tag| tag.starts_with("epoch_"))
    };
    told.by_epoch =
        epochs.is_none() && !best.is_empty() && best.values().all(|(name, _)| keras(name));
    let mut records: BTreeMap<i64, Record> = BTreeMap::new();
    for (quantity, (_, series)) in best {
        for (step, value) in series.into_iter().filter(|(_, v)| v.is_finite()) {
            let record = records.entry(step).or_insert_with(|| Record {
                step: u64::try_from(step).unwrap_or(0),
                epoch: epoch_at(epochs.as_ref(), step),
                whole_epoch: true,
                ..Record::default()
            });
            quantity.put(record, value);
        }
    }
    told.records = records.into_values().collect();
    Ok(told)
}

/// The epoch that was told last until a step; NaN where none was.
fn epoch_at(epochs: Option<&Series>, step: i64) -> f64 {
    let until = epochs.and_then(|series| series.range(..=step).next_back());
    until.map_or(f64::NAN, |(_, epoch)| *epoch)
}
