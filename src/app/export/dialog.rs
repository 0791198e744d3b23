//! The fields of the export dialog.

use super::animation::Frames;
use super::forms::{Form, GIF};
use super::page::{Page, named};
use super::place;
use super::source::{Content, Job};
use crate::app::pane::Pane;
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::app::views::View;
use crate::export::artifact::Eye;
use crate::export::figure::FigureOptions;
use crate::export::png;
use crate::plot::number::grouped;
use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::{self, Button, ComboBox, Key, RichText, TextEdit, Ui};
use std::path::PathBuf;

/// Width of the fields.
const FIELD: f32 = 330.0;

/// What the person has chosen so far.
pub struct Dialog {
    /// The view.
    pub pane: Pane,
    /// Its name.
    pub view: &'static str,
    /// What it can be written as.
    forms: &'static [Form],
    /// From where surfaces in space are seen.
    pub eye: Option<Eye>,
    /// Which form.
    pub form: Form,
    /// The file's name, or a path.
    pub name: String,
    /// The folder it goes into, unless its name has one of its own.
    pub folder: PathBuf,
    /// A title; empty for what is shown.
    pub title: String,
    /// The page it stands on.
    pub page: Page,
    /// Frames of an animation.
    pub frames: Frames,
    /// What is wrong, or to be asked.
    pub error: String,
    /// Whether an existing file may be replaced: asked once.
    pub replace: bool,
    /// Whether it hasn't been drawn yet.
    pub fresh: bool,
}

/// What the person did with the form.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// Enter was pressed where it means the whole dialog.
    pub entered: bool,
    /// The system's dialog was asked for.
    pub choose: bool,
}

impl Dialog {
    /// For a view, in the form it was exported in last.
    pub fn new(view: &dyn View, state: &State) -> Self {
        let forms = view.forms();
        let last = state.exported.forms.get(view.name());
        let form = last
            .and_then(|suffix| Form::with_suffix(forms, suffix))
            .filter(|form| form.why_not(state).is_none());
        let form = form.unwrap_or(forms[0]);
        let alpha = format!("{:.2}", state.wish.alpha).replace('.', "_");
        let name = view.name().to_lowercase();
        let name = if forms.contains(&GIF) {
            format!("{name}-alpha-{alpha}")
        } else {
            name
        };
        Self {
            pane: view.pane(),
            view: view.name(),
            forms,
            eye: view.eye(&state.look),
            form,
            name: format!("{name}.{}", form.suffix),
            folder: place::usual(&state.exported),
            title: String::new(),
            page: Page::new(view.widths(), &state.exported.author),
            frames: Frames::default(),
            error: String::new(),
            replace: false,
            fresh: true,
        }
    }

    /// Takes another form, and its suffix.
    pub fn take(&mut self, form: Form) {
        self.name = place::with_suffix(&self.name, self.form.suffix, form.suffix);
        self.form = form;
        self.touched();
    }

    /// Takes a path from elsewhere.
    pub fn put(&mut self, path: &std::path::Path) {
        let parent = path.parent().filter(|f| !f.as_os_str().is_empty());
        if let (Some(folder), Some(name)) = (parent, path.file_name()) {
            self.folder = folder.to_owned();
            self.name = name.to_string_lossy().into_owned();
        }
        self.follow();
        self.touched();
    }

    /// What was asked about another file counts no more.
    fn touched(&mut self) {
        self.error.clear();
        self.replace = false;
    }

    /// The form follows a suffix that is typed.
    fn follow(&mut self) {
        let suffix = place::suffix_of(std::path::Path::new(self.name.trim()));
        if let Some(form) = Form::with_suffix(self.forms, &suffix) {
            self.form = form;
        }
    }

    /// Where the file goes.
    pub fn target(&self) -> PathBuf {
        place::target(&self.folder, &self.name, self.form.suffix)
    }

    /// Sets what the dialog says.
    pub fn fill(&self, job: &mut Job) {
        job.path = self.target();
        self.page.fill(&mut job.options);
        if self.form == GIF {
            job.options.width = FigureOptions::default().width;
        }
        job.options.title = Some(self.title.clone()).filter(|t| !t.trim().is_empty());
    }

    /// Names what the preview depends on.
    pub fn key(&self, job: &Job) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        self.title.hash(&mut hasher);
        let still = FigureOptions {
            dpi: 0.0,
            ..job.options.clone()
        };
        format!("{still:?}").hash(&mut hasher);
        if let Content::Artifact(artifact) = &job.shown {
            artifact.mark(&mut hasher);
        }
        hasher.finish()
    }

    /// Why it can't be exported as it is.
    pub fn why_not(&self, state: &State, page: Option<(f64, f64)>) -> Option<String> {
        if self.name.trim().is_empty() {
            return Some("Type a name for the file".into());
        }
        if let Some(reason) = self.form.why_not(state) {
            return Some(reason.into());
        }
        if self.form == GIF {
            return self.frames.run.check().err().map(|e| e.to_string());
        }
        let pixels = page.map(|mm| png::size(mm, self.page.dpi))?;
        let most = png::MOST_PIXELS;
        let large = self.form.has_dots() && pixels.iter().any(|p| *p > most);
        large.then(|| {
            format!(
                "A picture has at most {} pixels a side: lower the dots per inch or the width",
                grouped(most as usize)
            )
        })
    }

    /// The size of what will be written, in words; `page`: the figure's, in millimetres.
    fn size(&self, page: Option<(f64, f64)>) -> String {
        let Some((width, height)) = page else {
            return "…".into();
        };
        if self.form == GIF {
            let pixels = f64::from(self.frames.run.pixels);
            // Captions of other frames may take a line more or less.
            return format!("{pixels} × about {:.0} pixels", pixels * height / width);
        }
        let paper = format!("{width:.0} × {height:.0} mm");
        if !self.form.has_dots() {
            return paper;
        }
        let [across, down] = png::size((width, height), self.page.dpi);
        format!("{paper}, {across} × {down} pixels")
    }

    /// Draws the fields; `page`: the figure's size in millimetres, once it is known.
    pub fn form_ui(
        &mut self,
        ui: &mut Ui,
        palette: &Palette,
        state: &State,
        page: Option<(f64, f64)>,
    ) -> Done {
        let mut done = Done::default();
        egui::Grid::new("export form")
            .num_columns(2)
            .show(ui, |ui| {
                ui.label("Format");
                self.forms_ui(ui, state);
                ui.end_row();
                ui.label("File");
                done.entered |= self.name_ui(ui);
                ui.end_row();
                ui.label("Folder");
                done.choose = self.folder_ui(ui, palette);
                ui.end_row();
                if self.form.is_figure() {
                    ui.label("Title");
                    let hint = TextEdit::singleline(&mut self.title)
                        .hint_text("what is shown")
                        .desired_width(FIELD);
                    let edit = ui.add(hint);
                    named(&edit, egui::Role::TextInput, "Title", &self.title);
                    done.entered |= entered(ui, &edit);
                    ui.end_row();
                    self.page.ui(ui, self.form, FIELD);
                }
                if self.form == GIF {
                    self.frames.ui(ui, palette);
                }
                if self.form.is_figure() || self.form == GIF {
                    ui.label("Size");
                    let size = self.size(page);
                    ui.label(RichText::new(size).color(palette.weak));
                    ui.end_row();
                }
            });
        // With nothing in focus, Enter means the dialog.
        let free =
            ui.ctx().memory(|m| m.focused().is_none()) && !egui::Popup::is_any_open(ui.ctx());
        done.entered |= free && ui.input(|i| i.key_pressed(Key::Enter));
        done.entered &= !std::mem::take(&mut self.fresh);
        done
    }

    fn forms_ui(&mut self, ui: &mut Ui, state: &State) {
        let mut chosen = None;
        let combo = ComboBox::from_id_salt("format")
            .selected_text(self.form.words)
            .width(FIELD)
            // All of them without scrolling.
            .height(400.0)
            .show_ui(ui, |ui| {
                for form in self.forms {
                    let reason = form.why_not(state);
                    let button = Button::selectable(self.form == *form, form.words);
                    let response = ui.add_enabled(reason.is_none(), button);
                    if response.clicked() {
                        chosen = Some(*form);
                    }
                    if let Some(reason) = reason {
                        response.on_disabled_hover_text(reason);
                    }
                }
            });
        named(
            &combo.response,
            egui::Role::ComboBox,
            "File format",
            self.form.words,
        );
        if let Some(form) = chosen.filter(|f| *f != self.form) {
            self.take(form);
        }
    }

    /// The file's name, selected up to its suffix when the dialog opens; whether Enter was pressed.
    fn name_ui(&mut self, ui: &mut Ui) -> bool {
        let edit = ui.add(TextEdit::singleline(&mut self.name).desired_width(FIELD));
        named(&edit, egui::Role::TextInput, "File to write", &self.name);
        if self.fresh {
            edit.request_focus();
            let mut state = TextEdit::load_state(ui.ctx(), edit.id).unwrap_or_default();
            let suffix = self.form.suffix.len() + 1;
            let stem = self.name.chars().count().saturating_sub(suffix);
            let range = CCursorRange::two(CCursor::new(0), CCursor::new(stem));
            state.cursor.set_char_range(Some(range));
            state.store(ui.ctx(), edit.id);
        }
        if edit.changed() {
            self.follow();
            self.touched();
        }
        entered(ui, &edit)
    }

    /// The folder the file goes into; whether another is to be chosen.
    fn folder_ui(&self, ui: &mut Ui, palette: &Palette) -> bool {
        ui.horizontal(|ui| {
            let has_dialogs = crate::app::dialog::has_dialogs();
            let target = self.target();
            let folder = target.parent().map(|f| f.display().to_string());
            let folder = folder.unwrap_or_default();
            let button = 78.0;
            let label = egui::Label::new(RichText::new(&folder).color(palette.weak)).truncate();
            let room = egui::vec2(FIELD - button, ui.spacing().interact_size.y);
            let layout = egui::Layout::left_to_right(egui::Align::Center);
            let shown = ui.allocate_ui_with_layout(room, layout, |ui| {
                ui.set_min_width(room.x);
                ui.add(label)
            });
            shown.inner.on_hover_text(&folder);
            ui.add_enabled(has_dialogs, Button::new("Choose…"))
                .on_hover_text("Choose folder and name in the system's dialog")
                .on_disabled_hover_text(
                    "This system has no file dialogs: type a path as the file, ~ is the home folder",
                )
                .clicked()
        })
        .inner
    }
}

/// Whether Enter was pressed in a field.
fn entered(ui: &Ui, edit: &egui::Response) -> bool {
    edit.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter))
}
