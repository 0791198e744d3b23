//! Layers beside each other: how far each moved, and any measure of the catalogue layer by layer, as bars
//! in the network's order or the largest first.

mod bars;

use super::{Context, Home, Needs, View, curves, empty_ui};
use crate::app::command::{Ask, Command, Place};
use crate::app::export::commands;
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, header, is_measured, nothing};
use crate::app::state::State;
use crate::app::theme::{self, Palette};
use crate::engine::header::Header;
use crate::engine::live::{Quantity, Snapshot};
use crate::error::Result;
use crate::export::artifact::Tables;
use crate::export::caption;
use crate::export::figure::FigureOptions;
use crate::export::npz::Column;
use crate::landscape::measures::CATALOGUE;
use crate::landscape::measures::entry::Entry;
use crate::plot::bars_figure::{BarSet, BarsFigure};
use crate::plot::number::format_value;
use bars::{Bars, distances, measured, rates, tsv};
use eframe::egui::{self, Align2, FontId, Label, Rect, RichText, ScrollArea, Sense, Ui, Vec2};
use std::sync::Arc;

/// What the view keeps between frames.
#[derive(Default)]
pub struct LayersView {
    shows: Shows,
    /// The largest first.
    ranked: bool,
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
            measures: Quantity::layers(),
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
            Shows::Rates => rates(&state.wish, news, palette),
            Shows::Measure(entry, row) => measured(&state.wish, news, palette, entry, row),
            _ => distances(facts, relative, palette),
        };
        if bars.iter().all(|set| set.layers.is_empty()) {
            return Err(nothing());
        }
        let complete = match self.shows {
            Shows::Rates => is_measured(state, news, &[Quantity::NOISE]),
            Shows::Measure(entry, _) => is_measured(state, news, &[Quantity::ByLayer(entry)]),
            Shows::Distance | Shows::Relative => true,
        };
        let header = header("layers", state, news, complete)?;
        Ok(Content::of(tables(header, self.shows, bars, self.ranked)))
    }

    fn text(&self, _state: &State, news: &Snapshot) -> Option<String> {
        Some(tsv(news))
    }

    fn command(&self, state: &State) -> Option<String> {
        // The terminal writes distances, in the network's order.
        let usual = self.shows == Shows::Distance && !self.ranked;
        usual.then(|| commands::of_view(self.name(), state, None))
    }
}

/// Bars as a table with its picture.
fn tables(header: Header, shows: Shows, bars: Vec<Bars>, ranked: bool) -> Tables {
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
        let order = order(&bars, ranked);
        let value = |set: &Bars, index: usize| set.layers.get(index).map_or(f64::NAN, |l| l.value);
        let set = |set: &Bars| BarSet {
            name: set.name.to_owned(),
            color: [set.color.r(), set.color.g(), set.color.b()],
            values: order.iter().map(|index| value(set, *index)).collect(),
        };
        let found = Shows::ALL.into_iter().find(|(one, ..)| *one == shows);
        let (_, name, help) = found.unwrap_or(Shows::ALL[0]);
        let (name, help) = match shows {
            Shows::Measure(entry, row) => {
                let row = &entry.rows[row];
                // Without the formula, whose signs a figure's font doesn't all have.
                let words = format!("{}. {}", row.definition.meaning, entry.made);
                (row.name, words.trim_end().to_owned())
            }
            _ => (name, help.to_owned()),
        };
        let name_of = |index: &usize| Some(bars.first()?.layers.get(*index)?.name.clone());
        BarsFigure {
            rows: order.iter().filter_map(name_of).collect(),
            sets: bars.iter().map(set).collect(),
            title: options
                .title
                .clone()
                .unwrap_or_else(|| format!("{}: {name} by layer", said.model.name)),
            caption: options.small_print(caption::around(&said, vec![help.clone()])),
            width_mm: options.width,
        }
        .svg()
    };
    Tables::new("layers", header, Arc::new(picture)).with("layers", "", columns)
}

/// The layers by their places in the first bars: in the network's order, or the largest first.
fn order(bars: &[Bars], ranked: bool) -> Vec<usize> {
    let first = bars.first().map_or(&[][..], |set| set.layers.as_slice());
    let mut order: Vec<usize> = (0..first.len()).collect();
    if ranked {
        let value = |index: usize| Some(first[index].value).filter(|v| !v.is_nan());
        let value = |index: usize| value(index).unwrap_or(f64::NEG_INFINITY);
        order.sort_by(|a, b| value(*b).total_cmp(&value(*a)));
    }
    order
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
    /// One of the numbers of a measure.
    Measure(&'static Entry, usize),
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

/// Offers the measures of the catalogue; the one chosen is wanted, and no other.
fn choice_ui(ui: &mut Ui, cache: &mut LayersView, cx: &mut Context<'_>) {
    let before = cache.shows;
    let shown = match cache.shows {
        Shows::Measure(entry, row) => entry.rows[row].name,
        _ => "measure…",
    };
    let combo = egui::ComboBox::from_id_salt("layer measure")
        .selected_text(shown)
        .show_ui(ui, |ui| {
            for entry in CATALOGUE.into_iter().filter(|entry| entry.in_parts()) {
                for (index, row) in entry.rows.iter().enumerate() {
                    let shows = Shows::Measure(entry, index);
                    ui.selectable_value(&mut cache.shows, shows, row.name)
                        .on_hover_text(entry.tooltip(row.definition));
                }
            }
        });
    combo.response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Measure by layer");
        info.current_text_value = Some(shown.to_owned());
        info
    });
    combo
        .response
        .on_hover_text("Any measure of the catalogue, of each layer while all other weights stay");
    if cache.shows != before {
        let wanted = &mut cx.state.wish.measures;
        wanted.retain(|quantity| !matches!(quantity, Quantity::ByLayer(_)));
        if let Shows::Measure(entry, _) = cache.shows {
            wanted.push(Quantity::ByLayer(entry));
        }
    }
}

/// Draws the view.
fn layers_ui(ui: &mut Ui, cache: &mut LayersView, cx: &mut Context<'_>) {
    let Some(facts) = cx.news.experiment.clone() else {
        empty_ui(ui, cx.palette, "The distances are on their way…");
        return;
    };
    let relative = cache.shows == Shows::Relative;
    let bars = match cache.shows {
        Shows::Rates => rates(&cx.state.wish, cx.news, cx.palette),
        Shows::Measure(entry, row) => measured(&cx.state.wish, cx.news, cx.palette, entry, row),
        _ => distances(&facts, relative, cx.palette),
    };
    curves::header(ui, |ui| {
        for (shows, name, help) in Shows::ALL {
            ui.selectable_value(&mut cache.shows, shows, name)
                .on_hover_text(help);
        }
        choice_ui(ui, cache, cx);
        ui.checkbox(&mut cache.ranked, "largest first")
            .on_hover_text("A ranking by the first bars, instead of the network's order");
        let help = match cache.shows {
            Shows::Rates => RATES.to_owned(),
            Shows::Measure(entry, row) => entry.tooltip(entry.rows[row].definition),
            _ if facts.small_from_initial.is_some() => HELP.to_owned(),
            _ => APART.to_owned(),
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
    let most = all
        .filter(|v| v.is_finite())
        .map(f64::abs)
        .fold(0.0, f64::max);
    let order = order(&bars, cache.ranked);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for index in order {
            layer_ui(ui, cx.palette, &bars, index, most);
        }
    });
}

/// Why there are no bars, and what to do.
fn nothing_ui(ui: &mut Ui, cache: &LayersView, cx: &mut Context<'_>) {
    if let Shows::Measure(entry, _) = cache.shows {
        let known = cx.news.measure(0.0, Quantity::ByLayer(entry));
        let problem = known.and_then(|measured| measured.problem.as_deref());
        let words = problem.unwrap_or("The layers are measured one after another…");
        empty_ui(ui, cx.palette, words);
        return;
    }
    if cache.shows == Shows::Rates {
        let wanted = cx.state.wish.measures.contains(&Quantity::NOISE);
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
            (layer.value.abs() / most) as f32
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
