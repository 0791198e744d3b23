//! The page of a figure in the dialog: a preset, its size, its small print.

use super::forms::Form;
use crate::engine::job::bounds;
use crate::export::figure::FigureOptions;
use crate::export::preset::{self, Preset};
use eframe::egui::{self, ComboBox, DragValue, Role, TextEdit, Ui};

/// What is shown where no preset was chosen.
const NONE: &str = "None";

/// What the person has chosen of a page.
pub struct Page {
    /// The preset by name; `None`: none, or what was changed since.
    pub preset: Option<String>,
    /// Millimetres.
    pub width: f64,
    /// The least that is.
    narrowest: f64,
    /// Dots per inch of a PNG.
    pub dpi: f64,
    text: f64,
    caption: bool,
    dark: bool,
    author: String,
    /// What the preset says of colours and iso-lines.
    chosen: Preset,
    /// The name under which it is kept as a preset; empty for not at all.
    keep: String,
    error: String,
}

impl Page {
    /// Of a view whose pages are so wide at least and usually.
    pub fn new((narrowest, width): (f64, f64), author: &str) -> Self {
        let usual = FigureOptions::default();
        Self {
            preset: None,
            width,
            narrowest,
            dpi: usual.dpi,
            text: usual.text,
            caption: usual.caption,
            dark: usual.dark,
            author: author.to_owned(),
            chosen: Preset::default(),
            keep: String::new(),
            error: String::new(),
        }
    }

    /// The name under which it is to be kept as a preset.
    pub fn keeps(&self) -> Option<&str> {
        Some(self.keep.trim()).filter(|name| !name.is_empty())
    }

    /// Who made it.
    pub fn author(&self) -> &str {
        self.author.trim()
    }

    /// Sets what it says.
    pub fn fill(&self, options: &mut FigureOptions) {
        self.chosen.apply(options);
        options.width = self.width;
        options.dpi = self.dpi;
        options.text = self.text;
        options.caption = self.caption;
        options.dark = self.dark;
        options.author = Some(self.author().to_owned()).filter(|a| !a.is_empty());
    }

    fn take(&mut self, name: &str) {
        match preset::find(name) {
            Ok(found) => {
                let mut options = FigureOptions {
                    width: self.width,
                    dpi: self.dpi,
                    ..FigureOptions::default()
                };
                found.apply(&mut options);
                self.width = options.width.max(self.narrowest * options.text);
                (self.dpi, self.text) = (options.dpi, options.text);
                (self.caption, self.dark) = (options.caption, options.dark);
                if let Some(author) = options.author {
                    self.author = author;
                }
                self.chosen = found;
                self.preset = Some(name.to_owned());
                self.error.clear();
            }
            Err(error) => self.error = error.to_string(),
        }
    }

    /// Draws its rows, in a grid of two columns.
    pub fn ui(&mut self, ui: &mut Ui, form: Form, field: f32) {
        ui.label("Preset");
        self.preset_ui(ui, field);
        ui.end_row();
        ui.label("Page");
        ui.horizontal(|ui| self.size_ui(ui, form));
        ui.end_row();
        ui.label("");
        ui.horizontal(|ui| {
            ui.checkbox(&mut self.caption, "Small print")
                .on_hover_text("Lines below that say which files, which data and how it was made");
            ui.checkbox(&mut self.dark, "Dark")
                .on_hover_text("Light on dark, for a dark slide");
            let edit = TextEdit::singleline(&mut self.author)
                .hint_text("author")
                .desired_width(120.0);
            let edit = ui.add(edit);
            named(&edit, Role::TextInput, "Author", &self.author);
            edit.on_hover_text("Who made it: a PDF says so of itself");
        });
        ui.end_row();
    }

    fn preset_ui(&mut self, ui: &mut Ui, field: f32) {
        let shown = self.preset.clone().unwrap_or_else(|| NONE.to_owned());
        let mut chosen = None;
        ui.horizontal(|ui| {
            let combo = ComboBox::from_id_salt("preset")
                .selected_text(&shown)
                .width(0.5 * field)
                .show_ui(ui, |ui| {
                    for name in preset::names() {
                        if ui.selectable_label(shown == name, &name).clicked() {
                            chosen = Some(name);
                        }
                    }
                });
            named(&combo.response, Role::ComboBox, "Preset", &shown);
            combo.response.on_hover_text(
                "Size and looks together. Those of your own are files in the settings' folder losscope/figures, and --preset at the terminal",
            );
            let keep = TextEdit::singleline(&mut self.keep)
                .hint_text("keep as…")
                .desired_width(0.5 * field - 24.0);
            let keep = ui.add(keep);
            named(&keep, Role::TextInput, "Keep as preset", &self.keep);
            keep.on_hover_text("A name under which size and looks are kept as a preset");
        });
        if let Some(name) = chosen {
            self.take(&name);
        }
        if !self.error.is_empty() {
            ui.end_row();
            ui.label("");
            ui.label(&self.error);
        }
    }

    fn size_ui(&mut self, ui: &mut Ui, form: Form) {
        let range = self.narrowest..=bounds::WIDTH.most();
        let width = DragValue::new(&mut self.width).range(range).suffix(" mm");
        let width = ui.add(width);
        named(
            &width,
            Role::SpinButton,
            "Width, mm",
            &self.width.to_string(),
        );
        let changed = width.changed();
        width.on_hover_text("Width of the whole figure; text keeps its size. 80 mm is a column of a paper, 180 mm are both");
        if changed {
            self.preset = None;
        }
        let text = DragValue::new(&mut self.text)
            .range(bounds::TEXT.range())
            .speed(0.02)
            .prefix("text × ");
        let text = ui.add(text);
        named(
            &text,
            Role::SpinButton,
            "Size of text",
            &self.text.to_string(),
        );
        text.on_hover_text("Size of text and lines, 1: as usual");
        if form.has_dots() {
            let dots = DragValue::new(&mut self.dpi)
                .range(bounds::DOTS.range())
                .suffix(" dpi");
            let dots = ui.add(dots);
            named(
                &dots,
                Role::SpinButton,
                "Dots per inch",
                &self.dpi.to_string(),
            );
        }
    }
}

/// A name and a value for a screen reader.
pub fn named(response: &egui::Response, role: Role, name: &str, value: &str) {
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(role, true, name);
        info.current_text_value = Some(value.to_owned());
        info
    });
}
