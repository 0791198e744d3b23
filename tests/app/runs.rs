//! Runs in the window: started, paused, gone on with, and their checkpoints as minimizers.

use super::window_common::{picture, settle, wait, window};
use eframe::egui::Theme;
use egui_kittest::kittest::Queryable as _;
use losscope::engine::job::{Several, TrainingJob};
use losscope::engine::queue::{Doing, Phase};

/// A run that takes its time.
fn recipe(batch: usize) -> TrainingJob {
    let mut job = TrainingJob {
        batch_size: Several::one(batch),
        ..TrainingJob::default()
    };
    job.how.stop.epochs = 100_000;
    job
}

#[test]
fn a_run_is_started_paused_and_resumed_and_its_checkpoint_becomes_a_minimizer() {
    let dir = tempfile::tempdir().unwrap();
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    settle(&mut harness);
    harness.get_by_label("Runs").click();
    harness.run_steps(3);
    picture(&mut harness, "runs-empty");
    let state = harness.state_mut().state();
    let start = state.wish.initial.clone();
    state.training.folder = dir.path().to_owned();
    state.training.recipe = Some(TrainingJob {
        start,
        ..recipe(256)
    });
    harness.get_by_label("Train…").click();
    harness.run_steps(3);
    picture(&mut harness, "runs-form");
    harness.get_by_label("Start the run").click();
    wait(&mut harness, "some epochs", |app| {
        let run = app.state().runs.first().cloned();
        run.is_some_and(|run| run.history.len() > 4 && run.path.len() > 3)
    });
    picture(&mut harness, "runs-training");
    let run = harness.state_mut().state().runs[0].clone();
    assert!(
        run.path
            .iter()
            .all(|spot| spot.away.is_finite() && spot.loss.is_some())
    );
    harness.get_by_label("Pause batch256").click();
    let paused = |app: &mut losscope::app::App| app.state().runs[0].phase == Phase::Paused;
    wait(&mut harness, "the pause", paused);
    let before = harness.state_mut().state().runs[0].history.len();
    harness.get_by_label("Resume batch256").click();
    wait(&mut harness, "more epochs", |app| {
        app.state().runs[0].history.len() > before + 2
    });
    harness.get_by_label("Pause batch256").click();
    wait(&mut harness, "the second pause", paused);
    let run = harness.state_mut().state().runs[0].clone();
    let last = run.checkpoints.last().unwrap().path.clone();
    harness.get_by_label("→ Large batch").click();
    wait(&mut harness, "the checkpoint", |app| {
        !app.is_opening() && app.snapshot().stands && app.state().wish.large.as_ref() == Some(&last)
    });
    settle(&mut harness);
    let news = harness.state().snapshot();
    assert!(news.failure.is_none(), "{:?}", news.failure);
    let facts = news.experiment.clone().unwrap();
    assert!(facts.checkpoints.iter().any(|file| file.path == last));
    // The metrics of the window are those of the run's own record.
    let step = run.checkpoints.last().unwrap().step;
    let record = run.history.iter().find(|r| Some(r.step) == step).unwrap();
    let loss = record.validation_loss.unwrap();
    let shown = facts.large.as_ref().unwrap()[1].loss;
    assert!((shown / loss - 1.0).abs() < 1e-4, "{shown} and {loss}");
    picture(&mut harness, "runs-minimizer");
}

#[test]
fn a_ball_dropped_at_a_pin_starts_where_the_pin_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut harness = window([1280.0, 800.0], Theme::Light, Vec::new());
    settle(&mut harness);
    let state = harness.state_mut().state();
    state.training.folder = dir.path().to_owned();
    state.training.ball = (512, 0.05);
    state.pin(0.4, -0.3);
    settle(&mut harness);
    harness.get_by_label("Drop a ball").click();
    harness.run_steps(3);
    harness.get_by_label("Roll").click();
    wait(&mut harness, "the ball", |app| {
        let run = app.state().runs.first().cloned();
        // A quick machine is at the end before a third place is noted.
        run.is_some_and(|run| run.path.len() > 1)
    });
    let run = harness.state_mut().state().runs[0].clone();
    let start = run.path[0];
    assert!(
        (start.at[0] - 0.4).abs() < 1e-5 && (start.at[1] + 0.3).abs() < 1e-5,
        "{start:?}"
    );
    assert!(start.away < 1e-4, "{start:?}");
    let news = harness.state().snapshot();
    let pinned = news.probes[0].metrics[0].loss;
    assert!(
        (start.loss.unwrap() / pinned - 1.0).abs() < 1e-4,
        "the pin's own loss"
    );
    picture(&mut harness, "runs-ball");
}

#[test]
fn an_experiment_of_the_gallery_is_stopped_gone_on_with_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    settle(&mut harness);
    harness.get_by_label("Runs").click();
    harness.run_steps(3);
    harness.get_by_label("Experiments…").click();
    harness.run_steps(3);
    picture(&mut harness, "gallery");
    let state = harness.state_mut().state();
    state.training.folder = dir.path().to_owned();
    // It would go on for hours.
    state.training.changes = "epochs=100000 run_seed=[0,1] subset=100".into();
    harness
        .get_by_label("Distance from the initial weights by batch size")
        .click();
    harness.run_steps(3);
    harness.get_by_label("Start").click();
    wait(&mut harness, "some training", |app| {
        let found = app.state().experiments.first().cloned();
        found.is_some_and(|e| e.doing == Doing::Working && e.words.contains("runs"))
    });
    harness.run_steps(2);
    picture(&mut harness, "gallery-working");
    harness.get_by_label("Stop").click();
    let is = |doing: Doing| {
        move |app: &mut losscope::app::App| app.state().experiments[0].doing == doing
    };
    wait(&mut harness, "the stop", is(Doing::Stopped));
    harness.run_steps(2);
    // The same goes on in its folder; another has a folder of its own.
    assert!(harness.query_by_label("Go on").is_some());
    let stopped = harness.state_mut().state().experiments[0].folder.clone();
    harness.state_mut().state().training.changes = "epochs=4 run_seed=[0,1] subset=100".into();
    harness.run_steps(3);
    harness.get_by_label("Do it once more").click();
    wait(&mut harness, "its page", is(Doing::Done));
    let news = harness.state_mut().state().experiments[0].clone();
    assert_ne!(news.folder, stopped);
    assert!(news.folder.join("report.html").is_file());
    let claims: Vec<&str> = news.claims.iter().map(|c| c.source.as_str()).collect();
    assert!(claims.len() >= 4, "{claims:?}, {:?}", news.message);
    assert!(!news.figures.is_empty());
    // Figures are read on threads of their own.
    for _ in 0..20 {
        std::thread::sleep(std::time::Duration::from_millis(20));
        harness.step();
    }
    picture(&mut harness, "gallery-done");
    harness.get_by_label("Show its runs").click();
    wait(&mut harness, "its runs", |app| app.state().runs.len() == 6);
    harness.run_steps(3);
    picture(&mut harness, "gallery-runs");
}
