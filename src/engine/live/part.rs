//! The parts that the work is done in.

use super::quantity::Quantity;

/// One thing to do, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Part {
    /// Files, network, data, device.
    Open,
    /// Metrics at θ(α).
    Point,
    /// The plane around an α: whether its own files fit.
    Plane(f64),
    /// One of the further minimizers: its file, metrics and distances.
    Other(usize),
    /// The surface around one of the further minimizers.
    Around(usize),
    /// φ of one of them at exactly the ε asked for.
    Phi(usize),
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
    /// A quantity at one point.
    Measure(Quantity, f64),
}

impl Part {
    /// Whether it takes its weights from the line between the minimizers, whose running statistics may
    /// be those of an earlier wish. [`Self::Point`] brings them up to date.
    pub(super) fn needs_line(self) -> bool {
        matches!(
            self,
            Self::Confirm(_) | Self::Curve(_) | Self::Measure(_, _)
        )
    }

    /// Whether nothing can be done of it without a plane.
    pub(super) fn needs_plane(self) -> bool {
        matches!(
            self,
            Self::Probes
                | Self::Around(_)
                | Self::Coarse(_)
                | Self::Surface(_)
                | Self::Measure(Quantity::Convexity, _)
        )
    }
}
