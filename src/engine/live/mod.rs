//! Live computing: a window says what it wants to see, one thread keeps making it better.
//!
//! The window never queues work. It states a [`Wish`]: which checkpoints, which plane, where α and ε
//! stand. One named thread owns every tensor and always works for the newest wish, the most urgent
//! part first and in chunks of some milliseconds, so that a newer wish is met between two chunks and
//! a thousand of them leave nothing behind. What it finds goes out as a [`Snapshot`], replaced as a
//! whole; what crosses the threads is plain numbers.
//!
//! A panic inside a library ends the part of the work it happened in, not the thread.

mod aside;
mod company;
mod compute;
mod convexity;
mod line;
mod measure;
mod news;
mod open;
mod others;
mod part;
mod plan;
mod quantity;
mod shared;
mod sharpness;
mod surface;
mod times;
mod turn;
mod wish;
mod worker;

pub use crate::landscape::measures::found::{ConvexityMap, Found, NoiseSoFar};
pub use company::{OtherFacts, OtherNews, OtherPhi};
pub use news::{
    Activity, Confirmed, Entry, ExperimentFacts, Failure, Inside, Kind, LiveSurface, PointMetrics,
    ProbeResult, Quality, SharpnessCurve, SharpnessNews, Snapshot, Stage, WorstPoint,
};
pub use quantity::{MeasureNews, Quantity};
pub use wish::{Compared, LIVE_POINTS, Place, Probe, Wish};

use crate::engine::result::Outcome;
use shared::{Shared, lock};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

/// The handle to the computing thread; dropping it ends the thread after its current chunk.
pub struct Live {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Live {
    /// Starts the thread; `notify` is called from it whenever there is a new snapshot.
    ///
    /// # Errors
    /// Where the system refuses a thread.
    pub fn start(notify: impl Fn() + Send + Sync + 'static) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            changed: Condvar::new(),
            snapshot: Mutex::default(),
            notify: Box::new(notify),
        });
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("losscope-compute".into())
            // Backward passes through deep networks nest deeply.
            .stack_size(16 << 20)
            .spawn(move || worker::run(&theirs))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// States what is wanted from now on; whatever was wanted before is forgotten. Returns the
    /// wish's number, which [`Snapshot::wish`] says once it is being worked for.
    pub fn wish(&self, wish: Wish) -> u64 {
        let mut inbox = lock(&self.shared.inbox);
        inbox.wish = Some(wish);
        inbox.stated += 1;
        self.shared.changed.notify_one();
        inbox.stated
    }

    /// Hands over a finished or partial surface, which is shown where it is what is wanted.
    pub fn offer(&self, outcome: Outcome) {
        lock(&self.shared.inbox).offers.push(outcome);
        self.shared.changed.notify_one();
    }

    /// The newest state of everything.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&lock(&self.shared.snapshot))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        lock(&self.shared.inbox).quit = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic on the thread was reported there; there is nothing left to do about it here.
            thread.join().ok();
        }
    }
}
