//! Outputs that spare what is there: no input is overwritten, and no output by another.

use super::format::Format;
use super::report::files::is_page;
use super::{header, png};
use crate::checkpoint;
use crate::error::{Error, Result, shown};
use std::collections::HashSet;
use std::path::{Path, PathBuf};

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
        Ok(Format::Npz) => header::read(path).is_ok(),
        // Images are data too.
        Ok(Format::Png) => png::is_figure(path),
        Ok(format) => {
            format.is_figure() || matches!(format, Format::Csv | Format::Vtk | Format::Json)
        }
        Err(_) => is_page(path),
    }
}
