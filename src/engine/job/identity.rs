//! Whether two jobs ask for the same numbers.

use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// The options that don't change a number: where it is computed, and within which memory.
const NEUTRAL: [&str; 2] = ["device", "memory"];

/// The options by which two jobs differ, other than those that don't change a number; none: what was
/// computed for one can be used for the other.
///
/// # Errors
/// None that a job of this program could cause.
pub fn differing(earlier: &impl Serialize, now: &impl Serialize) -> Result<Vec<String>> {
    let (earlier, now) = (written(earlier)?, written(now)?);
    let keys = |job: &Value| -> BTreeSet<String> {
        let fields = job.as_object().map(|fields| fields.keys().cloned());
        fields.into_iter().flatten().collect()
    };
    let all = &keys(&earlier) | &keys(&now);
    let differ = |key: &String| {
        // An option that isn't there and one that isn't given are the same.
        let of = |job: &Value| job.get(key).filter(|v| !v.is_null()).cloned();
        !NEUTRAL.contains(&key.as_str()) && of(&earlier) != of(&now)
    };
    let names = all.into_iter().filter(differ);
    Ok(names.map(|key| option(&key)).collect())
}

/// A field of a job as a person typed it.
fn option(key: &str) -> String {
    match key {
        "command" => "the command".into(),
        "file" | "files" | "folder" => "the files".into(),
        _ => format!("--{}", key.replace('_', "-")),
    }
}

/// A job as files hold it: the last bit of a number may get lost on the way.
fn written(job: &impl Serialize) -> Result<Value> {
    let text = serde_json::to_string(job);
    text.and_then(|text| serde_json::from_str(&text))
        .map_err(|e| Error::Usage(format!("the job can't be written: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::device::DeviceChoice;
    use crate::engine::job::{Job, MemorySize, SurfaceJob};

    /// Every option of a surface but the two that are named changes numbers, whoever adds it.
    #[test]
    fn every_option_but_the_neutral_ones_makes_another_job() {
        let job = SurfaceJob::default();
        let mut elsewhere = job.clone();
        elsewhere.setup.device = DeviceChoice::Flex;
        elsewhere.setup.memory = MemorySize(64 << 20);
        let same = differing(&Job::Surface(job.clone()), &Job::Surface(elsewhere));
        assert!(same.unwrap().is_empty());
        let whole = serde_json::to_value(Job::Surface(job)).unwrap();
        for key in whole.as_object().unwrap().keys() {
            let mut changed = whole.clone();
            changed[key] = "something else".into();
            let found = differing(&whole, &changed).unwrap();
            let expected = usize::from(!NEUTRAL.contains(&key.as_str()));
            assert_eq!(found.len(), expected, "{key}: {found:?}");
        }
    }
}
