//! What the window asks of an animation of α: the same as `losscope animate`, with the same defaults.

use super::queue::stopped;
use crate::app::theme::Palette;
use crate::engine::job::{AnimationJob, AxisChoice, GRID, PIXELS, Run, bounds};
use crate::engine::live::Wish;
use crate::error::Result;
use crate::export::animation::{self, View};
use crate::export::artifact::Eye;
use crate::export::figure::FigureOptions;
use crate::landscape::grid::Axis;
use crate::plot::number::grouped;
use eframe::egui::{self, DragValue, RichText};
use std::path::PathBuf;
use std::time::Duration;

/// α can run over this in the dialog.
const ALPHAS: std::ops::RangeInclusive<f64> = -10.0..=10.0;
/// Points along an axis of a frame.
const POINTS: std::ops::RangeInclusive<usize> = 2..=401;

/// Which α, how long, how large, how fine.
#[derive(Debug, Clone)]
pub struct Frames {
    /// What the command line asks for too.
    pub run: Run,
    /// Points along each axis of a frame.
    pub grid: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self {
            run: Run::default(),
            grid: GRID,
        }
    }
}

/// An animation to be written.
pub struct Animation {
    /// Checkpoints and plane.
    pub wish: Wish,
    /// The eye, for surfaces in space.
    pub in_space: Option<Eye>,
    /// Frames.
    pub frames: Frames,
    /// How a frame's figure looks.
    pub options: FigureOptions,
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
    let view = match asked.in_space {
        Some(eye) => View::Space(eye),
        None => View::Contour,
    };
    let animation = animation::Animation {
        job: AnimationJob {
            surface: job,
            run: asked.frames.run.clone(),
        },
        options: asked.options.clone(),
        view,
    };
    if animation::write(&asked.path, &animation, &mut told)? {
        Ok(())
    } else {
        Err(stopped())
    }
}

impl Frames {
    /// Draws the fields, one a row of a grid of two columns.
    pub fn ui(&mut self, ui: &mut egui::Ui, palette: &Palette) {
        let weak = |ui: &mut egui::Ui, words: String| {
            ui.label(RichText::new(words).color(palette.weak));
        };
        let field = |ui: &mut egui::Ui, name: &str, help: &str, value: DragValue<'_>| {
            let response = ui.add(value);
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, name));
            response.on_hover_text(help);
        };
        let frames = &mut self.run.frames;
        let help = "Where on the line between both minimizers the first and the last frame stand: 0 is the small batch, 1 the large batch";
        ui.label("α").on_hover_text(help);
        ui.horizontal(|ui| {
            weak(ui, "from".into());
            let from = DragValue::new(&mut frames.from).range(ALPHAS);
            field(ui, "First α", help, from.speed(0.01).max_decimals(3));
            weak(ui, "to".into());
            let to = DragValue::new(&mut frames.to).range(ALPHAS);
            field(ui, "Last α", help, to.speed(0.01).max_decimals(3));
        });
        ui.end_row();
        let help = "Places of α from the first to the last, at equal distances";
        ui.label("Frames").on_hover_text(help);
        ui.horizontal(|ui| {
            let count = DragValue::new(&mut frames.points).range(2..=bounds::FRAMES.most());
            field(ui, "Frames", help, count);
            let points = frames.points * self.grid * self.grid;
            weak(ui, format!("{} points to compute", grouped(points)));
        });
        ui.end_row();
        let help = "How long one round takes; the animation starts over at its end";
        ui.label("Duration").on_hover_text(help);
        let seconds = DragValue::new(&mut self.run.seconds).range(bounds::SECONDS.range());
        field(ui, "Duration, s", help, seconds.speed(0.1).suffix(" s"));
        ui.end_row();
        let help = "Points along each axis of every frame; each frame is computed";
        ui.label("Grid").on_hover_text(help);
        ui.horizontal(|ui| {
            let grid = DragValue::new(&mut self.grid).range(POINTS);
            field(ui, "Grid points of a frame", help, grid);
            weak(ui, format!("× {} points a frame", self.grid));
        });
        ui.end_row();
        let help = "Pixels across";
        ui.label("Width").on_hover_text(help);
        let pixels = DragValue::new(&mut self.run.pixels).range(PIXELS);
        field(ui, "Pixels across", help, pixels.suffix(" pixels"));
        ui.end_row();
    }
}
