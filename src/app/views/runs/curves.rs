//! The curves of runs over each other: any quantity, by epoch, step, samples or time.

use super::table::color;
use crate::app::paint::plots;
use crate::app::theme::Palette;
use crate::engine::queue::{Id, RunNews};
use crate::plot::number::format_value;
use crate::plot::scale::Scale;
use crate::train::Record;
use eframe::egui::{self, ComboBox, RichText, Ui};
use egui_plot::{AxisHints, Line, LineStyle, Plot, PlotPoint, Points, VLine};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Something that is drawn of every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quantity {
    name: &'static str,
    /// Drawn solid, and what it is.
    solid: (&'static str, &'static str),
    /// Drawn dashed.
    dashed: Option<(&'static str, &'static str)>,
    /// Whether it is read better on a logarithmic axis.
    log: bool,
}

const fn one(name: &'static str, key: &'static str, log: bool) -> Quantity {
    Quantity {
        name,
        solid: (key, ""),
        dashed: None,
        log,
    }
}

const fn two(
    name: &'static str,
    solid: (&'static str, &'static str),
    dashed: (&'static str, &'static str),
    log: bool,
) -> Quantity {
    Quantity {
        name,
        solid,
        dashed: Some(dashed),
        log,
    }
}

const QUANTITIES: [Quantity; 17] = [
    two(
        "Loss",
        ("train_loss", "training"),
        ("validation_loss", "validation"),
        true,
    ),
    two(
        "Accuracy",
        ("train_accuracy", "training"),
        ("validation_accuracy", "validation"),
        false,
    ),
    two(
        "λ_max and 2/η",
        ("lambda_max", "λ_max"),
        ("stability_edge", "2/η"),
        true,
    ),
    one("Sharpness φ (%)", "sharpness", true),
    one("Noise scale", "noise_scale", true),
    one("Trace of the Hessian", "trace", true),
    one("Distance from start", "distance", false),
    one("Epoch distance", "epoch_distance", false),
    one("Path length", "path_length", false),
    one("Update norm", "update_norm", true),
    one("Gradient norm", "gradient_norm", true),
    two(
        "Gradients summed",
        ("gradient_sum_norm", "‖Σg‖"),
        ("gradient_norm", "mean ‖g‖"),
        true,
    ),
    one("Alignment of gradients", "alignment", false),
    one("Learning rate", "learning_rate", true),
    one("Batch size", "batch_size", false),
    one("Samples a second", "samples_per_second", false),
    one("Seconds", "seconds", false),
];

const AXES: [(&str, &str); 4] = [
    ("epoch", "Epochs"),
    ("step", "Steps"),
    ("samples", "Samples"),
    ("seconds", "Seconds of training"),
];

/// More points of a curve than this look no different.
const MOST_POINTS: usize = 1500;

/// Which points a curve was made of.
type Key = (usize, usize, usize, usize, bool);

/// A run's curves, kept until its history grows.
struct Made {
    key: Key,
    curves: [Vec<PlotPoint>; 2],
}

/// What the plot keeps between frames.
pub struct Curves {
    quantity: usize,
    axis: usize,
    log: bool,
    made: BTreeMap<Id, Made>,
    reset: u64,
    again: bool,
}

impl Default for Curves {
    fn default() -> Self {
        Self {
            quantity: 0,
            axis: 0,
            log: true,
            made: BTreeMap::new(),
            reset: 0,
            again: true,
        }
    }
}

impl Curves {
    /// The choices over the plot.
    pub fn choices_ui(&mut self, ui: &mut Ui) {
        let before = (self.quantity, self.axis, self.log);
        let combo = ComboBox::from_id_salt("quantity")
            .selected_text(QUANTITIES[self.quantity].name)
            .width(150.0)
            .height(360.0);
        let combo = combo.show_ui(ui, |ui| {
            for (index, quantity) in QUANTITIES.iter().enumerate() {
                ui.selectable_value(&mut self.quantity, index, quantity.name);
            }
        });
        let help = "What is drawn. λ_max, sharpness, noise scale and trace are measured where the recipe's field “measure” names them";
        combo.response.on_hover_text(help);
        if before.0 != self.quantity {
            self.log = QUANTITIES[self.quantity].log;
        }
        let combo = ComboBox::from_id_salt("against")
            .selected_text(AXES[self.axis].1)
            .width(96.0);
        let combo = combo.show_ui(ui, |ui| {
            for (index, (_, words)) in AXES.iter().enumerate() {
                ui.selectable_value(&mut self.axis, index, *words);
            }
        });
        combo.response.on_hover_text("What it is drawn against");
        ui.checkbox(&mut self.log, "Log")
            .on_hover_text("A logarithmic vertical axis");
        self.again |= before != (self.quantity, self.axis, self.log);
    }

    /// What solid and dashed lines are.
    pub fn keys_ui(&self, ui: &mut Ui, palette: &Palette) {
        let quantity = QUANTITIES[self.quantity];
        if let Some((_, dashed)) = quantity.dashed {
            plots::key(ui, quantity.solid.1, palette.weak, false);
            plots::key(ui, dashed, palette.weak, true);
        }
    }

    /// Whether any run has a point of what is to be drawn.
    fn refresh(&mut self, runs: &[Arc<RunNews>]) -> bool {
        let quantity = QUANTITIES[self.quantity];
        let (x, log) = (AXES[self.axis].0, self.log);
        self.made
            .retain(|id, _| runs.iter().any(|run| run.id == *id));
        for run in runs {
            let place = Arc::as_ptr(&run.history) as usize;
            let key = (place, run.history.len(), self.quantity, self.axis, log);
            if self.made.get(&run.id).is_some_and(|made| made.key == key) {
                continue;
            }
            let of = |name: &str| points(&run.history, x, name, log);
            let dashed = quantity.dashed.map(|(name, _)| of(name));
            let curves = [of(quantity.solid.0), dashed.unwrap_or_default()];
            self.made.insert(run.id, Made { key, curves });
        }
        self.made
            .values()
            .any(|made| made.curves.iter().any(|curve| !curve.is_empty()))
    }

    /// Draws the curves; `chosen` is the run that is looked at, at so many epochs.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        runs: &[Arc<RunNews>],
        chosen: Option<Id>,
        epoch: Option<f64>,
        reset: u64,
        palette: &Palette,
    ) {
        if !self.refresh(runs) {
            let quantity = QUANTITIES[self.quantity];
            let words = match quantity.solid.0 {
                "lambda_max" | "sharpness" | "noise_scale" | "trace" => format!(
                    "{} isn't measured in these runs: name it under “Measure” in a recipe",
                    quantity.name
                ),
                _ => "The first record is on its way…".to_owned(),
            };
            ui.label(RichText::new(words).color(palette.weak));
            return;
        }
        let scale = if self.log { Scale::Log } else { Scale::Linear };
        let anew =
            std::mem::replace(&mut self.reset, reset) != reset || std::mem::take(&mut self.again);
        let quantity = QUANTITIES[self.quantity];
        let (across, up) = (AXES[self.axis].1, quantity.name);
        let mut plot = Plot::new("runs")
            .custom_x_axes(vec![plots::linear(AxisHints::new_x(), across)])
            .custom_y_axes(vec![plots::scaled(AxisHints::new_y(), up, scale)])
            .x_grid_spacer(|input| plots::across(Scale::Linear, &input))
            .y_grid_spacer(move |input| plots::up(scale, &input))
            .label_formatter(|_| None)
            .show_background(false)
            .grid_color(palette.line)
            .show_crosshair(false)
            .pan_pointer_button(egui::PointerButton::Secondary)
            .allow_boxed_zoom(false)
            .width(ui.available_width() - 6.0)
            .y_axis_min_width(40.0);
        if anew {
            plot = plot.reset();
        }
        let by_epochs = AXES[self.axis].0 == "epoch";
        let response = plot.show(ui, |plot| {
            for run in runs {
                let Some(made) = self.made.get(&run.id) else {
                    continue;
                };
                let ink = color(run.id);
                let faint = chosen.is_some_and(|id| id != run.id) && runs.len() > 1;
                let ink = if faint { ink.gamma_multiply(0.6) } else { ink };
                let styles = [LineStyle::Solid, LineStyle::dashed_loose()];
                for (points, style) in made.curves.iter().zip(styles) {
                    if let [only] = points.as_slice() {
                        let dot = Points::new("", vec![[only.x, only.y]]).radius(3.0);
                        plot.points(dot.color(ink).allow_hover(false));
                        continue;
                    }
                    let width = if faint { 1.3 } else { 2.0 };
                    let line = Line::new(run.name.as_str(), points.as_slice());
                    plot.line(line.color(ink).width(width).style(style).allow_hover(false));
                }
            }
            if let Some(epoch) = epoch.filter(|_| by_epochs) {
                let line = VLine::new("", epoch).color(palette.here).width(1.5);
                plot.vline(line.allow_hover(false));
            }
            (plot.pointer_coordinate(), plot.plot_bounds())
        });
        let said: Vec<String> = runs.iter().filter_map(|run| self.said(run)).collect();
        let name = format!("{} against {}", quantity.name, across.to_lowercase());
        plots::named(&response.response, &name, &said.join("; "));
        let (pointer, bounds) = response.inner;
        if let (Some(at), true) = (pointer, response.response.hovered()) {
            let value = plots::reading(scale, &bounds, scale.inverse(at.y));
            let place = format_value(at.x);
            plots::beside_pointer(
                ui,
                &format!("{} {place}\n{up} {value}", across.to_lowercase()),
            );
        }
    }

    /// The newest value of a run, for a screen reader.
    fn said(&self, run: &RunNews) -> Option<String> {
        let value = run.latest(QUANTITIES[self.quantity].solid.0)?;
        Some(format!("{} {}", run.name, format_value(value)))
    }
}

/// Points of a curve: those that have a place, not more than can be told apart.
fn points(history: &[Record], x: &str, y: &str, log: bool) -> Vec<PlotPoint> {
    let scale = if log { Scale::Log } else { Scale::Linear };
    let point = |record: &Record| {
        let y = scale.forward(record.get(y)?);
        // The start hasn't taken any time, and says so by nothing.
        let x = record.get(x).or((record.step == 0).then_some(0.0))?;
        y.is_finite().then(|| PlotPoint::new(x, y))
    };
    // Only some records have a validation loss: thinned are points, not records.
    let all: Vec<PlotPoint> = history.iter().filter_map(point).collect();
    let each = all.len().div_ceil(MOST_POINTS).max(1);
    let last = all.len().saturating_sub(1);
    let numbered = all.into_iter().enumerate();
    let kept = numbered.filter(|(i, _)| i % each == 0 || *i == last);
    kept.map(|(_, point)| point).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_history_is_thinned_and_keeps_its_end() {
        let record = |step: u64| Record {
            step,
            epoch: step as f64 / 10.0,
            train_loss: (step != 7).then_some(1.0 / (1.0 + step as f64)),
            ..Record::default()
        };
        let history: Vec<Record> = (0..10_000).map(record).collect();
        let curve = points(&history, "step", "train_loss", false);
        assert!(curve.len() <= MOST_POINTS + 1, "{}", curve.len());
        assert_eq!(curve.last().unwrap().x, 9999.0);
        let short = points(&history[..10], "epoch", "train_loss", true);
        assert_eq!(short.len(), 9, "what isn't there has no point");
        assert!((short[1].y - 0.5_f64.log10()).abs() < 1e-12);
        for quantity in QUANTITIES {
            let full = Record {
                learning_rate: Some(1.0),
                batch_size: Some(1),
                ..Record::default()
            };
            let known = serde_json::to_value(&full).unwrap();
            let names = [Some(quantity.solid), quantity.dashed];
            for (name, _) in names.into_iter().flatten() {
                let text = format!("{{\"{name}\": 3}}");
                let read: Record = serde_json::from_str(&text).unwrap();
                assert_eq!(read.get(name), Some(3.0), "{name} of {known}");
            }
        }
    }
}
