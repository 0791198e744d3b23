//! Looking into files: what a path is, its content says ([`recognise`]).
//!
//! It takes its time, for results and sessions are read here too: `opening.rs` has a thread for it.

use super::command::Ask;
use super::session::{self, Session};
use crate::engine::builtin;
use crate::engine::recognise::{self, Kind, Sorted};
use crate::engine::result::Outcome;
use crate::export;
use std::path::{Path, PathBuf};

/// What paths turned out to be.
pub enum Read {
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
        Ask::Open | Ask::SaveSession | Ask::SaveReport | Ask::ExportAll => None,
        Ask::OpenRun | Ask::RunFolder | Ask::Recipe | Ask::SaveRecipe => None,
        Ask::Checkpoint(_) | Ask::Others | Ask::Corners => Some(Kind::Checkpoint),
        Ask::Data | Ask::DataFolder => Some(Kind::Data),
        Ask::Series | Ask::Path => Some(Kind::Run),
        Ask::Model => Some(Kind::Model),
        Ask::Directions => Some(Kind::Directions),
    }
}

/// Looks into files.
pub fn read(ask: Ask, paths: &[PathBuf]) -> Read {
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
    let series = sorted.run.as_deref().map(builtin::series).transpose()?;
    Ok(Found {
        last: series.and_then(|mut files| files.pop()),
        sorted,
        session,
        results,
    })
}
