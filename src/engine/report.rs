//! The report: everything there is to measure for two checkpoints, one part after another.
//!
//! Each part is the job of another command. A part that is stopped or fails is left out and said to
//! be; what is finished stays.

mod part;
mod result;
mod running;

use crate::engine::header::Header;
use crate::engine::inputs::{Inputs, check_finite, open_checkpoint};
use crate::engine::job::ReportJob;
use crate::engine::work::{Observer, Progress, Step, Work, drive, guarded};
use crate::error::{Error, Result};
use crate::landscape::distance::between;
use crate::landscape::slice::Geometry;
pub use part::Part;
pub use result::{Gap, PhiCurve, Report};
use running::Running;

/// Measures everything, until the observer stops it.
///
/// # Errors
/// Where checkpoints, network, data or device can't be opened. A part that fails later is one of the
/// report's gaps.
pub fn run(job: &ReportJob, observer: Observer<'_, Report>) -> Result<Report> {
    let report = guarded(|| open(job))?;
    drive(Reporting { report, now: None }, observer)
}

/// A report on its way.
struct Reporting {
    report: Report,
    now: Option<Box<dyn Running>>,
}

/// Opens everything once, so that what can't be opened is said before hours of work.
fn open(job: &ReportJob) -> Result<Report> {
    let [small_path, large_path] = job.pair()?;
    let state = open_checkpoint(&small_path, job.setup.key.as_deref())?;
    let mut inputs = Inputs::open(&job.setup, &state)?;
    let small = inputs.point_of(&small_path, &state, "small batch")?;
    let large = inputs.point(&large_path, "large batch")?;
    let start = job
        .start()
        .map(|path| inputs.point(&path, "start"))
        .transpose()?;
    for (path, point) in [(&small_path, &small), (&large_path, &large)] {
        check_finite(path, point.tensors())?;
    }
    let seen = between(&large, &small);
    if seen.total == 0.0 {
        return Err(Error::Slice(
            "both checkpoints hold the same weights: there is nothing to compare".into(),
        ));
    }
    let (_, device, splits) = inputs.evaluator(&job.setup)?;
    if splits.is_empty() {
        return Err(Error::Usage("the data has no samples in this split".into()));
    }
    let mut header = inputs.header(job.clone(), Vec::new(), Geometry::default());
    header.measured_over(&job.setup);
    header.device = device.name;
    Ok(Report {
        header,
        job: job.clone(),
        has_statistics: inputs.network.has_statistics(),
        between: seen,
        from_start: start.map(|start| [&small, &large].map(|end| between(end, &start))),
        line: None,
        surfaces: [None, None, None],
        sharpness: None,
        subspace: None,
        curves: [None, None],
        curvature: [None, None],
        noise: [None, None],
        maps: [None, None],
        gaps: Vec::new(),
        coming: Part::asked(job).into(),
    })
}

impl Work for Reporting {
    type Found = Report;

    fn step(&mut self) -> Result<Step> {
        let report = &mut self.report;
        let Some(&part) = report.coming.front() else {
            return Ok(Step::Done);
        };
        // A part that fails is a gap; the others can still be measured.
        let step = guarded(|| match &mut self.now {
            Some(running) => running.step(),
            None => {
                self.now = Some(running::start(part, &report.job)?);
                Ok(Step::More)
            }
        });
        match step {
            Ok(Step::More) => return Ok(Step::More),
            Ok(Step::Done) => {
                if let Some(running) = self.now.take() {
                    running.keep(report);
                }
            }
            Err(error) => report.gaps.push(Gap {
                part,
                reason: error.to_string(),
                stopped: false,
            }),
        }
        self.now = None;
        report.coming.pop_front();
        Ok(Step::More)
    }

    fn progress(&self) -> Progress {
        let part = self.report.coming.front();
        let what = part.map_or_else(String::new, |part| part.describe());
        let now = self.now.as_ref().map(|running| running.progress());
        Progress {
            what: what.into(),
            unit: now.as_ref().map_or("step", |now| now.unit),
            done: now.as_ref().map_or(0, |now| now.done),
            total: now.as_ref().map_or(1, |now| now.total),
        }
    }

    fn found(&self) -> &Report {
        &self.report
    }

    fn header(&mut self) -> Option<&mut Header> {
        Some(&mut self.report.header)
    }

    fn finish(mut self) -> Report {
        self.report.leave_out("stopped before it was finished");
        self.report
    }
}
