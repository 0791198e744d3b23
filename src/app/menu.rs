//! The menu bar.

use super::command::{self, Ask, Command, Place};
use super::export::forms;
use super::pane::Pane;
use super::state::{State, ThemeChoice};
use super::views::Views;
use crate::dataset;
use crate::engine::job::BUILTIN_RUN;
use eframe::egui::{
    self, Button, KeyboardShortcut, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2,
};

/// Draws the menu bar.
pub fn menu_ui(ui: &mut Ui, state: &State, views: &Views, commands: &mut Vec<Command>) {
    egui::MenuBar::new().ui(ui, |ui| {
        side_ui(ui, state, commands);
        ui.menu_button("File", |ui| file_ui(ui, state, commands));
        ui.menu_button("Edit", |ui| edit_ui(ui, state, views, commands));
        ui.menu_button("View", |ui| view_ui(ui, state, views, commands));
        ui.menu_button("Export", |ui| export_ui(ui, state, views, commands));
        ui.menu_button("Help", |ui| {
            entry(ui, "Keys and papers", true, Command::Help, commands);
        });
    });
}

fn side_is_open(ui: &Ui, state: &State) -> bool {
    state.look.side.is_open(ui.ctx().content_rect().width())
}

/// A button that shows or hides the side panel: a window with its left part filled while it is there.
fn side_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let size = Vec2::new(30.0, ui.spacing().interact_size.y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let open = side_is_open(ui, state);
    response
        .widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, open, "Side panel"));
    let look = ui.style().interact(&response);
    if response.hovered() || response.has_focus() {
        ui.painter().rect(
            rect,
            look.corner_radius,
            look.bg_fill,
            look.bg_stroke,
            StrokeKind::Inside,
        );
    }
    let icon = Rect::from_center_size(rect.center(), Vec2::new(16.0, 12.0));
    let ink = look.fg_stroke.color;
    let part = icon.with_max_x(icon.left() + 6.0);
    if open {
        ui.painter().rect_filled(part, 2.0, ink);
    }
    let line = Stroke::new(1.2, ink);
    ui.painter()
        .rect_stroke(icon, 2.0, line, StrokeKind::Inside);
    ui.painter().vline(part.right(), icon.y_range(), line);
    let keys = Command::Side.shortcut();
    let keys = keys.map_or_else(String::new, |k| ui.ctx().format_shortcut(&k));
    let help = format!("Show or hide the experiment and its controls ({keys})");
    if response.on_hover_text(help).clicked() {
        commands.push(Command::Side);
    }
}

/// One entry, with its keys; pushes its command when clicked.
fn entry(ui: &mut Ui, words: &str, enabled: bool, command: Command, commands: &mut Vec<Command>) {
    button(ui, words, enabled, command, commands);
}

/// One entry that says why it can't be chosen.
fn possible(
    ui: &mut Ui,
    words: &str,
    reason: Option<&str>,
    command: Command,
    commands: &mut Vec<Command>,
) {
    let response = button(ui, words, reason.is_none(), command, commands);
    response.on_disabled_hover_text(reason.unwrap_or_default());
}

fn button(
    ui: &mut Ui,
    words: &str,
    enabled: bool,
    command: Command,
    commands: &mut Vec<Command>,
) -> Response {
    let keys = command.shortcut();
    button_with(ui, (words, keys), enabled, command, commands)
}

fn button_with(
    ui: &mut Ui,
    (words, keys): (&str, Option<KeyboardShortcut>),
    enabled: bool,
    command: Command,
    commands: &mut Vec<Command>,
) -> Response {
    let mut button = Button::new(words);
    if let Some(keys) = keys {
        button = button.shortcut_text(ui.ctx().format_shortcut(&keys));
    }
    let response = ui.add_enabled(enabled, button);
    if response.clicked() {
        commands.push(command);
        ui.close();
    }
    response
}

fn file_ui(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.set_min_width(250.0);
    let ask = |ask| Command::Ask(ask);
    entry(ui, "Open…", true, ask(Ask::Open), commands);
    entry(
        ui,
        "Open path…",
        true,
        Command::TypePath(Ask::Open),
        commands,
    );
    ui.menu_button("Open as", |ui| {
        let places = [
            ("Small-batch minimizer…", Place::Small),
            ("Large-batch minimizer…", Place::Large),
            ("Initial weights…", Place::Initial),
        ];
        for (words, place) in places {
            entry(ui, words, true, ask(Ask::Checkpoint(place)), commands);
        }
        let others = ask(Ask::Others);
        entry(ui, "Further minimizers…", true, others, commands);
        entry(ui, "Data file…", true, ask(Ask::Data), commands);
        entry(ui, "Data folder…", true, ask(Ask::DataFolder), commands);
        entry(ui, "Model file…", true, ask(Ask::Model), commands);
    });
    ui.menu_button("Open recent", |ui| {
        if state.recent.is_empty() {
            ui.add_enabled(false, Button::new("Nothing yet"));
        }
        for path in &state.recent {
            if ui.button(path.display().to_string()).clicked() {
                commands.push(Command::Chosen(Ask::Open, vec![path.clone()]));
                ui.close();
            }
        }
    });
    entry(ui, "Built-in experiment", true, Command::BuiltIn, commands);
    let run = Command::Chosen(Ask::Open, vec![BUILTIN_RUN.into()]);
    entry(ui, "Built-in run", true, run, commands);
    ui.menu_button("Built-in data", |ui| {
        for (name, words) in dataset::BUILT_IN {
            let open = state.wish.plane.setup.data == name;
            if ui
                .selectable_label(open, name)
                .on_hover_text(words)
                .clicked()
            {
                commands.push(Command::BuiltInData(name));
                ui.close();
            }
        }
    });
    ui.separator();
    entry(ui, "Save session", true, Command::SaveSession, commands);
    entry(
        ui,
        "Save session as…",
        true,
        ask(Ask::SaveSession),
        commands,
    );
    ui.separator();
    entry(ui, "Quit", true, Command::Quit, commands);
}

fn edit_ui(ui: &mut Ui, state: &State, views: &Views, commands: &mut Vec<Command>) {
    ui.set_min_width(230.0);
    entry(
        ui,
        "Undo",
        state.history.can_undo(),
        Command::Undo,
        commands,
    );
    entry(
        ui,
        "Redo",
        state.history.can_redo(),
        Command::Redo,
        commands,
    );
    ui.separator();
    let pair = state.wish.large.is_some();
    entry(ui, "Swap minimizers", pair, Command::Swap, commands);
    entry(
        ui,
        "Choose the network…",
        true,
        Command::ChooseNetwork,
        commands,
    );
    entry(
        ui,
        "New random directions",
        true,
        Command::NewSeed,
        commands,
    );
    let pinned = !state.wish.probes.is_empty();
    entry(
        ui,
        "Remove all probes",
        pinned,
        Command::ClearProbes,
        commands,
    );
    ui.separator();
    copy_ui(
        ui,
        "Copy picture",
        views,
        forms::Form::is_figure,
        commands,
        Command::CopyPicture,
    );
    copy_ui(
        ui,
        "Copy as table",
        views,
        forms::Form::is_table,
        commands,
        Command::CopyTable,
    );
    copy_ui(
        ui,
        "Copy as command",
        views,
        forms::Form::is_figure,
        commands,
        Command::CopyLine,
    );
}

/// A menu of the views that have such a form.
fn copy_ui(
    ui: &mut Ui,
    words: &str,
    views: &Views,
    has: impl Fn(forms::Form) -> bool,
    commands: &mut Vec<Command>,
    command: impl Fn(Pane) -> Command,
) {
    ui.menu_button(words, |ui| {
        for view in views.iter().filter(|v| v.forms().iter().any(|f| has(*f))) {
            entry(ui, view.name(), true, command(view.pane()), commands);
        }
    });
}

fn view_ui(ui: &mut Ui, state: &State, views: &Views, commands: &mut Vec<Command>) {
    ui.set_min_width(230.0);
    let ticked = |name: &str, on: bool| {
        let tick = if on { "  ✓" } else { "" };
        format!("{name}{tick}")
    };
    for (index, view) in views.iter().enumerate() {
        let words = ticked(view.name(), views.is_shown(&view.pane()));
        let keys = command::of_view(index);
        let show = Command::Show(view.pane());
        button_with(ui, (&words, keys), true, show, commands);
    }
    ui.separator();
    let words = ticked("Side panel", side_is_open(ui, state));
    entry(ui, &words, true, Command::Side, commands);
    ui.separator();
    entry(ui, "Reset view", true, Command::ResetView, commands);
    entry(ui, "Reset layout", true, Command::ResetLayout, commands);
    ui.separator();
    entry(ui, "Larger", true, Command::Zoom(1), commands);
    entry(ui, "Smaller", true, Command::Zoom(-1), commands);
    entry(ui, "Usual size", true, Command::Zoom(0), commands);
    ui.separator();
    let themes = [
        ("System theme", ThemeChoice::System),
        ("Light theme", ThemeChoice::Light),
        ("Dark theme", ThemeChoice::Dark),
    ];
    for (words, theme) in themes {
        let chosen = state.look.theme == theme;
        if ui.selectable_label(chosen, words).clicked() {
            commands.push(Command::Theme(theme));
            ui.close();
        }
    }
}

fn export_ui(ui: &mut Ui, state: &State, views: &Views, commands: &mut Vec<Command>) {
    ui.set_min_width(230.0);
    for view in views.iter() {
        let words = format!("{}…", view.name());
        let reason = view.why_not(state);
        possible(ui, &words, reason, Command::Export(view.pane()), commands);
    }
    ui.separator();
    let everything = Command::Ask(Ask::ExportAll);
    entry(ui, "Everything into a folder…", true, everything, commands);
    let reason = forms::along_alpha(state);
    possible(ui, "Animation of α…", reason, Command::Animate, commands);
    let reason = forms::of_both(state);
    let report = Command::Ask(Ask::SaveReport);
    possible(ui, "Report…", reason, report, commands);
}
