//! What a device was given to do: for tests and benchmarks, which see so without a GPU whether points pass
//! through it together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts since the device was opened.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Kernels started.
    pub dispatches: usize,
    /// Command buffers handed over.
    pub submissions: usize,
    /// Times that results were waited for.
    pub read_backs: usize,
    /// Bytes of results.
    pub bytes_read: usize,
    /// Bytes of samples, origins, directions, coordinates and tables.
    pub bytes_written: usize,
    /// Kernels compiled.
    pub pipelines: usize,
    /// Bytes of buffers at the last submission.
    pub bytes_held: usize,
}

macro_rules! counters {
    ($($name:ident),*) => {
        /// Counts in the making.
        #[derive(Debug, Default)]
        pub struct Counters {
            $(pub $name: AtomicUsize),*
        }

        impl Counters {
            /// The counts now.
            pub fn counts(&self) -> Counts {
                Counts { $($name: self.$name.load(Ordering::Relaxed)),* }
            }
        }
    };
}
counters!(
    dispatches,
    submissions,
    read_backs,
    bytes_read,
    bytes_written,
    pipelines,
    bytes_held
);

impl Counters {
    /// Adds to one of them.
    pub fn add(counter: &AtomicUsize, more: usize) {
        counter.fetch_add(more, Ordering::Relaxed);
    }
}
