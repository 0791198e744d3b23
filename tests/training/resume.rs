//! A run that was stopped goes on as if it hadn't been: the same weights bit for bit.

use super::{run, small};
use losscope::engine::job::TrainingJob;
use losscope::engine::training::{Run, Training};
use losscope::engine::work::Work as _;
use losscope::train::batch::Growth;
use losscope::train::optimizer::Kind;
use losscope::train::{Record, State, Trainer};
use rand::{RngExt as _, SeedableRng as _};

/// Every part of the state at once: statistics, moments, ghosts, noise, augmentation, growing batches.
fn everything() -> TrainingJob {
    let mut job = small();
    job.setup.model = "vgg:channels=2-2,convs=1,hidden=none,norm=batch".into();
    job.how.optimizer.optimizer = Kind::Adamw;
    job.how.batches.ghost_batch = 8;
    job.how.batches.gradient_noise = 0.1;
    job.how.augment.flip = true;
    job.how.augment.crop = 1;
    job.how.augment.input_noise = 0.05;
    job.how.draws.log_every = 4;
    job
}

fn trainer(job: &TrainingJob) -> Trainer {
    losscope::engine::training::open(job).unwrap().trainer
}

/// All steps to the end; the records on the way, without what a clock tells.
fn to_the_end(trainer: &mut Trainer) -> Vec<Record> {
    let mut records = Vec::new();
    loop {
        let step = trainer.step().unwrap();
        records.extend(step.record);
        if step.stopped.is_some() {
            return records;
        }
    }
}

fn bits(trainer: &Trainer) -> Vec<u64> {
    let point = trainer.point();
    let values = point.tensors().flat_map(|(_, values)| values.iter());
    values.map(|v| v.to_bits()).collect()
}

#[test]
fn a_state_goes_on_bit_for_bit_from_any_step() {
    let mut growing = small();
    growing.how.batches.batch_schedule = Growth::NoiseScale;
    growing.how.optimizer.optimizer = Kind::Lars;
    growing.how.stop.epochs = 4;
    for job in [everything(), growing] {
        let mut whole = trainer(&job);
        let mut states: Vec<State> = vec![whole.state()];
        let mut records = Vec::new();
        loop {
            let step = whole.step().unwrap();
            records.extend(step.record);
            states.push(whole.state());
            if step.stopped.is_some() {
                break;
            }
        }
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for _ in 0..10 {
            let at = rng.random_range(0..states.len() - 1);
            let mut again = trainer(&job);
            again.restore(&states[at]).unwrap();
            let later = to_the_end(&mut again);
            assert_eq!(bits(&again), bits(&whole), "gone on after {at} steps");
            assert!(records.ends_with(&later), "records after {at} steps");
        }
    }
}

#[test]
fn a_run_that_was_stopped_at_random_moments_ends_with_the_same_files() {
    let job = everything();
    let dir = tempfile::tempdir().unwrap();
    let (whole, parts) = (dir.path().join("whole"), dir.path().join("parts"));
    run(&job, Some(&whole), false);
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
    let mut sittings = 0;
    loop {
        let mut training = Training::start(&job, Some(&parts), sittings > 0).unwrap();
        sittings += 1;
        let pieces = rng.random_range(1..4);
        for _ in 0..pieces {
            training.step().unwrap();
        }
        // Half of them are killed: nothing is saved then.
        if sittings % 2 == 0 {
            drop(training);
            continue;
        }
        if training.finish().stopped.is_some() {
            break;
        }
        assert!(sittings < 200, "it never ends");
    }
    let of = |folder| Run::open(folder).unwrap();
    let (one, other) = (of(&whole), of(&parts));
    assert_eq!(one.checkpoints.len(), 4);
    for (a, b) in one.checkpoints.iter().zip(&other.checkpoints) {
        let [a, b] = [&a.path, &b.path].map(|path| std::fs::read(path).unwrap());
        assert_eq!(a, b);
    }
    let plain = |run: &Run| -> Vec<Record> {
        let without = |record: &Record| Record {
            seconds: None,
            samples_per_second: None,
            ..record.clone()
        };
        run.history.iter().map(without).collect()
    };
    assert_eq!(plain(&one), plain(&other));
}
