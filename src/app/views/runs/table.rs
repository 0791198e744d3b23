//! The table of runs: to sort by its heads, to filter, and to choose from.

use super::columns::{self, COLUMNS};
use crate::app::command::Command;
use crate::app::theme::Palette;
use crate::app::training::Order;
use crate::engine::queue::{Id, Phase, RunNews};
use crate::plot::colormap;
use crate::train::Stopped;
use eframe::egui::{
    self, Align, Button, Color32, CornerRadius, Label, Layout, Pos2, Rect, RichText, ScrollArea,
    Sense, Ui, Vec2,
};
use std::sync::Arc;

/// What the table keeps between frames.
#[derive(Default)]
pub struct Table {
    filter: String,
    sorted: Option<(usize, bool)>,
}

/// Height of a row.
const ROW: f32 = 22.0;
/// The narrowest table whose columns all have room.
const WIDEST: f32 = 560.0;
/// Columns that a narrow table leaves out: rate, training loss, distance.
const SPARED: [usize; 3] = [2, 4, 7];
/// Room for the button at the end of a row.
const END: f32 = 44.0;
/// Share of the width that the name takes.
const NAME: f32 = 0.2;

/// The colour of a run, in the table, its curves and its path.
pub fn color(id: Id) -> Color32 {
    let [r, g, b] = colormap::series(id.saturating_sub(1) as usize);
    Color32::from_rgb(r, g, b)
}

impl Table {
    /// Draws it.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        runs: &[Arc<RunNews>],
        chosen: &mut Option<Id>,
        palette: &Palette,
        commands: &mut Vec<Command>,
    ) {
        if runs.len() > 3 {
            let field = egui::TextEdit::singleline(&mut self.filter)
                .hint_text("Filter by name or state")
                .desired_width(ui.available_width().min(240.0));
            ui.add(field)
                .on_hover_text("Runs whose name and state hold every word");
        }
        let width = ui.available_width();
        let narrow = width < WIDEST;
        let shown = |index: &usize| !(narrow && SPARED.contains(index));
        let indices: Vec<usize> = (0..COLUMNS.len()).filter(shown).collect();
        let all: f32 = NAME + indices.iter().map(|i| COLUMNS[*i].share).sum::<f32>();
        let unit = (width - END - 12.0) / all;
        self.heads(ui, &indices, unit, palette);
        let rows = columns::chosen(runs, &self.filter, self.sorted);
        if rows.is_empty() {
            ui.label(RichText::new("No run has these words").color(palette.weak));
        }
        let area = ScrollArea::vertical().id_salt("runs").auto_shrink(false);
        area.show_rows(ui, ROW, rows.len(), |ui, range| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for run in &rows[range] {
                row_ui(ui, run, &indices, unit, chosen, palette, commands);
            }
        });
    }

    fn heads(&mut self, ui: &mut Ui, indices: &[usize], unit: f32, palette: &Palette) {
        let rect = line(ui);
        let mut left = rect.left() + 6.0;
        cell(ui, rect, &mut left, NAME * unit, |ui| {
            let head = ui
                .add(head("Run", palette.text))
                .on_hover_text("In the order they were begun");
            if head.clicked() {
                self.sorted = None;
            }
        });
        for &index in indices {
            let column = &COLUMNS[index];
            let sign = match self.sorted {
                Some((by, false)) if by == index => " ↑",
                Some((by, true)) if by == index => " ↓",
                _ => "",
            };
            cell(ui, rect, &mut left, column.share * unit, |ui| {
                let words = format!("{}{sign}", column.name);
                let head = ui.add(head(&words, palette.text));
                if head
                    .on_hover_text(format!("{}\nClick to sort by it", column.help))
                    .clicked()
                {
                    self.sorted = match self.sorted {
                        Some((by, false)) if by == index => Some((index, true)),
                        Some((by, true)) if by == index => None,
                        _ => Some((index, false)),
                    };
                }
            });
        }
    }
}

fn head(words: &str, color: Color32) -> Label {
    Label::new(RichText::new(words).small().strong().color(color))
        .truncate()
        .sense(Sense::click())
}

/// Room for a row.
fn line(ui: &mut Ui) -> Rect {
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), ROW), Sense::hover());
    rect
}

/// A cell from `left` on.
fn cell(ui: &mut Ui, row: Rect, left: &mut f32, width: f32, add: impl FnOnce(&mut Ui)) {
    let rect = Rect::from_min_size(Pos2::new(*left, row.top()), Vec2::new(width - 6.0, ROW));
    *left += width;
    let layout = Layout::left_to_right(Align::Center);
    let mut own = ui.new_child(egui::UiBuilder::new().max_rect(rect).layout(layout));
    add(&mut own);
}

fn row_ui(
    ui: &mut Ui,
    run: &RunNews,
    indices: &[usize],
    unit: f32,
    chosen: &mut Option<Id>,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let is_chosen = *chosen == Some(run.id);
    let rect = line(ui);
    let click = ui.interact(rect, ui.scope_id().with(("run", run.id)), Sense::click());
    let words = format!("Run {}, {}", run.name, run.phase.words());
    click.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_chosen, &words));
    if is_chosen || click.hovered() {
        let fill = if is_chosen {
            palette.line
        } else {
            palette.card
        };
        ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    }
    if click.clicked() {
        click.request_focus();
        *chosen = Some(run.id);
    }
    let mut left = rect.left() + 6.0;
    let failed = matches!(run.phase, Phase::Failed | Phase::Ended(Stopped::Diverged));
    cell(ui, rect, &mut left, NAME * unit, |ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let (dot, _) = ui.allocate_exact_size(Vec2::splat(9.0), Sense::hover());
        ui.painter().circle_filled(dot.center(), 4.0, color(run.id));
        ui.add(Label::new(&run.name).truncate().selectable(false));
    });
    for &index in indices {
        let column = &COLUMNS[index];
        cell(ui, rect, &mut left, column.share * unit, |ui| {
            let ink = match index {
                0 if failed => palette.error,
                0 if run.phase == Phase::Training => palette.accent,
                0 => palette.weak,
                _ => palette.text,
            };
            let words = RichText::new((column.words)(run)).color(ink);
            ui.add(Label::new(words).truncate().selectable(false));
        });
    }
    let mut left = rect.right() - END;
    cell(ui, rect, &mut left, END, |ui| end_ui(ui, run, commands));
    let told = run
        .message
        .as_deref()
        .unwrap_or("Click to look at its checkpoints");
    click.on_hover_text(format!("{}\n{told}", run.folder.display()));
}

/// Pause or go on, and take off the list.
fn end_ui(ui: &mut Ui, run: &RunNews, commands: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.x = 2.0;
    let mut button = |ui: &mut Ui, sign: &str, name: &str, help: &str, order: Order| {
        let button = ui
            .add(Button::new(sign).small().frame(false))
            .on_hover_text(help);
        let name = format!("{name} {}", run.name);
        button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        if button.clicked() {
            commands.push(Command::Run(order));
        }
    };
    if run.phase.is_busy() {
        let help = "Pause: its state is kept, and it goes on bit for bit";
        button(ui, "‖", "Pause", help, Order::Pause(run.id));
    } else if run.phase.can_resume() && run.job.is_some() {
        button(
            ui,
            "▶",
            "Resume",
            "Go on where it was",
            Order::Resume(run.id),
        );
    } else {
        ui.add_space(16.0);
    }
    let help = "Stop it and take it off the list; its folder stays";
    button(ui, "×", "Close", help, Order::Forget(run.id));
}
