//! Files on their way into the window: looked into on a thread of their own, then opened in the order in
//! which they were asked for.

use super::card::Card;
use super::command::Ask;
use super::files;
use super::looking::{Read, read};
use super::names::name_of;
use super::state::State;
use super::threads;
use super::views::Views;
use crate::engine::result::Outcome;
use eframe::egui::Context;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// Files being looked into, in the order they were asked for.
#[derive(Default)]
pub struct Opening {
    waiting: Vec<(Ask, Vec<PathBuf>, Receiver<Read>)>,
}

/// Where it is told that what was asked for can't be.
fn card(ask: Ask) -> Card {
    match ask {
        Ask::Checkpoint(place) => Card::Checkpoint(place),
        Ask::Data | Ask::DataFolder => Card::Data,
        _ => Card::Top,
    }
}

impl Opening {
    /// Opens what was chosen, dropped or typed.
    pub fn chosen(&mut self, ctx: &Context, state: &mut State, ask: Ask, paths: Vec<PathBuf>) {
        for path in &paths {
            state.remember(path);
        }
        if paths.is_empty() || ask.saved_as().is_some() {
            return;
        }
        let (send, receive) = channel();
        let (ctx, files) = (ctx.clone(), paths.clone());
        let run = move || {
            send.send(read(ask, &files)).ok();
            ctx.request_repaint();
        };
        match threads::spawn("losscope-open", run) {
            Ok(()) => self.waiting.push((ask, paths, receive)),
            Err(error) => state.complain(format!("The file can't be read: {error}")),
        }
    }

    /// Whether something is being looked into.
    pub fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes over what was read; gives results to be shown.
    pub fn poll(&mut self, state: &mut State, views: &mut Views) -> Vec<Outcome> {
        let Some((_, _, receive)) = self.waiting.first() else {
            return Vec::new();
        };
        let read = match receive.try_recv() {
            Err(TryRecvError::Empty) => return Vec::new(),
            Err(TryRecvError::Disconnected) => Read::Failed("Reading the file failed".into()),
            Ok(read) => read,
        };
        let (ask, paths, _) = self.waiting.remove(0);
        match read {
            Read::Found(found) => return files::open(state, views, *found),
            Read::Asked => files::asked(state, ask, paths),
            Read::Failed(why) => {
                let names: Vec<String> = paths.iter().map(|path| name_of(path)).collect();
                let title = format!("{} can't be opened", names.join(", "));
                state.refuse_path(card(ask), title, &why);
            }
        }
        Vec::new()
    }
}
