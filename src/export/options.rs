//! How a figure looks, as plain data.

use super::{Format, png};
use crate::error::Result;
use crate::export::metric::Metric;
use crate::plot::colormap::Colormap;
use crate::plot::figure::{Levels, WIDTH_MM};
use crate::plot::page;
use crate::plot::scale::Scale;
use std::borrow::Cow;
use std::path::PathBuf;

/// How a figure looks.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureOptions {
    /// What a surface shows; `None`: training loss, or validation loss where that is all there is.
    pub metric: Option<Metric>,
    /// Linear or logarithmic levels; `None`: logarithmic where losses span a factor of 30.
    pub scale: Option<Scale>,
    /// Number of iso-lines, or the levels themselves.
    pub levels: Levels,
    /// Which colours.
    pub colormap: Colormap,
    /// Width in millimetres.
    pub width: f64,
    /// Dots per inch of a PNG.
    pub dpi: f64,
    /// Title; `None`: what is shown.
    pub title: Option<String>,
    /// Who made it, for what a PDF says of itself.
    pub author: Option<String>,
    /// Whether small print says how it was made.
    pub caption: bool,
    /// Light on dark.
    pub dark: bool,
    /// Size of text and lines, 1: as usual.
    pub text: f64,
}

impl Default for FigureOptions {
    fn default() -> Self {
        Self {
            metric: None,
            scale: None,
            levels: Levels::default(),
            colormap: Colormap::default(),
            width: WIDTH_MM,
            dpi: png::DPI,
            title: None,
            author: None,
            caption: true,
            dark: false,
            text: 1.0,
        }
    }
}

impl FigureOptions {
    /// Refuses, before the work, a picture wider than pictures can be.
    ///
    /// # Errors
    /// Where one of `outputs` is a PNG and it would be.
    pub fn check(&self, outputs: &[PathBuf]) -> Result<()> {
        let png = |path: &PathBuf| Format::of(path).is_ok_and(|f| f == Format::Png);
        if outputs.iter().any(png) {
            png::check_width(self.width, self.dpi)?;
        }
        Ok(())
    }

    /// The same for whoever lays a page out: larger text is a narrower page that is enlarged.
    #[must_use]
    pub fn laid_out(&self) -> Self {
        Self {
            width: self.width / self.text,
            dpi: self.dpi * self.text,
            ..self.clone()
        }
    }

    /// A page that was laid out, at its true size and in its colours.
    pub fn finished<'a>(&self, document: &'a str) -> Cow<'a, str> {
        let mut document = Cow::Borrowed(document);
        if self.text != 1.0 {
            document = page::enlarged(&document, self.text).into();
        }
        if self.dark {
            document = page::in_dark(&document).into();
        }
        document
    }

    /// The small print that it is to have of this.
    pub fn small_print(&self, lines: Vec<String>) -> Vec<String> {
        if self.caption { lines } else { Vec::new() }
    }
}
