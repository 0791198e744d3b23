//! Experiments of the literature that a window does, one after the other on a thread of their own.
//!
//! What an experiment trains is kept in its folder, so that one that was stopped goes on. Who asks for one says how
//! its page is written, which is no business of this floor.

use crate::engine::courtesy::yield_to_the_window;
use crate::engine::experiment::{Experiment, find, run};
use crate::engine::job::{ExperimentJob, Request as _};
use crate::engine::work::{Flow, Now, guarded};
use crate::error::{Error, Result};
use crate::store::files;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Writes the page of an experiment into its folder.
pub type Write = Arc<dyn Fn(&Path, &Experiment) -> Result<()> + Send + Sync>;

/// What an experiment is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// It waits for another to end.
    Waiting,
    /// It is trained and measured.
    Working,
    /// Its page is there.
    Done,
    /// It was stopped on its way and can go on.
    Stopped,
    /// It failed, and can be tried once more.
    Failed,
}

impl Doing {
    /// Whether the thread has it or will.
    pub fn is_busy(self) -> bool {
        matches!(self, Self::Waiting | Self::Working)
    }
}

/// A claim of a source and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What the source found.
    pub source: String,
    /// What was found here.
    pub here: String,
    /// What can be said.
    pub verdict: String,
    /// Whether it appeared.
    pub appeared: bool,
}

/// What is known of an experiment.
#[derive(Debug, Clone)]
pub struct ExperimentNews {
    /// As it was asked for.
    pub job: ExperimentJob,
    /// Where it is kept.
    pub folder: PathBuf,
    /// What it is doing.
    pub doing: Doing,
    /// What is trained or measured now.
    pub words: String,
    /// How much of that is done, 0 to 1.
    pub share: f64,
    /// Time left for that.
    pub left: Option<Duration>,
    /// Why it failed.
    pub message: Option<String>,
    /// What was found, once it is done.
    pub claims: Vec<Claim>,
    /// Name and caption of every figure.
    pub figures: Vec<(String, String)>,
}

impl ExperimentNews {
    fn new(job: ExperimentJob, folder: PathBuf) -> Self {
        Self {
            job,
            folder,
            doing: Doing::Waiting,
            words: String::new(),
            share: 0.0,
            left: None,
            message: None,
            claims: Vec::new(),
            figures: Vec::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.job.experiment.as_deref().unwrap_or_default()
    }
}

struct Item {
    news: Arc<ExperimentNews>,
    write: Write,
    /// Whether it is to be done.
    wanted: bool,
}

#[derive(Default)]
struct Inner {
    items: Vec<Item>,
    /// Whether there is a thread.
    working: bool,
    quit: bool,
}

struct Shared {
    inner: Mutex<Inner>,
    notify: Arc<dyn Fn() + Send + Sync>,
}

/// The experiments of a window; dropping it stops the one at hand, whose runs are kept.
pub struct Experiments {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Experiments {
    /// None; `notify` is called from the thread whenever there is news.
    pub(super) fn new(notify: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            shared: Arc::new(Shared {
                inner: Mutex::default(),
                notify,
            }),
            thread: Mutex::default(),
        }
    }

    /// The last experiment of every name that was asked for.
    pub fn news(&self) -> Vec<Arc<ExperimentNews>> {
        let inner = self.shared.lock();
        inner.items.iter().map(|i| Arc::clone(&i.news)).collect()
    }

    /// Does an experiment in a folder of its own below `folder`, or goes on with it where it was stopped. One that
    /// is being done already isn't done twice.
    ///
    /// # Errors
    /// Where there is no such experiment, or no thread.
    pub fn begin(&self, job: &ExperimentJob, folder: &Path, write: Write) -> Result<()> {
        job.check()?;
        find(job.experiment.as_deref().unwrap_or_default())?.check(&job.setup.model)?;
        {
            let mut inner = self.shared.lock();
            let before = inner
                .items
                .iter()
                .position(|item| item.news.job.experiment == job.experiment);
            let mut own = None;
            if let Some(at) = before {
                let news = &inner.items[at].news;
                if news.doing.is_busy() {
                    return Ok(());
                }
                let goes_on = news.doing != Doing::Done && news.job == *job;
                own = goes_on.then(|| news.folder.clone());
                inner.items.remove(at);
            }
            let news = ExperimentNews::new(job.clone(), PathBuf::new());
            let folder = own.unwrap_or_else(|| free(folder, job));
            inner.items.push(Item {
                news: Arc::new(ExperimentNews { folder, ..news }),
                write,
                wanted: true,
            });
            if inner.working {
                return Ok(());
            }
            inner.working = true;
        }
        self.spawn()
            .inspect_err(|_| self.shared.lock().working = false)
    }

    /// Stops an experiment; what it has trained is kept.
    pub fn stop(&self, name: &str) {
        let mut inner = self.shared.lock();
        for item in inner.items.iter_mut().filter(|i| i.news.name() == name) {
            item.wanted = false;
            if item.news.doing == Doing::Waiting {
                Arc::make_mut(&mut item.news).doing = Doing::Stopped;
            }
        }
    }

    fn spawn(&self) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new()
            .name("losscope-experiment".into())
            .stack_size(16 << 20)
            .spawn(move || work(&shared));
        let thread =
            thread.map_err(|e| Error::Device(format!("the system refuses a thread: {e}")))?;
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(())
    }
}

impl Drop for Experiments {
    fn drop(&mut self) {
        self.shared.lock().quit = true;
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A panic on it was caught and told there.
            thread.join().ok();
        }
    }
}

/// A folder that isn't there yet, or that holds this very experiment without its page.
fn free(folder: &Path, job: &ExperimentJob) -> PathBuf {
    let name = job.experiment.as_deref().unwrap_or_default();
    let own = serde_json::to_value(job).ok();
    let goes_on = |path: &Path| {
        let text = files::read_text(&path.join("experiment.json"), "read the experiment").ok();
        let before = text.and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        own.is_some() && before == own && !path.join("report.html").exists()
    };
    let first = folder.join(format!("experiment-{name}"));
    let numbered = (2..).map(|n| folder.join(format!("experiment-{name}-{n}")));
    let mut all = std::iter::once(first.clone()).chain(numbered);
    all.find(|path| !path.exists() || goes_on(path))
        .unwrap_or(first)
}

/// Does what waits until nothing does.
fn work(shared: &Shared) {
    yield_to_the_window();
    while let Some((job, folder, write)) = shared.take() {
        let name = job.experiment.clone().unwrap_or_default();
        let done = guarded(|| {
            run(&job, &folder, true, &mut |words, now| {
                shared.watch(&name, words, now)
            })
        });
        let written = done.and_then(|found| match found {
            Some(experiment) => {
                shared.tell(&name, |news| {
                    (news.words, news.share, news.left) = ("drawing figures".into(), 1.0, None);
                });
                guarded(|| write(&folder, &experiment))?;
                Ok(Some(experiment))
            }
            None => Ok(None),
        });
        shared.tell(&name, |news| match written {
            Ok(Some(experiment)) => {
                news.doing = Doing::Done;
                news.claims = claims(&experiment);
                let figures = experiment.found.pictures.iter();
                news.figures = figures
                    .map(|p| (p.name.to_owned(), p.caption.clone()))
                    .collect();
            }
            Ok(None) => news.doing = Doing::Stopped,
            Err(error) => {
                news.doing = Doing::Failed;
                news.message = Some(error.to_string());
            }
        });
    }
    (shared.notify)();
}

fn claims(experiment: &Experiment) -> Vec<Claim> {
    let each = experiment.found.findings.iter().map(|finding| Claim {
        source: finding.source.clone(),
        here: finding.here.clone(),
        verdict: finding.judged.words(),
        appeared: finding.judged.has_appeared(),
    });
    each.collect()
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next one that waits; the thread ends where there is none.
    fn take(&self) -> Option<(ExperimentJob, PathBuf, Write)> {
        let mut inner = self.lock();
        let quit = inner.quit;
        let mut waiting = inner.items.iter_mut();
        let waits = |item: &&mut Item| item.wanted && item.news.doing == Doing::Waiting && !quit;
        let found = waiting.find(waits).map(|item| {
            let news = Arc::make_mut(&mut item.news);
            news.doing = Doing::Working;
            (
                news.job.clone(),
                news.folder.clone(),
                Arc::clone(&item.write),
            )
        });
        if found.is_none() {
            inner.working = false;
        }
        found
    }

    /// Changes what is known of an experiment.
    fn tell(&self, name: &str, change: impl FnOnce(&mut ExperimentNews)) {
        let mut inner = self.lock();
        if let Some(item) = inner.items.iter_mut().find(|i| i.news.name() == name) {
            change(Arc::make_mut(&mut item.news));
        }
        drop(inner);
        (self.notify)();
    }

    /// Tells how far an experiment is, and whether it is to go on.
    fn watch(&self, name: &str, words: &str, now: &Now) -> Flow {
        self.tell(name, |news| {
            words.clone_into(&mut news.words);
            news.share = now.progress.done as f64 / now.progress.total.max(1) as f64;
            news.left = now.left;
        });
        let inner = self.lock();
        let item = inner.items.iter().find(|item| item.news.name() == name);
        if inner.quit || !item.is_some_and(|item| item.wanted) {
            Flow::Stop
        } else {
            Flow::Continue
        }
    }
}
