//! TorchScript archives: `tests/fixtures/script/make.py` wrote them, with PyTorch's outputs in float64.

use crate::common::ok;
use crate::shared::{agrees, case, file, imported, outputs, refusal};
use losscope::checkpoint::{self, npz};
use losscope::model::graph::Role;
use losscope::model::import;
use proptest::prelude::*;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

/// The networks that were both traced and scripted.
const NETWORKS: [&str; 6] = [
    "tanh",
    "residual",
    "transformer",
    "choices",
    "recurrent",
    "tied",
];

#[test]
fn outputs_of_traced_and_scripted_modules_are_those_of_pytorch() {
    for name in NETWORKS {
        for way in ["traced", "scripted"] {
            agrees(
                &file("script", &format!("{name}_{way}.pt")),
                &case("script", name),
            );
        }
    }
}

/// Code of PyTorch's own modules that asks whether its arguments are one tensor, or for their type and sizes.
#[test]
fn recurrent_and_attending_modules_of_pytorch_are_followed() {
    for name in ["gru", "attention", "encoder"] {
        for way in ["traced", "scripted"] {
            let path = file("script", &format!("{name}_{way}.pt"));
            agrees(&path, &case("script", name));
        }
    }
}

#[test]
fn a_frozen_or_optimised_module_is_refused_with_what_to_do() {
    for (name, cure) in [
        ("frozen.pt", "before it is frozen"),
        ("optimised.pt", "before it is optimised"),
    ] {
        let words = refusal(&file("script", name), Some(&[1, 8, 8]));
        assert!(words.contains(cure), "{words}");
    }
}

/// tanh between two linear layers was once taken for ReLU, since nobody looked at the code: a loss of 0.170.
#[test]
fn an_activation_is_read_from_the_code() {
    let stored = ok(npz::read_arrays(&file("script", "dense.npz")));
    let array = |name: &str| {
        stored
            .iter()
            .find(|(own, _)| own == name)
            .unwrap()
            .1
            .to_f64()
    };
    let (x, labels) = (array("x"), array("y"));
    let path = file("script", "dense.pt");
    // What the data would say, and what the first layer says alone.
    for sample in [Some(&[64][..]), None] {
        let imported = imported(&path, sample);
        let logits = outputs(&imported, &path, &x, &vec![0.0; labels.len() * 10]);
        let (mut loss, mut right) = (0.0, 0);
        for (row, &label) in logits.chunks(10).zip(&labels) {
            let most = row.iter().fold(f64::MIN, |m, n| m.max(*n));
            let sum: f64 = row.iter().map(|n| (n - most).exp()).sum();
            loss += most + sum.ln() - row[label as usize];
            right += usize::from(row[label as usize] == most);
        }
        // PyTorch's, in float64.
        let loss = loss / labels.len() as f64;
        assert!((loss - 0.031_104).abs() < 5e-7, "{loss}");
        assert_eq!(right, labels.len());
    }
}

#[test]
fn weights_count_their_filters_and_buffers_arent_trained() {
    let path = file("script", "choices_scripted.pt");
    let graph = imported(&path, Some(&[6])).graph;
    for (name, role) in graph.tensors() {
        let expected = match name {
            "shift" => Role::Fixed,
            name if name.ends_with("weight") => Role::WEIGHT,
            _ => Role::PLAIN,
        };
        assert_eq!(role, expected, "{name}");
    }
}

#[test]
fn a_shared_weight_is_one_parameter() {
    let graph = imported(&file("script", "tied_scripted.pt"), Some(&[4])).graph;
    let names: Vec<&str> = graph.tensors().iter().map(|(name, _)| *name).collect();
    assert!(
        names.contains(&"table.weight") && !names.contains(&"head.weight"),
        "{names:?}"
    );
}

#[test]
fn a_module_saved_in_training_is_read_as_in_evaluation_and_says_so() {
    let case = case("script", "tanh");
    let path = file("script", "training_scripted.pt");
    let imported = imported(&path, Some(&case.sample));
    assert!(
        imported
            .notes
            .iter()
            .any(|note| note.contains("saved in training mode")),
        "{:?}",
        imported.notes
    );
    assert_eq!(
        outputs(&imported, &path, &case.x, &case.y).len(),
        case.y.len()
    );
}

#[test]
fn code_that_cant_be_followed_is_named_with_its_line() {
    let undecided = refusal(&file("script", "undecided_scripted.pt"), Some(&[3]));
    assert!(
        undecided.contains("line 11") && undecided.contains("depends on data"),
        "{undecided}"
    );
    let untold = refusal(&file("script", "residual_scripted.pt"), None);
    assert!(untold.contains("name the data with it"), "{untold}");
    let stopped = refusal(&file("script", "residual_scripted.pt"), Some(&[5]));
    assert!(
        stopped.contains("the code stops with \"expected pictures"),
        "{stopped}"
    );
}

/// The members of an archive, changed.
fn changed(
    path: &Path,
    mut change: impl FnMut(&str, Vec<u8>) -> Vec<u8>,
) -> tempfile::NamedTempFile {
    let mut archive = zip::ZipArchive::new(Cursor::new(fs::read(path).unwrap())).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let mut made = zip::ZipWriter::new(file.as_file_mut());
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).unwrap();
        let name = member.name().to_owned();
        let mut content = Vec::new();
        member.read_to_end(&mut content).unwrap();
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        made.start_file(&*name, options).unwrap();
        made.write_all(&change(&name, content)).unwrap();
    }
    made.finish().unwrap();
    file
}

/// What an archive says whose `forward` has this body.
fn with_body(body: &str) -> String {
    let path = file("script", "undecided_scripted.pt");
    let made = changed(&path, |name, content| {
        if !name.ends_with("/code/__torch__.py") {
            return content;
        }
        let text = String::from_utf8(content).unwrap();
        let (head, _) = text.split_once("Tensor:\n").unwrap();
        format!("{head}Tensor:\n{body}\n").into_bytes()
    });
    refusal(made.path(), Some(&[3]))
}

#[test]
fn hostile_code_is_refused_in_bounds() {
    let nested = format!("    return {}x{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(with_body(&nested).contains("nested deeper"));
    let chain = format!("    return x{}", ".y".repeat(100_000));
    assert!(with_body(&chain).contains("in a row"));
    let blocks: String = (2..200)
        .map(|n| format!("{}if True:\n", "  ".repeat(n)))
        .collect();
    assert!(with_body(&blocks).contains("nested deeper"));
    let itself = with_body("    return (self).forward(x, )");
    assert!(itself.contains("nested deeper"), "{itself}");
    let endless = with_body("    a = 1\n    while True:\n      a = torch.add(a, 1)\n    return x");
    assert!(endless.contains("steps"), "{endless}");
    let rounds = with_body("    for a in range(9999999999):\n      pass\n    return x");
    assert!(rounds.contains("rounds"), "{rounds}");
    let doubled = format!("    a = [x]\n{}    return x", "    a = [a, a]\n".repeat(60));
    assert!(with_body(&doubled).contains("deeper than"), "{doubled}");
    let grown = format!(
        "    a = [x]\n{}    return x",
        "    a = torch.add(a, a)\n".repeat(60)
    );
    assert!(with_body(&grown).contains("more than"));
    let within = with_body("    a = [x]\n    _0 = torch.append(a, a)\n    return x");
    assert!(within.contains("appended"), "{within}");
    let overflow =
        with_body("    a = torch.mul(9223372036854775807, 9223372036854775807)\n    return x");
    assert!(overflow.contains("no whole number"), "{overflow}");
    let many = with_body("    a = torch.split(torch.zeros([99999999]), 1)\n    return x");
    assert!(many.contains("how many parts"), "{many}");
    // Found by changing files at random: a computed bias without axes was asked for its first.
    let bias = with_body(
        "    fc = self.fc\n    w = torch.view(fc.weight, [2, 3, 1])\n    b = torch.select(fc.bias, 0, 0)\n    return torch.conv1d(torch.unsqueeze(x, 2), w, b)",
    );
    assert!(bias.contains("a bias of shape []"), "{bias}");
    let recurrent = with_body(
        "    fc = self.fc\n    w = torch.mul(fc.weight, 2.)\n    r = torch.slice(w, 1, 0, 2)\n    b = torch.select(fc.bias, 0, 0)\n    h = torch.zeros([1, 1, 2])\n    y, z = torch.rnn_tanh(torch.unsqueeze(x, 1), h, [w, r, b, b], True, 1, 0., False, False, True)\n    return y",
    );
    assert!(recurrent.contains("of one such layer"), "{recurrent}");
    let unknown = with_body("    return torch.fft_fft(x)");
    assert!(unknown.contains("fft_fft"), "{unknown}");
    let lambda = with_body("    try:\n      pass\n    return x");
    assert!(lambda.contains("`try`"), "{lambda}");
}

#[test]
fn cut_archives_are_refused() {
    for name in NETWORKS {
        let path = file("script", &format!("{name}_scripted.pt"));
        let bytes = fs::read(&path).unwrap();
        for end in (0..bytes.len()).step_by(997) {
            let made = tempfile::NamedTempFile::new().unwrap();
            fs::write(made.path(), &bytes[..end]).unwrap();
            // A cut archive has no directory: whoever reads checkpoints says so.
            assert!(
                matches!(import::open(made.path()), Ok(None)),
                "{name} cut at {end}"
            );
            assert!(checkpoint::open(made.path()).is_err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Damage anywhere in the code or in the pickles is an error or another network, and no panic.
    #[test]
    fn damaged_archives_never_panic(
        network in 0..NETWORKS.len(),
        scripted: bool,
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        code: bool,
    ) {
        let way = if scripted { "scripted" } else { "traced" };
        let path = file("script", &format!("{}_{way}.pt", NETWORKS[network]));
        let made = changed(&path, |name, mut content| {
            let chosen = if code { name.ends_with(".py") } else { name.ends_with(".pkl") };
            if chosen && !content.is_empty() {
                for (place, byte) in &places {
                    let at = place.index(content.len());
                    content[at] = *byte;
                }
            }
            content
        });
        let sample = case("script", NETWORKS[network]).sample;
        let _ = import::open_for(made.path(), Some(&sample));
    }
}

#[test]
fn an_archive_of_weights_alone_holds_no_network() {
    let path = file("onnx", "residual.pt");
    assert!(ok(import::open(&path)).is_none());
}
