//! Runs in the window: orders carried out, folders and recipes recognised, what is kept between two starts.

use super::command::Ask;
use super::state::State;
use super::training::{self, Order};
use crate::engine::experiment::Experiment;
use crate::engine::job::{Setup, TrainingJob, recipe};
use crate::engine::live::{Place, Snapshot, Wish};
use crate::engine::queue::Queue;
use crate::engine::training::is_run;
use crate::error::Result;
use crate::export::experiment as page;
use crate::store::files;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Carries an order out; what goes wrong is said.
pub fn carry_out(queue: &Queue, state: &mut State, order: Order) {
    let folder = state.training.folder.clone();
    let done = match order {
        Order::Begin(job) => queue.begin(&job, &folder).map(|ids| {
            state.training.chosen = ids.first().copied();
            state.training.epoch = None;
        }),
        Order::Usual => {
            state.training.recipe = None;
            Ok(())
        }
        Order::Drop(ground, at, job) => queue.drop_ball(&ground, at, &job, &folder).map(|id| {
            state.training.chosen = Some(id);
            state.training.epoch = None;
        }),
        Order::Experiment(job) => {
            let write = |folder: &Path, found: &Experiment| page::write(folder, found).map(drop);
            queue.experiments().begin(&job, &folder, Arc::new(write))
        }
        Order::StopExperiment(name) => {
            queue.experiments().stop(name);
            Ok(())
        }
        Order::RunsOf(folder) => {
            let sweeps = folder.read_dir().into_iter().flatten().flatten();
            let mut sweeps: Vec<PathBuf> = sweeps.map(|entry| entry.path()).collect();
            sweeps.sort();
            for sweep in &sweeps {
                queue.open(sweep);
            }
            Ok(())
        }
        Order::Pause(id) => {
            queue.pause(id);
            Ok(())
        }
        Order::Resume(id) => queue.resume(id),
        Order::Forget(id) => {
            queue.forget(id);
            Ok(())
        }
        // The window opens its folder.
        Order::Plane(_) => Ok(()),
        Order::Take(place, path, job) => {
            take(state, place, &path, job.as_deref());
            Ok(())
        }
        Order::Pair([small, large], initial, job) => {
            let put = |wish: &mut Wish| {
                follow(wish, job.as_deref());
                wish.small.clone_from(&small);
                wish.large = Some(large.clone());
                wish.initial.clone_from(&initial);
                wish.alpha = 0.0;
                None
            };
            by_itself(state, &put);
            Ok(())
        }
    };
    if let Err(error) = done {
        state.complain(error.to_string());
    }
}

/// Opens the runs of the window before.
pub fn again(queue: &Queue, state: &State) {
    for before in &state.training.before {
        match &before.job {
            Some(job) if !is_run(&before.folder) => queue.hold(&before.folder, job.clone()),
            // Where it is gone, that is said.
            _ => queue.open(&before.folder),
        }
    }
}

/// A checkpoint of a run takes a place; where its data aren't those that are open, it takes them along, and
/// what belongs to the others leaves.
fn take(state: &mut State, place: Place, path: &Path, job: Option<&TrainingJob>) {
    let put = |wish: &mut Wish| {
        if follow(wish, job) {
            (wish.small, wish.large, wish.initial) = (path.to_owned(), None, None);
            wish.alpha = 0.0;
            let data = &wish.plane.setup.data;
            return Some(format!("Opened with the data of its run, {data}"));
        }
        match place {
            Place::Small => wish.small = path.to_owned(),
            Place::Large => wish.large = Some(path.to_owned()),
            Place::Initial => wish.initial = Some(path.to_owned()),
        }
        None
    };
    by_itself(state, &put);
}

/// Opens with what was said of the network, or else as its checkpoints say, which carry it.
fn by_itself(state: &mut State, put: &dyn Fn(&mut Wish) -> Option<String>) {
    let alone = |wish: &mut Wish| {
        let setup = &mut wish.plane.setup;
        (setup.model, setup.key) = ("auto".into(), None);
        put(wish)
    };
    state.open_with(&[put, &alone]);
}

/// Takes over the data of a run; whether they were others.
fn follow(wish: &mut Wish, job: Option<&TrainingJob>) -> bool {
    let Some(job) = job else { return false };
    let (own, setup) = (&job.setup, &mut wish.plane.setup);
    let data = |setup: &Setup| format!("{:?}", setup.data_options());
    if data(setup) == data(own) {
        return false;
    }
    *setup = Setup {
        model: "auto".into(),
        key: None,
        device: setup.device,
        precision: setup.precision,
        memory: setup.memory,
        split: setup.split,
        samples: setup.samples,
        ..own.clone()
    };
    wish.probes.clear();
    true
}

/// The recipe in a file, where it is one: a text of its fields, not the description of a network.
pub fn recipe_in(path: &Path) -> Option<Result<TrainingJob>> {
    let toml = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("toml"));
    if !toml {
        return None;
    }
    let text = files::read_text(path, "read the recipe").ok()?;
    let table: toml::Table = text.parse().ok()?;
    let known = |key: &str| {
        crate::engine::job::form::all()
            .iter()
            .any(|f| f.name == key)
    };
    let is = !table.contains_key("layer") && table.keys().any(|key| known(key));
    is.then(|| recipe::parse(&text, path))
}

/// Takes over what the queue has told, and what it couldn't open; lets paths be seen from the plane shown.
pub fn poll(queue: &Queue, state: &mut State, news: &Snapshot) {
    for refusal in queue.refusals() {
        state.complain(refusal);
    }
    if let Err(error) = queue.stand_on(news.ground.as_ref()) {
        state.complain(error.to_string());
    }
    state.runs = queue.news();
    state.experiments = queue.experiments().news();
    state.samples = news
        .experiment
        .as_ref()
        .map(|facts| facts.data.train_samples);
    let first = state.runs.first().map(|run| run.id);
    let there = state
        .runs
        .iter()
        .any(|run| Some(run.id) == state.training.chosen);
    if !there {
        state.training.chosen = first;
    }
}

/// Takes what was chosen for runs; gives what else was opened, and whether there were runs or recipes.
pub fn chosen(
    queue: &Queue,
    state: &mut State,
    ask: Ask,
    paths: Vec<PathBuf>,
) -> (Vec<PathBuf>, bool) {
    match ask {
        Ask::Open => {
            let (runs, rest): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_run(path));
            let is_recipe = |path: &PathBuf| recipe_in(path).is_some();
            let (recipes, rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_recipe);
            for folder in &runs {
                queue.open(folder);
            }
            open_recipes(state, &recipes);
            return (rest, !(runs.is_empty() && recipes.is_empty()));
        }
        Ask::OpenRun => paths.iter().for_each(|folder| queue.open(folder)),
        Ask::Recipe => open_recipes(state, &paths),
        Ask::RunFolder => {
            if let Some(folder) = paths.into_iter().next() {
                state.training.folder = folder;
            }
        }
        Ask::SaveRecipe => {
            if let Some(path) = paths.first() {
                let own = state.training.recipe.clone();
                let job = own.unwrap_or_else(|| training::usual(&state.wish, state.samples));
                save_recipe(state, &job, path);
            }
        }
        _ => return (paths, false),
    }
    (Vec::new(), true)
}

/// Opens recipes; the last one counts.
pub fn open_recipes(state: &mut State, paths: &[PathBuf]) {
    for path in paths {
        match recipe_in(path) {
            Some(Ok(job)) => {
                state.training.recipe = Some(job);
                state.say(format!("Opened the recipe {}", path.display()));
            }
            Some(Err(error)) => state.complain(error.to_string()),
            None => state.complain(format!("{}: this is no recipe", path.display())),
        }
    }
}

/// Writes the recipe that is being filled in.
pub fn save_recipe(state: &mut State, job: &TrainingJob, path: &Path) {
    let written =
        recipe::write(job).and_then(|text| files::write(path, "write the recipe", text.as_bytes()));
    match written {
        Ok(()) => state.say(format!("Saved {}", path.display())),
        Err(error) => state.complain(format!("The recipe isn't saved: {error}")),
    }
}
