//! Who computes lets whoever draws go first.

/// Puts the present thread behind those that draw: computing takes every core there is, and a frame
/// can't wait.
///
/// On Linux this is the thread's own niceness, which the threads it starts inherit; where the
/// system refuses or knows no such thing, frames are a little later.
pub fn yield_to_the_window() {
    #[cfg(target_os = "linux")]
    rustix::process::nice(19).ok();
}
