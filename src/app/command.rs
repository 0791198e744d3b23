//! What a person can tell the window to do, with its words and its keys.
//!
//! Menus, buttons and shortcuts all push a [`Command`]; one place carries it out.

use super::card::Card;
use super::pane::Pane;
use super::state::ThemeChoice;
use super::training::Order;
use crate::engine::job::LossChoice;
pub use crate::engine::live::Place;
use eframe::egui::{Key, KeyboardShortcut, Modifiers};
use std::path::PathBuf;

/// What a path is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Checkpoints, results, sessions: whatever can be opened.
    Open,
    /// One checkpoint for one place.
    Checkpoint(Place),
    /// Further minimizers.
    Others,
    /// A data file.
    Data,
    /// A folder of data.
    DataFolder,
    /// A folder of checkpoints for a PCA plane.
    Series,
    /// A folder of checkpoints whose path is drawn in the plane.
    Path,
    /// A model.toml.
    Model,
    /// A file of stored directions.
    Directions,
    /// The two other corners of a plane through three checkpoints.
    Corners,
    /// The folder of a run, or of several.
    OpenRun,
    /// Where runs are kept.
    RunFolder,
    /// A recipe.
    Recipe,
    /// Where the recipe is saved.
    SaveRecipe,
    /// Where a session is saved.
    SaveSession,
    /// Where the report on both minimizers is written.
    SaveReport,
    /// The folder that every view is written into.
    ExportAll,
}

impl Ask {
    /// How a file that is to be written is called unless told otherwise; `None` for what is opened.
    pub fn saved_as(self) -> Option<&'static str> {
        match self {
            Self::SaveSession => Some("session.losscope.json"),
            Self::SaveReport => Some("report.html"),
            Self::SaveRecipe => Some("recipe.toml"),
            _ => None,
        }
    }
}

/// What can be done with one of the further minimizers, by its place on their list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Exchange it with an end of the line.
    Exchange(Place, usize),
    /// Let the plane go through both ends of the line and it.
    Through(usize),
    /// Close it.
    Close(usize),
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Ask for a path.
    Ask(Ask),
    /// Ask for a path by typing it.
    TypePath(Ask),
    /// Paths were chosen, dropped or typed.
    Chosen(Ask, Vec<PathBuf>),
    /// Back to the built-in experiment.
    BuiltIn,
    /// Back to data that come with the program.
    BuiltInData(&'static str),
    /// Another loss; `None`: the one that the targets ask for.
    Loss(Option<LossChoice>),
    /// Try once more what failed to open.
    TryAgain(Card),
    /// Look for the weights of every checkpoint at a key, or by usual names, in what failed to open on
    /// a card or in what is open.
    ReadAt(Option<Card>, Option<String>),
    /// Take what failed to open off its card.
    Dismiss(Card),
    /// Open a large-batch minimizer of another network instead of what is open.
    OpenAlone,
    /// Something to do with runs.
    Run(Order),
    /// Compute once more what failed.
    ComputeAgain,
    /// Open the dialog that chooses the network.
    ChooseNetwork,
    /// Exchange the two minimizers.
    Swap,
    /// Close one of the checkpoints.
    Close(Place),
    /// Something to do with a further minimizer.
    Beside(Beside),
    /// One step back.
    Undo,
    /// One step forward.
    Redo,
    /// Another draw of random directions.
    NewSeed,
    /// Stop refining.
    Stop,
    /// Go on refining.
    Resume,
    /// Take all pins away.
    ClearProbes,
    /// The usual zoom and camera everywhere.
    ResetView,
    /// The usual arrangement of views.
    ResetLayout,
    /// Show or hide the experiment and its controls.
    Side,
    /// Bring a view to the front.
    Show(Pane),
    /// Save to the session file, or ask where.
    SaveSession,
    /// Write a view or its numbers to a file.
    Export(Pane),
    /// Write the surface while α moves to a file.
    Animate,
    /// Put what is typed at the terminal to write a view on the clipboard.
    CopyLine(Pane),
    /// Put the picture of a view on the clipboard.
    CopyPicture(Pane),
    /// Put the numbers of a view on the clipboard as text.
    CopyTable(Pane),
    /// Larger, smaller or usual text and controls.
    Zoom(i32),
    /// Light or dark.
    Theme(ThemeChoice),
    /// Keys and papers.
    Help,
    /// Close the window.
    Quit,
}

const COMMAND: Modifiers = Modifiers::COMMAND;
const SHIFT: Modifiers = Modifiers {
    shift: true,
    ..Modifiers::COMMAND
};

/// The keys that show the first, the second… view.
pub fn of_view(index: usize) -> Option<KeyboardShortcut> {
    const NUMBERS: [Key; 9] = [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
        Key::Num8,
        Key::Num9,
    ];
    let number = NUMBERS.get(index)?;
    Some(KeyboardShortcut::new(COMMAND, *number))
}

/// Every other shortcut; menus show them and one place consumes them.
pub fn shortcuts() -> Vec<(KeyboardShortcut, Command)> {
    let key = |modifiers, key| KeyboardShortcut::new(modifiers, key);
    vec![
        (key(SHIFT, Key::Z), Command::Redo),
        (key(COMMAND, Key::Y), Command::Redo),
        (key(COMMAND, Key::Z), Command::Undo),
        (key(SHIFT, Key::O), Command::TypePath(Ask::Open)),
        (key(COMMAND, Key::O), Command::Ask(Ask::Open)),
        (key(SHIFT, Key::S), Command::Ask(Ask::SaveSession)),
        (key(COMMAND, Key::S), Command::SaveSession),
        (key(COMMAND, Key::E), Command::Export(Pane::CONTOUR)),
        (key(SHIFT, Key::C), Command::CopyPicture(Pane::CONTOUR)),
        (key(COMMAND, Key::R), Command::NewSeed),
        (key(SHIFT, Key::X), Command::Swap),
        (key(COMMAND, Key::B), Command::Side),
        (key(COMMAND, Key::Num0), Command::ResetView),
        (key(COMMAND, Key::Period), Command::Stop),
        (key(COMMAND, Key::Plus), Command::Zoom(1)),
        (key(COMMAND, Key::Equals), Command::Zoom(1)),
        (key(COMMAND, Key::Minus), Command::Zoom(-1)),
        (key(Modifiers::NONE, Key::F1), Command::Help),
        (key(COMMAND, Key::Q), Command::Quit),
    ]
}

impl Command {
    /// What it does, for the list of keys.
    pub fn words(&self) -> Option<String> {
        let words = match self {
            Self::Ask(Ask::Open) => "Open files",
            Self::TypePath(_) => "Open by typing a path",
            Self::Undo => "Undo",
            Self::Redo => "Redo",
            Self::SaveSession => "Save the session",
            Self::Ask(Ask::SaveSession) => "Save the session under another name",
            Self::Export(_) => "Export the contour",
            Self::CopyPicture(_) => "Copy the contour picture",
            Self::NewSeed => "New random directions",
            Self::Swap => "Swap the minimizers",
            Self::ResetView => "Reset all views",
            Self::Side => "Show or hide the side panel",
            Self::Stop => "Stop refining",
            Self::Zoom(step) if *step > 0 => "Larger",
            Self::Zoom(_) => "Smaller",
            Self::Help => "This help",
            Self::Quit => "Quit",
            _ => return None,
        };
        Some(words.to_owned())
    }

    /// The keys that do the same; the first of several.
    pub fn shortcut(&self) -> Option<KeyboardShortcut> {
        let found = shortcuts().into_iter().find(|(_, command)| command == self);
        found.map(|(keys, _)| keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_keys() {
        let all = shortcuts();
        for (i, (keys, _)) in all.iter().enumerate() {
            assert!(
                all[i + 1..].iter().all(|(other, _)| other != keys),
                "{keys:?}"
            );
        }
    }
}
