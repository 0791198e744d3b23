//! What a report holds: everything measured, and what is missing and why.

use super::part::{Part, as_words};
use crate::engine::header::Header;
use crate::engine::job::ReportJob;
use crate::engine::local::curvature::CurvatureResult;
use crate::engine::local::noise::NoiseResult;
use crate::engine::result::Outcome;
use crate::engine::sharpness::SharpnessReport;
use crate::landscape::distance::Distance;
use crate::landscape::sharpness::curve::CurvePoint;
use serde::Serialize;
use std::collections::VecDeque;

/// What was measured; `None` where it wasn't. Pairs are small batch, large batch.
#[derive(Debug, Clone)]
pub struct Report {
    /// How; its checkpoints are small batch, large batch and, where it was named, the start.
    pub header: Header,
    /// What was asked for.
    pub job: ReportJob,
    /// Whether the network has running statistics.
    pub has_statistics: bool,
    /// The large-batch minimizer seen from the small-batch one.
    pub between: Distance,
    /// Both seen from the start.
    pub from_start: Option<[Distance; 2]>,
    /// Loss and accuracy between both.
    pub line: Option<Outcome>,
    /// Planes around `CENTRES`.
    pub surfaces: [Option<Outcome>; 3],
    /// φ in full space and the sharpnesses of other papers.
    pub sharpness: Option<SharpnessReport>,
    /// φ in a random subspace.
    pub subspace: Option<SharpnessReport>,
    /// φ along ε.
    pub curves: [Option<PhiCurve>; 2],
    /// Eigenvalues, trace, density, along the gradient and along the line.
    pub curvature: [Option<CurvatureResult>; 2],
    /// Gradient noise.
    pub noise: [Option<NoiseResult>; 2],
    /// |λ_min/λ_max| over planes.
    pub maps: [Option<CurvatureResult>; 2],
    /// What isn't there, and why.
    pub gaps: Vec<Gap>,
    /// What is still to be measured, what is measured now among it.
    pub coming: VecDeque<Part>,
}

/// φ at a list of ε, each box starting from the worst point of the smaller one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhiCurve {
    /// How.
    #[serde(rename = "recipe")]
    pub header: Header,
    /// Steps at each ε, besides the two that choose its start.
    pub iterations: usize,
    /// ε ascending.
    pub points: Vec<CurvePoint>,
}

/// A part that isn't there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Which one.
    #[serde(serialize_with = "as_words")]
    pub part: Part,
    /// Why.
    pub reason: String,
    /// Whether the user stopped it; false: it failed.
    pub stopped: bool,
}

impl Report {
    /// What there is while the parts to come aren't measured yet, which it says.
    #[must_use]
    pub fn so_far(&self) -> Self {
        let mut report = self.clone();
        report.leave_out("not measured yet");
        report
    }

    /// Whether nothing is missing.
    pub fn complete(&self) -> bool {
        self.gaps.is_empty() && self.coming.is_empty()
    }

    /// Makes gaps of the parts to come.
    pub(super) fn leave_out(&mut self, reason: &str) {
        let coming = self.coming.drain(..).map(|part| Gap {
            part,
            reason: reason.to_owned(),
            stopped: true,
        });
        self.gaps.extend(coming);
        self.header.complete = self.gaps.is_empty();
    }
}
