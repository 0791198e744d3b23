//! Headers as older versions wrote them, brought into today's form.
//!
//! Surfaces, lines and trajectories had today's header from the start. Measures kept their job beside it,
//! sharpness and reports had its fields among their numbers.

use serde_json::{Map, Value, json};

/// What a header is called in files, from the first version on.
pub const KEY: &str = "recipe";

/// What stood beside a header's own fields where it had no place of its own.
const NUMBERS: [&str; 9] = [
    "kind", "caution", "results", "header", "seed", "missing", "sentence", "rows", "files",
];

/// The header that `found` is, or that stands in it, with every field that today's has.
pub fn today(found: Value) -> Value {
    let Value::Object(mut fields) = found else {
        return found;
    };
    // A whole file of today's.
    if let Some(header) = fields.shift_remove(KEY) {
        return header;
    }
    let kind = fields
        .get("kind")
        .and_then(Value::as_str)
        .map(str::to_owned);
    let command = fields.get("job").and_then(|job| job.get("command"));
    let (Some(kind), None) = (kind, command) else {
        return Value::Object(fields);
    };
    let job = fields.shift_remove("job");
    let mut header = match fields.shift_remove("header") {
        Some(Value::Object(header)) => header,
        _ => fields,
    };
    header.retain(|key, _| !NUMBERS.contains(&key.as_str()));
    if let Some(Value::Object(mut job)) = job {
        job.shift_insert(0, "command".into(), kind.into());
        header.insert("job".into(), Value::Object(job));
    }
    for (key, empty) in empty() {
        header.entry(key).or_insert(empty);
    }
    Value::Object(header)
}

/// What a header has of a slice, where there is none.
fn empty() -> Map<String, Value> {
    let empty = json!({ "axes": [], "geometry": { "norms": [] }, "statistics": "" });
    empty.as_object().cloned().unwrap_or_default()
}
