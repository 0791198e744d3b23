//! Going on from a partial result: what must be as it was when that was begun.

use crate::engine::header::Header;
use crate::engine::job::{Job, differing};
use crate::engine::result::Outcome;
use crate::error::{Error, Result};
use crate::model::params::Params;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// Refuses to go on from the result of another job.
pub fn same_job(previous: &Outcome, job: &Job) -> Result<()> {
    let mut options = differing(&previous.header.job, job)?;
    // The loss that nobody named may be the one that was named: the network's fingerprint holds it.
    let named = |job: &Job| job.setup().is_some_and(|setup| setup.loss.is_some());
    if named(&previous.header.job) != named(job) {
        options.retain(|option| option != "--loss");
    }
    if options.is_empty() {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "the result to resume was made with other options ({}); repeat those it was made with, or remove it to start anew",
        options.join(", ")
    )))
}

/// How a warning begins that tells of a sitting of another version.
const BEGUN: &str = "begun with Losscope";

/// Refuses to go on where what the options name has changed since; notes in the recipe what all sittings
/// until now together are. The device of this one isn't named there before it has computed a point: see
/// [`crate::engine::device::also`].
pub fn continued(earlier: &Header, now: &mut Header) -> Result<()> {
    let changed = |what: &str| {
        Err(Error::Usage(format!(
            "{what} since the result to resume was begun: its points and new ones wouldn't be of one surface; bring back what it was made with, or remove it to start anew"
        )))
    };
    if earlier.checkpoints.len() != now.checkpoints.len() {
        return changed("the number of checkpoints has changed");
    }
    let mut files = earlier.checkpoints.iter().zip(&now.checkpoints);
    if let Some((_, file)) = files.find(|(a, b)| a.sha256 != b.sha256) {
        return Err(Error::file(
            &file.path,
            "the checkpoint has changed since the result to resume was made",
        ));
    }
    let data = |header: &Header| {
        let data = &header.data;
        let counts = [data.train_samples, data.validation_samples];
        (data.sha256.clone(), counts)
    };
    if data(earlier) != data(now) {
        return changed("the data has changed");
    }
    let (a, b) = (&earlier.fingerprints, &now.fingerprints);
    if !a.network.is_empty() && a.network != b.network {
        return changed("the network's description has changed");
    }
    // A file of directions, or a search that another device ends a little elsewhere.
    if !a.directions.is_empty() && a.directions != b.directions {
        return changed("the directions have changed");
    }
    let begun = earlier.warnings.iter().filter(|w| w.starts_with(BEGUN));
    now.warnings.extend(begun.cloned());
    if earlier.losscope != now.losscope {
        now.warnings.push(format!(
            "{BEGUN} {}, gone on with {}",
            earlier.losscope, now.losscope
        ));
    }
    now.device.clone_from(&earlier.device);
    now.elapsed_seconds = earlier.elapsed_seconds;
    Ok(())
}

/// Of the values of each direction.
pub fn fingerprints(directions: &[Params]) -> Vec<String> {
    let of = |direction: &Params| {
        let mut hasher = Sha256::new();
        for (_, values) in direction.tensors() {
            for value in values {
                hasher.update(value.to_le_bytes());
            }
        }
        hex(hasher)
    };
    directions.iter().map(of).collect()
}

/// Of something by its written form.
pub fn fingerprint_of(value: &impl Serialize) -> String {
    let text = serde_json::to_vec(value).unwrap_or_default();
    hex(Sha256::new_with_prefix(text))
}

fn hex(hasher: Sha256) -> String {
    let digest = hasher.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
