//! The program itself: what it prints, and that it may be killed at any moment.

use losscope::engine::job::{TrainingJob, recipe};
use losscope::engine::training::{Run, Stage};
use losscope::train::Stopped;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Output};
use std::time::Duration;

fn losscope() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_losscope"));
    command.arg("train");
    command
}

fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    output
}

#[test]
fn an_example_is_a_recipe_of_the_defaults() {
    let output = done(losscope().arg("--example"));
    let text = String::from_utf8(output.stdout).unwrap();
    let job = recipe::parse(&text, Path::new("example")).unwrap();
    assert_eq!(job, TrainingJob::default());
    assert!(text.contains("# ---- Optimiser ----") && text.contains("\nlearning_rate = 0.1\n"));
}

#[test]
fn options_and_settings_change_a_recipe() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("recipe.toml");
    std::fs::write(&path, "batch_size = 64\nlearning_rate = 0.5\nepochs = 9\n").unwrap();
    let mut command = losscope();
    command.arg(&path).arg("-o").arg(dir.path().join("run"));
    command.args([
        "--set",
        "epochs=2",
        "--learning-rate=0.1",
        "--subset=64",
        "--device=flex",
    ]);
    let output = done(command.args(["--json", "--model=mlp:hidden=8"]));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&found["step"], &found["stopped"]),
        (&2.into(), &"finished".into())
    );
    assert_eq!(found["last"]["batch_size"], 64);
    // Its default, but typed: it stands above the recipe's.
    assert_eq!(found["last"]["learning_rate"], 0.1);
    assert_eq!(found["header"]["job"]["command"], "train");
    let wrong = losscope()
        .args(["--set", "lerning_rate=1"])
        .output()
        .unwrap();
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        said.contains("lerning_rate") && said.contains("learning_rate"),
        "{said}"
    );
}

/// Some hundred milliseconds of training.
fn spawned(folder: &Path, resume: bool) -> Child {
    let mut command = losscope();
    command.arg("-q").arg("-o").arg(folder);
    command.args([
        "--epochs=60",
        "--optimizer=adam",
        "--learning-rate=0.001",
        "--device=flex",
    ]);
    command.args(["--checkpoints=last", "--flip"]);
    if resume {
        command.arg("--resume");
    }
    command.spawn().unwrap()
}

#[test]
fn a_killed_run_goes_on_to_the_same_weights() {
    let dir = tempfile::tempdir().unwrap();
    let (whole, parts) = (dir.path().join("whole"), dir.path().join("parts"));
    assert!(spawned(&whole, false).wait().unwrap().success());
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    for _ in 0..4 {
        let mut child = spawned(&parts, true);
        std::thread::sleep(Duration::from_millis(rng.random_range(20..900)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(spawned(&parts, true).wait().unwrap().success());
    let end =
        |folder: &Path| std::fs::read(&Run::open(folder).unwrap().last().unwrap().path).unwrap();
    assert_eq!(end(&whole), end(&parts));
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_paused() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("run");
    let mut command = losscope();
    command.arg("-q").arg("-o").arg(&folder);
    let mut child = command
        .args(["--epochs=1000000", "--device=flex", "--checkpoints=last"])
        .spawn()
        .unwrap();
    while !folder.join("state/state.safetensors").is_file() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let run = Run::open(&folder).unwrap();
    let status = run.status.unwrap();
    assert_eq!(
        (status.stage, status.stopped),
        (Stage::Paused, None::<Stopped>)
    );
    assert!(!run.history.is_empty());
}
