//! What each view can be written as, and what stands against it.

use crate::app::state::State;
use crate::app::views::Pane;
use crate::export::figure::FigureOptions;
use crate::export::panels::NARROWEST;

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

/// Width of three panels side by side, in millimetres: both columns of a paper.
const WIDE: f64 = 180.0;

impl Form {
    /// What a view can be written as, the usual one first.
    pub fn of(pane: Pane) -> &'static [Self] {
        match pane {
            Pane::Contour | Pane::Surface3d => &[PNG, SVG, PDF, GIF, NPZ, CSV, VTK, JSON, HDF5],
            Pane::Compare => &[PNG, SVG, PDF],
            Pane::Line => &[PNG, SVG, PDF, NPZ, CSV, JSON],
            Pane::Sharpness => &[PNG, SVG, PDF, CSV, JSON],
            Pane::Measures | Pane::Layers => &[TSV],
            Pane::Density | Pane::Convexity => &[PNG, SVG, PDF, CSV],
            Pane::Log => &[TXT],
        }
    }

    /// That of a view with this suffix.
    pub fn with_suffix(pane: Pane, suffix: &str) -> Option<Self> {
        let same = |f: &&Self| f.suffix.eq_ignore_ascii_case(suffix);
        Self::of(pane).iter().find(same).copied()
    }

    /// Whether it is a figure on a page, with a size in millimetres.
    pub fn is_figure(self) -> bool {
        [PNG, SVG, PDF].contains(&self)
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
        Some("The plane goes through a training run and is the same for every α")
    } else {
        None
    }
}

/// Why there is nothing to say of two minimizers.
pub fn of_both(state: &State) -> Option<&'static str> {
    along_alpha(state).filter(|_| state.wish.large.is_none())
}

/// Why a view has nothing to write, whatever was computed.
pub fn why_not(pane: Pane, state: &State) -> Option<&'static str> {
    match pane {
        Pane::Compare => along_alpha(state),
        Pane::Line if state.wish.large.is_none() => along_alpha(state),
        _ => None,
    }
}

/// The narrowest page of a view and its usual one, in millimetres.
pub fn widths(pane: Pane) -> (f64, f64) {
    match pane {
        Pane::Compare => (3.0 * NARROWEST, WIDE),
        _ => (NARROWEST, FigureOptions::default().width),
    }
}
