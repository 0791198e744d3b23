//! What the window and the computing thread have in common: one says, the other shows.

use super::news::Snapshot;
use super::wish::Wish;
use crate::engine::result::Outcome;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What the window and the thread have in common.
pub(super) struct Shared {
    pub(super) inbox: Mutex<Inbox>,
    pub(super) changed: Condvar,
    pub(super) snapshot: Mutex<Arc<Snapshot>>,
    pub(super) notify: Box<dyn Fn() + Send + Sync>,
}

/// What the window has said since the thread last looked.
#[derive(Default)]
pub(super) struct Inbox {
    pub(super) wish: Option<Wish>,
    /// Wishes stated so far: the newest one's number.
    pub(super) stated: u64,
    pub(super) offers: Vec<Outcome>,
    pub(super) quit: bool,
}

/// A poisoned lock still holds a whole value: everything behind these locks is replaced, not edited.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
