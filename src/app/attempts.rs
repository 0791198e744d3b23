//! From what is open to what a person asks for, and back where that can't be.
//!
//! An open is tried, perhaps in several readings: with what was set for the files before, and without
//! what belongs only to them. The first that stands is open. Where none does, the window goes back to
//! what was open, and why stands on the card of what failed until it is dealt with.

use super::card::Card;
use super::readings::{fresh, left_behind};
use super::refused::{Refused, Standing};
use super::state::{State, step};
use crate::engine::live::{Failure, Snapshot, Wish};
use std::collections::VecDeque;

/// How a wish becomes another; gives words about what it did, where that isn't plain.
pub type Change<'a> = &'a dyn Fn(&mut Wish) -> Option<String>;

impl State {
    /// Opens what any of `changes` makes of what is open, the first that can be. What waits for
    /// something is tried with it.
    pub fn open_with(&mut self, changes: &[Change<'_>]) {
        let waiting = self.opens.waiting().cloned();
        let mut wishes: Vec<Wish> = Vec::new();
        let mut words = None;
        for base in waiting.iter().chain([&self.wish]) {
            for change in changes {
                let mut wish = base.clone();
                words = change(&mut wish).or(words);
                let fresh = fresh(&wish, &self.wish);
                for wish in [wish, fresh] {
                    if !wishes.contains(&wish) {
                        wishes.push(wish);
                    }
                }
            }
        }
        self.attempt(wishes, words);
    }

    /// Wants the first of `wishes` that stands, and says `words` then.
    pub fn attempt(&mut self, wishes: Vec<Wish>, words: Option<String>) {
        let mut wishes = VecDeque::from(wishes);
        let Some(first) = wishes.pop_front() else {
            return;
        };
        if first.small != self.wish.small {
            self.session = None;
        }
        self.wish.clone_from(&first);
        let opens = &mut self.opens;
        opens.trying = true;
        opens.otherwise = wishes;
        opens.wanted = Some(first);
        opens.first = None;
        opens.words = words;
        opens.has_results = false;
    }

    /// Whether a person waits for something to be open or not.
    pub fn is_opening(&self) -> bool {
        self.opens.trying
    }

    /// Sees what became of the present wish, which `news` is about.
    pub fn judge(&mut self, news: &Snapshot) {
        match &news.failure {
            Some(failure) if failure.stage.is_opening() => self.refuse(failure),
            _ if news.stands => self.stand(),
            _ => {}
        }
    }

    /// What is wanted is open.
    fn stand(&mut self) {
        let opens = &mut self.opens;
        let same = |good: &Standing| good.wish == self.wish && good.session == self.session;
        if !opens.good.as_ref().is_some_and(same) {
            opens.good = Some(Standing {
                wish: self.wish.clone(),
                session: self.session.clone(),
            });
        }
        if !std::mem::take(&mut opens.trying) {
            return;
        }
        opens.refused.clear();
        opens.otherwise.clear();
        opens.first = None;
        let wanted = opens.wanted.take();
        let left = wanted.and_then(|wanted| left_behind(&wanted, &self.wish));
        let words: Vec<String> = opens.words.take().into_iter().chain(left).collect();
        if !words.is_empty() {
            self.say(words.join(". "));
        }
    }

    /// What is wanted can't be: another reading, or back to what was open.
    fn refuse(&mut self, failure: &Failure) {
        let told = |r: &Refused| r.message == failure.message && r.stage == Some(failure.stage);
        if !self.opens.trying && self.opens.refused.iter().any(told) {
            return;
        }
        let failed = self.wish.clone();
        // A reading that lacks an answer alone is nearer to what was meant than one that doesn't fit.
        let asks = failure.question.is_some();
        let first = self.opens.first.take();
        let first = first.filter(|first| first.question.is_some() || !asks);
        let mut refused = first.unwrap_or_else(|| {
            let before = self.opens.good.as_ref().map(|good| &good.wish);
            Refused::new(&self.wish, before, failure)
        });
        if let Some(next) = self.opens.otherwise.pop_front() {
            self.opens.first = Some(refused);
            self.leave(&failed, next);
            return;
        }
        self.opens.trying = false;
        refused.words = self.opens.words.take();
        if self.opens.has_results {
            refused.back = self.opens.good.take();
            self.opens.good = Some(Standing {
                wish: failed,
                session: self.session.clone(),
            });
            self.opens.keep(refused);
            return;
        }
        let back = self.opens.good.clone().unwrap_or_else(|| {
            let mut usual = Wish::default();
            let (from, to) = (&failed.plane.setup, &mut usual.plane.setup);
            (to.device, to.precision, to.memory) = (from.device, from.precision, from.memory);
            Standing {
                wish: usual,
                session: None,
            }
        });
        self.opens.keep(refused);
        if !back.wish.same_files(&failed) {
            self.leave(&failed, back.wish);
            self.session = back.session;
        }
    }

    fn leave(&mut self, failed: &Wish, next: Wish) {
        self.history.forget(&step(failed), &step(&next));
        self.wish = next;
    }

    /// Says on a card that something couldn't be opened, and in the log.
    pub fn refuse_path(&mut self, card: Card, title: impl Into<String>, message: &str) {
        self.complain(message);
        self.opens
            .keep(Refused::unknown(card, title.into(), message));
    }

    /// Tries once more what failed, changed by `change`.
    pub fn retry(&mut self, card: Card, change: impl Fn(&mut Wish)) {
        let Some(refused) = self.opens.refused(card) else {
            return;
        };
        let words = refused.words.clone();
        if let Some(failed) = refused.wish.clone() {
            let mut wish = failed.clone();
            change(&mut wish);
            // What is to be said of the files holds for those files.
            let files = |wish: &Wish| {
                let (large, initial) = (wish.large.clone(), wish.initial.clone());
                (wish.small.clone(), large, initial)
            };
            let same = files(&wish) == files(&failed);
            self.attempt(vec![wish], words.filter(|_| same));
        }
    }

    /// Looks for weights at `key` in what failed on a card, or in what is open.
    pub fn read_at(&mut self, card: Option<Card>, key: Option<&str>) {
        let failed = card.and_then(|card| self.opens.refused(card)?.wish.clone());
        let mut wish = failed.unwrap_or_else(|| self.wish.clone());
        wish.plane.setup.key = key.map(str::to_owned);
        let fresh = fresh(&wish, &self.wish);
        let mut wishes = vec![wish];
        if !wishes.contains(&fresh) {
            wishes.push(fresh);
        }
        self.attempt(wishes, None);
    }

    /// Takes what failed off its card.
    pub fn dismiss(&mut self, card: Card) {
        let place = self.opens.refused.iter().position(|r| r.card == card);
        let back = place.and_then(|place| self.opens.refused.remove(place).back);
        if let Some(back) = back {
            self.opens.has_results = false;
            self.session = back.session;
            self.wish = back.wish;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::readings::set_data;
    use crate::engine::job::Directions;
    use crate::engine::live::{Place, Stage};
    use crate::error::Question;
    use std::path::Path;

    fn stands() -> Snapshot {
        Snapshot {
            stands: true,
            ..Snapshot::default()
        }
    }

    fn fails(stage: Stage) -> Snapshot {
        Snapshot {
            failure: Some(Failure::new(stage, format!("{stage:?} is wrong"))),
            ..Snapshot::default()
        }
    }

    fn small(path: &'static str) -> impl Fn(&mut Wish) -> Option<String> {
        move |wish: &mut Wish| {
            (wish.small, wish.large) = (path.into(), None);
            None
        }
    }

    fn data(path: &'static str) -> impl Fn(&mut Wish) -> Option<String> {
        move |wish: &mut Wish| {
            set_data(wish, path);
            None
        }
    }

    /// Judges by what a wish names until nothing changes.
    fn settle(state: &mut State, judgement: impl Fn(&Wish) -> Option<Stage>) {
        for _ in 0..8 {
            let news = judgement(&state.wish).map_or_else(stands, fails);
            state.judge(&news);
        }
    }

    #[test]
    fn bad_data_are_not_kept_for_the_next_checkpoint() {
        let mut state = State::default();
        let judgement = |wish: &Wish| (wish.plane.setup.data == "bad").then_some(Stage::Data);
        settle(&mut state, judgement);
        let before = state.wish.clone();
        state.open_with(&[&data("bad")]);
        settle(&mut state, judgement);
        assert_eq!(state.wish, before, "what was open stays open");
        let told = state.opens.refused(Card::Data).unwrap();
        assert!(told.title.contains("bad"), "{}", told.title);
        state.open_with(&[&small("a.pt")]);
        settle(&mut state, judgement);
        assert_eq!(state.wish.small, Path::new("a.pt"));
        assert!(state.opens.refused(Card::Data).is_none());
    }

    /// A network that is read as another family before is asked about anew, and what was to be said of it is said then.
    #[test]
    fn a_question_is_asked_before_a_reading_that_does_not_fit_and_its_answer_keeps_the_words() {
        let mut state = State::default();
        state.wish.plane.setup.model = "mlp".into();
        let judged = |state: &mut State| {
            for _ in 0..8 {
                let model = state.wish.plane.setup.model.clone();
                let is_new = state.wish.small == Path::new("a.pt");
                let news = match (is_new, model.as_str()) {
                    (true, "mlp") => fails(Stage::Network),
                    (true, "auto") => {
                        let mut failure = Failure::new(Stage::Network, "one of two".to_owned());
                        failure.question = Some(Box::new(Question {
                            text: failure.message.clone(),
                            answers: Vec::new(),
                            more: 0,
                        }));
                        Snapshot {
                            failure: Some(failure),
                            ..Snapshot::default()
                        }
                    }
                    _ => stands(),
                };
                state.judge(&news);
            }
        };
        judged(&mut state);
        let said = |wish: &mut Wish| small("a.pt")(wish).or(Some("a.pt alone".to_owned()));
        state.open_with(&[&said]);
        judged(&mut state);
        let card = Card::Checkpoint(Place::Small);
        let refused = state.opens.refused(card).unwrap();
        assert!(refused.question.is_some(), "{}", refused.message);
        state.notice = None;
        state.retry(card, |wish| wish.plane.setup.model = "lenet".into());
        judged(&mut state);
        assert_eq!(state.wish.small, Path::new("a.pt"));
        assert_eq!(state.notice.unwrap().text, "a.pt alone");
    }

    #[test]
    fn a_checkpoint_that_lacks_its_data_waits_for_them() {
        let mut state = State::default();
        let judgement = |wish: &Wish| {
            let setup = &wish.plane.setup;
            let fits = (wish.small == Path::new("own.pt")) == (setup.data == "own.npz");
            (!fits).then_some(Stage::Fit)
        };
        settle(&mut state, judgement);
        state.open_with(&[&small("own.pt")]);
        settle(&mut state, judgement);
        assert!(
            state
                .opens
                .refused(Card::Checkpoint(Place::Small))
                .is_some()
        );
        assert_eq!(state.wish.small, Wish::default().small);
        state.open_with(&[&data("own.npz")]);
        settle(&mut state, judgement);
        assert_eq!(state.wish.small, Path::new("own.pt"));
        assert_eq!(state.wish.plane.setup.data, "own.npz");
        assert!(state.opens.refused.is_empty());
    }

    #[test]
    fn what_belongs_to_a_network_that_is_gone_goes_with_it() {
        let mut state = State::default();
        state.wish.large = None;
        state.wish.initial = Some("old-init.pt".into());
        state
            .wish
            .aim(Directions::Files(vec!["old.safetensors".into()]));
        state.wish.plane.setup.model = "old.toml".into();
        state.pin(0.1, 0.2);
        // The new network takes nothing of the old one's.
        let judgement = |wish: &Wish| {
            let own = wish.small == Path::new("new.pt");
            let old = wish.initial.is_some()
                || wish.plane.directions != Directions::Random
                || wish.plane.setup.model != "auto";
            (own && old).then_some(Stage::Plane)
        };
        settle(&mut state, judgement);
        state.open_with(&[&small("new.pt")]);
        settle(&mut state, judgement);
        assert_eq!(state.wish.small, Path::new("new.pt"));
        assert!(state.opens.refused.is_empty());
        assert!(state.wish.probes.is_empty());
        assert!(state.notice.unwrap().text.contains("random again"));
    }

    #[test]
    fn a_failed_open_is_no_step_of_undo() {
        let mut state = State::default();
        let judgement = |wish: &Wish| {
            (wish.small == Path::new("bad.pt")).then_some(Stage::Checkpoint(Place::Small))
        };
        state.note_step();
        settle(&mut state, judgement);
        state.open_with(&[&small("bad.pt")]);
        state.note_step();
        settle(&mut state, judgement);
        state.note_step();
        assert!(!state.history.can_undo() && !state.history.can_redo());
    }

    #[test]
    fn results_are_shown_without_their_checkpoints_and_can_be_left() {
        let mut state = State::default();
        let judgement = |wish: &Wish| {
            (wish.small == Path::new("gone.pt")).then_some(Stage::Checkpoint(Place::Small))
        };
        settle(&mut state, judgement);
        let before = state.wish.clone();
        let mut wish = before.clone();
        wish.small = "gone.pt".into();
        state.attempt(vec![wish.clone()], None);
        state.opens.have_results();
        settle(&mut state, judgement);
        assert_eq!(state.wish, wish);
        let card = Card::Checkpoint(Place::Small);
        assert!(state.opens.refused(card).is_some());
        state.dismiss(card);
        settle(&mut state, judgement);
        assert_eq!(state.wish, before);
    }
}
