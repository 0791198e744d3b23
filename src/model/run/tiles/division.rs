//! How samples and points are cut so that buffers and submissions stay within bounds.
//!
//! Samples are cut by memory and by a fixed amount of work, never by the clock: where they are cut decides the
//! order of sums, and the same input shall give the same bits. Points are cut by what a submission took
//! before; no number depends on that.

use super::plan::Plan;

/// Most of each axis of a grid.
const MOST: usize = 65_535;
/// Most points of a call, which ends with one read-back: with so many its cost is nothing.
const MOST_POINTS: usize = 1024;
/// Bytes of a vector of four numbers.
const VECTOR: usize = 16;
/// Bytes of a number.
const NUMBER: usize = 4;
/// Seconds of a submission: a display on the same GPU keeps its frames, and no watchdog bites.
const SUBMISSION: f64 = 0.05;
/// The same where the processor does the work, and nobody watches.
const SOFTWARE: f64 = 0.25;
/// Multiplications with additions of one submission on a GPU that nothing is known of.
const MOST_WORK: usize = 50_000_000_000;

/// What bounds a run.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bytes that values and data may take.
    pub memory: usize,
    /// Bytes that may be bound at once.
    pub bound: usize,
    /// Whether the processor does the work.
    pub software: bool,
}

/// How samples are cut, the same for any points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Samples {
    /// Of a group.
    pub group: usize,
    /// Groups a pass.
    pub groups: usize,
    /// Vectors of four of a group's samples.
    pub quads: usize,
    /// Passes.
    pub passes: usize,
}

impl Bounds {
    /// Bytes that values of samples may take at once.
    fn values(self) -> usize {
        self.bound.min(self.memory / 4)
    }

    /// Bytes of the rows of `quads` vectors at `points` points.
    fn rows(plan: &Plan, quads: usize, groups: usize, points: usize) -> usize {
        let rows = plan.rows[0] + plan.rows[1].saturating_mul(points);
        rows.saturating_mul(quads * groups * VECTOR)
    }

    /// Bytes that a program needs at least where so many samples share statistics.
    pub fn least(plan: &Plan, together: usize) -> usize {
        let samples = if plan.together { together.max(1) } else { 1 };
        Self::rows(plan, samples.div_ceil(4), 1, 1)
    }

    /// Whether that can be had.
    pub fn fits(self, plan: &Plan, together: usize) -> bool {
        let shared = plan.shared.iter().max().copied().unwrap_or(0);
        let numbers = plan.point_numbers + plan.sum_numbers + 2 * plan.summed;
        let packed = plan.packed[0] + plan.packed[1];
        let largest = [
            shared * NUMBER,
            numbers * NUMBER,
            packed * VECTOR,
            plan.lists.len() * NUMBER,
            Self::least(plan, together),
        ];
        let all: usize =
            largest[1..].iter().sum::<usize>() + plan.shared.iter().sum::<usize>() * NUMBER;
        plan.refused.is_none()
            && largest.iter().all(|bytes| *bytes <= self.bound)
            && Self::least(plan, together) <= self.memory / 2
            && all <= self.memory
    }

    /// Points whose numbers fit beside each other.
    pub fn points(self, plan: &Plan) -> usize {
        let numbers = plan.point_numbers + plan.sum_numbers + 2 * plan.summed;
        let few = |each: usize, once: usize| {
            let bytes = self.bound.min(self.memory / 8);
            bytes.saturating_sub(once) / each.max(1)
        };
        few(numbers * NUMBER, 0)
            .min(few(plan.packed[1] * VECTOR, plan.packed[0] * VECTOR))
            .clamp(1, MOST_POINTS)
    }

    /// How so many samples are cut.
    pub fn samples(self, plan: &Plan, count: usize, together: usize) -> Samples {
        let count = count.max(1);
        if plan.together {
            let group = together.clamp(1, count);
            let quads = group.div_ceil(4);
            let all = count.div_ceil(group);
            let one = Self::rows(plan, quads, 1, 1).max(1);
            // Every group has sums of its own beside each other.
            let sums = (plan.sum_numbers * NUMBER).max(1);
            let groups = (self.values() / one)
                .min(self.bound.min(self.memory / 8) / sums / 4)
                .clamp(1, all.min(MOST));
            return Samples {
                group,
                groups,
                quads,
                passes: all.div_ceil(groups),
            };
        }
        let one = Self::rows(plan, 1, 1, 1).max(1);
        let mut quads = (self.values() / one).max(1);
        if !self.software {
            quads = quads.min((MOST_WORK / 4 / plan.work.max(1)).max(64));
        }
        let mut quads = quads.min(count.div_ceil(4));
        let passes = count.div_ceil(4 * quads);
        // Passes of about equal size.
        quads = count.div_ceil(4 * passes);
        Samples {
            group: 4 * quads,
            groups: 1,
            quads,
            passes,
        }
    }

    /// Points that pass through in one submission, at `rate` multiplications with additions a second.
    pub fn together(self, plan: &Plan, samples: Samples, points: usize, rate: f64) -> usize {
        let still = Self::rows(plan, samples.quads, samples.groups, 0);
        let rows = plan.rows[1] * samples.quads * samples.groups * VECTOR;
        let by_memory = self.values().saturating_sub(still) / rows.max(1);
        let seconds = if self.software { SOFTWARE } else { SUBMISSION };
        let work = plan.work as f64 * (samples.group * samples.groups) as f64;
        let by_time = (seconds * rate / work.max(1.0)) as usize;
        let by_grid = MOST / samples.groups;
        points.min(by_memory).min(by_time).min(by_grid).max(1)
    }

    /// Bytes of what all points share of so many samples, pass by pass.
    pub fn kept(plan: &Plan, samples: Samples) -> usize {
        Self::rows(plan, samples.quads, samples.groups, 0) * samples.passes
    }
}
