//! Several surfaces on one page, on one scale of colours, over the small print they share.

use crate::engine::result::{Numbers, Outcome};
use crate::error::{Error, Result};
use crate::export::figure::{self, Drawing, FigureOptions};
use crate::export::metric::{Metric, default_metric};
use crate::model::losses::Score;
use crate::plot::figure::Levels;
use crate::plot::page;
use crate::plot::scale::{Scale, levels, robust_range};

/// The narrowest a panel can be, in millimetres.
pub const NARROWEST: f64 = 40.0;

/// The most panels that stand beside each other; more are in further rows.
const WIDEST_ROW: usize = 4;

/// How many of so many panels stand beside each other, in rows as equal as can be.
fn columns(panels: usize) -> usize {
    panels.div_ceil(panels.div_ceil(WIDEST_ROW).max(1))
}

/// A surface and what stands over it.
pub type Panel<'a> = (String, &'a Outcome);

/// Metric, scale and ends of the colours that several surfaces share.
#[derive(Debug, Clone, Copy)]
pub struct Shared {
    /// What they show.
    pub metric: Metric,
    /// How colours spread.
    pub scale: Scale,
    /// The values at their ends.
    pub range: Option<(f64, f64)>,
}

impl Shared {
    /// What the options ask for, the rest from the values of all.
    ///
    /// # Errors
    /// Where there is none, or one lacks the metric.
    pub fn of(surfaces: &[Panel<'_>], options: &FigureOptions) -> Result<Self> {
        let mut values = Vec::new();
        let mut metric = options.metric;
        for (_, outcome) in surfaces {
            let Numbers::Surface(surface) = &outcome.numbers else {
                return Err(Error::Usage("only surfaces stand side by side".into()));
            };
            let of = match metric {
                Some(metric) => metric,
                None => default_metric(&surface.table)?,
            };
            metric = Some(of);
            values.extend(of.shown(&surface.table)?);
        }
        let metric = metric.ok_or_else(|| Error::Usage("there is no surface to draw".into()))?;
        let scale = options.scale.unwrap_or_else(|| metric.usual_scale(&values));
        Ok(Self {
            metric,
            scale,
            range: robust_range(scale, &values),
        })
    }

    /// The values of iso-lines: those asked for, or so many between the ends of the colours.
    pub fn levels(&self, options: &FigureOptions, score: Score) -> Vec<f64> {
        match (self.metric.levels(&options.levels, score), self.range) {
            (Levels::Given(values), _) => values,
            (Levels::Auto(0), _) | (_, None) => Vec::new(),
            (Levels::Auto(count), Some((low, high))) => levels(self.scale, low, high, count),
        }
    }
}

/// Surfaces with their titles side by side on a page of the options' width; `captions`: under a title
/// and over what was said of them, else bare.
///
/// # Errors
/// Where one lacks the metric, can't be laid out, or has less than 40 mm of the page.
pub fn contours(surfaces: &[Panel<'_>], options: &FigureOptions, captions: bool) -> Result<String> {
    let shared = Shared::of(surfaces, options)?;
    let width = panel_width(surfaces.len(), options)?;
    let documents: Result<Vec<String>> = surfaces
        .iter()
        .map(|(title, outcome)| {
            let panel = FigureOptions {
                metric: Some(shared.metric),
                title: Some(title.clone()),
                scale: Some(shared.scale),
                width,
                ..options.clone()
            };
            let mut drawing = figure::drawing(outcome, &panel, shared.range)?;
            if let Drawing::Plane(figure) = &mut drawing {
                // The title names what lies at the centre.
                let centred = figure
                    .markers
                    .iter_mut()
                    .filter(|m| (m.x, m.y) == (0.0, 0.0));
                centred.for_each(|m| m.label.clear());
            }
            drawing.without_caption().0.svg()
        })
        .collect();
    if captions {
        together(surfaces, &documents?, shared.metric, options)
    } else {
        page::side_by_side(&documents?)
    }
}

/// Panels of surfaces on one page, under a title and over the small print of all of them.
///
/// # Errors
/// Where a panel has no size.
pub fn together(
    surfaces: &[Panel<'_>],
    panels: &[String],
    metric: Metric,
    options: &FigureOptions,
) -> Result<String> {
    let title = options.title.clone().unwrap_or_else(|| {
        let mut models = surfaces.iter().map(|(_, o)| &o.header.model);
        let Some(first) = models.next() else {
            return String::new();
        };
        let shown = metric.in_sentence(first.criterion.score());
        // Of several networks none gives the page its name.
        if models.all(|model| model.name == first.name) {
            format!("{}: {shown}", first.name)
        } else {
            let mut letters = shown.chars();
            let initial = letters.next().map(|c| c.to_uppercase().to_string());
            initial.unwrap_or_default() + letters.as_str()
        }
    });
    let caption = options.small_print(shared_caption(surfaces));
    let rows: Vec<Vec<String>> = panels
        .chunks(columns(panels.len()).max(1))
        .map(<[String]>::to_vec)
        .collect();
    page::rows(&title, &rows, &caption)
}

/// The width of one of so many panels.
///
/// # Errors
/// Where that is less than a panel can be.
pub fn panel_width(panels: usize, options: &FigureOptions) -> Result<f64> {
    let panels = columns(panels).max(1);
    let width = options.width / panels as f64;
    // A page of exactly so many panels isn't too narrow by a rounding.
    if width < NARROWEST - 1e-9 {
        return Err(Error::Usage(format!(
            "{panels} panels side by side need a page at least {} mm wide, not {} mm",
            NARROWEST * panels as f64,
            options.width
        )));
    }
    Ok(width)
}

/// What is said of all, once; what differs, with whose it is.
fn shared_caption(surfaces: &[Panel<'_>]) -> Vec<String> {
    let each: Vec<Vec<String>> = surfaces.iter().map(|(_, o)| figure::caption(o)).collect();
    let most = each.iter().map(Vec::len).max().unwrap_or(0);
    let line = |index: usize| -> String {
        let lines: Vec<Vec<&str>> = each
            .iter()
            .map(|lines| {
                lines
                    .get(index)
                    .map_or("", String::as_str)
                    .split("; ")
                    .collect()
            })
            .collect();
        let parts = lines.iter().map(Vec::len).max().unwrap_or(0);
        let mut words: Vec<String> = Vec::new();
        for part in 0..parts {
            let said = |i: usize| lines[i].get(part).copied().unwrap_or_default();
            if (1..lines.len()).all(|i| said(i) == said(0)) {
                words.push(said(0).to_owned());
                continue;
            }
            let own = surfaces
                .iter()
                .enumerate()
                .filter(|(i, _)| !said(*i).is_empty());
            words.extend(own.map(|(i, (title, _))| format!("{} ({title})", said(i))));
        }
        words.retain(|w| !w.is_empty());
        words.join("; ")
    };
    let mut lines: Vec<String> = (0..most).map(line).collect();
    lines.retain(|l| !l.is_empty());
    lines
}
