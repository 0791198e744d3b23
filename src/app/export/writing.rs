//! A file that is being written: how far it is, and whether it is still wanted.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// A file that is being written on a thread of its own.
pub struct Writing {
    /// Where it goes.
    pub path: PathBuf,
    heard: Arc<Heard>,
}

/// What the thread and the window say to each other.
#[derive(Default)]
pub struct Heard {
    /// How far it is; empty where it can't be stopped.
    progress: Mutex<String>,
    stop: AtomicBool,
}

impl Writing {
    /// A file that nothing was written of yet.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            heard: Arc::default(),
        }
    }

    /// The thread's side.
    pub fn heard(&self) -> Arc<Heard> {
        Arc::clone(&self.heard)
    }

    /// Asks the thread to stop.
    pub fn stop(&self) {
        self.heard.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it can be stopped.
    pub fn can_stop(&self) -> bool {
        !self.progress().is_empty()
    }

    /// What is being written and how far it is.
    pub fn words(&self) -> String {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        match self.progress() {
            none if none.is_empty() => format!("Writing {name}…"),
            progress => format!("Writing {name}: {progress}"),
        }
    }

    fn progress(&self) -> String {
        let progress = self.heard.progress.lock();
        progress.map(|p| p.clone()).unwrap_or_default()
    }
}

impl Heard {
    /// Says how far it is; whether to go on.
    pub fn tell(&self, words: String) -> bool {
        if let Ok(mut progress) = self.progress.lock() {
            *progress = words;
        }
        !self.stop.load(Ordering::Relaxed)
    }
}
