//! Two epochs of PyTorch from the same weights in the same order: `tests/fixtures/training/make.py`.

use losscope::checkpoint;
use losscope::dataset::{self, DataOptions, Normalize, Samples};
use losscope::engine::job::{TrainingJob, recipe};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::model::architecture::{self, Wanted};
use losscope::model::graph::Loss;
use losscope::model::run::Device;
use losscope::train::{Step, Trainer};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/training")
        .join(name)
}

fn data() -> Arc<Samples> {
    let options = DataOptions {
        data: fixture("data.safetensors").to_string_lossy().into_owned(),
        normalize: Normalize::None,
        ..DataOptions::default()
    };
    Arc::new(dataset::open(&options).unwrap().train)
}

/// A case: epochs' losses, and the largest relative error of losses and of weights by tensor.
fn compare(case: &Value, precision: Precision) -> [f64; 2] {
    let text = |key: &str| case[key].as_str().unwrap().to_owned();
    let samples = data();
    let wanted = Wanted {
        input: &samples.shape,
        outputs: 5,
        sequence: false,
        loss: Loss::cross_entropy(),
    };
    let network = architecture::make(&text("model"), &wanted)
        .unwrap()
        .network()
        .unwrap();
    let file = fixture(&format!("{}.safetensors", text("network")));
    let (start, _) = network.params(&checkpoint::open(&file).unwrap()).unwrap();
    let mut fields: Map<String, Value> = case["recipe"].as_object().unwrap().clone();
    for (key, value) in [
        ("batch_size", 8.into()),
        ("epochs", 2.into()),
        ("in_order", true.into()),
    ] {
        fields.insert(key.into(), value);
    }
    let job = recipe::with(&TrainingJob::default(), &fields).unwrap();
    let evaluator = Evaluator::new(Arc::new(network), Device::Lanes, precision, 1 << 28).unwrap();
    let recipe = job.recipe().unwrap();
    let mut trainer = Trainer::new(evaluator, &start, &samples, None, 5, recipe).unwrap();
    let mut losses = Vec::new();
    loop {
        let Step {
            record, stopped, ..
        } = trainer.step().unwrap();
        losses.extend(record.map(|record| record.train_loss.unwrap()));
        if stopped.is_some() {
            break;
        }
    }
    let expected: Vec<f64> = serde_json::from_value(case["losses"].clone()).unwrap();
    assert_eq!(losses.len(), expected.len());
    let off = |(a, b): (&f64, &f64)| ((a - b) / b).abs();
    let of_losses = losses.iter().zip(&expected).map(off).fold(0.0, f64::max);
    let ends = losscope::store::safetensors::read(&fixture("ends.safetensors")).unwrap();
    let mut of_weights: f64 = 0.0;
    for (spec, values) in trainer.point().tensors() {
        let name = format!("{}/{}", text("case"), spec.name);
        let (_, array) = ends.iter().find(|(own, _)| *own == name).unwrap();
        let expected = array.to_f64();
        let far = values
            .iter()
            .zip(&expected)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>();
        let size = expected.iter().map(|b| b * b).sum::<f64>();
        of_weights = of_weights.max((far / size).sqrt());
    }
    [of_losses, of_weights]
}

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(fixture("cases.json")).unwrap();
    let about: Value = serde_json::from_str(&text).unwrap();
    about["cases"].as_array().unwrap().clone()
}

/// Sums in another order differ by some 1e-15 a step, and steps of Adam divide by small numbers.
#[test]
fn optimisers_schedules_and_networks_agree_with_pytorch_in_double_precision() {
    let cases = cases();
    assert_eq!(cases.len(), 16);
    let mut wrong = Vec::new();
    for case in &cases {
        let [losses, weights] = compare(case, Precision::F64);
        if losses > 1e-9 || weights > 1e-9 {
            wrong.push(format!(
                "{}: losses {losses:.1e}, weights {weights:.1e}",
                case["case"]
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn losses_agree_with_pytorch_in_single_precision() {
    let mut wrong = Vec::new();
    for case in &cases() {
        let [losses, _] = compare(case, Precision::F32);
        if losses > 1e-4 {
            wrong.push(format!("{}: losses {losses:.1e}", case["case"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
