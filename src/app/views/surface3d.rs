//! The surface around θ(α) in space: orbit, zoom, lit, iso-lines on it.

use super::plane::Colorist;
use super::plane::axes::{Around, Bar, Shown};
use super::plane::header::{self, Asked};
use super::space::{self, Space};
use super::{Context, Home, View, empty_ui};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, eye, is_full, nothing};
use crate::app::state::{Look, State};
use crate::app::theme;
use crate::engine::live::{LiveSurface, Snapshot};
use crate::error::Result;
use crate::export::artifact::{Eye, InSpace};
use crate::plot::camera::Camera;
use crate::plot::number::fixed;
use eframe::egui::{self, Rect, Sense, Slider, Ui};
use std::sync::Arc;

/// What the view keeps between frames.
#[derive(Default)]
pub struct SurfaceView {
    /// Where the eye stands.
    camera: Camera,
    space: Space,
    colorist: Colorist,
    bar: Bar,
    kept: Option<Arc<LiveSurface>>,
    reset: u64,
}

const HELP: &str = "Drag to orbit, right drag or Shift to pan, wheel to come nearer, double click to go back. Arrow keys, + and − where it has the focus";

impl View for SurfaceView {
    fn name(&self) -> &'static str {
        "Surface"
    }

    fn key(&self) -> &'static str {
        "Surface3d"
    }

    fn home(&self) -> Home {
        Home::TopRight
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        surface_ui(ui, self, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_SURFACES
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        let here = news.surface_near(state.wish.centre()).ok_or_else(nothing)?;
        Ok(Content::of(InSpace {
            outcome: here.outcome.clone(),
            eye: eye(&state.look, self.camera),
        }))
    }

    fn is_complete(&self, state: &State, news: &Snapshot) -> bool {
        is_full(news, state.wish.centre())
    }

    fn see_from(&mut self, camera: Camera) {
        self.camera = camera;
    }

    fn eye(&self, look: &Look) -> Option<Eye> {
        Some(eye(look, self.camera))
    }
}

fn surface_ui(ui: &mut Ui, cache: &mut SurfaceView, cx: &mut Context<'_>) {
    if cache.reset != cx.reset {
        cache.reset = cx.reset;
        cache.camera = Camera::default();
    }
    let alpha = cx.state.wish.centre();
    if let Some(fresh) = cx.news.surface_near(alpha) {
        cache.kept = Some(Arc::clone(fresh));
    } else if cx.news.failure.is_some() {
        cache.kept = None;
    }
    let (Some(shown), Some(gpu)) = (cache.kept.clone(), cx.gpu) else {
        let words = match (&cx.news.failure, cx.gpu) {
            (Some(failure), _) => failure.message.as_str(),
            (None, None) => "This window has no graphics device to draw surfaces in space with",
            (None, Some(_)) => "The first picture is on its way…",
        };
        empty_ui(ui, cx.palette, words);
        return;
    };
    let coloring = cache.colorist.of(&[&shown], &cx.state.look);
    let asked = Asked {
        alpha,
        follows: cx.state.wish.follows_alpha(),
        current: cx.news.surfaces.iter().any(|s| s.version == shown.version),
        stopped: cx.news.activity.stopped,
    };
    let badge = header::badge(&shown, &asked);
    header::header_ui(ui, cx.palette, Some(&badge), |ui| {
        let look = &mut cx.state.look;
        ui.label("Height")
            .on_hover_text("Height of the surface in widths of the plane");
        let height = ui.scope(|ui| {
            theme::slider_colours(ui, cx.palette);
            ui.spacing_mut().slider_width = 90.0;
            ui.add(Slider::new(&mut look.exaggeration, 0.1..=1.5).show_value(false))
        });
        let height = height.inner;
        let height = height.on_hover_text("Height of the surface in widths of the plane");
        let words = format!(
            "Height, {} widths of the plane",
            fixed(f64::from(look.exaggeration), 2)
        );
        height.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Slider, true, &words));
        ui.checkbox(&mut look.lines_on_surface, "Iso-lines")
            .on_hover_text("Lines of equal value on the surface");
        ui.label("?").on_hover_text(HELP);
    });
    let coloring = match coloring {
        Ok(coloring) => coloring,
        Err(words) => {
            empty_ui(ui, cx.palette, &words);
            return;
        }
    };
    let room = ui.available_rect_before_wrap();
    let around = Around::of(room.size());
    let right = around.right(ui.painter(), &coloring, room.height());
    let rect = Rect::from_min_max(room.min, room.max - egui::vec2(right, 0.0));
    let response = ui.interact(rect, ui.scope_id().with("space"), Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Surface in space"));
    if response.clicked() {
        response.request_focus();
    }
    space::navigate(ui, &response, &mut cache.camera);
    if rect.is_positive() {
        let (camera, look) = (cache.camera, &cx.state.look.clone());
        cache
            .space
            .show(ui, rect, gpu, &shown, &coloring, look, &camera, cx.palette);
        if let Some(seen) = space::seen(&shown, &coloring, look) {
            space::labels(ui, rect, &seen, &camera, true, cx.palette);
            let point = space::pointed(&response, &seen, &camera);
            let before = cx.state.pointed;
            let elsewhere = cx.state.point("Surface", point);
            if cx.state.pointed != before {
                ui.ctx().request_repaint();
            }
            if let Some(at) = point.or(elsewhere) {
                space::mark(ui, rect, &seen, &camera, at, cx.palette.here);
            }
        }
    }
    let bar = Rect::from_min_max(
        rect.min + egui::vec2(0.0, 6.0),
        rect.max - egui::vec2(0.0, 10.0),
    );
    if around.bar {
        let painter = ui.painter().clone();
        let beside = Shown {
            around,
            beyond: false,
            pointed: None,
        };
        cache
            .bar
            .paint(&painter, bar, &coloring, beside, cx.palette);
    }
}
