//! Logs that other trainers wrote beside their checkpoints: event files of TensorBoard (`tests/fixtures/logs`).

use super::{run, small};
use losscope::engine::training::Run;
use std::fs;
use std::path::{Path, PathBuf};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/logs")
}

/// A folder with checkpoints of epochs 0 to 3, named as `name` says, and an event file beside them.
fn theirs(logs: &[&str], name: fn(usize) -> String) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let own = tempfile::tempdir().unwrap();
    let folder = own.path().join("run");
    run(&small(), Some(&folder), false);
    for (number, kept) in Run::open(&folder).unwrap().checkpoints.iter().enumerate() {
        fs::copy(&kept.path, dir.path().join(name(number))).unwrap();
    }
    for log in logs {
        let below = log.split_once('/').unwrap().1;
        let to = dir.path().join(below);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(fixtures().join(log), to).unwrap();
    }
    dir
}

fn by_epoch(number: usize) -> String {
    format!("model_epoch{number}.safetensors")
}

#[test]
fn an_event_file_beside_checkpoints_is_their_history() {
    let dir = theirs(&["pytorch/events.out.tfevents.1.pytorch"], by_epoch);
    let run = Run::open(dir.path()).unwrap();
    assert_eq!(run.checkpoints.len(), 4, "the log is no checkpoint");
    assert_eq!(
        run.curve("epoch", "train_loss"),
        [[1.0, 2.5], [2.0, 1.5], [3.0, 0.5]]
    );
    assert_eq!(
        run.curve("epoch", "validation_loss"),
        [[1.0, 2.75], [2.0, 1.75], [3.0, 1.25]]
    );
    let accuracies = run.curve("epoch", "validation_accuracy");
    assert_eq!(accuracies, [[1.0, 0.25], [2.0, 0.5], [3.0, 0.625]]);
    let notes = run.notes.join("; ");
    for words in ["tfevents", "taken for epochs", "percent"] {
        assert!(notes.contains(words), "{notes}");
    }
}

#[test]
fn steps_stay_steps_and_epochs_are_as_they_are_told() {
    let by_step = |number: usize| format!("step_{:04}.safetensors", 5 * number);
    let dir = theirs(&["lightning/events.out.tfevents.1.lightning"], by_step);
    let run = Run::open(dir.path()).unwrap();
    assert_eq!(run.curve("step", "train_loss"), [[9.0, 2.0], [19.0, 1.0]]);
    assert_eq!(
        run.curve("epoch", "validation_loss"),
        [[0.0, 2.25], [1.0, 1.25]]
    );
    assert_eq!(run.curve("step", "learning_rate").len(), 4);
    assert!(run.notes[0].contains("as it tells them"), "{:?}", run.notes);
    // Without a word of epochs there are none.
    let dir = theirs(&["pytorch/events.out.tfevents.1.pytorch"], by_step);
    let run = Run::open(dir.path()).unwrap();
    assert!(run.curve("epoch", "train_loss").is_empty());
    assert_eq!(run.curve("step", "train_loss").len(), 3);
    assert!(run.checkpoints.iter().all(|kept| kept.epoch.is_none()));
    assert!(
        run.notes[0].contains("nothing of epochs"),
        "{:?}",
        run.notes
    );
}

#[test]
fn keras_writes_training_and_validation_into_folders_of_their_own() {
    let logs =
        ["train", "validation"].map(|split| format!("keras/{split}/events.out.tfevents.1.keras"));
    let dir = theirs(&[&logs[0], &logs[1]], by_epoch);
    let run = Run::open(dir.path()).unwrap();
    assert_eq!(
        run.curve("epoch", "train_loss"),
        [[0.0, 2.0], [1.0, 1.0], [2.0, 0.5]]
    );
    assert_eq!(
        run.curve("epoch", "validation_loss"),
        [[0.0, 2.25], [1.0, 1.5], [2.0, 1.25]]
    );
}

#[test]
fn an_event_file_that_is_cut_off_is_read_so_far_and_a_damaged_one_is_refused_by_name() {
    let name = "events.out.tfevents.1.pytorch";
    let dir = theirs(&["pytorch/events.out.tfevents.1.pytorch"], by_epoch);
    let path = dir.path().join(name);
    let mut bytes = fs::read(&path).unwrap();
    let whole = bytes.len();
    fs::write(&path, &bytes[..whole - 5]).unwrap();
    let run = Run::open(dir.path()).unwrap();
    assert_eq!(run.curve("epoch", "train_loss").len(), 3);
    let notes = run.notes.join("; ");
    assert!(notes.contains("middle of a record"), "{notes}");
    bytes[whole / 2] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let message = Run::open(dir.path()).unwrap_err().to_string();
    assert!(
        message.contains(name) && message.contains("damaged"),
        "{message}"
    );
    fs::write(&path, "epoch 1: loss 2.5, and so on").unwrap();
    let message = Run::open(dir.path()).unwrap_err().to_string();
    assert!(message.contains("expected an event file"), "{message}");
}
