//! Taking pictures and numbers along: the dialog, and the threads that write.
//!
//! The same figures as the command line makes, independent of the window's theme. A file is written
//! beside its place and renamed; the window answers meanwhile.

mod animation;
mod dialog;
mod figures;
pub mod forms;
mod pixels;
mod place;
mod report;
mod writing;

use super::state::State;
use super::theme::Palette;
use super::times::duration;
use super::views::{Caches, Pane};
use super::words::in_window;
use crate::engine::live::{Quality, Snapshot};
use crate::error::Result;
use crate::export;
use animation::Animation;
use dialog::Dialog;
use eframe::egui::{
    self, Button, ColorImage, Context, Id, Modal, RichText, TextureHandle, TextureOptions,
};
pub use figures::Eyes;
use figures::Job;
use pixels::{Page, pixels, preview};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use writing::Writing;

/// Exports under way, and the dialog for the next.
pub struct Exports {
    dialog: Option<Dialog>,
    news: Receiver<News>,
    send: Sender<News>,
    /// Files being written.
    writing: Vec<Writing>,
    preview: Option<Preview>,
}

enum News {
    Written(PathBuf, Result<()>),
    Copy(Result<(Vec<u8>, [usize; 2])>),
    /// With the page's size in millimetres.
    Preview(u64, Result<Page>),
    Path(Option<PathBuf>),
}

struct Preview {
    key: u64,
    texture: Option<TextureHandle>,
    /// The page's size in millimetres, once it is drawn.
    page: Option<(f64, f64)>,
    error: String,
}

impl Default for Exports {
    fn default() -> Self {
        let (send, news) = channel();
        Self {
            dialog: None,
            news,
            send,
            writing: Vec::new(),
            preview: None,
        }
    }
}

impl Exports {
    /// Opens the dialog for a view, in the form it was exported in last.
    pub fn begin(&mut self, pane: Pane, state: &State) {
        self.dialog = Some(Dialog::new(pane, state));
        self.preview = None;
    }

    /// Opens the dialog for an animation of the contour.
    pub fn begin_animation(&mut self, state: &State) {
        let mut dialog = Dialog::new(Pane::Contour, state);
        dialog.take(forms::GIF);
        self.dialog = Some(dialog);
        self.preview = None;
    }

    /// Puts the picture of a view on the clipboard, as soon as it is drawn.
    pub fn copy_picture(
        &mut self,
        ctx: &Context,
        pane: Pane,
        state: &mut State,
        news: &Snapshot,
        caches: &Caches,
    ) {
        let job = Self::job(pane, state, news, &Eyes::of(caches));
        match job {
            Ok(mut job) => {
                job.options.dpi = 220.0;
                let (send, ctx) = (self.send.clone(), ctx.clone());
                spawn("losscope-copy", move || {
                    send.send(News::Copy(pixels(&job))).ok();
                    ctx.request_repaint();
                });
                state.say("Drawing the picture for the clipboard…");
            }
            Err(error) => state.complain(error.to_string()),
        }
    }

    fn job(pane: Pane, state: &State, news: &Snapshot, eyes: &Eyes) -> Result<Job> {
        let mut options = figures::options(&state.look);
        options.width = forms::widths(pane).1;
        Ok(Job {
            path: PathBuf::new(),
            options,
            content: figures::content(pane, state, news, eyes)?,
        })
    }

    /// Whether a file is being written.
    pub fn busy(&self) -> bool {
        !self.writing.is_empty()
    }

    /// What is being written, in words.
    pub fn activity(&self) -> Option<String> {
        let words = self.writing.first()?.words();
        Some(match self.writing.len() - 1 {
            0 => words,
            more => format!("{words}; {more} more to write"),
        })
    }

    /// Stops what takes long; nothing half-written stays.
    pub fn stop(&self) {
        for writing in &self.writing {
            writing.stop();
        }
    }

    /// Whether what is being written can be stopped.
    pub fn can_stop(&self) -> bool {
        self.writing.iter().any(Writing::can_stop)
    }

    /// Takes note of what was finished.
    pub fn poll(&mut self, ctx: &Context, state: &mut State) {
        while let Ok(news) = self.news.try_recv() {
            match news {
                News::Written(path, result) => {
                    self.writing.retain(|w| w.path != path);
                    match result {
                        Ok(()) => state.say(format!("Wrote {}", path.display())),
                        Err(error) => state.complain(format!("Not exported: {error}")),
                    }
                }
                News::Copy(Ok((rgba, size))) => {
                    ctx.copy_image(ColorImage::from_rgba_unmultiplied(size, &rgba));
                    state.say("The picture is on the clipboard");
                }
                News::Copy(Err(error)) => state.complain(format!("Not copied: {error}")),
                News::Preview(key, result) => {
                    if let Some(preview) = self.preview.as_mut().filter(|p| p.key == key) {
                        match result {
                            Ok((page, rgba, size)) => {
                                let image = ColorImage::from_rgba_unmultiplied(size, &rgba);
                                let options = TextureOptions::LINEAR;
                                preview.texture = Some(ctx.load_texture("preview", image, options));
                                preview.page = Some(page);
                            }
                            Err(error) => preview.error = in_window(&error.to_string()),
                        }
                    }
                }
                News::Path(path) => {
                    if let (Some(path), Some(dialog)) = (path, &mut self.dialog) {
                        dialog.put(&path);
                    }
                }
            }
        }
    }

    /// Draws the dialog, if it is open.
    pub fn ui(
        &mut self,
        ctx: &Context,
        state: &mut State,
        news: &Snapshot,
        eyes: &Eyes,
        palette: &Palette,
    ) {
        let Some(mut dialog) = self.dialog.take() else {
            return;
        };
        let job = Self::job(dialog.pane, state, news, eyes).map(|mut job| {
            dialog.fill(&mut job);
            job
        });
        self.refresh(ctx, &job, &dialog);
        let page = self.preview.as_ref().and_then(|p| p.page);
        let reason = self.why_not(state, &job, &dialog);
        let shown = Modal::new(Id::unique("export")).show(ctx, |ui| {
            ui.set_width(460.0);
            ui.heading(format!("Export {}", dialog.pane.name().to_lowercase()));
            let mut done = dialog.form_ui(ui, palette, state, page);
            self.preview_ui(ui, palette, &job);
            if !dialog.error.is_empty() {
                ui.label(RichText::new(&dialog.error).color(palette.error));
            }
            ui.add_space(6.0);
            let cancel = ui.horizontal(|ui| {
                let words = if dialog.replace {
                    "Replace it"
                } else {
                    "Export"
                };
                let export = ui.add_enabled(reason.is_none(), Button::new(words));
                done.entered &= reason.is_none();
                done.entered |= export.clicked();
                if let Some(reason) = &reason {
                    export.on_disabled_hover_text(reason);
                }
                ui.button("Cancel").clicked()
            });
            (done, cancel.inner)
        });
        let (done, cancel) = shown.inner;
        if done.choose {
            self.choose(ctx, &dialog);
        }
        if done.entered && !cancel {
            match job.and_then(|job| self.start(ctx, state, &mut dialog, job)) {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => dialog.error = in_window(&error.to_string()),
            }
        } else if cancel || shown.should_close() {
            return;
        }
        self.dialog = Some(dialog);
    }

    /// Why nothing can be exported as the dialog stands.
    fn why_not(&self, state: &State, job: &Result<Job>, dialog: &Dialog) -> Option<String> {
        if let Err(error) = job {
            return Some(in_window(&error.to_string()));
        }
        let preview = self.preview.as_ref();
        let undrawn = preview.filter(|p| dialog.form.is_figure() && !p.error.is_empty());
        if let Some(preview) = undrawn {
            return Some(preview.error.clone());
        }
        let reason = dialog.why_not(state, preview.and_then(|p| p.page));
        reason.map(|reason| in_window(&reason))
    }

    /// Starts writing; false where the person is to be asked first.
    fn start(
        &mut self,
        ctx: &Context,
        state: &mut State,
        dialog: &mut Dialog,
        job: Job,
    ) -> Result<bool> {
        let path = dialog.target();
        export::check_place(&path)?;
        let inputs = crate::engine::job::Job::Surface(state.wish.surface_job(0.0)).inputs();
        export::check_spares(&path, &inputs)?;
        if path.exists() && !std::mem::replace(&mut dialog.replace, true) {
            dialog.error = "There is such a file already: exporting again replaces it".into();
            return Ok(false);
        }
        state.exported.folder = path.parent().map(Path::to_owned);
        let suffix = dialog.form.suffix.to_owned();
        state
            .exported
            .forms
            .insert(dialog.pane.name().to_owned(), suffix);
        let writing = Writing::new(&path);
        let (send, ctx) = (self.send.clone(), ctx.clone());
        if dialog.form.suffix == "gif" {
            let animation = Animation {
                wish: state.wish.clone(),
                look: state.look.clone(),
                in_space: match &job.content {
                    figures::Content::Space(_, look) => Some(look.1),
                    _ => None,
                },
                frames: dialog.frames.clone(),
                path: path.clone(),
            };
            let heard = writing.heard();
            spawn("losscope-animate", move || {
                let told = |done, total, left: Option<Duration>| {
                    let left = left.map(|left| format!(", {} left", duration(left)));
                    let left = left.unwrap_or_default();
                    ctx.request_repaint();
                    heard.tell(format!("{done} of {total} frames{left}"))
                };
                let result = animation::write(&animation, told);
                send.send(News::Written(path, result)).ok();
                ctx.request_repaint();
            });
        } else {
            spawn("losscope-export", move || {
                let result = figures::write(&job);
                send.send(News::Written(path, result)).ok();
                ctx.request_repaint();
            });
        }
        self.writing.push(writing);
        Ok(true)
    }

    /// Measures everything for both minimizers and writes the page, on a thread of its own.
    pub fn report(&mut self, ctx: &Context, state: &mut State, path: &Path) {
        let Some(job) = state.wish.report_job() else {
            return;
        };
        let writing = Writing::new(path);
        let heard = writing.heard();
        heard.tell("opening".into());
        let (send, ctx, path) = (self.send.clone(), ctx.clone(), path.to_owned());
        spawn("losscope-report", move || {
            let told = |words| {
                ctx.request_repaint();
                heard.tell(words)
            };
            let result = report::write(&path, &job, told);
            send.send(News::Written(path, result)).ok();
            ctx.request_repaint();
        });
        state.say("Measuring everything for the report…");
        self.writing.push(writing);
    }

    fn choose(&self, ctx: &Context, dialog: &Dialog) {
        let (send, ctx) = (self.send.clone(), ctx.clone());
        let path = dialog.target();
        let mut native = rfd::AsyncFileDialog::new().set_title("Export");
        if let Some(folder) = path.parent() {
            native = native.set_directory(folder);
        }
        if let Some(name) = path.file_name() {
            native = native.set_file_name(name.to_string_lossy());
        }
        spawn("losscope-dialog", move || {
            let chosen = pollster::block_on(native.save_file());
            send.send(News::Path(chosen.map(|f| f.path().to_owned())))
                .ok();
            ctx.request_repaint();
        });
    }

    /// Draws the figure anew, aside, where it would look different.
    fn refresh(&mut self, ctx: &Context, job: &Result<Job>, dialog: &Dialog) {
        let Ok(job) = job else { return };
        if matches!(job.content, figures::Content::Text(_)) {
            return;
        }
        let key = dialog.key(job);
        if self.preview.as_ref().is_some_and(|p| p.key == key) {
            return;
        }
        let texture = self.preview.take().and_then(|p| p.texture);
        self.preview = Some(Preview {
            key,
            texture,
            page: None,
            error: String::new(),
        });
        let mut job = job.clone();
        job.options.dpi = 110.0;
        let (send, ctx) = (self.send.clone(), ctx.clone());
        spawn("losscope-preview", move || {
            send.send(News::Preview(key, preview(&job))).ok();
            ctx.request_repaint();
        });
    }

    /// What the file will look like, in room that stays the same while it is being drawn.
    fn preview_ui(&self, ui: &mut egui::Ui, palette: &Palette, job: &Result<Job>) {
        let words = |ui: &mut egui::Ui, words: &str, colour| {
            ui.label(RichText::new(words).color(colour));
        };
        match job {
            Err(error) => words(ui, &in_window(&error.to_string()), palette.error),
            Ok(job) if matches!(job.content, figures::Content::Text(_)) => {}
            Ok(_) => {
                let room = egui::vec2(440.0, 260.0);
                let centred = egui::Layout::centered_and_justified(egui::Direction::TopDown);
                ui.allocate_ui_with_layout(room, centred, |ui| match &self.preview {
                    Some(preview) if !preview.error.is_empty() => {
                        words(ui, &preview.error, palette.error);
                    }
                    Some(Preview {
                        texture: Some(texture),
                        ..
                    }) => {
                        let size = texture.size_vec2();
                        let scale = (room.x / size.x).min(room.y / size.y).min(1.0);
                        ui.image((texture.id(), size * scale));
                    }
                    _ => words(ui, "Drawing a preview…", palette.weak),
                });
            }
        }
        if let Ok(Job {
            content: figures::Content::Space(surface, _),
            ..
        }) = job
            && surface.quality != Quality::Full
        {
            let words = "The surface is still being computed; the file says how far it is";
            ui.label(RichText::new(words).color(palette.warning));
        }
    }
}

/// A thread of its own; without one the work is left undone, which the missing file shows.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(work)
        .ok();
}
