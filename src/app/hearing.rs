//! What the keyboard, dropped files and the window's own buttons say, as commands.

use super::command::{self, Ask, Command};
use super::views::Views;
use eframe::egui::{Context, ViewportCommand};
use std::path::PathBuf;

/// What was said; `closing`: the window is about to close, and is let.
pub fn heard(ctx: &Context, views: &Views, closing: bool) -> Vec<Command> {
    let mut commands = Vec::new();
    let dropped: Vec<PathBuf> = ctx.input(|i| {
        let files = i.raw.dropped_files.iter();
        files.map(|f| f.path().to_owned()).collect()
    });
    if !dropped.is_empty() {
        commands.push(Command::Chosen(Ask::Open, dropped));
    }
    let shown = views.iter().enumerate();
    let shows = shown.filter_map(|(index, view)| {
        let keys = command::of_view(index)?;
        Some((keys, Command::Show(view.pane())))
    });
    for (keys, command) in command::shortcuts().into_iter().chain(shows) {
        if ctx.input_mut(|i| i.consume_shortcut(&keys)) {
            commands.push(command);
        }
    }
    if ctx.input(|i| i.viewport().close_requested()) && !closing {
        ctx.send_viewport_cmd(ViewportCommand::CancelClose);
        commands.push(Command::Quit);
    }
    commands
}
