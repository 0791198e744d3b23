//! What `inspect` says of data: what was read, how it was taken, and which other scalings there are.

use super::{output, terminal};
use crate::dataset::normalize::{self, Normalize};
use crate::dataset::{Dataset, Samples};
use serde_json::{Value, json};
use std::path::Path;

/// For people.
pub fn as_text(path: &Path, data: &Dataset) -> String {
    let line = terminal::line;
    let mut text = format!("{}\n", terminal::path(path));
    let mut row = |name: &str, words: &str| text += &format!("  {name:<9}{}\n", line(words));
    row("data", &data.name);
    let mut parts = data.description.split("; ");
    row("read", parts.next().unwrap_or_default());
    for part in parts {
        row("", part);
    }
    row("train", &split(&data.train));
    if let Some(validation) = &data.validation {
        row("held out", &split(validation));
    }
    if let Some(few) = counts(data) {
        row("classes", &few);
    }
    let facts = &data.stored;
    row(
        "stored",
        &format!("numbers from {} to {}", facts.low, facts.high),
    );
    row("others", &likely(data).join(", "));
    row("sha256", &data.sha256);
    text.push('\n');
    text
}

/// For machines.
pub fn as_json(path: &Path, data: &Dataset) -> Value {
    let split = |samples: &Samples| {
        json!({
            "samples": samples.len(),
            "input": samples.shape,
            "targets": samples.target_shape,
        })
    };
    json!({
        "file": path.to_string_lossy(),
        "data": data.name,
        "description": data.description,
        "classes": data.classes,
        "class_names": data.class_names,
        "train": split(&data.train),
        "validation": data.validation.as_ref().map(split),
        "stored": { "low": data.stored.low, "high": data.stored.high },
        "likely_normalisations": likely(data),
        "sha256": data.sha256,
        "warnings": data.warnings,
    })
}

fn likely(data: &Dataset) -> Vec<String> {
    let rules = normalize::likely(&data.stored);
    rules.iter().map(Normalize::to_string).collect()
}

fn split(samples: &Samples) -> String {
    let inputs = format!("inputs {:?}", samples.shape);
    let each = match samples.target_shape.as_slice() {
        [] => String::new(),
        shape => format!(", targets {shape:?}"),
    };
    format!(
        "{}, {inputs}{each}",
        output::counted(samples.len(), "sample")
    )
}

/// How many training samples each class has, by name where it has one; the first of them.
fn counts(data: &Dataset) -> Option<String> {
    const SHOWN: usize = 12;
    let labels = data.train.labels()?;
    let mut counts = vec![0_usize; data.classes];
    for label in labels {
        let place = usize::try_from(*label)
            .ok()
            .and_then(|label| counts.get_mut(label));
        *place? += 1;
    }
    let name = |class: usize| match data.class_names.get(class) {
        Some(name) => format!("{class} {name}"),
        None => class.to_string(),
    };
    let shown = counts.iter().enumerate().take(SHOWN);
    let shown: Vec<String> = shown
        .map(|(class, n)| format!("{} ({n})", name(class)))
        .collect();
    let more = if counts.len() > SHOWN { ", …" } else { "" };
    Some(format!("{}{more}", shown.join(", ")))
}
