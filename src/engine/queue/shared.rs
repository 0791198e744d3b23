//! What the window and the training threads have in common: the runs, and what is wanted of each.

use super::news::{Id, Phase, RunNews};
use crate::engine::device::runs_at_once;
use crate::engine::ground::Ground;
use crate::engine::job::TrainingJob;
use crate::model::params::Params;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a run was.
pub(super) struct Sight {
    /// Epochs passed.
    pub(super) epoch: f64,
    /// Trained tensors and buffers.
    pub(super) point: Params,
    /// Mean loss of the training samples, where it was evaluated.
    pub(super) loss: Option<f64>,
}

/// One run.
pub(super) struct Slot {
    pub(super) news: Arc<RunNews>,
    /// Whether it is to be trained.
    pub(super) wanted: bool,
    /// Whether there is something to go on with.
    pub(super) resume: bool,
    /// Where it was, for its path on any plane.
    pub(super) sights: Vec<Arc<Sight>>,
    /// The plane that its path was seen from last.
    pub(super) seen_from: Option<Arc<Ground>>,
}

/// What a thread takes up.
pub(super) struct Task {
    pub(super) id: Id,
    pub(super) job: TrainingJob,
    pub(super) folder: PathBuf,
    pub(super) resume: bool,
    /// Whether others are trained at the same time.
    pub(super) shares: bool,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) slots: Vec<Slot>,
    pub(super) next: Id,
    /// Threads that train.
    pub(super) threads: usize,
    pub(super) quit: bool,
    /// Why folders couldn't be opened.
    pub(super) refused: Vec<String>,
    pub(super) ground: Option<Arc<Ground>>,
}

/// What the threads have in common.
pub(super) struct Shared {
    pub(super) inner: Mutex<Inner>,
    pub(super) notify: Box<dyn Fn() + Send + Sync>,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is known of a run, and tells the window.
    pub(super) fn tell(&self, id: Id, change: impl FnOnce(&mut RunNews)) {
        if let Some(slot) = self.lock().slot(id) {
            change(Arc::make_mut(&mut slot.news));
        }
        (self.notify)();
    }

    /// As [`Shared::tell`], of a run that its thread leaves: it isn't wanted any more, and what it has left
    /// behind is gone on with.
    pub(super) fn leave(&self, id: Id, change: impl FnOnce(&mut RunNews)) {
        if let Some(slot) = self.lock().slot(id) {
            (slot.wanted, slot.resume) = (false, true);
            change(Arc::make_mut(&mut slot.news));
        }
        (self.notify)();
    }

    /// Puts an opened run on the list, where it isn't yet.
    pub(super) fn put(&self, news: RunNews) -> Id {
        let mut inner = self.lock();
        let known = inner
            .slots
            .iter()
            .find(|slot| slot.news.folder == news.folder);
        match known.map(|slot| slot.news.id) {
            Some(id) => id,
            None => inner.add(news, false),
        }
    }

    /// Whether a run that is being trained is to go on.
    pub(super) fn goes_on(&self, id: Id) -> bool {
        let mut inner = self.lock();
        !inner.quit && inner.slot(id).is_some_and(|slot| slot.wanted)
    }

    /// The next run that waits; a thread that finds none ends.
    pub(super) fn take(&self) -> Option<Task> {
        let mut inner = self.lock();
        let waits = |slot: &Slot| slot.wanted && slot.news.phase == Phase::Waiting;
        let busy = inner
            .slots
            .iter()
            .filter(|s| s.news.phase.is_busy())
            .count();
        let quit = inner.quit;
        let found = inner.slots.iter_mut().find(|slot| waits(slot) && !quit);
        let task = found.and_then(|slot| {
            let news = Arc::make_mut(&mut slot.news);
            news.phase = Phase::Opening;
            news.message = None;
            Some(Task {
                id: news.id,
                job: news.job.clone()?,
                folder: news.folder.clone(),
                resume: slot.resume,
                shares: busy > 1,
            })
        });
        if task.is_none() {
            inner.threads -= 1;
        }
        task
    }
}

impl Inner {
    /// A folder that neither is there nor is another run's.
    pub(super) fn free(&self, folder: &Path, name: &str) -> PathBuf {
        let taken = |path: &PathBuf| {
            path.exists() || self.slots.iter().any(|slot| slot.news.folder == *path)
        };
        let numbered = (2..).map(|n| folder.join(format!("{name}-{n}")));
        let mut all = std::iter::once(folder.join(name)).chain(numbered);
        all.find(|path| !taken(path))
            .unwrap_or_else(|| folder.join(name))
    }

    /// Whether there is work for one more thread; it counts from then on.
    pub(super) fn lacks_thread(&mut self) -> bool {
        let waiting = |s: &&Slot| s.wanted && s.news.phase == Phase::Waiting;
        let most = self
            .slots
            .iter()
            .filter(waiting)
            .map(|s| most(&s.news))
            .min();
        let busy = self.slots.iter().filter(|s| s.news.phase.is_busy()).count();
        let lacks = most.is_some_and(|most| self.threads < most.min(busy));
        self.threads += usize::from(lacks);
        lacks
    }

    pub(super) fn add(&mut self, mut news: RunNews, wanted: bool) -> Id {
        self.next += 1;
        news.id = self.next;
        self.slots.push(Slot {
            news: Arc::new(news),
            wanted,
            resume: !wanted,
            sights: Vec::new(),
            seen_from: None,
        });
        self.next
    }

    pub(super) fn slot(&mut self, id: Id) -> Option<&mut Slot> {
        self.slots.iter_mut().find(|slot| slot.news.id == id)
    }
}

/// How many runs are trained at once beside this one, itself counted.
fn most(news: &RunNews) -> usize {
    let device = news.job.as_ref().map(|job| job.setup.device);
    device.map_or(1, runs_at_once)
}
