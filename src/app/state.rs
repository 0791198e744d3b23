//! Everything the window remembers, apart from how it is drawn.
//!
//! What changes a result stands in the [`Wish`] and can be undone; what changes only how results
//! look stands in the [`Look`]. Nothing here knows egui, so that tests and benchmarks can drive it.

use super::history::History;
use super::opens::Opens;
use super::training::Asked;
use super::words::in_window;
use crate::engine::job::Directions;
use crate::engine::live::{Entry, Kind, Probe, Wish};
use crate::engine::queue::{ExperimentNews, RunNews};
use crate::engine::recognise::is_built_in;
use crate::export::figure::Metric;
use crate::plot::colormap::Colormap;
use crate::plot::figure::Levels;
use crate::plot::scale::Scale;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Files remembered under File → Open recent.
const MOST_RECENT: usize = 12;
/// Entries of what was said.
const MOST_SAID: usize = 500;
/// α can stand here.
pub const ALPHA_RANGE: std::ops::RangeInclusive<f64> = -1.0..=2.0;
/// ε can stand here.
pub const EPSILON_RANGE: std::ops::RangeInclusive<f64> = 1e-5..=1e-1;

/// How results look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    /// What a surface shows.
    pub metric: Metric,
    /// Linear or logarithmic; `None`: whichever shows the values better.
    pub scale: Option<Scale>,
    /// Which colours.
    pub colormap: Colormap,
    /// About how many iso-lines; 0 for none.
    pub levels: usize,
    /// The values of iso-lines, where they were said; else as many as there are to be.
    pub level_values: Vec<f64>,
    /// Whether iso-lines carry their values.
    pub level_labels: bool,
    /// Height of the 3-D surface, 1: as wide as high.
    pub exaggeration: f32,
    /// Whether iso-lines are drawn on the 3-D surface.
    pub lines_on_surface: bool,
    /// Whether the loss along the line is drawn logarithmically.
    pub log_line: bool,
    /// Light, dark, or as the system.
    pub theme: ThemeChoice,
    /// Size of everything, 1: as the system.
    pub zoom: f32,
    /// Whether the experiment and its controls stand beside the views.
    pub side: Side,
}

/// Whether the side panel is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Where the window has room for it.
    #[default]
    Auto,
    /// Always.
    Open,
    /// Never.
    Closed,
}

/// A window narrower than this, in points, has no room for the side panel.
const SIDE_FROM: f32 = 900.0;

impl Side {
    /// Whether it is shown in a window so wide, in points.
    pub fn is_open(self, width: f32) -> bool {
        match self {
            Self::Auto => width >= SIDE_FROM,
            Self::Open => true,
            Self::Closed => false,
        }
    }

    /// The other way round; what the window does by itself anyway stays its business.
    #[must_use]
    pub fn toggled(self, width: f32) -> Self {
        let open = !self.is_open(width);
        match open {
            _ if Self::Auto.is_open(width) == open => Self::Auto,
            true => Self::Open,
            false => Self::Closed,
        }
    }
}

/// Light or dark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// As the system says.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Look {
    /// The iso-lines: those that were said, or about so many.
    pub fn levels(&self) -> Levels {
        if self.level_values.is_empty() {
            Levels::Auto(self.levels)
        } else {
            Levels::Given(self.level_values.clone())
        }
    }
}

impl Default for Look {
    fn default() -> Self {
        Self {
            metric: Metric::TrainLoss,
            scale: None,
            colormap: Colormap::default(),
            levels: 12,
            level_values: Vec::new(),
            level_labels: true,
            exaggeration: 0.6,
            lines_on_surface: true,
            log_line: true,
            theme: ThemeChoice::System,
            zoom: 1.0,
            side: Side::Auto,
        }
    }
}

/// Where and how views were exported last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exported {
    /// The folder of the last file.
    pub folder: Option<PathBuf>,
    /// The last suffix of each view, by the view's name.
    pub forms: BTreeMap<String, String>,
    /// Who makes figures.
    pub author: String,
}

/// What the window remembers.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What is to be seen.
    pub wish: Wish,
    /// How.
    pub look: Look,
    /// Undo and redo of the wish.
    pub history: History<Wish>,
    /// Opens on their way, and those that failed.
    pub opens: Opens,
    /// Files opened lately, the latest first.
    pub recent: Vec<PathBuf>,
    /// Where and how views were exported last.
    pub exported: Exported,
    /// The session file that Save writes, once there is one.
    pub session: Option<PathBuf>,
    /// What was last said to the person, shown until it is dismissed.
    pub notice: Option<Notice>,
    /// Everything said, for the log, oldest first.
    pub said: Vec<Entry>,
    /// What is asked for of runs.
    pub training: Asked,
    /// How many training samples are open.
    pub samples: Option<usize>,
    /// The runs, as the queue told last.
    pub runs: Vec<Arc<RunNews>>,
    /// The experiments of the literature that were asked for, as the queue told last.
    pub experiments: Vec<Arc<ExperimentNews>>,
    /// The point of the plane that is pointed at in one of the views, for the others to show.
    pub pointed: Option<Pointed>,
    /// Whether what no view shows is measured too, once everything that is seen is there.
    pub measure_hidden: bool,
    next_probe: u64,
}

/// A point of the plane under the pointer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pointed {
    /// Where.
    pub at: (f64, f64),
    /// The view in which.
    pub view: &'static str,
}

/// Something said to the person once.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// What.
    pub text: String,
    /// Whether something went wrong.
    pub error: bool,
    /// The window's clock when it was first seen, seconds.
    pub since: Option<f64>,
}

impl Notice {
    /// How long it stays, seconds; the log keeps it.
    pub fn stays(&self) -> f64 {
        if self.error { 30.0 } else { 8.0 }
    }
}

impl State {
    /// Notes what is pointed at in a view; gives what is pointed at in another.
    pub fn point(&mut self, view: &'static str, at: Option<(f64, f64)>) -> Option<(f64, f64)> {
        match at {
            Some(at) => self.pointed = Some(Pointed { at, view }),
            None if self.pointed.is_some_and(|p| p.view == view) => self.pointed = None,
            None => {}
        }
        let elsewhere = self.pointed.filter(|p| p.view != view);
        elsewhere.map(|pointed| pointed.at)
    }

    /// Moves α, within its range; steps smaller than a thousandth of it don't matter.
    pub fn set_alpha(&mut self, alpha: f64) {
        if alpha.is_finite() && self.wish.large.is_some() {
            let rounded = (alpha * 1e3).round() / 1e3;
            self.wish.alpha = rounded.clamp(*ALPHA_RANGE.start(), *ALPHA_RANGE.end());
        }
    }

    /// Moves ε, within its range, to three significant digits.
    pub fn set_epsilon(&mut self, epsilon: f64) {
        if epsilon.is_finite() && epsilon > 0.0 {
            let unit = 10_f64.powf(epsilon.log10().floor() - 2.0);
            let rounded = (epsilon / unit).round() * unit;
            self.wish.epsilon = rounded.clamp(*EPSILON_RANGE.start(), *EPSILON_RANGE.end());
        }
    }

    /// Pins a point of the plane.
    pub fn pin(&mut self, x: f64, y: f64) {
        self.next_probe += 1;
        let id = self.next_probe;
        self.wish.probes.push(Probe { id, x, y });
    }

    /// Takes a pinned point away.
    pub fn unpin(&mut self, id: u64) {
        self.wish.probes.retain(|p| p.id != id);
    }

    /// Exchanges the two minimizers; θ(α) stays where it is.
    pub fn swap(&mut self) {
        if self.wish.large.is_some() {
            self.wish.with_other_ends(Wish::swap);
            self.set_alpha(1.0 - self.wish.alpha);
        }
    }

    /// Another draw of random directions.
    pub fn new_seed(&mut self) {
        let seed = &mut self.wish.plane.setup.seed;
        *seed = seed.wrapping_add(1);
    }

    /// Remembers a file that was opened.
    pub fn remember(&mut self, path: &std::path::Path) {
        self.recent.retain(|p| p != path);
        // What is built in has its own entries in the menu.
        if is_built_in(path) {
            return;
        }
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(MOST_RECENT);
    }

    /// Says something to the person.
    pub fn say(&mut self, text: impl Into<String>) {
        self.note(text.into(), false);
    }

    fn note(&mut self, text: String, error: bool) {
        let text = in_window(&text);
        if self.said.len() >= MOST_SAID {
            self.said.remove(0);
        }
        self.said.push(Entry {
            time: std::time::SystemTime::now(),
            kind: if error { Kind::Error } else { Kind::Note },
            text: text.clone(),
        });
        self.notice = Some(Notice {
            text,
            error,
            since: None,
        });
    }

    /// Says that something went wrong and what to do about it.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.note(text.into(), true);
    }

    /// Notes the wish as a step that can be undone, unless a pointer is still moving; which views
    /// are open is no step.
    pub fn note_step(&mut self) {
        if !self.wish.dragging {
            self.history.note(&step(&self.wish));
        }
    }

    /// Lets a plane towards the worst point follow ε, once the pointer rests.
    pub fn follow_epsilon(&mut self) {
        if let Directions::Worst(epsilon) = &mut self.wish.plane.directions
            && !self.wish.dragging
        {
            *epsilon = self.wish.epsilon;
        }
    }

    /// Goes one step back.
    pub fn undo(&mut self) {
        if let Some(wish) = self.history.undo() {
            self.wish = wish;
        }
    }

    /// Goes one step forward again.
    pub fn redo(&mut self) {
        if let Some(wish) = self.history.redo() {
            self.wish = wish;
        }
    }
}

/// A wish as a step that can be undone.
pub(super) fn step(wish: &Wish) -> Wish {
    Wish {
        compare: false,
        measuring: Vec::new(),
        aside: false,
        dragging: false,
        stopped: false,
        ..wish.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_and_epsilon_stay_in_their_ranges() {
        let mut state = State::default();
        state.set_alpha(7.0);
        state.set_epsilon(1.0);
        assert_eq!((state.wish.alpha, state.wish.epsilon), (2.0, 0.1));
        state.set_alpha(f64::NAN);
        state.set_epsilon(f64::NAN);
        assert_eq!((state.wish.alpha, state.wish.epsilon), (2.0, 0.1));
        state.set_epsilon(0.001_234_5);
        assert!((state.wish.epsilon - 0.001_23).abs() < 1e-12);
    }

    #[test]
    fn the_side_panel_is_the_windows_business_until_a_hand_takes_it() {
        let (wide, narrow) = (1280.0, 640.0);
        assert!(Side::Auto.is_open(wide) && !Side::Auto.is_open(narrow));
        let open = Side::Auto.toggled(narrow);
        assert_eq!(open, Side::Open);
        assert_eq!(open.toggled(narrow), Side::Auto);
        let closed = Side::Auto.toggled(wide);
        assert!(!closed.is_open(wide) && closed.toggled(wide) == Side::Auto);
    }

    #[test]
    fn what_is_said_stays_in_the_log_after_it_is_dismissed() {
        let mut state = State::default();
        state.say("Wrote a.png");
        state.complain("There is no such file");
        state.notice = None;
        let kinds: Vec<Kind> = state.said.iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [Kind::Note, Kind::Error]);
    }

    #[test]
    fn swapping_twice_changes_nothing() {
        let mut state = State::default();
        state.set_alpha(0.3);
        let before = state.wish.clone();
        state.swap();
        assert_ne!(state.wish.small, before.small);
        assert!((state.wish.alpha - 0.7).abs() < 1e-9);
        state.swap();
        assert_eq!(state.wish, before);
    }

    #[test]
    fn undo_takes_back_what_changed_a_result() {
        let mut state = State::default();
        state.note_step();
        state.set_alpha(0.5);
        state.wish.dragging = true;
        state.note_step();
        state.set_alpha(0.6);
        state.wish.dragging = false;
        state.note_step();
        state.new_seed();
        state.note_step();
        state.undo();
        assert_eq!((state.wish.alpha, state.wish.plane.setup.seed), (0.6, 0));
        state.undo();
        assert_eq!(state.wish.alpha, 0.0, "a drag is one step");
        state.redo();
        assert_eq!(state.wish.alpha, 0.6);
    }
}
