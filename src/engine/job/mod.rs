//! Jobs: plain structs that are at once a subcommand's flags, the recipe in the header of
//! every result.
//!
//! A job says what is wanted and nothing of how far it got. Defaults stand here and nowhere else.

mod animation;
mod any;
pub mod bounds;
mod curvature;
mod distance;
mod experiment;
mod export;
pub mod form;
pub mod help;
mod identity;
mod line;
mod measure;
mod noise;
mod paths;
pub mod recipe;
mod report;
mod request;
mod setup;
mod sharpness;
mod surface;
mod training;
mod trajectory;
mod typed;
mod values;

pub use animation::{AnimationJob, GRID, PIXELS, Run};
pub use any::Job;
pub use curvature::CurvatureJob;
pub use distance::DistanceJob;
pub use experiment::{ExperimentJob, Size};
pub use export::{ExportJob, OnLine};
pub use identity::differing;
pub use line::LineJob;
pub use measure::MeasureJob;
pub use noise::{NoiseJob, Reached};
pub use paths::lossy;
pub use report::{CENTRES, ReportJob};
pub use request::Request;
pub use setup::Setup;
pub use sharpness::{Measures, SharpnessJob};
pub use surface::SurfaceJob;
pub use training::{Keep, Keeping, Measured, Several, TrainingJob};
pub use trajectory::TrajectoryJob;
pub use typed::quoted;
pub use values::{
    AxisChoice, BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_RUN, BUILTIN_SMALL, DEFAULT_POINTS,
    Directions, ImageSize, LossChoice, MemorySize, SplitChoice, Tolerance,
};
