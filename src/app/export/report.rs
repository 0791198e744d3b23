//! The report on both minimizers: what `losscope report` measures and writes.

use crate::app::times::duration;
use crate::engine::Flow;
use crate::engine::job::{Job, ReportJob};
use crate::engine::report::{Part, run};
use crate::error::{Error, Result};
use crate::export::{partial, report};
use std::path::Path;

/// Measures and writes; `told` hears how far it is and answers whether to go on.
///
/// # Errors
/// Where something can't be opened or written. What was measured when it is stopped is written beside the
/// page, which the error says.
pub fn write(page: &Path, job: &ReportJob, mut told: impl FnMut(String) -> bool) -> Result<()> {
    report::check(page, &Job::from(job.clone()).inputs())?;
    let parts = Part::asked(job).len();
    let found = run(job, &mut |found, now| {
        let number = parts.min(parts - found.coming.len() + 1);
        let left = now.left.map(|left| format!(", {} left", duration(left)));
        let words = format!(
            "part {number} of {parts}, {}{}",
            now.progress.what,
            left.unwrap_or_default()
        );
        if told(words) {
            Flow::Continue
        } else {
            Flow::Stop
        }
    })?;
    if !found.gaps.iter().any(|gap| gap.stopped) {
        return report::write(page, &found).map(drop);
    }
    if found.gaps.len() == parts {
        return Err(Error::Usage("stopped; nothing was written".into()));
    }
    let beside = partial::of_measure(page);
    report::write(&beside, &found)?;
    Err(Error::Usage(format!(
        "stopped; what was measured until then is in {}",
        beside.display()
    )))
}
