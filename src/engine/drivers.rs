//! Graphics drivers, which print on standard error whatever they please: that `XDG_RUNTIME_DIR` isn't
//! set, that a device file can't be opened.
//!
//! While one is asked for something its words go to a file nobody sees, unless details are wanted. The
//! library's own errors say what went wrong.

use std::sync::atomic::{AtomicBool, Ordering};

static TALK: AtomicBool = AtomicBool::new(false);

/// Whether drivers may talk to the terminal from now on.
pub fn let_them_talk(talk: bool) {
    TALK.store(talk, Ordering::Relaxed);
}

/// Standard error is the drivers' until this is dropped.
#[derive(Debug)]
pub struct Hush {
    redirected: bool,
}

/// Hushes drivers.
pub fn hush() -> Hush {
    let redirected = !TALK.load(Ordering::Relaxed) && platform::begin();
    Hush { redirected }
}

/// Hushes drivers for as long as `work` takes.
pub fn hushed<T>(work: impl FnOnce() -> T) -> T {
    let hush = hush();
    let done = work();
    drop(hush);
    done
}

impl Drop for Hush {
    fn drop(&mut self) {
        if self.redirected {
            platform::end();
        }
    }
}

#[cfg(unix)]
mod platform {
    use nix::unistd::dup2_stderr;
    use std::os::fd::{AsFd as _, OwnedFd};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    /// How many want silence, and where standard error was before the first of them.
    static NOW: Mutex<(usize, Option<OwnedFd>)> = Mutex::new((0, None));

    fn now() -> MutexGuard<'static, (usize, Option<OwnedFd>)> {
        NOW.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn begin() -> bool {
        let mut now = now();
        if now.0 == 0 {
            let redirect = || -> std::io::Result<OwnedFd> {
                let before = std::io::stderr().as_fd().try_clone_to_owned()?;
                dup2_stderr(tempfile::tempfile()?)?;
                Ok(before)
            };
            let Ok(before) = redirect() else { return false };
            now.1 = Some(before);
        }
        now.0 += 1;
        true
    }

    pub fn end() {
        let mut now = now();
        now.0 -= 1;
        if now.0 == 0
            && let Some(before) = now.1.take()
        {
            dup2_stderr(before).ok();
        }
    }
}

/// Drivers elsewhere haven't been heard to talk.
#[cfg(not(unix))]
mod platform {
    pub fn begin() -> bool {
        false
    }

    pub fn end() {}
}
