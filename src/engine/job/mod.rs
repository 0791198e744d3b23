//! Jobs: plain structs that are at once a subcommand's flags, a saved recipe and the header of
//! every result.
//!
//! A job says what is wanted and nothing of how far it got. Defaults stand here and nowhere else.

mod any;
pub mod bounds;
mod curvature;
pub mod help;
mod identity;
mod line;
mod noise;
mod paths;
mod report;
mod setup;
mod sharpness;
mod surface;
mod trajectory;
mod values;

pub use any::Job;
pub use curvature::CurvatureJob;
pub use identity::differing;
pub use line::LineJob;
pub use noise::{NoiseJob, Reached};
pub use paths::lossy;
pub use report::{CENTRES, ReportJob, command_line, quoted};
pub use setup::Setup;
pub use sharpness::{Measures, SharpnessJob};
pub use surface::SurfaceJob;
pub use trajectory::TrajectoryJob;
pub use values::{
    AxisChoice, BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_SMALL, DEFAULT_POINTS, Directions, ImageSize,
    LossChoice, MemorySize, SplitChoice,
};
