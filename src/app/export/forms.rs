//! What each view can be written as, and what stands against it.

use crate::app::state::State;
use crate::export::panels::NARROWEST;
use crate::plot::figure::WIDTH_MM;

/// A form a view can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The file's suffix.
    pub suffix: &'static str,
    /// What it is for.
    pub words: &'static str,
}

const fn form(suffix: &'static str, words: &'static str) -> Form {
    Form { suffix, words }
}

const PNG: Form = form("png", "Picture (PNG)");
const SVG: Form = form("svg", "Scalable figure (SVG)");
const PDF: Form = form("pdf", "Page (PDF)");
const NPZ: Form = form("npz", "Result for NumPy and Losscope (npz)");
const CSV: Form = form("csv", "Numbers for spreadsheets (CSV)");
const VTK: Form = form("vtk", "Numbers for ParaView (VTK)");
const JSON: Form = form("json", "Numbers as text (JSON)");
const HDF5: Form = form("h5", "Layout of Li et al.'s code (HDF5)");
const TSV: Form = form("tsv", "Table (TSV)");
const TXT: Form = form("txt", "Text");
/// The surface while α moves.
pub const GIF: Form = form("gif", "Animation of α (GIF)");

/// Of a plane, flat or in space.
pub const OF_SURFACES: &[Form] = &[PNG, SVG, PDF, GIF, NPZ, CSV, VTK, JSON, HDF5];
/// Of a line.
pub const OF_LINES: &[Form] = &[PNG, SVG, PDF, NPZ, CSV, VTK, JSON, HDF5];
/// Of several points at once.
pub const OF_POINTS: &[Form] = &[PNG, SVG, PDF, NPZ, CSV, JSON];
/// Of a table, which is text as well.
pub const OF_TABLES: &[Form] = &[PNG, SVG, PDF, NPZ, CSV, JSON, TSV];
/// Of the records of runs.
pub const OF_RUNS: &[Form] = &[CSV];
/// Of what was said.
pub const OF_LOGS: &[Form] = &[TXT];

/// The narrowest page and the usual one, in millimetres.
pub const PAGE: (f64, f64) = (NARROWEST, WIDTH_MM);
/// The same of three panels side by side: usually both columns of a paper.
pub const THREE_PANELS: (f64, f64) = (3.0 * NARROWEST, 180.0);

impl Form {
    /// Of several, the one with this suffix.
    pub fn with_suffix(forms: &[Self], suffix: &str) -> Option<Self> {
        let same = |f: &&Self| f.suffix.eq_ignore_ascii_case(suffix);
        forms.iter().find(same).copied()
    }

    /// Whether it is a figure on a page, with a size in millimetres.
    pub fn is_figure(self) -> bool {
        [PNG, SVG, PDF].contains(&self)
    }

    /// Whether it is text, which a clipboard takes.
    pub fn is_text(self) -> bool {
        self == TSV || self == TXT
    }

    /// Whether it is a table of text, which a clipboard takes.
    pub fn is_table(self) -> bool {
        self == TSV
    }

    /// Whether it has dots.
    pub fn has_dots(self) -> bool {
        self == PNG
    }

    /// Why a view can't be written in this form now.
    pub fn why_not(self, state: &State) -> Option<&'static str> {
        if self == GIF {
            along_alpha(state)
        } else {
            None
        }
    }
}

/// Why nothing can move along α.
pub fn along_alpha(state: &State) -> Option<&'static str> {
    if state.wish.large.is_none() {
        Some("This takes two minimizers: open a second checkpoint as the large batch")
    } else if !state.wish.follows_alpha() {
        Some(
            "The plane goes through a training run or three minimizers and is the same for every α",
        )
    } else {
        None
    }
}

/// Why there is nothing to say of two minimizers.
pub fn of_both(state: &State) -> Option<&'static str> {
    along_alpha(state).filter(|_| state.wish.large.is_none())
}
