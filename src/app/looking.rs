//! Looking into files: what a path is, its content says ([`recognise`]).
//!
//! It happens on a thread of its own, results and sessions are read there too, and comes back through
//! [`Opening::poll`].

use super::cards::name_of;
use super::command::Ask;
use super::files;
use super::refused::Card;
use super::session::{self, Session};
use super::state::State;
use super::views::Pane;
use crate::checkpoint;
use crate::engine::recognise::{self, Kind, Sorted};
use crate::engine::result::Outcome;
use crate::export;
use eframe::egui::Context;
use egui_tiles::Tree;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// Files being looked into, in the order they were asked for.
#[derive(Default)]
pub struct Opening {
    waiting: Vec<(Ask, Vec<PathBuf>, Receiver<Read>)>,
}

/// What paths turned out to be.
enum Read {
    /// Whatever they are.
    Found(Box<Found>),
    /// What they were asked for.
    Asked,
    /// Why they can't be.
    Failed(String),
}

/// Paths by what they are, and what had to be read of them.
pub struct Found {
    /// By what they are.
    pub sorted: Sorted,
    /// What a session holds, with results beside it and what is to be said of them.
    pub session: Option<(Session, Vec<Outcome>, Vec<String>)>,
    /// Results.
    pub results: Vec<Outcome>,
    /// The last checkpoint of a run.
    pub last: Option<PathBuf>,
}

/// What paths asked for as one thing have to be; `None` where anything may be.
fn expected(ask: Ask) -> Option<Kind> {
    match ask {
        Ask::Open | Ask::SaveSession | Ask::SaveReport => None,
        Ask::Checkpoint(_) | Ask::Corners => Some(Kind::Checkpoint),
        Ask::Data | Ask::DataFolder => Some(Kind::Data),
        Ask::Series => Some(Kind::Run),
        Ask::Model => Some(Kind::Model),
        Ask::Directions => Some(Kind::Directions),
    }
}

/// Where it is told that what was asked for can't be.
fn card(ask: Ask) -> Card {
    match ask {
        Ask::Checkpoint(place) => Card::Checkpoint(place),
        Ask::Data | Ask::DataFolder => Card::Data,
        _ => Card::Top,
    }
}

/// Looks into files.
fn read(ask: Ask, paths: &[PathBuf]) -> Read {
    let missing = |p: &&PathBuf| !p.exists() && !recognise::is_built_in(p);
    if let Some(missing) = paths.iter().find(missing) {
        return Read::Failed(format!(
            "There is no such file or folder: {}",
            missing.display()
        ));
    }
    if let Some(wanted) = expected(ask) {
        return match paths.iter().find_map(|path| misfit(path, wanted)) {
            Some(why) => Read::Failed(why),
            None => Read::Asked,
        };
    }
    match found(paths) {
        Ok(found) => Read::Found(Box::new(found)),
        Err(error) => Read::Failed(error.to_string()),
    }
}

/// Why a path can't be what it was asked for: it is plainly something else.
fn misfit(path: &Path, wanted: Kind) -> Option<String> {
    // What can't be told may still be read; whoever reads it says why not.
    let kind = recognise::kind(path).ok()?;
    // The weights of a checkpoint are a direction too, and a folder may hold anything.
    let may_be = kind == wanted
        || wanted == Kind::Directions && kind == Kind::Checkpoint
        || path.is_dir() && matches!(wanted, Kind::Run | Kind::Data);
    (!may_be).then(|| {
        format!(
            "This is {}, not {}; File → Open… takes it as what it is: {}",
            kind.words(),
            wanted.words(),
            path.display()
        )
    })
}

fn found(paths: &[PathBuf]) -> crate::error::Result<Found> {
    let sorted = Sorted::of(paths)?;
    let session = sorted.session.as_deref().map(session::open).transpose()?;
    let results = sorted.results.iter().map(|path| export::read(path));
    let results = results.collect::<Result<_, _>>()?;
    let series = sorted.run.as_deref().map(checkpoint::series).transpose()?;
    Ok(Found {
        last: series.and_then(|mut files| files.pop()),
        sorted,
        session,
        results,
    })
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
        let thread = std::thread::Builder::new().name("losscope-open".into());
        match thread.spawn(run) {
            Ok(_) => self.waiting.push((ask, paths, receive)),
            Err(error) => state.complain(format!("The file can't be read: {error}")),
        }
    }

    /// Whether something is being looked into.
    pub fn is_busy(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Takes over what was read; gives results to be shown.
    pub fn poll(&mut self, state: &mut State, tree: &mut Tree<Pane>) -> Vec<Outcome> {
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
            Read::Found(found) => return files::open(state, tree, *found),
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
