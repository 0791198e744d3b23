//! A plane on the screen: what is expensive of it is kept between frames, the rest is painted.

use super::camera::Frame;
use super::holes::{self, Patterns};
use super::lines::Lines;
use super::marks::{self, Detail};
use super::picture::{Coloring, Picture};
use crate::app::state::Look;
use crate::app::theme::Palette;
use crate::engine::live::LiveSurface;
use crate::export::figure::Metric;
use crate::plot::colormap::Colormap;
use crate::plot::figure::Levels;
use crate::plot::number::format_value;
use crate::plot::scale::Scale;
use eframe::egui::{
    Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, Vec2,
};
use std::sync::Arc;

/// A plane on the screen.
#[derive(Default)]
pub struct Plane {
    picture: Option<Picture>,
    lines: Lines,
}

/// What the colours of a view depend on.
type ColoringKey = (Vec<u64>, Metric, Option<Scale>, Colormap, Levels);

/// Decides the colours of a view anew only where something changed.
#[derive(Default)]
pub struct Colorist {
    kept: Option<(ColoringKey, Result<Coloring, String>)>,
}

impl Colorist {
    /// The colours of several surfaces together.
    ///
    /// # Errors
    /// Words where a surface lacks the metric.
    pub fn of(&mut self, surfaces: &[&LiveSurface], look: &Look) -> Result<Coloring, String> {
        let key = (
            surfaces.iter().map(|s| s.version).collect(),
            look.metric,
            look.scale,
            look.colormap,
            look.levels(),
        );
        match &self.kept {
            Some((old, coloring)) if *old == key => coloring.clone(),
            _ => {
                let coloring = Coloring::of(surfaces, look);
                self.kept = Some((key, coloring.clone()));
                coloring
            }
        }
    }
}

impl Plane {
    /// The picture that is shown, if there is one.
    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref()
    }

    /// Shows a surface in these colours.
    ///
    /// # Errors
    /// Words to show instead.
    pub fn show(&mut self, shown: &Arc<LiveSurface>, coloring: &Coloring) -> Result<(), String> {
        if self.picture.as_ref().is_some_and(|p| p.is(shown, coloring)) {
            return Ok(());
        }
        let old = self.picture.take();
        self.picture = Some(Picture::new(old.as_ref(), shown, coloring.clone())?);
        Ok(())
    }

    /// Paints colours, holes, iso-lines and marks.
    pub fn paint(
        &mut self,
        ui: &Ui,
        frame: &Frame,
        patterns: &mut Patterns,
        look: &Look,
        palette: &Palette,
        detail: Detail,
    ) {
        let Some(picture) = &self.picture else { return };
        let painter = ui.painter_at(frame.rect);
        let extent = picture.extent;
        let whole = frame.rect_of([extent.x.0, extent.x.1, extent.y.0, extent.y.1]);
        if picture.coloring.range.is_some() {
            picture.colors.paint(&painter, whole, frame.rect);
        }
        patterns.paint(&painter, picture, frame, palette);
        // Labels have to know where marks are, and marks lie over lines.
        let below = painter.add(Shape::Noop);
        for &point in picture.sparse.iter().filter(|p| frame.shows(**p)) {
            let at = frame.at(point);
            painter.circle(
                at,
                1.5,
                Color32::WHITE,
                Stroke::new(0.8, Color32::from_black_alpha(150)),
            );
        }
        if picture.coloring.range.is_none() {
            // Nothing else has a meaning where there is no value.
            let words = nowhere_finite(picture, frame.rect.width() > 220.0);
            notice(&painter, frame.rect, &words, palette);
            return;
        }
        let taken = marks::paint(&painter, picture, frame, palette, detail);
        let labelled = look.level_labels && detail.values;
        let shapes = self
            .lines
            .shapes(&painter, picture, frame, labelled, &taken);
        painter.set(below, Shape::Vec(shapes));
    }

    /// What the patterns and the end of the colours mean, in the lower left corner.
    pub fn legend(&self, ui: &Ui, frame: &Frame, patterns: &mut Patterns, palette: &Palette) {
        let Some(picture) = &self.picture else { return };
        let painter = ui.painter_at(frame.rect);
        let mut entries: Vec<(Swatch, String)> = Vec::new();
        if !picture.sparse.is_empty() {
            entries.push((Swatch::Dot, "computed, the rest interpolated".into()));
        }
        for (kind, count) in picture.holes {
            if count > 0 {
                entries.push((Swatch::Hole(kind), holes::words(kind, count)));
            }
        }
        if let (true, Some((_, hi)), Some((_, largest))) = (
            beyond(picture),
            picture.coloring.range,
            picture.surface.extent,
        ) {
            let [hi, largest] = [hi, largest].map(format_value);
            let words = format!("colours end at {hi}, the largest value is {largest}");
            entries.push((Swatch::None, words));
        }
        let proportions = picture.aspect().words();
        entries.extend(proportions.map(|words| (Swatch::None, words)));
        let mut bottom = frame.rect.bottom() - 6.0;
        for (swatch, words) in entries.into_iter().rev() {
            let room = f64::from(frame.rect.width() - 50.0);
            let words = crate::plot::text::ellipsized(&words, 11.0, room);
            let galley = painter.layout_no_wrap(words, FontId::proportional(11.0), palette.text);
            let indent = if matches!(swatch, Swatch::None) {
                7.0
            } else {
                27.0
            };
            let size = Vec2::new(galley.size().x + indent + 7.0, galley.size().y + 6.0);
            let corner = Pos2::new(frame.rect.left() + 6.0, bottom - size.y);
            let rect = Rect::from_min_size(corner, size);
            painter.rect_filled(rect, 5.0, palette.card.gamma_multiply(0.93));
            let sample = Rect::from_center_size(
                Pos2::new(rect.left() + 15.0, rect.center().y),
                Vec2::new(14.0, 10.0),
            );
            match swatch {
                Swatch::Hole(kind) => {
                    patterns.fill(&painter, palette, kind, std::iter::once(sample));
                    let stroke = Stroke::new(1.0, palette.line);
                    painter.rect_stroke(sample, 0.0, stroke, StrokeKind::Outside);
                }
                Swatch::Dot => {
                    let stroke = Stroke::new(1.0, Color32::from_black_alpha(150));
                    painter.circle(sample.center(), 2.0, Color32::WHITE, stroke);
                }
                Swatch::None => {}
            }
            let text_at = rect.min + Vec2::new(indent, 3.0);
            painter.galley(text_at, galley, palette.text);
            bottom = rect.top() - 3.0;
        }
    }
}

fn nowhere_finite(picture: &Picture, roomy: bool) -> String {
    if !roomy {
        return "nowhere finite".into();
    }
    let points = picture.surface.positions.len();
    let coloring = &picture.coloring;
    let name = coloring.metric.name(coloring.score);
    format!("{name} is nowhere finite here:\nNaN or ∞ at all {points} points")
}

enum Swatch {
    Hole(crate::plot::surface::Hole),
    Dot,
    None,
}

/// Whether values of a picture lie above the end of its colours.
pub fn beyond(picture: &Picture) -> bool {
    matches!(
        (picture.coloring.range, picture.surface.extent),
        (Some((_, hi)), Some((_, largest))) if largest > hi
    )
}

/// Words in the middle of a plane.
pub fn notice(painter: &Painter, rect: Rect, words: &str, palette: &Palette) {
    let font = FontId::proportional(13.0);
    let galley = painter.layout(words.to_owned(), font, palette.text, rect.width() - 28.0);
    let size = galley.size() + Vec2::new(20.0, 14.0);
    let place = Align2::CENTER_CENTER.align_size_within_rect(size, rect);
    painter.rect(
        place,
        6.0,
        palette.card,
        Stroke::new(1.0, palette.line),
        StrokeKind::Inside,
    );
    painter.galley(place.min + Vec2::new(10.0, 7.0), galley, palette.text);
}
