//! The computing thread behind the window, driven without one.
//!
//! What a person sees must be what the command line computes, the newest wish must win, and nothing
//! that goes wrong may end the thread.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "live/minimizers.rs"]
mod minimizers;

use losscope::checkpoint::{Array, Values, safetensors};
use losscope::engine::device::DeviceChoice;
use losscope::engine::job::{Directions, Job};
use losscope::engine::live::{Kind, Live, Place, Probe, Quality, Quantity, Snapshot, Stage, Wish};
use losscope::engine::result::Numbers;
use losscope::engine::{self, Flow};
use losscope::landscape::evaluate::statistics::BatchSize;
use losscope::landscape::measures::sam;
use losscope::landscape::slice::Buffers;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

/// A computing thread with a bell that rings at every snapshot.
struct Desk {
    live: Live,
    bell: mpsc::Receiver<()>,
}

impl Desk {
    fn new() -> Self {
        let (ring, bell) = mpsc::channel();
        let live = Live::start(move || {
            ring.send(()).ok();
        })
        .unwrap();
        Self { live, bell }
    }

    /// The first snapshot that fulfils `done`; fails after some minutes.
    #[track_caller]
    fn until(&self, what: &str, done: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        loop {
            let news = self.live.snapshot();
            if done(&news) {
                return news;
            }
            let rang = self.bell.recv_timeout(Duration::from_mins(3));
            assert!(
                rang.is_ok(),
                "still waiting for {what}: {:?}",
                news.activity
            );
        }
    }

    /// States a wish and waits until nothing is left to do for it.
    #[track_caller]
    fn settle(&self, wish: &Wish) -> Arc<Snapshot> {
        let number = self.live.wish(wish.clone());
        self.until("everything", |news| {
            news.wish == number && news.activity.is_idle()
        })
    }
}

/// The built-in experiment on the CPU, on a grid that takes a moment.
fn small_wish() -> Wish {
    let mut wish = Wish::default();
    wish.plane.setup.device = DeviceChoice::Flex;
    wish.plane.x = Some("-1:1:9".parse().unwrap());
    wish.line = "-1:2:7".parse().unwrap();
    wish
}

#[test]
fn the_window_shows_what_the_command_line_computes() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.alpha = 0.3;
    let news = desk.settle(&wish);
    assert_eq!(news.failure, None);
    let shown = news.surface_near(0.3).unwrap();
    assert_eq!(shown.quality, Quality::Full);
    let observe = &mut |_: &_, _: &_| Flow::Continue;
    let computed = engine::run(&Job::Surface(wish.surface_job(0.3)), None, observe).unwrap();
    assert_eq!(shown.outcome.numbers, computed.numbers);
    let mut recipe = shown.outcome.header.clone();
    recipe.elapsed_seconds = computed.header.elapsed_seconds;
    assert_eq!(recipe, computed.header);
    let line = engine::run(&Job::Line(wish.line_job().unwrap()), None, observe).unwrap();
    let shown = news.line.as_ref().unwrap();
    assert_eq!(shown.numbers, line.numbers);
    assert_eq!(shown.header.barriers, line.header.barriers);
}

/// What running statistics do changes every number between the minimizers, not the surface alone.
#[test]
fn metrics_between_the_minimizers_follow_the_running_statistics() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.plane.x = Some("0:0:1".parse().unwrap());
    (wish.line, wish.sharpness) = ("0:1:3".parse().unwrap(), false);
    wish.small = fixture("models/resnet8/sb.pt");
    (wish.large, wish.initial) = (Some(fixture("models/resnet8/lb.pt")), None);
    wish.plane.setup.samples = Some(64);
    wish.alpha = 0.5;
    let mut seen: Vec<f64> = Vec::new();
    let recompute = |statistics_batch| (Buffers::Recompute, statistics_batch);
    for (buffers, batch) in [
        (Buffers::Interpolate, BatchSize::default()),
        (Buffers::Frozen, BatchSize::default()),
        recompute(BatchSize::Of(16)),
        recompute(BatchSize::All),
    ] {
        wish.plane.buffers = buffers;
        wish.plane.remeasure.statistics_batch = batch;
        let news = desk.settle(&wish);
        assert_eq!(news.failure, None);
        let here = news.point.as_ref().unwrap().metrics[0].loss;
        let Numbers::Line(line) = &news.line.as_ref().unwrap().numbers else {
            panic!("no line");
        };
        let losses = &line.table.train.as_ref().unwrap().loss;
        // The same point along another way through memory: rounding of single precision.
        assert!((here / losses[1] - 1.0).abs() < 1e-4, "{here} {losses:?}");
        let facts = news.experiment.as_ref().unwrap();
        let end = facts.large.as_ref().unwrap()[0].loss;
        assert!((end / losses[2] - 1.0).abs() < 1e-4, "{end} {losses:?}");
        let new = |old: &f64| (old / here - 1.0).abs() > 1e-3;
        assert!(seen.iter().all(new), "{buffers:?} {batch}: {here} {seen:?}");
        seen.push(here);
    }
}

/// Where statistics can't be measured as is wished, nothing goes on with those of before.
#[test]
fn numbers_of_former_running_statistics_are_not_shown_for_new_ones() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("one.safetensors");
    let array = |shape: &[usize], values| Array::new(shape.to_vec(), values).unwrap();
    // Of a single sample there is no variance.
    let arrays = [
        (
            "x".to_owned(),
            array(&[1, 1, 8, 8], Values::F32(vec![0.5; 64])),
        ),
        ("y".to_owned(), array(&[1], Values::I64(vec![3]))),
    ];
    safetensors::write(&data, &arrays).unwrap();
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.plane.x = Some("0:0:1".parse().unwrap());
    wish.line = "0:1:3".parse().unwrap();
    wish.small = fixture("models/resnet8/sb.pt");
    (wish.large, wish.initial) = (Some(fixture("models/resnet8/lb.pt")), None);
    wish.plane.setup.data = data.to_str().unwrap().to_owned();
    // One sample doesn't tell which network it is.
    wish.plane.setup.model = "resnet-cifar:skip=identity,zeros=both".into();
    wish.measures = vec![Quantity::Of(&sam::ENTRY)];
    wish.measuring.clone_from(&wish.measures);
    let news = desk.settle(&wish);
    assert_eq!(news.failure, None);
    assert!(!news.sharpness.confirmed.is_empty() && !news.measures.is_empty());
    wish.plane.buffers = Buffers::Recompute;
    let news = desk.settle(&wish);
    let failure = news.failure.as_ref().unwrap();
    assert!(
        failure.message.contains("single training sample"),
        "{failure:?}"
    );
    assert!(news.sharpness.confirmed.is_empty() && news.sharpness.small.is_none());
    assert!(news.measures.is_empty());
}

#[test]
fn the_newest_wish_wins_and_the_rest_leaves_little_behind() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.dragging = true;
    for i in 0..300 {
        wish.alpha = f64::from(i) / 300.0;
        desk.live.wish(wish.clone());
        if i % 10 == 0 {
            std::thread::sleep(Duration::from_millis(3));
        }
    }
    wish.alpha = 1.5;
    wish.dragging = false;
    let news = desk.settle(&wish);
    assert_eq!(news.surface_near(1.5).unwrap().quality, Quality::Full);
    assert_eq!(news.point.as_ref().unwrap().alpha, 1.5);
    assert!(news.surfaces.len() <= 48, "{}", news.surfaces.len());
}

/// A pass over all samples begins at nothing, however much the pass over few has drawn.
#[test]
fn progress_is_that_of_the_pass_that_runs() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.plane.x = Some("-1:1:31".parse().unwrap());
    wish.sharpness = false;
    let number = desk.live.wish(wish.clone());
    let seen = std::cell::RefCell::new(Vec::new());
    desk.until("everything", |news| {
        let activity = &news.activity;
        if activity.what.starts_with("Surface")
            && let Some((done, total)) = activity.points
        {
            assert!(done < total, "{} is full: {done} of {total}", activity.what);
            seen.borrow_mut().push((activity.what.clone(), done, total));
        }
        news.wish == number && activity.is_idle()
    });
    let seen = seen.into_inner();
    assert!(
        seen.iter().all(|(what, ..)| what.contains("31 × 31")),
        "{seen:?}"
    );
    for pass in seen.chunk_by(|a, b| a.0 == b.0) {
        assert!(pass.is_sorted_by_key(|(_, done, _)| *done), "{pass:?}");
    }
    let whole = seen.iter().filter(|(what, ..)| what.ends_with("31 × 31"));
    let (_, first, total) = whole.min_by_key(|(_, done, _)| *done).unwrap();
    assert!(*total == 961 && *first < 961 / 2, "{first} of {total}");
}

#[test]
fn a_probe_tells_what_the_surface_tells_at_the_same_point() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.probes = vec![
        Probe {
            id: 1,
            x: 0.5,
            y: -0.25,
        },
        Probe {
            id: 2,
            x: 0.1,
            y: 0.0,
        },
    ];
    let news = desk.settle(&wish);
    let shown = news.surface_near(0.0).unwrap().surface().unwrap().clone();
    let column = shown.x.iter().position(|&x| x == 0.5).unwrap();
    let row = shown.y.iter().position(|&y| y == -0.25).unwrap();
    let train = shown.table.train.as_ref().unwrap();
    assert_eq!(news.probes.len(), 2);
    assert_eq!(news.probes[0].metrics[0].loss, train.loss[row * 9 + column]);
    // Moving α moves the plane, and the probes with it.
    wish.alpha = 1.0;
    let news = desk.settle(&wish);
    assert!(news.probes.iter().all(|p| p.alpha == 1.0));
    assert_ne!(news.probes[0].metrics[0].loss, train.loss[row * 9 + column]);
}

#[test]
fn comparing_adds_the_surfaces_around_both_minimizers() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.alpha = 0.5;
    wish.compare = true;
    let news = desk.settle(&wish);
    for alpha in [0.0, 0.5, 1.0] {
        let surface = news.surfaces.iter().find(|s| s.alpha == alpha).unwrap();
        assert_eq!(surface.quality, Quality::Full, "{alpha}");
    }
}

#[test]
fn stopping_keeps_the_picture_there_is_and_going_on_finishes_it() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.plane.x = Some("-1:1:61".parse().unwrap());
    desk.live.wish(wish.clone());
    desk.until("a picture", |news| !news.surfaces.is_empty());
    wish.stopped = true;
    let news = desk.settle(&wish);
    assert!(news.activity.stopped);
    assert_ne!(news.surfaces[0].quality, Quality::Full);
    wish.stopped = false;
    let news = desk.settle(&wish);
    assert_eq!(news.surfaces[0].quality, Quality::Full);
}

#[test]
fn a_file_that_cannot_be_opened_is_a_failure_with_its_name_and_the_next_one_opens() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.small = "/nowhere/at/all.pt".into();
    let news = desk.settle(&wish);
    let failure = news.failure.as_ref().unwrap();
    assert_eq!(failure.stage, Stage::Checkpoint(Place::Small));
    assert!(
        failure.message.contains("/nowhere/at/all.pt"),
        "{}",
        failure.message
    );
    assert!(news.log.iter().any(|entry| entry.kind == Kind::Error));
    let news = desk.settle(&small_wish());
    assert_eq!(news.failure, None);
    assert!(news.experiment.is_some());
}

#[test]
fn data_that_the_network_cannot_take_names_both_shapes() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.plane.setup.data = "spirals".into();
    let news = desk.settle(&wish);
    let failure = news.failure.as_ref().unwrap();
    assert_eq!(failure.stage, Stage::Fit, "{failure:?}");
    assert!(
        failure.message.contains("[2]") && failure.message.contains("64"),
        "{}",
        failure.message
    );
}

#[test]
fn after_a_failed_open_what_was_open_is_there_again_and_not_computed_anew() {
    let desk = Desk::new();
    let wish = small_wish();
    let before = desk.settle(&wish);
    assert!(before.stands);
    let broken = fixture("data/broken/idx_size_lies-idx3-ubyte");
    let stranger = fixture("models/lenet/lb.pt");
    let (mut data, mut large, mut plane) = (wish.clone(), wish.clone(), wish.clone());
    data.plane.setup.data = broken.display().to_string();
    large.large = Some(stranger.clone());
    plane.aim(Directions::Three(stranger, fixture("models/lenet/sb.pt")));
    for (failing, stage) in [
        (data, Stage::Data),
        (large, Stage::Stranger(Place::Large)),
        (plane, Stage::Plane),
    ] {
        let news = desk.settle(&failing);
        assert!(!news.stands);
        assert_eq!(news.failure.as_ref().unwrap().stage, stage);
        let again = desk.settle(&wish);
        assert_eq!(again.failure, None);
        assert!(again.stands);
        let version = |news: &Snapshot| news.surface_near(0.0).unwrap().version;
        assert_eq!(version(&again), version(&before), "{stage:?}");
        assert!(Arc::ptr_eq(
            again.line.as_ref().unwrap(),
            before.line.as_ref().unwrap()
        ));
    }
}

#[test]
fn the_same_checkpoint_twice_is_no_pair() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.large = Some(wish.small.clone());
    let news = desk.settle(&wish);
    let failure = news.failure.as_ref().unwrap();
    assert_eq!(failure.stage, Stage::Stranger(Place::Large));
    assert!(
        failure.message.contains("same weights"),
        "{}",
        failure.message
    );
}

#[test]
fn a_checkpoint_deleted_while_it_is_open_stays_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("small.safetensors");
    std::fs::copy(
        concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/assets/digits-mlp/small-batch.safetensors"
        ),
        &path,
    )
    .unwrap();
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.small.clone_from(&path);
    // A file of a person's own doesn't say what it is.
    wish.plane.setup.model = "mlp".into();
    let news = desk.settle(&wish);
    assert_eq!(news.failure, None);
    std::fs::remove_file(&path).unwrap();
    wish.alpha = 0.4;
    wish.plane.setup.seed = 0;
    wish.plane.normalize = Some(losscope::landscape::direction::Normalization::Layer);
    let news = desk.settle(&wish);
    assert_eq!(news.failure, None);
    assert_eq!(news.surface_near(0.4).unwrap().quality, Quality::Full);
}

#[test]
fn weights_that_are_not_numbers_make_a_surface_of_holes() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.small = fixture("formats/broken/nan_weight.pt");
    wish.large = None;
    wish.initial = None;
    let news = desk.settle(&wish);
    if let Some(failure) = &news.failure {
        panic!("{failure:?}");
    }
    let surface = news.surfaces[0].surface().unwrap();
    assert!(
        surface
            .table
            .train
            .as_ref()
            .unwrap()
            .loss
            .iter()
            .all(|l| l.is_nan())
    );
}

#[test]
fn a_result_of_the_command_line_is_shown_without_computing_it_again() {
    let wish = small_wish();
    let observe = &mut |_: &_, _: &_| Flow::Continue;
    let mut computed = engine::run(&Job::Surface(wish.surface_job(0.2)), None, observe).unwrap();
    if let Numbers::Surface(surface) = &mut computed.numbers {
        surface.table.train.as_mut().unwrap().loss[0] = 123.0;
    }
    let desk = Desk::new();
    let mut wish = wish;
    wish.alpha = 0.2;
    desk.live.wish(wish.clone());
    desk.live.offer(computed.clone());
    let news = desk.settle(&wish);
    assert_eq!(
        news.surface_near(0.2).unwrap().outcome.numbers,
        computed.numbers
    );
}

/// Runs the test below in a process without graphics drivers.
#[test]
fn a_missing_gpu_is_replaced_by_the_cpu_with_a_notice() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "without_a_gpu", "--ignored"])
        .env("VK_DRIVER_FILES", "/nonexistent.json")
        .env("VK_ICD_FILENAMES", "/nonexistent.json")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

#[test]
#[ignore = "run by the test above, in a process without graphics drivers"]
fn without_a_gpu() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.plane.setup.device = DeviceChoice::Gpu;
    let news = desk.settle(&wish);
    assert_eq!(news.failure, None);
    assert!(news.experiment.as_ref().unwrap().device.contains("flex"));
    let notice = news.log.iter().find(|e| e.kind == Kind::Warning).unwrap();
    assert!(notice.text.contains("GPU"), "{}", notice.text);
}

#[test]
fn sharpness_grows_with_the_neighbourhood_and_is_confirmed_at_rest() {
    let desk = Desk::new();
    let mut wish = small_wish();
    wish.alpha = 0.5;
    wish.epsilon = 2e-3;
    let news = desk.settle(&wish);
    let sharpness = &news.sharpness;
    for curve in [&sharpness.small, &sharpness.here, &sharpness.large] {
        let curve = curve.as_ref().unwrap();
        assert!(curve.complete);
        assert!(
            curve.phi.windows(2).all(|w| w[1] >= w[0]),
            "{:?}",
            curve.phi
        );
        // Confirmed from a start of its own, a value lies near the curve.
        let (confirmed, read) = (
            news.confirmed(curve.alpha, 2e-3).unwrap(),
            curve.at(2e-3).unwrap(),
        );
        assert!(
            (confirmed / read - 1.0).abs() < 0.15,
            "{confirmed} and {read}"
        );
    }
    assert_eq!(sharpness.here.as_ref().unwrap().alpha, 0.5);
}
