//! How far a run is and how it was made: `run.json` of its folder.

use crate::engine::header::Header;
use crate::error::{Error, Result};
use crate::store::files;
use crate::train::Stopped;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a run is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It is being trained, or was when its program was killed.
    #[default]
    Running,
    /// It was stopped and can be resumed.
    Paused,
    /// It ended as its recipe says, or diverged.
    Ended,
    /// It failed, and can be resumed once the reason is gone.
    Failed,
}

/// How far a run is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// What it is doing.
    pub stage: Stage,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// What it failed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Steps taken.
    pub step: u64,
    /// Epochs passed.
    pub epoch: f64,
    /// Seconds of training.
    pub seconds: f64,
    /// How it is made.
    pub header: Header,
}

/// Name of the file.
const FILE: &str = "run.json";

impl Status {
    /// Writes it into a folder.
    ///
    /// # Errors
    /// The operating system's refusal.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(FILE);
        let text = serde_json::to_vec_pretty(self);
        let text = text.map_err(|e| Error::file(&path, format!("can't be written: {e}")))?;
        files::write(&path, "write how far the run is", &text)
    }

    /// Reads it from a folder; `None` where there is none.
    ///
    /// # Errors
    /// Where it can't be read or is of another make.
    pub fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(FILE);
        if !path.is_file() {
            return Ok(None);
        }
        let text = files::read_text(&path, "read how far the run is")?;
        let found = serde_json::from_str(&text);
        found
            .map(Some)
            .map_err(|e| Error::file(&path, format!("isn't how far a run is: {e}")))
    }
}
