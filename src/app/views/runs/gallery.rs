//! The gallery of experiments: each with its question and source, done by a button, and what it found.

mod figures;

use crate::app::command::Command;
use crate::app::theme::Palette;
use crate::app::times::duration;
use crate::app::training::{Asked, Order};
use crate::engine::experiment::{ALL, Entry};
use crate::engine::job::{ExperimentJob, Setup, Size, SplitChoice};
use crate::engine::queue::{Doing, ExperimentNews};
use eframe::egui::{
    self, Align, Button, Color32, Context, Id, Label, Layout, Modal, ProgressBar, RichText,
    ScrollArea, Sense, TextEdit, TextStyle, TextWrapMode, Ui, Vec2, WidgetText,
};
use figures::Figures;
use std::sync::Arc;

/// What the gallery keeps between frames.
#[derive(Default)]
pub struct Gallery {
    open: bool,
    chosen: usize,
    paper: bool,
    figures: Figures,
}

/// What the gallery draws from.
pub struct Seen<'a> {
    /// What is known of experiments.
    pub news: &'a [Arc<ExperimentNews>],
    /// Network, data and device of the window.
    pub setup: &'a Setup,
    /// What was asked for.
    pub asked: &'a mut Asked,
    /// Colours.
    pub palette: &'a Palette,
    /// Where wishes go.
    pub commands: &'a mut Vec<Command>,
}

/// Width of the list.
const LIST: f32 = 290.0;
/// Height of a row of it.
const ROW: f32 = 44.0;

impl Gallery {
    /// Shows it.
    pub fn open(&mut self) {
        self.open = true;
    }

    /// Draws it, if it is open.
    pub fn ui(&mut self, ctx: &Context, mut seen: Seen<'_>) {
        if !self.open {
            return;
        }
        let room = ctx.content_rect().size();
        let size = Vec2::new((room.x - 60.0).min(1040.0), (room.y - 190.0).min(620.0));
        let shown = Modal::new(Id::unique("gallery")).show(ctx, |ui| {
            ui.set_width(size.x);
            // A window has at first the room of the frame before, and would grow under the hand.
            ui.set_max_height(room.y);
            ui.heading("Experiments of the literature");
            let words = format!(
                "Each trains its networks on the data that are open ({}), measures them and writes a page: what its source found beside what this run found",
                seen.setup.data
            );
            ui.add(Label::new(RichText::new(words).color(seen.palette.weak)).wrap());
            ui.add_space(6.0);
            // Side by side in this much room and no more, which a rule between them would take.
            let beside = Layout::left_to_right(Align::Min);
            ui.allocate_ui_with_layout(size, beside, |ui| {
                ui.set_min_size(size);
                ui.set_max_height(size.y);
                let column = Layout::top_down(Align::Min);
                ui.allocate_ui_with_layout(Vec2::new(LIST, size.y), column, |ui| {
                    ui.set_min_size(Vec2::new(LIST, size.y));
                    self.list_ui(ui, &seen);
                });
                ui.separator();
                let rest = Vec2::new(size.x - LIST - 24.0, size.y);
                ui.allocate_ui_with_layout(rest, column, |ui| {
                    ui.set_min_size(rest);
                    self.chosen_ui(ui, size.y, &mut seen);
                });
            });
            ui.add_space(4.0);
            // A line and no more: the layout alone would take all the height there is.
            let line = Vec2::new(size.x, ui.spacing().interact_size.y);
            let at_the_right = Layout::right_to_left(Align::Center);
            ui.allocate_ui_with_layout(line, at_the_right, |ui| ui.button("Close").clicked())
                .inner
        });
        if shown.inner || shown.should_close() {
            self.open = false;
        }
    }

    fn list_ui(&mut self, ui: &mut Ui, seen: &Seen<'_>) {
        let list = ScrollArea::vertical().id_salt("experiments");
        list.auto_shrink([false, false]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for (index, entry) in ALL.into_iter().enumerate() {
                let news = news_of(seen.news, entry);
                if row_ui(ui, entry, news, index == self.chosen, seen.palette) {
                    self.chosen = index;
                }
            }
        });
    }

    fn chosen_ui(&mut self, ui: &mut Ui, height: f32, seen: &mut Seen<'_>) {
        let entry = ALL[self.chosen.min(ALL.len() - 1)];
        let news = news_of(seen.news, entry).cloned();
        let palette = seen.palette;
        let scroll = ScrollArea::vertical().id_salt(entry.name);
        let scroll = scroll.max_height(height).auto_shrink([false, false]);
        scroll.show(ui, |ui| {
            ui.add(Label::new(RichText::new(entry.title).strong().size(16.0)).wrap());
            let mut question = entry.asks.to_owned();
            question[..1].make_ascii_uppercase();
            ui.add(Label::new(question).wrap());
            let source = RichText::new(entry.source).color(palette.weak);
            ui.add(Label::new(source).wrap());
            ui.add_space(6.0);
            self.ask_ui(ui, entry, news.as_deref(), seen);
            if let Some(news) = &news {
                ui.add_space(6.0);
                self.found_ui(ui, news, palette);
            }
        });
    }

    /// Size, changed fields, and the buttons.
    fn ask_ui(
        &mut self,
        ui: &mut Ui,
        entry: &Entry,
        news: Option<&ExperimentNews>,
        seen: &mut Seen<'_>,
    ) {
        let palette = seen.palette;
        let busy = news.is_some_and(|n| n.doing.is_busy());
        let (mut paper, mut changes) = (self.paper, seen.asked.changes.clone());
        ui.add_enabled_ui(!busy, |ui| {
            ui.horizontal(|ui| {
                ui.label("Size");
                ui.selectable_value(&mut paper, false, "Small");
                ui.selectable_value(&mut paper, true, "As in the paper");
            });
            ui.horizontal(|ui| {
                let help = "Fields of the recipes it trains, such as epochs=20 run_seed=[0,1]: --set of losscope experiment";
                ui.label("Changed fields").on_hover_text(help);
                let edit = TextEdit::singleline(&mut changes).desired_width(260.0);
                let edit = ui.add(edit.hint_text("none")).on_hover_text(help);
                edit.widget_info(|| {
                    let kind = egui::Role::TextInput;
                    let mut info = egui::WidgetInfo::labeled(kind, true, "Changed fields");
                    info.current_text_value = Some(seen.asked.changes.clone());
                    info
                });
            });
        });
        (self.paper, seen.asked.changes) = (paper, changes);
        let job = self.job(entry, seen);
        let runs = entry.runs(&job);
        let length = match job.size {
            Size::Small => format!("{} on two cores with the built-in digits", entry.takes),
            Size::Paper => "hours on a GPU, with data of your own".to_owned(),
        };
        ui.label(RichText::new(format!("{runs} runs; {length}")).color(palette.weak));
        let problem = crate::engine::job::Request::check(&job).err();
        if let Some(problem) = &problem {
            ui.label(RichText::new(problem.to_string()).color(palette.error));
        }
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let words = match news.map(|n| n.doing) {
                Some(Doing::Waiting | Doing::Working) => "Stop",
                Some(Doing::Stopped | Doing::Failed) if news.is_some_and(|n| n.job == job) => "Go on",
                Some(_) => "Do it once more",
                None => "Start",
            };
            let button = ui.add_enabled(busy || problem.is_none(), Button::new(words));
            if button.clicked() {
                let order = if busy {
                    Order::StopExperiment(entry.name)
                } else {
                    Order::Experiment(Box::new(job))
                };
                seen.commands.push(Command::Run(order));
            }
            let Some(news) = news else { return };
            if news.doing == Doing::Done {
                let page = news.folder.join("report.html");
                let open = ui.button("Open its page");
                if open.on_hover_text(page.display().to_string()).clicked() {
                    let url = format!("file://{}", page.display());
                    ui.ctx().open_url(egui::OpenUrl::new_tab(url));
                }
                let help = "Its runs in the table of runs, their checkpoints one click from being a minimizer";
                if ui.button("Show its runs").on_hover_text(help).clicked() {
                    let order = Order::RunsOf(news.folder.join("runs"));
                    seen.commands.push(Command::Run(order));
                    self.open = false;
                }
            }
        });
    }

    /// How far it is, or what it found.
    fn found_ui(&mut self, ui: &mut Ui, news: &ExperimentNews, palette: &Palette) {
        match news.doing {
            Doing::Waiting => {
                ui.label(RichText::new("Waits for the one before it").color(palette.weak));
            }
            Doing::Working => {
                let bar = ProgressBar::new(news.share as f32).desired_height(6.0);
                ui.add(bar);
                let left = news.left.map(|left| format!(", {} left", duration(left)));
                let words = format!("{}{}", news.words, left.unwrap_or_default());
                ui.label(RichText::new(words).color(palette.weak));
            }
            Doing::Stopped => {
                let words = "Stopped; what it has trained is kept, and it goes on from there";
                ui.label(RichText::new(words).color(palette.weak));
            }
            Doing::Failed => {
                let why = news.message.as_deref().unwrap_or_default();
                ui.add(Label::new(RichText::new(why).color(palette.error)).wrap());
            }
            Doing::Done => {
                for claim in &news.claims {
                    ui.add_space(4.0);
                    let ink = if claim.appeared {
                        palette.accent
                    } else {
                        palette.weak
                    };
                    ui.add(Label::new(&claim.source).wrap());
                    let mut verdict = claim.verdict.clone();
                    verdict[..1].make_ascii_uppercase();
                    ui.horizontal_wrapped(|ui| {
                        ui.spacing_mut().item_spacing.x = 4.0;
                        ui.label(RichText::new(format!("{verdict}:")).strong().color(ink));
                        ui.label(RichText::new(&claim.here).color(palette.weak));
                    });
                }
                ui.add_space(8.0);
                for (name, caption) in &news.figures {
                    let path = news.folder.join("figures").join(format!("{name}.png"));
                    self.figures.ui(ui, &path, caption, palette);
                }
                let folder = RichText::new(news.folder.display().to_string()).small();
                ui.add(Label::new(folder.color(palette.weak)).wrap());
            }
        }
    }

    /// The experiment on what is open, with all of its samples and networks of its own.
    fn job(&self, entry: &Entry, seen: &Seen<'_>) -> ExperimentJob {
        ExperimentJob {
            setup: Setup {
                model: "auto".into(),
                key: None,
                samples: None,
                split: SplitChoice::Both,
                ..seen.setup.clone()
            },
            experiment: Some(entry.name.into()),
            size: if self.paper { Size::Paper } else { Size::Small },
            set: seen
                .asked
                .changes
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
        }
    }
}

fn news_of<'a>(news: &'a [Arc<ExperimentNews>], entry: &Entry) -> Option<&'a Arc<ExperimentNews>> {
    news.iter().find(|own| own.name() == entry.name)
}

/// A row of the list; whether it was clicked.
fn row_ui(
    ui: &mut Ui,
    entry: &Entry,
    news: Option<&Arc<ExperimentNews>>,
    chosen: bool,
    palette: &Palette,
) -> bool {
    let size = Vec2::new(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, chosen, entry.title));
    let painter = ui.painter();
    if chosen || response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 4.0, if chosen { palette.line } else { palette.card });
    }
    let (words, ink) = match news.map(|n| (n.doing, n)) {
        None => (entry.takes.to_owned(), palette.weak),
        Some((Doing::Waiting, _)) => ("waits".into(), palette.weak),
        Some((Doing::Working, n)) => (n.words.clone(), palette.here),
        Some((Doing::Stopped, _)) => ("stopped".into(), palette.warning),
        Some((Doing::Failed, _)) => ("failed".into(), palette.error),
        Some((Doing::Done, n)) => {
            let appeared = n.claims.iter().filter(|c| c.appeared).count();
            let words = format!("done: {appeared} of {} claims appeared", n.claims.len());
            (words, palette.accent)
        }
    };
    let inner = rect.shrink2(Vec2::new(8.0, 5.0));
    // Painted: the row itself is what is read out.
    let line = |text: RichText, ink: Color32, top: f32| {
        let wrap = Some(TextWrapMode::Truncate);
        let text = WidgetText::from(text);
        let galley = text.into_galley(ui, wrap, inner.width(), TextStyle::Body);
        ui.painter()
            .galley(inner.min + Vec2::new(0.0, top), galley, ink);
    };
    line(RichText::new(entry.title), palette.text, 0.0);
    line(RichText::new(words).small(), ink, 18.0);
    response.clicked()
}
