//! An experiment as a folder: a page of text, its figures and its numbers.
//!
//! | file | what |
//! |---|---|
//! | `report.md`, `report.html` | what was done and found, beside what the source found |
//! | `figures/NAME.svg`, `.png` | every picture |
//! | `data/NAME.csv` | every table; `data/NAME.npz` of surfaces and lines |
//! | `data/results.npz`, `results.json` | all tables, findings and the header |

mod data;
mod page;
mod pictures;

use crate::engine::experiment::Experiment;
use crate::error::{Error, Result};
use crate::export::report::html as writing;
use crate::store::files;
use page::Document;
use serde_json::Value;
use std::path::Path;

/// Name of the page as Markdown.
pub const PAGE: &str = "report.md";

/// Writes everything that was found into the experiment's folder; returns it for programs.
///
/// # Errors
/// Where a file can't be written or a picture can't be drawn.
pub fn write(folder: &Path, experiment: &Experiment) -> Result<Value> {
    for part in ["figures", "data"] {
        let path = folder.join(part);
        std::fs::create_dir_all(&path).map_err(|e| Error::io("make the folder", &path, e))?;
    }
    let drawn = pictures::write(&folder.join("figures"), &folder.join("data"), experiment)?;
    let value = data::write(&folder.join("data"), experiment)?;
    let document = Document::of(experiment, &drawn)?;
    let text = document.markdown();
    files::write(&folder.join(PAGE), "write the report", text.as_bytes())?;
    let html = document.html(&writing::figure);
    files::write(
        &folder.join("report.html"),
        "write the report",
        html.as_bytes(),
    )?;
    Ok(value)
}
