//! Measures on the computing thread: they say what the command line says, with an error that shrinks,
//! and stop when they aren't wanted.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use losscope::engine::Flow;
use losscope::engine::device::DeviceChoice;
use losscope::engine::job::{
    BUILTIN_LARGE, CurvatureJob, Directions, MemorySize, NoiseJob, SharpnessJob,
};
use losscope::engine::live::{Found, Live, Quantity, Snapshot, Wish};
use losscope::engine::local::{curvature, noise};
use losscope::engine::sharpness;
use losscope::landscape::measures::find;
use losscope::landscape::sharpness::other::Measure;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// A computing thread that keeps every snapshot it published.
struct Desk {
    live: Live,
    bell: mpsc::Receiver<()>,
}

impl Desk {
    fn new() -> Self {
        let (ring, bell) = mpsc::channel();
        let ring = Mutex::new(ring);
        let live = Live::start(move || {
            ring.lock().unwrap().send(()).ok();
        })
        .unwrap();
        Self { live, bell }
    }

    /// States a wish, looks at every snapshot until it is fulfilled, and returns the last.
    #[track_caller]
    fn settle(&self, wish: &Wish, mut look: impl FnMut(&Snapshot)) -> Arc<Snapshot> {
        let number = self.live.wish(wish.clone());
        loop {
            let news = self.live.snapshot();
            look(&news);
            if news.wish == number && news.activity.is_idle() {
                return news;
            }
            let rang = self.bell.recv_timeout(Duration::from_mins(3));
            assert!(rang.is_ok(), "still waiting: {:?}", news.activity);
        }
    }
}

/// A measure of the catalogue.
#[track_caller]
fn of(key: &str) -> Quantity {
    Quantity::Of(find(key).unwrap())
}

/// What is measured at a point unless it is declined.
fn usual() -> Vec<Quantity> {
    let all = Quantity::all().iter().copied();
    all.filter(|q| q.is_usual() && *q != Quantity::Convexity)
        .collect()
}

/// The built-in experiment on few samples, with these measures.
fn wish(measures: &[Quantity]) -> Wish {
    let mut wish = Wish::default();
    wish.plane.setup.device = DeviceChoice::Flex;
    wish.plane.setup.samples = Some(200);
    wish.plane.x = Some("-1:1:5".parse().unwrap());
    wish.line = "-1:2:4".parse().unwrap();
    wish.sharpness = false;
    wish.measuring = Quantity::all().to_vec();
    wish.measures = measures.to_vec();
    wish
}

#[test]
fn measures_are_those_of_the_command_line() {
    let wish = wish(&usual());
    let news = Desk::new().settle(&wish, |_| {});
    assert_eq!(news.failure, None);
    let file = || Some(PathBuf::from(BUILTIN_LARGE));
    let found = |quantity| news.measure(1.0, quantity).unwrap().found.clone().unwrap();

    let setup = || wish.plane.setup.clone();
    let job = CurvatureJob {
        setup: setup(),
        file: file(),
        trace: true,
        density: true,
        ..CurvatureJob::default()
    };
    let curved = curvature::run(&job, &mut |_, _| Flow::Continue).unwrap();
    let Found::Eigenvalues(values) = found(Quantity::EIGENVALUES) else {
        panic!("no eigenvalues")
    };
    assert_eq!(Some(values), curved.eigenvalues);
    assert_eq!(
        found(Quantity::TRACE),
        Found::Trace(curved.trace.unwrap()),
        "the same signs of the same seed"
    );
    assert_eq!(
        found(Quantity::DENSITY),
        Found::Density(curved.density.unwrap())
    );

    let job = NoiseJob {
        setup: setup(),
        file: file(),
        ..NoiseJob::default()
    };
    let noise = noise::run(&job, &mut |_, _| Flow::Continue).unwrap();
    let Found::Noise(now) = found(Quantity::NOISE) else {
        panic!("no noise")
    };
    assert_eq!(now.noise.total, noise.exact.unwrap().total);
    assert_eq!(now.layers, noise.layers);
    let aligned: Vec<_> = noise.batches.iter().filter_map(|b| b.alignment).collect();
    assert_eq!(now.aligned, aligned);
    assert_eq!(
        found(of("curved-noise")),
        Found::Bend(noise.curved.unwrap())
    );
    assert_eq!(now.standard_error, 0.0, "all samples are in");

    let job = SharpnessJob {
        setup: setup(),
        files: vec![BUILTIN_LARGE.into()],
        epsilon: vec![1e-3],
        ..SharpnessJob::default()
    };
    let report = sharpness::run(&job, false, &mut |_, _| Flow::Continue).unwrap();
    for measured in &report.results[0].measures {
        let key = serde_json::to_value(measured.measure).unwrap();
        let live = found(of(key.as_str().unwrap()));
        assert_eq!(live, Found::Rise(*measured));
    }
    assert_eq!(report.results[0].measures.len(), Measure::ALL.len());
}

#[test]
fn errors_shrink_while_a_measure_runs() {
    let mut errors: Vec<(usize, f64)> = Vec::new();
    let news = Desk::new().settle(&wish(&[Quantity::TRACE]), |news| {
        let Some(now) = news.measure(0.0, Quantity::TRACE) else {
            return;
        };
        if let Some(Found::Trace(trace)) = &now.found {
            let step = (trace.products, trace.trace.standard_error);
            if errors.last() != Some(&step) {
                errors.push(step);
            }
        }
    });
    assert!(errors.len() > 10, "{} steps were shown", errors.len());
    let at = |products: usize| errors.iter().find(|e| e.0 >= products).unwrap().1;
    assert!(at(90) < 0.6 * at(10), "{} then {}", at(10), at(90));
    let last = news.measure(0.0, Quantity::TRACE).unwrap();
    assert!(last.complete && last.steps == (100, 100));
}

#[test]
fn a_measure_that_is_not_wanted_stops_and_goes_on_later() {
    let desk = Desk::new();
    let mut none = wish(&[]);
    let news = desk.settle(&none, |_| {});
    assert_eq!(news.measures, []);
    // Not wanted while its view is closed.
    let mut closed = wish(Quantity::all());
    closed.measuring = Vec::new();
    assert_eq!(desk.settle(&closed, |_| {}).measures, []);
    // Stopped by hand at some step, it keeps what it has.
    let all = wish(&[Quantity::DENSITY]);
    desk.live.wish(all.clone());
    let partial = loop {
        let news = desk.live.snapshot();
        if let Some(now) = news.measure(0.0, Quantity::DENSITY) {
            break now.clone();
        }
        desk.bell.recv_timeout(Duration::from_mins(3)).unwrap();
    };
    none.alpha = 0.0;
    let stopped = desk.settle(&none, |_| {});
    let kept = stopped.measure(0.0, Quantity::DENSITY).unwrap();
    assert!(!kept.complete && kept.steps.0 >= partial.steps.0);
    let mut least = usize::MAX;
    let done = desk.settle(&all, |news| {
        let now = news.measure(0.0, Quantity::DENSITY).unwrap();
        least = least.min(now.steps.0);
    });
    assert!(least >= kept.steps.0, "it went on from where it was");
    assert!(done.measure(0.0, Quantity::DENSITY).unwrap().complete);
}

#[test]
fn measures_between_the_minimizers_follow_alpha_and_those_of_the_minimizers_stay() {
    let desk = Desk::new();
    let mut wish = wish(&[of("sam")]);
    wish.alpha = 0.5;
    let first = desk.settle(&wish, |_| {});
    let at = |news: &Snapshot, alpha| {
        let found = news.measure(alpha, of("sam")).cloned();
        found.map(|m| m.found.clone().unwrap())
    };
    assert!(at(&first, 0.5).is_some() && at(&first, 0.7).is_none());
    wish.alpha = 0.7;
    wish.dragging = true;
    assert!(
        at(&desk.settle(&wish, |_| {}), 0.7).is_none(),
        "waits for rest"
    );
    wish.dragging = false;
    let then = desk.settle(&wish, |_| {});
    assert_eq!(at(&first, 1.0), at(&then, 1.0));
    assert_ne!(at(&first, 0.5), at(&then, 0.7));
}

#[test]
fn too_little_memory_for_eigenvalues_says_so() {
    let mut wish = wish(&[Quantity::EIGENVALUES]);
    wish.plane.setup.memory = MemorySize(2 << 20);
    let news = Desk::new().settle(&wish, |_| {});
    let known = news.measure(0.0, Quantity::EIGENVALUES).unwrap();
    assert!(known.found.is_none());
    assert!(known.problem.as_ref().unwrap().contains("memory"));
}

#[test]
fn a_plane_towards_the_worst_point_has_it_at_one() {
    let desk = Desk::new();
    let mut wish = wish(&[]);
    (wish.sharpness, wish.alpha, wish.epsilon) = (true, 0.5, 1e-2);
    wish.plane.directions = Directions::Worst(1e-2);
    let news = desk.settle(&wish, |_| {});
    assert_eq!(news.failure, None);
    let worst = news.worst.unwrap();
    assert_eq!((worst.alpha, worst.epsilon), (0.5, 1e-2));
    assert!((worst.coordinate[0] - 1.0).abs() < 1e-6, "{worst:?}");
    assert!(worst.coordinate[1].abs() < 1e-6 && worst.outside < 1e-6);
    assert_eq!(news.confirmed(0.5, 1e-2), Some(worst.phi));
    // Its loss is what φ says: φ = 100 (f(y*) − f)/(1 + f).
    let surface = news.surface_near(0.5).unwrap().surface().unwrap().clone();
    let loss = &surface.table.train.as_ref().unwrap().loss;
    let centre = loss[2 * 5 + 2];
    let there = loss[2 * 5 + 4];
    let phi = 100.0 * (there - centre) / (1.0 + centre);
    assert!((phi / worst.phi - 1.0).abs() < 1e-3, "{phi} {}", worst.phi);
    // A random corner of the same box is far less steep.
    let corner = loss[4 * 5 + 2];
    assert!(corner - centre < 0.3 * (there - centre));
    // In a random plane the point is seen from far outside.
    wish.plane.directions = Directions::Random;
    let news = desk.settle(&wish, |_| {});
    let seen = news.worst.unwrap();
    assert!(seen.outside > 0.9, "{seen:?}");
    assert!((seen.distance / worst.distance - 1.0).abs() < 1e-6);
}

#[test]
fn eigenvector_planes_are_found_step_by_step_and_are_those_of_the_command_line() {
    let mut wish = wish(&[]);
    wish.plane.directions = Directions::Hessian;
    let mut steps = 0;
    let news = Desk::new().settle(&wish, |news| {
        if news.activity.what.starts_with("Eigenvectors") && news.activity.points.is_some() {
            steps += 1;
        }
    });
    assert!(steps > 5, "{steps} steps were announced");
    let shown = news.surface_near(0.0).unwrap();
    let job = losscope::engine::job::Job::Surface(wish.surface_job(0.0));
    let computed = losscope::engine::run(&job, None, &mut |_, _| Flow::Continue).unwrap();
    assert_eq!(shown.outcome.numbers, computed.numbers);
}

/// The window's usual way: what a view shows first, all else when nothing else is left to do.
#[test]
fn what_no_view_shows_is_measured_after_what_one_does() {
    let desk = Desk::new();
    let (shown, hidden) = (of("sam"), Quantity::TRACE);
    let mut wish = wish(&[hidden, shown]);
    (wish.measuring, wish.aside) = (vec![shown], true);
    desk.live.wish(wish);
    loop {
        let news = desk.live.snapshot();
        let complete = |quantity, alpha| news.measure(alpha, quantity).is_some_and(|m| m.complete);
        if news.measure(0.0, hidden).is_some() {
            assert!(
                complete(shown, 0.0) && complete(shown, 1.0),
                "what is hidden came first"
            );
        }
        if complete(hidden, 0.0) {
            break;
        }
        desk.bell.recv_timeout(Duration::from_mins(3)).unwrap();
    }
}
