//! Surfaces that are seen otherwise than one from above: in space, or several side by side.

use super::tables::Tables;
use super::what::{Artifact, Data};
use crate::engine::header::Header;
use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::export::figure::{self, FigureOptions};
use crate::export::npz::Column;
use crate::export::panels::{self, Panel, Shared};
use crate::export::space::{self, Seen};
use crate::export::{Format, complete};
use crate::plot::camera::Camera;
use crate::render::picture::Studio;
use std::borrow::Cow;
use std::hash::{Hash as _, Hasher};
use std::sync::Arc;

/// From where surfaces in space are seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Eye {
    /// Where it stands.
    pub camera: Camera,
    /// Height of the surface in widths of the plane.
    pub height: f32,
    /// Whether there are iso-lines on it.
    pub lines: bool,
}

impl Default for Eye {
    fn default() -> Self {
        Self {
            camera: Camera::default(),
            height: 0.6,
            lines: true,
        }
    }
}

impl Eye {
    /// A surface as this eye sees it.
    ///
    /// # Errors
    /// Where it has no value.
    pub fn sees<'a>(
        &self,
        outcome: &'a Outcome,
        shared: &Shared,
        options: &FigureOptions,
    ) -> Result<Seen<'a>> {
        let range = shared
            .range
            .ok_or_else(|| Error::Slice("there is no surface to draw".into()))?;
        let lines = if self.lines {
            shared.levels(options, outcome.header.model.criterion.score())
        } else {
            Vec::new()
        };
        Ok(Seen {
            outcome,
            metric: shared.metric,
            scale: shared.scale,
            range,
            colormap: options.colormap,
            levels: lines,
            height: self.height,
        })
    }

    fn mark(&self, hasher: &mut dyn Hasher) {
        hasher.write(format!("{self:?}").as_bytes());
    }
}

/// A surface in space: the numbers of any other, pictured from an eye.
pub struct InSpace {
    /// The surface.
    pub outcome: Outcome,
    /// From where.
    pub eye: Eye,
}

impl Artifact for InSpace {
    fn header(&self) -> Cow<'_, Header> {
        Cow::Owned(complete::header(&self.outcome))
    }

    fn formats(&self) -> &'static [Format] {
        Format::ALL
    }

    fn document(&self, options: &FigureOptions) -> Result<String> {
        let outcome = &self.outcome;
        let shared = Shared::of(&[(String::new(), outcome)], options)?;
        let seen = self.eye.sees(outcome, &shared, options)?;
        let usual = || figure::title(&outcome.header);
        let title = options.title.clone().unwrap_or_else(usual);
        let words = (title.as_str(), &*figure::caption(outcome));
        space::document(&Studio::open()?, &seen, &self.eye.camera, words, options)
    }

    fn data(&self) -> Result<Data<'_>> {
        Ok(Data::Outcome(&self.outcome))
    }

    fn mark(&self, hasher: &mut dyn Hasher) {
        Artifact::mark(&self.outcome, hasher);
        self.eye.mark(hasher);
    }
}

/// Surfaces side by side in common colours, from above or in space; all from the same samples.
pub struct SideBySide {
    tables: Tables,
    eye: Option<Eye>,
}

impl SideBySide {
    /// Surfaces with what stands over each, and their α, which is NaN of one that isn't of the line: there the
    /// numbers have the title beside them; seen from `eye`, or from above.
    ///
    /// # Errors
    /// Where they aren't of the same samples: they would look different for that alone.
    pub fn new(
        header: Header,
        surfaces: Vec<(String, f64, Outcome)>,
        eye: Option<Eye>,
    ) -> Result<Self> {
        let samples = |outcome: &Outcome| {
            let data = &outcome.header.data;
            [data.train_samples, data.validation_samples]
        };
        if surfaces
            .windows(2)
            .any(|w| samples(&w[0].2) != samples(&w[1].2))
        {
            let counts = surfaces.iter().map(|(title, _, o)| {
                let [train, validation] = samples(o);
                format!("{title}: {train} and {validation}")
            });
            return Err(Error::Usage(format!(
                "the surfaces aren't of the same training and validation samples yet ({}): wait until all are refined",
                counts.collect::<Vec<_>>().join("; ")
            )));
        }
        let panels: Arc<Vec<(String, Outcome)>> = Arc::new(
            surfaces
                .iter()
                .map(|(t, _, o)| (t.clone(), o.clone()))
                .collect(),
        );
        let shown = Arc::clone(&panels);
        let picture = Arc::new(move |options: &FigureOptions| document(&shown, eye, options));
        let complete = surfaces.iter().all(|(.., outcome)| outcome.missing() == 0);
        let header = Header { complete, ..header };
        let tables = Tables::new("compare", header, picture);
        Ok(Self {
            tables: with_numbers(tables, &surfaces),
            eye,
        })
    }
}

fn document(
    panels: &[(String, Outcome)],
    eye: Option<Eye>,
    options: &FigureOptions,
) -> Result<String> {
    let all: Vec<Panel<'_>> = panels.iter().map(|(title, o)| (title.clone(), o)).collect();
    let Some(eye) = eye else {
        return panels::contours(&all, options, true);
    };
    let shared = Shared::of(&all, options)?;
    let mut seen_all = Vec::new();
    for panel in all {
        let seen = eye.sees(panel.1, &shared, options)?;
        seen_all.push((panel, seen));
    }
    space::panels(&Studio::open()?, &seen_all, &eye.camera, options)
}

/// A row for every point of every surface; in an `.npz`, where all have one grid, arrays `[surface, y, x]`.
fn with_numbers(tables: Tables, surfaces: &[(String, f64, Outcome)]) -> Tables {
    let found: Vec<(f64, &crate::landscape::surface::Surface)> = surfaces
        .iter()
        .filter_map(|(_, alpha, outcome)| match &outcome.numbers {
            Numbers::Surface(surface) => Some((*alpha, surface)),
            _ => None,
        })
        .collect();
    let Some((_, first)) = found.first() else {
        return tables;
    };
    let points = |s: &crate::landscape::surface::Surface| -> Vec<(f64, f64)> {
        s.y.iter()
            .flat_map(|y| s.x.iter().map(|x| (*x, *y)))
            .collect()
    };
    let mut places = [Vec::new(), Vec::new(), Vec::new()];
    let mut computed = Vec::new();
    let names: Vec<&'static str> = complete::metrics(&first.table)
        .into_iter()
        .map(|m| m.0)
        .collect();
    let mut metrics: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    for (alpha, surface) in &found {
        for (x, y) in points(surface) {
            for (column, value) in places.iter_mut().zip([*alpha, x, y]) {
                column.push(value);
            }
        }
        computed.extend(surface.table.computed.iter().copied());
        for (column, (_, values)) in metrics.iter_mut().zip(complete::metrics(&surface.table)) {
            column.extend_from_slice(values);
        }
    }
    let [alpha, x, y] = places.map(Column::Floats);
    let places = vec![("alpha", alpha), ("x", x), ("y", y)];
    let metrics = metrics.into_iter().map(Column::Floats);
    let mut columns: Vec<(&'static str, Column)> = names.into_iter().zip(metrics).collect();
    columns.push(("computed", Column::Flags(computed)));
    let beside = surfaces.iter().any(|(_, alpha, _)| alpha.is_nan());
    let names = || surfaces.iter().map(|(title, ..)| title.clone());
    let places: Vec<(&'static str, Column)> = if beside {
        let each = names().zip(&found);
        let rows = each.flat_map(|(name, (_, s))| vec![name; s.x.len() * s.y.len()]);
        let column = ("surface", Column::Words(rows.collect()));
        std::iter::once(column).chain(places).collect()
    } else {
        places
    };
    let one_grid = found.iter().all(|(_, s)| s.x == first.x && s.y == first.y);
    if !one_grid {
        let columns = places.into_iter().chain(columns).collect();
        return tables.with("planes", "", columns);
    }
    let shape = vec![found.len(), first.y.len(), first.x.len()];
    let axes = vec![
        ("alpha", found.iter().map(|(alpha, _)| *alpha).collect()),
        ("x", first.x.clone()),
        ("y", first.y.clone()),
    ];
    let tables = if beside {
        tables.with_words("surface", names().collect())
    } else {
        tables
    };
    tables.with_grid("planes", axes, columns, (places, shape))
}

impl Artifact for SideBySide {
    fn header(&self) -> Cow<'_, Header> {
        self.tables.header()
    }

    fn formats(&self) -> &'static [Format] {
        self.tables.formats()
    }

    fn document(&self, options: &FigureOptions) -> Result<String> {
        self.tables.document(options)
    }

    fn data(&self) -> Result<Data<'_>> {
        self.tables.data()
    }

    fn mark(&self, mut hasher: &mut dyn Hasher) {
        self.tables.mark(hasher);
        self.eye.is_some().hash(&mut hasher);
        if let Some(eye) = &self.eye {
            eye.mark(hasher);
        }
    }
}
