//! The parts of a report.

use crate::engine::job::ReportJob;

/// A part of the report, in the order of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The line between both.
    Line,
    /// The plane around one of [`crate::engine::job::CENTRES`], by its index.
    Contour(usize),
    /// φ in full space and other sharpnesses.
    Sharpness,
    /// φ in a random subspace.
    Subspace,
    /// φ along ε at one of the pair.
    Curve(usize),
    /// Eigenvalues, trace, density and what else is measured of curvature at one of the pair.
    Curvature(usize),
    /// Gradient noise at one of the pair.
    Noise(usize),
    /// |λ_min/λ_max| over the plane around one of the pair.
    Map(usize),
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Line,
        Self::Contour(0),
        Self::Contour(1),
        Self::Contour(2),
        Self::Sharpness,
        Self::Subspace,
        Self::Curve(0),
        Self::Curve(1),
        Self::Curvature(0),
        Self::Curvature(1),
        Self::Noise(0),
        Self::Noise(1),
        Self::Map(0),
        Self::Map(1),
    ];

    /// Those that a job asks for.
    pub fn asked(job: &ReportJob) -> Vec<Self> {
        let asked = |part: &Self| !(job.quick && matches!(part, Self::Map(_)));
        Self::ALL.into_iter().filter(asked).collect()
    }

    /// Its name for people.
    pub fn describe(self) -> String {
        let of = |which: usize| ["small batch", "large batch"][which.min(1)];
        match self {
            Self::Line => "line between both".into(),
            Self::Contour(which) => {
                let centre = ["small batch", "θ(0.5)", "large batch"][which.min(2)];
                format!("contour around {centre}")
            }
            Self::Sharpness => "sharpness".into(),
            Self::Subspace => "sharpness in a random subspace".into(),
            Self::Curve(which) => format!("sharpness along ε, {}", of(which)),
            Self::Curvature(which) => format!("curvature, {}", of(which)),
            Self::Noise(which) => format!("gradient noise, {}", of(which)),
            Self::Map(which) => format!("map of curvature, {}", of(which)),
        }
    }
}

/// By its name for people.
///
/// # Errors
/// As the serializer.
pub fn as_words<S: serde::Serializer>(part: &Part, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&part.describe())
}
