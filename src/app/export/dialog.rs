//! The fields of the export dialog.

use super::animation::Frames;
use super::figures::{self, Form, Job};
use crate::app::theme::Palette;
use crate::app::views::Pane;
use eframe::egui::{self, ComboBox, DragValue, RichText, TextEdit};
use std::path::PathBuf;

/// What the person has chosen so far.
pub struct Dialog {
    /// The view.
    pub pane: Pane,
    /// Which form.
    pub form: Form,
    /// Where it goes.
    pub path: String,
    /// A title; empty for what is shown.
    pub title: String,
    /// Millimetres.
    pub width: f64,
    /// Dots per inch of a PNG.
    pub dpi: f64,
    /// Frames of an animation.
    pub frames: Frames,
    /// What is wrong, or to be asked.
    pub error: String,
    /// Whether an existing file may be replaced: asked once.
    pub replace: bool,
}

impl Dialog {
    /// Sets what the dialog says.
    pub fn fill(&self, job: &mut Job) {
        job.path = PathBuf::from(self.path.trim());
        job.options.width = self.width;
        job.options.dpi = self.dpi;
        job.options.title = Some(self.title.clone()).filter(|t| !t.trim().is_empty());
    }

    /// Names what the preview depends on.
    pub fn key(&self, job: &Job) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        (&self.title, self.width.to_bits()).hash(&mut hasher);
        format!("{:?}", job.options).hash(&mut hasher);
        match &job.content {
            figures::Content::Outcome(outcome) => outcome.missing().hash(&mut hasher),
            figures::Content::Space(surface, look) => {
                surface.version.hash(&mut hasher);
                format!("{look:?}").hash(&mut hasher);
            }
            figures::Content::Panels(surfaces, look) => {
                for surface in surfaces {
                    surface.version.hash(&mut hasher);
                }
                format!("{look:?}").hash(&mut hasher);
            }
            figures::Content::Curves(curves, epsilon) => {
                for (_, curve) in curves {
                    curve.phi.len().hash(&mut hasher);
                }
                epsilon.to_bits().hash(&mut hasher);
            }
            figures::Content::Densities(_, csv) | figures::Content::Convexity(_, csv) => {
                csv.hash(&mut hasher);
            }
            figures::Content::Text(_) => {}
        }
        hasher.finish()
    }

    /// Draws the fields.
    pub fn form_ui(&mut self, ui: &mut egui::Ui, palette: &Palette) {
        let named = |response: &egui::Response, role, name: &str, value: &str| {
            response.widget_info(|| {
                let mut info = egui::WidgetInfo::labeled(role, true, name);
                info.current_text_value = Some(value.to_owned());
                info
            });
        };
        egui::Grid::new("export form").num_columns(2).show(ui, |ui| {
            ui.label("Format");
            let before = self.form;
            let combo = ComboBox::from_id_salt("format")
                .selected_text(self.form.words)
                .width(300.0)
                .show_ui(ui, |ui| {
                    for form in figures::forms(self.pane) {
                        ui.selectable_value(&mut self.form, *form, form.words);
                    }
                });
            named(&combo.response, egui::Role::ComboBox, "File format", self.form.words);
            if before != self.form {
                let path = PathBuf::from(&self.path).with_extension(self.form.suffix);
                self.path = path.display().to_string();
                self.replace = false;
            }
            ui.end_row();
            ui.label("File");
            let edit = ui.add(TextEdit::singleline(&mut self.path).desired_width(300.0));
            named(&edit, egui::Role::TextInput, "File to write", &self.path);
            if edit.changed() {
                self.error.clear();
                self.replace = false;
            }
            ui.end_row();
            if ["png", "svg", "pdf"].contains(&self.form.suffix) {
                ui.label("Title");
                let hint = TextEdit::singleline(&mut self.title)
                    .hint_text("what is shown")
                    .desired_width(300.0);
                let edit = ui.add(hint);
                named(&edit, egui::Role::TextInput, "Title", &self.title);
                ui.end_row();
                ui.label("Width");
                ui.horizontal(|ui| {
                    let width = DragValue::new(&mut self.width).range(40.0..=400.0).suffix(" mm");
                    let width = ui.add(width);
                    named(&width, egui::Role::SpinButton, "Width, mm", &self.width.to_string());
                    width.on_hover_text("Width of the figure; text keeps its size. 80 mm is a column of a paper");
                    if self.form.suffix == "png" {
                        let dots = DragValue::new(&mut self.dpi).range(72.0..=1200.0).suffix(" dpi");
                        let dots = ui.add(dots);
                        named(&dots, egui::Role::SpinButton, "Dots per inch", &self.dpi.to_string());
                        let pixels = (self.width / 25.4 * self.dpi).round();
                        ui.label(RichText::new(format!("{pixels} pixels wide")).color(palette.weak));
                    }
                });
                ui.end_row();
            }
            if self.form.suffix == "gif" {
                self.frames.ui(ui, palette);
            }
        });
    }
}
