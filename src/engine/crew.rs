//! Further devices that share the points of a slice: each takes the next few when it has done its last.
//!
//! Each has a thread of its own. They take points only while the work is being pulled: whoever stops pulling
//! has them stop after what they are at. What one of them fails at, or is too slow for, goes to the others.

use super::chunk::Chunk;
use crate::error::{Error, Result, caught};
use crate::landscape::evaluate::{Evaluator, LoadedSlice, Split};
use crate::landscape::grid::Coordinate;
use crate::landscape::sample::{Cell, cells};
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A further device: a network on it, and its name.
#[derive(Debug, Clone)]
pub struct Helper {
    /// The network.
    pub evaluator: Evaluator,
    /// "flex: CPU, 2 threads"
    pub name: String,
}

/// What is evaluated, on whichever device.
#[derive(Clone)]
pub struct Points {
    /// The slice.
    pub slice: Arc<LoadedSlice>,
    /// The samples.
    pub splits: Vec<Split>,
    /// The coordinate of every point.
    pub coordinates: Arc<[Coordinate]>,
}

impl Points {
    /// Metrics at some of them.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn at(&self, evaluator: &Evaluator, indices: &[usize]) -> Result<Vec<Cell>> {
        let splits: Vec<&Split> = self.splits.iter().collect();
        cells(evaluator, &self.slice, &splits, &self.coordinates, indices)
    }
}

/// What a helper has done since it was last asked.
pub enum News {
    /// Metrics, and the name of who computed them.
    Cells(Vec<Cell>, String),
    /// It can't go on: who, and why. Its points are to be done by others.
    Lost(String, Error),
}

/// The devices beside the first.
pub struct Crew {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Points that nobody is at.
    waiting: VecDeque<usize>,
    /// Points that helpers are at.
    on_their_way: Vec<usize>,
    /// Until when helpers take points.
    until: Option<Instant>,
    news: Vec<News>,
    quit: bool,
}

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Crew {
    /// Helpers at `points`, each taking chunks of about `target`.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub fn start(helpers: &[Helper], points: &Points, target: Duration) -> Result<Self> {
        let crew = Self {
            shared: Arc::new(Shared {
                state: Mutex::default(),
                changed: Condvar::new(),
            }),
        };
        for helper in helpers {
            let (shared, helper) = (Arc::clone(&crew.shared), helper.clone());
            // Values that are kept are a device's own.
            let points = Points {
                slice: Arc::new(points.slice.again()),
                ..points.clone()
            };
            let name = format!("points, {}", helper.name);
            std::thread::Builder::new()
                .name(name)
                .spawn(move || help(&shared, &helper, &points, target))
                .map_err(|e| Error::Device(format!("the system refuses a thread: {e}")))?;
        }
        Ok(crew)
    }

    /// These points are to be done now, and nothing else.
    pub fn begin(&self, order: &[usize]) {
        let mut state = lock(&self.shared);
        state.waiting = order.iter().copied().collect();
    }

    /// Lets helpers take points for so long.
    pub fn pull(&self, time: Duration) {
        lock(&self.shared).until = Some(Instant::now() + time);
        self.shared.changed.notify_all();
    }

    /// The next points, for whoever asks; where none wait any more, those that slower ones are still at.
    pub fn take(&self, most: usize, done: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut state = lock(&self.shared);
        let few = state.fair(most).min(state.waiting.len());
        if few > 0 {
            return state.waiting.drain(..few).collect();
        }
        let late = state.on_their_way.iter().rev().copied();
        late.filter(|point| !done(*point)).take(most).collect()
    }

    /// Gives points back that weren't done.
    pub fn give_back(&self, points: &[usize]) {
        let mut state = lock(&self.shared);
        for point in points.iter().rev() {
            state.waiting.push_front(*point);
        }
    }

    /// What came in since the last time.
    pub fn news(&self) -> Vec<News> {
        std::mem::take(&mut lock(&self.shared).news)
    }

    /// Whether nobody has anything to do; what was computed twice counts as done.
    pub fn is_idle(&self, done: impl Fn(usize) -> bool) -> bool {
        let state = lock(&self.shared);
        state.waiting.is_empty() && state.news.is_empty() && {
            let mut rest = state.on_their_way.iter();
            rest.all(|point| done(*point))
        }
    }
}

impl State {
    /// A share of what waits that leaves something for the others: chunks get smaller towards the end.
    fn fair(&self, most: usize) -> usize {
        most.min(self.waiting.len().div_ceil(4)).max(1)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        lock(&self.shared).quit = true;
        self.shared.changed.notify_all();
    }
}

/// A helper's life.
fn help(shared: &Shared, helper: &Helper, points: &Points, target: Duration) {
    let mut chunk = Chunk::of(target);
    loop {
        let mine: Vec<usize> = {
            let mut state = lock(shared);
            loop {
                if state.quit {
                    return;
                }
                let in_time = state.until.is_some_and(|until| Instant::now() < until);
                if in_time && !state.waiting.is_empty() {
                    break;
                }
                state = shared
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            let few = state.fair(chunk.points).min(state.waiting.len());
            let mine: Vec<usize> = state.waiting.drain(..few).collect();
            state.on_their_way.extend(&mine);
            mine
        };
        let started = Instant::now();
        let found = caught(|| points.at(&helper.evaluator, &mine)).unwrap_or_else(|panic| {
            Err(Error::Device(format!(
                "it failed inside a library: {panic}"
            )))
        });
        chunk.took(started.elapsed(), mine.len());
        let mut state = lock(shared);
        state.on_their_way.retain(|point| !mine.contains(point));
        match found {
            Ok(cells) => state.news.push(News::Cells(cells, helper.name.clone())),
            Err(error) => {
                for point in mine.iter().rev() {
                    state.waiting.push_front(*point);
                }
                state.news.push(News::Lost(helper.name.clone(), error));
                return;
            }
        }
    }
}
