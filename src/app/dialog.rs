//! Asking for paths: the system's own dialogs, or a field in the window where there are none.
//!
//! A system dialog runs on a thread of its own. Where no dialog service answers (no desktop, no
//! portal, no zenity), the path field takes over, so that asking never comes to nothing.

use super::command::{Ask, Command, Place};
use super::completion::{self, expanded};
use super::theme::Palette;
use crate::engine::recognise;
use eframe::egui::{self, Context, EventFilter, Id, Key, Modal, Modifiers, RichText, TextEdit};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A dialog that is gone sooner than this was never seen by anybody.
const UNSEEN: Duration = Duration::from_millis(250);

/// Dialogs that are open.
#[derive(Default)]
pub struct Dialogs {
    waiting: Option<Waiting>,
    field: Option<Field>,
    folder: Option<PathBuf>,
}

/// A system dialog that has not answered yet.
struct Waiting {
    ask: Ask,
    since: Instant,
    answer: Receiver<Option<Vec<PathBuf>>>,
}

/// The path field.
struct Field {
    ask: Ask,
    text: String,
    error: String,
    /// Asked once whether an existing file may be replaced.
    replace: bool,
    fresh: bool,
    /// Whether there is something to complete, so that Tab does it.
    completes: bool,
}

/// Suffixes of files that may be opened for a purpose; none for folders.
fn suffixes(ask: Ask) -> &'static [&'static str] {
    match ask {
        Ask::Open => &[
            "pt",
            "pth",
            "ckpt",
            "bin",
            "tar",
            "safetensors",
            "bpk",
            "npz",
            "h5",
            "hdf5",
            "gz",
            "json",
            "toml",
            "idx",
            "npy",
        ],
        Ask::Checkpoint(_) | Ask::Others | Ask::Corners => &[
            "pt",
            "pth",
            "ckpt",
            "bin",
            "tar",
            "pt2",
            "safetensors",
            "bpk",
            "npz",
            "h5",
            "hdf5",
            "gz",
            "json",
        ],
        Ask::Data => &["npz", "npy", "safetensors", "bin", "idx", "gz"],
        Ask::Directions => &["safetensors", "h5", "hdf5"],
        Ask::Model => &["toml", "pt2"],
        Ask::SaveSession => &["json"],
        Ask::SaveReport => &["html"],
        Ask::Recipe | Ask::SaveRecipe => &["toml"],
        Ask::DataFolder
        | Ask::Series
        | Ask::Path
        | Ask::ExportAll
        | Ask::OpenRun
        | Ask::RunFolder => &[],
    }
}

/// Whether a folder is asked for.
fn is_folder(ask: Ask) -> bool {
    use Ask::{DataFolder, ExportAll, OpenRun, Path, RunFolder, Series};
    matches!(
        ask,
        DataFolder | Series | Path | ExportAll | OpenRun | RunFolder
    )
}

/// Whether several files may be meant.
fn has_several(ask: Ask) -> bool {
    use Ask::{Corners, Directions, Open, Others};
    matches!(ask, Open | Others | Corners | Directions)
}

/// What is asked for, as a title.
fn title(ask: Ask) -> &'static str {
    match ask {
        Ask::Open => "Open checkpoints, results or a session",
        Ask::Checkpoint(Place::Small) => "Open the small-batch minimizer",
        Ask::Checkpoint(Place::Large) => "Open the large-batch minimizer",
        Ask::Checkpoint(Place::Initial) => "Open the initial weights",
        Ask::Others => "Open further minimizers",
        Ask::Data => "Open a data file",
        Ask::DataFolder => "Open a folder of data",
        Ask::ExportAll => "A folder for every view",
        Ask::OpenRun => "Open the folder of a run",
        Ask::RunFolder => "The folder that runs are kept in",
        Ask::Recipe => "Open a recipe",
        Ask::SaveRecipe => "Save the recipe",
        Ask::Series => "Open a folder of checkpoints",
        Ask::Path => "Draw the path of a folder of checkpoints",
        Ask::Model => "Open a model file",
        Ask::Directions => "Open stored directions",
        Ask::Corners => "Open two more checkpoints of the plane",
        Ask::SaveSession => "Save the session",
        Ask::SaveReport => "Write the report on both minimizers",
    }
}

/// Whether this system can show dialogs of its own.
pub fn has_dialogs() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let bus = set("DBUS_SESSION_BUS_ADDRESS")
        || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|d| Path::new(&d).join("bus").exists());
    let in_path = |program: &str| {
        std::env::var_os("PATH")
            .is_some_and(|p| std::env::split_paths(&p).any(|d| d.join(program).exists()))
    };
    bus || in_path("zenity")
}

impl Dialogs {
    /// Asks for a path through the system, or in the window where the system has no dialogs.
    pub fn ask(&mut self, ask: Ask, ctx: &Context) {
        if self.waiting.is_some() {
            return;
        }
        if !has_dialogs() {
            self.type_path(ask);
            return;
        }
        let mut dialog = rfd::AsyncFileDialog::new().set_title(title(ask));
        if let Some(folder) = &self.folder {
            dialog = dialog.set_directory(folder);
        }
        let (all, usual) = (("All files", &["*"][..]), ("Usual suffixes", suffixes(ask)));
        // A file is known by its content, so where anything may be opened nothing is hidden.
        let filters = if ask == Ask::Open {
            [all, usual]
        } else {
            [usual, all]
        };
        for (words, suffixes) in filters {
            if !usual.1.is_empty() {
                dialog = dialog.add_filter(words, suffixes);
            }
        }
        if let Some(name) = ask.saved_as() {
            dialog = dialog.set_file_name(name);
        }
        let (send, answer) = channel();
        let ctx = ctx.clone();
        let run = move || {
            let one = |file: Option<rfd::FileHandle>| file.map(|f| vec![f.path().to_owned()]);
            let many = |files: Option<Vec<rfd::FileHandle>>| {
                files.map(|f| f.iter().map(|f| f.path().to_owned()).collect())
            };
            let chosen = pollster::block_on(async move {
                match ask {
                    ask if has_several(ask) => many(dialog.pick_files().await),
                    ask if is_folder(ask) => one(dialog.pick_folder().await),
                    ask if ask.saved_as().is_some() => one(dialog.save_file().await),
                    _ => one(dialog.pick_file().await),
                }
            });
            send.send(chosen).ok();
            ctx.request_repaint();
        };
        let thread = std::thread::Builder::new().name("losscope-dialog".into());
        if thread.spawn(run).is_ok() {
            self.waiting = Some(Waiting {
                ask,
                since: Instant::now(),
                answer,
            });
        } else {
            self.type_path(ask);
        }
    }

    /// Asks for a path in the window.
    pub fn type_path(&mut self, ask: Ask) {
        let start = ask.saved_as().unwrap_or_default();
        let folder = self.folder.as_deref().map(|f| f.join(start));
        self.field = Some(Field {
            ask,
            text: folder.map_or_else(|| start.to_owned(), |f| f.display().to_string()),
            error: String::new(),
            replace: false,
            fresh: true,
            completes: false,
        });
    }

    /// Answers that have come in.
    pub fn poll(&mut self) -> Vec<Command> {
        use std::sync::mpsc::TryRecvError;
        let Some(waiting) = &self.waiting else {
            return Vec::new();
        };
        let (ask, seen) = (waiting.ask, waiting.since.elapsed() > UNSEEN);
        let answer = match waiting.answer.try_recv() {
            Err(TryRecvError::Empty) => return Vec::new(),
            Ok(answer) => answer,
            Err(TryRecvError::Disconnected) => None,
        };
        self.waiting = None;
        match answer {
            Some(paths) => {
                self.remember(&paths);
                vec![Command::Chosen(ask, paths)]
            }
            None => {
                if !seen {
                    self.type_path(ask);
                }
                Vec::new()
            }
        }
    }

    fn remember(&mut self, paths: &[PathBuf]) {
        if let Some(folder) = paths.first().and_then(|p| p.parent()) {
            self.folder = Some(folder.to_owned());
        }
    }

    /// Draws the path field, if it is open.
    pub fn ui(&mut self, ctx: &Context, palette: &Palette, commands: &mut Vec<Command>) {
        let Some(field) = &mut self.field else { return };
        let mut chosen = None;
        let shown = Modal::new(Id::unique("path")).show(ctx, |ui| {
            ui.set_width(560.0);
            ui.heading(title(field.ask));
            let several = has_several(field.ask);
            let help = if several {
                "A path; several are separated by a semicolon. ~ is your home folder, Tab completes"
            } else {
                "A path; ~ is your home folder, Tab completes"
            };
            ui.label(RichText::new(help).color(palette.weak));
            let filter = EventFilter {
                tab: field.completes,
                horizontal_arrows: true,
                vertical_arrows: true,
                escape: false,
            };
            let edit = TextEdit::singleline(&mut field.text)
                .desired_width(f32::INFINITY)
                .event_filter(filter)
                .hint_text("path");
            let response = ui.add(edit);
            response.widget_info(|| {
                let mut info = egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Path");
                info.current_text_value = Some(field.text.clone());
                info
            });
            if std::mem::take(&mut field.fresh) {
                response.request_focus();
            }
            if response.changed() {
                field.error.clear();
                field.replace = false;
            }
            let tab = response.has_focus()
                && field.completes
                && ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Tab));
            let found = completion::found(&field.text);
            field.completes = completion::goes_on(&found, &field.text);
            if completion::ui(ui, &mut field.text, &found, tab, palette) {
                completion::caret_to_end(ui, response.id, &field.text);
                (field.fresh, field.replace) = (true, false);
                field.error.clear();
            }
            if !field.error.is_empty() {
                ui.label(RichText::new(&field.error).color(palette.error));
            }
            let entered = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                let words = match (field.ask.saved_as(), field.replace) {
                    (Some(_), true) => "Replace it",
                    (Some(_), false) => "Save",
                    (None, _) => "Open",
                };
                if ui.button(words).clicked() || entered {
                    match accept(field) {
                        Ok(paths) => chosen = Some(paths),
                        Err(error) => {
                            field.error = error;
                            response.request_focus();
                        }
                    }
                }
                ui.button("Cancel").clicked()
            })
            .inner
        });
        let cancelled = shown.inner || shown.should_close();
        if let Some(paths) = chosen {
            commands.push(Command::Chosen(field.ask, paths.clone()));
            self.field = None;
            self.remember(&paths);
        } else if cancelled {
            self.field = None;
        }
    }
}

/// The paths typed, if they can be what was asked for.
fn accept(field: &mut Field) -> Result<Vec<PathBuf>, String> {
    let paths: Vec<PathBuf> = field
        .text
        .split([';', '\n'])
        .map(|part| part.trim().trim_matches(['"', '\'']))
        .filter(|part| !part.is_empty())
        .map(expanded)
        .collect();
    let Some(first) = paths.first() else {
        return Err("Type a path".into());
    };
    if field.ask.saved_as().is_some() {
        if first.is_dir() {
            return Err("This is a folder: name a file in it".into());
        }
        if first.exists() && !std::mem::replace(&mut field.replace, true) {
            return Err("There is such a file already".into());
        }
        return Ok(paths);
    }
    for path in &paths {
        if !path.exists() && !recognise::is_built_in(path) {
            return Err(format!(
                "There is no such file or folder: {}",
                path.display()
            ));
        }
        if is_folder(field.ask) && !path.is_dir() {
            return Err(format!("This is no folder: {}", path.display()));
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(ask: Ask, text: &str) -> Field {
        Field {
            ask,
            text: text.into(),
            error: String::new(),
            replace: false,
            fresh: false,
            completes: false,
        }
    }

    #[test]
    fn what_is_typed_must_be_there() {
        let missing = accept(&mut field(Ask::Open, "/nowhere/at/all.pt")).unwrap_err();
        assert!(missing.contains("/nowhere/at/all.pt"));
        assert!(accept(&mut field(Ask::Open, "  ")).is_err());
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert!(
            accept(&mut field(Ask::Series, file)).is_err(),
            "a file is no folder"
        );
        let both = format!("\"{file}\"; {file}");
        assert_eq!(accept(&mut field(Ask::Open, &both)).unwrap().len(), 2);
    }

    #[test]
    fn an_existing_file_is_replaced_only_when_asked_twice() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let mut field = field(Ask::SaveSession, file);
        assert!(accept(&mut field).is_err());
        assert!(accept(&mut field).is_ok());
    }
}
