//! What views give to be written, and how the look of the window makes a figure.

use crate::app::state::{Look, State};
use crate::engine::header::Header;
use crate::engine::job;
use crate::engine::live::{Quality, Snapshot};
use crate::error::{Error, Result};
use crate::export::artifact::{Artifact, Eye};
use crate::export::figure::FigureOptions;
use crate::plot::camera::Camera;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a view can be written as.
#[derive(Clone)]
pub enum Content {
    /// Numbers and a picture.
    Artifact(Arc<dyn Artifact>),
    /// Text as it is.
    Text(String),
}

impl Content {
    /// Numbers and a picture.
    pub fn of(artifact: impl Artifact + 'static) -> Self {
        Self::Artifact(Arc::new(artifact))
    }

    /// Writes it in the format that the suffix of `path` names.
    ///
    /// # Errors
    /// Where it can't be drawn or written; what was there before stays.
    pub fn write(&self, path: &Path, options: &FigureOptions) -> Result<()> {
        match self {
            Self::Artifact(artifact) => crate::export::write(path, artifact.as_ref(), options),
            Self::Text(text) => crate::store::files::write(path, "write the file", text.as_bytes()),
        }
    }
}

/// Everything a file needs, as it was when it was asked for.
#[derive(Clone)]
pub struct Job {
    /// Where it goes.
    pub path: PathBuf,
    /// Width, dots, title and colours.
    pub options: FigureOptions,
    /// What it shows.
    pub shown: Content,
    /// The same as text.
    pub text: Option<String>,
}

/// Why there is nothing to write.
pub fn nothing() -> Error {
    Error::Usage("there is nothing to export yet: wait for the first picture".into())
}

/// The header of what a view shows of several points at once, under the view's name.
///
/// # Errors
/// Where nothing is open.
pub fn header(view: &str, state: &State, news: &Snapshot, complete: bool) -> Result<Header> {
    let open = news.experiment.as_deref().ok_or_else(nothing)?;
    let job = state.wish.export_job(view);
    let mut header = Header::new(job::Job::from(job), open.model.clone(), open.data.clone());
    header.checkpoints.clone_from(&open.checkpoints);
    header.device.clone_from(&open.device);
    header.measured_over(&state.wish.plane.setup);
    header.warn(open.warnings.iter().cloned());
    header.complete = complete;
    Ok(header)
}

/// From where surfaces in space are seen.
pub fn eye(look: &Look, camera: Camera) -> Eye {
    Eye {
        camera,
        height: look.exaggeration,
        lines: look.lines_on_surface,
    }
}

/// The look of the window as the options of a figure.
pub fn options(look: &Look) -> FigureOptions {
    FigureOptions {
        metric: Some(look.metric),
        scale: look.scale,
        levels: look.levels(),
        colormap: look.colormap,
        ..FigureOptions::default()
    }
}

/// Whether the surface at α is all there, of all samples.
pub fn is_full(news: &Snapshot, alpha: f64) -> bool {
    let surface = news.surfaces.iter().find(|surface| surface.alpha == alpha);
    surface.is_some_and(|surface| surface.quality == Quality::Full)
}
