//! Which network it is, as a person meets the question: candidates with their losses, what was assumed, other readings.

use super::{fixture, open, stand, started};
use crate::window_common::{answer, picture, wait};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use losscope::app::App;
use losscope::checkpoint::{self, Array, Values, npz, safetensors};
use std::path::PathBuf;

fn case(name: &str) -> [PathBuf; 2] {
    ["model.pt", "data.npz"].map(|file| fixture(&format!("cases/{name}/{file}")))
}

/// The loss of the training samples at the checkpoint that is open.
fn loss(harness: &Harness<'static, App>) -> f64 {
    harness.state().snapshot().experiment.clone().unwrap().small[0].loss
}

fn model(harness: &mut Harness<'static, App>) -> String {
    harness.state_mut().state().wish.plane.setup.model.clone()
}

/// A network of linear layers, data and the answers that it gives; what else it fits is asked.
#[test]
fn networks_that_fit_are_shown_with_their_losses_and_one_is_chosen() {
    let mut harness = started(&case("silent-average-pool"));
    harness.run_steps(3);
    picture(&mut harness, "which-network");
    assert!(harness.query_by_label("Which network is this?").is_some());
    // What the built-in experiment was stays open meanwhile.
    assert!(harness.state().snapshot().failure.is_none());
    let told = harness.query_all_by_label_contains("accuracy");
    assert!(told.count() > 1, "candidates with what was measured");
    let python = "torch.export.save(torch.export.export(model.eval(), (example,)), \"model.pt2\")";
    assert!(harness.query_by_label(python).is_some());
    // It may lie below what the list shows at once.
    let answer = harness.query_all_by_label_contains("pool=average").next();
    answer.unwrap().click_accesskit();
    harness.run_steps(3);
    wait(&mut harness, "the answer", |app| !app.is_opening());
    stand(&mut harness);
    assert!(harness.query_by_label("Which network is this?").is_none());
    assert!(model(&mut harness).contains("pool=average"));
    // PyTorch, in double precision.
    let found = loss(&harness);
    assert!((found / 1.0925e-5 - 1.0).abs() < 1e-3, "{found}");
}

#[test]
fn the_badge_lists_what_was_assumed_and_changes_it() {
    let [model_file, data] = case("silent-pool-relu-norm");
    let mut harness = started(&[model_file, data]);
    harness.run_steps(3);
    let answer = harness
        .query_all_by_label_contains("activation=relu")
        .next();
    answer.unwrap().click();
    harness.run_steps(3);
    wait(&mut harness, "the answer", |app| !app.is_opening());
    stand(&mut harness);
    harness.run_steps(3);
    let before = (model(&mut harness), loss(&harness));
    assert!(
        (before.1 / 0.000_243_203 - 1.0).abs() < 1e-3,
        "{}",
        before.1
    );
    let badge = harness.query_all_by_label_contains("assumed").next();
    badge.unwrap().click();
    harness.run_steps(3);
    picture(&mut harness, "badge");
    let line = |words: &str| harness.query_all_by_label_contains(words).count();
    assert!(
        line("(unconfirmed)") > 0,
        "what nothing confirmed is marked"
    );
    let asked = "(confirmed by lenet:activation=relu,pool=max,order=act-pool-norm under “Edit: Choose the network…”";
    assert!(line(asked) > 0, "what was asked for is");
    // At the foot of the card; its frame has another.
    let close = harness.query_all_by_label("Close").last();
    close.unwrap().click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Which network is this?").is_none());
}

/// A network that its own running statistics decide: nothing is asked, and everything can be changed.
#[test]
fn a_network_that_data_decide_opens_at_once_and_can_be_read_otherwise() {
    let files =
        ["decided/model.pt", "decided/data.npz"].map(|name| fixture(&format!("cases/{name}")));
    let mut harness = started(&files);
    stand(&mut harness);
    harness.run_steps(3);
    let facts = harness.state().snapshot().experiment.clone().unwrap();
    let reading = &facts.model.reading;
    let by = reading.confirmed.clone().unwrap();
    assert!(by.contains("running statistics"), "{by}");
    let own = loss(&harness);
    let badge = |harness: &mut Harness<'static, App>| {
        let found = ["assumed", "network confirmed"]
            .iter()
            .find_map(|words| harness.query_all_by_label_contains(words).next());
        found.unwrap().click();
        harness.run_steps(3);
    };
    badge(&mut harness);
    picture(&mut harness, "decided");
    assert!(harness.query_all_by_label_contains("Next came").count() > 0);
    let change = harness.query_all_by_label("Change…").next();
    change.unwrap().click();
    harness.run_steps(3);
    let ways = &reading
        .assumptions
        .iter()
        .find(|a| !a.instead.is_empty())
        .unwrap()
        .instead;
    harness.get_by_label(&ways[0].words).click();
    harness.run_steps(3);
    wait(&mut harness, "the other reading", |app| !app.is_opening());
    stand(&mut harness);
    assert_eq!(model(&mut harness), ways[0].key);
    assert_ne!(loss(&harness), own);
}

/// A file that holds its graph is read, not guessed, alone and as the network of others.
#[test]
fn an_exported_program_opens_without_a_question() {
    let folder = tempfile::tempdir().unwrap();
    let stored = npz::read_arrays(&fixture("exported/mlp.npz")).unwrap();
    let array = |name: &str| {
        stored
            .iter()
            .find(|(own, _)| own == name)
            .unwrap()
            .1
            .clone()
    };
    let outputs = array("outputs").to_f64();
    let best = |row: &[f64]| {
        let largest = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        i64::try_from(largest.unwrap().0).unwrap()
    };
    let labels: Vec<i64> = outputs.chunks(3).map(best).collect();
    let mean = outputs.chunks(3).zip(&labels).map(|(row, label)| {
        let all: f64 = row.iter().map(|v| v.exp()).sum();
        all.ln() - row[usize::try_from(*label).unwrap()]
    });
    let expected = mean.sum::<f64>() / labels.len() as f64;
    let all = [
        ("x".to_owned(), array("x")),
        (
            "y".to_owned(),
            Array::new(vec![labels.len()], Values::I64(labels)).unwrap(),
        ),
    ];
    let data = folder.path().join("data.safetensors");
    safetensors::write(&data, &all).unwrap();
    let program = fixture("exported/mlp.pt2");
    let mut harness = open(&[program.clone(), data.clone()]);
    stand(&mut harness);
    let facts = harness.state().snapshot().experiment.clone().unwrap();
    let by = facts.model.reading.confirmed.clone().unwrap();
    assert!(by.contains("its graph"), "{by}");
    assert!(
        (loss(&harness) / expected - 1.0).abs() < 1e-4,
        "{}",
        loss(&harness)
    );
    // Weights alone, opened with it, are read as its network.
    let weights = folder.path().join("weights.safetensors");
    let state = checkpoint::open(&program).unwrap();
    safetensors::write(&weights, &state.tensors).unwrap();
    drop(harness);
    let mut harness = started(&[program.clone(), weights.clone(), data]);
    stand(&mut harness);
    let log = harness.state().snapshot().log.clone();
    let small = harness.state_mut().state().wish.small.clone();
    assert_eq!(small, weights, "{:?}", log.last());
    assert_eq!(PathBuf::from(model(&mut harness)), program);
    assert!(
        (loss(&harness) / expected - 1.0).abs() < 1e-4,
        "{}",
        loss(&harness)
    );
}

/// Pixels as they are stored, for a network that takes them so: read as fractions they are no better than chance.
#[test]
fn a_likely_scaling_of_the_data_is_offered_and_taken() {
    use losscope::dataset::{self, DataOptions, Normalize};
    let folder = tempfile::tempdir().unwrap();
    let mut state = checkpoint::open(&fixture("models/mlps/sb.pt")).unwrap();
    for (name, array) in &mut state.tensors {
        let factor = if name == "1.weight" { 1.0 / 255.0 } else { 1.0 };
        let values = array.to_f64().iter().map(|v| (factor * v) as f32).collect();
        *array = Array::new(array.shape().to_vec(), Values::F32(values)).unwrap();
    }
    let digits = dataset::open(&DataOptions::default()).unwrap().train;
    let count = digits.len();
    let pixel = |v: &f32| (v * 255.0).round().clamp(0.0, 255.0) as u8;
    let pixels = Values::U8(digits.inputs.iter().map(pixel).collect());
    let labels = digits.labels().unwrap().iter().map(|l| i64::from(*l));
    let data = [
        (
            "x".to_owned(),
            Array::new(vec![count, 1, 8, 8], pixels).unwrap(),
        ),
        (
            "y".to_owned(),
            Array::new(vec![count], Values::I64(labels.collect())).unwrap(),
        ),
    ];
    let files = ["raw.safetensors", "pixels.safetensors"].map(|name| folder.path().join(name));
    safetensors::write(&files[0], &state.tensors).unwrap();
    safetensors::write(&files[1], &data).unwrap();
    let mut harness = started(&files);
    harness.run_steps(3);
    picture(&mut harness, "scaled-otherwise");
    assert!(
        harness
            .query_by_label("How were the data scaled?")
            .is_some()
    );
    harness.query_all_by_label("none").last().unwrap().click();
    harness.run_steps(3);
    // Now the network is as good as it was, and which it is stays the question.
    answer(&mut harness, "mlp");
    stand(&mut harness);
    let setup = harness.state_mut().state().wish.plane.setup.clone();
    assert_eq!(setup.data_normalize, Normalize::None);
    assert!(loss(&harness) < 0.5, "{}", loss(&harness));
}
