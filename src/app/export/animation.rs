//! What the window asks of an animation of α.

use crate::app::state::Look;
use crate::app::theme::Palette;
use crate::engine::job::AxisChoice;
use crate::engine::live::Wish;
use crate::error::{Error, Result};
use crate::export::animation::{self, View};
use crate::landscape::grid::Axis;
use crate::plot::camera::Camera;
use eframe::egui::{self, DragValue, RichText};
use std::path::PathBuf;
use std::time::Duration;

/// How many frames, how long, how large, how fine.
#[derive(Debug, Clone)]
pub struct Frames {
    count: usize,
    seconds: f64,
    width: u32,
    grid: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            count: 31,
            seconds: 4.0,
            width: 640,
            grid: 21,
        }
    }
}

/// An animation to be written.
pub struct Animation {
    /// Checkpoints and plane.
    pub wish: Wish,
    /// Colours.
    pub look: Look,
    /// The eye, for surfaces in space.
    pub in_space: Option<Camera>,
    /// Frames.
    pub frames: Frames,
    /// Where it goes.
    pub path: PathBuf,
}

/// Writes it; `told` is given frames done, in all and the time left, and says whether to go on.
///
/// # Errors
/// As computing surfaces and writing files; where it was stopped.
pub fn write(
    asked: &Animation,
    mut told: impl FnMut(usize, usize, Option<Duration>) -> bool,
) -> Result<()> {
    let mut job = asked.wish.surface_job(0.0);
    let reach = match job.x {
        Some(AxisChoice::Given(axis)) => axis,
        _ => Axis {
            from: -1.0,
            to: 1.0,
            points: 1,
        },
    };
    let points = asked.frames.grid;
    job.x = Some(AxisChoice::Given(Axis { points, ..reach }));
    job.y = None;
    let line = asked.wish.line;
    let view = match asked.in_space {
        Some(camera) => View::Space(camera, asked.look.exaggeration),
        None => View::Contour,
    };
    let animation = animation::Animation {
        job,
        alpha: Axis {
            points: asked.frames.count,
            ..line
        },
        seconds: asked.frames.seconds,
        width: asked.frames.width,
        options: super::figures::options(&asked.look),
        view,
    };
    if animation::write(&asked.path, &animation, &mut told)? {
        Ok(())
    } else {
        Err(Error::Usage("stopped; nothing was written".into()))
    }
}

impl Frames {
    /// Draws the fields, one a row of a grid of two columns.
    pub fn ui(&mut self, ui: &mut egui::Ui, palette: &Palette) {
        let row = |ui: &mut egui::Ui, name: &str, help: &str, field: DragValue<'_>, unit: &str| {
            ui.label(name).on_hover_text(help);
            ui.horizontal(|ui| {
                let response = ui.add(field);
                response
                    .widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, name));
                response.on_hover_text(help);
                ui.label(RichText::new(unit).color(palette.weak));
            });
            ui.end_row();
        };
        row(
            ui,
            "Frames",
            "Places of α from the left to the right end of the line",
            DragValue::new(&mut self.count).range(2..=241),
            "from α = −1 to 2",
        );
        row(
            ui,
            "Duration",
            "How long one round takes",
            DragValue::new(&mut self.seconds)
                .range(0.5..=60.0)
                .speed(0.1),
            "s",
        );
        row(
            ui,
            "Size",
            "Pixels across",
            DragValue::new(&mut self.width).range(160..=1920),
            "pixels wide",
        );
        row(
            ui,
            "Grid",
            "Points along each axis of every frame; each frame is computed",
            DragValue::new(&mut self.grid).range(2..=101),
            "points along each axis",
        );
    }
}
