//! Networks described by hand, in words: the kinds of layer there are, and how a description fits.

use crate::cli::{output, terminal};
use crate::engine::check::{Check, Row};
use crate::model::layers::{FieldText, KindText};
use crate::plot::number::score;
use serde_json::json;
use std::path::Path;

/// Kinds of layer with their fields, for a person.
pub fn kinds_as_text(kinds: &[KindText]) -> String {
    let mut text = String::new();
    for own in kinds {
        text += &format!("{}\n  {}\n", own.name, own.words);
        for field in &own.fields {
            let usual = match &field.usual {
                Some(usual) => format!("; {usual} where it isn't written"),
                None => String::new(),
            };
            let FieldText {
                name, takes, words, ..
            } = field;
            text += &format!("  {name}: {takes}{usual}. {words}\n");
        }
        text.push('\n');
    }
    text
}

/// The same for machines.
pub fn kinds_as_json(kinds: &[KindText]) -> serde_json::Value {
    let field = |f: &FieldText| json!({ "name": f.name, "takes": f.takes, "usual": f.usual, "words": f.words });
    let kinds = kinds.iter().map(|own| {
        let fields: Vec<_> = own.fields.iter().map(field).collect();
        json!({ "kind": own.name, "words": own.words, "fields": fields })
    });
    json!(kinds.collect::<Vec<_>>())
}

/// What was found of a description, for a person.
pub fn check_as_text(path: &Path, model: &str, found: &Check) -> String {
    let heads = ["layer", "kind", "gives", "tensors", "statistics"];
    let mut rows = vec![heads.map(String::from).to_vec()];
    for row in &found.layers {
        let tensor = |(name, shape): &(String, Option<Vec<usize>>)| match shape {
            Some(shape) if shape.is_empty() => name.clone(),
            Some(shape) => format!("{name} {shape:?}"),
            None => format!("{name} is missing"),
        };
        let tensors: Vec<String> = row.tensors.iter().map(tensor).collect();
        let shape = row.shape.as_ref().map(|shape| format!("{shape:?}"));
        let apart = row.statistics.map(|apart| {
            format!(
                "means {} deviations apart, variances × {}",
                output::value(apart.means),
                output::value(apart.variances)
            )
        });
        rows.push(vec![
            row.name.clone(),
            row.kind.clone(),
            shape.unwrap_or_else(|| "doesn't fit".into()),
            tensors.join(", "),
            apart.unwrap_or_default(),
        ]);
    }
    let line = terminal::line;
    let mut text = format!("{} as {}\n", terminal::path(path), line(model));
    for line in output::table_of_words(&rows).lines() {
        text += &format!("  {line}\n");
    }
    for (name, shape, kind) in &found.unused {
        text += &format!("  no layer uses {} {shape:?} ({kind})\n", line(name));
    }
    if found.unused.is_empty() {
        text += "  every tensor of the checkpoint is used\n";
    }
    if let Some(tried) = &found.tried {
        text += &format!(
            "  on {} training samples: loss {}, {} {} ({} by chance)\n",
            output::grouped(tried.samples),
            output::value(tried.loss),
            tried.kind.name(),
            score(tried.kind, tried.score),
            score(tried.kind, tried.chance)
        );
    }
    if let Some(fault) = &found.fault {
        text += &format!("  fault: {}\n", line(fault));
    }
    text.push('\n');
    text
}

/// The same for machines.
pub fn check_as_json(path: &Path, found: &Check) -> serde_json::Value {
    let layer = |row: &Row| {
        let apart = row.statistics;
        json!({
            "name": row.name,
            "kind": row.kind,
            "shape": row.shape,
            "tensors": row.tensors,
            "statistics": apart.map(|a| json!({ "means_apart": a.means, "variance_ratio": a.variances })),
        })
    };
    let tried = found.tried.map(|t| {
        json!({
            "samples": t.samples,
            "loss": t.loss,
            t.kind.key(): t.score,
            "chance": t.chance,
        })
    });
    json!({
        "file": path.to_string_lossy(),
        "layers": found.layers.iter().map(layer).collect::<Vec<_>>(),
        "unused": found.unused,
        "tried": tried,
        "fault": found.fault,
    })
}
