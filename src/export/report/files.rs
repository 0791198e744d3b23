//! The files beside a page: what each is called, and how they are written.

use super::figures::Figures;
use crate::engine::header::Header;
use crate::engine::report::Report;
use crate::error::{Error, Result};
use crate::export::figure::FigureOptions;
use crate::export::measure::Measure;
use crate::export::{artifact, header, json, npz, sharpness, stamp};
use crate::store::files::beside;
use serde::Serialize;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Files of the planes, in the order of [`crate::engine::job::CENTRES`].
pub(super) const CONTOURS: [&str; 3] = [
    "contour-small-batch.npz",
    "contour-half-way.npz",
    "contour-large-batch.npz",
];
/// Measures at one checkpoint, small batch before large batch; each as JSON, npz and CSV.
pub(super) const CURVATURE: [&str; 2] = ["curvature-small-batch", "curvature-large-batch"];
pub(super) const NOISE: [&str; 2] = ["noise-small-batch", "noise-large-batch"];
pub(super) const MAPS: [&str; 2] = ["curvature-map-small-batch", "curvature-map-large-batch"];
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
pub(super) const GENERATOR: &str = "<meta name=\"generator\" content=\"Losscope ";
const DISTANCES: &str = "distances.json";
pub(super) const SUMMARY: &str = "summary.json";

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
pub(super) fn folder_name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Every file there may be beside the page.
pub(super) fn names() -> Vec<String> {
    let single = OTHERS.iter().chain(&CONTOURS).chain([&DISTANCES]);
    let mut names: Vec<String> = single.map(|name| (*name).to_owned()).collect();
    for stem in CURVATURE.iter().chain(&NOISE).chain(&MAPS) {
        names.extend(MEASURE_SUFFIXES.map(|suffix| format!("{stem}.{suffix}")));
    }
    names
}

/// Whether an existing file is a page of this program.
pub(in crate::export) fn is_page(path: &Path) -> bool {
    use std::io::Read as _;
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|f| f.take(600).read_to_end(&mut start));
    read.is_ok() && String::from_utf8_lossy(&start).contains(GENERATOR)
}

/// A part of a report as JSON.
pub(super) fn serialised<T: Serialize>(value: &T) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|e| Error::Usage(format!("the report can't be written: {e}")))
}

/// The folder, and what is in it by now.
pub(super) struct Files {
    pub(super) folder: PathBuf,
    /// Section of the page and name of the file.
    pub(super) written: Vec<(&'static str, String)>,
}

impl Files {
    pub(super) fn names(&self) -> Vec<String> {
        self.written.iter().map(|(_, name)| name.clone()).collect()
    }

    /// Notes a file of a section, and says where it goes.
    fn place(&mut self, section: &'static str, name: &str) -> PathBuf {
        self.written.push((section, name.to_owned()));
        self.folder.join(name)
    }

    pub(super) fn json(&mut self, section: &'static str, name: &str, value: &Value) -> Result<()> {
        json::write_indented(&self.place(section, name), value)
    }

    pub(super) fn numbers(&mut self, report: &Report) -> Result<()> {
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
            "recipe": header::to_value(&report.header)?,
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
                artifact::write(&path, found, &FigureOptions::default())?;
            }
        }
        Ok(())
    }

    /// Every figure that can be drawn; the page says why another can't.
    pub(super) fn figures(&mut self, figures: &Figures, header: &Header) -> Result<()> {
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
            for suffix in ["svg", "pdf"] {
                let path = self.place(section, &format!("{name}.{suffix}"));
                stamp::write(&path, drawn, header, &FigureOptions::default())?;
            }
        }
        Ok(())
    }
}
