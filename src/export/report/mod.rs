//! A report as one page that needs nothing else, and a folder beside it with its figures and numbers.
//!
//! The page is HTML with its style, its font and its figures (SVG) inside; it has no scripts and asks
//! nothing of a network. What isn't measured is said to be missing where it would stand.

mod figures;
pub(super) mod files;
pub(super) mod html;
mod measures;
mod methods;
mod page;
mod sections;
pub mod summary;

use crate::engine::report::Report;
use crate::error::{Error, Result, shown};
use crate::export::header;
use crate::export::spare::check_spares;
use crate::store::files::{check_place, write as write_file};
use figures::Place;
use files::{Files, SUMMARY, is_page, names, serialised};
pub use files::{folder, summary_file};
pub use methods::LIBRARIES;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Says now, before hours of computing, that a page can't be written, or would replace an input.
///
/// # Errors
/// Where the suffix is another than .html, a folder isn't writable, or a file is one of `inputs`.
pub fn check(page: &Path, inputs: &[PathBuf]) -> Result<()> {
    let suffix = page.extension().map(|s| s.to_string_lossy().to_lowercase());
    if !matches!(suffix.as_deref(), Some("html" | "htm")) {
        return Err(Error::Usage(format!(
            "a report is written as .html: {}",
            shown(page)
        )));
    }
    check_place(page)?;
    check_spares(page, inputs)?;
    let folder = folder(page);
    if folder.is_file() {
        let message = "the report's files go into a folder of this name, but it is a file";
        return Err(Error::file(&folder, message));
    }
    for name in names() {
        let path = folder.join(name);
        if folder.is_dir() {
            check_place(&path)?;
        }
        check_spares(&path, inputs)?;
    }
    Ok(())
}

/// Removes a page of this program and its files; whatever else lies in its folder stays there.
///
/// # Errors
/// Where one can't be removed.
pub fn remove(page: &Path) -> Result<()> {
    // Who removed the page meant its files, too.
    let is_ours = is_page(page) || !page.exists() && summary_file(page).is_file();
    if !is_ours {
        return Ok(());
    }
    let folder = folder(page);
    let files = names().into_iter().map(|name| folder.join(name));
    for path in files.chain([page.to_owned()]).filter(|path| path.is_file()) {
        std::fs::remove_file(&path)
            .map_err(|e| Error::io("remove the partial report", &path, e))?;
    }
    // A folder with something else in it stays.
    std::fs::remove_dir(&folder).ok();
    Ok(())
}

/// Writes the files, then the page; returns what the page says at its head, for programs.
///
/// # Errors
/// Where one can't be written.
pub fn write(page: &Path, report: &Report) -> Result<Value> {
    let folder = folder(page);
    let is_new = !folder.exists();
    std::fs::create_dir_all(&folder).map_err(|e| Error::io("make the folder", &folder, e))?;
    let written = write_into(&folder, page, report);
    if written.is_err() && is_new {
        // Nothing came to be in it; a folder with something in it stays.
        std::fs::remove_dir(&folder).ok();
    }
    written
}

fn write_into(folder: &Path, page: &Path, report: &Report) -> Result<Value> {
    let mut files = Files {
        folder: folder.to_owned(),
        written: Vec::new(),
    };
    files.numbers(report)?;
    files.figures(&figures::figures(report, Place::File), &report.header)?;
    let rows = summary::rows(report);
    let value = summary_value(report, &rows, &files.names())?;
    files.json("summary", SUMMARY, &value)?;
    let figures = figures::figures(report, Place::Page);
    let html = page::html(report, &rows, &figures, &files)?;
    write_file(page, "write the report", html.as_bytes())?;
    Ok(value)
}

fn summary_value(report: &Report, rows: &[summary::Row], files: &[String]) -> Result<Value> {
    let value = json!({
        "kind": "report",
        "recipe": header::to_value(&report.header)?,
        "missing": serialised(&report.gaps)?,
        "sentence": summary::sentence(rows),
        "rows": serialised(&rows)?,
        "files": files,
    });
    Ok(value)
}
