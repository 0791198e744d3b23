//! How far each layer moved: bars of the distance from the start, layer by layer.

use super::{Context, Home, Needs, View, curves, empty_ui};
use crate::app::command::{Ask, Command, Place};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, header, is_measured, nothing};
use crate::app::state::State;
use crate::app::theme::{self, Palette};
use crate::engine::header::Header;
use crate::engine::live::{ExperimentFacts, Found, Quantity, Snapshot};
use crate::error::Result;
use crate::export::artifact::Tables;
use crate::export::caption;
use crate::export::figure::FigureOptions;
use crate::export::npz::Column;
use crate::landscape::distance::LayerDistance;
use crate::landscape::noise::layers::LayerNorms;
use crate::plot::bars_figure::{BarSet, BarsFigure};
use crate::plot::number::format_value;
use eframe::egui::{
    self, Align2, Color32, FontId, Label, Rect, RichText, ScrollArea, Sense, Ui, Vec2,
};
use std::sync::Arc;

/// What the view keeps between frames.
#[derive(Default)]
pub struct LayersView {
    shows: Shows,
}

impl View for LayersView {
    fn name(&self) -> &'static str {
        "Layers"
    }

    fn home(&self) -> Home {
        Home::TopRight
    }

    fn needs(&self) -> Needs {
        Needs {
            measures: &[Quantity::Noise],
            ..Needs::default()
        }
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        layers_ui(ui, self, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_TABLES
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        let facts = news.experiment.as_deref().ok_or_else(nothing)?;
        let palette = theme::palette(false);
        let relative = self.shows == Shows::Relative;
        let bars = match self.shows {
            Shows::Rates => rates(state, news, palette),
            _ => distances(facts, relative, palette),
        };
        if bars.iter().all(|set| set.layers.is_empty()) {
            return Err(nothing());
        }
        let rates = self.shows == Shows::Rates;
        let complete = !rates || is_measured(state, news, &[Quantity::Noise]);
        let header = header("layers", state, news, complete)?;
        Ok(Content::of(tables(header, self.shows, bars)))
    }

    fn text(&self, _state: &State, news: &Snapshot) -> Option<String> {
        Some(tsv(news))
    }
}

/// Bars as a table with its picture.
fn tables(header: Header, shows: Shows, bars: Vec<Bars>) -> Tables {
    let all = || {
        bars.iter()
            .flat_map(|set| set.layers.iter().map(move |layer| (set, layer)))
    };
    let columns = vec![
        (
            "layer",
            Column::Words(all().map(|(_, l)| l.name.clone()).collect()),
        ),
        (
            "parameters",
            Column::Counts(all().map(|(_, l)| l.parameters).collect()),
        ),
        (
            "set",
            Column::Words(all().map(|(set, _)| set.name.to_owned()).collect()),
        ),
        (
            "value",
            Column::Floats(all().map(|(_, l)| l.value).collect()),
        ),
    ];
    let said = header.clone();
    let picture = move |options: &FigureOptions| {
        let set = |set: &Bars| BarSet {
            name: set.name.to_owned(),
            color: [set.color.r(), set.color.g(), set.color.b()],
            values: set.layers.iter().map(|layer| layer.value).collect(),
        };
        let found = Shows::ALL.into_iter().find(|(one, ..)| *one == shows);
        let (_, name, help) = found.unwrap_or(Shows::ALL[0]);
        let rows = bars
            .first()
            .map(|set| set.layers.iter().map(|l| l.name.clone()));
        BarsFigure {
            rows: rows.map(Iterator::collect).unwrap_or_default(),
            sets: bars.iter().map(set).collect(),
            title: options
                .title
                .clone()
                .unwrap_or_else(|| format!("{}: {name} by layer", said.model.name)),
            caption: options.small_print(caption::around(&said, vec![help.to_owned()])),
            width_mm: options.width,
        }
        .svg()
    };
    Tables::new("layers", header, Arc::new(picture)).with("layers", "", columns)
}

/// What the bars show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Shows {
    /// L2 distances.
    #[default]
    Distance,
    /// Distances over the norms of the layers they started from.
    Relative,
    /// Norms of weights over norms of gradients.
    Rates,
}

impl Shows {
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Distance, "distance", "L2 distance"),
        (Self::Relative, "relative", RELATIVE),
        (Self::Rates, "‖θ‖/‖∇f‖", RATES),
    ];
}

const HELP: &str = "‖θ − θ₀‖₂ of each module's weights and biases together, θ₀ the initial weights (Keskar et al. 2017 and Hoffer et al. 2017 look at the distance of the whole network).";
const RELATIVE: &str = "Over ‖θ₀‖₂ of the same module: layers of any size can be compared";
const RATES: &str = "‖θ‖ / ‖∇f‖ of each module: the learning rate at which one step would be as long as the weights. Where it differs much from layer to layer one rate for all is a compromise; layer-wise adaptive rates follow it (LARS; You et al. 2017, equation 6). Over the training samples";
const APART: &str = "‖θ_large − θ_small‖₂ of each module's weights and biases together. With initial weights, both distances from the start are shown instead.";

/// One set of bars, a value and its words for each layer.
struct Bars {
    name: &'static str,
    color: Color32,
    layers: Vec<Layer>,
}

struct Layer {
    name: String,
    parameters: usize,
    value: f64,
    words: String,
}

/// Distances from the start, or between both where there is no start.
fn distances(facts: &ExperimentFacts, relative: bool, palette: &Palette) -> Vec<Bars> {
    let small = facts.small_from_initial.as_ref();
    let large = facts.large_from_initial.as_ref();
    let apart = facts.apart.as_ref().filter(|_| small.is_none());
    let layer = |layer: &LayerDistance| Layer {
        name: layer.name.clone(),
        parameters: layer.parameters,
        value: if relative {
            layer.relative
        } else {
            layer.total
        },
        words: format!(
            "{} ({} of its norm)",
            format_value(layer.total),
            format_value(layer.relative)
        ),
    };
    let sets = [
        ("small batch", palette.small, small),
        ("large batch", palette.large, large),
        ("between the two", palette.here, apart),
    ];
    sets.into_iter()
        .filter_map(|(name, color, distance)| {
            Some(Bars {
                name,
                color,
                layers: distance?.layers.iter().map(layer).collect(),
            })
        })
        .collect()
}

/// Norms of weights over norms of gradients, as far as they are measured.
fn rates(state: &State, news: &Snapshot, palette: &Palette) -> Vec<Bars> {
    let pair = state.wish.large.is_some();
    let alpha = state.wish.alpha;
    let mut sets = vec![("small batch", palette.small, 0.0)];
    if pair && alpha != 0.0 && alpha != 1.0 {
        sets.push(("θ(α)", palette.here, alpha));
    }
    if pair {
        sets.push(("large batch", palette.large, 1.0));
    }
    let layer = |layer: &LayerNorms| Layer {
        name: layer.name.clone(),
        parameters: layer.parameters,
        value: layer.ratio,
        words: format!(
            "{} (‖θ‖ = {}, ‖∇f‖ = {})",
            format_value(layer.ratio),
            format_value(layer.weights),
            format_value(layer.gradient)
        ),
    };
    sets.into_iter()
        .filter_map(|(name, color, alpha)| {
            let found = news.measure(alpha, Quantity::Noise)?.found.as_ref()?;
            let Found::Noise(so_far) = found else {
                return None;
            };
            Some(Bars {
                name,
                color,
                layers: so_far.layers.iter().map(layer).collect(),
            })
        })
        .collect()
}

/// Draws the view.
fn layers_ui(ui: &mut Ui, cache: &mut LayersView, cx: &mut Context<'_>) {
    let Some(facts) = cx.news.experiment.clone() else {
        empty_ui(ui, cx.palette, "The distances are on their way…");
        return;
    };
    let relative = cache.shows == Shows::Relative;
    let bars = match cache.shows {
        Shows::Rates => rates(cx.state, cx.news, cx.palette),
        _ => distances(&facts, relative, cx.palette),
    };
    curves::header(ui, |ui| {
        for (shows, name, help) in Shows::ALL {
            ui.selectable_value(&mut cache.shows, shows, name)
                .on_hover_text(help);
        }
        let help = match cache.shows {
            Shows::Rates => RATES,
            _ if facts.small_from_initial.is_some() => HELP,
            _ => APART,
        };
        ui.label("?").on_hover_text(help);
        for set in &bars {
            let (rect, _) = ui.allocate_exact_size(Vec2::new(12.0, 9.0), Sense::hover());
            ui.painter().rect_filled(rect, 2.0, set.color);
            ui.label(RichText::new(set.name).small().color(set.color));
        }
    });
    if bars.iter().all(|set| set.layers.is_empty()) {
        nothing_ui(ui, cache, cx);
        return;
    }
    let all = bars.iter().flat_map(|set| &set.layers).map(|l| l.value);
    let most = all.filter(|v| v.is_finite()).fold(0.0, f64::max);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for index in 0..bars[0].layers.len() {
            layer_ui(ui, cx.palette, &bars, index, most);
        }
    });
}

/// Why there are no bars, and what to do.
fn nothing_ui(ui: &mut Ui, cache: &LayersView, cx: &mut Context<'_>) {
    if cache.shows == Shows::Rates {
        let wanted = cx.state.wish.measures.contains(&Quantity::Noise);
        let words = if wanted {
            "The gradients are on their way…"
        } else {
            "Check Gradient noise in the measures to have gradients taken"
        };
        empty_ui(ui, cx.palette, words);
        return;
    }
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
}

/// One layer: its name, and a bar for each set.
fn layer_ui(ui: &mut Ui, palette: &Palette, bars: &[Bars], index: usize, most: f64) {
    const BAR: f32 = 9.0;
    let height = (BAR + 2.0) * bars.len() as f32 + 8.0;
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    if index.is_multiple_of(2) {
        ui.painter().rect_filled(rect, 3.0, palette.card);
    }
    let Some(first) = bars[0].layers.get(index) else {
        return;
    };
    let name_width = (0.3 * width).min(180.0);
    let name =
        Rect::from_min_size(rect.min, Vec2::new(name_width, height)).shrink2(Vec2::new(6.0, 0.0));
    let builder = egui::UiBuilder::new()
        .max_rect(name)
        .layout(egui::Layout::left_to_right(egui::Align::Center));
    ui.scope_builder(builder, |ui| ui.add(Label::new(&first.name).truncate()));
    let mut words = format!("{}: {} parameters", first.name, first.parameters);
    let start = rect.left() + name_width;
    let room = (width - name_width - 64.0).max(10.0);
    for (i, set) in bars.iter().enumerate() {
        let Some(layer) = set.layers.get(index) else {
            continue;
        };
        let share = if most > 0.0 && layer.value.is_finite() {
            (layer.value / most) as f32
        } else {
            0.0
        };
        let top = rect.top() + 4.0 + i as f32 * (BAR + 2.0);
        let size = Vec2::new((room * share).max(1.0), BAR);
        let bar = Rect::from_min_size(egui::pos2(start, top), size);
        ui.painter().rect_filled(bar, 2.0, set.color);
        ui.painter().text(
            egui::pos2(bar.right() + 5.0, bar.center().y),
            Align2::LEFT_CENTER,
            format_value(layer.value),
            FontId::proportional(10.5),
            palette.text,
        );
        words.push_str(&format!("\n{}: {}", set.name, layer.words));
    }
    curves::named(&response, &format!("Bars of {}", first.name), &words);
    response.on_hover_text(words);
}

/// The table as tab-separated values.
fn tsv(news: &Snapshot) -> String {
    let mut text = "layer\tparameters\tset\tvalue\trelative\n".to_owned();
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
    for (name, alpha) in [("small batch", 0.0), ("large batch", 1.0)] {
        let found = news.measure(alpha, Quantity::Noise);
        let Some(Found::Noise(so_far)) = found.and_then(|m| m.found.as_ref()) else {
            continue;
        };
        for layer in &so_far.layers {
            text.push_str(&format!(
                "{}\t{}\t{name} norm of weights over norm of gradient\t{}\t\n",
                layer.name, layer.parameters, layer.ratio
            ));
        }
    }
    text
}
