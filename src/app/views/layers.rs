//! How far each layer moved: bars of the distance from the start, layer by layer.

use super::{Context, empty_ui};
use crate::app::command::{Ask, Command, Place};
use crate::engine::live::{ExperimentFacts, Snapshot};
use crate::landscape::distance::{Distance, LayerDistance};
use crate::plot::number::format_value;
use eframe::egui::{
    self, Align2, Color32, FontId, Label, Rect, RichText, ScrollArea, Sense, Ui, Vec2,
};

/// What the view keeps between frames.
#[derive(Default)]
pub struct Cache {
    /// Whether bars show distances over the norms of the layers they started from.
    relative: bool,
}

const HELP: &str = "‖θ − θ₀‖₂ of each module's weights and biases together, θ₀ the initial weights (Keskar et al. 2017 and Hoffer et al. 2017 look at the distance of the whole network).";
const RELATIVE: &str = "Over ‖θ₀‖₂ of the same module: layers of any size can be compared";
const APART: &str = "‖θ_large − θ_small‖₂ of each module's weights and biases together. With initial weights, both distances from the start are shown instead.";

/// One set of bars.
struct Bars<'a> {
    name: &'static str,
    color: Color32,
    distance: &'a Distance,
}

fn bars<'a>(facts: &'a ExperimentFacts, cx: &Context<'_>) -> Vec<Bars<'a>> {
    let palette = cx.palette;
    let small = facts.small_from_initial.as_ref();
    let large = facts.large_from_initial.as_ref();
    let apart = facts.apart.as_ref().filter(|_| small.is_none());
    [
        ("small batch", palette.small, small),
        ("large batch", palette.large, large),
        ("between the two", palette.here, apart),
    ]
    .into_iter()
    .filter_map(|(name, color, distance)| {
        Some(Bars {
            name,
            color,
            distance: distance?,
        })
    })
    .collect()
}

/// Draws the view.
pub fn layers_ui(ui: &mut Ui, cache: &mut Cache, cx: &mut Context<'_>) {
    let Some(facts) = cx.news.experiment.clone() else {
        empty_ui(ui, cx.palette, "The distances are on their way…");
        return;
    };
    let bars = bars(&facts, cx);
    if bars.is_empty() {
        ui.vertical_centered(|ui| {
            ui.add_space((0.4 * ui.available_height()).max(0.0));
            ui.label(
                RichText::new("Distances need the initial weights or a second checkpoint")
                    .color(cx.palette.weak),
            );
            if ui.button("Open initial weights…").clicked() {
                let ask = Ask::Checkpoint(Place::Initial);
                cx.commands.push(Command::Ask(ask));
            }
        });
        return;
    }
    ui.horizontal(|ui| {
        for set in &bars {
            let (rect, _) = ui.allocate_exact_size(Vec2::new(12.0, 9.0), Sense::hover());
            ui.painter().rect_filled(rect, 2.0, set.color);
            ui.label(RichText::new(set.name).small().color(set.color));
        }
        ui.checkbox(&mut cache.relative, "relative")
            .on_hover_text(RELATIVE);
        let help = if facts.small_from_initial.is_some() {
            HELP
        } else {
            APART
        };
        ui.label("?").on_hover_text(help);
    });
    let value = |layer: &LayerDistance| {
        if cache.relative {
            layer.relative
        } else {
            layer.total
        }
    };
    let all = bars.iter().flat_map(|set| &set.distance.layers);
    let most = all.map(value).filter(|v| v.is_finite()).fold(0.0, f64::max);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for index in 0..bars[0].distance.layers.len() {
            layer_ui(ui, cx, &bars, index, |layer| (value(layer), most));
        }
    });
}

/// One layer: its name, and a bar for each set.
fn layer_ui(
    ui: &mut Ui,
    cx: &Context<'_>,
    bars: &[Bars<'_>],
    index: usize,
    scaled: impl Fn(&LayerDistance) -> (f64, f64),
) {
    const BAR: f32 = 9.0;
    let height = (BAR + 2.0) * bars.len() as f32 + 8.0;
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    if index.is_multiple_of(2) {
        ui.painter().rect_filled(rect, 3.0, cx.palette.card);
    }
    let Some(layer) = bars[0].distance.layers.get(index) else {
        return;
    };
    let name_width = (0.3 * width).min(180.0);
    let name =
        Rect::from_min_size(rect.min, Vec2::new(name_width, height)).shrink2(Vec2::new(6.0, 0.0));
    let builder = egui::UiBuilder::new()
        .max_rect(name)
        .layout(egui::Layout::left_to_right(egui::Align::Center));
    ui.scope_builder(builder, |ui| ui.add(Label::new(&layer.name).truncate()));
    let mut words = format!("{}: {} parameters", layer.name, layer.parameters);
    let start = rect.left() + name_width;
    let room = (width - name_width - 64.0).max(10.0);
    for (i, set) in bars.iter().enumerate() {
        let Some(layer) = set.distance.layers.get(index) else {
            continue;
        };
        let (value, most) = scaled(layer);
        let share = if most > 0.0 && value.is_finite() {
            (value / most) as f32
        } else {
            0.0
        };
        let top = rect.top() + 4.0 + i as f32 * (BAR + 2.0);
        let bar = Rect::from_min_size(
            egui::pos2(start, top),
            Vec2::new((room * share).max(1.0), BAR),
        );
        ui.painter().rect_filled(bar, 2.0, set.color);
        ui.painter().text(
            egui::pos2(bar.right() + 5.0, bar.center().y),
            Align2::LEFT_CENTER,
            format_value(value),
            FontId::proportional(10.5),
            cx.palette.text,
        );
        words.push_str(&format!(
            "\n{}: {} ({} of its norm)",
            set.name,
            format_value(layer.total),
            format_value(layer.relative)
        ));
    }
    super::curves::named(&response, &format!("Distance of {}", layer.name), &words);
    response.on_hover_text(words);
}

/// The table as tab-separated values.
pub fn tsv(news: &Snapshot) -> String {
    let mut text = "layer\tparameters\tset\tdistance\trelative\n".to_owned();
    let Some(facts) = news.experiment.as_deref() else {
        return text;
    };
    for (name, distance) in [
        ("small batch from the start", &facts.small_from_initial),
        ("large batch from the start", &facts.large_from_initial),
        ("large batch from small batch", &facts.apart),
    ] {
        for layer in distance.iter().flat_map(|d| &d.layers) {
            text.push_str(&format!(
                "{}\t{}\t{name}\t{}\t{}\n",
                layer.name, layer.parameters, layer.total, layer.relative
            ));
        }
    }
    text
}
