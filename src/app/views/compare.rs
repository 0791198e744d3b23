//! The comparison: the surfaces around the small-batch minimizer, θ(α), the large-batch minimizer and any
//! further ones side by side, as the literature draws them.
//!
//! One colour scale, one zoom and one cross-hair for all: only then can flat be told from sharp.

mod places;
mod which;

use super::plane::axes::{self, Shown};
use super::plane::camera::{self, Extent, Frame, Zoom};
use super::plane::header::{self, Asked, Trust};
use super::plane::{Coloring, Colorist, Detail, Patterns, Plane, beyond, hud, notice};
use super::space::{self, Space};
use super::{Context, Home, Needs, View, empty_ui};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, eye, header as header_of, is_full};
use crate::app::paint::panel::{HERE, Place, chip_ui, title_ui};
use crate::app::state::{Look, State};
use crate::app::theme::palette;
use crate::engine::live::{Compared, LiveSurface, Quality, Snapshot};
use crate::error::{Error, Result};
use crate::export::artifact::{Eye, SideBySide};
use crate::plot::camera::Camera;
use crate::plot::number;
use eframe::egui::{self, CursorIcon, Id, Rect, Response, Sense, Stroke, StrokeKind, Ui};
use places::{Rows, find, places, unreadable};
use std::sync::Arc;
use which::which_ui;

/// Room for the choice of how they are drawn.
const MODES: f32 = 185.0;
/// Room for the choice of what is compared.
const WHICH: f32 = 95.0;

/// How they are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    /// As colours and iso-lines.
    #[default]
    Contour,
    /// As surfaces in space.
    Surface,
}

const NONE_CHOSEN: &str = "Nothing is chosen to be compared";

/// What the view keeps between frames.
#[derive(Default)]
pub struct CompareView {
    /// How they are drawn.
    mode: Mode,
    /// One eye for all.
    camera: Camera,
    panels: Vec<Kept>,
    colorist: Colorist,
    patterns: Patterns,
    bar: axes::Bar,
    zoom: Zoom,
    reset: u64,
}

/// What is kept of one of the points that are compared.
struct Kept {
    what: Compared,
    space: Space,
    plane: Plane,
    surface: Option<Arc<LiveSurface>>,
}

impl Kept {
    fn of(what: Compared) -> Self {
        Self {
            what,
            space: Space::default(),
            plane: Plane::default(),
            surface: None,
        }
    }
}

/// How good what is drawn of one of them is.
type Badge = Option<(String, Trust)>;

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
        if !state.wish.comparable().is_empty() && state.wish.compared().is_empty() {
            return Some(NONE_CHOSEN);
        }
        forms::along_alpha(state).filter(|_| state.wish.compared().len() < 2)
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        if let Some(reason) = self.why_not(state) {
            return Err(Error::Usage(reason.into()));
        }
        let here = state.wish.alpha;
        let (mut panels, mut files) = (Vec::new(), Vec::new());
        let places = places(state, news, palette(false));
        // Why one can't be had comes before what the others lack.
        if let Some(why) = places.iter().find_map(|(what, _)| unreadable(news, what)) {
            return Err(Error::Usage(why.to_owned()));
        }
        for (what, place) in places {
            let exact = |s: &&Arc<LiveSurface>| s.alpha == place.alpha;
            let found = find(news, &what, place.alpha, here).filter(exact);
            let surface = found.ok_or_else(|| {
                Error::Usage("the surfaces of the comparison aren't all computed yet".into())
            })?;
            let outcome = surface.outcome.clone();
            if matches!(what, Compared::Other(_)) {
                files.extend(outcome.header.checkpoints.iter().cloned());
            }
            panels.push(match what {
                Compared::Other(_) => (place.name, f64::NAN, outcome),
                _ => {
                    let name = match place.name.as_str() {
                        HERE => HERE.to_owned(),
                        name => name.to_lowercase(),
                    };
                    let alpha = number::format_value(place.alpha);
                    (format!("{name}, α = {alpha}"), place.alpha, outcome)
                }
            });
        }
        let eye = self.eye(&state.look);
        let mut header = header_of("compare", state, news, true)?;
        header.checkpoints.extend(files);
        Ok(Content::of(SideBySide::new(header, panels, eye)?))
    }

    fn is_complete(&self, state: &State, news: &Snapshot) -> bool {
        let here = state.wish.alpha;
        let full = |what: &Compared| match what {
            Compared::Small => is_full(news, 0.0),
            Compared::Here => is_full(news, here),
            Compared::Large => is_full(news, 1.0),
            Compared::Other(path) => news
                .surface_around(path)
                .is_some_and(|surface| surface.quality == Quality::Full),
        };
        state.wish.compared().iter().all(full)
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
    if let Some(words) = nothing_to_compare(cx.state) {
        empty_ui(ui, cx.palette, words);
        return;
    }
    let places = places(cx.state, cx.news, cx.palette);
    cache.keep(&places, cx);
    let surfaces = cache
        .panels
        .iter()
        .filter_map(|kept| kept.surface.as_deref());
    let there: Vec<&LiveSurface> = surfaces.collect();
    if there.is_empty() && !places.is_empty() {
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
    let all_done = badges.first().and_then(Option::as_ref).filter(|first| {
        let same = |b: &Option<_>| b.as_ref() == Some(*first);
        first.1 == Trust::Done && badges.iter().all(same)
    });
    header::header_ui(ui, cx.palette, all_done, |ui| {
        let modes = if cx.gpu.is_some() { MODES } else { 0.0 };
        let wish = &cx.state.wish;
        let all_shown = wish.compared().len() == wish.comparable().len();
        let choice = if wish.others.is_empty() && all_shown {
            0.0
        } else {
            WHICH
        };
        header::chooser_ui(
            ui,
            &mut cx.state.look,
            coloring.as_ref().ok(),
            cx.news.score(),
            modes + choice,
        );
        which_ui(ui, cx.state, cx.palette);
        if cx.gpu.is_some() {
            ui.add_space(4.0);
            ui.selectable_value(&mut cache.mode, Mode::Contour, "As contours");
            ui.selectable_value(&mut cache.mode, Mode::Surface, "In space");
        }
    });
    if places.is_empty() {
        empty_ui(ui, cx.palette, NONE_CHOSEN);
        return;
    }
    let coloring = match coloring {
        Ok(coloring) => coloring,
        Err(words) => {
            empty_ui(ui, cx.palette, &words);
            return;
        }
    };
    for kept in &mut cache.panels {
        if let Some(surface) = &kept.surface
            && let Err(words) = kept.plane.show(surface, &coloring)
        {
            empty_ui(ui, cx.palette, &words);
            return;
        }
    }
    planes_ui(ui, cache, cx, &coloring, &places, &badges);
}

/// Why there is nothing to compare, whatever was computed.
fn nothing_to_compare(state: &State) -> Option<&'static str> {
    let wish = &state.wish;
    if wish.comparable().len() > 1 {
        None
    } else if wish.large.is_some() {
        Some(
            "The plane goes through a training run or three minimizers and is the same for every α: there is nothing to compare",
        )
    } else {
        Some("Comparing takes two minimizers: open a second checkpoint as the large batch")
    }
}

/// How good what is shown of each is.
fn badges(cache: &CompareView, cx: &Context<'_>, places: &[(Compared, Place)]) -> Vec<Badge> {
    let badge = |(kept, (what, place)): (&Kept, &(Compared, Place))| {
        let shown = kept.surface.as_ref()?;
        let asked = Asked {
            alpha: place.alpha,
            follows: true,
            current: match what {
                Compared::Other(path) => cx.news.surface_around(path).is_some(),
                _ => cx.news.surfaces.iter().any(|s| s.alpha == shown.alpha),
            },
            stopped: cx.news.activity.stopped,
        };
        Some(header::badge(shown, &asked))
    };
    cache.panels.iter().zip(places).map(badge).collect()
}

fn planes_ui(
    ui: &mut Ui,
    cache: &mut CompareView,
    cx: &mut Context<'_>,
    coloring: &Coloring,
    places: &[(Compared, Place)],
    badges: &[Badge],
) {
    let pictures = || cache.panels.iter().filter_map(|kept| kept.plane.picture());
    let Some(extent) = pictures().map(|p| p.extent).reduce(Extent::union) else {
        return;
    };
    let past_colors = pictures().any(beyond);
    let rows = Rows::of(ui, places.len(), coloring, extent, cache.zoom);
    for ((_, place), rect) in places.iter().zip(&rows.rects) {
        let shown = (cx.state.look.metric, cx.news.score());
        title_ui(ui, *rect, place, shown, cx.palette);
    }
    if let (Mode::Surface, Some(gpu)) = (cache.mode, cx.gpu) {
        let look = &cx.state.look;
        for (index, rect) in rows.rects.iter().enumerate() {
            let id = ui.scope_id().with(("space", index));
            let response = ui.interact(*rect, id, Sense::click_and_drag());
            let name = format!("{} in space", places[index].1.name);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, &name));
            space::navigate(ui, &response, &mut cache.camera);
        }
        for (rect, kept) in rows.rects.iter().zip(&mut cache.panels) {
            if let Some(shown) = &kept.surface {
                let camera = &cache.camera;
                let space = &mut kept.space;
                space.show(ui, *rect, gpu, shown, coloring, look, camera, cx.palette);
                // Titles name the checkpoints already.
                if let Some(seen) = space::seen(shown, coloring, look) {
                    space::labels(ui, *rect, &seen, camera, false, cx.palette);
                }
            }
        }
    } else {
        contours_ui(ui, cache, cx, &rows, extent, places);
    }
    for (badge, rect) in badges.iter().zip(&rows.rects) {
        if let Some(badge) = badge {
            chip_ui(ui, *rect, badge, cx.palette);
        }
    }
    let pointed = cache.pointed(&rows.rects, extent, ui);
    let painter = ui.painter().clone();
    let last = rows.last_column();
    let beside = Shown {
        around: rows.around,
        beyond: past_colors,
        pointed,
    };
    let bar = &mut cache.bar;
    bar.paint(&painter, last, coloring, beside, cx.palette);
}

impl CompareView {
    /// Keeps of every place the newest surface there is, and forgets what is no longer compared.
    fn keep(&mut self, places: &[(Compared, Place)], cx: &Context<'_>) {
        let mut old = std::mem::take(&mut self.panels);
        for (what, place) in places {
            let known = old.iter().position(|kept| kept.what == *what);
            let mut kept = match known {
                Some(index) => old.swap_remove(index),
                None => Kept::of(what.clone()),
            };
            match find(cx.news, what, place.alpha, cx.state.wish.alpha) {
                Some(fresh) => kept.surface = Some(Arc::clone(fresh)),
                None if cx.news.failure.is_some() || unreadable(cx.news, what).is_some() => {
                    kept = Kept::of(what.clone());
                }
                None => {}
            }
            self.panels.push(kept);
        }
    }

    /// The value under the pointer, where it is over one of the planes.
    fn pointed(&self, rects: &[Rect], extent: Extent, ui: &Ui) -> Option<f64> {
        let pointer = ui.ctx().pointer_hover_pos()?;
        let index = rects.iter().position(|r| r.contains(pointer))?;
        let frame = Frame::new(rects[index], extent, self.zoom);
        let picture = self.panels.get(index)?.plane.picture()?;
        picture.value_at(frame.coordinate(pointer)).ok()
    }
}

fn contours_ui(
    ui: &mut Ui,
    cache: &mut CompareView,
    cx: &mut Context<'_>,
    rows: &Rows,
    extent: Extent,
    places: &[(Compared, Place)],
) {
    let palette = cx.palette;
    let names = rows.around.names;
    let mut responses: Vec<Response> = Vec::new();
    for (rect, (_, place)) in rows.rects.iter().zip(places) {
        let id = Id::unique(("compare", &place.name));
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
    for (index, (response, kept)) in responses.iter().zip(&mut cache.panels).enumerate() {
        let (rect, place, plane) = (rows.rects[index], &places[index].1, &mut kept.plane);
        let frame = Frame::new(rect, extent, cache.zoom);
        let roomy = rect.width() > 180.0;
        // Titles name the checkpoints already.
        let detail = Detail {
            names: false,
            here: place.name == HERE,
            values: roomy,
        };
        let (patterns, look) = (&mut cache.patterns, &cx.state.look);
        plane.paint(ui, &frame, patterns, look, palette, detail);
        axes::outline(&painter, rect, palette);
        if let Some(picture) = plane.picture() {
            let name = |axis| if names { picture.axis(axis) } else { "" };
            axes::below(&painter, &frame, name(0), palette);
            if index.is_multiple_of(rows.columns) {
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
            let failed = unreadable(cx.news, &kept.what).is_some();
            let words = if failed {
                "Can't be opened"
            } else {
                "On its way…"
            };
            notice(&ui.painter_at(rect), rect, words, palette);
        }
        if response.has_focus() {
            let stroke = Stroke::new(1.5, palette.accent);
            painter.rect_stroke(rect.expand(2.0), 1.0, stroke, StrokeKind::Outside);
        }
        let name = format!(
            "{}, plane of {}",
            place.name,
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
