//! How soon the window answers: the computing thread and the frames, driven without a person.
//!
//! `cargo bench --bench live` moves α and ε of the built-in experiment as a hand would and prints
//! the median, the 95th and the 99th percentile of what a person waits for, beside the budget.
//! `-- gpu` computes on the GPU instead of the device that `auto` takes.

#![allow(clippy::print_stdout, reason = "a benchmark prints its table")]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that can't go on has failed"
)]

use eframe::egui;
use losscope::app::App;
use losscope::engine::device::DeviceChoice;
use losscope::engine::job::{BUILTIN_LARGE, BUILTIN_SMALL};
use losscope::engine::live::{Live, Quality, Wish};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// As the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// α moves that are timed to the first picture.
const MOVES: usize = 100;
/// Surfaces that are timed to the last sample.
const FULL: usize = 5;
/// Frames that are timed while everything computes.
const FRAMES: usize = 300;

fn main() {
    let gpu = std::env::args().any(|a| a == "gpu");
    let device = if gpu {
        DeviceChoice::Gpu
    } else {
        DeviceChoice::Auto
    };
    println!(
        "{:34} {:>9} {:>9} {:>9} {:>10}",
        "milliseconds", "p50", "p95", "p99", "budget"
    );
    frames();
    computing(device);
    memory(device);
}

/// The built-in experiment on a device.
fn wish(device: DeviceChoice) -> Wish {
    let mut wish = Wish::default();
    wish.plane.setup.device = device;
    wish
}

/// A computing thread and a bell that rings at every snapshot.
fn start() -> (Live, mpsc::Receiver<()>) {
    let (ring, bell) = mpsc::channel();
    let live = Live::start(move || {
        ring.send(()).ok();
    })
    .unwrap();
    (live, bell)
}

/// Waits for a snapshot that fulfils `done`.
fn until(live: &Live, bell: &mpsc::Receiver<()>, mut done: impl FnMut(&Live) -> bool) -> Duration {
    let start = Instant::now();
    while !done(live) {
        bell.recv_timeout(Duration::from_mins(1)).unwrap();
    }
    start.elapsed()
}

fn computing(device: DeviceChoice) {
    let (live, bell) = start();
    let mut wish = wish(device);
    live.wish(wish.clone());
    let idle = |live: &Live| {
        let news = live.snapshot();
        news.experiment.is_some() && news.activity.is_idle()
    };
    let opened = until(&live, &bell, |live| !live.snapshot().surfaces.is_empty());
    println!("{:34} {:>9.1}", "start → first pixels", millis(opened));
    until(&live, &bell, idle);
    let mut first = Vec::new();
    for i in 0..MOVES {
        // Irregular steps, as a hand makes them; each while the last one is still being refined.
        wish.alpha = -1.0 + 3.0 * ((i * 37 % MOVES) as f64 + 0.25) / MOVES as f64;
        wish.dragging = true;
        live.wish(wish.clone());
        let alpha = wish.alpha;
        first.push(until(&live, &bell, |live| {
            live.snapshot().surfaces.iter().any(|s| s.alpha == alpha)
        }));
        std::thread::sleep(Duration::from_millis(15));
    }
    row("α moved → first new pixels", &mut first, "50 (16)");
    let (mut full, mut confirmed) = (Vec::new(), Vec::new());
    for i in 0..FULL {
        until(&live, &bell, idle);
        wish.alpha = 0.11 + 0.13 * i as f64;
        wish.dragging = false;
        live.wish(wish.clone());
        let alpha = wish.alpha;
        full.push(until(&live, &bell, |live| {
            let news = live.snapshot();
            let found = news.surfaces.iter().find(|s| s.alpha == alpha);
            found.is_some_and(|s| s.quality == Quality::Full)
        }));
    }
    row("31 × 31 surface, all samples", &mut full, "1500 (150)");
    for i in 0..20 {
        until(&live, &bell, idle);
        wish.epsilon = 1e-4 * 1.3_f64.powi(i);
        live.wish(wish.clone());
        let (alpha, epsilon) = (wish.alpha, wish.epsilon);
        confirmed.push(until(&live, &bell, |live| {
            live.snapshot().confirmed(alpha, epsilon).is_some()
        }));
    }
    row("ε moved → φ(ε) at θ(α) confirmed", &mut confirmed, "1000");
    let news = live.snapshot();
    let mut read: Vec<Duration> = (0..1000)
        .map(|i| {
            let start = Instant::now();
            let epsilon = 1e-5 * 1.009_f64.powi(i);
            let curves = [
                &news.sharpness.small,
                &news.sharpness.here,
                &news.sharpness.large,
            ];
            let read: Vec<Option<f64>> = curves
                .iter()
                .map(|c| c.as_ref().and_then(|c| c.at(epsilon)))
                .collect();
            std::hint::black_box(read);
            start.elapsed()
        })
        .collect();
    row("ε moved → φ(ε) from the curves", &mut read, "16.7");
}

/// Frames of the real window while α moves and everything computes, from one to the next.
fn frames() {
    let screen = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|v| std::env::var_os(v).is_some());
    if !screen {
        println!("frames: no screen to draw on; run it under xvfb-run");
        return;
    }
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([1280.0, 800.0]),
        persist_window: false,
        ..losscope::app::options()
    };
    let (send, receive) = mpsc::channel();
    eframe::run_native(
        "losscope-bench",
        options,
        Box::new(|cc| {
            let app = App::new(cc, vec![BUILTIN_SMALL.into(), BUILTIN_LARGE.into()])?;
            Ok(Box::new(Moving {
                app,
                times: Vec::new(),
                send,
            }))
        }),
    )
    .unwrap();
    let times: Vec<Instant> = receive.recv().unwrap();
    let mut between: Vec<Duration> = times.windows(2).map(|w| w[1] - w[0]).collect();
    // The first frames create pipelines and fonts.
    between.drain(..FRAMES / 5);
    row(
        "frame, while everything computes",
        &mut between,
        "33 at p99",
    );
}

/// The program with a hand on α.
struct Moving {
    app: App,
    times: Vec<Instant>,
    send: mpsc::Sender<Vec<Instant>>,
}

impl eframe::App for Moving {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        self.times.push(Instant::now());
        let share = self.times.len() as f64 / FRAMES as f64;
        self.app.state().set_alpha(-1.0 + 3.0 * share);
        self.app.ui(ui, frame);
        ui.ctx().request_repaint();
        if self.times.len() == FRAMES {
            self.send.send(std::mem::take(&mut self.times)).ok();
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }
}

/// A thousand α moves leave nothing behind.
fn memory(device: DeviceChoice) {
    let (live, bell) = start();
    let mut wish = wish(device);
    let mut sizes = Vec::new();
    for i in 0..1_000 {
        wish.alpha = -1.0 + 3.0 * f64::from(i * 389 % 1_000) / 1_000.0;
        live.wish(wish.clone());
        let alpha = wish.alpha;
        until(&live, &bell, |live| {
            live.snapshot().surfaces.iter().any(|s| s.alpha == alpha)
        });
        if i == 199 || i == 999 {
            sizes.push(resident());
        }
    }
    println!(
        "memory after 200 and 1,000 α moves: {} and {}",
        mebibytes(sizes[0]),
        mebibytes(sizes[1])
    );
}

/// Resident memory in KiB; `None` where the system doesn't tell.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn mebibytes(kib: Option<u64>) -> String {
    kib.map_or_else(|| "unknown".into(), |k| format!("{} MiB", k / 1024))
}

fn millis(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}

fn row(what: &str, times: &mut [Duration], budget: &str) {
    times.sort();
    let at = |share: f64| {
        let index = ((times.len() - 1) as f64 * share).ceil() as usize;
        millis(times[index])
    };
    println!(
        "{what:34} {:>9.2} {:>9.2} {:>9.2} {budget:>10}",
        at(0.5),
        at(0.95),
        at(0.99)
    );
}
