//! What is remembered: between two starts in the system's place for it, and in session files.
//!
//! A session file is readable JSON: what is wanted, how it looks, how views are arranged, and the
//! names of result files beside it, which open in the window and at the command line alike.

use super::pane::Pane;
use super::state::{Exported, Look, State};
use super::training::Before;
use crate::engine::imported;
use crate::engine::job::Directions;
use crate::engine::live::{Compared, Quality, Snapshot, Wish};
use crate::engine::recognise;
use crate::engine::result::Outcome;
use crate::error::{Error, Result};
use crate::export;
use crate::export::figure::FigureOptions;
use crate::store::files::{read_text, replace_file};
use egui_tiles::Tree;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The file's ending, which makes it a session.
pub const SUFFIX: &str = ".losscope.json";
const KEY: &str = "losscope";

/// What a session file holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Version of Losscope that wrote it.
    pub losscope: String,
    /// What is wanted.
    pub wish: Wish,
    /// How it looks.
    #[serde(default)]
    pub look: Look,
    /// How views are arranged; the usual way where missing or unknown.
    #[serde(default)]
    pub layout: Option<serde_json::Value>,
    /// Result files beside it.
    #[serde(default)]
    pub results: Vec<PathBuf>,
}

/// What is kept between two starts.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    session: Session,
    recent: Vec<PathBuf>,
    file: Option<PathBuf>,
    #[serde(default)]
    exported: Exported,
    /// The runs on the list; those that haven't begun with what they are.
    #[serde(default)]
    runs: Vec<Before>,
    /// Where new ones are kept, where a hand has said so.
    #[serde(default)]
    runs_in: Option<PathBuf>,
}

fn session_of(state: &State, tree: &Tree<Pane>) -> Session {
    Session {
        losscope: env!("CARGO_PKG_VERSION").to_owned(),
        wish: state.wish.clone(),
        look: state.look.clone(),
        layout: serde_json::to_value(tree).ok(),
        results: Vec::new(),
    }
}

impl Session {
    /// The layout, where it is one of this version.
    pub fn tree(&self) -> Option<Tree<Pane>> {
        serde_json::from_value(self.layout.clone()?).ok()
    }
}

/// What was there when the window was last closed; `None` where there is nothing or it is of
/// another age.
pub fn restore(storage: &dyn eframe::Storage) -> Option<(State, Tree<Pane>)> {
    let kept: Kept = serde_json::from_str(&storage.get_string(KEY)?).ok()?;
    let tree = kept.session.tree()?;
    let mut state = State::default();
    state.wish = kept.session.wish;
    state.look = kept.session.look;
    state.recent = kept.recent;
    state.session = kept.file;
    state.exported = kept.exported;
    state.training.before = kept.runs;
    if let Some(folder) = kept.runs_in {
        state.training.folder = folder;
    }
    Some((state, tree))
}

/// Remembers state and layout for the next start.
pub fn keep(storage: &mut dyn eframe::Storage, state: &State, tree: &Tree<Pane>) {
    let kept = Kept {
        session: session_of(state, tree),
        recent: state.recent.clone(),
        file: state.session.clone(),
        exported: state.exported.clone(),
        runs: state.runs.iter().map(|run| Before::of(run)).collect(),
        runs_in: Some(state.training.folder.clone()),
    };
    if let Ok(text) = serde_json::to_string(&kept) {
        storage.set_string(KEY, text);
    }
}

/// Whether a path names a session file.
pub fn is_session(path: &Path) -> bool {
    path.to_string_lossy().ends_with(SUFFIX)
}

/// Writes a session file with its results beside it, in a thread; says so at once.
pub fn save(state: &mut State, tree: &Tree<Pane>, news: &Snapshot, path: &Path) {
    let path = if is_session(path) {
        path.to_owned()
    } else {
        let name = path.to_string_lossy();
        PathBuf::from(format!("{}{SUFFIX}", name.trim_end_matches(".json")))
    };
    let mut session = session_of(state, tree);
    let stem = path.to_string_lossy().trim_end_matches(SUFFIX).to_owned();
    let mut results: Vec<(PathBuf, Outcome)> = Vec::new();
    let here = news.surface_near(state.wish.alpha);
    if let Some(surface) = here.filter(|s| s.quality == Quality::Full) {
        results.push((
            format!("{stem}-surface.npz").into(),
            surface.outcome.clone(),
        ));
    }
    if let Some(line) = news.line.as_ref().filter(|l| l.missing() == 0) {
        results.push((format!("{stem}-line.npz").into(), Outcome::clone(line)));
    }
    let beside = |p: &PathBuf| p.file_name().map(PathBuf::from);
    session.results = results.iter().filter_map(|(p, _)| beside(p)).collect();
    match write(&path, &session, &results) {
        Ok(()) => {
            state.say(format!("Saved {}", path.display()));
            state.remember(&path);
            state.session = Some(path);
        }
        Err(error) => state.complain(format!("The session isn't saved: {error}")),
    }
}

fn write(path: &Path, session: &Session, results: &[(PathBuf, Outcome)]) -> Result<()> {
    // Some hundred kilobytes: a few milliseconds.
    for (path, outcome) in results {
        export::write(path, outcome, &FigureOptions::default())?;
    }
    let mut session = session.clone();
    let folder = path.parent().unwrap_or(Path::new("."));
    map_paths(&mut session.wish, |p| {
        p.strip_prefix(folder)
            .map_or_else(|_| p.clone(), Path::to_owned)
    });
    let text = serde_json::to_string_pretty(&session)
        .map_err(|e| Error::file(path, format!("the session has no written form: {e}")))?;
    replace_file(path, |file| {
        file.write_all(text.as_bytes())
            .map_err(|e| Error::io("write the session", path, e))
    })
}

/// Reads a session file and the results beside it; results that are gone are said, not fatal.
///
/// # Errors
/// Names the file and the field at fault.
pub fn open(path: &Path) -> Result<(Session, Vec<Outcome>, Vec<String>)> {
    let text = read_text(path, "read the session")?;
    let mut session: Session = serde_json::from_str(&text)
        .map_err(|e| Error::file(path, format!("this is no session of Losscope: {e}")))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    map_paths(&mut session.wish, |p| {
        let beside = folder.join(p);
        if p.is_relative() && beside.exists() {
            beside
        } else {
            p.clone()
        }
    });
    let (mut outcomes, mut warnings) = (Vec::new(), Vec::new());
    for name in &session.results {
        match export::read(&folder.join(name)) {
            Ok(mut outcome) => {
                settle(&mut outcome, &session.wish);
                outcomes.push(outcome);
            }
            Err(error) => warnings.push(error.to_string()),
        }
    }
    Ok((session, outcomes, warnings))
}

/// A result of a session belongs to the session's files wherever they have moved together.
fn settle(outcome: &mut Outcome, wish: &Wish) {
    use crate::engine::job::Job;
    match &mut outcome.header.job {
        Job::Surface(job) => {
            let alpha = job.alpha.unwrap_or(0.0);
            let samples = job.setup.samples;
            *job = wish.surface_job(alpha);
            job.setup.samples = samples;
        }
        Job::Line(job) => {
            if let Some(line) = wish.line_job() {
                *job = line;
            }
        }
        _ => {}
    }
}

/// Every path of a wish that names a file of the person's.
fn map_paths(wish: &mut Wish, f: impl Fn(&PathBuf) -> PathBuf) {
    wish.small = f(&wish.small);
    wish.large = wish.large.as_ref().map(&f);
    wish.initial = wish.initial.as_ref().map(&f);
    for other in &mut wish.others {
        *other = f(other);
    }
    for one in &mut wish.left_out {
        if let Compared::Other(path) = one {
            *path = f(path);
        }
    }
    let setup = &mut wish.plane.setup;
    if !recognise::is_built_in(Path::new(&setup.data)) {
        setup.data = f(&PathBuf::from(&setup.data)).display().to_string();
    }
    // Anything else is the name of a family.
    if imported::is_file(&setup.model) {
        setup.model = f(&PathBuf::from(&setup.model)).display().to_string();
    }
    for path in &mut wish.plane.paths {
        *path = f(path);
    }
    match &mut wish.plane.directions {
        Directions::Random | Directions::Hessian | Directions::Worst(_) => {}
        Directions::Files(files) => files.iter_mut().for_each(|file| *file = f(file)),
        Directions::Three(a, b) => (*a, *b) = (f(a), f(b)),
        Directions::Pca(folder) => *folder = f(folder),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::views::usual_layout;
    use std::collections::HashMap;

    #[derive(Default)]
    struct Memory(HashMap<String, String>);

    impl eframe::Storage for Memory {
        fn get_string(&self, key: &str) -> Option<String> {
            self.0.get(key).cloned()
        }
        fn set_string(&mut self, key: &str, value: String) {
            self.0.insert(key.to_owned(), value);
        }
        fn remove_string(&mut self, key: &str) {
            self.0.remove(key);
        }
        fn flush(&mut self) {}
    }

    #[test]
    fn the_next_start_is_as_the_last_end() {
        let mut storage = Memory::default();
        assert!(restore(&storage).is_none(), "nothing kept yet");
        let mut state = State::default();
        state.set_alpha(0.7);
        state.look.levels = 5;
        state.remember(Path::new("a.pt"));
        state.exported.folder = Some("/figures".into());
        state.exported.forms.insert("Line".into(), "pdf".into());
        keep(&mut storage, &state, &usual_layout());
        let (again, _) = restore(&storage).unwrap();
        assert_eq!((again.wish, again.look), (state.wish, state.look));
        assert_eq!(again.recent, state.recent);
        assert_eq!(again.exported, state.exported);
        storage
            .0
            .insert(KEY.into(), "{\"of\": \"another age\"}".into());
        assert!(restore(&storage).is_none());
    }

    #[test]
    fn a_session_that_moves_with_its_files_still_finds_them() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().join("small.pt");
        std::fs::write(&here, "weights").unwrap();
        let data = folder.path().join("data.npz");
        std::fs::write(&data, "samples").unwrap();
        let mut state = State::default();
        state.wish.small = here;
        state.wish.plane.setup.data = data.display().to_string();
        let path = folder.path().join("s.losscope.json");
        let session = session_of(&state, &usual_layout());
        write(&path, &session, &[]).unwrap();
        let moved = tempfile::tempdir().unwrap();
        for name in ["small.pt", "data.npz", "s.losscope.json"] {
            std::fs::rename(folder.path().join(name), moved.path().join(name)).unwrap();
        }
        let (session, _, _) = open(&moved.path().join("s.losscope.json")).unwrap();
        assert_eq!(session.wish.small, moved.path().join("small.pt"));
        let data = Path::new(&session.wish.plane.setup.data);
        assert_eq!(data, moved.path().join("data.npz"));
    }
}
