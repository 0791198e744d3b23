//! The comparison: the surfaces around the small-batch minimizer, θ(α) and the large-batch
//! minimizer side by side, as the literature draws them.
//!
//! One colour scale, one zoom and one cross-hair for all three: only then can flat be told from sharp.

use super::plane::axes::{self, Around, Shown};
use super::plane::camera::{self, Extent, Frame, Zoom};
use super::plane::header::{self, Asked, Trust};
use super::plane::{Coloring, Colorist, Detail, Patterns, Plane, beyond, hud, notice};
use super::space::{self, Space};
use super::{Context, Home, Needs, View, empty_ui};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, eye, header as header_of, is_full};
use crate::app::paint::panel::{GAP, HERE, Place, TITLE, chip_ui, title_ui};
use crate::app::state::{Look, State};
use crate::app::theme::Palette;
use crate::engine::live::{LiveSurface, Snapshot};
use crate::error::{Error, Result};
use crate::export::artifact::{Eye, SideBySide};
use crate::export::figure::Metric;
use crate::landscape::evaluate::Metrics;
use crate::plot::camera::Camera;
use crate::plot::number;
use eframe::egui::{
    self, CursorIcon, Id, Pos2, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2,
};
use std::sync::Arc;

/// Room for the choice of how they are drawn.
const MODES: f32 = 185.0;

/// How the three are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    /// As colours and iso-lines.
    #[default]
    Contour,
    /// As surfaces in space.
    Surface,
}

/// What the view keeps between frames.
#[derive(Default)]
pub struct CompareView {
    /// How the three are drawn.
    mode: Mode,
    spaces: [Space; 3],
    /// One eye for all three.
    camera: Camera,
    planes: [Plane; 3],
    kept: [Option<Arc<LiveSurface>>; 3],
    colorist: Colorist,
    patterns: Patterns,
    bar: axes::Bar,
    zoom: Zoom,
    reset: u64,
}

impl View for CompareView {
    fn name(&self) -> &'static str {
        "Compare"
    }

    fn home(&self) -> Home {
        Home::TopLeft
    }

    fn needs(&self) -> Needs {
        Needs {
            both_ends: true,
            ..Needs::default()
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        compare_ui(ui, self, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_POINTS
    }

    fn why_not(&self, state: &State) -> Option<&'static str> {
        forms::along_alpha(state)
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        if let Some(reason) = self.why_not(state) {
            return Err(Error::Usage(reason.into()));
        }
        let at = |a: f64| news.surfaces.iter().find(|s| s.alpha == a).cloned();
        let panels: Vec<_> = [0.0, state.wish.alpha, 1.0]
            .into_iter()
            .filter_map(at)
            .collect();
        if panels.len() < 3 {
            return Err(Error::Usage(
                "the three surfaces aren't there yet: open the comparison and wait".into(),
            ));
        }
        let names = ["small batch", "θ(α)", "large batch"];
        let named = panels.iter().zip(names).map(|(surface, name)| {
            let title = format!("{name}, α = {}", number::format_value(surface.alpha));
            (title, surface.alpha, surface.outcome.clone())
        });
        let eye = self.eye(&state.look);
        let header = header_of("compare", state, news, true)?;
        Ok(Content::of(SideBySide::new(header, named.collect(), eye)?))
    }

    fn is_complete(&self, state: &State, news: &Snapshot) -> bool {
        let all = [0.0, state.wish.alpha, 1.0];
        all.into_iter().all(|alpha| is_full(news, alpha))
    }

    fn see_from(&mut self, camera: Camera) {
        self.camera = camera;
        self.mode = Mode::Surface;
    }

    fn eye(&self, look: &Look) -> Option<Eye> {
        (self.mode == Mode::Surface).then(|| eye(look, self.camera))
    }

    fn widths(&self) -> (f64, f64) {
        forms::THREE_PANELS
    }
}

fn compare_ui(ui: &mut Ui, cache: &mut CompareView, cx: &mut Context<'_>) {
    if cache.reset != cx.reset {
        cache.reset = cx.reset;
        cache.zoom = Zoom::default();
        cache.camera = Camera::default();
    }
    if cx.state.wish.large.is_none() {
        let words = "Comparing takes two minimizers: open a second checkpoint as the large batch";
        empty_ui(ui, cx.palette, words);
        return;
    }
    if !cx.state.wish.follows_alpha() {
        let words = "The plane goes through a training run and is the same for every α: there is nothing to compare";
        empty_ui(ui, cx.palette, words);
        return;
    }
    let places = places(cx.state, cx.news, cx.palette);
    for (kept, place) in cache.kept.iter_mut().zip(&places) {
        let fresh = find(cx.news, place.alpha, cx.state.wish.alpha);
        if let Some(fresh) = fresh {
            *kept = Some(Arc::clone(fresh));
        } else if cx.news.failure.is_some() {
            *kept = None;
        }
    }
    let there: Vec<&LiveSurface> = cache.kept.iter().flatten().map(Arc::as_ref).collect();
    if there.is_empty() {
        let words = cx
            .news
            .failure
            .as_ref()
            .map_or("The first pictures are on their way…", |f| &f.message);
        empty_ui(ui, cx.palette, words);
        return;
    }
    let coloring = cache.colorist.of(&there, &cx.state.look);
    let badges = badges(cache, cx, &places);
    let all_done = badges[0].as_ref().filter(|first| {
        let same = |b: &Option<_>| b.as_ref() == Some(*first);
        first.1 == Trust::Done && badges.iter().all(same)
    });
    header::header_ui(ui, cx.palette, all_done, |ui| {
        let modes = if cx.gpu.is_some() { MODES } else { 0.0 };
        header::chooser_ui(
            ui,
            &mut cx.state.look,
            coloring.as_ref().ok(),
            cx.news.score(),
            modes,
        );
        if cx.gpu.is_some() {
            ui.add_space(4.0);
            ui.selectable_value(&mut cache.mode, Mode::Contour, "As contours");
            ui.selectable_value(&mut cache.mode, Mode::Surface, "In space");
        }
    });
    let coloring = match coloring {
        Ok(coloring) => coloring,
        Err(words) => {
            empty_ui(ui, cx.palette, &words);
            return;
        }
    };
    for (plane, kept) in cache.planes.iter_mut().zip(&cache.kept) {
        if let Some(kept) = kept
            && let Err(words) = plane.show(kept, &coloring)
        {
            empty_ui(ui, cx.palette, &words);
            return;
        }
    }
    planes_ui(ui, cache, cx, &coloring, &places, &badges);
}

/// The three, with what is known of their metric exactly.
fn places(state: &State, news: &Snapshot, palette: &Palette) -> [Place; 3] {
    let alpha = state.wish.alpha;
    let splits = news.experiment.as_ref().map_or((true, true), |e| e.splits);
    let value = |metrics: Option<&[Metrics]>| pick(metrics?, state.look.metric, splits);
    let facts = news.experiment.as_deref();
    let point = news.point.as_ref().filter(|p| p.alpha == alpha);
    [
        Place {
            name: "Small batch",
            color: palette.small,
            alpha: 0.0,
            value: value(facts.map(|f| f.small.as_slice())),
        },
        Place {
            name: HERE,
            color: palette.here,
            alpha,
            value: value(point.map(|p| p.metrics.as_slice())),
        },
        Place {
            name: "Large batch",
            color: palette.large,
            alpha: 1.0,
            value: value(facts.and_then(|f| f.large.as_deref())),
        },
    ]
}

/// How good each of the three is.
fn badges(
    cache: &CompareView,
    cx: &Context<'_>,
    places: &[Place; 3],
) -> [Option<(String, Trust)>; 3] {
    [0, 1, 2].map(|i| {
        let shown = cache.kept[i].as_ref()?;
        let asked = Asked {
            alpha: places[i].alpha,
            follows: true,
            current: cx.news.surfaces.iter().any(|s| s.alpha == shown.alpha),
            stopped: cx.news.activity.stopped,
        };
        Some(header::badge(shown, &asked))
    })
}

/// A metric among those of the splits there are.
fn pick(metrics: &[Metrics], metric: Metric, (train, validation): (bool, bool)) -> Option<f64> {
    let index = match (metric.is_of_training(), train, validation) {
        (true, true, _) | (false, false, true) => 0,
        (false, true, true) => 1,
        _ => return None,
    };
    let found = metrics.get(index)?;
    Some(if metric.is_loss() {
        found.loss
    } else {
        found.score
    })
}

/// The surface of a place: exactly its own at the ends, the nearest for θ(α).
fn find(news: &Snapshot, alpha: f64, here: f64) -> Option<&Arc<LiveSurface>> {
    if alpha == here {
        return news.surface_near(alpha);
    }
    news.surfaces.iter().find(|s| s.alpha == alpha)
}

fn planes_ui(
    ui: &mut Ui,
    cache: &mut CompareView,
    cx: &mut Context<'_>,
    coloring: &Coloring,
    places: &[Place; 3],
    badges: &[Option<(String, Trust)>; 3],
) {
    let pictures = || cache.planes.iter().filter_map(Plane::picture);
    let Some(extent) = pictures().map(|p| p.extent).reduce(Extent::union) else {
        return;
    };
    let past_colors = pictures().any(beyond);
    let (rects, around) = lay_out(ui, coloring, extent, cache.zoom);
    for (place, rect) in places.iter().zip(rects) {
        let shown = (cx.state.look.metric, cx.news.score());
        title_ui(ui, rect, place, shown, cx.palette);
    }
    if let (Mode::Surface, Some(gpu)) = (cache.mode, cx.gpu) {
        let look = &cx.state.look;
        for (index, rect) in rects.into_iter().enumerate() {
            let id = ui.scope_id().with(("space", index));
            let response = ui.interact(rect, id, Sense::click_and_drag());
            let name = format!("{} in space", places[index].name);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
            space::navigate(ui, &response, &mut cache.camera);
        }
        for ((rect, kept), space) in rects.iter().zip(&cache.kept).zip(&mut cache.spaces) {
            if let Some(shown) = kept {
                let camera = &cache.camera;
                space.show(ui, *rect, gpu, shown, coloring, look, camera, cx.palette);
                // Titles name the checkpoints already.
                if let Some(seen) = space::seen(shown, coloring, look) {
                    space::labels(ui, *rect, &seen, camera, false, cx.palette);
                }
            }
        }
    } else {
        contours_ui(ui, cache, cx, rects, extent, (places, around.names));
    }
    for (badge, rect) in badges.iter().zip(rects) {
        if let Some(badge) = badge {
            chip_ui(ui, rect, badge, cx.palette);
        }
    }
    let pointed = cache.pointed(&rects, extent, ui);
    let last = rects[2];
    let painter = ui.painter().clone();
    let beside = Shown {
        around,
        beyond: past_colors,
        pointed,
    };
    let bar = &mut cache.bar;
    bar.paint(&painter, last, coloring, beside, cx.palette);
}

impl CompareView {
    /// The value under the pointer, where it is over one of the planes.
    fn pointed(&self, rects: &[Rect; 3], extent: Extent, ui: &Ui) -> Option<f64> {
        let pointer = ui.ctx().pointer_hover_pos()?;
        let index = rects.iter().position(|r| r.contains(pointer))?;
        let frame = Frame::new(rects[index], extent, self.zoom);
        let picture = self.planes[index].picture()?;
        picture.value_at(frame.coordinate(pointer)).ok()
    }
}

/// The three planes' places, with room for one axis at the left and the colour bar at the right.
fn lay_out(ui: &Ui, coloring: &Coloring, extent: Extent, zoom: Zoom) -> ([Rect; 3], Around) {
    let room = ui.available_rect_before_wrap();
    // Three planes share the width.
    let around = Around::of(Vec2::new(room.width() / 1.6, room.height() - TITLE));
    let height = (room.height() - TITLE - around.below() - 4.0).max(32.0);
    let seen = Frame::new(room, extent, zoom);
    let left = around.left(ui.painter(), seen.y, height);
    let right = around.right(ui.painter(), coloring, height);
    let width = ((room.width() - left - right - 2.0 * GAP) / 3.0).max(32.0);
    let size = camera::fit(Vec2::new(width, height), extent);
    let spare = room.width() - left - right - 3.0 * size.x - 2.0 * GAP;
    let top = room.top() + TITLE + ((height - size.y) / 2.0).max(0.0);
    let first = room.left() + left + (spare / 2.0).max(0.0);
    let rects = [0.0, 1.0, 2.0].map(|i| {
        let corner = Pos2::new(first + i * (size.x + GAP), top);
        Rect::from_min_size(corner.round(), size)
    });
    (rects, around)
}

fn contours_ui(
    ui: &mut Ui,
    cache: &mut CompareView,
    cx: &mut Context<'_>,
    rects: [Rect; 3],
    extent: Extent,
    (places, names): (&[Place; 3], bool),
) {
    let palette = cx.palette;
    let mut responses: Vec<Response> = Vec::new();
    for (rect, place) in rects.iter().zip(places) {
        let id = Id::unique(("compare", place.name));
        let response = ui.interact(*rect, id, Sense::click_and_drag());
        let frame = Frame::new(*rect, extent, cache.zoom);
        camera::navigate(ui, &response, &frame, &mut cache.zoom);
        responses.push(response);
    }
    let hovered = responses.iter().find_map(|response| {
        let pointer = response.hover_pos().filter(|_| !response.dragged())?;
        Some(Frame::new(response.rect, extent, cache.zoom).coordinate(pointer))
    });
    let painter = ui.painter().clone();
    for (index, (response, plane)) in responses.iter().zip(&mut cache.planes).enumerate() {
        let rect = rects[index];
        let frame = Frame::new(rect, extent, cache.zoom);
        let roomy = rect.width() > 180.0;
        // Titles name the checkpoints already.
        let detail = Detail {
            names: false,
            here: places[index].name == HERE,
            values: roomy,
        };
        let (patterns, look) = (&mut cache.patterns, &cx.state.look);
        plane.paint(ui, &frame, patterns, look, palette, detail);
        axes::outline(&painter, rect, palette);
        if let Some(picture) = plane.picture() {
            let name = |axis| if names { picture.axis(axis) } else { "" };
            axes::below(&painter, &frame, name(0), palette);
            if index == 0 {
                axes::beside(&painter, &frame, name(1), palette);
            }
            if roomy {
                plane.legend(ui, &frame, &mut cache.patterns, palette);
            }
            if let Some(point) = hovered.filter(|p| frame.shows(*p)) {
                let clipped = ui.painter_at(rect);
                hud::cross(&clipped, &frame, frame.at(point));
                let mut lines = vec![hud::reading(picture, point)];
                if response.hovered() {
                    lines = hud::readout(picture, &frame, point).to_vec();
                }
                hud::chip(&clipped, rect, frame.at(point), &lines, palette);
            }
        } else {
            notice(&ui.painter_at(rect), rect, "On its way…", palette);
        }
        if response.has_focus() {
            let stroke = Stroke::new(1.5, palette.accent);
            painter.rect_stroke(rect.expand(2.0), 1.0, stroke, StrokeKind::Outside);
        }
        let name = format!(
            "{}, plane of {}",
            places[index].name,
            cx.state.look.metric.in_sentence(cx.news.score())
        );
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Canvas, true, &name));
        let cursor = if response.dragged() {
            CursorIcon::Grabbing
        } else {
            CursorIcon::Crosshair
        };
        response.clone().on_hover_cursor(cursor);
    }
}
