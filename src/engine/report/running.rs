//! The part of a report that is measured now: the work of another command, and where its result goes.

use super::part::Part;
use super::result::{PhiCurve, Report};
use crate::engine::header::Header;
use crate::engine::job::{CENTRES, ReportJob};
use crate::engine::line;
use crate::engine::local::Place;
use crate::engine::local::curvature;
use crate::engine::local::noise;
use crate::engine::local::series::{Measured, Series, Stage};
use crate::engine::sharpness::Sharpnesses;
use crate::engine::surface;
use crate::engine::work::{Progress, Step, Work, advance};
use crate::error::Result;
use crate::landscape::evaluate::gradient::StatisticsMode;
use crate::landscape::measures::found::Found;
use crate::landscape::measures::phi::{self, CURVE_ITERATIONS, epsilons};
use crate::landscape::sharpness::curve::Curve;
use crate::landscape::sharpness::region::Region;
use std::sync::Arc;

/// Work of any kind that fills one part of a report.
pub trait Running {
    /// Takes a step.
    ///
    /// # Errors
    /// As the work.
    fn step(&mut self) -> Result<Step>;

    /// How far it is.
    fn progress(&self) -> Progress;

    /// Puts what was found, which is whole, where it belongs.
    fn keep(self: Box<Self>, report: &mut Report);
}

/// Work, and where in the report its result goes.
struct Filling<W: Work> {
    work: W,
    slot: Slot<W::Found>,
}

/// A place in a report.
type Slot<F> = Box<dyn FnOnce(&mut Report) -> &mut Option<F>>;

impl<W: Work> Running for Filling<W> {
    fn step(&mut self) -> Result<Step> {
        advance(&mut self.work)
    }

    fn progress(&self) -> Progress {
        self.work.progress()
    }

    fn keep(self: Box<Self>, report: &mut Report) {
        let Self { mut work, slot } = *self;
        let warnings = work.header().map(|header| header.warnings.clone());
        report.header.warn(warnings.into_iter().flatten());
        *slot(report) = Some(work.finish());
    }
}

fn filling<W: Work + 'static>(
    work: W,
    slot: impl FnOnce(&mut Report) -> &mut Option<W::Found> + 'static,
) -> Box<dyn Running> {
    let slot = Box::new(slot);
    Box::new(Filling { work, slot })
}

/// Opens what a part needs.
///
/// # Errors
/// Whatever opening says.
pub fn start(part: Part, job: &ReportJob) -> Result<Box<dyn Running>> {
    Ok(match part {
        Part::Line => filling(line::start(&job.line()?, None)?, |r: &mut Report| {
            &mut r.line
        }),
        Part::Contour(which) => {
            let work = surface::start(&job.surface(CENTRES[which])?, None)?;
            filling(work, move |r: &mut Report| &mut r.surfaces[which])
        }
        Part::Sharpness => {
            let work = Sharpnesses::start(&job.sharpness()?, false)?;
            filling(work, |r: &mut Report| &mut r.sharpness)
        }
        Part::Subspace => {
            let work = Sharpnesses::start(&job.subspace()?, false)?;
            filling(work, |r: &mut Report| &mut r.subspace)
        }
        Part::Curve(which) => {
            let work = curve(job, which)?;
            filling(work, move |r: &mut Report| &mut r.curves[which])
        }
        Part::Curvature(which) => {
            let work = curvature::start(&job.curvature(which)?)?;
            filling(work, move |r: &mut Report| &mut r.curvature[which])
        }
        Part::Map(which) => {
            let work = curvature::start(&job.map(which)?)?;
            filling(work, move |r: &mut Report| &mut r.maps[which])
        }
        Part::Noise(which) => {
            let work = noise::start(&job.noise(which)?)?;
            filling(work, move |r: &mut Report| &mut r.noise[which])
        }
    })
}

/// φ along ε, as the window draws it.
fn curve(job: &ReportJob, which: usize) -> Result<Series<PhiCurve>> {
    let path = &job.pair()?[which];
    let place = Place::open(Some(path), job.clone())?;
    let objective = place.objective(StatisticsMode::Running);
    let region = Region::full(&place.theta.flatten());
    let every = if job.quick { 2 } else { 1 };
    let epsilons: Vec<f64> = epsilons().into_iter().step_by(every).collect();
    let curve = Curve::new(Arc::new(region), &epsilons, CURVE_ITERATIONS)?;
    let found = PhiCurve {
        header: place.header,
        iterations: CURVE_ITERATIONS,
        points: Vec::new(),
    };
    let stage = Stage::new(move |_: &mut PhiCurve| Some(phi::along(curve)));
    Ok(Series::new(objective, found, vec![stage]))
}

impl Measured for PhiCurve {
    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn put(&mut self, found: Found) {
        if let Found::Phi(point, _) = found {
            self.points.push(point);
        }
    }

    fn stopped(&mut self, _: &Progress) {}
}
