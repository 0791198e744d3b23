//! Everything as a table: small batch, θ(α), large batch, and how many times more.

use super::Context;
use crate::app::command::Command;
use crate::app::deck::scientific;
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::engine::live::Snapshot;
use crate::landscape::distance::Distance;
use crate::landscape::evaluate::Metrics;
use crate::plot::number::format_value;
use eframe::egui::{self, Align, Layout, Rect, RichText, ScrollArea, Sense, Ui, Vec2};

/// What the view keeps between frames.
#[derive(Default)]
pub struct Cache;

/// One row of the table.
struct Row {
    name: String,
    unit: &'static str,
    /// Small batch, θ(α), large batch.
    values: [Option<f64>; 3],
    /// What it is and where it comes from.
    help: &'static str,
}

const LOSS: &str = "Mean loss over all samples of the split, nats";
const ACCURACY: &str = "Share of right answers over all samples of the split";
const PHI: &str = "φ(ε) = 100 · (max f − f) / (1 + f) while every weight may move by ε (|w| + 1); a lower bound (Keskar et al. 2017, metric 2.1)";
const MOVED: &str = "‖θ − θ₀‖₂ over the trained tensors: the distance from the initial weights";
const RELATIVE: &str = "‖θ − θ₀‖₂ / ‖θ₀‖₂";
const NORM: &str = "‖θ‖₂ over the trained tensors";
const COSINE: &str = "Cosine of the angle between θ and the initial weights θ₀";
const LAYER: &str = "‖θ − θ₀‖₂ of this module's weights and biases";

fn rows(state: &State, news: &Snapshot) -> Vec<Row> {
    let Some(facts) = news.experiment.as_deref() else {
        return Vec::new();
    };
    let alpha = state.wish.alpha;
    let here = news.point.as_ref().filter(|p| p.alpha == alpha);
    let mut rows = Vec::new();
    let mut index = 0;
    for (split, there) in [("Training", facts.splits.0), ("Validation", facts.splits.1)] {
        if !there {
            continue;
        }
        let at = |metrics: Option<&[Metrics]>| metrics.and_then(|m| m.get(index)).copied();
        let three = [
            at(Some(&facts.small)),
            at(here.map(|p| p.metrics.as_slice())),
            at(facts.large.as_deref()),
        ];
        rows.push(Row {
            name: format!("{split} loss"),
            unit: "nats",
            values: three.map(|m| m.map(|m| m.loss)),
            help: LOSS,
        });
        rows.push(Row {
            name: format!("{split} accuracy"),
            unit: "",
            values: three.map(|m| m.map(|m| m.accuracy)),
            help: ACCURACY,
        });
        index += 1;
    }
    let epsilon = state.wish.epsilon;
    let sharpness = &news.sharpness;
    let phi = |alpha: f64, curve: &Option<std::sync::Arc<_>>| {
        let read = |c: &std::sync::Arc<crate::engine::live::SharpnessCurve>| {
            (c.alpha == alpha).then(|| c.at(epsilon)).flatten()
        };
        news.confirmed(alpha, epsilon)
            .or_else(|| curve.as_ref().and_then(read))
    };
    let pair = state.wish.large.is_some();
    rows.push(Row {
        name: format!("φ at ε = {}", scientific(epsilon)),
        unit: "%",
        values: [
            phi(0.0, &sharpness.small),
            pair.then(|| phi(alpha, &sharpness.here)).flatten(),
            pair.then(|| phi(1.0, &sharpness.large)).flatten(),
        ],
        help: PHI,
    });
    distances(
        &mut rows,
        facts.small_from_initial.as_ref(),
        facts.large_from_initial.as_ref(),
    );
    rows
}

fn distances(rows: &mut Vec<Row>, small: Option<&Distance>, large: Option<&Distance>) {
    let Some(any) = small.or(large) else { return };
    let mut row = |name: &str, help: &'static str, of: &dyn Fn(&Distance) -> f64| {
        rows.push(Row {
            name: name.to_owned(),
            unit: "",
            values: [small.map(of), None, large.map(of)],
            help,
        });
    };
    row("Norm of the weights", NORM, &|d| d.norm_a);
    row("Distance from the start", MOVED, &|d| d.total);
    row("Relative distance", RELATIVE, &|d| d.relative);
    row("Cosine to the start", COSINE, &|d| d.cosine);
    for (i, layer) in any.layers.iter().enumerate() {
        let name = format!("Distance of {}", layer.name);
        row(&name, LAYER, &move |d| {
            d.layers.get(i).map_or(f64::NAN, |l| l.total)
        });
    }
}

impl Row {
    fn ratio(&self) -> Option<f64> {
        let [small, _, large] = self.values;
        small
            .zip(large)
            .map(|(s, l)| l / s)
            .filter(|r| r.is_finite())
    }
}

/// The table as tab-separated values, full precision, with a row of headings.
pub fn tsv(state: &State, news: &Snapshot) -> String {
    let mut text =
        "quantity\tunit\tsmall batch\ttheta(alpha)\tlarge batch\tlarge/small\n".to_owned();
    let cell = |v: Option<f64>| v.map_or_else(String::new, |v| v.to_string());
    for row in rows(state, news) {
        let [small, here, large] = row.values.map(cell);
        let ratio = cell(row.ratio());
        text.push_str(&format!(
            "{}\t{}\t{small}\t{here}\t{large}\t{ratio}\n",
            row.name, row.unit
        ));
    }
    text
}

/// Draws the view.
pub fn numbers_ui(ui: &mut Ui, _cache: &mut Cache, cx: &mut Context<'_>) {
    let rows = rows(cx.state, cx.news);
    if rows.is_empty() {
        super::empty_ui(ui, cx.palette, "The numbers are on their way…");
        return;
    }
    ui.horizontal(|ui| {
        let copy = ui
            .button("Copy as TSV")
            .on_hover_text("The whole table with full precision, for spreadsheets");
        if copy.clicked() {
            cx.commands.push(Command::CopyTable);
        }
    });
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        let width = ui.available_width();
        let columns = [0.30, 0.17, 0.13, 0.18, 0.22].map(|share| share * (width - 12.0));
        line_ui(ui, &columns, None, |ui, column| {
            let heads = [
                ("", cx.palette.text),
                ("small batch", cx.palette.small),
                ("θ(α)", cx.palette.here),
                ("large batch", cx.palette.large),
                ("large / small", cx.palette.text),
            ];
            let (words, color) = heads[column];
            ui.label(RichText::new(words).strong().color(color));
        });
        for (index, row) in rows.iter().enumerate() {
            let ground = index.is_multiple_of(2).then_some(cx.palette.card);
            line_ui(ui, &columns, ground, |ui, column| match column {
                0 => {
                    let unit = if row.unit.is_empty() {
                        String::new()
                    } else {
                        format!(" ({})", row.unit)
                    };
                    ui.add(egui::Label::new(format!("{}{unit}", row.name)).truncate())
                        .on_hover_text(row.help);
                }
                4 => ratio_ui(ui, row, cx.palette),
                _ => {
                    let words = row.values[column - 1].map_or_else(|| "–".to_owned(), format_value);
                    ui.label(words);
                }
            });
        }
    });
}

/// One line of the table; names stand left, numbers right.
fn line_ui(
    ui: &mut Ui,
    columns: &[f32; 5],
    ground: Option<egui::Color32>,
    mut cell: impl FnMut(&mut Ui, usize),
) {
    let height = 20.0;
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    if let Some(ground) = ground {
        ui.painter().rect_filled(rect, 3.0, ground);
    }
    let mut left = rect.left() + 6.0;
    for (column, width) in columns.iter().enumerate() {
        let place =
            Rect::from_min_size(egui::pos2(left, rect.top()), Vec2::new(width - 6.0, height));
        let layout = if column == 0 {
            Layout::left_to_right(Align::Center)
        } else {
            Layout::right_to_left(Align::Center)
        };
        let builder = egui::UiBuilder::new().max_rect(place).layout(layout);
        ui.scope_builder(builder, |ui| cell(ui, column));
        left += width;
    }
}

/// The ratio and a bar: to the right where the large batch has more, one decade the whole width.
fn ratio_ui(ui: &mut Ui, row: &Row, palette: &Palette) {
    let Some(ratio) = row.ratio() else {
        ui.label("–");
        return;
    };
    ui.label(format!("× {}", format_value(ratio)));
    let room = ui.available_rect_before_wrap();
    if ratio <= 0.0 || room.width() < 20.0 {
        return;
    }
    let middle = room.center();
    let reach = (ratio.log10().clamp(-1.0, 1.0) as f32) * 0.5 * (room.width() - 8.0);
    let color = if ratio > 1.0 {
        palette.large
    } else {
        palette.small
    };
    let bar =
        Rect::from_two_pos(middle, middle + Vec2::new(reach, 0.0)).expand2(Vec2::new(0.0, 3.0));
    ui.painter()
        .rect_filled(bar, 1.5, color.gamma_multiply(0.8));
    let line = egui::Stroke::new(1.0, palette.line);
    ui.painter()
        .vline(middle.x, room.top() + 4.0..=room.bottom() - 4.0, line);
}
