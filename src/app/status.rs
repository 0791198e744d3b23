//! The status line: what runs, where, how fast, how long still, and how to stop it.

use super::command::Command;
use super::deck::LOW;
use super::export::Exports;
use super::state::State;
use super::theme::Palette;
use super::times::duration;
use crate::engine::live::{Activity, Snapshot};
use crate::plot::number;
use eframe::egui::{self, Align, Layout, ProgressBar, RichText, Ui};
use std::time::Duration;

/// Room for what is being done, so that what follows it stays where it is.
const WHAT: f32 = 250.0;

/// Draws the status line.
pub fn status_ui(
    ui: &mut Ui,
    state: &mut State,
    news: &Snapshot,
    exports: &Exports,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let low = ui.ctx().content_rect().height() < LOW;
    let air = if low { 0.0 } else { 2.0 };
    if low {
        ui.spacing_mut().item_spacing.y = 0.0;
    }
    ui.add_space(air);
    ui.horizontal(|ui| {
        let activity = &news.activity;
        if activity.what.is_empty() {
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
            activity_ui(ui, activity, palette, commands);
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
    ui.add_space(air);
}

/// What runs and how far it is. The button comes first and each part keeps its room, so that nothing
/// moves under the pointer while numbers change.
fn activity_ui(ui: &mut Ui, activity: &Activity, palette: &Palette, commands: &mut Vec<Command>) {
    let stop = ui
        .button("Stop")
        .on_hover_text("Stop refining; any change goes on");
    if stop.clicked() {
        commands.push(Command::Stop);
    }
    let narrow = ui.available_width() < 560.0;
    if let Some((done, total)) = activity.points.filter(|_| !narrow) {
        // Nothing done yet is an empty bar, whatever the pass before has drawn.
        let share = done as f32 / total.max(1) as f32;
        let bar = ProgressBar::new(share)
            .desired_width(100.0)
            .desired_height(8.0);
        ui.add(bar).on_hover_text(progress(activity));
    }
    let height = ui.spacing().interact_size.y;
    let what = egui::Label::new(&activity.what).truncate();
    let room = egui::vec2(WHAT.min(ui.available_width()), height);
    ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(room);
        ui.add(what).on_hover_text(&activity.what);
    });
    let words = RichText::new(progress(activity)).color(palette.weak);
    ui.add(egui::Label::new(words).truncate());
}

/// How far something is, how fast, and how long still, in words.
fn progress(activity: &Activity) -> String {
    let Some((done, total)) = activity.points.filter(|(_, total)| *total > 0) else {
        return String::new();
    };
    if done == 0 {
        return format!("starting… {} {}s", number::grouped(total), activity.unit);
    }
    let mut words = format!("{} of {}", number::grouped(done), number::grouped(total));
    if let Some(rate) = number::rate(activity.points_per_second, activity.unit) {
        words.push_str(&format!(", {rate}"));
    }
    if let Some(left) = activity.left.filter(|l| *l > Duration::from_secs(1)) {
        words.push_str(&format!(", {} left", duration(left)));
    }
    if activity.waiting > 0 {
        words.push_str(&format!("; {} more to come", activity.waiting));
        if let Some(left) = activity.left_in_all.filter(|l| *l > Duration::from_secs(1)) {
            words.push_str(&format!(", {} left for all", duration(left)));
        }
    }
    words
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_done_is_said_as_such() {
        let mut activity = Activity {
            what: "Surface".into(),
            points: Some((0, 961)),
            unit: "point",
            ..Activity::default()
        };
        assert_eq!(progress(&activity), "starting… 961 points");
        activity.points = Some((3, 961));
        activity.points_per_second = 0.04;
        activity.left = Some(Duration::from_secs(23_950));
        assert_eq!(
            progress(&activity),
            "3 of 961, 25 s a point, 6 h 39 min left"
        );
        activity.waiting = 2;
        assert!(progress(&activity).ends_with(" left; 2 more to come"));
        activity.left_in_all = Some(Duration::from_secs(90));
        assert!(progress(&activity).ends_with("2 more to come, 1 min 30 s left for all"));
    }
}
