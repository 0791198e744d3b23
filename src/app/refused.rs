//! An open that failed: what, why, and on which card it is told.

use super::card::Card;
use super::names::name_of;
use crate::checkpoint::Set;
use crate::engine::live::{Failure, Place, Stage, Wish};
use crate::error::Question;
use std::path::{Path, PathBuf};

/// Something that is open.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What is wanted of it.
    pub wish: Wish,
    /// The session file it came from.
    pub session: Option<PathBuf>,
}

/// An open that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused {
    /// Where it is told.
    pub card: Card,
    /// What failed, in a few words.
    pub title: String,
    /// What went wrong; `None` where it was no file of any known kind.
    pub stage: Option<Stage>,
    /// Why, and what to do.
    pub message: String,
    /// The tensors, where the network is the question.
    pub tensors: Vec<(String, Vec<usize>)>,
    /// The sets of tensors in the checkpoint, where another of them may be what was meant.
    pub sets: Vec<Set>,
    /// What only a person can answer, where that is why.
    pub question: Option<Box<Question>>,
    /// What was wanted, to be tried again.
    pub wish: Option<Wish>,
    /// What is to be said once it stands.
    pub words: Option<String>,
    /// What was open before, where the failed one is shown all the same, for it has results.
    pub back: Option<Standing>,
}

impl Refused {
    /// What `failure` says of `wish`; `before`: what was open.
    pub fn new(wish: &Wish, before: Option<&Wish>, failure: &Failure) -> Self {
        let file = |place| {
            let path = wish.checkpoint(place);
            path.map_or_else(|| "The checkpoint".to_owned(), name_of)
        };
        let data = name_of(Path::new(&wish.plane.setup.data));
        let small = Card::Checkpoint(Place::Small);
        let (card, title) = match failure.stage {
            Stage::Checkpoint(place) => (
                Card::Checkpoint(place),
                format!("{} can't be opened", file(place)),
            ),
            Stage::Stranger(place) => (
                Card::Checkpoint(place),
                format!("{} can't be {}", file(place), role(place)),
            ),
            Stage::Network if failure.question.is_some() => (
                small,
                heading(failure.question.as_deref(), &file(Place::Small), &data),
            ),
            Stage::Network => (
                small,
                format!("The network of {} isn't recognised", file(Place::Small)),
            ),
            Stage::Data => (Card::Data, format!("{data} can't be used as data")),
            Stage::Fit if before.is_some_and(|b| b.small != wish.small) => {
                (small, format!("{} doesn't fit {data}", file(Place::Small)))
            }
            Stage::Fit => (Card::Data, format!("{data} doesn't fit the network")),
            Stage::Plane => (Card::Top, "The plane can't be drawn".to_owned()),
            Stage::Device => (Card::Top, "The device can't be used".to_owned()),
            Stage::Computing => (Card::Top, "Computing failed".to_owned()),
        };
        Self {
            card,
            title,
            stage: Some(failure.stage),
            message: failure.message.clone(),
            tensors: failure.tensors.clone(),
            sets: failure.sets.clone(),
            question: failure.question.clone(),
            wish: Some(wish.clone()),
            words: None,
            back: None,
        }
    }

    /// A path that is nothing that can be opened, or not what it was asked for.
    pub fn unknown(card: Card, title: String, message: &str) -> Self {
        Self {
            card,
            title,
            stage: None,
            message: message.to_owned(),
            tensors: Vec::new(),
            sets: Vec::new(),
            question: None,
            wish: None,
            words: None,
            back: None,
        }
    }
}

/// What is asked of a file and its data.
fn heading(question: Option<&Question>, file: &str, data: &str) -> String {
    match question {
        Some(question) if question.is_about_data() => {
            format!("How was {data} scaled for {file}?")
        }
        _ => format!("Which network is {file}?"),
    }
}

fn role(place: Place) -> &'static str {
    match place {
        Place::Small => "the small batch",
        Place::Large => "the large batch",
        Place::Initial => "the initial weights",
    }
}
