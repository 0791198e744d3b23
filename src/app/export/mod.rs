//! Taking pictures and numbers along: the dialog, and the threads that write.
//!
//! The same figures as the command line makes, independent of the window's theme. A file is written
//! beside its place and renamed; the window answers meanwhile.

mod animation;
pub mod commands;
mod dialog;
pub mod forms;
mod page;
mod pixels;
mod place;
mod preview;
mod queue;
mod report;
pub mod source;

use super::state::State;
use super::theme::Palette;
use super::threads;
use super::times::duration;
use super::views::{View, Views};
use super::words::in_window;
use crate::engine::job::Job as AnyJob;
use crate::engine::live::Snapshot;
use crate::error::Result;
use crate::export::{self, preset};
use animation::Animation;
use dialog::Dialog;
use eframe::egui::{Button, ColorImage, Context, Id, Modal, RichText, TextureOptions};
use pixels::{Page, pixels, preview};
use preview::{Preview, preview_ui};
use queue::{Heard, Queue};
use source::{Content, Job};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// What everything is written as where all views go into a folder.
const EVERYTHING: [&str; 3] = ["png", "pdf", "csv"];

/// Exports under way, and the dialog for the next.
pub struct Exports {
    dialog: Option<Dialog>,
    news: Receiver<News>,
    send: Sender<News>,
    queue: Queue,
    /// Reports and animations, which take long: a figure doesn't wait for them.
    long: Queue,
    preview: Option<Preview>,
}

enum News {
    Copy(Result<(Vec<u8>, [usize; 2])>),
    /// With the page's size in millimetres.
    Preview(u64, Result<Page>),
    Path(Option<PathBuf>),
}

impl Exports {
    /// None yet.
    pub fn new(ctx: &Context) -> Self {
        let (send, news) = channel();
        let queue = || {
            let ctx = ctx.clone();
            Queue::new(move || ctx.request_repaint())
        };
        Self {
            dialog: None,
            news,
            send,
            queue: queue(),
            long: queue(),
            preview: None,
        }
    }

    /// Opens the dialog for a view, in the form it was exported in last.
    pub fn begin(&mut self, view: &dyn View, state: &State) {
        self.dialog = Some(Dialog::new(view, state));
        self.preview = None;
    }

    /// Opens the dialog for an animation of a view.
    pub fn begin_animation(&mut self, view: &dyn View, state: &State) {
        let mut dialog = Dialog::new(view, state);
        dialog.take(forms::GIF);
        self.dialog = Some(dialog);
        self.preview = None;
    }

    /// Puts the picture of a view on the clipboard, as soon as it is drawn.
    pub fn copy_picture(
        &mut self,
        ctx: &Context,
        view: &dyn View,
        state: &mut State,
        news: &Snapshot,
    ) {
        let job = Self::job(view, state, news);
        match job {
            Ok(mut job) => {
                job.options.dpi = 220.0;
                let (send, ctx) = (self.send.clone(), ctx.clone());
                let spawned = threads::spawn("losscope-copy", move || {
                    send.send(News::Copy(pixels(&job.shown, &job.options))).ok();
                    ctx.request_repaint();
                });
                match spawned {
                    Ok(()) => state.say("Drawing the picture for the clipboard…"),
                    Err(error) => state.complain(format!("The picture can't be drawn: {error}")),
                }
            }
            Err(error) => state.complain(error.to_string()),
        }
    }

    fn job(view: &dyn View, state: &State, news: &Snapshot) -> Result<Job> {
        let mut options = source::options(&state.look);
        options.width = view.widths().1;
        Ok(Job {
            path: PathBuf::new(),
            options,
            shown: view.artifact(state, news)?,
            text: view.text(state, news),
        })
    }

    /// Writes what a view shows now, on a page of its usual width.
    ///
    /// # Errors
    /// Where it shows nothing yet, or the file can't be written.
    #[expect(
        clippy::unused_self,
        reason = "what writes is asked to, as for everything else"
    )]
    pub fn write(
        &self,
        view: &dyn View,
        state: &State,
        news: &Snapshot,
        path: &Path,
    ) -> Result<()> {
        let job = Self::job(view, state, news)?;
        job.shown.write(path, &job.options)
    }

    /// Writes every view that has something to show into a folder of its own in `folder`.
    pub fn everything(&mut self, views: &Views, state: &mut State, news: &Snapshot, folder: &Path) {
        let place = place::fresh(folder);
        let mut missing = Vec::new();
        let mut count = 0;
        for view in views.iter().filter(|view| view.why_not(state).is_none()) {
            let Ok(job) = Self::job(view, state, news) else {
                missing.push(view.name().to_lowercase());
                continue;
            };
            let suffixes: Vec<&str> = EVERYTHING
                .into_iter()
                .filter(|suffix| forms::Form::with_suffix(view.forms(), suffix).is_some())
                .collect();
            for suffix in suffixes {
                let path = place.join(format!("{}.{suffix}", view.name().to_lowercase()));
                let (job, to) = (job.clone(), path.clone());
                count += 1;
                let task = move |_: &Heard| {
                    let parent = to.parent().unwrap_or(Path::new("."));
                    std::fs::create_dir_all(parent)
                        .map_err(|e| crate::error::Error::io("make the folder", parent, e))?;
                    job.shown.write(&to, &job.options)
                };
                self.queue.add(&path, Box::new(task));
            }
        }
        // At once, so that the next order takes another.
        if count > 0
            && let Err(error) = std::fs::create_dir_all(&place)
        {
            state.complain(format!("Not exported: {error}"));
        }
        let mut words = format!("Writing {count} files into {}", place.display());
        if !missing.is_empty() {
            words.push_str(&format!("; nothing to show yet of {}", missing.join(", ")));
        }
        state.say(words);
    }

    /// Whether a file is being written.
    pub fn busy(&self) -> bool {
        self.queue.is_busy() || self.long.is_busy()
    }

    /// What is being written, in words.
    pub fn activity(&self) -> Option<String> {
        let both = [&self.queue, &self.long].into_iter();
        both.filter_map(Queue::activity)
            .reduce(|first, second| format!("{first}; {second}"))
    }

    /// Stops what takes long; nothing half-written stays.
    pub fn stop(&self) {
        self.queue.stop();
        self.long.stop();
    }

    /// Whether what is being written can be stopped.
    pub fn can_stop(&self) -> bool {
        self.queue.can_stop() || self.long.can_stop()
    }

    /// Takes note of what was finished.
    pub fn poll(&mut self, ctx: &Context, state: &mut State) {
        while let Some((path, result)) = self.queue.finished().or_else(|| self.long.finished()) {
            match result {
                Ok(()) => state.say(format!("Wrote {}", path.display())),
                Err(error) => state.complain(format!("Not exported: {error}")),
            }
        }
        while let Ok(news) = self.news.try_recv() {
            match news {
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
        views: &Views,
        palette: &Palette,
    ) {
        let Some(mut dialog) = self.dialog.take() else {
            return;
        };
        let Some(view) = views.get(&dialog.pane) else {
            return;
        };
        let job = Self::job(view, state, news).map(|mut job| {
            dialog.fill(&mut job);
            job
        });
        self.refresh(ctx, &job, &dialog);
        let page = self.preview.as_ref().and_then(|p| p.page);
        let reason = self.why_not(state, &job, &dialog);
        let shown = Modal::new(Id::unique("export")).show(ctx, |ui| {
            ui.set_width(460.0);
            ui.heading(format!("Export {}", dialog.view.to_lowercase()));
            let mut done = dialog.form_ui(ui, palette, state, page);
            let preview = self.preview.as_ref();
            preview_ui(preview, ui, palette, &job, dialog.form.is_figure());
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
        let inputs = AnyJob::Surface(state.wish.surface_job(0.0)).inputs();
        export::check_spares(&path, &inputs)?;
        if path.exists() && !std::mem::replace(&mut dialog.replace, true) {
            dialog.error = "There is such a file already: exporting again replaces it".into();
            return Ok(false);
        }
        if let Some(name) = dialog.page.keeps() {
            let kept = preset::keep(name, &preset::Preset::of(&job.options))?;
            state.say(format!("Kept the preset in {}", kept.display()));
        }
        state.exported.folder = path.parent().map(Path::to_owned);
        let suffix = dialog.form.suffix.to_owned();
        let forms = &mut state.exported.forms;
        forms.insert(dialog.view.to_owned(), suffix);
        state.exported.author = dialog.page.author().to_owned();
        let ctx = ctx.clone();
        let form = dialog.form;
        if form == forms::GIF {
            let animation = Animation {
                wish: state.wish.clone(),
                in_space: dialog.eye,
                frames: dialog.frames.clone(),
                options: job.options,
                path: path.clone(),
            };
            let task = move |heard: &Heard| {
                animation::write(&animation, |done, total, left: Option<Duration>| {
                    let words = left.map(|left| format!(", {} left", duration(left)));
                    ctx.request_repaint();
                    let words = words.unwrap_or_default();
                    heard.tell(format!("{done} of {total} frames{words}"))
                })
            };
            self.long.add(&path, Box::new(task));
        } else {
            let task = move |_: &Heard| match job.text.filter(|_| form.is_text()) {
                Some(text) => Content::Text(text).write(&job.path, &job.options),
                None => job.shown.write(&job.path, &job.options),
            };
            self.queue.add(&path, Box::new(task));
        }
        Ok(true)
    }

    /// Measures everything for both minimizers and writes the page.
    pub fn report(&mut self, ctx: &Context, state: &mut State, path: &Path) {
        let Some(job) = state.wish.report_job() else {
            return;
        };
        let (ctx, page) = (ctx.clone(), path.to_owned());
        let task = move |heard: &Heard| {
            let told = |words| {
                ctx.request_repaint();
                heard.tell(words)
            };
            told("opening".into());
            report::write(&page, &job, told)
        };
        state.say("Measuring everything for the report…");
        self.long.add(path, Box::new(task));
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
        let ask = move || {
            let chosen = pollster::block_on(native.save_file());
            send.send(News::Path(chosen.map(|f| f.path().to_owned())))
                .ok();
            ctx.request_repaint();
        };
        // Without a thread there is no dialog, and the path can be typed.
        let thread = std::thread::Builder::new().name("losscope-dialog".into());
        thread.spawn(ask).ok();
    }

    /// Draws the figure anew, aside, where it would look different.
    fn refresh(&mut self, ctx: &Context, job: &Result<Job>, dialog: &Dialog) {
        let Ok(job) = job else { return };
        if !dialog.form.is_figure() && dialog.form != forms::GIF {
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
        job.options.dpi = 110.0 / job.options.text.max(1.0);
        let (send, ctx) = (self.send.clone(), ctx.clone());
        // Without a thread the dialog has no preview.
        threads::spawn("losscope-preview", move || {
            send.send(News::Preview(key, preview(&job.shown, &job.options)))
                .ok();
            ctx.request_repaint();
        })
        .ok();
    }
}
