//! Files out: figures and data, one format a file.
//!
//! [`artifact::write`] picks the format by the suffix. Every file is written beside its place and then renamed,
//! so that a reader never meets half of one.

pub mod animation;
pub mod artifact;
pub mod caption;
mod complete;
pub mod csv;
pub mod curvature;
pub mod curves;
pub mod figure;
pub mod figure_args;
mod format;
pub mod hdf5;
pub mod header;
pub mod json;
pub mod measure;
mod measures;
mod metric;
pub mod noise;
pub mod npz;
pub mod options;
pub mod panels;
pub mod partial;
pub mod pdf;
pub mod png;
pub mod preset;
pub mod report;
pub mod sharpness;
pub mod space;
mod spare;
pub mod stamp;
pub mod svg;
pub mod vtk;

use crate::engine::result::Outcome;
use crate::error::{Error, Result, shown};
use crate::model::params::Params;
pub use crate::store::files::check_place;
use crate::store::hdf5::is_hdf5_file;
pub use artifact::write;
pub use format::Format;
pub use spare::{check_outputs, check_spares};
use std::path::Path;

/// Writes the directions of a plane: `.h5` as Li et al.'s code does, `.safetensors` by parameter name.
///
/// # Errors
/// Where the suffix is another, or the file can't be written.
pub fn write_directions(path: &Path, directions: &[Params]) -> Result<()> {
    let suffix = path.extension().map(|s| s.to_string_lossy().to_lowercase());
    match suffix.as_deref() {
        Some("h5" | "hdf5") => hdf5::write_directions(path, directions),
        Some("safetensors") => hdf5::directions(path, directions),
        _ => Err(no_directions(path)),
    }
}

/// Says now that directions can't be written later.
///
/// # Errors
/// Where the suffix is no directions', or the folder is missing or not writable.
pub fn check_directions(path: &Path) -> Result<()> {
    let suffix = path.extension().map(|s| s.to_string_lossy().to_lowercase());
    match suffix.as_deref() {
        Some("h5" | "hdf5" | "safetensors") => check_place(path),
        _ => Err(no_directions(path)),
    }
}

fn no_directions(path: &Path) -> Error {
    Error::Usage(format!(
        "directions are written as .safetensors or .h5: {}",
        shown(path)
    ))
}

/// Opens a result file: Losscope's own `.npz`, or a surface of Li et al.'s code.
///
/// # Errors
/// Names the file and the array or field at fault.
pub fn read(path: &Path) -> Result<Outcome> {
    if is_hdf5_file(path, "read the result")? {
        hdf5::read_surface(path)
    } else {
        npz::read(path)
    }
}

/// Says now, before hours of computing, that a file can't be written later.
///
/// # Errors
/// Where the suffix is unknown, or the folder is missing or not writable.
pub fn check_writable(path: &Path) -> Result<()> {
    Format::of(path)?;
    check_place(path)
}
