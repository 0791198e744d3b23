//! `losscope inspect` on descriptions: the kinds of layer, drafts, and how a description fits.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Exit status, standard output, standard error.
fn inspect(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_losscope"));
    let output = command
        .arg("inspect")
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().unwrap();
    (status, text(&output.stdout), text(&output.stderr))
}

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let path: PathBuf = folder.join(name);
    path.to_string_lossy().into_owned()
}

#[test]
fn a_model_that_was_named_and_cant_be_read_or_doesnt_fit_fails() {
    let dir = TempDir::new().unwrap();
    let circle = "name='x'\ninput=[64]\n[loss]\nkind='cross-entropy'\n\
        [[layer]]\nname='a'\nkind='relu'\ninputs=['b']\n[[layer]]\nname='b'\nkind='relu'\ninputs=['a']\n";
    std::fs::write(dir.path().join("cyc.toml"), circle).unwrap();
    let mlp = fixture("models/mlp/sb.pt");
    for model in ["/nonexistent.toml", "cyc.toml", "vgg", "vit:heads=2"] {
        let (status, _, said) = inspect(dir.path(), &[&mlp, "--model", model]);
        assert_eq!(status, 1, "{model}: {said}");
        let (status, _, said) = inspect(dir.path(), &[&mlp, "--check", model]);
        assert_eq!(status, 1, "{model}: {said}");
    }
    let other = fixture("families/cases/relu6.pt");
    assert_eq!(inspect(dir.path(), &[&other, "--model", "auto"]).0, 0);
}

#[test]
fn layers_are_explained() {
    let dir = TempDir::new().unwrap();
    let (status, text, _) = inspect(dir.path(), &["--layers"]);
    assert_eq!(status, 0);
    for words in [
        "\nbatch-norm\n",
        "\nhard-swish\n",
        "torch.nn.LSTM",
        "epsilon: a number. Added to the variance.",
    ] {
        assert!(text.contains(words), "{words:?} isn't in\n{text}");
    }
    let (status, text, _) = inspect(dir.path(), &["--layers", "max-pool"]);
    assert!(
        status == 0 && text.starts_with("max-pool\n") && !text.contains("batch-norm"),
        "{text}"
    );
    let (status, _, said) = inspect(dir.path(), &["--layers", "max"]);
    assert_eq!(status, 0, "{said}");
    let (status, _, said) = inspect(dir.path(), &["--layers", "maxpool"]);
    assert!(status == 2 && said.contains("max-pool"), "{said}");
    let (status, text, _) = inspect(dir.path(), &["--layers", "linear", "--json"]);
    let kinds: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(
        status == 0 && kinds[0]["fields"][0]["name"] == "weight",
        "{text}"
    );
}

/// PyTorch in float64 gives 0.066131 for this network; as a plain ReLU network it would be 1.47662.
#[test]
fn a_description_is_held_against_data() {
    let dir = TempDir::new().unwrap();
    let [model, weights, data] = ["toml", "pt"]
        .map(|end| fixture(&format!("families/cases/relu6.{end}")))
        .into_iter()
        .chain([fixture("families/cases/relu6-data.npz")])
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let args = ["--check", &model, &weights, "--data", &data, "--json"];
    let (status, text, said) = inspect(dir.path(), &args);
    assert_eq!(status, 0, "{said}");
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    let loss = found[0]["tried"]["loss"].as_f64().unwrap();
    assert!((loss - 0.066_131).abs() < 1e-5, "{text}");
    assert_eq!(found[0]["layers"][2]["shape"], serde_json::json!([16]));
    assert_eq!(found[0]["unused"].as_array().unwrap().len(), 0);
    let (status, text, _) = inspect(dir.path(), &args[..5]);
    assert_eq!(status, 0);
    for words in [
        "relu6",
        "every tensor of the checkpoint is used",
        "loss 0.0661",
        "by chance",
    ] {
        assert!(text.contains(words), "{words:?} isn't in\n{text}");
    }
}

#[test]
fn a_description_that_doesnt_fit_says_where() {
    let dir = TempDir::new().unwrap();
    let text = std::fs::read_to_string(fixture("families/cases/relu6.toml")).unwrap();
    // The second layer would read 64 numbers of the 16 that the first gives.
    let wrong = text.replace("weight = \"fc2.weight\"", "weight = \"fc1.weight\"");
    std::fs::write(dir.path().join("wrong.toml"), wrong).unwrap();
    let (status, text, said) = inspect(
        dir.path(),
        &["--check", "wrong.toml", &fixture("families/cases/relu6.pt")],
    );
    assert_eq!(status, 1, "{said}");
    for words in [
        "no layer uses fc2.weight [10, 16]",
        "doesn't fit",
        "takes 64 features",
    ] {
        assert!(text.contains(words), "{words:?} isn't in\n{text}");
    }
    assert!(said.contains("layer \"fc2\""), "{said}");
}

/// Statistics of the data near those of the checkpoint where the network is right, far where its norms come late.
#[test]
fn running_statistics_are_compared_with_those_of_the_data() {
    let dir = TempDir::new().unwrap();
    let weights = fixture("models/resnet8/sb.pt");
    let apart = |model: &str| {
        let args = ["--check", model, &weights, "--data", "digits", "--json"];
        let (status, text, said) = inspect(dir.path(), &args);
        assert_eq!(status, 0, "{said}");
        let found: serde_json::Value = serde_json::from_str(&text).unwrap();
        let layers = found[0]["layers"].as_array().unwrap().iter();
        let apart = layers.filter_map(|layer| layer["statistics"]["means_apart"].as_f64());
        apart.fold(0.0, f64::max)
    };
    let right = apart("resnet-cifar");
    let wrong = apart("resnet-cifar-noskip");
    assert!(right < 0.2 && wrong > 2.0 * right, "{right} and {wrong}");
}

#[test]
fn numpys_weights_are_recognised() {
    let dir = TempDir::new().unwrap();
    let weights = fixture("families/cases/numpy.npz");
    let (status, text, _) = inspect(dir.path(), &[&weights]);
    assert!(status == 0 && text.contains("numpy-mlp"), "{text}");
    let (status, _, said) = inspect(dir.path(), &[&weights, "--write-model", "m.toml"]);
    assert_eq!(status, 0, "{said}");
    let (status, text, said) = inspect(dir.path(), &["--check", "m.toml", &weights]);
    assert!(
        status == 0 && text.contains("every tensor of the checkpoint is used"),
        "{said}"
    );
}

/// Heads leave no trace in the tensors, and stand in the file that Hugging Face writes beside them.
#[test]
fn settings_beside_the_weights_are_read_and_what_they_rule_out_is_refused() {
    let dir = TempDir::new().unwrap();
    let put = |name: &str, family: &str| {
        let from = fixture(&format!("families/{family}.safetensors.gz"));
        std::fs::copy(from, dir.path().join(name)).unwrap();
    };
    let config = |text: &str| std::fs::write(dir.path().join("config.json"), text).unwrap();
    put("vit.safetensors.gz", "vit-huggingface");
    let (_, text, _) = inspect(dir.path(), &["vit.safetensors.gz"]);
    assert!(text.contains("--model vit:heads=N"), "{text}");
    config(
        r#"{"model_type": "vit", "num_attention_heads": 3, "hidden_act": "gelu", "layer_norm_eps": 1e-12}"#,
    );
    let (_, text, _) = inspect(dir.path(), &["vit.safetensors.gz"]);
    for words in [
        "There are 3 heads",
        "config.json (num_attention_heads)",
        "vit",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(!text.contains("not recognised"), "{text}");
    // What was asked for on the command line comes first.
    let (status, text, said) = inspect(
        dir.path(),
        &["vit.safetensors.gz", "--model", "vit:heads=6"],
    );
    assert!(
        status == 0 && text.contains("There are 6 heads"),
        "{text}{said}"
    );
    config(r#"{"model_type": "vit", "num_attention_heads": 3, "hidden_act": "relu"}"#);
    let (_, text, _) = inspect(dir.path(), &["vit.safetensors.gz"]);
    assert!(
        text.contains("hidden_act = \"relu\"") && text.contains("not recognised"),
        "{text}"
    );
    put("llama.safetensors.gz", "llama-huggingface");
    config(
        r#"{"model_type": "llama", "num_attention_heads": 3, "rope_theta": 500.0, "rms_norm_eps": 1e-5}"#,
    );
    let (_, text, _) = inspect(dir.path(), &["llama.safetensors.gz"]);
    assert!(
        text.contains("base 500") && text.contains("config.json (rope_theta)"),
        "{text}"
    );
    config(
        r#"{"model_type": "llama", "num_attention_heads": 3, "rope_scaling": {"rope_type": "llama3", "factor": 8.0}}"#,
    );
    let (_, text, _) = inspect(dir.path(), &["llama.safetensors.gz"]);
    assert!(text.contains("scales rotary positions (llama3)"), "{text}");
    // Another program's settings say nothing.
    config(r#"{"num_heads": 7, "learning_rate": 0.1}"#);
    let (_, text, _) = inspect(dir.path(), &["vit.safetensors.gz"]);
    assert!(text.contains("--model vit:heads=N"), "{text}");
}
