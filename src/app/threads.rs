//! Threads for what takes longer than a frame, which the program waits for before it ends.
//!
//! Graphics drivers are taken down when a process ends, and a thread that still draws, or lets go of a
//! window's last handle, would crash in them. Native dialogs are left to themselves: they end when a person
//! closes them.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

static RUNNING: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// Does some work on a thread of its own.
///
/// # Errors
/// Where the system refuses a thread.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = Builder::new().name(name.into()).spawn(work)?;
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    running.retain(|thread| !thread.is_finished());
    running.push(thread);
    Ok(())
}

/// Waits for all of them when it goes.
pub struct Waited;

impl Drop for Waited {
    fn drop(&mut self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let threads = std::mem::take(&mut *running);
        drop(running);
        for thread in threads {
            // A panic was reported where it happened.
            thread.join().ok();
        }
    }
}
