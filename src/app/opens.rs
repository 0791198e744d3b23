//! Opens on their way and those that failed, as plain data; `attempts.rs` says how one leads to the other.

use super::card::Card;
use super::refused::{Refused, Standing};
use crate::engine::live::{Stage, Wish};
use std::collections::VecDeque;

/// Opens on their way, and those that failed.
#[derive(Debug, Clone, Default)]
pub struct Opens {
    /// What was open last.
    pub(super) good: Option<Standing>,
    /// Whether a person has asked for something that isn't decided yet.
    pub(super) trying: bool,
    /// Other readings of what was asked for.
    pub(super) otherwise: VecDeque<Wish>,
    /// The reading wanted most, to say what became of it.
    pub(super) wanted: Option<Wish>,
    /// Why that one failed.
    pub(super) first: Option<Refused>,
    /// What is to be said once it stands.
    pub(super) words: Option<String>,
    /// Whether what is wanted has results of its own to show.
    pub(super) has_results: bool,
    /// What failed, until it is dealt with.
    pub(super) refused: Vec<Refused>,
}

impl Opens {
    /// What failed of the things on a card.
    pub fn refused(&self, card: Card) -> Option<&Refused> {
        self.refused.iter().find(|r| r.card == card)
    }

    /// A checkpoint whose network isn't recognised.
    pub fn unknown(&self) -> Option<&Refused> {
        self.refused
            .iter()
            .find(|r| r.stage == Some(Stage::Network))
    }

    /// What opens as soon as what it lacks is there: other data, the network's description.
    pub(super) fn waiting(&self) -> Option<&Wish> {
        let lacks = |r: &&Refused| matches!(r.stage, Some(Stage::Network | Stage::Fit));
        self.refused.iter().rev().find(lacks)?.wish.as_ref()
    }

    /// What is being opened has results to show even if its files are gone.
    pub fn have_results(&mut self) {
        self.has_results = true;
    }

    /// Notes what failed instead of an earlier failure on its card.
    pub(super) fn keep(&mut self, refused: Refused) {
        self.refused.retain(|r| r.card != refused.card);
        self.refused.push(refused);
    }
}
