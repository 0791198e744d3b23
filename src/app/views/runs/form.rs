//! The form of a recipe: its usual fields, all others by heading, and what is wrong said at the field.

use crate::app::command::{Ask, Command};
use crate::app::controls::rows::named;
use crate::app::theme::Palette;
use crate::app::training::Order;
use crate::engine::job::form::{self, Field};
use crate::engine::job::{Request as _, TrainingJob, recipe};
use eframe::egui::{
    self, Align, Button, CollapsingHeader, ComboBox, Context, Id, Layout, Modal, RichText,
    ScrollArea, TextEdit, Ui, Vec2,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// The form, while it is open.
#[derive(Default)]
pub struct Form {
    open: bool,
    /// What was typed into a field and can't be, with why.
    drafts: BTreeMap<String, (String, String)>,
}

/// The fields that are seen at once; all others stand under their headings.
const USUAL: [&str; 11] = [
    "data",
    "start",
    "draw",
    "model",
    "optimizer",
    "batch_size",
    "learning_rate",
    "schedule",
    "epochs",
    "run_seed",
    "measure",
];
/// Width of the names of fields.
const NAMES: f32 = 150.0;

/// What the form gives.
pub struct Given<'a> {
    /// The recipe as it stands.
    pub job: TrainingJob,
    /// Where runs are kept.
    pub folder: &'a Path,
}

impl Form {
    /// Opens it.
    pub fn open(&mut self) {
        self.open = true;
        self.drafts.clear();
    }

    /// Draws it; the recipe where a hand has changed it.
    pub fn ui(
        &mut self,
        ctx: &Context,
        given: &Given<'_>,
        palette: &Palette,
        commands: &mut Vec<Command>,
    ) -> Option<TrainingJob> {
        if !self.open {
            return None;
        }
        let mut changed = None;
        let room = ctx.content_rect().size();
        let size = Vec2::new((room.x - 60.0).min(620.0), (room.y - 190.0).min(560.0));
        let shown = Modal::new(Id::unique("recipe")).show(ctx, |ui| {
            ui.set_width(size.x);
            // A window has at first the room of the frame before, and would grow under the hand.
            ui.set_max_height(room.y);
            ui.horizontal(|ui| {
                ui.heading("Train");
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    if ui.button("Save recipe…").clicked() {
                        commands.push(Command::Ask(Ask::SaveRecipe));
                    }
                    let help = "A small and a large batch on what is open, whatever was filled in";
                    if ui.button("As usual").on_hover_text(help).clicked() {
                        self.drafts.clear();
                        commands.push(Command::Run(Order::Usual));
                    }
                    if ui.button("Open recipe…").clicked() {
                        self.drafts.clear();
                        commands.push(Command::Ask(Ask::Recipe));
                    }
                });
            });
            let words = "A recipe of losscope train. Several values with commas between them make several runs from the same start";
            ui.label(RichText::new(words).color(palette.weak));
            ui.add_space(4.0);
            ScrollArea::vertical().max_height(size.y).auto_shrink([false, true]).show(ui, |ui| {
                changed = self.fields_ui(ui, &given.job, palette);
            });
            ui.separator();
            ui.horizontal(|ui| {
                ui.label("Kept in");
                if ui.button("Choose…").clicked() {
                    commands.push(Command::Ask(Ask::RunFolder));
                }
                let words = RichText::new(given.folder.display().to_string()).color(palette.weak);
                ui.add(egui::Label::new(words).truncate());
            });
            ui.add_space(4.0);
            let runs = given.job.runs().len();
            let problem = self.problem(&given.job);
            if let Some(problem) = problem.as_ref().filter(|problem| at(problem).is_none()) {
                ui.label(RichText::new(problem).color(palette.error));
            }
            ui.horizontal(|ui| {
                let words = match runs {
                    1 => "Start the run".to_owned(),
                    several => format!("Start {several} runs"),
                };
                let start = ui.add_enabled(problem.is_none(), Button::new(words));
                if start.clicked() {
                    commands.push(Command::Run(Order::Begin(Box::new(given.job.clone()))));
                    self.open = false;
                }
                ui.button("Cancel").clicked()
            })
            .inner
        });
        if shown.inner || shown.should_close() {
            self.open = false;
        }
        changed
    }

    /// What keeps the recipe from being trained.
    fn problem(&self, job: &TrainingJob) -> Option<String> {
        let typed = self.drafts.values().next().map(|(_, why)| why.clone());
        typed.or_else(|| job.check().err().map(|error| error.to_string()))
    }

    fn fields_ui(
        &mut self,
        ui: &mut Ui,
        job: &TrainingJob,
        palette: &Palette,
    ) -> Option<TrainingJob> {
        let all = form::all();
        let Ok(values) = recipe::fields(job) else {
            return None;
        };
        let usual = recipe::fields(&TrainingJob::default()).unwrap_or_default();
        let problem = job.check().err().map(|error| error.to_string());
        let mut shown = Shown {
            job,
            values: &values,
            usual: &usual,
            problem: problem.as_deref(),
            palette,
            changed: None,
        };
        for name in USUAL {
            if let Some(field) = all.iter().find(|field| field.name == name) {
                self.field_ui(ui, field, &mut shown);
            }
        }
        ui.add_space(6.0);
        let mut headings: Vec<&str> = Vec::new();
        for field in &all {
            if !headings.contains(&field.heading.as_str()) {
                headings.push(&field.heading);
            }
        }
        for heading in headings {
            let under =
                |field: &&Field| field.heading == heading && !USUAL.contains(&field.name.as_str());
            let fields: Vec<&Field> = all.iter().filter(under).collect();
            if fields.is_empty() {
                continue;
            }
            let differs = fields
                .iter()
                .any(|f| values.get(&f.name) != usual.get(&f.name));
            let words = if differs {
                format!("{heading} •")
            } else {
                heading.to_owned()
            };
            CollapsingHeader::new(words)
                .id_salt(heading)
                .show(ui, |ui| {
                    for field in fields {
                        self.field_ui(ui, field, &mut shown);
                    }
                });
        }
        shown.changed
    }

    fn field_ui(&mut self, ui: &mut Ui, field: &Field, shown: &mut Shown<'_>) {
        let stands = form::typed(shown.values, &field.name);
        let default = form::typed(shown.usual, &field.name);
        let default = if default.is_empty() {
            "nothing".to_owned()
        } else {
            default
        };
        let help = format!("{}\nDefault: {default}", field.help);
        let mut typed: Option<String> = None;
        ui.horizontal(|ui| {
            let words = field.name.replace('_', " ");
            let mut name = words.clone();
            name[..1].make_ascii_uppercase();
            let (rect, label) =
                ui.allocate_exact_size(Vec2::new(NAMES, 22.0), egui::Sense::hover());
            label.on_hover_text(&help);
            let (font, color) = (egui::FontId::proportional(13.0), shown.palette.text);
            let painter = ui.painter_at(rect);
            painter.text(
                rect.left_center(),
                egui::Align2::LEFT_CENTER,
                &name,
                font,
                color,
            );
            if field.flag {
                let mut on = stands == "true";
                let check = ui.checkbox(&mut on, "").on_hover_text(&help);
                check.widget_info(|| {
                    egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, &name)
                });
                if check.changed() {
                    typed = Some(on.to_string());
                }
            } else if field.choices.is_empty() || field.name == "measure" {
                typed = self.text_ui(ui, field, &name, &stands, &help, &default);
            } else {
                let combo = ComboBox::from_id_salt(&field.name)
                    .selected_text(&stands)
                    .width(220.0);
                let combo = combo.show_ui(ui, |ui| {
                    for (choice, means) in &field.choices {
                        let label = ui.selectable_label(*choice == stands, choice);
                        if label.on_hover_text(means).clicked() {
                            typed = Some(choice.clone());
                        }
                    }
                });
                named(&combo.response, egui::Role::ComboBox, &name, &stands);
                combo.response.on_hover_text(&help);
            }
        });
        if let Some(typed) = typed {
            let base = shown.changed.as_ref().unwrap_or(shown.job);
            match form::with(base, &field.name, &typed) {
                Ok(job) => {
                    self.drafts.remove(&field.name);
                    shown.changed = Some(job);
                }
                Err(error) => {
                    let draft = (typed, error.to_string());
                    self.drafts.insert(field.name.clone(), draft);
                }
            }
        }
        let own = self.drafts.get(&field.name).map(|(_, why)| why.as_str());
        let of_all = shown
            .problem
            .filter(|problem| at(problem) == Some(field.name.as_str()));
        if let Some(why) = own.or(of_all) {
            ui.horizontal(|ui| {
                ui.add_space(NAMES + 8.0);
                let words = RichText::new(why).small().color(shown.palette.error);
                ui.add(egui::Label::new(words).wrap());
            });
        }
    }

    /// A field that is typed; it counts with every letter.
    fn text_ui(
        &mut self,
        ui: &mut Ui,
        field: &Field,
        name: &str,
        stands: &str,
        help: &str,
        default: &str,
    ) -> Option<String> {
        let id = ui.scope_id().with(("typing", &field.name));
        let kept = ui.data(|d| d.get_temp::<String>(id));
        let draft = self.drafts.get(&field.name).map(|(typed, _)| typed.clone());
        let mut text = kept.or(draft).unwrap_or_else(|| stands.to_owned());
        let width = (ui.available_width() - 12.0).min(if text.len() > 30 { 420.0 } else { 220.0 });
        let edit = TextEdit::singleline(&mut text)
            .id(id.with("edit"))
            .desired_width(width);
        let response = ui.add(edit.hint_text(default)).on_hover_text(help);
        response.widget_info(|| {
            let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, name);
            info.current_text_value = Some(text.clone());
            info
        });
        // While it is typed it stands as it was typed: "0." isn't yet 0.05.
        if response.has_focus() {
            ui.data_mut(|d| d.insert_temp(id, text.clone()));
        } else {
            ui.data_mut(|d| d.remove_temp::<String>(id));
        }
        response.changed().then_some(text)
    }
}

/// What all fields share while they are drawn.
struct Shown<'a> {
    job: &'a TrainingJob,
    values: &'a Map<String, Value>,
    usual: &'a Map<String, Value>,
    problem: Option<&'a str>,
    palette: &'a Palette,
    changed: Option<TrainingJob>,
}

/// The field that a complaint is about: "momentum = 1 in the recipe: …".
fn at(problem: &str) -> Option<&str> {
    let (name, _) = problem.split_once(" = ")?;
    let is_name = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit());
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_finds_its_field() {
        let job = form::with(&TrainingJob::default(), "momentum", "1.5").unwrap();
        let problem = job.check().unwrap_err().to_string();
        assert_eq!(at(&problem), Some("momentum"), "{problem}");
        for name in USUAL {
            assert!(form::all().iter().any(|field| field.name == name), "{name}");
        }
    }
}
