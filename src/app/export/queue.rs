//! Files being written, one after another in the order in which they were asked for.
//!
//! A queue of its own, with one thread: whatever the window turns to meanwhile, what was asked for is written
//! as it was then, and two long ones don't take the cores from each other.

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Writes a file, or several; hears whether it is still wanted, and says how far it is.
pub type Task = Box<dyn FnOnce(&Heard) -> Result<()> + Send>;

/// A file that is being written or waits for it.
struct Writing {
    path: PathBuf,
    heard: Arc<Heard>,
}

/// What the thread and the window say to each other about one file.
#[derive(Default)]
pub struct Heard {
    /// How far it is; empty where it can't be stopped.
    progress: Mutex<String>,
    stop: AtomicBool,
}

/// Files being written. Dropping it stops what takes long and waits for the rest: nothing is left half done,
/// and no thread outlives the window.
pub struct Queue {
    files: Vec<Writing>,
    tasks: Option<Sender<(PathBuf, Arc<Heard>, Task)>>,
    done: Receiver<(PathBuf, Result<()>)>,
    thread: Option<JoinHandle<()>>,
}

impl Queue {
    /// Starts the thread; `notify` is called from it whenever there is news.
    pub fn new(notify: impl Fn() + Send + 'static) -> Self {
        let (tasks, todo) = channel::<(PathBuf, Arc<Heard>, Task)>();
        let (send, done) = channel();
        let work = move || {
            while let Ok((path, heard, task)) = todo.recv() {
                let result = if heard.is_stopped() {
                    Err(stopped())
                } else {
                    task(&heard)
                };
                send.send((path, result)).ok();
                notify();
            }
        };
        // Without a thread nothing is ever done, which the status line shows.
        let thread = std::thread::Builder::new()
            .name("losscope-export".into())
            .spawn(work)
            .ok();
        Self {
            files: Vec::new(),
            tasks: Some(tasks),
            done,
            thread,
        }
    }

    /// Asks for a file.
    pub fn add(&mut self, path: &Path, task: Task) {
        let heard = Arc::<Heard>::default();
        let theirs = Arc::clone(&heard);
        if let Some(tasks) = &self.tasks {
            tasks.send((path.to_owned(), theirs, task)).ok();
        }
        self.files.push(Writing {
            path: path.to_owned(),
            heard,
        });
    }

    /// A file that was finished, or wasn't.
    pub fn finished(&mut self) -> Option<(PathBuf, Result<()>)> {
        let (path, result) = self.done.try_recv().ok()?;
        // They are done in order.
        if let Some(index) = self.files.iter().position(|file| file.path == path) {
            self.files.remove(index);
        }
        Some((path, result))
    }

    /// Whether a file is being written.
    pub fn is_busy(&self) -> bool {
        !self.files.is_empty()
    }

    /// What is being written, in words.
    pub fn activity(&self) -> Option<String> {
        let first = self.files.first()?;
        let name = first.path.file_name().unwrap_or_default().to_string_lossy();
        let words = match first.heard.said() {
            none if none.is_empty() => format!("Writing {name}…"),
            progress => format!("Writing {name}: {progress}"),
        };
        Some(match self.files.len() - 1 {
            0 => words,
            more => format!("{words}; {more} more to write"),
        })
    }

    /// Stops what takes long, and leaves out what waits; nothing half-written stays.
    pub fn stop(&self) {
        for file in &self.files {
            file.heard.stop.store(true, Ordering::Relaxed);
        }
    }

    /// Whether there is something to stop.
    pub fn can_stop(&self) -> bool {
        let first = self.files.first().map(|file| file.heard.said());
        self.files.len() > 1 || first.is_some_and(|words| !words.is_empty())
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.stop();
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            // A panic was reported where it happened.
            thread.join().ok();
        }
    }
}

/// Why a file that was stopped isn't there.
pub fn stopped() -> Error {
    Error::Usage("stopped; nothing was written".into())
}

impl Heard {
    /// Says how far it is; whether to go on.
    pub fn tell(&self, words: String) -> bool {
        if let Ok(mut progress) = self.progress.lock() {
            *progress = words;
        }
        !self.is_stopped()
    }

    /// Whether it isn't wanted any more.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn said(&self) -> String {
        let progress = self.progress.lock();
        progress.map(|p| p.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn all(queue: &mut Queue, count: usize) -> Vec<(PathBuf, bool)> {
        let (mut found, start) = (Vec::new(), Instant::now());
        while found.len() < count && start.elapsed() < Duration::from_secs(10) {
            found.extend(
                queue
                    .finished()
                    .map(|(path, result)| (path, result.is_ok())),
            );
            std::thread::sleep(Duration::from_millis(1));
        }
        found
    }

    #[test]
    fn files_are_written_in_the_order_in_which_they_were_asked_for() {
        let mut queue = Queue::new(|| {});
        for name in ["a", "b", "c"] {
            queue.add(Path::new(name), Box::new(|_| Ok(())));
        }
        assert!(queue.is_busy() && queue.can_stop());
        let found = all(&mut queue, 3);
        let expected = ["a", "b", "c"].map(|name| (PathBuf::from(name), true));
        assert_eq!(found, expected);
        assert!(!queue.is_busy());
    }

    #[test]
    fn what_waits_is_left_out_when_all_is_stopped() {
        let mut queue = Queue::new(|| {});
        let long = |heard: &Heard| {
            while heard.tell("1 of 9".into()) {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(stopped())
        };
        queue.add(Path::new("long"), Box::new(long));
        queue.add(Path::new("next"), Box::new(|_| panic!("it isn't wanted")));
        queue.stop();
        let found = all(&mut queue, 2);
        assert!(found.len() == 2 && found.iter().all(|(_, written)| !written));
    }
}
