//! The runs: started, watched, compared, and their checkpoints handed to the other views.
//!
//! Training itself is the queue's ([`crate::engine::queue`]); here is drawn what it has told.

mod chosen;
mod columns;
mod curves;
mod form;
mod gallery;
mod table;

use super::{Context, Home, View};
use crate::app::command::{Ask, Command};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::{Content, nothing};
use crate::app::paint::plots;
use crate::app::state::State;
use crate::app::training::{self, Order};
use crate::engine::live::Snapshot;
use crate::engine::queue::RunNews;
use crate::error::Result;
use crate::export::csv::field;
use eframe::egui::{self, RichText, Ui, Vec2};
use std::sync::Arc;

/// What the view keeps between frames.
#[derive(Default)]
pub struct RunsView {
    form: form::Form,
    gallery: gallery::Gallery,
    table: table::Table,
    curves: curves::Curves,
}

const HELP: &str = "Curves of all runs over each other, colours as in the table. Wheel to zoom, right drag to pan, double click to see everything.";
/// A view wider than this has its curves beside the table.
const BESIDE: f32 = 760.0;
/// Room for what is said of the run that is looked at.
const CHOSEN: f32 = 76.0;

impl View for RunsView {
    fn name(&self) -> &'static str {
        "Runs"
    }

    fn home(&self) -> Home {
        Home::TopRight
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        self.form_ui(ui, cx);
        self.gallery_ui(ui, cx);
        if cx.state.runs.is_empty() {
            self.empty_ui(ui, cx);
        } else {
            self.runs_ui(ui, cx);
        }
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_RUNS
    }

    fn artifact(&self, state: &State, _news: &Snapshot) -> Result<Content> {
        Ok(Content::Text(csv(&state.runs).ok_or_else(nothing)?))
    }

    fn command(&self, _state: &State) -> Option<String> {
        None
    }
}

impl RunsView {
    fn form_ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        let job = recipe(cx);
        let folder = cx.state.training.folder.clone();
        let given = form::Given {
            job,
            folder: &folder,
        };
        let changed = self.form.ui(ui.ctx(), &given, cx.palette, cx.commands);
        if changed.is_some() {
            cx.state.training.recipe = changed;
        }
    }

    fn gallery_ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        let seen = gallery::Seen {
            news: &cx.state.experiments,
            setup: &cx.state.wish.plane.setup,
            asked: &mut cx.state.training,
            palette: cx.palette,
            commands: cx.commands,
        };
        self.gallery.ui(ui.ctx(), seen);
    }

    /// What to do where there is no run.
    fn empty_ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        let room = ui.available_height();
        let usual = usual(cx);
        ui.vertical_centered(|ui| {
            ui.add_space((0.5 * room - 74.0).max(4.0));
            ui.label("Train networks and watch their paths");
            ui.add_space(8.0);
            let [small, large] = [usual.batch_size.0[0], usual.batch_size.0[1]];
            let start = egui::Button::new("Train a small and a large batch from the same start");
            let help = format!(
                "Two runs on the data that are open, from the same weights in the same order, with batches of {small} and of {large}: what the program's other views compare (Keskar et al. 2017)"
            );
            if ui.add_enabled(cx.news.stands, start).on_hover_text(help).clicked() {
                cx.commands.push(Command::Run(Order::Begin(Box::new(usual))));
            }
            ui.add_space(2.0);
            ui.horizontal(|ui| {
                let width = 350.0;
                ui.add_space((0.5 * (ui.available_width() - width)).max(0.0));
                self.ways_ui(ui, cx);
                self.recipe_ui(ui, cx);
            });
            ui.add_space(8.0);
            let folder = cx.state.training.folder.display().to_string();
            let words = format!("Runs are kept in {folder}; a folder of a run or a recipe can also be dropped here");
            ui.add(egui::Label::new(RichText::new(words).small().color(cx.palette.weak)).wrap());
        });
    }

    /// Other ways to a run.
    fn ways_ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        let train = ui
            .button("Train…")
            .on_hover_text("A recipe: data, network, optimiser, batch size, learning rate, …");
        if train.clicked() {
            self.form.open();
        }
        let help = "The literature's experiments on batch size and loss landscapes, each done by a button and written as a page";
        if ui.button("Experiments…").on_hover_text(help).clicked() {
            self.gallery.open();
        }
        let open = ui.button("Open run…").on_hover_text("A folder of losscope train, a sweep's, or one of another program's checkpoints with a CSV log or event files of TensorBoard");
        if open.clicked() {
            cx.commands.push(Command::Ask(Ask::OpenRun));
        }
    }

    /// A recipe from a file.
    fn recipe_ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        let open = ui.button("Open recipe…");
        if open.on_hover_text("A recipe.toml to train by").clicked() {
            self.form.open();
            cx.commands.push(Command::Ask(Ask::Recipe));
        }
    }

    fn runs_ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        let runs = cx.state.runs.clone();
        plots::header(ui, |ui| {
            self.ways_ui(ui, cx);
            ui.separator();
            self.curves.choices_ui(ui);
            self.curves.keys_ui(ui, cx.palette);
            ui.label("?").on_hover_text(HELP);
            if let Some(order) = chosen::pair(&runs) {
                let help = "The ends of the two newest runs that differ in batch size alone become the minimizers, their start the initial weights";
                if ui.button("Line between both").on_hover_text(help).clicked() {
                    cx.commands.push(Command::Run(order));
                }
            }
        });
        let room = ui.available_size();
        let beside = room.x >= BESIDE;
        let plot = if beside {
            Vec2::new((room.x - 8.0) * 0.46, room.y)
        } else {
            // The table has its heads and some rows in any case.
            let rows = 22.0 * (runs.len() as f32 + 1.0).min(4.0);
            Vec2::new(room.x, (room.y - CHOSEN - rows - 12.0).max(60.0))
        };
        let (chosen, epoch) = (cx.state.training.chosen, cx.state.training.epoch);
        let (reset, palette) = (cx.reset, cx.palette);
        let mut draw = |ui: &mut Ui| {
            ui.allocate_ui(plot, |ui| {
                ui.set_min_size(plot);
                self.curves.ui(ui, &runs, chosen, epoch, reset, palette);
            });
        };
        if beside {
            ui.horizontal_top(|ui| {
                draw(ui);
                ui.vertical(|ui| list_ui(&mut self.table, ui, &runs, cx));
            });
        } else {
            draw(ui);
            list_ui(&mut self.table, ui, &runs, cx);
        }
    }
}

/// The run that is looked at, and the table below.
fn list_ui(table: &mut table::Table, ui: &mut Ui, runs: &[Arc<RunNews>], cx: &mut Context<'_>) {
    let chosen = runs
        .iter()
        .find(|run| Some(run.id) == cx.state.training.chosen);
    if let Some(run) = chosen {
        chosen::chosen_ui(ui, run, cx.state, cx.palette, cx.commands);
        ui.add_space(2.0);
    }
    let mut id = cx.state.training.chosen;
    table.ui(ui, runs, &mut id, cx.palette, cx.commands);
    if id != cx.state.training.chosen {
        (cx.state.training.chosen, cx.state.training.epoch) = (id, None);
    }
}

/// The recipe that is filled in.
fn recipe(cx: &Context<'_>) -> crate::engine::job::TrainingJob {
    let own = cx.state.training.recipe.clone();
    own.unwrap_or_else(|| usual(cx))
}

/// The usual comparison on what is open.
fn usual(cx: &Context<'_>) -> crate::engine::job::TrainingJob {
    let samples = cx
        .news
        .experiment
        .as_ref()
        .map(|facts| facts.data.train_samples);
    training::usual(&cx.state.wish, samples)
}

/// All records of all runs, one a line; `None` where there are none.
fn csv(runs: &[Arc<RunNews>]) -> Option<String> {
    let mut names: Vec<&'static str> = Vec::new();
    for record in runs.iter().flat_map(|run| run.history.iter()) {
        for (name, _) in record.numbers() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() {
        return None;
    }
    let mut text = format!("run,{}\n", names.join(","));
    for run in runs {
        let folder = run.folder.display().to_string();
        let folder = field(&folder);
        for record in run.history.iter() {
            let numbers = record.numbers();
            let cell = |name: &&str| {
                let found = numbers.iter().find(|(own, _)| own == name);
                found.map_or_else(String::new, |(_, value)| value.to_string())
            };
            let cells: Vec<String> = names.iter().map(cell).collect();
            text.push_str(&format!("{folder},{}\n", cells.join(",")));
        }
    }
    Some(text)
}
