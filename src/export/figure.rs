//! From a result to a figure: which numbers are drawn, and what the reader is told about them.

use crate::engine::header::Header;
use crate::engine::job::{Job, SurfaceJob};
use crate::engine::result::{Numbers, Outcome};
use crate::error::Result;
use crate::export::caption;
pub use crate::export::metric::Metric;
use crate::export::metric::default_metric;
pub use crate::export::options::FigureOptions;
use crate::landscape::table::{Column, Table};
use crate::plot::figure::{
    Barrier, ContourFigure, LineFigure, LineMarker, Marker, MarkerKind, Trajectory,
};
use crate::plot::line_range;
use crate::plot::number::{self, grouped};

/// A result as an SVG document.
///
/// # Errors
/// Where the result lacks what the options ask for.
pub fn svg(outcome: &Outcome, options: &FigureOptions) -> Result<String> {
    svg_in_range(outcome, options, None)
}

/// What a figure says in small print of how its result was made.
pub fn caption(outcome: &Outcome) -> Vec<String> {
    let header = &outcome.header;
    let mut computed = caption::computed_on(header);
    if outcome.missing() > 0 {
        let done = grouped(outcome.points() - outcome.missing());
        computed = format!("{done} of them computed so far; {computed}");
    }
    caption::around(
        header,
        match &outcome.numbers {
            Numbers::Line(line) => vec![
                format!(
                    "θ(α) = (1 − α) θ_small + α θ_large; distance {}",
                    caption::norms(header)
                ),
                format!("{} points, {computed}", line.alpha.len()),
            ],
            Numbers::Surface(surface) => {
                let (nx, ny) = (surface.x.len(), surface.y.len());
                vec![
                    caption::directions_line(header),
                    format!("{nx} × {ny} points, {computed}"),
                ]
            }
            Numbers::Trajectory => vec![caption::directions_line(header)],
        },
    )
}

/// As [`svg`], with colours that end at the given values, which several figures may share.
///
/// # Errors
/// As [`svg`].
pub fn svg_in_range(
    outcome: &Outcome,
    options: &FigureOptions,
    range: Option<(f64, f64)>,
) -> Result<String> {
    let drawing = drawing(outcome, options, range)?;
    if options.caption {
        drawing.svg()
    } else {
        drawing.without_caption().0.svg()
    }
}

/// A figure before it is laid out.
pub enum Drawing {
    /// Over a plane.
    Plane(Box<ContourFigure>),
    /// Along a line.
    Line(Box<LineFigure>),
}

impl Drawing {
    /// As an SVG document.
    ///
    /// # Errors
    /// Where it can't be laid out.
    pub fn svg(&self) -> Result<String> {
        match self {
            Self::Plane(figure) => figure.svg(),
            Self::Line(figure) => figure.svg(),
        }
    }

    /// The figure without its small print, and that apart.
    pub fn without_caption(mut self) -> (Self, Vec<String>) {
        let caption = match &mut self {
            Self::Plane(figure) => &mut figure.caption,
            Self::Line(figure) => &mut figure.caption,
        };
        let caption = std::mem::take(caption);
        (self, caption)
    }
}

/// The figure of a result; the colours of a surface end at `range`, where there is one.
///
/// # Errors
/// Where the result lacks what the options ask for.
pub fn drawing(
    outcome: &Outcome,
    options: &FigureOptions,
    range: Option<(f64, f64)>,
) -> Result<Drawing> {
    Ok(match &outcome.numbers {
        Numbers::Line(line) => {
            let figure = line_figure(outcome, line.alpha.clone(), &line.table, options);
            Drawing::Line(Box::new(figure))
        }
        Numbers::Surface(surface) => {
            let metric = options
                .metric
                .map_or_else(|| default_metric(&surface.table), Ok)?;
            let values = metric.shown(&surface.table)?;
            let mut figure = plane_figure(outcome, options);
            figure.x = surface.x.clone();
            figure.y = surface.y.clone();
            figure.scale = options.scale.unwrap_or_else(|| metric.usual_scale(&values));
            figure.values = values;
            figure.computed = surface.table.known();
            figure.range = range.filter(|(lo, hi)| lo < hi);
            let score = surface.table.score;
            figure.quantity = metric.name(score).into();
            figure.unit = metric.unit(score).into();
            figure.levels = metric.levels(&figure.levels, score);
            Drawing::Plane(Box::new(figure))
        }
        Numbers::Trajectory => Drawing::Plane(Box::new(plane_figure(outcome, options))),
    })
}

/// Axes, marks, path and caption of a plane; the surface itself is left empty.
fn plane_figure(outcome: &Outcome, options: &FigureOptions) -> ContourFigure {
    let header = &outcome.header;
    let label = |i: usize| {
        header
            .axes
            .get(i)
            .map_or_else(String::new, |a| a.label.clone())
    };
    let paths = header.all_paths().into_iter();
    let trajectories = paths.map(|(label, path)| Trajectory {
        label,
        points: path.x.iter().copied().zip(path.y.iter().copied()).collect(),
    });
    // A path ends at its last checkpoint; a second mark there would only cover it. A point that lies
    // mostly outside the plane has no place in it; the caption says how far out it is.
    let marks = header.marks.iter().filter(|mark| {
        header.trajectory.is_none() && (mark.outside < 0.5 || mark.outside.is_nan())
    });
    let markers = marks.filter_map(|mark| {
        let &[x, y] = mark.coordinate.as_slice() else {
            return None;
        };
        Some(Marker {
            x,
            y,
            label: mark.label.clone(),
            kind: MarkerKind::Minimizer,
        })
    });
    ContourFigure {
        x_label: label(0),
        y_label: label(1),
        markers: markers.collect(),
        trajectories: trajectories.collect(),
        levels: options.levels.clone(),
        colormap: options.colormap,
        title: options.title.clone().unwrap_or_else(|| title(header)),
        caption: caption(outcome),
        width_mm: options.width,
        ..ContourFigure::default()
    }
}

fn line_figure(
    outcome: &Outcome,
    alpha: Vec<f64>,
    table: &Table,
    options: &FigureOptions,
) -> LineFigure {
    let header = &outcome.header;
    let column =
        |split: &Option<Column>, f: fn(&Column) -> &Vec<f64>| split.as_ref().map(|c| f(c).clone());
    let train_loss = column(&table.train, |c| &c.loss);
    let validation_loss = column(&table.validation, |c| &c.loss);
    let barrier = header
        .barriers
        .first()
        .filter(|(_, b)| b.height.is_finite() && b.height > 0.0);
    let losses: Vec<&[f64]> = train_loss
        .iter()
        .chain(&validation_loss)
        .map(Vec::as_slice)
        .collect();
    let scale = line_range::usual_scale(&alpha, &losses);
    LineFigure {
        alpha,
        scale: options.scale.unwrap_or(scale),
        train_loss,
        validation_loss,
        train_score: column(&table.train, |c| &c.score),
        validation_score: column(&table.validation, |c| &c.score),
        score: table.score,
        unit: table.score.loss_unit().into(),
        markers: header
            .marks
            .iter()
            .filter_map(|m| {
                Some(LineMarker {
                    alpha: *m.coordinate.first()?,
                    name: m.label.clone(),
                })
            })
            .collect(),
        barrier: barrier.map(|(_, b)| Barrier {
            alpha: b.alpha,
            height: b.height,
        }),
        title: options.title.clone().unwrap_or_else(|| title(header)),
        caption: caption(outcome),
        width_mm: options.width,
        ..LineFigure::default()
    }
}

/// What a figure of a result is called unless told otherwise.
pub fn title(header: &Header) -> String {
    let model = &header.model.name;
    match &header.job {
        Job::Line(job) if !job.only.is_empty() => {
            let layers = job.only.join(", ");
            format!("{model}: {layers} from small to large batch")
        }
        Job::Line(_) => format!("{model}: from small to large batch"),
        Job::Trajectory(_) => format!("{model}: training trajectory"),
        Job::Surface(SurfaceJob {
            alpha: Some(alpha), ..
        }) => format!("{model}: around α = {}", number::alpha(*alpha)),
        _ => model.clone(),
    }
}
