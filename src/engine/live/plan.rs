//! What is most urgent for the newest wish.

use super::news::{Quality, SharpnessCurve};
use super::part::Part;
use super::quantity::Quantity;
use super::surface::SurfaceWork;
use super::wish::Compared;
use super::worker::Worker;
use crate::engine::job::Directions;
use std::path::Path;
use std::sync::Arc;

impl Worker<'_> {
    /// The α whose surfaces are wanted, most wanted first.
    pub(super) fn centres(&self) -> Vec<f64> {
        if !self.wish.follows_alpha() {
            return vec![0.0];
        }
        let mut centres = vec![self.wish.alpha];
        if self.wish.compare {
            let compared = self.wish.compared();
            let ends = [(Compared::Small, 0.0), (Compared::Large, 1.0)];
            let ends = ends.into_iter().filter(|(end, _)| compared.contains(end));
            centres.extend(ends.map(|(_, a)| a).filter(|a| *a != self.wish.alpha));
        }
        centres
    }

    /// The further minimizers whose surfaces are wanted, by their places on the list: those that are open.
    fn compared_others(&self) -> Vec<usize> {
        if !self.wish.compare {
            return Vec::new();
        }
        let compared = self.wish.compared();
        let is_wanted = |path: &Path| {
            let open = self.snapshot.other(path).is_some_and(|o| o.found.is_ok());
            open && compared.contains(&Compared::Other(path.to_owned()))
        };
        let others = self.wish.others.iter().enumerate();
        let wanted = others.filter(|(_, path)| is_wanted(path));
        wanted.map(|(index, _)| index).collect()
    }

    /// What is most urgent.
    pub(super) fn next(&self) -> Option<Part> {
        self.queue().into_iter().next()
    }

    /// Everything that is left to do, most urgent first: what is seen before what isn't.
    pub(super) fn queue(&self) -> Vec<Part> {
        let Some(bench) = &self.bench else {
            let opens = self.wished && !self.tried_to_open;
            return opens.then_some(Part::Open).into_iter().collect();
        };
        let mut parts = Vec::with_capacity(8);
        if self.snapshot.point.is_none() && self.wish.large.is_some() {
            parts.push(Part::Point);
        }
        let centre = self.centres()[0];
        if !self.snapshot.stands {
            parts.push(Part::Plane(centre));
        }
        if !self.probes_are_done() {
            parts.push(Part::Probes);
        }
        let unfinished = |&a: &f64| {
            self.surface_at(a)
                .is_none_or(|s| s.quality != Quality::Full)
        };
        let centres: Vec<f64> = self.centres().into_iter().filter(unfinished).collect();
        let is_coarse = |&&a: &&f64| {
            self.works
                .iter()
                .find(|w| w.alpha == a)
                .is_none_or(SurfaceWork::is_coarse)
        };
        parts.extend(centres.iter().filter(is_coarse).map(|&a| Part::Coarse(a)));
        parts.extend(self.unknown_other().map(Part::Other));
        let stopped = self.wish.stopped;
        if bench.large.is_some() && self.snapshot.line.as_ref().is_none_or(|l| l.missing() > 0) {
            parts.push(Part::Line);
        }
        if !stopped {
            let here = if bench.large.is_some() {
                self.wish.alpha
            } else {
                0.0
            };
            if self.wish.sharpness {
                if !self.wish.dragging {
                    parts.extend([here, 0.0, 1.0].map(Part::Confirm));
                }
                parts.extend([0.0, 1.0].map(Part::Curve));
            }
            // Where all samples take long, measures don't wait for the last of them.
            let whole = |a: &f64| self.works.iter().any(|w| w.alpha == *a && w.is_whole());
            let (refined, drawn): (Vec<f64>, Vec<f64>) = centres.iter().partition(|a| whole(a));
            parts.extend(drawn.into_iter().map(Part::Surface));
            let others = self.compared_others();
            let lacking = |i: &&usize| !self.is_drawn_around(**i);
            parts.extend(others.iter().filter(lacking).map(|i| Part::Around(*i)));
            if self.wish.sharpness && !self.wish.dragging {
                parts.push(Part::Curve(here));
                let unknown = |i: &&usize| !self.has_phi(**i);
                parts.extend(others.iter().filter(unknown).map(|i| Part::Phi(*i)));
            }
            if !self.wish.dragging {
                let seen = |q: &&Quantity| self.wish.measuring.contains(q);
                let at = |q: &Quantity| [0.0, 1.0, here].map(|a| Part::Measure(*q, a));
                parts.extend(self.wish.measures.iter().filter(seen).flat_map(at));
            }
            parts.extend(refined.into_iter().map(Part::Surface));
            // What nobody looks at comes after everything that somebody does.
            if self.wish.aside && !self.wish.dragging {
                let hidden = self
                    .wish
                    .measures
                    .iter()
                    .filter(|q| !self.wish.measuring.contains(q));
                let at = |q: &Quantity| [0.0, 1.0, here].map(|a| Part::Measure(*q, a));
                parts.extend(hidden.flat_map(at));
            }
            parts.retain(|&part| self.still_wanted(part));
        }
        let no_plane = self.failed.contains(&Part::Plane(centre));
        let behind = bench.is_behind(&self.wish);
        let possible = |part: &Part| {
            !(self.failed.contains(part)
                || no_plane && part.needs_plane()
                || behind && part.needs_line())
        };
        parts.retain(possible);
        parts.dedup();
        parts
    }

    /// Whether a part of sharpness has something left to tell; other parts always have.
    pub(super) fn still_wanted(&self, part: Part) -> bool {
        let pair = self.wish.large.is_some();
        let sharpness = &self.snapshot.sharpness;
        let whole = |curve: &Option<Arc<SharpnessCurve>>, alpha: f64| {
            curve
                .as_ref()
                .is_some_and(|c| c.complete && c.alpha == alpha)
        };
        match part {
            Part::Confirm(alpha) => {
                let there = alpha == 0.0 || pair && (alpha == 1.0 || alpha == self.wish.alpha);
                let epsilon = self.wish.epsilon;
                // Where the box around the plane's centre is known, so is its worst point.
                let seen = self.worst.as_ref().map(|w| (w.0, w.1)) == Some((alpha, epsilon));
                let phi = self.snapshot.confirmed(alpha, epsilon);
                let lacking = |phi: f64| phi.is_finite() && self.marks_worst(alpha) && !seen;
                there && phi.is_none_or(lacking)
            }
            Part::Curve(alpha) => {
                let done = whole(&sharpness.small, alpha)
                    || whole(&sharpness.large, alpha)
                    || whole(&sharpness.here, alpha);
                let there = alpha == 0.0 || pair && (alpha == 1.0 || alpha == self.wish.alpha);
                there && !done
            }
            Part::Measure(Quantity::Convexity, alpha) => {
                let known = self.snapshot.measure(alpha, Quantity::Convexity);
                alpha == self.centres()[0] && known.is_none_or(|m| !m.complete)
            }
            Part::Measure(quantity, alpha) => {
                let there = alpha == 0.0 || pair && (alpha == 1.0 || alpha == self.wish.alpha);
                let known = self.snapshot.measure(alpha, quantity);
                there && known.is_none_or(|m| !m.complete)
            }
            _ => true,
        }
    }

    /// Whether the plane is drawn around this point, so that its worst point is of interest.
    pub(super) fn marks_worst(&self, alpha: f64) -> bool {
        let series = matches!(self.wish.plane.directions, Directions::Pca(_));
        !series && alpha == self.centres()[0]
    }

    pub(super) fn probes_are_done(&self) -> bool {
        let alpha = self.centres()[0];
        let results = &self.snapshot.probes;
        results.len() == self.wish.probes.len()
            && results
                .iter()
                .zip(&self.wish.probes)
                .all(|(result, probe)| result.probe == *probe && result.alpha == alpha)
    }
}
