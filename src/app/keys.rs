//! What keys do to a value that has the focus, the same for sliders and for plots.

use super::state::{ALPHA_RANGE, EPSILON_RANGE, State};
use eframe::egui::{EventFilter, Id, Key, Modifiers, Ui};

/// Small and large steps of α.
const ALPHA_STEPS: (f64, f64) = (0.01, 0.1);
/// Small and large steps of ε, in decades.
const EPSILON_STEPS: (f64, f64) = (0.05, 0.5);

/// What a person asks of a value by keys.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Move {
    /// Small and large steps, up or down.
    By {
        /// Arrow keys.
        steps: f64,
        /// Page up and down, or arrow keys with Shift.
        leaps: f64,
    },
    /// Home.
    Lowest,
    /// End.
    Highest,
}

impl Move {
    /// Where it leads from `value` with these steps.
    fn onwards(self, value: f64, (step, leap): (f64, f64), range: (f64, f64)) -> f64 {
        match self {
            Self::By { steps, leaps } => value + steps * step + leaps * leap,
            Self::Lowest => range.0,
            Self::Highest => range.1,
        }
    }
}

/// Moves α.
pub fn move_alpha(state: &mut State, by: Move) {
    let range = (*ALPHA_RANGE.start(), *ALPHA_RANGE.end());
    state.set_alpha(by.onwards(state.wish.alpha, ALPHA_STEPS, range));
}

/// Moves ε, by equal factors.
pub fn move_epsilon(state: &mut State, by: Move) {
    let range = (EPSILON_RANGE.start().log10(), EPSILON_RANGE.end().log10());
    let at = by.onwards(state.wish.epsilon.log10(), EPSILON_STEPS, range);
    state.set_epsilon(10_f64.powf(at));
}

/// Keeps arrow keys from moving the focus away from what they move.
pub fn hold(ui: &Ui, id: Id) {
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|m| m.set_focus_lock_filter(id, arrows));
}

/// What keys ask of `id` where it has the focus; they then do nothing else.
pub fn moved(ui: &Ui, id: Id) -> Option<Move> {
    if !ui.memory(|m| m.has_focus(id)) {
        return None;
    }
    hold(ui, id);
    ui.input_mut(|i| {
        let mut count = |modifiers, key| i.count_and_consume_key(modifiers, key) as f64;
        let mut both = |modifiers| {
            count(modifiers, Key::ArrowRight) + count(modifiers, Key::ArrowUp)
                - count(modifiers, Key::ArrowLeft)
                - count(modifiers, Key::ArrowDown)
        };
        // First those with Shift: a key without is matched by one with it.
        let shifted = both(Modifiers::SHIFT);
        let steps = both(Modifiers::NONE);
        let pages = count(Modifiers::NONE, Key::PageUp) - count(Modifiers::NONE, Key::PageDown);
        if count(Modifiers::NONE, Key::Home) > 0.0 {
            return Some(Move::Lowest);
        }
        if count(Modifiers::NONE, Key::End) > 0.0 {
            return Some(Move::Highest);
        }
        let leaps = shifted + pages;
        (steps != 0.0 || leaps != 0.0).then_some(Move::By { steps, leaps })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_equal_differences_of_alpha_and_equal_factors_of_epsilon() {
        let mut state = State::default();
        let by = |steps, leaps| Move::By { steps, leaps };
        move_alpha(&mut state, by(2.0, 0.0));
        move_alpha(&mut state, by(0.0, 3.0));
        assert_eq!(state.wish.alpha, 0.32);
        move_alpha(&mut state, Move::Highest);
        move_alpha(&mut state, by(1.0, 0.0));
        assert_eq!(state.wish.alpha, 2.0);
        move_epsilon(&mut state, by(0.0, -2.0));
        assert!((state.wish.epsilon / 1e-4 - 1.0).abs() < 1e-9);
        move_epsilon(&mut state, Move::Lowest);
        assert_eq!(state.wish.epsilon, 1e-5);
    }
}
