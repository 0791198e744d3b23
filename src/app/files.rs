//! What a chosen path is for, once it is known what it is: which place a checkpoint takes, what
//! belongs together, what a result or a session wants to be seen.

use super::attempts::Change;
use super::beside;
use super::command::{Ask, Place};
use super::looking::Found;
use super::names::{name_of, names_of};
use super::readings::set_data;
use super::state::State;
use super::views::Views;
use crate::engine::job::{Directions, Job};
use crate::engine::live::Wish;
use crate::engine::recognise::{self, Sorted};
use crate::engine::result::Outcome;
use std::path::{Path, PathBuf};

/// Opens paths as what they were asked for.
pub fn asked(state: &mut State, ask: Ask, paths: Vec<PathBuf>) {
    let Some(first) = paths.first().cloned() else {
        return;
    };
    let text = first.display().to_string();
    match ask {
        Ask::Open | Ask::SaveSession | Ask::SaveReport | Ask::ExportAll => {}
        Ask::OpenRun | Ask::RunFolder | Ask::Recipe | Ask::SaveRecipe => {}
        Ask::Checkpoint(place) => state.open_with(&[&|wish| {
            put(wish, place, &first);
            None
        }]),
        Ask::Others => beside::open(state, &paths),
        Ask::Data | Ask::DataFolder => state.open_with(&[&|wish| {
            set_data(wish, &text);
            None
        }]),
        Ask::Model => {
            let set = |wish: &mut Wish| wish.plane.setup.model.clone_from(&text);
            match state.opens.unknown().map(|r| r.card) {
                Some(card) => state.retry(card, set),
                None => state.open_with(&[&|wish| {
                    set(wish);
                    None
                }]),
            }
        }
        Ask::Series => state.open_with(&[&|wish| {
            wish.aim(Directions::Pca(first.clone()));
            None
        }]),
        Ask::Path => state.open_with(&[&|wish| {
            if !wish.plane.paths.contains(&first) {
                wish.plane.paths.push(first.clone());
            }
            None
        }]),
        Ask::Directions => state.open_with(&[&|wish| {
            wish.aim(Directions::Files(paths.clone()));
            None
        }]),
        Ask::Corners => match paths.as_slice() {
            [a, b] => state.open_with(&[&|wish| {
                wish.aim(Directions::Three(a.clone(), b.clone()));
                None
            }]),
            other => state.complain(format!(
                "A plane through three checkpoints takes two more beside θ(α), not {}",
                other.len()
            )),
        },
    }
}

/// Opens a checkpoint in a place of its own.
fn put(wish: &mut Wish, place: Place, path: &Path) {
    if place == Place::Small && wish.small != path {
        leave_run(wish);
    }
    // One of the further minimizers changes places with the end: none stands twice.
    let listed = wish.others.iter().position(|other| other == path);
    wish.with_other_ends(|wish| match (place, listed) {
        (Place::Small | Place::Large, Some(other)) => wish.exchange(place, other),
        (Place::Small, None) => wish.small = path.to_owned(),
        (Place::Large, None) => wish.large = Some(path.to_owned()),
        (Place::Initial, _) => wish.initial = Some(path.to_owned()),
    });
}

/// Opens whatever was found: a session and results first, the rest on top of them. Gives the results,
/// which are to be shown once the wish they belong to is known.
pub fn open(state: &mut State, views: &mut Views, found: Found) -> Vec<Outcome> {
    let Found {
        sorted,
        session,
        results,
        last,
    } = found;
    let mut wish = state.wish.clone();
    let mut outcomes = Vec::new();
    let mut file = None;
    if let Some((session, beside, warnings)) = session {
        if let Some(layout) = session.tree() {
            views.arrange(layout);
        }
        wish = session.wish;
        state.look = session.look;
        file.clone_from(&sorted.session);
        for warning in warnings {
            state.complain(warning);
        }
        outcomes.extend(beside);
    }
    for outcome in results {
        adopt(&mut wish, &outcome);
        outcomes.push(outcome);
    }
    if outcomes.is_empty() && file.is_none() {
        let beside = |wish: &mut Wish| apply(wish, &sorted, last.as_deref(), false);
        let instead = |wish: &mut Wish| apply(wish, &sorted, last.as_deref(), true);
        let changes: [Change<'_>; 2] = [&beside, &instead];
        state.open_with(&changes[..if sorted.run.is_some() { 2 } else { 1 }]);
        return outcomes;
    }
    let words = apply(&mut wish, &sorted, last.as_deref(), false);
    state.attempt(vec![wish], words);
    // A session and a result are worth seeing where a file of theirs has gone.
    state.opens.have_results();
    state.session = file;
    outcomes
}

/// Wants what paths are beside what is open; `instead`: a run of another network takes the place of
/// the checkpoints there are.
fn apply(wish: &mut Wish, sorted: &Sorted, last: Option<&Path>, instead: bool) -> Option<String> {
    let mut words = None;
    if !sorted.checkpoints.is_empty() {
        words = seat(wish, &sorted.checkpoints);
    }
    if let (Some(run), Some(last)) = (&sorted.run, last) {
        let own = !sorted.checkpoints.is_empty() || !is_built_in(&wish.small);
        if instead || !own {
            (wish.small, wish.large, wish.initial) = (last.to_owned(), None, None);
            wish.others.clear();
            wish.alpha = 0.0;
        }
        wish.aim(Directions::Pca(run.clone()));
        words = Some("The plane of a training run: PCA of the folder's checkpoints".to_owned());
    }
    if let Some(directions) = &sorted.directions {
        wish.aim(Directions::Files(vec![directions.clone()]));
    }
    if let Some(data) = &sorted.data {
        set_data(wish, &data.display().to_string());
    }
    if let Some(model) = &sorted.model {
        wish.plane.setup.model = model.display().to_string();
    }
    words
}

/// Wants what a result shows.
fn adopt(wish: &mut Wish, outcome: &Outcome) {
    match &outcome.header.job {
        Job::Surface(job) => {
            let mut plane = job.clone();
            (wish.small, wish.large) = match (&job.at, &job.small, &job.large) {
                (Some(at), ..) => (at.clone(), None),
                (None, Some(small), large) => (small.clone(), large.clone()),
                // Centred at the last checkpoint of a run.
                _ => match outcome.header.checkpoints.last() {
                    Some(last) if matches!(job.directions, Directions::Pca(_)) => {
                        (last.path.clone(), None)
                    }
                    _ => (Wish::default().small, None),
                },
            };
            wish.alpha = job
                .alpha
                .unwrap_or(if job.small.is_some() { 0.5 } else { 0.0 });
            wish.initial = None;
            (plane.at, plane.small, plane.large, plane.alpha) = (None, None, None, None);
            wish.plane = plane;
        }
        Job::Line(job) => {
            wish.small.clone_from(&job.small);
            wish.large = Some(job.large.clone());
            wish.initial = None;
            wish.line = job.alpha;
            wish.plane.setup = job.setup.clone();
            wish.plane.buffers = job.buffers;
            wish.plane.remeasure = job.remeasure;
            leave_run(wish);
        }
        Job::Trajectory(job) => {
            if let Some(last) = outcome.header.checkpoints.last() {
                (wish.small, wish.large, wish.initial) = (last.path.clone(), None, None);
                wish.alpha = 0.0;
            }
            wish.plane.setup.model.clone_from(&job.model);
            wish.plane.setup.key.clone_from(&job.key);
            wish.aim(Directions::Pca(job.folder.clone()));
            wish.plane.centring = job.centring;
        }
        // Jobs without a picture of the window's.
        _ => {}
    }
}

fn is_built_in(path: &Path) -> bool {
    recognise::is_built_in(path)
}

/// The plane of a run shows none of the other checkpoints: another one is not seen in it.
fn leave_run(wish: &mut Wish) {
    if matches!(wish.plane.directions, Directions::Pca(_)) {
        wish.aim(Directions::Random);
    }
}

/// One checkpoint fills the first free place, two are a pair; more stand beside it, but the one whose name
/// says so is their start.
fn seat(wish: &mut Wish, paths: &[PathBuf]) -> Option<String> {
    let mut paths = paths.to_vec();
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
    // The built-in experiment gives way to a person's own files, and so does a run.
    let own = !is_built_in(&wish.small) && !matches!(wish.plane.directions, Directions::Pca(_));
    let mut words = None;
    match paths.as_slice() {
        [one] if own && wish.large.is_none() && *one != wish.small => {
            put(wish, Place::Large, one);
        }
        [one] => {
            wish.small.clone_from(one);
            wish.large = None;
            wish.others.clear();
            wish.alpha = 0.0;
            leave_run(wish);
        }
        [a, b, rest @ ..] => {
            let turned = says(a, &["large", "lb", "big"]) && !says(b, &["large", "lb", "big"]);
            let (small, large) = if turned { (b, a) } else { (a, b) };
            let all = [Some(small), Some(large), initial.as_ref()];
            let all: Vec<&Path> = all.into_iter().flatten().map(PathBuf::as_path).collect();
            let roles = ["as small batch", "as large batch", "as initial weights"];
            let named = names_of(&all).into_iter().zip(roles);
            let named: Vec<String> = named.map(|(name, role)| format!("{name} {role}")).collect();
            wish.small.clone_from(small);
            wish.large = Some(large.clone());
            wish.others.clear();
            beside::add(wish, rest);
            let more = match (wish.others.len(), rest.len()) {
                (_, 0) => String::new(),
                (open, asked) if open < asked => {
                    format!(", {open} of {asked} more beside them")
                }
                (open, _) => format!(", {open} more beside them"),
            };
            words = Some(format!("{}{more}; Swap turns them round", named.join(", ")));
            wish.alpha = 0.0;
            leave_run(wish);
        }
        [] => {}
    }
    if initial.is_some() || wish.initial.as_deref().is_some_and(is_built_in) {
        wish.initial = initial;
    }
    words
}

/// Back to the built-in experiment; device and precision stay.
pub fn built_in(state: &mut State) {
    let old = &state.wish.plane.setup;
    let mut wish = Wish::default();
    let setup = &mut wish.plane.setup;
    (setup.device, setup.precision, setup.memory) = (old.device, old.precision, old.memory);
    state.attempt(vec![wish], None);
    state.session = None;
}

/// Closes one of the checkpoints; without a small-batch minimizer the large-batch one takes its place.
pub fn close(state: &mut State, place: Place) {
    match place {
        Place::Initial => state.wish.initial = None,
        Place::Large => {
            state.wish.with_other_ends(|wish| wish.large = None);
            state.wish.alpha = 0.0;
        }
        Place::Small if state.wish.large.is_none() => built_in(state),
        Place::Small => {
            state.wish.with_other_ends(|wish| {
                wish.small = wish.large.take().unwrap_or_default();
            });
            state.wish.alpha = 0.0;
        }
    }
}

/// Opens the large-batch minimizer of a wish that failed instead of both.
pub fn large_alone(wish: &mut Wish) {
    if let Some(large) = wish.large.take() {
        (wish.small, wish.initial) = (large, None);
        wish.others.clear();
        wish.alpha = 0.0;
        wish.plane.setup.model = Wish::default().plane.setup.model;
        wish.probes.clear();
        wish.aim(Directions::Random);
    }
}

/// What the window's title says is open.
pub fn title(state: &State) -> String {
    if let Some(session) = &state.session {
        return name_of(session);
    }
    let wish = &state.wish;
    let open: Vec<&Path> = std::iter::once(&wish.small)
        .chain(&wish.large)
        .map(PathBuf::as_path)
        .collect();
    names_of(&open).join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(names: &[&str]) -> Wish {
        let mut wish = Wish::default();
        let paths: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        seat(&mut wish, &paths);
        wish
    }

    #[test]
    fn checkpoints_find_their_places_by_number_and_name() {
        let one = opened(&["a.pt"]);
        assert_eq!((one.small, one.large), ("a.pt".into(), None));
        let two = opened(&["model_lb.pt", "model_sb.pt"]);
        assert_eq!(two.small, Path::new("model_sb.pt"));
        assert_eq!(two.large, Some("model_lb.pt".into()));
        assert_eq!(two.initial, None, "the built-in start isn't theirs");
        let three = opened(&["sb.pt", "init.pt", "lb.pt"]);
        assert_eq!(three.initial, Some("init.pt".into()));
        assert_eq!(three.large, Some("lb.pt".into()));
        assert!(three.others.is_empty());
        // What a name doesn't say is not made up: a third is no start for being the third.
        let in_order = opened(&["a.pt", "b.pt", "c.pt", "d.pt"]);
        assert_eq!(in_order.initial, None);
        assert_eq!(in_order.others, ["c.pt", "d.pt"].map(PathBuf::from));
    }

    #[test]
    fn a_second_checkpoint_opened_alone_makes_a_pair() {
        let mut wish = opened(&["a.pt"]);
        seat(&mut wish, &["b.pt".into()]);
        assert_eq!(wish.large, Some("b.pt".into()));
        seat(&mut wish, &["c.pt".into()]);
        assert_eq!((wish.small, wish.large), ("c.pt".into(), None));
    }

    #[test]
    fn another_network_after_a_run_is_seen_in_a_plane_of_its_own() {
        let mut wish = Wish::default();
        wish.plane.normalize = Some(crate::landscape::direction::Normalization::Layer);
        let sorted = Sorted {
            run: Some("run".into()),
            ..Sorted::default()
        };
        apply(&mut wish, &sorted, Some(Path::new("run/3.pt")), false);
        assert_eq!(wish.small, Path::new("run/3.pt"));
        assert_eq!(wish.plane.directions, Directions::Pca("run".into()));
        assert_eq!(wish.plane.normalize, None, "a PCA plane takes no rule");
        seat(&mut wish, &["other.pt".into()]);
        assert_eq!((wish.small, wish.large), ("other.pt".into(), None));
        assert_eq!(wish.plane.directions, Directions::Random);
        assert_eq!(wish.plane.x, Wish::default().plane.x);
    }
}
