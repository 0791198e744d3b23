//! Networks described by hand: the reference of layers, and drafts that are complete.

use losscope::checkpoint::{self, Array, Source, StateDict, Values};
use losscope::model::Network;
use losscope::model::family::{Hints, skeleton};
use losscope::model::file;
use losscope::model::layers::reference;
use std::collections::BTreeSet;
use std::path::Path;

/// Every layer of the tests of layers, as a table.
fn written() -> Vec<toml::Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/layers");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let models = text
            .split("\n## ")
            .map(|model| match model.strip_prefix("## ") {
                Some(_) => model.split_once('\n').unwrap().1,
                None if text.starts_with("## ") => model.split_once('\n').unwrap().1,
                None => model,
            });
        for model in models {
            let table: toml::Table = model.parse().unwrap();
            let layers = table["layer"].as_array().unwrap().iter();
            found.extend(layers.map(|layer| layer.as_table().unwrap().clone()));
        }
    }
    found
}

#[test]
fn every_kind_of_layer_is_in_the_reference_with_all_its_fields() {
    let all = reference();
    let names: BTreeSet<&str> = all.iter().map(|kind| kind.name.as_str()).collect();
    assert_eq!(names.len(), all.len());
    for kind in &all {
        assert!(kind.words.len() > 8, "{} says nothing of itself", kind.name);
        for field in &kind.fields {
            assert!(!field.words.is_empty(), "{}.{}", kind.name, field.name);
            // A type that is no plain number, word or list has its words.
            assert!(!field.takes.starts_with(char::is_uppercase), "{field:?}");
        }
    }
    // The list that a reader of files has, from its own complaint.
    let wrong = "name = 'x'\ninput = [1]\nloss = { kind = 'cross-entropy' }\n[[layer]]\nname = 'a'\nkind = 'no-such'\n";
    let complaint = file::parse(wrong, Path::new("m.toml"))
        .unwrap_err()
        .to_string();
    let listed = complaint.split("expected one of").nth(1).unwrap();
    let known: BTreeSet<&str> = listed.split('`').skip(1).step_by(2).collect();
    assert_eq!(names, known);
    let mut seen = BTreeSet::new();
    for layer in written() {
        let name = layer["kind"].as_str().unwrap();
        let kind = all.iter().find(|kind| kind.name == name).unwrap();
        let fields = |key: &str| kind.fields.iter().any(|field| field.name == key);
        for key in layer
            .keys()
            .filter(|key| !["name", "kind", "inputs"].contains(&key.as_str()))
        {
            assert!(fields(key), "{name} has {key}, which the reference lacks");
        }
        for field in kind.fields.iter().filter(|field| field.usual.is_none()) {
            assert!(
                layer.contains_key(&field.name),
                "{name} does without {}",
                field.name
            );
        }
        seen.insert(name.to_owned());
    }
    assert!(seen.len() > 60, "only {} kinds were looked at", seen.len());
}

#[test]
fn the_reference_has_the_words_of_the_kinds() {
    let all = reference();
    let kind = |name: &str| all.iter().find(|kind| kind.name == name).unwrap();
    let field = |kind: &str, name: &str| {
        let all = all.iter().find(|own| own.name == kind).unwrap();
        all.fields
            .iter()
            .find(|field| field.name == name)
            .unwrap()
            .clone()
    };
    assert!(kind("relu6").words.contains("torch.nn.ReLU6"));
    assert!(kind("exp").words.contains("torch.exp") && kind("exp").fields.is_empty());
    assert_eq!(field("conv", "stride").takes, "a list of whole numbers");
    assert_eq!(field("conv", "weight").usual, None);
    // A list that isn't written has what its words say.
    assert_eq!(field("conv", "stride").usual.as_deref(), Some("1"));
    assert_eq!(field("conv", "padding").usual.as_deref(), Some("none"));
    assert_eq!(field("conv", "bias").usual.as_deref(), Some("none"));
    assert_eq!(field("rope", "base").usual.as_deref(), Some("10000.0"));
    assert_eq!(field("mean", "keep").usual.as_deref(), Some("false"));
    let output = field("lstm", "output");
    assert_eq!(output.takes, "\"sequence\" or \"last\"");
    assert_eq!(field("rnn", "relu").takes, "true or false");
}

fn state(shapes: &[(&str, &[usize])]) -> StateDict {
    let array = |shape: &[usize]| {
        let count = shape.iter().product();
        Array::new(shape.to_vec(), Values::F32(vec![0.0; count])).unwrap()
    };
    StateDict {
        tensors: shapes
            .iter()
            .map(|(name, shape)| ((*name).to_owned(), array(shape)))
            .collect(),
        source: Source {
            path: "made".into(),
            format: String::new(),
            state_dict_at: String::new(),
            prefix: String::new(),
            sha256: String::new(),
        },
        told: checkpoint::Told::default(),
        unreadable: Vec::new(),
        warnings: Vec::new(),
    }
}

fn draft(state: &StateDict, hints: &Hints) -> String {
    let draft = skeleton(state, hints);
    file::write(&draft.graph, &draft.assumptions)
}

/// Two convolutions over time, a tensor of its own, and names that no layer has.
#[test]
fn a_draft_names_every_tensor() {
    let state = state(&[
        ("front.weight", &[8, 4, 5]),
        ("front.bias", &[8]),
        ("table.weight", &[30, 6]),
        ("theta", &[1, 7, 6]),
        ("mix.A", &[6, 6, 6]),
        ("W1", &[6, 3]),
        ("b1", &[1, 3]),
    ]);
    let text = draft(&state, &Hints::default());
    for name in [
        "front.weight",
        "front.bias",
        "table.weight",
        "theta",
        "mix.A",
        "W1",
        "b1",
    ] {
        assert!(
            text.contains(&format!("{name:?}")),
            "{name} isn't in\n{text}"
        );
    }
    assert!(!text.contains("layer = []"), "{text}");
    assert!(text.contains("\"mix.A\" [6, 6, 6]"), "{text}");
    assert!(text.contains("losscope inspect --layers"), "{text}");
    let graph = file::parse(&text, Path::new("m.toml")).unwrap();
    assert!(!graph.layers.is_empty());
}

/// What has no layer at all is still a file to edit: a layer written below its comments is read.
#[test]
fn a_draft_without_a_layer_can_be_completed() {
    let state = state(&[("mix.A", &[2, 3, 4])]);
    let text = draft(&state, &Hints::default());
    assert!(
        !text.contains("layer = []") && text.contains("\"mix.A\" [2, 3, 4]"),
        "{text}"
    );
    let completed = text.replace("# input = [64]", "input = [64]")
        + "\n[[layer]]\nname = \"first\"\nkind = \"relu\"\n";
    file::parse(&completed, Path::new("m.toml")).unwrap();
}

/// A network written with NumPy, read by itself; its draft has the same layers.
#[test]
fn weights_of_numpy_have_a_draft_with_their_biases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/families");
    for name in ["numpy-rows", "numpy-columns"] {
        let state = checkpoint::open(&folder.join(format!("{name}.safetensors.gz"))).unwrap();
        let input = [1, 8, 8];
        let hints = Hints {
            input: Some(&input),
            ..Hints::default()
        };
        let text = draft(&state, &hints);
        let graph = file::parse(&text, Path::new("m.toml")).unwrap();
        let network = Network::new(graph, &state).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(network.outputs(), 10);
        assert_eq!(network.layout().len(), state.tensors.len());
    }
}
