//! The folder of a run: what stands in it, that others read it, and what is refused.

use super::{run, small};
use losscope::checkpoint;
use losscope::engine::inputs::{list_checkpoint, open_network};
use losscope::engine::recognise::{self, Kind};
use losscope::engine::training::{Run, Stage, Training};
use losscope::engine::work::{Flow, Work as _, drive};
use losscope::train::Stopped;
use std::fs;

#[test]
fn a_run_is_read_back_as_it_was_trained() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let mut job = small();
    job.keep.keep_best = true;
    job.keep.measure = vec![
        losscope::engine::job::Measured::NoiseScale,
        losscope::engine::job::Measured::Sharpness,
        losscope::engine::job::Measured::LambdaMax,
        losscope::engine::job::Measured::Trace,
    ];
    let trained = run(&job, Some(&folder), false);
    assert_eq!(trained.stopped, Some(Stopped::Finished));
    let read = Run::open(&folder).unwrap();
    assert_eq!(read.job.as_ref(), Some(&job));
    assert_eq!(read.history.len(), 4, "the start and three epochs");
    // Texts of numbers may be off in the last bit.
    for (read, own) in read.history.iter().zip(&trained.history) {
        assert_eq!(read.step, own.step);
        for ((name, a), (_, b)) in read.numbers().iter().zip(own.numbers()) {
            assert!((a - b).abs() <= 1e-14 * b.abs(), "{name}: {a} and {b}");
        }
    }
    let epochs: Vec<_> = read
        .checkpoints
        .iter()
        .map(|kept| (kept.epoch, kept.step))
        .collect();
    let expected = [(0.0, 0), (1.0, 7), (2.0, 14), (3.0, 21)];
    assert_eq!(
        epochs,
        expected.map(|(epoch, step)| (Some(epoch), Some(step)))
    );
    assert!(read.initial.is_some() && read.best.is_some());
    let status = read.status.as_ref().unwrap();
    assert_eq!(
        (status.stage, status.stopped),
        (Stage::Ended, Some(Stopped::Finished))
    );
    let last = read.history.last().unwrap();
    assert!(last.train_loss < read.history[0].train_loss);
    for name in [
        "noise_scale",
        "sharpness",
        "lambda_max",
        "trace",
        "distance",
        "update_norm",
    ] {
        assert!(
            last.get(name).is_some_and(|value| value > 0.0),
            "{name}: {last:?}"
        );
    }
    assert_eq!(last.stability_edge, Some(20.0));
    // The first and the last of the distances are those of the checkpoints.
    let state = |path| checkpoint::open(path).unwrap();
    let (start, end) = (
        state(read.start().unwrap()),
        state(&read.checkpoints[3].path),
    );
    let square: f64 = start
        .tensors
        .iter()
        .map(|(name, array)| {
            let other = end.get(name).unwrap().to_f64();
            array
                .to_f64()
                .iter()
                .zip(other)
                .map(|(a, b)| (a - b).powi(2))
                .sum::<f64>()
        })
        .sum();
    assert!((square.sqrt() / last.distance.unwrap() - 1.0).abs() < 1e-6);
}

#[test]
fn its_checkpoints_say_which_network_they_are_of() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let mut job = small();
    job.setup.model = "mlp:hidden=8,activation=tanh".into();
    job.setup.loss = Some("binary-cross-entropy:positive-from=5".parse().unwrap());
    run(&job, Some(&folder), false);
    assert_eq!(recognise::kind(&folder).unwrap(), Kind::Run);
    let files = checkpoint::series(&folder).unwrap();
    assert_eq!(files.len(), 4);
    let state = list_checkpoint(&files[3], None).unwrap();
    let (network, facts) = open_network("auto", &state, None).unwrap();
    assert_eq!(network.output(), [1]);
    assert!(facts.name.contains("tanh"), "{}", facts.name);
    assert!(facts.loss.contains("from 5 up"), "{}", facts.loss);
}

#[test]
fn a_folder_that_is_taken_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let job = small();
    let refused = |job, resume| match Training::start(job, Some(&folder), resume) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    };
    let training = Training::start(&job, Some(&folder), false).unwrap();
    let message = refused(&job, true);
    assert!(message.contains("another Losscope"), "{message}");
    drop(training);
    let message = refused(&job, false);
    assert!(message.contains("--resume"), "{message}");
    let mut other = job.clone();
    other.learning_rate.0[0] = 0.2;
    let message = refused(&other, true);
    assert!(message.contains("learning_rate"), "{message}");
    run(&job, Some(&folder), true);
    // A run may be made longer, and then goes on.
    let mut longer = job.clone();
    longer.how.stop.epochs = 4;
    assert_eq!(run(&longer, Some(&folder), true).epoch, 4.0);
}

#[cfg(unix)]
#[test]
fn a_folder_without_leave_to_write_is_refused_by_name() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may write everywhere.
    if fs::write(folder.join("x"), "").is_ok() {
        return;
    }
    let error = Training::start(&small(), Some(&folder), false)
        .err()
        .unwrap();
    assert!(error.to_string().contains("run"), "{error}");
}

#[test]
fn a_run_that_diverges_keeps_its_history_and_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let mut job = small();
    job.learning_rate.0[0] = 1e30;
    let trained = run(&job, Some(&folder), false);
    assert_eq!(trained.stopped, Some(Stopped::Diverged));
    let read = Run::open(&folder).unwrap();
    assert_eq!(read.status.unwrap().stopped, Some(Stopped::Diverged));
    assert!(read.history.len() >= 2 && read.history[0].train_loss.is_some());
}

#[test]
fn half_a_record_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let job = small();
    let mut steps = 0;
    let training = Training::start(&job, Some(&folder), false).unwrap();
    drive(training, &mut |_, _| {
        steps += 1;
        if steps > 2 {
            Flow::Stop
        } else {
            Flow::Continue
        }
    })
    .unwrap();
    let path = folder.join("history.jsonl");
    let mut text = fs::read_to_string(&path).unwrap();
    text.push_str("{\"step\":9,\"epo");
    fs::write(&path, text).unwrap();
    let before = Run::open(&folder).unwrap().history;
    let trained = run(&job, Some(&folder), true);
    assert!(trained.history.starts_with(&before));
    assert_eq!(Run::open(&folder).unwrap().history.len(), 4);
}

#[test]
fn checkpoints_of_other_trainers_open_as_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("own");
    run(&small(), Some(&own), false);
    let theirs = dir.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    for (number, kept) in Run::open(&own).unwrap().checkpoints.iter().enumerate() {
        fs::copy(
            &kept.path,
            theirs.join(format!("model_epoch{number}.safetensors")),
        )
        .unwrap();
    }
    fs::write(
        theirs.join("log.csv"),
        "epoch,loss,val_loss\n1,2.0,2.1\n2,1.5,1.7\n",
    )
    .unwrap();
    let run = Run::open(&theirs).unwrap();
    assert!(run.job.is_none());
    let epochs: Vec<_> = run.checkpoints.iter().map(|kept| kept.epoch).collect();
    assert_eq!(epochs, [0.0, 1.0, 2.0, 3.0].map(Some));
    assert_eq!(
        run.curve("epoch", "validation_loss"),
        [[1.0, 2.1], [2.0, 1.7]]
    );
    assert_eq!(run.at_epoch(1.9).unwrap().epoch, Some(2.0));
    assert!(run.notes[0].contains("log.csv"));
}

#[test]
fn a_run_starts_from_the_weights_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    run(&small(), Some(&folder), false);
    let last = Run::open(&folder).unwrap().last().unwrap().path.clone();
    let mut job = small();
    job.setup.model = "auto".into();
    job.start = Some(last.clone());
    let mut training = Training::start(&job, None, false).unwrap();
    training.step().unwrap();
    let own = checkpoint::open(&last).unwrap();
    let point = training.point();
    for (spec, values) in point.tensors() {
        assert_eq!(
            own.get(&spec.name).unwrap().to_f64(),
            values,
            "{}",
            spec.name
        );
    }
    job.draw = true;
    let drawn = Training::start(&job, None, false).unwrap().point();
    assert_ne!(drawn.flatten(), point.flatten());
}
