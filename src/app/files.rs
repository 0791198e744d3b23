//! What a chosen path is for: checkpoints, results, sessions, data, folders.
//!
//! Small things are looked at here and at once; reading results, which may be large, happens on a
//! thread of its own and comes back through [`Opening::poll`].

use super::cards::name_of;
use super::command::{Ask, Place};
use super::session::{self, Session};
use super::state::State;
use super::views::Pane;
use crate::engine::job::{Directions, Job};
use crate::engine::live::{Live, Wish};
use crate::engine::result::Outcome;
use crate::export;
use eframe::egui::Context;
use egui_tiles::Tree;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// A file being read.
#[derive(Default)]
pub struct Opening {
    waiting: Option<(PathBuf, Receiver<Read>)>,
}

/// What a file turned out to hold.
enum Read {
    Session(Box<Session>, Vec<Outcome>, Vec<String>),
    Result(Box<Outcome>),
    Failed(String),
}

/// What kind of thing a path is, by its name and whether it is a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Session,
    Model,
    Checkpoints,
    Folder,
    /// By content: a result, or a checkpoint in the same container.
    Container,
    File,
}

fn kind(path: &Path) -> Kind {
    let suffix = path.extension().map(|s| s.to_string_lossy().to_lowercase());
    if session::is_session(path) {
        Kind::Session
    } else if path.is_dir() {
        let series = crate::checkpoint::series(path).is_ok_and(|files| files.len() >= 3);
        if series {
            Kind::Checkpoints
        } else {
            Kind::Folder
        }
    } else {
        match suffix.as_deref() {
            Some("toml") => Kind::Model,
            Some("npz" | "h5" | "hdf5") => Kind::Container,
            _ => Kind::File,
        }
    }
}

impl Opening {
    /// Opens what was chosen, dropped or typed.
    pub fn chosen(&mut self, ctx: &Context, state: &mut State, ask: Ask, paths: Vec<PathBuf>) {
        for path in &paths {
            state.remember(path);
        }
        let Some(first) = paths.first().cloned() else {
            return;
        };
        let wish = &mut state.wish;
        match ask {
            Ask::Open => self.open(ctx, state, paths),
            Ask::Checkpoint(Place::Small) => wish.small = first,
            Ask::Checkpoint(Place::Large) => wish.large = Some(first),
            Ask::Checkpoint(Place::Initial) => wish.initial = Some(first),
            Ask::Data | Ask::DataFolder => {
                wish.plane.setup.data = first.display().to_string();
            }
            Ask::Model => wish.plane.setup.model = first.display().to_string(),
            Ask::Series => wish.plane.directions = Directions::Pca(first),
            Ask::Directions => between(wish, Directions::Files(paths)),
            Ask::Corners => match paths.as_slice() {
                [a, b] => between(wish, Directions::Three(a.clone(), b.clone())),
                other => state.complain(format!(
                    "A plane through three checkpoints takes two more beside θ(α), not {}",
                    other.len()
                )),
            },
            Ask::SaveSession => {}
        }
    }

    fn open(&mut self, ctx: &Context, state: &mut State, paths: Vec<PathBuf>) {
        if let Some(missing) = paths.iter().find(|p| !p.exists() && !is_built_in(p)) {
            state.complain(format!(
                "There is no such file or folder: {}",
                missing.display()
            ));
            return;
        }
        if let [path] = paths.as_slice() {
            match kind(path) {
                Kind::Session | Kind::Container => {
                    self.read(ctx, path.clone(), state);
                    return;
                }
                Kind::Model => {
                    state.wish.plane.setup.model = path.display().to_string();
                    return;
                }
                Kind::Checkpoints => {
                    between(&mut state.wish, Directions::Pca(path.clone()));
                    state.wish.plane.x = None;
                    state.wish.plane.y = None;
                    state.say("The plane of a training run: PCA of the folder's checkpoints");
                    return;
                }
                Kind::Folder => {
                    state.wish.plane.setup.data = path.display().to_string();
                    return;
                }
                Kind::File => {}
            }
            if is_data(path) {
                state.wish.plane.setup.data = path.display().to_string();
                return;
            }
        }
        checkpoints(state, paths);
    }

    fn read(&mut self, ctx: &Context, path: PathBuf, state: &mut State) {
        let (send, receive) = channel();
        let (ctx, file) = (ctx.clone(), path.clone());
        let run = move || {
            let read = if session::is_session(&file) {
                match session::open(&file) {
                    Ok((session, outcomes, warnings)) => {
                        Read::Session(Box::new(session), outcomes, warnings)
                    }
                    Err(error) => Read::Failed(error.to_string()),
                }
            } else {
                match export::read(&file) {
                    Ok(outcome) => Read::Result(Box::new(outcome)),
                    Err(error) => Read::Failed(error.to_string()),
                }
            };
            send.send(read).ok();
            ctx.request_repaint();
        };
        let thread = std::thread::Builder::new().name("losscope-open".into());
        match thread.spawn(run) {
            Ok(_) => self.waiting = Some((path, receive)),
            Err(error) => state.complain(format!("The file can't be read: {error}")),
        }
    }

    /// Takes over what was read.
    pub fn poll(&mut self, state: &mut State, tree: &mut Tree<Pane>, live: &Live) {
        let Some((path, receive)) = &self.waiting else {
            return;
        };
        let read = match receive.try_recv() {
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => Read::Failed("reading the file failed".into()),
            Ok(read) => read,
        };
        let path = path.clone();
        self.waiting = None;
        match read {
            Read::Session(session, outcomes, warnings) => {
                if let Some(layout) = session.tree() {
                    *tree = layout;
                }
                state.wish = session.wish;
                state.look = session.look;
                state.session = Some(path);
                for warning in warnings {
                    state.complain(warning);
                }
                offer(state, live, outcomes);
            }
            Read::Result(outcome) => {
                adopt(state, &outcome);
                offer(state, live, vec![*outcome]);
            }
            // Arrays under names of a network: a checkpoint in a container of results.
            Read::Failed(why) => {
                if crate::checkpoint::open(&path).is_ok() {
                    if is_data(&path) {
                        state.wish.plane.setup.data = path.display().to_string();
                    } else {
                        checkpoints(state, vec![path]);
                    }
                } else {
                    state.complain(why);
                }
            }
        }
    }
}

/// Offers results after the wish they belong to.
fn offer(state: &State, live: &Live, outcomes: Vec<Outcome>) {
    live.wish(state.wish.clone());
    for outcome in outcomes {
        live.offer(outcome);
    }
}

/// Wants what a result shows.
fn adopt(state: &mut State, outcome: &Outcome) {
    match &outcome.recipe.job {
        Job::Surface(job) => {
            let wish = &mut state.wish;
            let mut plane = job.clone();
            (wish.small, wish.large) = match (&job.at, &job.small, &job.large) {
                (Some(at), ..) => (at.clone(), None),
                (None, Some(small), large) => (small.clone(), large.clone()),
                _ => (Wish::default().small, None),
            };
            wish.alpha = job
                .alpha
                .unwrap_or(if job.small.is_some() { 0.5 } else { 0.0 });
            wish.initial = None;
            (plane.at, plane.small, plane.large, plane.alpha) = (None, None, None, None);
            wish.plane = plane;
        }
        Job::Line(job) => {
            let wish = &mut state.wish;
            wish.small.clone_from(&job.small);
            wish.large = Some(job.large.clone());
            wish.initial = None;
            wish.line = job.alpha;
            wish.plane.setup = job.setup.clone();
            wish.plane.buffers = job.buffers;
            wish.plane.remeasure = job.remeasure;
        }
        Job::Trajectory(job) => {
            between(&mut state.wish, Directions::Pca(job.folder.clone()));
        }
        #[expect(
            unreachable_patterns,
            reason = "jobs without a picture of the window's"
        )]
        _ => {}
    }
}

/// Takes directions that have a length of their own, as they are: without a rule of scaling.
pub fn between(wish: &mut Wish, directions: Directions) {
    wish.plane.directions = directions;
    (wish.plane.normalize, wish.plane.one_dim) = (None, None);
    wish.plane.orthogonal = false;
}

fn is_built_in(path: &Path) -> bool {
    path.to_string_lossy().starts_with("builtin:")
}

/// Whether a file's name says that it holds samples.
fn is_data(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|n| n.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    name.contains("ubyte")
        || name.ends_with(".idx")
        || name.ends_with(".npy")
        || name.ends_with(".bin")
            && (name.contains("batch") || name.contains("train") || name.contains("test"))
}

/// One checkpoint fills the first free place, two are a pair, three a pair and its start.
fn checkpoints(state: &mut State, mut paths: Vec<PathBuf>) {
    let says = |path: &Path, words: &[&str]| {
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().to_lowercase())
            .unwrap_or_default();
        words.iter().any(|w| name.contains(w))
    };
    let initial = paths
        .iter()
        .position(|p| paths.len() > 2 && says(p, &["init", "start", "0000"]))
        .map(|i| paths.remove(i));
    // The built-in experiment gives way to a person's own files.
    let own = !is_built_in(&state.wish.small);
    match paths.as_slice() {
        [one] if own && state.wish.large.is_none() && *one != state.wish.small => {
            state.wish.large = Some(one.clone());
        }
        [one] => {
            state.wish.small.clone_from(one);
            state.wish.large = None;
            state.wish.alpha = 0.0;
        }
        [a, b] => {
            let turned = says(a, &["large", "lb", "big"]) && !says(b, &["large", "lb", "big"]);
            let (small, large) = if turned { (b, a) } else { (a, b) };
            state.say(format!(
                "{} as small batch, {} as large batch; Swap turns them round",
                name_of(small),
                name_of(large)
            ));
            state.wish.small.clone_from(small);
            state.wish.large = Some(large.clone());
            state.wish.alpha = 0.0;
        }
        other => {
            state.complain(format!(
                "{} files at once are more than a small-batch and a large-batch minimizer and their initial weights",
                other.len()
            ));
            return;
        }
    }
    if initial.is_some() || state.wish.initial.as_deref().is_some_and(is_built_in) {
        state.wish.initial = initial;
    }
    state.session = None;
}

/// Back to the built-in experiment; device and precision stay.
pub fn built_in(state: &mut State) {
    let setup = &state.wish.plane.setup;
    let (device, precision, memory) = (setup.device, setup.precision, setup.memory);
    state.wish = Wish::default();
    let setup = &mut state.wish.plane.setup;
    (setup.device, setup.precision, setup.memory) = (device, precision, memory);
    state.session = None;
}

/// What the window's title says is open.
pub fn title(state: &State) -> String {
    if let Some(session) = &state.session {
        return name_of(session);
    }
    match &state.wish.large {
        Some(large) => format!("{} and {}", name_of(&state.wish.small), name_of(large)),
        None => name_of(&state.wish.small),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(names: &[&str]) -> State {
        let mut state = State::default();
        checkpoints(&mut state, names.iter().map(PathBuf::from).collect());
        state
    }

    #[test]
    fn checkpoints_find_their_places_by_number_and_name() {
        let one = opened(&["a.pt"]);
        assert_eq!((one.wish.small, one.wish.large), ("a.pt".into(), None));
        let two = opened(&["model_lb.pt", "model_sb.pt"]);
        assert_eq!(two.wish.small, Path::new("model_sb.pt"));
        assert_eq!(two.wish.large, Some("model_lb.pt".into()));
        assert_eq!(two.wish.initial, None, "the built-in start isn't theirs");
        let three = opened(&["sb.pt", "init.pt", "lb.pt"]);
        assert_eq!(three.wish.initial, Some("init.pt".into()));
        assert_eq!(three.wish.large, Some("lb.pt".into()));
        let many = opened(&["a.pt", "b.pt", "c.pt"]);
        assert!(many.notice.unwrap().error);
    }

    #[test]
    fn a_second_checkpoint_opened_alone_makes_a_pair() {
        let mut state = opened(&["a.pt"]);
        checkpoints(&mut state, vec!["b.pt".into()]);
        assert_eq!(state.wish.large, Some("b.pt".into()));
        checkpoints(&mut state, vec!["c.pt".into()]);
        assert_eq!((state.wish.small, state.wish.large), ("c.pt".into(), None));
    }
}
