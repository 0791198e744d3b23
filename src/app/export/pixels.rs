//! Figures as pixels, for the clipboard and the dialog's preview.

use super::figures::{self, Job};
use crate::error::Result;
use crate::export::png;
use crate::plot::page;

/// Size in millimetres, pixels, and how many there are across and down.
pub type Page = ((f64, f64), Vec<u8>, [usize; 2]);

/// The picture of a job as RGBA.
pub fn pixels(job: &Job) -> Result<(Vec<u8>, [usize; 2])> {
    rgba(&figures::document(job)?, job.options.dpi)
}

/// The size of a job's page in millimetres, and its picture.
pub fn preview(job: &Job) -> Result<Page> {
    let document = figures::document(job)?;
    let (pixels, size) = rgba(&document, job.options.dpi)?;
    Ok((page::millimetres(&document)?, pixels, size))
}

fn rgba(document: &str, dpi: f64) -> Result<(Vec<u8>, [usize; 2])> {
    let bytes = png::bytes(document, dpi)?;
    let image = image::load_from_memory(&bytes)
        .map_err(|e| crate::error::Error::Slice(format!("the picture can't be read back: {e}")))?
        .to_rgba8();
    let size = [image.width() as usize, image.height() as usize];
    Ok((image.into_raw(), size))
}
