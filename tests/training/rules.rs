//! Ends, batches and records.

use super::{run, small};
use losscope::engine::device::DeviceChoice;
use losscope::engine::job::{Keeping, Several, TrainingJob};
use losscope::engine::training::{Training, open};
use losscope::engine::work::{Step, Work as _};
use losscope::landscape::evaluate::Precision;
use losscope::train::recipe::TrainMetrics;
use losscope::train::{Record, Stopped};

#[test]
fn a_run_ends_when_its_rule_says() {
    let mut job = small();
    job.how.stop.epochs = 200;
    job.subset = Several::one(0);
    job.how.stop.until_accuracy = Some(0.9);
    let found = run(&job, None, false);
    assert_eq!(found.stopped, Some(Stopped::Accuracy));
    assert!(found.history.last().unwrap().train_accuracy.unwrap() >= 0.9);
    job.how.stop.until_accuracy = None;
    job.how.stop.until_loss = Some(0.5);
    let found = run(&job, None, false);
    assert_eq!(found.stopped, Some(Stopped::Loss));
    let mut job = small();
    job.how.stop.epochs = 400;
    job.how.stop.patience = Some(3);
    job.learning_rate = Several::one(1.0);
    let found = run(&job, None, false);
    assert_eq!(found.stopped, Some(Stopped::Patience));
    let losses: Vec<f64> = found
        .history
        .iter()
        .map(|r| r.validation_loss.unwrap())
        .collect();
    let (before, waited) = losses.split_at(losses.len() - 3);
    let least = before[1..].iter().copied().fold(f64::INFINITY, f64::min);
    assert!(waited.iter().all(|loss| *loss >= least), "{losses:?}");
    let mut job = small();
    job.how.stop.steps = Some(10);
    let found = run(&job, None, false);
    assert_eq!((found.step, found.stopped), (10, Some(Stopped::Finished)));
    assert_eq!(found.history.last().unwrap().step, 10);
}

#[test]
fn pieces_of_a_batch_change_nothing_without_statistics() {
    let ends = [1, 4].map(|accumulate| {
        let mut job = small();
        job.how.batches.accumulate = accumulate;
        run(&job, None, false).history.last().unwrap().train_loss
    });
    assert_eq!(ends[0], ends[1]);
}

/// The weights at the end of a run with so many workers.
fn with_workers(workers: usize, model: &str, precision: Precision) -> Vec<f64> {
    let mut job = small();
    job.setup.model = model.into();
    job.setup.precision = precision;
    job.batch_size = Several::one(30);
    job.how.batches.workers = workers;
    ended(job)
}

fn ended(job: TrainingJob) -> Vec<f64> {
    let mut training = Training::start(&job, None, false).unwrap();
    while training.step().unwrap() == Step::More {}
    training.trainer().trained().to_vec()
}

/// ‖a − b‖ / ‖b‖
fn apart(a: &[f64], b: &[f64]) -> f64 {
    let square = |v: &mut dyn Iterator<Item = f64>| v.map(|x| x * x).sum::<f64>();
    let difference = square(&mut a.iter().zip(b).map(|(a, b)| a - b));
    (difference / square(&mut b.iter().copied())).sqrt()
}

#[test]
fn workers_train_to_the_weights_of_one_device() {
    // Digits of a number type that sums in another order lose, carried on by twelve steps.
    for (precision, tolerance) in [(Precision::F32, 1e-5), (Precision::F64, 1e-13)] {
        let one = with_workers(0, "mlp:hidden=8", precision);
        for workers in [1, 2, 4, 7] {
            let theirs = with_workers(workers, "mlp:hidden=8", precision);
            let apart = apart(&theirs, &one);
            assert!(apart < tolerance, "{workers} workers: {apart:e}");
        }
    }
}

#[test]
fn workers_give_the_same_bits_on_any_number_of_threads() {
    let train = || with_workers(4, "resnet8:width=2", Precision::F32);
    let on_all_cores = train();
    // On a thread that works alone the shares are taken one after the other.
    let on_one = losscope::model::run::lanes::alone(train);
    assert_eq!(on_all_cores, on_one);
}

#[test]
fn shares_of_workers_have_statistics_of_their_own_as_pieces_have() {
    let shared = with_workers(3, "resnet8:width=2", Precision::F32);
    let mut job = small();
    job.setup.model = "resnet8:width=2".into();
    job.batch_size = Several::one(30);
    job.how.batches.accumulate = 3;
    let pieces = ended(job);
    assert_eq!(shared, pieces);
    let whole = with_workers(0, "resnet8:width=2", Precision::F32);
    assert!(
        apart(&shared, &whole) > 1e-4,
        "or statistics were the batch's"
    );
}

#[test]
fn a_batch_is_taken_in_pieces_of_one_kind() {
    let mut job = small();
    job.how.batches.workers = 2;
    job.how.batches.ghost_batch = 8;
    let message = job.recipe().unwrap_err().to_string();
    assert!(message.contains("ghost_batch and workers"), "{message}");
}

#[test]
fn scaled_rates_and_growing_batches_are_in_the_records() {
    let mut job = small();
    job.batch_size = Several::one(8);
    job.how.batches.scaling = losscope::train::batch::Scaling::Linear;
    job.how.batches.base_batch = 16;
    job.how.batches.batch_schedule = losscope::train::batch::Growth::Steps;
    job.how.batches.batch_every = 1;
    let found = run(&job, None, false);
    let of = |get: fn(&Record) -> Option<f64>| -> Vec<f64> {
        found.history.iter().filter_map(get).collect()
    };
    assert_eq!(of(|r| r.batch_size.map(|b| b as f64)), [8.0, 16.0, 32.0]);
    assert_eq!(of(|r| r.learning_rate), [0.05; 3]);
    assert_eq!(found.history[3].step, 13 + 7 + 4);
    assert_eq!(found.history[3].samples, 300);
}

#[test]
fn a_batch_size_follows_the_noise_scale() {
    let mut job = small();
    job.subset = Several::one(0);
    job.batch_size = Several::one(8);
    job.how.stop.epochs = 4;
    job.how.batches.batch_schedule = losscope::train::batch::Growth::NoiseScale;
    job.how.batches.batch_most = 512;
    let found = run(&job, None, false);
    let sizes: Vec<usize> = found.history.iter().filter_map(|r| r.batch_size).collect();
    let scales: Vec<f64> = found.history.iter().filter_map(|r| r.noise_scale).collect();
    assert_eq!(scales.len(), 4);
    // The batch of an epoch is the scale that the one before ended with.
    for (size, scale) in sizes[1..].iter().zip(&scales) {
        assert_eq!(*size as f64, scale.round().clamp(2.0, 512.0));
    }
    assert!(sizes[3] > 8, "{sizes:?}");
}

#[test]
fn whole_metrics_are_those_of_the_split_at_the_end() {
    let mut job = small();
    job.how.draws.train_metrics = TrainMetrics::Whole;
    let mut trainer = open(&job).unwrap().trainer;
    let record = loop {
        if let Some(record) = trainer.step().unwrap().record {
            break record;
        }
    };
    let own = trainer.metrics(trainer.train()).unwrap();
    assert_eq!(record.train_loss, Some(own.loss));
    assert_eq!(record.train_accuracy, Some(own.score));
}

#[test]
fn the_sum_of_gradients_is_no_longer_than_their_lengths() {
    let found = run(&small(), None, false);
    for record in &found.history[1..] {
        let (sum, mean) = (
            record.gradient_sum_norm.unwrap(),
            record.gradient_norm.unwrap(),
        );
        assert!(sum <= 7.0 * mean * (1.0 + 1e-12));
        let norms = record.update_norms.unwrap();
        assert!(norms.is_sorted() && record.update_norm == Some(norms[2]));
        // Plain descent at rate 0.1 goes a tenth of the sum within an epoch.
        let far = record.epoch_distance.unwrap();
        assert!((far - 0.1 * sum).abs() < 1e-9 * far, "{far} and {sum}");
        assert!(record.alignment.unwrap().abs() <= 1.0);
    }
}

#[test]
fn checkpoints_are_kept_as_the_recipe_says() {
    for (keeping, names) in [
        (
            Keeping::Log,
            "epoch_0000 epoch_0001 epoch_0002 epoch_0004 epoch_0005",
        ),
        (Keeping::Last, "epoch_0000 epoch_0005"),
        (
            Keeping::Epochs(2),
            "epoch_0000 epoch_0002 epoch_0004 epoch_0005",
        ),
        (
            Keeping::Steps(20),
            "step_00000000 step_00000020 step_00000035",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("run");
        let mut job = small();
        job.how.stop.epochs = 5;
        job.keep.checkpoints = keeping;
        run(&job, Some(&folder), false);
        let files = losscope::checkpoint::series(&folder).unwrap();
        let stems: Vec<_> = files
            .iter()
            .map(|f| f.file_stem().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(stems.join(" "), names, "{keeping}");
    }
}

#[test]
fn what_cannot_be_trained_is_refused_in_words() {
    let refused = |change: fn(&mut TrainingJob), word: &str| {
        let mut job = small();
        change(&mut job);
        match Training::start(&job, None, false) {
            Ok(_) => panic!("{word} was taken"),
            Err(error) => assert!(error.to_string().contains(word), "{error}"),
        }
    };
    refused(|job| job.setup.model = "mpl".into(), "mpl");
    refused(|job| job.setup.model = "net.toml".into(), "--start");
    refused(|job| job.subset = Several::one(1_000_000), "subset");
    refused(|job| job.how.stop.patience = Some(0), "patience");
    refused(|job| job.batch_size = Several(vec![1, 2]), "sweep");
    refused(
        |job| job.setup.split = losscope::engine::job::SplitChoice::Validation,
        "training samples",
    );
    refused(
        |job| {
            job.setup.data = "moons".into();
            job.how.augment.flip = true;
        },
        "pictures",
    );
    refused(
        |job| {
            job.how.batches.ghost_batch = 4;
            job.how.batches.accumulate = 2;
        },
        "ghost",
    );
}

#[test]
fn a_graphics_device_trains_as_the_processor_does() {
    let mut job = small();
    let processor = run(&job, None, false);
    job.setup.device = DeviceChoice::Gpu;
    let gpu = run(&job, None, false);
    assert!(
        gpu.header.device.starts_with("gpu"),
        "{}",
        gpu.header.device
    );
    assert_eq!(gpu.history.len(), processor.history.len());
    for (a, b) in gpu.history.iter().zip(&processor.history) {
        for (name, value) in a.numbers() {
            let other = b.get(name).unwrap();
            let timed = ["seconds", "samples_per_second"].contains(&name);
            // Single precision, added in another order.
            let near = (value - other).abs() <= 1e-4 * other.abs().max(1e-3);
            assert!(timed || near, "{name} at step {}: {value}, {other}", a.step);
        }
    }
}
