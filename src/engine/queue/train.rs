//! A thread that trains one run after another, and tells how far each is.

use super::news::{Phase, RunNews};
use super::path;
use super::shared::{Shared, Sight, Task};
use crate::engine::courtesy::yield_to_the_window;
use crate::engine::training::{Kept, Trained, Training, initial};
use crate::engine::work::{Pace, Step, Work as _, guarded};
use crate::error::Result;
use crate::model::run::lanes::alone;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Numbers go out about this often.
const NEWS_EVERY: Duration = Duration::from_millis(60);
/// A longer history goes out less often, for each time it is copied.
const RECORDS_AT_ONCE: usize = 4000;
/// A place of the path is noted this often at most.
const SIGHT_EVERY: Duration = Duration::from_millis(120);
/// Evaluating the loss on the way takes at most this share of the time, and so does looking into the folder.
const SIGHT_SHARE: f64 = 0.08;
/// The folder's checkpoints are looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(1200);

/// Trains what waits until nothing does.
pub(super) fn work(shared: &Shared) {
    yield_to_the_window();
    while let Some(task) = shared.take() {
        (shared.notify)();
        let run = || guarded(|| train(shared, &task));
        let done = if task.shares { alone(run) } else { run() };
        if let Err(error) = done {
            shared.leave(task.id, |news| {
                news.phase = Phase::Failed;
                news.message = Some(error.to_string());
                (news.left, news.loss) = (None, None);
            });
        }
        look(shared, &task);
    }
    (shared.notify)();
}

/// When something was done last, and how long it takes.
struct Since {
    news: Instant,
    look: Instant,
    sight: Instant,
    pause: Duration,
    rest: Duration,
    records: usize,
}

fn train(shared: &Shared, task: &Task) -> Result<()> {
    let mut run = Training::start(&task.job, Some(&task.folder), task.resume)?;
    let mut pace = Pace::default();
    let now = Instant::now();
    let mut since = Since {
        news: now,
        look: now,
        sight: now,
        pause: SIGHT_EVERY,
        rest: LOOK_EVERY,
        records: 0,
    };
    sight(shared, task, &run, &mut since);
    tell(shared, task, &run, &pace, true);
    while shared.goes_on(task.id) {
        let step = pace.step(&mut run)?;
        let found = run.found();
        let done = step == Step::Done;
        let fresh = found.history.len() != since.records;
        let longer = 1 + found.history.len() / RECORDS_AT_ONCE;
        let due = since.news.elapsed() > NEWS_EVERY * longer as u32;
        if due || done {
            since.records = found.history.len();
            since.news = Instant::now();
            tell(shared, task, &run, &pace, fresh);
        }
        if since.sight.elapsed() > since.pause || done {
            sight(shared, task, &run, &mut since);
        }
        if since.look.elapsed() > since.rest {
            let begun = Instant::now();
            look(shared, task);
            since.rest = LOOK_EVERY.max(begun.elapsed().div_f64(SIGHT_SHARE));
            since.look = Instant::now();
        }
        if done {
            break;
        }
    }
    let found = run.finish();
    // What there is of the run is known once it is said to have ended.
    look(shared, task);
    shared.leave(task.id, |news| end(news, &found));
    Ok(())
}

/// Tells how far a run is.
fn tell(shared: &Shared, task: &Task, run: &Training, pace: &Pace, fresh: bool) {
    let found = run.found();
    let now = pace.now(run.progress(), false);
    let history = fresh.then(|| Arc::new(found.history.clone()));
    shared.tell(task.id, |news| {
        news.phase = Phase::Training;
        news.steps = [now.progress.done as u64, now.progress.total as u64];
        news.epoch = found.epoch;
        news.loss = Some(found.loss).filter(|loss| loss.is_finite());
        news.left = now.left;
        if let Some(history) = history {
            news.history = history;
        }
    });
}

/// Notes where a run is, with the loss of all its training samples there.
fn sight(shared: &Shared, task: &Task, run: &Training, since: &mut Since) {
    let begun = Instant::now();
    let trainer = run.trainer();
    let loss = trainer.metrics(trainer.train()).ok().map(|m| m.loss);
    if trainer.trained().iter().all(|value| value.is_finite()) {
        let point = run.point();
        let epoch = run.found().epoch;
        let loss = loss.filter(|loss| loss.is_finite());
        path::note(shared, task.id, Sight { epoch, point, loss });
    }
    since.sight = Instant::now();
    since.pause = SIGHT_EVERY.max(begun.elapsed().div_f64(SIGHT_SHARE));
}

/// What a run is once its thread leaves it.
fn end(news: &mut RunNews, found: &Trained) {
    news.phase = found.stopped.map_or(Phase::Paused, Phase::Ended);
    news.history = Arc::new(found.history.clone());
    (news.steps[0], news.epoch) = (found.step, found.epoch);
    (news.left, news.loss) = (None, None);
    let unsaved = found
        .header
        .warnings
        .iter()
        .find(|w| w.contains("be saved"));
    let why = found.stopped.map(|why| why.words().to_owned());
    news.message = unsaved.cloned().or(why);
}

/// Looks which checkpoints a run has.
fn look(shared: &Shared, task: &Task) {
    let history = {
        let mut inner = shared.lock();
        let slot = inner.slot(task.id);
        slot.map_or_else(Arc::default, |slot| Arc::clone(&slot.news.history))
    };
    let initial = initial(&task.folder);
    // There is none yet at the start.
    let kept = Kept::all(&task.folder, &history).unwrap_or_default();
    shared.tell(task.id, |news| {
        news.checkpoints = Arc::new(kept);
        news.initial = initial;
    });
}
