//! Surfaces of the trained networks, computed only where they aren't smooth, against all of their points.

use crate::common::{FLEX_F32, bench, model, ok};
use losscope::dataset::Samples;
use losscope::engine::job::{Job, SurfaceJob};
use losscope::engine::result::{Numbers, Outcome};
use losscope::engine::{self, Flow};
use losscope::export::{self, npz};
use losscope::landscape::adaptive::Next;
use losscope::landscape::direction::{Normalization, OneDim, normalise, random};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::landscape::surface::Surface;
use losscope::landscape::table::{Column, Table};
use losscope::model::losses::Score;
use std::sync::Arc;

const SIDE: usize = 51;

/// A 51 × 51 surface over some samples.
fn whole(name: &'static str, samples: usize) -> Surface {
    let model = model(name, &["sb"]);
    let theta = model.at("sb");
    let direction = |seed| {
        let drawn = random(theta.layout(), 0, seed);
        normalise(&drawn, theta, Normalization::Filter, OneDim::Zero)
    };
    let directions = vec![direction(0), direction(1)];
    let slice = ok(Slice::new(theta.clone(), directions, Buffers::Frozen));
    let bench = bench(&model, FLEX_F32);
    let few: Arc<Samples> = Arc::new(model.data.train.subset(samples, 0));
    let split = ok(bench.evaluator.upload(&few, 10));
    let loaded = ok(bench.evaluator.load(slice, None));
    let at = |i: usize| 2.0 * i as f64 / (SIDE - 1) as f64 - 1.0;
    let axis: Vec<f64> = (0..SIDE).map(at).collect();
    let mut surface = Surface {
        x: axis.clone(),
        y: axis,
        table: Table::new(SIDE * SIDE, true, false, Score::Accuracy),
    };
    let found = ok(bench
        .evaluator
        .evaluate(&loaded, &surface.coordinates(), &[&split]));
    for (i, metrics) in found.iter().enumerate() {
        surface.table.set(i, metrics);
    }
    surface
}

fn train(surface: &Surface) -> &Column {
    surface.table.train.as_ref().unwrap()
}

/// Within 1 % of the range in 99 % of the points wherever it is interpolated, and at least one from a tenth of them.
#[test]
fn what_is_interpolated_of_trained_networks_is_within_the_tolerance() {
    let mut smooth = 0;
    for (name, samples) in [("mlp", 300), ("lenet", 300), ("vgg", 100), ("resnet20", 24)] {
        let truth = whole(name, samples);
        let mut part = Surface {
            table: Table::new(SIDE * SIDE, true, false, Score::Accuracy),
            ..truth.clone()
        };
        let found = loop {
            match part.refined(0.01) {
                Next::Compute(order) => {
                    for i in order {
                        let own = train(&truth);
                        let metrics = losscope::landscape::evaluate::Metrics {
                            loss: own.loss[i],
                            score: own.score[i],
                        };
                        part.table.set(i, &[metrics]);
                    }
                }
                Next::Interpolate(found) => break Some(found),
                Next::TooRough(why) => {
                    println!("{name}: {why}");
                    break None;
                }
            }
        };
        let Some(found) = found else { continue };
        let computed = part.table.computed.iter().filter(|c| **c).count();
        let share = computed as f64 / (SIDE * SIDE) as f64;
        let losses = &train(&truth).loss;
        let (lo, hi) = losses.iter().fold((f64::INFINITY, 0.0_f64), |(lo, hi), v| {
            (lo.min(*v), hi.max(*v))
        });
        let off = found.numbers[0].iter().zip(losses);
        let off = off
            .filter(|(a, b)| (*a - *b).abs() > 0.01 * (hi - lo))
            .count();
        let off = off as f64 / losses.len() as f64;
        println!(
            "{name}: {:.1} % computed, {:.2} % off, {lo:.3} to {hi:.3}, {:?}",
            100.0 * share,
            100.0 * off,
            found.error
        );
        assert!(off <= 0.01, "{name}: {off} of the points are off");
        smooth += usize::from(share <= 0.1);
    }
    assert!(smooth >= 1, "none of them is smooth");
}

fn surface_of(outcome: &Outcome) -> &Surface {
    let Numbers::Surface(surface) = &outcome.numbers else {
        panic!("no surface");
    };
    surface
}

/// What was computed is exact and marked, the rest said to be interpolated, in files too.
#[test]
fn an_interpolated_surface_says_so() {
    let mut job = SurfaceJob::default();
    job.setup.device = "flex".parse().unwrap();
    job.setup.samples = Some(200);
    let run = |job: &SurfaceJob| {
        let job = Job::Surface(job.clone());
        ok(engine::run(&job, None, &mut |_, _| Flow::Continue))
    };
    let whole = run(&job);
    job.tolerance = Some("1%".parse().unwrap());
    let part = run(&job);
    let facts = part.header.interpolation.unwrap();
    assert_eq!((part.missing(), part.points()), (0, 2601));
    assert_eq!(facts.computed + facts.interpolated, part.points());
    assert!(facts.computed <= 520 && facts.checked >= 24, "{facts:?}");
    let (found, exact) = (surface_of(&part), surface_of(&whole));
    for i in 0..part.points() {
        assert_ne!(found.table.computed[i], found.table.interpolated[i]);
        let (a, b) = (train(found).loss[i], train(exact).loss[i]);
        if found.table.computed[i] {
            assert!((a - b).abs() <= 1e-5 * b.abs(), "{a} for {b}");
        }
        assert!(a.is_finite());
    }
    let folder = tempfile::tempdir().unwrap();
    for suffix in ["npz", "h5"] {
        let path = folder.path().join("s").with_extension(suffix);
        ok(export::write(
            &path,
            &part,
            &export::figure::FigureOptions::default(),
        ));
        let read = match suffix {
            "npz" => ok(npz::read(&path)),
            _ => ok(export::hdf5::read_surface(&path)),
        };
        let table = &surface_of(&read).table;
        assert_eq!(table.interpolated, found.table.interpolated, "{suffix}");
        assert_eq!(table.computed, found.table.computed, "{suffix}");
        assert_eq!(read.header.interpolation, part.header.interpolation);
    }
    let path = folder.path().join("s.svg");
    ok(export::write(
        &path,
        &part,
        &export::figure::FigureOptions::default(),
    ));
    let picture = std::fs::read_to_string(&path).unwrap();
    assert!(
        picture.contains("interpolated to 1 % of the range"),
        "the caption"
    );
    let path = folder.path().join("s.csv");
    ok(export::write(
        &path,
        &part,
        &export::figure::FigureOptions::default(),
    ));
    let table = std::fs::read_to_string(&path).unwrap();
    assert!(table.starts_with(
        "x,y,train_loss,train_accuracy,validation_loss,validation_accuracy,computed,interpolated,recipe\n"
    ));
    // Stopped in the middle, it goes on to the same points.
    let mut steps = 0;
    let whole_job = Job::Surface(job.clone());
    let stopped = ok(engine::run(&whole_job, None, &mut |_, _| {
        steps += 1;
        if steps > 3 {
            Flow::Stop
        } else {
            Flow::Continue
        }
    }));
    assert!(!stopped.header.complete && stopped.computed() > 0);
    let rest = ok(engine::run(&whole_job, Some(stopped), &mut |_, _| {
        Flow::Continue
    }));
    assert_eq!(surface_of(&rest).table.computed, found.table.computed);
}
