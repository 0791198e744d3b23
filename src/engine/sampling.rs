//! The points of a slice on their way: metrics of a few of them a step, on one device or several.
//!
//! Where a tolerance was asked for, a grid is computed coarse to fine and only where it isn't smooth
//! ([`crate::landscape::adaptive`]); what that leaves out is interpolated, and said to be.

use crate::engine::chunk::Chunk;
use crate::engine::crew::{Crew, Helper, News, Points};
use crate::engine::device::{also, gone, reserve};
use crate::engine::header::Header;
use crate::engine::result::{Numbers, Outcome, Prepared};
use crate::engine::work::{Progress, Step, Work};
use crate::error::Result;
use crate::landscape::adaptive::Next;
use crate::landscape::evaluate::{Evaluator, LoadedSlice, Split};
use crate::landscape::sample::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a step of work that nobody watches closely takes: short enough to stop soon, long enough not to
/// matter.
pub const LONG_STEP: Duration = Duration::from_millis(200);
/// Chunks that a helper does in a step, about.
const CHUNKS_A_STEP: u32 = 4;

/// Metrics over a slice, computed in some order.
pub struct Sampling {
    evaluator: Evaluator,
    points: Points,
    order: Vec<usize>,
    /// Points taken from the order; with helpers, those that are done.
    next: usize,
    chunk: Chunk,
    /// The device of the evaluator.
    device: String,
    helpers: Vec<Helper>,
    /// Helpers at work, from the first step on.
    crew: Option<Crew>,
    /// Whether the header says already that the device failed.
    troubled: bool,
    outcome: Outcome,
}

impl Sampling {
    /// The points that `prepared` lacks, over `splits`, in steps of about `target`; `device`: the name of
    /// what computes them.
    pub fn new(
        prepared: Prepared,
        evaluator: &Evaluator,
        splits: &[Split],
        device: &str,
        target: Duration,
    ) -> Self {
        Self {
            evaluator: evaluator.clone(),
            points: Points {
                slice: Arc::new(prepared.loaded),
                splits: splits.to_vec(),
                coordinates: prepared.coordinates.into(),
            },
            order: prepared.outcome.order(),
            next: 0,
            chunk: Chunk::of(target),
            device: device.to_owned(),
            helpers: Vec::new(),
            crew: None,
            troubled: false,
            outcome: prepared.outcome,
        }
    }

    /// Shares the points with further devices.
    #[must_use]
    pub fn shared(mut self, helpers: &[Helper]) -> Self {
        self.helpers = helpers.to_vec();
        self
    }

    /// The same slice over other samples, whose results are `outcome`'s; nothing of it is computed before
    /// [`Sampling::begin`].
    #[must_use]
    pub fn over(&self, splits: &[Split], outcome: Outcome) -> Self {
        Self {
            evaluator: self.evaluator.clone(),
            points: Points {
                splits: splits.to_vec(),
                ..self.points.clone()
            },
            order: Vec::new(),
            next: 0,
            chunk: Chunk::of(self.chunk.target),
            device: self.device.clone(),
            helpers: self.helpers.clone(),
            crew: None,
            troubled: false,
            outcome,
        }
    }

    /// Computes these points from now on.
    pub fn begin(&mut self, order: Vec<usize>) {
        (self.order, self.next) = (order, 0);
        // Those who are at points of another order are let go.
        self.crew = None;
    }

    /// The slice.
    pub fn slice(&self) -> &Arc<LoadedSlice> {
        &self.points.slice
    }

    /// The result, to note what isn't computed.
    pub fn outcome_mut(&mut self) -> &mut Outcome {
        &mut self.outcome
    }

    /// Points done and in all of those begun.
    pub fn begun(&self) -> (usize, usize) {
        (self.next, self.order.len())
    }

    /// Points of the next step.
    pub fn points_a_step(&self) -> usize {
        self.chunk.points
    }

    /// Notes new points, and the device that computed them.
    fn store(&mut self, cells: Vec<Cell>, device: &str) {
        let header = &mut self.outcome.header;
        let Some(table) = self.outcome.numbers.table_mut() else {
            return;
        };
        let mut is_new = false;
        for cell in cells {
            if table.computed[cell.index] {
                // A slower device had it, too.
                continue;
            }
            let lost = cell.metrics.iter().any(|m| !m.loss.is_finite());
            header.non_finite += usize::from(lost);
            table.set(cell.index, &cell.metrics);
            is_new = true;
        }
        if is_new {
            header.device = also(&header.device, device);
        }
    }

    /// Says where a GPU failed, and what has gone on in its place.
    fn note_trouble(&mut self) {
        let Some(why) = self.evaluator.trouble().filter(|_| !self.troubled) else {
            return;
        };
        let warning = gone(&self.device, why, "the processor went on");
        self.troubled = true;
        self.device = reserve();
        self.outcome.header.warn([warning]);
    }

    /// Does some points; how many.
    fn compute(&mut self, indices: &[usize]) -> Result<usize> {
        let (points, started) = (indices.len(), Instant::now());
        if points == 0 {
            return Ok(0);
        }
        let cells = self.points.at(&self.evaluator, indices)?;
        self.chunk.took(started.elapsed(), points);
        self.note_trouble();
        let device = self.device.clone();
        self.store(cells, &device);
        Ok(points)
    }

    /// The next few points, on one device.
    fn alone(&mut self) -> Result<()> {
        let end = (self.next + self.chunk.points.max(1)).min(self.order.len());
        let indices = self.order[self.next..end].to_vec();
        self.next += self.compute(&indices)?;
        Ok(())
    }

    /// The next few points, on several.
    fn together(&mut self) -> Result<()> {
        let target = self.chunk.target;
        let crew = match self.crew.take() {
            Some(crew) => crew,
            None => {
                let each = target / CHUNKS_A_STEP;
                let crew = Crew::start(&self.helpers, &self.points, each)?;
                crew.begin(&self.order[self.next..]);
                crew
            }
        };
        crew.pull(target);
        let mine = crew.take(self.chunk.points, |point| self.is_done(point));
        let found = self.compute(&mine);
        if found.is_err() {
            crew.give_back(&mine);
        }
        for news in crew.news() {
            match news {
                News::Cells(cells, device) => self.store(cells, &device),
                News::Lost(device, why) => {
                    let warning = gone(&device, &why.to_string(), "the others took its points");
                    self.outcome.header.warn([warning]);
                    self.helpers.retain(|helper| helper.name != device);
                }
            }
        }
        let all = self.order.iter();
        self.next = all.filter(|point| self.is_done(**point)).count();
        if !crew.is_idle(|point| self.is_done(point)) {
            self.crew = Some(crew);
        }
        found.map(drop)
    }

    fn is_done(&self, point: usize) -> bool {
        let table = self.outcome.numbers.table();
        table.is_none_or(|table| table.computed[point])
    }

    /// What to do after the last point of the order.
    fn refine(&mut self) -> Step {
        let next = match &self.outcome.numbers {
            _ if self.outcome.computed() == self.outcome.points() => None,
            Numbers::Surface(surface) => self.outcome.tolerance().map(|t| surface.refined(t)),
            _ => None,
        };
        match next {
            Some(Next::Compute(order)) => {
                self.begin(order);
                return Step::More;
            }
            Some(Next::Interpolate(filled)) => self.outcome.interpolate(filled),
            Some(Next::TooRough(why)) => {
                self.outcome.header.warn([why.to_string()]);
                let order = self.outcome.whole();
                if !order.is_empty() {
                    self.begin(order);
                    return Step::More;
                }
            }
            None => {}
        }
        self.outcome.note_barriers();
        Step::Done
    }
}

impl Work for Sampling {
    type Found = Outcome;

    fn step(&mut self) -> Result<Step> {
        if self.next < self.order.len() {
            if self.helpers.is_empty() && self.crew.is_none() {
                self.alone()?;
            } else {
                self.together()?;
            }
        }
        if self.next < self.order.len() {
            return Ok(Step::More);
        }
        Ok(self.refine())
    }

    fn progress(&self) -> Progress {
        // Where a surface may be interpolated, as many as are known to be needed.
        let (done, total) = match self.outcome.tolerance() {
            Some(_) => {
                let done = self.outcome.computed();
                (done, done + self.order.len().saturating_sub(self.next))
            }
            None => {
                let total = self.outcome.points();
                (total - self.outcome.missing(), total)
            }
        };
        Progress {
            what: "".into(),
            unit: "point",
            done,
            total,
        }
    }

    fn found(&self) -> &Outcome {
        &self.outcome
    }

    fn header(&mut self) -> Option<&mut Header> {
        Some(&mut self.outcome.header)
    }

    fn finish(mut self) -> Outcome {
        self.outcome.note_barriers();
        self.outcome
    }
}
