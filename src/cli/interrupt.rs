//! The user's wish to stop: Ctrl-C, and the signals by which terminals, schedulers and systems end a
//! program.
//!
//! The first asks the work to stop after its current step, and what is computed is kept; nor does writing
//! wait for anyone then. A second ends the program at once.

use crate::store::files::wait_by;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Wishes to stop so far.
static COUNT: AtomicUsize = AtomicUsize::new(0);
static LISTENING: OnceLock<()> = OnceLock::new();

/// Whether the user has asked to stop since [`listen`].
pub fn wanted() -> bool {
    COUNT.load(Ordering::SeqCst) > 0
}

/// Counts wishes to stop from now on. To be called before any other thread starts: those inherit that
/// signals are left to the one that waits for them.
pub fn listen() {
    LISTENING.get_or_init(platform::listen);
    wait_by(patience);
}

/// Waits a moment for someone else, unless the user has asked to stop.
fn patience() -> bool {
    if wanted() {
        return false;
    }
    std::thread::sleep(Duration::from_millis(20));
    true
}

/// Notes one signal.
fn noted(first: &mut Option<Instant>) {
    // Some wrappers send the same signal twice at once; only a later one means it.
    let since = first.get_or_insert_with(Instant::now).elapsed();
    if COUNT.fetch_add(1, Ordering::SeqCst) > 0 && since > Duration::from_secs(1) {
        std::process::exit(130);
    }
}

#[cfg(unix)]
mod platform {
    use crate::cli::interrupt::noted;
    use nix::sys::signal::{SigSet, Signal};

    /// Interrupt, quit (Ctrl-\), the end of the terminal, and the polite end.
    const SIGNALS: [Signal; 4] = [
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGHUP,
        Signal::SIGTERM,
    ];

    pub fn listen() {
        let mut set = SigSet::empty();
        // Under nohup the end of the terminal is to be survived.
        let heard = |signal: &Signal| *signal != Signal::SIGHUP || !is_ignored(*signal);
        SIGNALS.into_iter().filter(heard).for_each(|s| set.add(s));
        // Without a listener signals end the program, which is the best that can be done then.
        if set.thread_block().is_err() {
            return;
        }
        let waiting = std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || {
                let mut first = None;
                while set.wait().is_ok() {
                    noted(&mut first);
                }
            });
        if waiting.is_err() {
            set.thread_unblock().ok();
        }
    }

    /// Whether this program was started to ignore a signal.
    fn is_ignored(signal: Signal) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|m| u64::from_str_radix(m.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal as u32 - 1) & 1 == 1)
    }
}

#[cfg(not(unix))]
mod platform {
    use crate::cli::interrupt::noted;

    pub fn listen() {
        let mut first = None;
        ctrlc::set_handler(move || noted(&mut first)).ok();
    }
}
