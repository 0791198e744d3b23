//! The queue of runs: what a window trains, on threads of its own.
//!
//! Unlike what is to be seen ([`super::live`]), where the newest wish wins, a run is wanted until it ends: a
//! newer one waits for it. As many are trained at once as there are cores, one where a graphics device
//! computes. What happens goes out as [`RunNews`], replaced as a whole; a run's weights stay with its thread
//! and in its folder. A run that is paused, or whose window is closed, is written down as it is, so that it
//! goes on bit for bit.

mod experiments;
mod news;
mod open;
mod path;
mod shared;
mod train;

pub use experiments::{Claim, Doing, ExperimentNews, Experiments, Write};
pub use news::{Id, Phase, RunNews, Spot};

use crate::engine::ground::Ground;
use crate::engine::job::{Request as _, TrainingJob};
use crate::error::{Error, Result};
use crate::store::lines;
use shared::Shared;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// All runs of a window; dropping it saves those that are being trained and ends the threads.
pub struct Queue {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    experiments: Experiments,
}

impl Queue {
    /// An empty queue; `notify` is called from its threads whenever there is news.
    pub fn new(notify: impl Fn() + Send + Sync + 'static) -> Self {
        let notify: Arc<dyn Fn() + Send + Sync> = Arc::new(notify);
        let own = Arc::clone(&notify);
        Self {
            shared: Arc::new(Shared {
                inner: Mutex::default(),
                notify: Box::new(move || own()),
            }),
            threads: Mutex::default(),
            experiments: Experiments::new(notify),
        }
    }

    /// The experiments of the literature.
    pub fn experiments(&self) -> &Experiments {
        &self.experiments
    }

    /// All runs, in the order they were begun or opened.
    pub fn news(&self) -> Vec<Arc<RunNews>> {
        let inner = self.shared.lock();
        inner
            .slots
            .iter()
            .map(|slot| Arc::clone(&slot.news))
            .collect()
    }

    /// Queues every run of a job, each in a folder of its own below `folder`.
    ///
    /// # Errors
    /// Where the recipe makes no sense, or there can be no thread.
    pub fn begin(&self, job: &TrainingJob, folder: &Path) -> Result<Vec<Id>> {
        job.check()?;
        let mut ids = Vec::new();
        {
            let mut inner = self.shared.lock();
            for run in job.runs() {
                // A run alone is told from those of other recipes by its batch size.
                let mut parts = job.told_apart(&run);
                if job.batch_size.0.len() == 1 {
                    parts.insert(0, format!("batch{}", run.batch_size.0[0]));
                }
                let own = inner.free(folder, &parts.join("_"));
                ids.push(inner.add(RunNews::new(0, own, Some(run), Phase::Waiting), true));
            }
        }
        self.staff()?;
        Ok(ids)
    }

    /// Lets a ball roll: a run that starts at a point of a plane.
    ///
    /// # Errors
    /// Where the recipe makes no sense, the start can't be written, or there can be no thread.
    pub fn drop_ball(
        &self,
        ground: &Ground,
        at: [f64; 2],
        job: &TrainingJob,
        folder: &Path,
    ) -> Result<Id> {
        job.check()?;
        let own = self.shared.lock().free(folder, "ball");
        let start = own.join("start.safetensors");
        lines::make_folder(&own)?;
        ground.write(at, &start)?;
        let mut job = job.clone();
        // The file carries its network; a key would lead elsewhere.
        (job.setup.model, job.setup.key) = ("auto".into(), None);
        (job.start, job.draw) = (Some(start), false);
        let news = RunNews::new(0, own, Some(job), Phase::Waiting);
        let id = self.shared.lock().add(news, true);
        self.staff()?;
        Ok(id)
    }

    /// Opens the run in a folder, or every run of a sweep's folder, on a thread of its own; nothing is
    /// trained. [`Queue::refusals`] says why one can't be.
    pub fn open(&self, folder: &Path) {
        let own = folder.to_owned();
        let spawned = self.spawn("losscope-open-run", move |shared| {
            let found = open::runs(&own);
            if let Err(error) = &found {
                shared.lock().refused.push(error.to_string());
            }
            let added: Vec<Id> = found
                .into_iter()
                .flatten()
                .map(|run| shared.put(run))
                .collect();
            (shared.notify)();
            for id in added {
                path::read(shared, id);
                path::look(shared, id);
            }
        });
        if let Err(error) = spawned {
            self.shared.lock().refused.push(error.to_string());
        }
    }

    /// Puts a run on the list that was asked for and never begun; it begins once it is resumed.
    pub fn hold(&self, folder: &Path, job: TrainingJob) {
        let mut news = RunNews::new(0, folder.to_owned(), Some(job), Phase::Paused);
        news.message = Some("it hadn't begun when the window was closed".into());
        self.shared.put(news);
    }

    /// Why folders couldn't be opened, each told once.
    pub fn refusals(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.lock().refused)
    }

    /// Lets a run stop where it is, its state kept.
    pub fn pause(&self, id: Id) {
        if let Some(slot) = self.shared.lock().slot(id) {
            slot.wanted = false;
            if slot.news.phase == Phase::Waiting {
                Arc::make_mut(&mut slot.news).phase = Phase::Paused;
            }
        }
        (self.shared.notify)();
    }

    /// Lets a run go on.
    ///
    /// # Errors
    /// Where there can be no thread.
    pub fn resume(&self, id: Id) -> Result<()> {
        if let Some(slot) = self.shared.lock().slot(id)
            && slot.news.phase.can_resume()
            && slot.news.job.is_some()
        {
            slot.wanted = true;
            Arc::make_mut(&mut slot.news).phase = Phase::Waiting;
        }
        self.staff()
    }

    /// Takes a run off the list; its folder stays.
    pub fn forget(&self, id: Id) {
        let mut inner = self.shared.lock();
        inner.slots.retain(|slot| slot.news.id != id);
        drop(inner);
        (self.shared.notify)();
    }

    /// The plane that paths are seen from now.
    ///
    /// # Errors
    /// Where there can be no thread.
    pub fn stand_on(&self, ground: Option<&Arc<Ground>>) -> Result<()> {
        {
            let mut inner = self.shared.lock();
            let same = match (&inner.ground, ground) {
                (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                // The old plane stays until there is another.
                (_, None) => true,
                (None, Some(_)) => false,
            };
            if same {
                return Ok(());
            }
            inner.ground = ground.cloned();
        }
        self.see_again()
    }

    /// Whether a run is being trained or waits.
    pub fn is_busy(&self) -> bool {
        let inner = self.shared.lock();
        inner.slots.iter().any(|slot| slot.news.phase.is_busy())
    }

    /// Sees the paths anew that were seen from another plane, on a thread of its own.
    fn see_again(&self) -> Result<()> {
        let ids = {
            let inner = self.shared.lock();
            path::stale(&inner.slots, inner.ground.as_ref())
        };
        if ids.is_empty() {
            return Ok(());
        }
        self.spawn("losscope-path", move |shared| {
            for id in ids {
                path::read(shared, id);
                path::look(shared, id);
            }
        })
    }

    /// Threads enough for what waits.
    fn staff(&self) -> Result<()> {
        while self.shared.lock().lacks_thread() {
            if let Err(error) = self.spawn("losscope-train", train::work) {
                self.shared.lock().threads -= 1;
                return Err(error);
            }
        }
        Ok(())
    }

    fn spawn(&self, name: &str, work: impl FnOnce(&Shared) + Send + 'static) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new()
            .name(name.into())
            .stack_size(16 << 20)
            .spawn(move || work(&shared));
        let thread =
            thread.map_err(|e| Error::Device(format!("the system refuses a thread: {e}")))?;
        let mut threads = self
            .threads
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.shared.lock().quit = true;
        let threads = self.threads.lock();
        let mut threads = threads.unwrap_or_else(std::sync::PoisonError::into_inner);
        for thread in threads.drain(..) {
            // A panic on it was caught and told there.
            thread.join().ok();
        }
    }
}
