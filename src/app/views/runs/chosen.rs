//! The run that is looked at: what it is doing, a slider over its epochs, and its checkpoints as minimizers.

use super::table::color;
use crate::app::command::Command;
use crate::app::state::State;
use crate::app::theme::Palette;
use crate::app::training::Order;
use crate::engine::live::Place;
use crate::engine::queue::{Phase, RunNews};
use crate::engine::training::Kept;
use crate::plot::number::{self, format_value};
use crate::train::Stopped;
use eframe::egui::{Button, Color32, Label, RichText, Slider, Ui};

/// Draws it.
pub fn chosen_ui(
    ui: &mut Ui,
    run: &RunNews,
    state: &mut State,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    said_ui(ui, run, palette);
    let last = run
        .checkpoints
        .iter()
        .filter_map(|kept| kept.epoch)
        .fold(0.0_f64, f64::max);
    if run.checkpoints.is_empty() {
        let words = "Its checkpoints appear here as soon as they are written";
        ui.label(RichText::new(words).color(palette.weak));
        return;
    }
    let mut epoch = state.training.epoch.unwrap_or(last).min(last);
    ui.horizontal_wrapped(|ui| {
        if last > 0.0 {
            ui.label("Epoch").on_hover_text(
                "Which checkpoint is looked at; on the contour it is the large dot of the path",
            );
            ui.spacing_mut().slider_width = (ui.available_width() - 330.0).clamp(70.0, 220.0);
            let slider = Slider::new(&mut epoch, 0.0..=last).max_decimals(2);
            if ui.add(slider).changed() {
                state.training.epoch = Some(epoch).filter(|epoch| *epoch < last);
            }
        }
        let numbered = run.checkpoint_at(epoch);
        let Some(kept) = numbered.or(run.checkpoints.last()) else {
            return;
        };
        buttons_ui(ui, run, kept, palette, commands);
        if run.checkpoints.len() >= 4 {
            let plane = ui.button("Its plane").on_hover_text(
                "The plane in which its path varies most: PCA of its checkpoints (Li et al. 2018)",
            );
            if plane.clicked() {
                commands.push(Command::Run(Order::Plane(run.folder.clone())));
            }
        }
    });
}

/// What it is doing and what went wrong.
fn said_ui(ui: &mut Ui, run: &RunNews, palette: &Palette) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.label(RichText::new("●").color(color(run.id)));
        ui.label(RichText::new(&run.name).strong());
        let failed = matches!(run.phase, Phase::Failed | Phase::Ended(Stopped::Diverged));
        let ink = if failed { palette.error } else { palette.weak };
        let mut words = run.phase.words().to_owned();
        if let Some(loss) = run.loss {
            words.push_str(&format!(", loss of the last batch {}", format_value(loss)));
        }
        let after = match (&run.message, run.phase) {
            (Some(message), Phase::Failed) => format!(": {message}. Resume tries once more"),
            (Some(message), _) => format!(": {message}"),
            _ => String::new(),
        };
        ui.add(Label::new(RichText::new(format!("{words}{after}")).color(ink)).wrap());
    });
    if let Some(why) = run.pathless {
        ui.add(
            Label::new(
                RichText::new(format!("No path on the contour: {why}"))
                    .small()
                    .color(palette.weak),
            )
            .wrap(),
        );
    }
}

/// The checkpoint as minimizer or initial weights.
fn buttons_ui(
    ui: &mut Ui,
    run: &RunNews,
    kept: &Kept,
    palette: &Palette,
    commands: &mut Vec<Command>,
) {
    let when = match (kept.epoch, kept.step) {
        (Some(epoch), _) => format!(
            "after {} epochs",
            number::fixed(epoch, usize::from(epoch.fract() > 0.0))
        ),
        (None, Some(step)) => format!("after {} steps", number::grouped(step as usize)),
        (None, None) => "of this run".to_owned(),
    };
    let each: [(&str, Color32, Place, &str); 3] = [
        (
            "→ Small batch",
            palette.small,
            Place::Small,
            "the small-batch minimizer, at α = 0",
        ),
        (
            "→ Large batch",
            palette.large,
            Place::Large,
            "the large-batch minimizer, at α = 1",
        ),
        (
            "→ Initial",
            palette.text,
            Place::Initial,
            "the initial weights",
        ),
    ];
    for (words, ink, place, becomes) in each {
        let button = ui.add(Button::new(RichText::new(words).color(ink)));
        let help = format!("The weights {when} become {becomes}");
        if button.on_hover_text(help).clicked() {
            let path = if place == Place::Initial && kept.epoch == Some(0.0) {
                run.initial.clone().unwrap_or_else(|| kept.path.clone())
            } else {
                kept.path.clone()
            };
            let job = run.job.clone().map(Box::new);
            commands.push(Command::Run(Order::Take(place, path, job)));
        }
    }
}

/// Two runs from one start that have ended, the smaller batch first: what the line between them takes.
pub fn pair(runs: &[std::sync::Arc<RunNews>]) -> Option<Order> {
    let done = |run: &&std::sync::Arc<RunNews>| {
        matches!(run.phase, Phase::Ended(why) if why != Stopped::Diverged) && run.initial.is_some()
    };
    let batch = |run: &RunNews| Some(*run.job.as_ref()?.batch_size.0.first()?);
    let mut newest = runs.iter().rev().filter(done);
    let second = newest.next()?;
    let alike = |run: &&std::sync::Arc<RunNews>| {
        let (Some(a), Some(b)) = (&run.job, &second.job) else {
            return false;
        };
        let mut same = a.clone();
        same.batch_size.clone_from(&b.batch_size);
        same == *b && a.batch_size != b.batch_size
    };
    let first = newest.find(alike)?;
    let (small, large) = if batch(first)? <= batch(second)? {
        (first, second)
    } else {
        (second, first)
    };
    let last = |run: &RunNews| run.checkpoints.last().map(|kept| kept.path.clone());
    let job = small.job.clone().map(Box::new);
    Some(Order::Pair(
        [last(small)?, last(large)?],
        small.initial.clone(),
        job,
    ))
}
