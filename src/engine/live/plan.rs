//! What is most urgent for the newest wish.

use super::news::{Quality, SharpnessCurve};
use super::surface::SurfaceWork;
use super::worker::Worker;
use std::sync::Arc;

/// One thing to do, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part {
    /// Files, network, data, device.
    Open,
    /// Metrics at θ(α).
    Point,
    /// Metrics at the pinned points.
    Probes,
    /// The first picture around an α.
    Coarse(f64),
    /// Metrics between the minimizers.
    Line,
    /// φ at exactly the ε asked for.
    Confirm(f64),
    /// φ along ε.
    Curve(f64),
    /// The rest of a surface.
    Surface(f64),
}

impl Worker<'_> {
    /// The α whose surfaces are wanted, most wanted first.
    pub(super) fn centres(&self) -> Vec<f64> {
        if !self.wish.follows_alpha() {
            return vec![0.0];
        }
        let mut centres = vec![self.wish.alpha];
        if self.wish.compare {
            centres.extend([0.0, 1.0].iter().filter(|&&a| a != self.wish.alpha));
        }
        centres
    }

    /// What is most urgent.
    pub(super) fn next(&self) -> Option<Part> {
        let Some(bench) = &self.bench else {
            return (self.wished && !self.tried_to_open).then_some(Part::Open);
        };
        let mut parts = Vec::with_capacity(8);
        if self.snapshot.point.is_none() && self.wish.large.is_some() {
            parts.push(Part::Point);
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
            parts.extend(centres.iter().map(|&a| Part::Surface(a)));
            if self.wish.sharpness && !self.wish.dragging {
                parts.push(Part::Curve(here));
            }
            parts.retain(|&part| self.still_wanted(part));
        }
        parts.into_iter().find(|part| !self.failed.contains(part))
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
                there && self.snapshot.confirmed(alpha, self.wish.epsilon).is_none()
            }
            Part::Curve(alpha) => {
                let done = whole(&sharpness.small, alpha)
                    || whole(&sharpness.large, alpha)
                    || whole(&sharpness.here, alpha);
                let there = alpha == 0.0 || pair && (alpha == 1.0 || alpha == self.wish.alpha);
                there && !done
            }
            _ => true,
        }
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
