//! The log: what happened, newest last, to be read, filtered and copied.

use super::{Context, Home, View, empty_ui};
use crate::app::export::forms::{self, Form};
use crate::app::export::source::Content;
use crate::app::state::State;
use crate::engine::live::{Entry, Kind, Snapshot};
use crate::error::Result;
use eframe::egui::{self, RichText, Ui};
use std::time::{SystemTime, UNIX_EPOCH};

/// The view.
#[derive(Default)]
pub struct LogView;

impl View for LogView {
    fn name(&self) -> &'static str {
        "Log"
    }

    fn home(&self) -> Home {
        Home::BottomRight
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut Context<'_>) {
        log_ui(ui, cx);
    }

    fn forms(&self) -> &'static [Form] {
        forms::OF_LOGS
    }

    fn artifact(&self, state: &State, news: &Snapshot) -> Result<Content> {
        Ok(Content::Text(text(state, news)))
    }

    fn text(&self, state: &State, news: &Snapshot) -> Option<String> {
        Some(text(state, news))
    }

    fn command(&self, _state: &State) -> Option<String> {
        None
    }
}

/// Draws the log.
fn log_ui(ui: &mut Ui, cx: &mut Context<'_>) {
    let only_problems = ui.scope_id().with("only problems");
    let mut only = ui.data_mut(|d| d.get_persisted(only_problems).unwrap_or(false));
    ui.horizontal(|ui| {
        ui.checkbox(&mut only, "Problems only")
            .on_hover_text("Warnings and errors alone");
        let copy = ui.button("Copy log").on_hover_text("All entries as text");
        if copy.clicked() {
            ui.ctx().copy_text(text(cx.state, cx.news));
        }
        ui.label(RichText::new("times in UTC").color(cx.palette.weak));
    });
    ui.data_mut(|d| d.insert_persisted(only_problems, only));
    let entries: Vec<&Entry> = all(cx.state, cx.news)
        .into_iter()
        .filter(|e| !only || e.kind != Kind::Note)
        .collect();
    if entries.is_empty() {
        let words = if only {
            "No problems"
        } else {
            "Nothing has happened yet"
        };
        empty_ui(ui, cx.palette, words);
        return;
    }
    egui::ScrollArea::vertical()
        .stick_to_bottom(true)
        .auto_shrink(false)
        .show(ui, |ui| {
            for entry in entries {
                let color = match entry.kind {
                    Kind::Note => cx.palette.text,
                    Kind::Warning => cx.palette.warning,
                    Kind::Error => cx.palette.error,
                };
                ui.horizontal_top(|ui| {
                    ui.label(RichText::new(clock(entry.time)).color(cx.palette.weak));
                    ui.add(egui::Label::new(RichText::new(&entry.text).color(color)).wrap());
                });
            }
        });
}

/// The whole log, one entry a line.
fn text(state: &State, news: &Snapshot) -> String {
    let line = |e: &Entry| {
        let kind = match e.kind {
            Kind::Note => "note",
            Kind::Warning => "warning",
            Kind::Error => "error",
        };
        format!("{}\t{kind}\t{}\n", clock(e.time), e.text)
    };
    all(state, news).into_iter().map(line).collect()
}

/// What the computing thread and the window have said, in the order of time.
fn all<'a>(state: &'a State, news: &'a Snapshot) -> Vec<&'a Entry> {
    let mut entries: Vec<&Entry> = news.log.iter().chain(&state.said).collect();
    entries.sort_by_key(|entry| entry.time);
    entries
}

/// Hours, minutes and seconds of a day, UTC.
fn clock(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs()) % 86_400;
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds % 3600 / 60,
        seconds % 60
    )
}
