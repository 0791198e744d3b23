//! A report as one page that needs nothing else, and a folder beside it with its figures and numbers.
//!
//! The page is HTML with its style, its font and its figures (SVG) inside; it has no scripts and asks
//! nothing of a network. What isn't measured is said to be missing where it would stand.

mod figures;
mod html;
mod measures;
mod methods;
mod page;
mod sections;
pub mod summary;

use crate::checkpoint::files::{beside, replace_file};
use crate::engine::report::Report;
use crate::error::{Error, Result, shown};
use crate::export::figure::FigureOptions;
use crate::export::measure::{self, Measure};
use crate::export::{self, json, npz, pdf, sharpness, svg};
use figures::{Figures, Place};
pub use methods::LIBRARIES;
use serde::Serialize;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Files of the planes, in the order of [`crate::engine::job::CENTRES`].
const CONTOURS: [&str; 3] = [
    "contour-small-batch.npz",
    "contour-half-way.npz",
    "contour-large-batch.npz",
];
/// Measures at one checkpoint, small batch before large batch; each as JSON, npz and CSV.
const CURVATURE: [&str; 2] = ["curvature-small-batch", "curvature-large-batch"];
const NOISE: [&str; 2] = ["noise-small-batch", "noise-large-batch"];
const MAPS: [&str; 2] = ["curvature-map-small-batch", "curvature-map-large-batch"];
const MEASURE_SUFFIXES: [&str; 3] = ["json", "npz", "csv"];
/// Every other file there may be beside the page.
const OTHERS: [&str; 24] = [
    SUMMARY,
    "line.npz",
    "line.json",
    "line.svg",
    "line.pdf",
    "contours.svg",
    "contours.pdf",
    "sharpness.json",
    "sharpness.npz",
    "sharpness-subspace.json",
    "sharpness-subspace.npz",
    "sharpness-curves.json",
    "sharpness-curves.svg",
    "sharpness-curves.pdf",
    "density.svg",
    "density.pdf",
    "curvature-line.svg",
    "curvature-line.pdf",
    "along-gradient.svg",
    "along-gradient.pdf",
    "curvature-map.svg",
    "curvature-map.pdf",
    "noise.svg",
    "noise.pdf",
];
/// Near the start of every page.
const GENERATOR: &str = "<meta name=\"generator\" content=\"Losscope ";
const DISTANCES: &str = "distances.json";
const SUMMARY: &str = "summary.json";

/// The folder of a page's files: `report-files` beside `report.html`.
pub fn folder(page: &Path) -> PathBuf {
    // The page links to it, and links are text.
    let stem = page.file_stem().unwrap_or_default().to_string_lossy();
    beside(page, OsStr::new(stem.as_ref()), "-files")
}

/// What a page says at its head, for programs; header and job among it.
pub fn summary_file(page: &Path) -> PathBuf {
    folder(page).join(SUMMARY)
}

/// Its name alone.
fn folder_name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

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
    export::check_place(page)?;
    export::check_spares(page, inputs)?;
    let folder = folder(page);
    if folder.is_file() {
        let message = "the report's files go into a folder of this name, but it is a file";
        return Err(Error::file(&folder, message));
    }
    for name in names() {
        let path = folder.join(name);
        if folder.is_dir() {
            export::check_place(&path)?;
        }
        export::check_spares(&path, inputs)?;
    }
    Ok(())
}

/// Every file there may be beside the page.
fn names() -> Vec<String> {
    let single = OTHERS.iter().chain(&CONTOURS).chain([&DISTANCES]);
    let mut names: Vec<String> = single.map(|name| (*name).to_owned()).collect();
    for stem in CURVATURE.iter().chain(&NOISE).chain(&MAPS) {
        names.extend(MEASURE_SUFFIXES.map(|suffix| format!("{stem}.{suffix}")));
    }
    names
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

/// Whether an existing file is a page of this program.
pub(super) fn is_page(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|f| f.take(600).read_to_end(&mut start));
    read.is_ok() && String::from_utf8_lossy(&start).contains(GENERATOR)
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
    files.figures(&figures::figures(report, Place::File))?;
    let rows = summary::rows(report);
    let value = summary_value(report, &rows, &files.names())?;
    files.json("summary", SUMMARY, &value)?;
    let figures = figures::figures(report, Place::Page);
    let html = page::html(report, &rows, &figures, &files)?;
    replace_file(page, |file| {
        file.write_all(html.as_bytes())
            .map_err(|e| Error::io("write the report", page, e))
    })?;
    Ok(value)
}

fn summary_value(report: &Report, rows: &[summary::Row], files: &[String]) -> Result<Value> {
    let value = json!({
        "kind": "report",
        "losscope": report.losscope,
        "complete": report.complete(),
        "missing": serialised(&report.gaps)?,
        "job": serialised(&report.job)?,
        "model": serialised(&report.model)?,
        "checkpoints": serialised(&report.checkpoints)?,
        "data": serialised(&report.data)?,
        "device": report.device,
        "split": report.split(),
        "elapsed_seconds": report.elapsed_seconds,
        "warnings": report.warnings,
        "sentence": summary::sentence(rows),
        "rows": serialised(&rows)?,
        "files": files,
    });
    Ok(value)
}

fn serialised<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|e| Error::Usage(format!("the report can't be written: {e}")))
}

/// The folder, and what is in it by now.
struct Files {
    folder: PathBuf,
    /// Section of the page and name of the file.
    written: Vec<(&'static str, String)>,
}

impl Files {
    fn names(&self) -> Vec<String> {
        self.written.iter().map(|(_, name)| name.clone()).collect()
    }

    /// Notes a file of a section, and says where it goes.
    fn place(&mut self, section: &'static str, name: &str) -> PathBuf {
        self.written.push((section, name.to_owned()));
        self.folder.join(name)
    }

    fn json(&mut self, section: &'static str, name: &str, value: &Value) -> Result<()> {
        let path = self.place(section, name);
        npz::stream(&path, |out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            out.write_all(b"\n")
        })
    }

    fn numbers(&mut self, report: &Report) -> Result<()> {
        if let Some(line) = &report.line {
            npz::write(&self.place("line", "line.npz"), line)?;
            json::write(&self.place("line", "line.json"), line)?;
        }
        for (surface, name) in report.surfaces.iter().zip(CONTOURS) {
            if let Some(surface) = surface {
                npz::write(&self.place("contours", name), surface)?;
            }
        }
        for (found, name) in [
            (&report.sharpness, "sharpness"),
            (&report.subspace, "sharpness-subspace"),
        ] {
            let Some(found) = found else { continue };
            for suffix in ["json", "npz"] {
                let path = self.place("sharpness", &format!("{name}.{suffix}"));
                sharpness::write(&path, found)?;
            }
        }
        if report.curves.iter().any(Option::is_some) {
            let [small, large] = &report.curves;
            let value = json!({
                "kind": "sharpness-curves",
                "measure": "phi of Keskar et al. 2017 (metric 2.1), full space, per cent",
                "small_batch": serialised(small)?,
                "large_batch": serialised(large)?,
            });
            self.json("sharpness", "sharpness-curves.json", &value)?;
        }
        self.measures("curvature", &report.curvature, CURVATURE)?;
        self.measures("curvature", &report.maps, MAPS)?;
        let distances = json!({
            "kind": "distances",
            "large_batch_from_small_batch": serialised(&report.between)?,
            "small_batch_from_start": serialised(&report.from_start.as_ref().map(|d| &d[0]))?,
            "large_batch_from_start": serialised(&report.from_start.as_ref().map(|d| &d[1]))?,
        });
        self.json("distances", DISTANCES, &distances)?;
        self.measures("noise", &report.noise, NOISE)
    }

    fn measures<M: Measure>(
        &mut self,
        section: &'static str,
        pair: &[Option<M>; 2],
        names: [&str; 2],
    ) -> Result<()> {
        for (found, name) in pair.iter().zip(names) {
            let Some(found) = found else { continue };
            for suffix in MEASURE_SUFFIXES {
                let path = self.place(section, &format!("{name}.{suffix}"));
                measure::write(&path, found, &FigureOptions::default())?;
            }
        }
        Ok(())
    }

    /// Every figure that can be drawn; the page says why another can't.
    fn figures(&mut self, figures: &Figures) -> Result<()> {
        for (section, name, drawn) in [
            ("line", "line", &figures.line),
            ("contours", "contours", &figures.contours),
            ("sharpness", "sharpness-curves", &figures.curves),
            ("curvature", "density", &figures.density),
            ("curvature", "curvature-line", &figures.along_line),
            ("curvature", "along-gradient", &figures.along_gradient),
            ("curvature", "curvature-map", &figures.maps),
            ("noise", "noise", &figures.noise),
        ] {
            let Some(Ok((drawn, _))) = drawn else {
                continue;
            };
            let path = self.place(section, &format!("{name}.svg"));
            export::write_bytes(&path, &svg::bytes(drawn)?)?;
            let path = self.place(section, &format!("{name}.pdf"));
            export::write_bytes(&path, &pdf::bytes(drawn)?)?;
        }
        Ok(())
    }
}
