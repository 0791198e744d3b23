//! Files out: figures and data, one format a file.
//!
//! [`write()`] picks the format by the suffix. Every file is written beside its place and then renamed,
//! so that a reader never meets half of one.

pub mod animation;
pub mod caption;
pub mod csv;
pub mod curvature;
pub mod curves;
pub mod figure;
pub mod hdf5;
pub mod json;
pub mod measure;
mod metric;
pub mod noise;
pub mod npz;
pub mod panels;
pub mod partial;
pub mod pdf;
pub mod png;
pub mod report;
pub mod sharpness;
pub mod space;
pub mod svg;
pub mod vtk;

pub use crate::checkpoint::files::check_place;
use crate::checkpoint::{
    self,
    files::{self, replace_file},
};
use crate::engine::result::Outcome;
use crate::error::{Error, Result, shown};
use crate::model::params::Params;
use figure::FigureOptions;
use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A format a result can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// NumPy archive: the result itself, which can be opened, plotted and resumed.
    Npz,
    /// A figure as pixels.
    Png,
    /// A figure as scalable graphics.
    Svg,
    /// A figure as a page.
    Pdf,
    /// Numbers for spreadsheets and pandas.
    Csv,
    /// Numbers for ParaView.
    Vtk,
    /// Numbers and header as text.
    Json,
    /// The layout of Li et al.'s code.
    Hdf5,
}

/// Suffix and format, in the order messages list them.
const SUFFIXES: [(&str, Format); 8] = [
    ("npz", Format::Npz),
    ("png", Format::Png),
    ("svg", Format::Svg),
    ("pdf", Format::Pdf),
    ("csv", Format::Csv),
    ("vtk", Format::Vtk),
    ("json", Format::Json),
    ("h5", Format::Hdf5),
];

impl Format {
    /// The format that a path's suffix names.
    ///
    /// # Errors
    /// Lists the suffixes where it names none.
    pub fn of(path: &Path) -> Result<Self> {
        let suffix = path
            .extension()
            .map(|s| s.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        SUFFIXES
            .iter()
            .find(|(s, _)| *s == suffix)
            .map(|(_, format)| *format)
            .ok_or_else(|| {
                let known: Vec<String> = SUFFIXES.iter().map(|(s, _)| format!(".{s}")).collect();
                Error::Usage(format!(
                    "the output's suffix decides its format and must be one of {}: {}",
                    known.join(" "),
                    shown(path)
                ))
            })
    }

    /// Whether it is a picture.
    pub fn is_figure(self) -> bool {
        matches!(self, Self::Png | Self::Svg | Self::Pdf)
    }
}

/// Writes a result in the format that the suffix of `path` names.
///
/// # Errors
/// Where the suffix is unknown, the result has no such form, or the file can't be written.
pub fn write(path: &Path, outcome: &Outcome, figure: &FigureOptions) -> Result<()> {
    match Format::of(path)? {
        Format::Npz => npz::write(path, outcome),
        Format::Csv => csv::write(path, outcome),
        Format::Vtk => vtk::write(path, outcome),
        Format::Json => json::write(path, outcome),
        Format::Hdf5 => hdf5::write_surface(path, outcome),
        Format::Svg => write_bytes(path, &svg::bytes(&figure::svg(outcome, figure)?)?),
        Format::Pdf => write_bytes(path, &pdf::bytes(&figure::svg(outcome, figure)?)?),
        Format::Png => write_bytes(
            path,
            &png::bytes(&figure::svg(outcome, figure)?, figure.dpi)?,
        ),
    }
}

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
    if files::is_hdf5(path, "read the result")? {
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

/// Refuses an output that would replace one of the inputs, or a file in an input folder.
///
/// # Errors
/// Names the output and the input it would overwrite.
pub fn check_spares(output: &Path, inputs: &[PathBuf]) -> Result<()> {
    let Ok(target) = output.canonicalize() else {
        return Ok(()); // It doesn't exist yet, so it can't be an input.
    };
    let files = inputs.iter().cloned();
    let files = files.chain(inputs.iter().flat_map(|input| checkpoint::shards(input)));
    for input in files.filter_map(|i| i.canonicalize().ok()) {
        if target == input || input.is_dir() && target.starts_with(&input) && !is_result(&target) {
            return Err(Error::Usage(format!(
                "the output would overwrite the input {}; choose another name: {}",
                shown(&input),
                shown(output)
            )));
        }
    }
    Ok(())
}

/// Refuses outputs that would replace an input, as [`check_spares`], or each other.
///
/// # Errors
/// Names the output and what it would overwrite.
pub fn check_outputs(outputs: &[PathBuf], inputs: &[PathBuf]) -> Result<()> {
    let mut places = HashSet::new();
    for path in outputs {
        check_spares(path, inputs)?;
        if !places.insert(place(path)) {
            return Err(Error::Usage(format!(
                "two outputs would be written to the same file; give each a name of its own: {}",
                shown(path)
            )));
        }
    }
    Ok(())
}

/// Where a file is or will be, however its path is written.
fn place(path: &Path) -> PathBuf {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    match (path.canonicalize(), folder.canonicalize(), path.file_name()) {
        (Ok(found), ..) => found,
        (_, Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// Whether an existing file is something Losscope wrote: a figure, or a result of its own.
fn is_result(path: &Path) -> bool {
    match Format::of(path) {
        Ok(Format::Npz) => npz::read(path).is_ok() || npz::measure_header(path).is_some(),
        // Images are data too.
        Ok(Format::Png) => png::is_figure(path),
        Ok(format) => {
            format.is_figure() || matches!(format, Format::Csv | Format::Vtk | Format::Json)
        }
        Err(_) => report::is_page(path),
    }
}

/// Writes a figure or an animation as it is.
///
/// # Errors
/// Where the file can't be written.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    replace_file(path, |file| {
        file.write_all(bytes)
            .map_err(|source| Error::io("write the figure", path, source))
    })
}
