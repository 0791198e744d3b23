//! Opening, saving and what goes wrong with files, as a person meets it.

#![cfg(feature = "window")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "app_files/networks.rs"]
mod networks;
mod window_common;

use eframe::egui::{DroppedFile, Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable as _;
use losscope::checkpoint::{self, Array, Values, safetensors};
use losscope::engine::job::{Directions, Job};
use losscope::engine::live::{Kind, Quality};
use losscope::engine::{self, Flow};
use losscope::export;
use losscope::export::figure::FigureOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use window_common::{answer, picture, settle, wait, window};

fn fixture(name: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures")).join(name)
}

/// A file a hand lets go over the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

fn open(files: &[PathBuf]) -> egui_kittest::Harness<'static, losscope::app::App> {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    settle(&mut harness);
    for file in files {
        let dropped = Arc::new(Dropped(file.clone()));
        harness.input_mut().dropped_files.push(dropped);
    }
    harness.step();
    wait(&mut harness, "the files", |app| !app.is_opening());
    harness
}

/// Drops more files on a window.
fn drop_on(harness: &mut egui_kittest::Harness<'static, losscope::app::App>, files: &[PathBuf]) {
    for file in files {
        let dropped = Arc::new(Dropped(file.clone()));
        harness.input_mut().dropped_files.push(dropped);
    }
    harness.step();
    wait(harness, "the files", |app| !app.is_opening());
}

/// Waits until everything named is open and fits.
fn stand(harness: &mut egui_kittest::Harness<'static, losscope::app::App>) {
    wait(harness, "what is open", |app| {
        !app.is_opening() && app.snapshot().stands
    });
}

/// Files on the command line.
fn started(files: &[PathBuf]) -> egui_kittest::Harness<'static, losscope::app::App> {
    let mut harness = window([1280.0, 800.0], Theme::Light, files.to_vec());
    wait(&mut harness, "the files", |app| !app.is_opening());
    harness
}

#[test]
fn two_dropped_checkpoints_become_a_pair() {
    let [large, small] = ["models/lenet/lb.pt", "models/lenet/sb.pt"].map(fixture);
    let mut harness = open(&[large.clone(), small.clone()]);
    answer(&mut harness, "lenet");
    let wish = &harness.state_mut().state().wish;
    assert_eq!(wish.small, small);
    assert_eq!(wish.large, Some(large));
    wait(&mut harness, "the pair", |app| {
        app.snapshot()
            .experiment
            .as_ref()
            .is_some_and(|e| e.model.name.contains("LeNet") || e.model.parameters > 0)
            && app.snapshot().line.is_some()
    });
    assert!(
        harness
            .query_by_label_contains("Swap turns them round")
            .is_some()
    );
}

#[test]
fn a_dropped_folder_of_checkpoints_becomes_the_plane_of_a_run() {
    let folder = fixture("trajectory/epochs");
    let mut harness = open(std::slice::from_ref(&folder));
    answer(&mut harness, "mlp");
    let directions = harness.state_mut().state().wish.plane.directions.clone();
    assert_eq!(directions, Directions::Pca(folder));
    wait(&mut harness, "the plane", |app| {
        let news = app.snapshot();
        news.surfaces
            .first()
            .is_some_and(|s| s.outcome.header.trajectory.is_some())
    });
    picture(&mut harness, "pca");
}

#[test]
fn a_broken_file_says_what_is_wrong_where_the_person_looks_and_in_the_log() {
    let mut harness = open(&[]);
    let before = harness.state_mut().state().wish.clone();
    let shown = harness.state().snapshot();
    drop_on(
        &mut harness,
        &[fixture("formats/broken/offset_out_of_range.safetensors")],
    );
    settle(&mut harness);
    assert!(harness.query_by_label_contains("can't be opened").is_some());
    let news = harness.state().snapshot();
    let entry = news.log.iter().find(|e| e.kind == Kind::Error).unwrap();
    assert!(entry.text.contains("offset_out_of_range"), "{}", entry.text);
    picture(&mut harness, "broken");
    // What was open is open, as it was.
    assert_eq!(harness.state_mut().state().wish, before);
    assert!(news.failure.is_none());
    let version = |news: &engine::live::Snapshot| news.surfaces[0].version;
    assert_eq!(version(&news), version(&shown));
    // And there is a way out.
    harness.get_by_label("Remove").click();
    harness.run_steps(3);
    assert!(harness.query_by_label_contains("can't be opened").is_none());
}

#[test]
fn data_beside_checkpoints_are_known_by_their_content() {
    let [small, large] = ["models/mlp/sb.pt", "models/mlp/lb.pt"].map(fixture);
    let check = |mut harness: egui_kittest::Harness<'static, losscope::app::App>, data: &Path| {
        harness.run_steps(3);
        let scaled = harness
            .query_by_label("How were the data scaled?")
            .is_some();
        // Grey levels to 16 aren't those to 255 that an IDX file usually has.
        assert_eq!(scaled, data.starts_with(fixture("data/idx")), "{data:?}");
        if scaled {
            harness.query_all_by_label("none").last().unwrap().click();
            harness.run_steps(3);
        }
        answer(&mut harness, "mlp");
        stand(&mut harness);
        let wish = &harness.state_mut().state().wish;
        assert_eq!((&wish.small, wish.large.as_ref()), (&small, Some(&large)));
        assert_eq!(Path::new(&wish.plane.setup.data), data);
    };
    for data in [
        "data/digits.npz",
        "data/idx/t10k-images-idx3-ubyte",
        "data/idx",
    ] {
        let data = fixture(data);
        check(
            started(&[small.clone(), large.clone(), data.clone()]),
            &data,
        );
    }
    let data = fixture("data/digits80.safetensors");
    check(open(&[data.clone(), small.clone(), large.clone()]), &data);
}

#[test]
fn bad_data_stay_on_their_card_and_the_next_good_checkpoint_opens() {
    let mut harness = open(&[fixture("data/broken/idx_size_lies-idx3-ubyte")]);
    settle(&mut harness);
    assert!(
        harness
            .query_by_label_contains("can't be used as data")
            .is_some()
    );
    picture(&mut harness, "bad-data");
    let small = fixture("models/mlp/sb.pt");
    drop_on(&mut harness, std::slice::from_ref(&small));
    answer(&mut harness, "mlp");
    settle(&mut harness);
    assert_eq!(harness.state_mut().state().wish.small, small);
    assert!(harness.state().snapshot().stands);
    assert!(
        harness
            .query_by_label_contains("can't be used as data")
            .is_none()
    );
}

#[test]
fn after_a_run_another_network_opens() {
    let mut harness = open(&[fixture("trajectory/epochs")]);
    answer(&mut harness, "mlp");
    stand(&mut harness);
    let other = fixture("models/lenet/sb.pt");
    drop_on(&mut harness, std::slice::from_ref(&other));
    answer(&mut harness, "lenet");
    stand(&mut harness);
    let news = harness.state().snapshot();
    assert!(news.failure.is_none() && news.stands);
    let wish = &harness.state_mut().state().wish;
    assert_eq!(wish.small, other, "{:?}", news.log.last());
    assert_eq!(wish.plane.directions, Directions::Random);
}

#[test]
fn a_checkpoint_of_another_network_is_refused_as_the_large_batch() {
    let [one, other] = ["models/resnet8/sb.pt", "models/resnet20/sb.pt.gz"].map(fixture);
    let mut harness = open(std::slice::from_ref(&one));
    stand(&mut harness);
    drop_on(&mut harness, std::slice::from_ref(&other));
    stand(&mut harness);
    let wish = &harness.state_mut().state().wish;
    assert_eq!((&wish.small, &wish.large), (&one, &None));
    assert!(harness.state().snapshot().stands);
    assert!(
        harness
            .query_by_label_contains("can't be the large batch")
            .is_some()
    );
    picture(&mut harness, "another-network");
    harness.get_by_label("Open it alone").click();
    harness.run_steps(2);
    wait(&mut harness, "the other", |app| !app.is_opening());
    assert_eq!(harness.state_mut().state().wish.small, other);
    assert!(harness.state().snapshot().failure.is_none());
}

#[test]
fn own_weights_wait_for_their_data_and_closing_data_leads_back_to_the_built_in_ones() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("colour.pt.gz");
    std::fs::copy(fixture("models/resnet20c/sb.pt.gz"), &model).unwrap();
    let mut harness = open(std::slice::from_ref(&model));
    stand(&mut harness);
    assert!(
        harness
            .query_by_label_contains("doesn't fit digits")
            .is_some()
    );
    picture(&mut harness, "waiting-for-data");
    let images = fixture("data/cifar10-like-bin");
    drop_on(&mut harness, std::slice::from_ref(&images));
    let wish = &harness.state_mut().state().wish;
    assert_eq!(wish.small, model);
    assert_eq!(Path::new(&wish.plane.setup.data), images);
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("doesn't fit").is_none());
    // The built-in experiment on data of its own form, and back.
    drop(harness);
    let mut harness = open(&[fixture("data/digits.npz")]);
    stand(&mut harness);
    harness.get_by_label("Close data").click();
    harness.run_steps(2);
    wait(&mut harness, "the digits", |app| !app.is_opening());
    assert_eq!(harness.state_mut().state().wish.plane.setup.data, "digits");
    assert!(harness.query_by_label("Close data").is_none());
}

#[test]
fn two_files_of_one_name_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (place, name) in [("first", "sb.pt"), ("second", "lb.pt")] {
        std::fs::create_dir(folder.path().join(place)).unwrap();
        let path = folder.path().join(place).join("model.pt");
        std::fs::copy(fixture(&format!("models/mlp/{name}")), &path).unwrap();
        files.push(path);
    }
    let mut harness = open(&files);
    answer(&mut harness, "mlp");
    stand(&mut harness);
    for name in ["first/model.pt", "second/model.pt"] {
        assert!(harness.query_all_by_label(name).count() > 0, "{name}");
    }
    assert!(
        harness
            .query_by_label_contains("first/model.pt as small batch")
            .is_some()
    );
}

#[test]
fn a_typed_path_opens_or_says_why_not() {
    let mut harness = open(&[]);
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    harness.run_steps(3);
    harness.get_by_label("Path").type_text("/nowhere/at/all.pt");
    harness.run_steps(2);
    harness.get_by_label("Open").click();
    harness.run_steps(3);
    assert!(
        harness
            .query_by_label_contains("There is no such file")
            .is_some()
    );
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(harness.query_by_label("Path").is_none());
}

#[test]
fn a_completed_path_is_gone_on_with_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("checkpoints")).unwrap();
    let data = folder.path().join("checkpoints/data.npz");
    std::fs::copy(fixture("data/digits.npz"), &data).unwrap();
    let mut harness = open(&[]);
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::O);
    harness.run_steps(3);
    let start = folder.path().join("che").display().to_string();
    harness.get_by_label("Path").type_text(&start);
    harness.run_steps(3);
    harness.key_press(Key::Tab);
    harness.run_steps(3);
    // Typed behind what Tab has added, not in the middle of it.
    harness.get_by_label("Path").type_text("d");
    harness.run_steps(3);
    harness.key_press(Key::Tab);
    harness.run_steps(3);
    let value = harness.get_by_label("Path").value().unwrap();
    assert_eq!(Path::new(&value), data);
    harness.get_by_label("Open").click();
    harness.run_steps(3);
    wait(&mut harness, "the data", |app| !app.is_opening());
    let wish = &harness.state_mut().state().wish;
    assert_eq!(Path::new(&wish.plane.setup.data), data);
}

#[test]
fn a_result_of_the_command_line_opens_in_the_window_and_the_other_way_round() {
    let folder = tempfile::tempdir().unwrap();
    let mut wish = engine::live::Wish::default();
    wish.plane.x = Some("-0.5:0.5:5".parse().unwrap());
    wish.plane.normalize = Some(losscope::landscape::direction::Normalization::Layer);
    let computed = engine::run(&Job::Surface(wish.surface_job(0.25)), None, &mut |_, _| {
        Flow::Continue
    })
    .unwrap();
    let path = folder.path().join("plane.npz");
    export::write(&path, &computed, &FigureOptions::default()).unwrap();
    let mut harness = open(&[path]);
    wait(&mut harness, "the result", |app| {
        app.state().wish.alpha == 0.25
    });
    settle(&mut harness);
    let news = harness.state().snapshot();
    let shown = news.surface_near(0.25).unwrap();
    assert_eq!(shown.quality, Quality::Full);
    assert_eq!(shown.outcome.numbers, computed.numbers);
}

#[test]
fn a_session_is_saved_with_its_results_and_opens_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.losscope.json");
    let mut harness = open(&[]);
    harness.state_mut().state().set_alpha(0.4);
    harness.state_mut().state().set_epsilon(2e-3);
    harness.state_mut().state().wish.plane.x = Some("-1:1:9".parse().unwrap());
    harness.state_mut().state().session = Some(path.clone());
    settle(&mut harness);
    let wish = harness.state_mut().state().wish.clone();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::S);
    harness.run_steps(3);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"alpha\": 0.4"), "readable: {text}");
    let surface = export::read(&folder.path().join("mine-surface.npz")).unwrap();
    assert_eq!(surface.missing(), 0);
    drop(harness);
    let mut again = window([1280.0, 800.0], Theme::Dark, vec![path.clone()]);
    wait(&mut again, "the session", |app| {
        app.state().wish.alpha == 0.4
    });
    settle(&mut again);
    let state = again.state_mut().state();
    assert_eq!(
        (state.wish.epsilon, &state.wish.plane),
        (wish.epsilon, &wish.plane)
    );
    assert_eq!(state.session.as_ref(), Some(&path));
    // A damaged session is said and changes nothing.
    std::fs::write(&path, "{\"losscope\": 3}").unwrap();
    let mut broken = window([1280.0, 800.0], Theme::Dark, vec![path]);
    wait(&mut broken, "the complaint", |app| {
        app.state().notice.is_some()
    });
    let notice = broken.state_mut().state().notice.clone().unwrap();
    assert!(
        notice.error && notice.text.contains("mine.losscope.json"),
        "{}",
        notice.text
    );
}

#[test]
fn a_network_that_is_not_recognised_asks_what_it_is() {
    let mut harness = open(&[fixture("layers/transformer.npz")]);
    harness.run_steps(3);
    picture(&mut harness, "network");
    assert!(harness.query_by_label("Which network is this?").is_some());
    harness.get_by_label("mlp").click();
    harness.run_steps(2);
    wait(&mut harness, "the answer", |app| !app.is_opening());
    // It is none, which is said; and the built-in experiment is still there.
    harness.run_steps(3);
    assert!(harness.query_by_label("Which network is this?").is_some());
    settle(&mut harness);
    assert!(harness.state().snapshot().stands);
    // Tabs have such a button too; that of the dialog comes last.
    let close = harness.query_all_by_label("Close").last();
    close.unwrap().click();
    harness.run_steps(3);
    assert_eq!(
        harness.query_all_by_label("Which network is this?").count(),
        0
    );
    assert!(
        harness
            .query_by_label_contains("The network of transformer.npz")
            .is_some()
    );
}

/// A network and one of twice its weights under names of their own in one file.
fn both(folder: &Path) -> PathBuf {
    let own = checkpoint::open(&fixture("models/mlp/sb.pt")).unwrap();
    let mut both = Vec::new();
    for (name, array) in own.tensors {
        let values = array.to_f64().iter().map(|v| (2.0 * v) as f32).collect();
        let twice = Array::new(array.shape().to_vec(), Values::F32(values)).unwrap();
        both.push((format!("ema.{name}"), twice));
        both.push((format!("net.{name}"), array));
    }
    let path = folder.join("both.safetensors");
    safetensors::write(&path, &both).unwrap();
    path
}

#[test]
fn a_checkpoint_of_several_sets_of_weights_asks_which() {
    let folder = tempfile::tempdir().unwrap();
    let path = both(folder.path());
    let mut harness = open(std::slice::from_ref(&path));
    harness.run_steps(3);
    picture(&mut harness, "sets-refused");
    // On the card and in the dialog about the network.
    let choice = harness.query_all_by_label("Weights of what failed").last();
    choice.unwrap().click();
    harness.run_steps(3);
    harness.get_by_label_contains("net (6 tensors)").click();
    harness.run_steps(3);
    answer(&mut harness, "mlp");
    stand(&mut harness);
    assert_eq!(harness.state_mut().state().wish.small, path);
    harness.state_mut().state().wish.plane.x = Some("-1:1:5".parse().unwrap());
    settle(&mut harness);
    let key = |harness: &mut egui_kittest::Harness<'static, losscope::app::App>| {
        let news = harness.state().snapshot();
        let outcome = &news.surface_near(0.0).unwrap().outcome;
        (outcome.header.job.key().map(str::to_owned), outcome.clone())
    };
    let (at, net) = key(&mut harness);
    assert_eq!(at.as_deref(), Some("net"));
    harness.run_steps(3);
    picture(&mut harness, "sets-open");
    harness.get_by_label("Weights of checkpoint").click();
    harness.run_steps(3);
    harness.get_by_label_contains("ema (6 tensors)").click();
    harness.run_steps(3);
    wait(&mut harness, "the other set", |app| !app.is_opening());
    settle(&mut harness);
    let (at, ema) = key(&mut harness);
    assert_eq!(at.as_deref(), Some("ema"));
    assert_ne!(net.numbers, ema.numbers);
    // Figures and files say it, and it can be undone.
    let told = export::caption::inputs(&ema.header).concat();
    assert!(told.contains("weights at ema"), "{told}");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run_steps(3);
    settle(&mut harness);
    assert_eq!(key(&mut harness).1.numbers, net.numbers);
    // One key holds for all: a second checkpoint without such a set says so, and a way out.
    drop_on(&mut harness, &[fixture("models/mlp/lb.pt")]);
    harness.run_steps(3);
    picture(&mut harness, "sets-large-refused");
    let told = harness.query_all_by_label_contains("no tensors lie at the key");
    assert!(told.count() > 0);
    assert!(harness.query_by_label("Weights of what failed").is_some());
}

#[test]
fn what_people_ask_for_has_a_name_for_a_screen_reader() {
    // The harness itself fails on any input without a name.
    let mut harness = open(&[]);
    harness.run_steps(2);
    for name in [
        "α slider",
        "ε slider",
        "α, typed",
        "ε, typed",
        "Normalisation",
        "Seed",
        "Colours",
    ] {
        assert!(harness.query_all_by_label(name).count() > 0, "{name}");
    }
}

#[test]
fn the_window_advises_its_own_controls_and_no_option_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strange.safetensors");
    let header = br#"{"odd.weight":{"dtype":"F32","shape":[2,2,2,2,2],"data_offsets":[0,128]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend([0; 128]);
    std::fs::write(&path, bytes).unwrap();
    let mut harness = open(std::slice::from_ref(&path));
    settle(&mut harness);
    // What was open is open again; the log of the computing thread has the message as it was.
    let log = Arc::clone(&harness.state().snapshot().log);
    let raw = log.iter().any(|entry| entry.text.contains("--model"));
    assert!(raw, "a terminal's words: {log:?}");
    let told = harness.query_all_by_label_contains("Edit: Choose the network…");
    assert!(told.count() > 0);
    assert_eq!(harness.query_all_by_label_contains("--model").count(), 0);
    picture(&mut harness, "strange-network");
}

/// Numbers as targets make a regression: the cards say R², and another loss is a choice away.
#[test]
fn a_regression_shows_r2_and_its_loss_can_be_chosen() {
    use losscope::checkpoint::{Array, Values, safetensors};
    let folder = tempfile::tempdir().unwrap();
    let array = |shape: &[usize], values: Values| Array::new(shape.to_vec(), values).unwrap();
    let weight = Values::F64(vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
    let checkpoint = [
        ("1.weight".to_owned(), array(&[3, 2], weight)),
        ("1.bias".to_owned(), array(&[3], Values::F64(vec![0.0; 3]))),
    ];
    let x = vec![0.5, 1.0, -1.0, 2.0, 0.0, 0.25, 3.0, -2.0];
    // One target of twelve is off, by 1.
    let y = vec![
        0.5, 1.0, 1.5, -1.0, 2.0, 1.0, 0.0, 0.25, 0.25, 3.0, -2.0, 2.0,
    ];
    let data = [
        ("x".to_owned(), array(&[4, 2], Values::F32(x))),
        ("y".to_owned(), array(&[4, 3], Values::F32(y))),
    ];
    let paths = ["r.safetensors", "data.safetensors"].map(|name| folder.path().join(name));
    safetensors::write(&paths[0], &checkpoint).unwrap();
    safetensors::write(&paths[1], &data).unwrap();
    let mut harness = open(&paths);
    stand(&mut harness);
    settle(&mut harness);
    picture(&mut harness, "regression");
    let facts = harness.state().snapshot().experiment.clone().unwrap();
    assert!((facts.small[0].loss - 1.0 / 12.0).abs() < 1e-6);
    assert!(harness.query_by_label_contains(", R² 0.9").is_some());
    assert!(harness.query_by_label_contains("nats,").is_none());
    // |1| over twelve is as much as 1² over twelve, and Huber's half of it.
    harness.get_by_label("Loss").click();
    harness.run_steps(3);
    harness.get_by_label("huber").click();
    harness.run_steps(2);
    wait(&mut harness, "the loss", |app| {
        let facts = app.snapshot().experiment.clone();
        facts.is_some_and(|facts| facts.model.loss == "Huber loss, delta 1")
    });
    stand(&mut harness);
    let facts = harness.state().snapshot().experiment.clone().unwrap();
    assert!((facts.small[0].loss - 1.0 / 24.0).abs() < 1e-6);
}
