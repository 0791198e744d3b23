//! Undo and redo: a list of states with a place in it.

/// States in the order they were noted, and which of them is now.
#[derive(Debug, Clone)]
pub struct History<T> {
    states: Vec<T>,
    now: usize,
}

/// Steps kept.
const MOST_STEPS: usize = 200;

impl<T> Default for History<T> {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            now: 0,
        }
    }
}

impl<T: Clone + PartialEq> History<T> {
    /// Notes a state, if it differs from the present one; what was undone is forgotten.
    pub fn note(&mut self, state: &T) {
        if self.states.get(self.now) == Some(state) {
            return;
        }
        self.states.truncate(self.now + 1);
        self.states.push(state.clone());
        if self.states.len() > MOST_STEPS {
            self.states.remove(0);
        }
        self.now = self.states.len() - 1;
    }

    /// Takes the present state out, which couldn't be, and is at `back` instead where that is next to
    /// it.
    pub fn forget(&mut self, state: &T, back: &T) {
        if self.states.get(self.now) != Some(state) {
            return;
        }
        self.states.remove(self.now);
        if self.states.get(self.now) != Some(back) {
            self.now = self.now.saturating_sub(1);
        }
    }

    /// The state before.
    pub fn undo(&mut self) -> Option<T> {
        self.now = self.now.checked_sub(1)?;
        self.states.get(self.now).cloned()
    }

    /// The state after.
    pub fn redo(&mut self) -> Option<T> {
        let next = self.states.get(self.now + 1).cloned()?;
        self.now += 1;
        Some(next)
    }

    /// Whether there is a state before.
    pub fn can_undo(&self) -> bool {
        self.now > 0
    }

    /// Whether there is a state after.
    pub fn can_redo(&self) -> bool {
        self.now + 1 < self.states.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_is_no_step() {
        let mut history = History::default();
        for state in [1, 2, 3] {
            history.note(&state);
        }
        history.forget(&3, &2);
        history.note(&2);
        assert!(!history.can_redo());
        assert_eq!(history.undo(), Some(1));
        // Where undoing led to it, the way forward stays.
        history.forget(&1, &2);
        history.note(&2);
        assert!(!history.can_undo());
    }

    #[test]
    fn a_new_step_forgets_what_was_undone() {
        let mut history = History::default();
        for state in [1, 2, 2, 3] {
            history.note(&state);
        }
        assert_eq!(history.undo(), Some(2));
        assert_eq!(history.undo(), Some(1));
        assert_eq!(history.undo(), None);
        history.note(&4);
        assert!(!history.can_redo());
        assert_eq!(history.undo(), Some(1));
        assert_eq!(history.redo(), Some(4));
    }
}
