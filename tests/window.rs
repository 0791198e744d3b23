//! The real program in a real window: started, driven by a synthetic hand, looked at, closed.
//!
//! Needs Xvfb, xdotool, scrot and a Vulkan driver, which `tests/run.sh` installs; everything else
//! about the window is tested without one.

#![cfg(all(target_os = "linux", feature = "window"))]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A screen of its own, gone when the test is.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn new() -> Self {
        let mut server = Command::new("Xvfb")
            .args([
                "-displayfd",
                "1",
                "-screen",
                "0",
                "1280x800x24",
                "-nolisten",
                "tcp",
            ])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is needed; tests/run.sh installs it");
        let mut number = String::new();
        let mut out = BufReader::new(server.stdout.take().unwrap());
        out.read_line(&mut number).unwrap();
        Self {
            server,
            display: format!(":{}", number.trim()),
        }
    }

    /// A program that talks to this screen.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY");
        command
    }

    /// What a hand does, in xdotool's words.
    fn hand(&self, words: &str) -> String {
        let output = self
            .command("xdotool")
            .args(words.split_whitespace())
            .output()
            .expect("xdotool is needed; tests/run.sh installs it");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The pixels of the screen.
    fn look(&self, folder: &Path) -> image::RgbImage {
        let path = folder.join("screen.png");
        let status = self
            .command("scrot")
            .arg("-o")
            .arg(&path)
            .status()
            .expect("scrot is needed; tests/run.sh installs it");
        assert!(status.success());
        let picture = image::open(&path).unwrap().to_rgb8();
        if let Some(keep) = std::env::var_os("LOSSCOPE_PICTURES") {
            picture
                .save(Path::new(&keep).join("real-window.png"))
                .unwrap();
        }
        picture
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

/// Waits for something on the screen, or fails after some minutes.
#[track_caller]
fn until<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_mins(3);
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < deadline, "still waiting for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Pixels of a part of the screen that differ, as a share.
fn difference(a: &image::RgbImage, b: &image::RgbImage, area: [u32; 4]) -> f64 {
    let [left, top, right, bottom] = area;
    let pixels = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
    let changed = pixels.filter(|&(x, y)| a.get_pixel(x, y) != b.get_pixel(x, y));
    changed.count() as f64 / f64::from((right - left) * (bottom - top))
}

/// Where the views are in a window of 1280 × 800, beside the experiment and above the deck.
const VIEWS: [u32; 4] = [330, 60, 1270, 620];

#[test]
fn a_hand_on_alpha_changes_the_picture_and_the_window_closes_cleanly() {
    let screen = Screen::new();
    let home = tempfile::tempdir().unwrap();
    let mut program = screen
        .command(env!("CARGO_BIN_EXE_losscope"))
        .env("HOME", home.path())
        .env("XDG_DATA_HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let window = until("the window", || {
        let found = screen.hand("search --onlyvisible --name Losscope");
        found.lines().last().map(str::to_owned)
    });
    screen.hand(&format!("windowfocus {window}"));
    // Something is drawn, and then rests.
    let look = || screen.look(home.path());
    let resting = || {
        let (mut last, mut same) = (look(), 0);
        until("a picture that rests", || {
            std::thread::sleep(Duration::from_millis(300));
            let now = look();
            // The whole window, because its status line tells of work that no view shows yet.
            same = if last == now { same + 1 } else { 0 };
            last = now;
            let colours: std::collections::HashSet<_> = last.pixels().map(|p| p.0).collect();
            (same >= 3 && colours.len() > 500).then(|| last.clone())
        })
    };
    let before = resting();
    // From the small-batch minimizer to the far side of the large-batch one, along the slider.
    screen.hand("mousemove 220 715 mousedown 1");
    for x in [300, 380, 460, 540] {
        screen.hand(&format!("mousemove {x} 715"));
        std::thread::sleep(Duration::from_millis(80));
    }
    screen.hand("mouseup 1");
    screen.hand("mousemove 640 790");
    let after = resting();
    let changed = difference(&before, &after, VIEWS);
    assert!(
        changed > 0.05,
        "only {changed:.3} of the views changed with α"
    );
    // The keyboard goes back one step.
    screen.hand("key ctrl+z");
    until("the picture before", || {
        (difference(&before, &look(), VIEWS) < changed / 2.0).then_some(())
    });
    screen.hand("key ctrl+q");
    let status = until("the program to end", || program.try_wait().unwrap());
    assert!(status.success(), "{status}");
}
