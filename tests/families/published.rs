//! Published networks under the names of their reference code, against what PyTorch makes of the same weights.
//!
//! `tests/fixtures/families/make.py` made them and says what each is. A file from which one tensor was taken, or in which one is
//! called otherwise, is refused: it is never read as another network.

use losscope::checkpoint::{self, Array, StateDict, npz};
use losscope::dataset::Samples;
use losscope::engine::device::{self, DeviceChoice};
use losscope::error::Error;
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::Network;
use losscope::model::family::{Hints, Recognised, by_name, readings, recognise};
use losscope::model::file;
use losscope::model::params::Params;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A fixture, the family that it is, what must be chosen of it, and tensors without which it is another network of
/// the same family.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const CASES: &[Case] = &[
    ("resnet9-page", "resnet9", "", &[]),
    ("resnet9-tutorial", "resnet9", "", &[]),
    ("resnet9-ffcv", "resnet9", "", &[]),
    ("resnet-zeros-after", "resnet-cifar", "zeros=after", &[]),
    (
        "resnet-large-stem",
        "resnet-torchvision",
        "stem=1,pool=none",
        &[],
    ),
    (
        "resnet-pooled-stem",
        "resnet-torchvision",
        "pool=max,stride=first",
        &[],
    ),
    ("wide-resnet-xternalz", "preact-resnet", "", &[]),
    ("wide-resnet-meliketoy", "preact-resnet", "", &[]),
    ("preact-resnet", "preact-resnet", "", &[]),
    ("preact-bottleneck", "preact-resnet", "", &[]),
    ("wide-resnet-cifar100", "preact-resnet", "", &[]),
    ("preact-cifar100", "preact-resnet", "", &[]),
    ("densenet-torchvision", "densenet", "", &[]),
    ("densenet-kuangliu", "densenet", "", &[]),
    ("densenet-veit", "densenet", "", &[]),
    ("mobilenet-v2-torchvision", "mobilenet-v2", "", &[]),
    ("mobilenet-v2-kuangliu", "mobilenet-v2", "", &[]),
    ("mobilenet-v2-timm", "mobilenet-v2", "", &[]),
    ("mobilenet-v3-torchvision", "mobilenet-v3", "", &[]),
    ("mobilenet-v3-timm", "mobilenet-v3", "", &[]),
    ("efficientnet-torchvision", "efficientnet", "", &[]),
    ("efficientnet-timm", "efficientnet", "", &[]),
    ("efficientnet-v2", "efficientnet", "", &[]),
    ("convnext-torchvision", "convnext", "", &[]),
    ("convnext-timm", "convnext", "", &[]),
    ("convnext-authors", "convnext", "", &[]),
    ("vit-timm", "vit", "heads=3", &[]),
    ("vit-timm-mean", "vit", "heads=3", &[]),
    ("deit-distilled", "vit", "heads=3", &[]),
    ("vit-torchvision", "vit", "heads=3", &[]),
    ("vit-huggingface", "vit", "heads=3", &[]),
    ("vit-huggingface-4", "vit", "heads=3", &[]),
    ("gpt-nanogpt", "gpt2", "heads=3", &["lm_head.weight"]),
    ("gpt-huggingface", "gpt2", "heads=3", &[]),
    ("llama-huggingface", "llama", "heads=3", &["lm_head.weight"]),
    (
        "llama-meta",
        "llama",
        "heads=4,base=500",
        &["output.weight"],
    ),
    ("lstm-classifier", "recurrent", "", &[]),
    ("gru-rows", "recurrent", "read=token", &[]),
    ("rnn-words", "recurrent", "nonlinearity=relu", &[]),
    (
        "encoder-words",
        "transformer-encoder",
        "heads=2,scale=yes,causal=yes",
        &["pos_encoder.pe"],
    ),
    (
        "encoder-numbers",
        "transformer-encoder",
        "heads=4,norm=before,activation=gelu",
        &["pos_embedding"],
    ),
    // The files are sorted by names: nothing tells whether a block's `norm` comes before `fc1`.
    (
        "mlp-normed-before",
        "mlp-blocks",
        "activation=gelu,norm=before",
        &[],
    ),
    ("mlp-normed-after", "mlp-blocks", "stem=bent", &[]),
    // A last norm of one tensor leaves no trace.
    ("mlp-swiglu", "mlp-blocks", "", &["final.weight"]),
    ("mlp-geglu", "mlp-blocks", "activation=gelu,gate=last", &[]),
    // Before a norm a layer may do without a bias.
    ("mlp-layer-norm", "mlp", "", &["1.bias"]),
    ("numpy-rows", "numpy-mlp", "", &[]),
    ("numpy-columns", "numpy-mlp", "", &[]),
];

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/families");
    folder.join(name)
}

/// Weights, inputs `[n, …]` and outputs.
fn open(name: &str) -> (StateDict, Array, Vec<f64>) {
    let state = checkpoint::open(&fixture(&format!("{name}.safetensors.gz")));
    let state = state.unwrap_or_else(|e| panic!("{name}: {e}"));
    let arrays = npz::read_arrays(&fixture(&format!("{name}.npz"))).unwrap();
    let array = |key: &str| arrays.iter().find(|(n, _)| n == key).unwrap().1.clone();
    (state, array("x"), array("logits").to_f64())
}

/// By itself where nothing must be chosen, else by name.
fn read(
    family: &str,
    choices: &str,
    state: &StateDict,
    hints: &Hints,
) -> Result<Recognised, Error> {
    if choices.is_empty() {
        recognise(state, hints)
    } else {
        by_name(&format!("{family}:{choices}"), state, hints)
    }
}

/// The largest difference to `expected`, over the largest of these.
fn off(found: &Recognised, state: &StateDict, x: &Array, expected: &[f64]) -> f64 {
    let network = Network::new(found.graph.clone(), state).unwrap_or_else(|e| panic!("{e}"));
    let (theta, _) = network.params(state).unwrap();
    let values = x.to_f64().into_iter().map(|v| v as f32).collect();
    let count = x.shape()[0];
    let mut samples = Samples::labelled(x.shape()[1..].to_vec(), values, vec![0; count]);
    if let &[positions, _] = network.output() {
        samples.target_shape = vec![positions];
        samples.targets = losscope::dataset::Targets::Classes(vec![0; count * positions]);
    }
    let network = Arc::new(network);
    let device = device::open(DeviceChoice::Flex, Precision::F64)
        .unwrap()
        .device;
    let evaluator = Evaluator::new(network, device, Precision::F64, 256 << 20).unwrap();
    let split = evaluator
        .upload(&Arc::new(samples), 2)
        .unwrap_or_else(|e| panic!("{e}"));
    let still = Params::zeros(theta.layout());
    let slice = Slice::new(theta, vec![still], Buffers::Frozen).unwrap();
    let loaded = evaluator.load(slice, None).unwrap();
    let outputs = evaluator.logits(&loaded, &[0.0], &split).unwrap();
    assert_eq!(outputs.len(), expected.len());
    let most = expected.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let differences = outputs.iter().zip(expected).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f64::max) / most
}

#[test]
fn published_networks_give_pytorchs_outputs() {
    let mut wrong = Vec::new();
    for (name, family, choices, _) in CASES {
        let (state, x, logits) = open(name);
        let hints = Hints {
            input: Some(&x.shape()[1..]),
            ..Hints::default()
        };
        let found = match read(family, choices, &state, &hints) {
            Ok(found) => found,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        assert_eq!(found.family, *family, "{name}");
        let off = off(&found, &state, &x, &logits);
        if off.is_nan() || off > 1e-6 {
            wrong.push(format!("{name} is off by {off}"));
        }
        // What was assumed goes into a file that reads back as the same network.
        let text = file::write(&found.graph, &found.assumptions);
        assert_eq!(
            file::parse(&text, Path::new("m.toml")).unwrap(),
            found.graph
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_tensor_less_or_called_otherwise_is_refused() {
    let mut wrong = Vec::new();
    for (name, family, choices, without) in CASES {
        let (state, x, logits) = open(name);
        let hints = Hints {
            input: Some(&x.shape()[1..]),
            ..Hints::default()
        };
        let places = 0..state.tensors.len();
        for place in places.filter(|&i| state.tensors[i].1.values().is_float()) {
            let gone = state.tensors[place].0.clone();
            let mut less = state.clone();
            less.tensors.remove(place);
            if !without.contains(&gone.as_str()) && read(family, choices, &less, &hints).is_ok() {
                wrong.push(format!("{name} without {gone}"));
            }
            let mut other = state.clone();
            other.tensors[place].0 = format!("{gone}_other");
            // A tensor that is known by its place alone is still the same.
            if let Ok(found) = read(family, choices, &other, &hints)
                && off(&found, &other, &x, &logits) > 1e-6
            {
                wrong.push(format!(
                    "{name} with {gone} renamed, read as {}",
                    found.family
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_tensors_dont_tell_is_asked_for() {
    let table = [
        ("vit-timm", "vit", "heads", "--model vit:heads=N"),
        ("gpt-nanogpt", "gpt2", "heads", "--model gpt2:heads=N"),
        ("llama-huggingface", "llama", "heads", "num_attention_heads"),
        ("encoder-words", "transformer-encoder", "heads", "nhead"),
    ];
    for (name, family, key, words) in table {
        let (state, x, _) = open(name);
        let hints = Hints {
            input: Some(&x.shape()[1..]),
            ..Hints::default()
        };
        let error = recognise(&state, &hints).unwrap_err().to_string();
        assert!(
            error.contains(words) && error.contains("don't tell"),
            "{error}"
        );
        for wrong in ["5", "0", "many", ""] {
            let model = format!("{family}:{key}={wrong}");
            assert!(by_name(&model, &state, &hints).is_err(), "{model}");
        }
        let unknown = by_name(&format!("{family}:legs=2"), &state, &hints).unwrap_err();
        let said = unknown.to_string();
        assert!(
            matches!(unknown, Error::Usage(_)) && said.contains(key),
            "{said}"
        );
    }
}

/// Two networks with the same tensors: the other one is asked for by its name.
#[test]
fn the_other_wiring_is_another_network() {
    let table = [
        ("preact-resnet", "preact-resnet:stride=second", "stride"),
        ("preact-resnet", "preact-resnet:shortcut=raw", "reads"),
        ("densenet-kuangliu", "densenet:new=last", "behind"),
        ("lstm-classifier", "recurrent:read=mean", "the mean"),
        ("numpy-rows", "numpy-mlp:activation=tanh", "tanh"),
        ("resnet9-ffcv", "resnet9:factor=0.125", "0.125"),
    ];
    for (name, model, words) in table {
        let (state, x, logits) = open(name);
        let hints = Hints {
            input: Some(&x.shape()[1..]),
            ..Hints::default()
        };
        let usual = recognise(&state, &hints).unwrap();
        let other = by_name(model, &state, &hints).unwrap();
        assert!(off(&other, &state, &x, &logits) > 1e-3, "{model}");
        let asked = |read: &Recognised| {
            let mut said = read.assumptions.iter();
            said.any(|a| a.contains(words) && a.contains("as asked"))
        };
        assert!(
            asked(&other) && !asked(&usual),
            "{model}: {:#?}",
            other.assumptions
        );
    }
}

/// All wirings that the tensors allow, each with the text that asks for it.
#[test]
fn readings_are_all_that_fits() {
    let table = [
        (
            "preact-resnet",
            4,
            "preact-resnet:stride=second,shortcut=raw",
        ),
        ("densenet-veit", 2, "densenet:new=first"),
        ("vit-timm", 4, "vit:heads=3"),
        // No width is too narrow to be asked for: 1, 2, 3 and 4 heads divide 24.
        ("gpt-nanogpt", 16, "gpt2:heads=3,gelu=tanh,tied=yes"),
        ("convnext-timm", 1, "convnext"),
        ("resnet-zeros-after", 3, "resnet-cifar:skip=none,zeros=both"),
        (
            "resnet-pooled-stem",
            8,
            "resnet-torchvision:stem=1,pool=max,stride=first",
        ),
    ];
    for (name, count, key) in table {
        let (state, x, _) = open(name);
        let hints = Hints {
            input: Some(&x.shape()[1..]),
            ..Hints::default()
        };
        let found = readings("auto", &state, &hints).unwrap();
        let keys: Vec<String> = found.iter().map(Recognised::key).collect();
        assert_eq!(found.len(), count, "{keys:?}");
        assert!(keys.iter().any(|own| own == key), "{keys:?}");
        for reading in &found {
            let again = by_name(&reading.key(), &state, &hints).unwrap();
            assert_eq!(again.graph, reading.graph, "{}", reading.key());
        }
        // The usual one comes first, where there is one.
        if let Ok(usual) = recognise(&state, &hints) {
            assert_eq!(usual.graph, found[0].graph, "{name}");
        }
    }
    // Without data nothing could decide a number that must be known.
    let (state, ..) = open("vit-timm");
    assert!(readings("auto", &state, &Hints::default()).is_err());
}
