//! Exported programs: `tests/fixtures/exported/make.py` wrote them, with PyTorch's outputs in float64.

use crate::common::check::check_values;
use crate::common::{FLEX_F64, Golden, On, evaluator, fixture, golden, ok};
use losscope::checkpoint;
use losscope::dataset::{Samples, Targets};
use losscope::engine::inputs::open_network;
use losscope::engine::recognise::Sorted;
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::objective::Objective;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::graph::Loss;
use losscope::model::import::{self, Imported};
use losscope::model::losses::MeanSquaredError;
use losscope::model::params::Params;
use losscope::model::{Network, file};
use proptest::prelude::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The programs of the fixtures, by name.
fn programs() -> Vec<String> {
    let files = fs::read_dir(fixture("exported")).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "pt2"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 10, "only {names:?}");
    names
}

/// The network of a file, with the squared error as its loss, and its point.
fn open(path: &Path) -> (Imported, Arc<Network>, Params) {
    let state = ok(checkpoint::open(path));
    let mut imported = ok(import::open_as(path, None, Some(&state))).unwrap();
    let graph = &mut imported.graph;
    graph.loss = Loss::from(MeanSquaredError::default());
    let network = ok(Network::new(graph.clone(), &state));
    let (theta, _) = ok(network.params(&state));
    (imported, Arc::new(network), theta)
}

fn samples(network: &Network, x: &[f64], y: &[f64]) -> Samples {
    Samples {
        shape: network.graph().input.clone(),
        inputs: x.iter().map(|x| *x as f32).collect(),
        targets: Targets::Values(y.iter().map(|y| *y as f32).collect()),
        target_shape: network.output().to_vec(),
    }
}

fn outputs(network: &Arc<Network>, theta: &Params, samples: Samples, on: On) -> Vec<f64> {
    let evaluator = evaluator(network, on, 4 << 30);
    let split = ok(evaluator.upload(&Arc::new(samples), 0));
    let nowhere = Params::zeros(theta.layout());
    let slice = ok(Slice::new(theta.clone(), vec![nowhere], Buffers::Frozen));
    let loaded = ok(evaluator.load(slice, None));
    ok(evaluator.logits(&loaded, &[0.0], &split))
}

fn case(name: &str) -> (PathBuf, Golden) {
    let folder = fixture("exported");
    (
        folder.join(format!("{name}.pt2")),
        golden(&format!("exported/{name}.npz")),
    )
}

#[test]
fn outputs_are_those_of_pytorch() {
    for name in programs() {
        let (path, stored) = case(&name);
        let (_, network, theta) = open(&path);
        let expected = stored.values("outputs");
        let samples = samples(&network, &stored.values("x"), &expected);
        // Both compute in double precision; angles and masks that the file holds are rounded to single.
        let found = outputs(&network, &theta, samples, FLEX_F64);
        check_values(&name, &found, &expected, 2e-7);
    }
}

/// Files of PyTorch's older versions, and today's program in their layouts.
fn older() -> Vec<String> {
    let files = fs::read_dir(fixture("exported/older")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let programs = paths.filter(|path| path.extension().is_some_and(|end| end == "pt2"));
    let stem = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut names: Vec<String> = programs
        .map(stem)
        .map(|name| format!("older/{name}"))
        .collect();
    names.sort();
    names
}

#[test]
fn programs_of_older_versions_are_read() {
    let names = older();
    assert!(names.len() >= 3, "only {names:?}");
    for name in names {
        let (path, stored) = case(&name);
        let (imported, network, theta) = open(&path);
        assert_eq!(imported.graph.input, [3, 8, 8], "{name}");
        let expected = stored.values("outputs");
        let samples = samples(&network, &stored.values("x"), &expected);
        let found = outputs(&network, &theta, samples, FLEX_F64);
        check_values(&name, &found, &expected, 2e-7);
        // A weight under two names is one tensor, under the one that the file has first; what no state dict has is none
        // of the network's.
        let own = |name: &str| name.replace("again", "head");
        let mut trained: Vec<String> = theta.trainable().map(|(spec, _)| own(&spec.name)).collect();
        trained.sort_unstable();
        assert_eq!(
            trained,
            [
                "blocks.0.weight",
                "blocks.1.bias",
                "blocks.1.weight",
                "fc.bias",
                "fc.weight",
                "head.weight",
                "norm.bias",
                "norm.weight",
            ],
            "{name}"
        );
        let layers = &imported.graph.layers;
        let named = |name: &str| layers.iter().any(|layer| layer.name == name);
        assert!(named("blocks.0") && named("fc"), "{name}");
    }
}

#[test]
fn programs_of_unknown_schemas_are_refused_by_their_version() {
    let whole = fs::read(case("older/torch_2_4").0).unwrap();
    let changed = with_graph(&whole, |text| {
        assert!(text.contains("\"major\": 5"));
        text.replace("\"major\": 5", "\"major\": 1")
    });
    let found = said(&changed);
    assert!(
        found.contains("schema 1") && found.contains("PyTorch 2.6"),
        "{found}"
    );
    for length in (0..whole.len()).step_by(1997) {
        let found = said(&whole[..length]);
        assert!(!found.contains("read: true"), "{length}: {found}");
    }
}

#[test]
fn losses_and_gradients_are_those_of_pytorch() {
    let mut compared = 0;
    for name in programs() {
        let (path, stored) = case(&name);
        if !stored.has("loss") {
            continue;
        }
        let (_, network, theta) = open(&path);
        let samples = samples(&network, &stored.values("x"), &stored.values("targets"));
        let evaluator = evaluator(&network, FLEX_F64, 1 << 30);
        let split = ok(evaluator.upload(&Arc::new(samples), 0));
        let mut objective =
            NetworkObjective::new(&evaluator, &theta, &split, StatisticsMode::Running);
        let (loss, gradient) = ok(objective.gradient(&theta.flatten()));
        check_values(
            &format!("loss of {name}"),
            &[loss],
            &stored.values("loss"),
            2e-7,
        );
        let expected: Vec<f64> = theta
            .trainable()
            .flat_map(|(spec, _)| stored.values(&format!("gradient/{}", spec.name)))
            .collect();
        check_values(&format!("gradient of {name}"), &gradient, &expected, 2e-7);
        compared += 1;
    }
    assert!(compared >= 3, "only {compared}");
}

/// The Layers view and `--write-model` show the graph: it must be sayable as a file.
#[test]
fn graphs_can_be_written_and_read_again() {
    for name in programs() {
        let imported = ok(import::open(&case(&name).0)).unwrap();
        let text = file::write(&imported.graph, &imported.notes);
        let again = ok(file::parse(&text, Path::new("model.toml")));
        assert_eq!(again, imported.graph, "{name}");
    }
}

#[test]
fn layers_are_called_as_their_modules() {
    let imported = ok(import::open(&case("resnet").0)).unwrap();
    let names: Vec<&str> = imported
        .graph
        .layers
        .iter()
        .map(|l| l.name.as_str())
        .collect();
    for name in ["conv1", "bn1", "layer1.0.conv1", "layer1.0.add", "fc"] {
        assert!(names.contains(&name), "{name} isn't among {names:?}");
    }
    assert!(
        imported
            .source
            .starts_with("an exported program of PyTorch 2."),
        "{}",
        imported.source
    );
}

/// A state dict of training, the network in it called otherwise than where it was exported.
#[test]
fn a_program_is_the_network_of_other_checkpoints() {
    for (name, weights, called) in [
        ("gpt", "gpt_sb.pt", "Gpt"),
        ("bert", "bert_inner.pt", "Wrap"),
    ] {
        let (program, weights) = (case(name).0, fixture("exported").join(weights));
        let paths = [program.clone(), weights.clone()];
        let sorted = ok(Sorted::of(&paths));
        assert_eq!(sorted.model.as_ref(), Some(&program));
        assert_eq!(sorted.checkpoints, std::slice::from_ref(&weights));
        let state = ok(checkpoint::open(&weights));
        let model = program.display().to_string();
        let (network, facts) = ok(open_network(&model, &state, None));
        assert_eq!(facts.name, called);
        assert!(
            facts.source.contains("exported program"),
            "{}",
            facts.source
        );
        let (theta, _) = ok(network.params(&state));
        let expected = theta.trainable().map(|(spec, _)| spec.len()).sum::<usize>();
        assert_eq!(facts.parameters, expected);
    }
}

#[test]
fn a_program_given_as_a_checkpoint_uses_its_own_graph() {
    let program = case("gpt").0;
    let state = ok(checkpoint::open(&program));
    let (network, facts) = ok(open_network("auto", &state, None));
    assert_eq!(network.output(), [6, 11]);
    // The table of tokens and the head are one tensor.
    assert!(
        facts
            .assumptions
            .iter()
            .any(|a| a.contains("are one tensor")),
        "{facts:?}"
    );
    let both = [program, case("mlp").0];
    let sorted = ok(Sorted::of(&both));
    assert_eq!((sorted.model, sorted.checkpoints), (None, both.to_vec()));
}

#[test]
fn a_model_file_without_a_graph_says_how_to_make_one() {
    let weights = fixture("exported/gpt_sb.pt");
    let state = ok(checkpoint::open(&weights));
    let error = open_network(&weights.display().to_string(), &state, None).unwrap_err();
    assert!(error.to_string().contains("torch.export.save("), "{error}");
}

#[test]
fn a_network_that_trains_is_refused_with_the_cure() {
    let error = import::open(&fixture("exported/refused/training.pt2"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("model.eval()"), "{error}");
    let error = import::open(&fixture("exported/refused/unknown.pt2"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("\"fft_fft\"") && error.contains("mixer"),
        "{error}"
    );
    let error = import::open(&fixture("exported/refused/mixes.pt2"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("batch axis"), "{error}");
}

/// The text of the graph in an archive whose members are stored as they are, replaced.
fn with_graph(archive: &[u8], change: impl FnOnce(String) -> String) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let mut to = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let mut change = Some(change);
    for index in 0..from.len() {
        let mut member = from.by_index(index).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut member, &mut bytes).unwrap();
        let graphs = ["models/model.json", "serialized_exported_program.json"];
        if graphs.iter().any(|name| member.name().ends_with(name))
            && let Some(change) = change.take()
        {
            bytes = change(String::from_utf8(bytes).unwrap()).into_bytes();
        }
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        to.start_file(member.name(), options).unwrap();
        std::io::Write::write_all(&mut to, &bytes).unwrap();
    }
    to.finish().unwrap().into_inner()
}

/// What reading a changed program says.
fn said(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), bytes).unwrap();
    match import::open(file.path()) {
        Ok(found) => format!("read: {}", found.is_some()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn damaged_programs_are_refused_in_words() {
    let whole = fs::read(case("mlp").0).unwrap();
    let changed = |from: &'static str, to: &'static str| {
        said(&with_graph(&whole, |text| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        }))
    };
    for (from, to, words) in [
        (
            "torch.ops.aten.linear.default",
            "torch.ops.aten.nonsense.default",
            "nonsense",
        ),
        ("\"graph_module\"", "\"module\"", "isn't the JSON"),
        ("\"major\": 8", "\"major\": 99", "schema 99"),
        ("{\"as_int\": 8}", "{\"as_int\": 4611686018427387904}", ""),
        ("{\"as_int\": 8}", "{\"as_int\": 0}", ""),
        (
            "{\"as_tensor\": {\"name\": \"relu\"}}",
            "{\"as_tensor\": {\"name\": \"linear_1\"}}",
            "\"relu\"",
        ),
    ] {
        let found = changed(from, to);
        assert!(!found.starts_with("read"), "{from} → {to}: {found}");
        assert!(found.contains(words), "{from} → {to}: {found}");
    }
    for length in (0..whole.len()).step_by(997) {
        let found = said(&whole[..length]);
        assert!(!found.contains("read: true"), "{length}: {found}");
    }
}

#[test]
fn open_extents_are_those_of_the_data_or_of_the_example() {
    let path = case("open_size").0;
    for (sample, expected) in [(None, [3, 14, 11]), (Some(&[3, 9, 20][..]), [3, 9, 20])] {
        let imported = ok(import::open_for(&path, sample)).unwrap();
        assert_eq!(imported.graph.input, expected);
        let notes = imported.notes.concat();
        let said = format!(
            "Axis 2 of its input is open; it is read with {} entries",
            expected[1]
        );
        assert!(notes.contains(&said), "{notes}");
    }
}

/// No trace of the exporting machine leaves the file.
#[test]
fn local_paths_stay_in_the_file() {
    let imported = ok(import::open(&case("mlp").0)).unwrap();
    let all = format!("{imported:?}");
    assert!(!all.contains("someone"), "{all}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever becomes of a file's text, it is read or refused.
    #[test]
    fn changed_programs_are_read_or_refused(
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..4),
    ) {
        const WORDS: [&str; 12] = [
            "0", "-1", "9", "1e308", "null", "[]", "{}", "\"x\"", "true", "4611686018427387904",
            "{\"as_int\": 3}", "{\"as_tensor\": {\"name\": \"relu\"}}",
        ];
        let whole = fs::read(case("attention").0).unwrap();
        let bytes = with_graph(&whole, |text| {
            let mut text = text;
            for (place, word) in &places {
                // A number or a name of the text becomes another word.
                let spots: Vec<(usize, &str)> = text.match_indices(": ").collect();
                let start = spots[place.index(spots.len())].0 + 2;
                let rest = &text[start..];
                let length = rest.find([',', '}', ']']).unwrap_or(rest.len());
                let word = WORDS[word.index(WORDS.len())];
                text.replace_range(start..start + length, word);
            }
            text
        });
        said(&bytes);
    }

    #[test]
    fn changed_bytes_are_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = fs::read(case("mlp").0).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        said(&bytes);
    }
}
