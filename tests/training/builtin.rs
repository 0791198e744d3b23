//! The experiment that ships with the program comes from its recipes.

use losscope::checkpoint::StateDict;
use losscope::engine::builtin;
use losscope::engine::device::DeviceChoice;
use losscope::engine::inputs::open_checkpoint;
use losscope::engine::job::{
    BUILTIN_INIT, BUILTIN_LARGE, BUILTIN_RUN, BUILTIN_SMALL, Measures, Several, SharpnessJob,
    TrainingJob, recipe,
};
use losscope::engine::sharpness;
use losscope::engine::training::{Run, Training};
use losscope::engine::work::{Flow, drive};
use losscope::train::{Record, Stopped};
use std::fs;
use std::path::{Path, PathBuf};

/// The recipe of one of the minimizers.
fn recipe_of(name: &str) -> TrainingJob {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/digits-mlp"));
    let path = folder.join(name).with_extension("toml");
    let mut job = recipe::parse(&fs::read_to_string(&path).unwrap(), &path).unwrap();
    job.setup.device = DeviceChoice::Flex;
    job
}

/// Trains by a recipe with one seed: the last record and the last checkpoint.
fn train(name: &str, seed: u64, folder: &Path) -> (Record, PathBuf) {
    let mut job = recipe_of(name);
    job.run_seed = Several::one(seed);
    let folder = folder.join(format!("{name}-{seed}"));
    let training = Training::start(&job, Some(&folder), false).unwrap();
    let found = drive(training, &mut |_, _| Flow::Continue).unwrap();
    assert_eq!(found.stopped, Some(Stopped::Loss), "{name}, seed {seed}");
    let last = Run::open(&folder).unwrap().last().unwrap().path.clone();
    (found.history.last().unwrap().clone(), last)
}

fn weights(path: &Path) -> StateDict {
    open_checkpoint(path, None).unwrap()
}

/// ‖a − b‖/‖a‖ over all tensors.
fn apart(a: &StateDict, b: &StateDict) -> f64 {
    let values = |state: &StateDict| -> Vec<f64> {
        let each = state.tensors.iter().map(|(_, array)| array.to_f64());
        each.flatten().collect()
    };
    let (a, b) = (values(a), values(b));
    assert_eq!(a.len(), b.len());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(&b).map(|(a, b)| a - b)) / norm(&mut a.iter().copied())
}

#[test]
fn the_built_in_minimizers_come_from_their_recipes() {
    let dir = tempfile::tempdir().unwrap();
    for (name, built_in) in [
        ("small-batch", BUILTIN_SMALL),
        ("large-batch", BUILTIN_LARGE),
    ] {
        let (_, last) = train(name, 0, dir.path());
        let start = dir.path().join(format!("{name}-0/initial.safetensors"));
        let difference = apart(&weights(BUILTIN_INIT.as_ref()), &weights(&start));
        assert_eq!(difference, 0.0, "{name}: the start");
        // Other processors add in another order, and SGD carries that on.
        let difference = apart(&weights(built_in.as_ref()), &weights(&last));
        assert!(difference < 0.02, "{name}: {difference}");
    }
}

#[test]
fn the_built_in_run_leads_from_the_start_to_the_small_batch_minimizer() {
    let run = builtin::series(BUILTIN_RUN.as_ref()).unwrap();
    let ends = [&run[0], &run[run.len() - 1]].map(|path| weights(path));
    assert_eq!(apart(&ends[0], &weights(BUILTIN_INIT.as_ref())), 0.0);
    assert_eq!(apart(&ends[1], &weights(BUILTIN_SMALL.as_ref())), 0.0);
    let from_end = run.iter().map(|path| apart(&ends[1], &weights(path)));
    let from_end: Vec<f64> = from_end.collect();
    assert!(from_end.is_sorted_by(|a, b| a > b), "{from_end:?}");
}

#[test]
fn the_small_batch_generalises_better_and_is_flatter_with_every_seed() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..5 {
        let (small, small_last) = train("small-batch", seed, dir.path());
        let (large, large_last) = train("large-batch", seed, dir.path());
        assert!(small.validation_loss < large.validation_loss, "seed {seed}");
        assert!(
            small.validation_accuracy > large.validation_accuracy,
            "seed {seed}"
        );
        let mut job = SharpnessJob {
            files: vec![small_last, large_last],
            epsilon: vec![1e-4, 1e-3, 1e-2, 1e-1],
            measures: Measures(Vec::new()),
            restarts: 1,
            ..SharpnessJob::default()
        };
        job.setup.device = DeviceChoice::Flex;
        let report = sharpness::run(&job, false, &mut |_, _| Flow::Continue).unwrap();
        let [small, large] = [0, 1].map(|i| &report.results[i].boxes);
        for (small, large) in small.iter().zip(large) {
            let epsilon = small.epsilon;
            assert!(small.phi < large.phi, "seed {seed}, ε = {epsilon}");
        }
    }
}
