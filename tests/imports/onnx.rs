//! ONNX files: `tests/fixtures/onnx/make.py` wrote them, with PyTorch's outputs in float64; `keras.py` those of Keras.

use crate::common::check::check_values;
use crate::common::ok;
use crate::shared::{agrees, case, file, imported, outputs, refusal};
use losscope::checkpoint;
use losscope::model::graph::Role;
use losscope::model::import;
use proptest::prelude::*;
use std::fs;

/// The networks, each with the ways in which it was exported.
fn files(kinds: &[&str]) -> Vec<(&'static str, String)> {
    let networks = ["tanh", "residual", "transformer", "pools"];
    let mut found = Vec::new();
    for network in networks {
        for kind in kinds {
            let name = format!("{network}_{kind}.onnx");
            if file("onnx", &name).exists() {
                found.push((network, name));
            }
        }
    }
    for network in networks {
        assert!(
            found.iter().any(|(own, _)| *own == network),
            "no {network} in {found:?}"
        );
    }
    found
}

#[test]
fn outputs_of_the_older_exporter_are_those_of_pytorch() {
    for (network, name) in files(&["11", "13", "14", "17"]) {
        agrees(&file("onnx", &name), &case("onnx", network));
    }
}

#[test]
fn outputs_of_the_newer_exporter_are_those_of_pytorch() {
    for (network, name) in files(&["dynamo", "dynamo_open"]) {
        agrees(&file("onnx", &name), &case("onnx", network));
    }
}

#[test]
fn outputs_of_folded_files_are_those_of_pytorch() {
    for (network, name) in files(&["folded", "dynamo_folded"]) {
        agrees(&file("onnx", &name), &case("onnx", network));
    }
}

/// Recurrent layers with their gates in ONNX's order, sizes in several ways, normalisation by groups and neighbours.
#[test]
fn outputs_of_recurrent_and_resized_networks_are_those_of_pytorch() {
    let dynamo = ["dynamo_18", "dynamo_21"];
    let of_both = ["14", "17"].map(|kind| ("recurrent", kind));
    let sized = ["14", "17"].into_iter().chain(dynamo);
    for (network, kind) in sized.map(|kind| ("sized", kind)).chain(of_both) {
        let path = file("onnx", &format!("{network}_{kind}.onnx"));
        agrees(&path, &case("onnx", network));
    }
    // The exporter computed the first state times its weight for the two samples of its example: as a tensor of the
    // file it can't be told from one that is trained.
    for kind in dynamo {
        let path = file("onnx", &format!("recurrent_{kind}.onnx"));
        let said = refusal(&path, Some(&case("onnx", "recurrent").sample));
        assert!(said.contains("export with one sample"), "{said}");
    }
}

/// The gates of both directions lie in one tensor: each row of each direction is a filter.
#[test]
fn filters_of_both_directions_are_counted_for_each() {
    let graph = imported(&file("onnx", "recurrent_17.onnx"), None).graph;
    let grouped = graph
        .tensors()
        .into_iter()
        .filter_map(|(_, role)| match role {
            Role::Grouped { axis, groups } => Some((axis, groups)),
            _ => None,
        });
    let grouped: Vec<_> = grouped.collect();
    // Two weights of each of two layers.
    assert_eq!(grouped, [(1, 2); 4]);
}

/// ONNX's own reference says what operators give that PyTorch doesn't write.
#[test]
fn outputs_of_operators_by_hand_are_those_of_the_reference() {
    let names = [0, 1, 3, 4, 5].into_iter();
    let names = names.map(|number| format!("resize_{number}"));
    for name in names.chain(["groups_18".into(), "groups_21".into()]) {
        let (path, case) = (file("onnx", &format!("{name}.onnx")), case("onnx", &name));
        let imported = imported(&path, Some(&case.sample));
        let found = outputs(&imported, &path, &case.x, &case.y);
        // The reference computes in single precision.
        check_values(&name, &found, &case.y, 1e-5);
    }
}

/// The networks of `keras.py`: each with its input as data have it, channels first.
const OF_KERAS: [&str; 5] = [
    "keras_folded",
    "keras_grey",
    "keras_older",
    "keras_sized",
    "keras_lstm",
];

#[test]
fn outputs_of_networks_of_keras_are_those_of_the_reference() {
    for name in OF_KERAS {
        let (path, case) = (file("onnx", &format!("{name}.onnx")), case("onnx", name));
        // The file's own extents tell as much as the data's.
        for sample in [None, Some(&case.sample[..])] {
            let imported = imported(&path, sample);
            assert_eq!(imported.graph.input, case.sample, "{name}");
            let found = outputs(&imported, &path, &case.x, &case.y);
            check_values(name, &found, &case.y, 1e-5);
        }
    }
}

/// The scale of a `Rescaling` and the mean of a `Normalization` lie in the file as the weights do.
#[test]
fn numbers_of_preprocessing_are_not_trained() {
    let imported = imported(&file("onnx", "keras_grey.onnx"), None);
    let mut names: Vec<&str> = imported
        .graph
        .tensors()
        .iter()
        .map(|(name, _)| *name)
        .collect();
    names.sort_unstable();
    let own = |name: &str| name.replace("StatefulPartitionedCall/model/", "");
    let names: Vec<String> = names.into_iter().map(own).collect();
    assert_eq!(
        names,
        [
            "batch_normalization/batchnorm/mul:0",
            "batch_normalization/batchnorm/sub:0",
            "conv2d/BiasAdd/ReadVariableOp:0",
            "conv2d/Conv2D/ReadVariableOp:0",
            "dense/BiasAdd/ReadVariableOp:0",
            "dense/MatMul/ReadVariableOp:0",
            "dense_1/BiasAdd/ReadVariableOp:0",
            "dense_1/MatMul/ReadVariableOp:0",
        ]
    );
    let layers = imported.graph.layers.iter();
    let mut layers = layers.map(|layer| layer.name.as_str());
    assert!(layers.any(|name| name.starts_with("model.conv2d")));
}

#[test]
fn what_an_exporter_of_keras_did_to_parameters_is_said() {
    for (name, words) in [
        (
            "keras_folded",
            &["folded batch norm into convolutions", "channels last"][..],
        ),
        (
            "keras_grey",
            &["made a product and a sum of batch norm", "model.keras"],
        ),
    ] {
        let notes = imported(&file("onnx", &format!("{name}.onnx")), None).notes;
        for word in words {
            assert!(
                notes.iter().any(|note| note.contains(word)),
                "{name}: {notes:?}"
            );
        }
    }
    let notes = imported(&file("onnx", "keras_older.onnx"), None)
        .notes
        .concat();
    assert!(!notes.contains("batch norm"), "{notes}");
}

#[test]
fn operators_that_are_no_layers_are_refused_with_their_reason() {
    for (name, why) in [
        (
            "refused_if.onnx",
            "it chooses between two graphs while it runs",
        ),
        ("resize_2.onnx", "runtimes read in two ways"),
        ("refused_groups.onnx", "a scale of 2 numbers for 4 channels"),
    ] {
        let words = refusal(&file("onnx", name), Some(&[2, 5, 7]));
        assert!(words.contains(why), "{words}");
    }
}

#[test]
fn a_state_dict_opens_on_the_network_of_an_unfolded_file() {
    let case = case("onnx", "residual");
    for kind in ["13", "dynamo"] {
        let imported = imported(&file("onnx", &format!("residual_{kind}.onnx")), None);
        let found = outputs(&imported, &file("onnx", "residual.pt"), &case.x, &case.y);
        check_values(kind, &found, &case.y, 1e-6);
        assert!(
            imported.notes.iter().all(|note| !note.contains("folded")),
            "{:?}",
            imported.notes
        );
    }
}

#[test]
fn folded_files_are_noticed_with_what_to_do() {
    for name in ["residual_folded.onnx", "residual_dynamo_folded.onnx"] {
        let notes = imported(&file("onnx", name), None).notes;
        let said = |word: &str| notes.iter().any(|note| note.contains(word));
        assert!(
            said("folded batch norm into convolutions"),
            "{name}: {notes:?}"
        );
        assert!(said("optimize=False"), "{name}: {notes:?}");
    }
    let turned = imported(&file("onnx", "transformer_folded.onnx"), None).notes;
    assert!(
        turned.iter().any(|note| note.contains("turned or renamed")),
        "{turned:?}"
    );
}

/// A mask or a sinusoid that a file keeps would move with the weights: the file doesn't tell them from trained positions.
#[test]
fn tensors_that_may_not_be_trained_are_named() {
    for name in ["transformer_14.onnx", "transformer_dynamo.onnx"] {
        let notes = imported(&file("onnx", name), None).notes.concat();
        assert!(notes.contains("positions is taken as trained"), "{notes}");
    }
    let notes = imported(&file("onnx", "tanh_17.onnx"), None).notes.concat();
    assert!(!notes.contains("taken as trained"), "{notes}");
}

/// A weight that the exporter turned counts its filters along the other axis.
#[test]
fn filters_of_turned_weights_are_their_columns() {
    let graph = imported(&file("onnx", "transformer_folded.onnx"), None).graph;
    let tensors = graph.tensors();
    let turned: Vec<_> = tensors
        .iter()
        .filter(|(name, _)| name.starts_with("onnx::MatMul"))
        .collect();
    assert!(turned.len() >= 3, "{tensors:?}");
    for (name, role) in turned {
        assert_eq!(
            *role,
            Role::Trainable {
                output_axis: Some(1)
            },
            "{name}"
        );
    }
}

/// The exporter keeps one of many equal vectors; they were once one parameter.
#[test]
fn equal_vectors_are_tensors_of_their_own() {
    let path = file("onnx", "fresh.onnx");
    agrees(&path, &case("onnx", "fresh"));
    let graph = imported(&path, None).graph;
    for (name, role) in [
        ("one.bn2.running_var", Role::RunningVar),
        ("two.bn1.bias", Role::PLAIN),
    ] {
        assert!(graph.tensors().contains(&(name, role)), "{name}");
    }
}

#[test]
fn tensors_in_a_file_beside_it_are_read() {
    let path = file("onnx", "beside.onnx");
    agrees(&path, &case("onnx", "beside"));
    assert_eq!(checkpoint::shards(&path), [file("onnx", "beside.data")]);
}

#[test]
fn tensors_outside_of_its_folder_are_refused() {
    let bytes = fs::read(file("onnx", "beside.onnx")).unwrap();
    // As long as the name that it replaces.
    for outside in [&b"../s/.data/"[..], b"/etc/passwd"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made.onnx");
        let mut made = bytes.clone();
        let name = b"beside.data";
        let mut at = 0;
        while let Some(found) = made[at..].windows(name.len()).position(|part| part == name) {
            made[at + found..at + found + name.len()].copy_from_slice(outside);
            at += found + name.len();
        }
        assert!(at > 0);
        fs::write(&path, made).unwrap();
        let message = checkpoint::open(&path).unwrap_err().to_string();
        assert!(message.contains("outside of the folder"), "{message}");
    }
}

#[test]
fn hostile_files_are_refused_in_bounds() {
    let made = |bytes: &[u8]| {
        let path = tempfile::NamedTempFile::new().unwrap();
        fs::write(path.path(), bytes).unwrap();
        path
    };
    let refused = |bytes: &[u8]| refusal(made(bytes).path(), None);
    // ir_version 8, then a graph of more bytes than there are.
    assert!(refused(b"\x08\x08\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f").contains("damaged"));
    assert!(
        refused(b"\x08\x08\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").contains("damaged")
    );
    assert!(refused(b"\x08\x08\x3a\x00").contains("version"));
    // A tensor of 2^62 numbers.
    let tensor = b"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x40\x10\x01\x42\x01w";
    let graph = [&[0x2a, tensor.len() as u8][..], tensor].concat();
    let file = [&b"\x08\x08\x3a"[..], &[graph.len() as u8], &graph].concat();
    let message = refused(&file);
    assert!(message.contains("tensor `w`"), "{message}");
    // Two operators that read each other.
    let cycle = [
        &b"\x0a\x0c\x0a\x01a\x12\x01b\x22\x04Relu"[..],
        b"\x0a\x0c\x0a\x01b\x12\x01a\x22\x04Relu",
    ]
    .concat();
    let file = [
        &b"\x08\x08\x3a"[..],
        &[cycle.len() as u8],
        &cycle,
        b"\x42\x02\x10\x0d",
    ]
    .concat();
    let message = refused(&file);
    assert!(message.contains("nothing before it makes `a`"), "{message}");
    // Forty million empty operators take four gigabytes in memory.
    let empty = b"\x0a\x00".repeat(40 << 20);
    let length = [
        0x80 | (empty.len() & 0x7f) as u8,
        0x80 | (empty.len() >> 7 & 0x7f) as u8,
        0x80 | (empty.len() >> 14 & 0x7f) as u8,
        (empty.len() >> 21) as u8,
    ];
    let file = [&b"\x08\x08\x3a"[..], &length, &empty].concat();
    let message = refused(&file);
    assert!(message.contains("beside its initialisers"), "{message}");
}

#[test]
fn cut_files_are_refused() {
    let bytes = fs::read(file("onnx", "residual_13.onnx")).unwrap();
    let path = tempfile::NamedTempFile::new().unwrap();
    for end in (3..bytes.len() - 4).step_by(211) {
        fs::write(path.path(), &bytes[..end]).unwrap();
        let read = import::open(path.path());
        assert!(!matches!(read, Ok(Some(_))), "cut at {end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Damage anywhere is an error or another network, and no panic.
    #[test]
    fn damaged_files_never_panic(
        which in any::<prop::sample::Index>(),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let files = files(&["11", "13", "14", "17", "dynamo", "dynamo_open", "folded"]);
        let (_, name) = &files[which.index(files.len())];
        let mut bytes = fs::read(file("onnx", name)).unwrap();
        for (place, byte) in &places {
            let at = place.index(bytes.len());
            bytes[at] = *byte;
        }
        let path = tempfile::NamedTempFile::new().unwrap();
        fs::write(path.path(), bytes).unwrap();
        let _ = import::open(path.path());
        let _ = checkpoint::open(path.path());
    }
}

#[test]
fn an_onnx_file_is_a_checkpoint() {
    let state = ok(checkpoint::open(&file("onnx", "residual_13.onnx")));
    let weights = ok(checkpoint::open(&file("onnx", "residual.pt")));
    for (name, array) in &weights.tensors {
        if name.ends_with("num_batches_tracked") {
            continue;
        }
        assert_eq!(state.get(name), Some(array), "{name}");
    }
}
