//! The window: what a person sees and does.
//!
//! One frame: take the newest snapshot of the computing thread, draw panels and views from it, and
//! collect what the person does as commands and changes of the [`State`]; then carry the
//! commands out and send the wish, if it changed. Nothing here computes, and nothing here waits:
//! files are opened by the computing thread, written by threads of their own.

mod attempts;
mod attention;
mod badge;
mod beside;
mod card;
mod card_ui;
mod cards;
mod command;
mod completion;
mod controls;
mod deck;
mod dialog;
mod export;
mod files;
mod focus;
pub mod headless;
mod hearing;
mod help;
mod history;
mod keys;
mod looking;
mod losses;
mod menu;
mod names;
mod network;
mod opening;
mod opens;
mod others;
mod overlay;
mod paint;
mod pane;
mod quitting;
mod readings;
mod refused;
mod runs;
mod session;
mod software;
mod start;
pub mod state;
mod status;
mod theme;
mod threads;
mod times;
mod training;
mod views;
mod weights;
mod words;

pub use start::{options, run};

use crate::engine::device::may_have_gpu;
use crate::engine::live::{Live, Snapshot, Wish};
use crate::engine::queue::Queue;
use crate::engine::result::Outcome;
use command::{Ask, Command, Place};
use eframe::egui::{self, Context, Ui, ViewportCommand};
use pane::Pane;
use quitting::Quitting;
use state::State;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use training::Order;
use views::Views;

/// The window's program.
pub struct App {
    state: State,
    live: Live,
    views: Views,
    dialogs: dialog::Dialogs,
    queue: Queue,
    exports: export::Exports,
    opening: opening::Opening,
    network: network::Chooser,
    help: help::Help,
    sent: Option<Wish>,
    sent_number: u64,
    /// Results to be shown with the next wish.
    offers: Vec<Outcome>,
    /// Whether a dialog was open in the last frame.
    had_dialog: bool,
    title: String,
    reset: u64,
    quitting: Quitting,
    pacing: software::Pacing,
    words: words::Worded,
    attention: attention::Attention,
    _waited_for: threads::Waited,
}

/// News within this time share a frame.
const NEWS_EVERY: Duration = Duration::from_millis(12);

impl App {
    /// The program in a window that was just created.
    ///
    /// # Errors
    /// Where the computing thread can't be started.
    pub fn new(cc: &eframe::CreationContext<'_>, files: Vec<PathBuf>) -> std::io::Result<Self> {
        theme::install(&cc.egui_ctx);
        if let Some(gpu) = &cc.wgpu_render_state {
            paint::sheet::install(gpu);
        }
        let ctx = cc.egui_ctx.clone();
        let live = Live::start(move || ctx.request_repaint_after(NEWS_EVERY))?;
        let restored = cc.storage.and_then(session::restore);
        let (mut state, tree) =
            restored.unwrap_or_else(|| (State::default(), views::usual_layout()));
        state.measure_hidden = true;
        let ctx = cc.egui_ctx.clone();
        let queue = Queue::new(move || ctx.request_repaint_after(NEWS_EVERY));
        runs::again(&queue, &state);
        let mut app = Self {
            state,
            live,
            views: Views::new(tree),
            dialogs: dialog::Dialogs::default(),
            queue,
            exports: export::Exports::new(&cc.egui_ctx),
            opening: opening::Opening::default(),
            network: network::Chooser::default(),
            help: help::Help::default(),
            sent: None,
            sent_number: 0,
            offers: Vec::new(),
            had_dialog: false,
            title: String::new(),
            reset: 0,
            quitting: Quitting::No,
            pacing: software::Pacing::new(cc, may_have_gpu()),
            words: words::Worded::default(),
            attention: attention::Attention::default(),
            _waited_for: threads::Waited,
        };
        if !files.is_empty() {
            (app.state.wish, app.state.session) = (Wish::default(), None);
            app.carry_out(&cc.egui_ctx, Command::Chosen(Ask::Open, files));
        }
        Ok(app)
    }

    /// What the window remembers; for tests and benchmarks.
    pub fn state(&mut self) -> &mut State {
        &mut self.state
    }

    /// Brings a view to the front; for tests.
    pub fn show(&mut self, view: &str) {
        let pane = self.views.iter().find(|v| v.name() == view);
        if let Some(pane) = pane.map(views::View::pane) {
            self.views.show(&pane);
        }
    }

    /// Writes what a view shows now, as its export does; for tests.
    ///
    /// # Errors
    /// Where there is no such view, it shows nothing yet, or the file can't be written.
    pub fn write(&self, view: &str, path: &Path) -> crate::error::Result<()> {
        let view = self.views.iter().find(|v| v.name() == view);
        let view = view.ok_or_else(export::source::nothing)?;
        let news = self.live.snapshot();
        self.exports.write(view, &self.state, &news, path)
    }

    /// What is typed at the terminal to write what a view shows; for tests.
    pub fn command_of(&self, view: &str) -> Option<String> {
        let view = self.views.iter().find(|v| v.name() == view)?;
        view.command(&self.state)
    }

    /// The newest state of everything computed; for tests and benchmarks.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.live.snapshot()
    }

    /// Whether everything the person asked for is there; for tests and benchmarks.
    pub fn is_settled(&self) -> bool {
        let news = self.live.snapshot();
        self.sent.as_ref() == Some(&self.state.wish)
            && news.wish == self.sent_number
            && news.activity.is_idle()
            && self.words.have_told(&news)
            && !self.is_opening()
    }

    /// Whether it isn't decided yet what of the files asked for is open; for tests.
    pub fn is_opening(&self) -> bool {
        self.opening.is_busy() || self.state.is_opening()
    }

    /// Whether edges are smooth again after something moved; for tests.
    pub fn is_at_rest(&self) -> bool {
        self.pacing.is_at_rest()
    }

    fn frame(&mut self, ui: &mut Ui, gpu: Option<&eframe::egui_wgpu::RenderState>) {
        let ctx = ui.ctx().clone();
        theme::follow(&ctx, self.state.look.theme);
        self.pacing.apply(&ctx);
        ctx.set_zoom_factor(self.state.look.zoom);
        let palette = theme::palette(ctx.style_of(ctx.theme()).visuals.dark_mode);
        let news = self.words.of(self.live.snapshot());
        if news.wish == self.sent_number && self.sent.as_ref() == Some(&self.state.wish) {
            self.state.judge(&news);
        }
        self.state.wish.dragging = false;
        overlay::hush(&ctx, &mut self.had_dialog);
        focus::note(&ctx);
        let mut commands = hearing::heard(&ctx, &self.views, self.quitting == Quitting::Yes);
        commands.extend(self.dialogs.poll());
        self.exports.poll(&ctx, &mut self.state);
        runs::poll(&self.queue, &mut self.state, &news);
        let results = self.opening.poll(&mut self.state, &mut self.views);
        self.offers.extend(results);

        // The window is cleared to the panels' colour: filling them again would cost a software
        // renderer as much as everything else together.
        let bare = |x, y| egui::Frame::new().inner_margin(egui::Margin::symmetric(x, y));
        egui::Panel::top("menu").frame(bare(8, 2)).show(ui, |ui| {
            menu::menu_ui(ui, &self.state, &self.views, &mut commands);
        });
        egui::Panel::bottom("status")
            .frame(bare(8, 2))
            .show(ui, |ui| {
                status::status_ui(
                    ui,
                    &mut self.state,
                    &news,
                    &self.exports,
                    palette,
                    &mut commands,
                );
            });
        let deck = egui::Panel::bottom("deck").frame(bare(8, 2));
        deck.show(ui, |ui| {
            deck::deck_ui(ui, &mut self.state, &news, palette, &mut commands);
        });
        if self.state.look.side.is_open(ctx.content_rect().width()) {
            egui::Panel::left("experiment")
                .frame(bare(8, 0))
                .default_size(296.0)
                .size_range(240.0..=460.0)
                .show(ui, |ui| {
                    let area = egui::ScrollArea::vertical().auto_shrink(false);
                    area.show(ui, |ui| {
                        cards::cards_ui(ui, &mut self.state, &news, palette, &mut commands);
                        controls::controls_ui(ui, &mut self.state, &news, palette, &mut commands);
                        focus::reveal(ui);
                    });
                });
        }
        egui::CentralPanel::no_frame().show(ui, |ui| {
            let context = views::Context {
                state: &mut self.state,
                news: &news,
                commands: &mut commands,
                palette,
                gpu,
                reset: self.reset,
            };
            self.views.ui(ui, context);
        });
        self.dialogs.ui(&ctx, palette, &mut commands);
        self.network
            .ui(&ctx, &mut self.state, &news, palette, &mut commands);
        self.exports
            .ui(&ctx, &mut self.state, &news, &self.views, palette);
        self.help.ui(&ctx, palette, &self.views);
        overlay::hovering_ui(&ctx, palette);
        self.quitting.ui(&ctx);
        focus::ring(&ctx, palette);

        for command in commands {
            self.carry_out(&ctx, command);
        }
        self.send();
        let busy = !news.activity.is_idle() || self.exports.busy() || self.queue.is_busy();
        self.attention.note(&ctx, busy);
        self.entitle(&ctx);
    }

    fn carry_out(&mut self, ctx: &Context, command: Command) {
        let state = &mut self.state;
        match command {
            Command::Ask(ask) => self.dialogs.ask(ask, ctx),
            Command::TypePath(ask) => self.dialogs.type_path(ask),
            Command::Chosen(Ask::SaveSession, paths) => {
                if let Some(path) = paths.first() {
                    session::save(state, self.views.tree(), &self.live.snapshot(), path);
                }
            }
            Command::Chosen(Ask::SaveReport, paths) => {
                if let Some(path) = paths.first() {
                    self.exports.report(ctx, state, path);
                }
            }
            Command::Chosen(Ask::ExportAll, paths) => {
                let news = self.words.of(self.live.snapshot());
                if let Some(folder) = paths.first() {
                    self.exports.everything(&self.views, state, &news, folder);
                }
            }
            Command::Chosen(ask, paths) => {
                let (rest, are_runs) = runs::chosen(&self.queue, state, ask, paths);
                if are_runs {
                    self.views.show(&Pane::RUNS);
                }
                self.opening.chosen(ctx, state, ask, rest);
            }
            Command::Run(Order::Plane(folder)) => {
                self.opening.chosen(ctx, state, Ask::Open, vec![folder]);
            }
            Command::Run(order) => runs::carry_out(&self.queue, state, order),
            Command::BuiltIn => files::built_in(state),
            Command::BuiltInData(name) => files::asked(state, Ask::Data, vec![name.into()]),
            Command::Loss(choice) => state.open_with(&[&|wish| {
                wish.plane.setup.loss.clone_from(&choice);
                None
            }]),
            Command::TryAgain(card) => state.retry(card, |_| {}),
            Command::ReadAt(card, key) => state.read_at(card, key.as_deref()),
            Command::Dismiss(card) => state.dismiss(card),
            Command::OpenAlone => {
                let card = card::Card::Checkpoint(Place::Large);
                state.retry(card, files::large_alone);
            }
            Command::ComputeAgain => self.sent = None,
            Command::ChooseNetwork => self.network.open(),
            Command::Swap => state.swap(),
            Command::Close(place) => files::close(state, place),
            Command::Beside(order) => beside::carry_out(state, order),
            Command::Undo => state.undo(),
            Command::Redo => state.redo(),
            Command::NewSeed => state.new_seed(),
            Command::Stop => {
                state.wish.stopped = true;
                self.exports.stop();
            }
            Command::Resume => state.wish.stopped = false,
            Command::ClearProbes => state.wish.probes.clear(),
            Command::ResetView => self.reset += 1,
            Command::ResetLayout => self.views.arrange(views::usual_layout()),
            Command::Show(pane) => self.views.show(&pane),
            Command::Side => {
                let width = ctx.content_rect().width();
                state.look.side = state.look.side.toggled(width);
            }
            Command::SaveSession => match state.session.clone() {
                Some(path) => session::save(state, self.views.tree(), &self.live.snapshot(), &path),
                None => self.dialogs.ask(Ask::SaveSession, ctx),
            },
            Command::Export(pane) => {
                if let Some(view) = self.views.get(&pane) {
                    self.exports.begin(view, state);
                }
            }
            Command::Animate => {
                if let Some(view) = self.views.get(&Pane::CONTOUR) {
                    self.exports.begin_animation(view, state);
                }
            }
            Command::CopyPicture(pane) => {
                let news = self.live.snapshot();
                if let Some(view) = self.views.get(&pane) {
                    self.exports.copy_picture(ctx, view, state, &news);
                }
            }
            Command::CopyLine(pane) => {
                let view = self.views.get(&pane);
                match view.and_then(|view| view.command(state)) {
                    Some(line) => {
                        ctx.copy_text(line);
                        state.say("The command is on the clipboard");
                    }
                    None => state.complain("No command writes what this view shows now"),
                }
            }
            Command::CopyTable(pane) => {
                let news = self.words.of(self.live.snapshot());
                let view = self.views.get(&pane);
                if let Some(text) = view.and_then(|view| view.text(state, &news)) {
                    ctx.copy_text(text);
                }
            }
            Command::Zoom(step) => {
                let zoom = state.look.zoom + 0.1 * step as f32;
                state.look.zoom = if step == 0 { 1.0 } else { zoom.clamp(0.6, 3.0) };
            }
            Command::Theme(theme) => state.look.theme = theme,
            Command::Help => self.help.open(),
            Command::Quit => {
                self.quitting = if self.exports.busy() {
                    Quitting::Asking
                } else {
                    ctx.send_viewport_cmd(ViewportCommand::Close);
                    Quitting::Yes
                };
            }
        }
    }

    /// Sends the wish where it changed; any change but stopping goes on refining.
    fn send(&mut self) {
        let wish = &mut self.state.wish;
        (wish.measuring, wish.compare) = self.views.needs();
        wish.aside = self.state.measure_hidden;
        self.state.follow_epsilon();
        // What the program was started on comes first.
        if self.sent.is_none() && self.opening.is_busy() {
            return;
        }
        if self.sent.as_ref() == Some(&self.state.wish) && self.offers.is_empty() {
            return;
        }
        self.pacing.note();
        let stopped_now = |old: &Wish| !old.stopped && self.state.wish.stopped;
        if !self.sent.as_ref().is_some_and(stopped_now) {
            self.state.wish.stopped = false;
        }
        self.state.note_step();
        self.sent_number = self.live.wish(self.state.wish.clone());
        self.sent = Some(self.state.wish.clone());
        for outcome in self.offers.drain(..) {
            self.live.offer(outcome);
        }
    }

    /// The window's title: the session, or the checkpoints.
    fn entitle(&mut self, ctx: &Context) {
        let title = format!("{} – Losscope", files::title(&self.state));
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        let gpu = frame.wgpu_render_state().cloned();
        self.frame(ui, gpu.as_ref());
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        visuals.panel_fill.to_normalized_gamma_f32()
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        session::keep(storage, &self.state, self.views.tree());
    }
}
