//! The formats that a result can be written in, and the suffixes that name them.

use crate::error::{Error, Result, shown};
use std::path::Path;

/// A format a result can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// All of them, pictures first.
    pub const ALL: &[Self] = &[
        Self::Png,
        Self::Svg,
        Self::Pdf,
        Self::Npz,
        Self::Csv,
        Self::Vtk,
        Self::Json,
        Self::Hdf5,
    ];

    /// The suffix that names it.
    pub fn suffix(self) -> &'static str {
        let found = SUFFIXES.iter().find(|(_, format)| *format == self);
        found.map_or("", |(suffix, _)| *suffix)
    }

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
