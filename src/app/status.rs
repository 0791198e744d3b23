//! The status line: what runs, where, how fast, how long still, and how to stop it.

use super::command::Command;
use super::export::Exports;
use super::state::State;
use super::theme::Palette;
use crate::engine::live::Snapshot;
use eframe::egui::{self, Align, Layout, ProgressBar, RichText, Ui};
use std::time::Duration;

/// Draws the status line.
pub fn status_ui(
    ui: &mut Ui,
    state: &mut State,
    news: &Snapshot,
    exports: &Exports,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        let activity = &news.activity;
        if activity.is_idle() {
            let (words, color) = if activity.stopped {
                ("Stopped: what is shown may be coarse", palette.warning)
            } else if news.failure.is_some() {
                ("Failed", palette.error)
            } else if news.experiment.is_some() {
                ("Ready", palette.weak)
            } else {
                ("", palette.weak)
            };
            ui.label(RichText::new(words).color(color));
            if activity.stopped && ui.button("Go on").clicked() {
                commands.push(Command::Resume);
            }
        } else {
            ui.label(&activity.what);
            if let Some((done, total)) = activity.points {
                let share = done as f32 / total.max(1) as f32;
                ui.add(
                    ProgressBar::new(share)
                        .desired_width(120.0)
                        .desired_height(8.0),
                )
                .on_hover_text(format!("{done} of {total} points"));
                let mut words = format!("{done} of {total}");
                if activity.points_per_second > 0.0 {
                    words.push_str(&format!(", {:.0} points/s", activity.points_per_second));
                }
                if let Some(left) = activity.left.filter(|l| *l > Duration::from_secs(1)) {
                    words.push_str(&format!(", {} left", duration(left)));
                }
                ui.label(RichText::new(words).color(palette.weak));
            }
            let stop = ui
                .button("Stop")
                .on_hover_text("Stop refining; any change goes on");
            if stop.clicked() {
                commands.push(Command::Stop);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if let Some(facts) = &news.experiment {
                ui.label(RichText::new(&facts.device).color(palette.weak))
                    .on_hover_text("The device that computes");
            }
            if let Some(words) = exports.activity() {
                ui.separator();
                if exports.can_stop()
                    && ui.button("Cancel").on_hover_text("Write no file").clicked()
                {
                    exports.stop();
                }
                ui.label(words);
            }
            notice_ui(ui, state, palette);
        });
    });
    ui.add_space(2.0);
}

/// What was last said, for a while or until it is clicked away; what is pointed at stays.
fn notice_ui(ui: &mut Ui, state: &mut State, palette: &Palette) {
    let Some(notice) = &mut state.notice else {
        return;
    };
    let color = if notice.error {
        palette.error
    } else {
        palette.here
    };
    let text = RichText::new(&notice.text).color(color);
    let label = egui::Label::new(text).truncate();
    let dismissed = ui
        .button("×")
        .on_hover_text("Dismiss this message")
        .clicked();
    let response = ui.add(label).on_hover_text(&notice.text);
    let now = ui.input(|i| i.time);
    if response.hovered() {
        notice.since = Some(now);
    }
    let left = notice.stays() - (now - *notice.since.get_or_insert(now));
    if dismissed || left <= 0.0 {
        state.notice = None;
    } else {
        ui.ctx().request_repaint_after_secs(left as f32);
    }
}

/// A duration as people say it.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
