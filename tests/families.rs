//! Families of networks recognised from names and shapes alone, and `model.toml`.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "families/described.rs"]
mod described;
#[path = "families/inspected.rs"]
mod inspected;
#[path = "families/published.rs"]
mod published;

use losscope::checkpoint::{Array, Source, StateDict, Values};
use losscope::error::Error;
use losscope::model::family::{self, Hints, Recognised, by_name, names, recognise, skeleton};
use losscope::model::file;
use losscope::model::graph::{Graph, Layer, Loss};
use losscope::model::layers::{Conv, Pad, Relu};
use std::path::{Path, PathBuf};

type Shapes = Vec<(String, Vec<usize>)>;

const DIGITS: Hints = Hints {
    input: Some(&[1, 8, 8]),
    classes: Some(10),
    modules: &[],
};
const CIFAR: Hints = Hints {
    input: Some(&[3, 32, 32]),
    classes: Some(10),
    modules: &[],
};
const NOTHING: Hints = Hints {
    input: None,
    classes: None,
    modules: &[],
};

fn state(shapes: &[(String, Vec<usize>)]) -> StateDict {
    let tensor = |shape: &Vec<usize>| {
        // Zeroed memory is mapped but never touched, so that even VGG-16 costs nothing.
        Array::new(
            shape.clone(),
            Values::F32(vec![0.0; shape.iter().product()]),
        )
        .unwrap()
    };
    let mut tensors: Vec<(String, Array)> =
        shapes.iter().map(|(n, s)| (n.clone(), tensor(s))).collect();
    if shapes.iter().any(|(n, _)| n.ends_with("running_var")) {
        tensors.push((
            "bn1.num_batches_tracked".into(),
            Array::new(vec![], Values::I64(vec![7])).unwrap(),
        ));
    }
    let source = Source {
        path: PathBuf::from("test.pt"),
        format: String::new(),
        state_dict_at: String::new(),
        prefix: String::new(),
        sha256: String::new(),
    };
    StateDict {
        tensors,
        source,
        told: losscope::checkpoint::Told::default(),
        unreadable: Vec::new(),
        warnings: Vec::new(),
    }
}

fn list(items: &[(&str, &[usize])]) -> Shapes {
    items
        .iter()
        .map(|(n, s)| ((*n).to_owned(), s.to_vec()))
        .collect()
}

fn add_layer(shapes: &mut Shapes, module: &str, weight: &[usize], bias: bool) {
    shapes.push((format!("{module}.weight"), weight.to_vec()));
    if bias {
        shapes.push((format!("{module}.bias"), vec![weight[0]]));
    }
}

fn add_norm(shapes: &mut Shapes, module: &str, channels: usize) {
    for leaf in ["weight", "bias", "running_mean", "running_var"] {
        shapes.push((format!("{module}.{leaf}"), vec![channels]));
    }
}

fn chain(modules: &[&str], widths: &[usize]) -> Shapes {
    let mut shapes = Vec::new();
    for (module, w) in modules.iter().zip(widths.windows(2)) {
        add_layer(&mut shapes, module, &[w[1], w[0]], true);
    }
    shapes
}

fn lenet(kernel: usize, channels: usize, maps: [usize; 2], widths: &[usize]) -> Shapes {
    let mut shapes = Vec::new();
    add_layer(
        &mut shapes,
        "conv1",
        &[maps[0], channels, kernel, kernel],
        true,
    );
    add_layer(
        &mut shapes,
        "conv2",
        &[maps[1], maps[0], kernel, kernel],
        true,
    );
    shapes.extend(chain(&["fc1", "fc2", "fc3"], widths));
    shapes
}

/// torchvision's configurations: a number is a convolution, 0 a pool.
fn vgg(
    configuration: &[usize],
    norm: bool,
    classifier: &[(&str, usize)],
    mut taken: usize,
) -> Shapes {
    let (mut shapes, mut index, mut channels) = (Vec::new(), 0, 3);
    for &c in configuration {
        if c == 0 {
            index += 1;
            continue;
        }
        add_layer(
            &mut shapes,
            &format!("features.{index}"),
            &[c, channels, 3, 3],
            true,
        );
        index += 1;
        if norm {
            add_norm(&mut shapes, &format!("features.{index}"), c);
            index += 1;
        }
        index += 1;
        channels = c;
    }
    for &(name, width) in classifier {
        add_layer(&mut shapes, name, &[width, taken], true);
        taken = width;
    }
    shapes
}

const VGG11: &[usize] = &[64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0];
const VGG16: &[usize] = &[
    64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0,
];
const TORCHVISION_HEAD: &[(&str, usize)] = &[
    ("classifier.0", 4096),
    ("classifier.3", 4096),
    ("classifier.6", 1000),
];

fn small_vgg() -> Shapes {
    list(&[
        ("features.0.weight", &[16, 1, 3, 3]),
        ("features.0.bias", &[16]),
        ("features.3.weight", &[32, 16, 3, 3]),
        ("features.3.bias", &[32]),
        ("features.6.weight", &[64, 32, 3, 3]),
        ("features.6.bias", &[64]),
        ("classifier.0.weight", &[64, 64]),
        ("classifier.0.bias", &[64]),
        ("classifier.2.weight", &[1, 64]),
        ("classifier.2.bias", &[1]),
    ])
}

struct ResNet<'a> {
    stem: usize,
    channels: usize,
    blocks: &'a [usize],
    width: usize,
    bottleneck: bool,
    groups: usize,
    projection: Option<&'a str>,
    head: &'a str,
    classes: usize,
}

const RESNET20: ResNet = ResNet {
    stem: 3,
    channels: 1,
    blocks: &[3, 3, 3],
    width: 8,
    bottleneck: false,
    groups: 1,
    projection: None,
    head: "linear",
    classes: 10,
};
const RESNET18: ResNet = ResNet {
    stem: 7,
    channels: 3,
    blocks: &[2, 2, 2, 2],
    width: 64,
    bottleneck: false,
    groups: 1,
    projection: Some("downsample"),
    head: "fc",
    classes: 1000,
};
const RESNET50: ResNet = ResNet {
    blocks: &[3, 4, 6, 3],
    bottleneck: true,
    ..RESNET18
};

fn resnet(net: &ResNet) -> Shapes {
    let mut shapes = Vec::new();
    add_layer(
        &mut shapes,
        "conv1",
        &[net.width, net.channels, net.stem, net.stem],
        false,
    );
    add_norm(&mut shapes, "bn1", net.width);
    let mut channels = net.width;
    for (stage, &blocks) in net.blocks.iter().enumerate() {
        for block in 0..blocks {
            let name = |leaf: &str| format!("layer{}.{block}.{leaf}", stage + 1);
            let planes = net.width << stage;
            let out = if net.bottleneck { 4 * planes } else { planes };
            // ResNeXt-50 32x4d is twice as wide inside.
            let inner = if net.groups > 1 { 2 * planes } else { planes };
            let convolutions = if net.bottleneck {
                vec![
                    [inner, channels, 1],
                    [inner, inner / net.groups, 3],
                    [out, inner, 1],
                ]
            } else {
                vec![[out, channels, 3], [out, out, 3]]
            };
            for (i, [o, c, k]) in (1..).zip(convolutions) {
                add_layer(
                    &mut shapes,
                    &name(&format!("conv{i}")),
                    &[o, c, k, k],
                    false,
                );
                add_norm(&mut shapes, &name(&format!("bn{i}")), o);
            }
            if let Some(projection) = net.projection
                && (channels != out || (stage > 0 && block == 0))
            {
                add_layer(
                    &mut shapes,
                    &name(&format!("{projection}.0")),
                    &[out, channels, 1, 1],
                    false,
                );
                add_norm(&mut shapes, &name(&format!("{projection}.1")), out);
            }
            channels = out;
        }
    }
    add_layer(&mut shapes, net.head, &[net.classes, channels], true);
    shapes
}

fn kinds(graph: &Graph) -> String {
    let kind = |layer: &Layer| {
        toml::Table::try_from(layer).unwrap()["kind"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    graph
        .layers
        .iter()
        .map(|n| kind(&n.layer))
        .collect::<Vec<_>>()
        .join(" ")
}

fn read(shapes: &[(String, Vec<usize>)], hints: &Hints) -> Recognised {
    let read = recognise(&state(shapes), hints).unwrap();
    check_sound(&read, shapes);
    read
}

/// What holds for every network: unique names, inputs that exist, every tensor used, and a
/// `model.toml` that reads back as the same graph.
fn check_sound(read: &Recognised, shapes: &[(String, Vec<usize>)]) {
    let mut used: Vec<&str> = read
        .graph
        .tensors()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let mut given: Vec<&str> = shapes.iter().map(|(name, _)| name.as_str()).collect();
    used.sort_unstable();
    given.sort_unstable();
    assert_eq!(used, given);
    let text = file::write(&read.graph, &read.assumptions);
    let again =
        file::parse(&text, Path::new("model.toml")).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(again, read.graph, "{text}");
    for assumption in &read.assumptions {
        assert!(text.contains(assumption.as_str()));
    }
}

fn said(read: &Recognised, words: &str) {
    assert!(
        read.assumptions.iter().any(|a| a.contains(words)),
        "{words:?} not in {:#?}",
        read.assumptions
    );
}

fn edit(mut shapes: Shapes, name: &str, shape: Option<&[usize]>) -> Shapes {
    match (shapes.iter().position(|(n, _)| n == name), shape) {
        (Some(p), Some(shape)) => shapes[p].1 = shape.to_vec(),
        (Some(p), None) => drop(shapes.remove(p)),
        (None, Some(shape)) => shapes.push((name.into(), shape.to_vec())),
        (None, None) => panic!("{name} isn't there"),
    }
    shapes
}

#[test]
fn small_networks_have_the_layers_of_their_definitions() {
    let mlp = chain(&["1", "3", "5"], &[64, 128, 64, 10]);
    let stack = |names: &[&str]| chain(names, &[64, 32, 32, 10]);
    let flat = "flatten linear relu linear relu linear";
    let mut bare = list(&[("weight", &[10, 64]), ("bias", &[10])]);
    let mut normed = chain(&["0", "3", "6"], &[64, 32, 32, 10]);
    add_norm(&mut normed, "1", 32);
    add_norm(&mut normed, "5", 32);
    let lenet_layers =
        "conv relu max-pool conv relu max-pool flatten linear relu linear relu linear";
    let vgg_layers =
        "conv relu max-pool conv relu max-pool conv relu max-pool flatten linear relu linear";
    let mut one_sequential = list(&[
        ("0.weight", &[8, 1, 3, 3]),
        ("3.weight", &[16, 8, 3, 3]),
        ("7.weight", &[10, 64]),
    ]);
    let single = "conv relu max-pool conv relu max-pool flatten linear";
    let table: &[(&str, &Shapes, &str)] = &[
        ("mlp", &mlp, flat),
        ("mlp", &stack(&["fc1", "fc2", "fc3"]), flat),
        ("mlp", &stack(&["layers.0", "layers.1", "layers.2"]), flat),
        ("mlp", &stack(&["net.0", "net.2", "net.4"]), flat),
        (
            "mlp",
            &stack(&["0", "1", "3"]),
            "flatten linear linear relu linear",
        ),
        (
            "mlp",
            &normed,
            "flatten linear batch-norm relu linear relu batch-norm linear",
        ),
        ("mlp", &bare, "flatten linear"),
        (
            "lenet",
            &lenet(3, 1, [6, 16], &[64, 120, 84, 10]),
            lenet_layers,
        ),
        ("vgg", &small_vgg(), vgg_layers),
        ("vgg", &one_sequential, single),
    ];
    for (family, shapes, expected) in table {
        let read = read(shapes, &DIGITS);
        assert_eq!(read.family, *family);
        assert_eq!(kinds(&read.graph), *expected, "{shapes:?}");
        assert_eq!(read.graph.input, [1, 8, 8]);
    }
    bare.truncate(1);
    assert_eq!(kinds(&read(&bare, &DIGITS).graph), "flatten linear");
    one_sequential[2].0 = "5.weight".into();
    let shapes = edit(one_sequential, "5.weight", Some(&[10, 256]));
    assert_eq!(
        kinds(&read(&shapes, &DIGITS).graph),
        "conv relu max-pool conv relu flatten linear"
    );
}

#[test]
fn order_comes_from_numbers_file_or_shapes() {
    let sorted = |mut shapes: Shapes| {
        shapes.sort();
        shapes
    };
    let many: Vec<String> = (0..12).map(|i| format!("{}", 2 * i)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let square = sorted(chain(&many, &[8; 13]));
    let first_line = |shapes: &Shapes, hints: &Hints| -> Vec<String> {
        let graph = read(shapes, hints).graph;
        let linear = graph
            .layers
            .into_iter()
            .filter(|n| matches!(n.layer, Layer::Linear(_)));
        linear.map(|n| n.name).collect()
    };
    assert_eq!(first_line(&square, &NOTHING), many);
    let words = ["entry", "middle", "head"];
    let shuffled = sorted(chain(&words, &[64, 32, 16, 10]));
    assert_eq!(first_line(&shuffled, &DIGITS), words);

    let mut normed = chain(&["fc1", "fc2", "fc3"], &[64, 32, 32, 10]);
    add_norm(&mut normed, "bn1", 32);
    add_norm(&mut normed, "bn2", 32);
    let expected = "flatten linear batch-norm relu linear batch-norm relu linear";
    assert_eq!(kinds(&read(&sorted(normed), &DIGITS).graph), expected);
    let lenet_sorted = sorted(lenet(3, 1, [6, 16], &[64, 120, 84, 10]));
    assert_eq!(first_line(&lenet_sorted, &DIGITS), ["fc1", "fc2", "fc3"]);
}

/// safetensors and HDF5 files sort their tensors by name.
#[test]
fn sorted_files_give_the_same_network() {
    let mut normed_lenet = lenet(3, 1, [6, 16], &[64, 120, 84, 10]);
    add_norm(&mut normed_lenet, "bn1", 6);
    add_norm(&mut normed_lenet, "bn2", 16);
    let mut numbered_blocks = Vec::new();
    for (block, [from, to]) in [("layer1", [1, 8]), ("layer2", [8, 16])] {
        add_layer(
            &mut numbered_blocks,
            &format!("{block}.0"),
            &[to, from, 5, 5],
            true,
        );
        add_norm(&mut numbered_blocks, &format!("{block}.1"), to);
    }
    add_layer(&mut numbered_blocks, "fc", &[10, 64], true);
    let nets = [
        (vgg(VGG16, true, &[("classifier", 10)], 512), CIFAR),
        (resnet(&RESNET20), DIGITS),
        (
            resnet(&ResNet {
                width: 4,
                classes: 10,
                ..RESNET50
            }),
            CIFAR,
        ),
        (normed_lenet, DIGITS),
        (numbered_blocks, DIGITS),
    ];
    for (mut shapes, hints) in nets {
        let graph = read(&shapes, &hints).graph;
        shapes.sort();
        assert_eq!(read(&shapes, &hints).graph, graph);
        assert!(!kinds(&graph).contains("conv relu batch-norm"));
    }
}

#[test]
fn variants_by_name() {
    let mlp = state(&chain(&["1", "3"], &[64, 24, 10]));
    for (name, kind) in [
        ("mlp", "relu"),
        ("mlp-tanh", "tanh"),
        ("mlp-sigmoid", "sigmoid"),
        ("mlp-gelu", "gelu"),
        ("mlp-silu", "silu"),
    ] {
        let read = by_name(name, &mlp, &DIGITS).unwrap();
        assert_eq!(
            (read.family, kinds(&read.graph)),
            (name, format!("flatten linear {kind} linear"))
        );
    }
    let le_net = state(&lenet(5, 1, [6, 16], &[400, 120, 84, 10]));
    let read = by_name("lenet-tanh", &le_net, &NOTHING).unwrap();
    let expected =
        "conv tanh average-pool conv tanh average-pool flatten linear tanh linear tanh linear";
    assert_eq!(kinds(&read.graph), expected);
    let read = by_name("lenet-avg", &le_net, &NOTHING).unwrap();
    assert!(kinds(&read.graph).starts_with("conv relu average-pool conv"));
    said(&read, "average pooling 2×2 after conv1, conv2");
    for (name, _) in names() {
        assert!(
            !matches!(by_name(name, &mlp, &DIGITS), Err(Error::Usage(_))),
            "{name}"
        );
    }
    assert!(
        matches!(by_name("alexnet", &mlp, &DIGITS), Err(Error::Usage(text)) if text.contains("resnet-cifar-noskip"))
    );
}

#[test]
fn le_net_padding_is_found_from_the_sizes() {
    let padding = |graph: &Graph| -> Vec<usize> {
        let of = |layer: &Layer| {
            if let Layer::Conv(Conv { padding, .. }) = layer {
                Some(padding[0])
            } else {
                None
            }
        };
        graph.layers.iter().filter_map(|n| of(&n.layer)).collect()
    };
    // Kernel, channels, features, size of the data if known; size and padding expected.
    let table = [
        (3, 1, 64, Some(8), 8, [1, 1]),
        (3, 1, 64, None, 8, [1, 1]),
        (5, 1, 400, None, 28, [2, 0]),
        (5, 1, 400, Some(32), 32, [0, 0]),
        (5, 3, 400, None, 32, [0, 0]),
        (5, 1, 256, Some(28), 28, [0, 0]),
        (5, 1, 784, None, 28, [2, 2]),
        (3, 1, 16 * 144, Some(28), 28, [0, 0]), // one pool only, as in PyTorch's MNIST example
    ];
    for (kernel, channels, features, data, size, expected) in table {
        let shapes = lenet(kernel, channels, [6, 16], &[features, 120, 84, 10]);
        let sample = data.map(|s| [channels, s, s]);
        let hints = Hints {
            input: sample.as_ref().map(<[usize; 3]>::as_slice),
            classes: Some(10),
            ..NOTHING
        };
        let read = read(&shapes, &hints);
        assert_eq!(
            (read.graph.input.as_slice(), padding(&read.graph)),
            (&[channels, size, size][..], expected.to_vec())
        );
        said(&read, "fc1.weight takes");
    }
}

#[test]
fn vgg_sizes() {
    let cifar_head: &[(&str, usize)] = &[("classifier", 10)];
    let dropped: &[(&str, usize)] = &[
        ("classifier.1", 64),
        ("classifier.4", 64),
        ("classifier.6", 10),
    ];
    // Shapes, hints, the input, pools, then whether the map is averaged to 7×7.
    let table: &[(Shapes, Hints, [usize; 3], usize, bool)] = &[
        (small_vgg(), NOTHING, [1, 8, 8], 3, false),
        (
            vgg(VGG11, false, TORCHVISION_HEAD, 512 * 49),
            NOTHING,
            [3, 224, 224],
            5,
            true,
        ),
        (
            vgg(VGG16, true, TORCHVISION_HEAD, 512 * 49),
            NOTHING,
            [3, 224, 224],
            5,
            true,
        ),
        (
            vgg(VGG11, true, TORCHVISION_HEAD, 512 * 49),
            CIFAR,
            [3, 32, 32],
            5,
            true,
        ),
        (
            vgg(VGG16, true, cifar_head, 512),
            NOTHING,
            [3, 32, 32],
            5,
            false,
        ),
        (
            vgg(VGG16, true, cifar_head, 512),
            CIFAR,
            [3, 32, 32],
            5,
            false,
        ),
        (
            vgg(VGG16, false, dropped, 512),
            CIFAR,
            [3, 32, 32],
            5,
            false,
        ),
    ];
    for (shapes, hints, input, pools, adaptive) in table {
        let read = read(shapes, hints);
        assert_eq!(
            (read.family, read.graph.input.as_slice()),
            ("vgg", &input[..])
        );
        let kinds = kinds(&read.graph);
        assert_eq!(kinds.matches("max-pool").count(), *pools, "{kinds}");
        assert_eq!(
            kinds.contains("adaptive-average-pool"),
            *adaptive,
            "{kinds}"
        );
        assert!(
            !kinds.contains("conv conv") && !kinds.contains("batch-norm conv"),
            "{kinds}"
        );
        said(&read, "a 2×2 pool follows the last convolution");
    }
    let larger = Hints {
        input: Some(&[3, 64, 64]),
        classes: Some(10),
        ..NOTHING
    };
    // Larger images leave a map of 2×2, which a mean takes away as well as a larger pool does: that is for data to tell.
    let state = state(&vgg(VGG16, true, cifar_head, 512));
    let all = family::readings("auto", &state, &larger).unwrap();
    let heads: Vec<String> = all.iter().map(|read| kinds(&read.graph)).collect();
    assert!(all.len() > 1);
    assert!(
        heads.iter().any(|h| h.ends_with("average-pool linear")),
        "{heads:?}"
    );
}

/// Stride of each convolution, and the groups of the one with most.
fn strides(graph: &Graph) -> (String, usize) {
    let convolutions = graph.layers.iter().filter_map(|n| match &n.layer {
        Layer::Conv(Conv { stride, groups, .. }) => Some((stride[0].to_string(), *groups)),
        _ => None,
    });
    let (strides, groups): (Vec<String>, Vec<usize>) = convolutions.unzip();
    (strides.concat(), groups.into_iter().max().unwrap())
}

#[test]
fn residual_networks() {
    let option_b = ResNet {
        projection: Some("shortcut"),
        channels: 3,
        ..RESNET20
    };
    let he8 = ResNet {
        blocks: &[1, 1, 1],
        width: 4,
        ..RESNET20
    };
    let narrow = ResNet {
        width: 4,
        classes: 10,
        ..RESNET18
    };
    let repository = ResNet {
        stem: 3,
        projection: Some("shortcut"),
        head: "linear",
        classes: 10,
        ..RESNET18
    };
    let adapted = ResNet {
        stem: 3,
        classes: 10,
        ..RESNET18
    };
    let next = ResNet {
        groups: 32,
        ..RESNET50
    };
    let cifar = "resnet-cifar";
    let torchvision = "resnet-torchvision";
    // Network, family, title, input side, strides of the convolutions (if listed), groups, slices.
    let table: &[(ResNet, &str, &str, usize, String, usize, usize)] = &[
        (
            RESNET20,
            cifar,
            "ResNet-20 (CIFAR)",
            32,
            "1111111211111211111".into(),
            1,
            4,
        ),
        (he8, cifar, "ResNet-8 (CIFAR)", 32, "1112121".into(), 1, 4),
        (
            option_b,
            cifar,
            "ResNet-20 (CIFAR)",
            32,
            "111111121211112121111".into(),
            1,
            0,
        ),
        (
            repository,
            cifar,
            "ResNet-18 (CIFAR)",
            32,
            String::new(),
            1,
            0,
        ),
        (
            adapted,
            torchvision,
            "ResNet-18 (CIFAR)",
            32,
            String::new(),
            1,
            0,
        ),
        (RESNET18, torchvision, "ResNet-18", 224, String::new(), 1, 0),
        (narrow, torchvision, "ResNet-18", 224, String::new(), 1, 0),
        (RESNET50, torchvision, "ResNet-50", 224, String::new(), 1, 0),
        (next, torchvision, "ResNeXt-50", 224, String::new(), 32, 0),
    ];
    for (net, family, title, side, expected, groups, slices) in table {
        let read = read(&resnet(net), &NOTHING);
        assert_eq!((read.family, read.graph.name.as_str()), (*family, *title));
        assert_eq!(read.graph.input, [net.channels, *side, *side]);
        let (found, most) = strides(&read.graph);
        assert_eq!(most, *groups);
        if !expected.is_empty() {
            assert_eq!(found, *expected, "{title}");
        }
        // One stride for each later stage, two where a projection stands beside it, one for a 7×7 stem.
        let later = net.blocks.len() - 1;
        let twos =
            later * if net.projection.is_some() { 2 } else { 1 } + usize::from(net.stem == 7);
        assert_eq!(found.matches('2').count(), twos, "{title}");
        let kinds = kinds(&read.graph);
        assert_eq!(kinds.matches("slice").count(), *slices);
        assert_eq!(
            kinds.matches("add").count(),
            net.blocks.iter().sum::<usize>()
        );
        assert_eq!(kinds.contains("max-pool"), net.stem == 7);
        assert!(kinds.ends_with("add relu global-average-pool linear"));
        said(&read, "1e-5");
        said(
            &read,
            if net.stem == 7 {
                "7×7 stem has stride 2"
            } else {
                "3×3 stem has stride 1"
            },
        );
    }
}

#[test]
fn shortcuts_without_tensors() {
    let shapes = resnet(&RESNET20);
    let read = read(&shapes, &DIGITS);
    said(&read, "option A");
    said(&read, "resnet-cifar-noskip");
    let at = |name: &str| read.graph.layers.iter().find(|n| n.name == name).unwrap();
    assert_eq!(at("layer2.0.shortcut.rows").inputs, ["layer1.2.relu"]);
    assert_eq!(
        at("layer2.0.shortcut.pad").layer,
        Layer::Pad(Pad {
            axis: 1,
            before: 4,
            after: 4
        })
    );
    assert_eq!(
        at("layer2.0.add").inputs,
        ["layer2.0.bn2", "layer2.0.shortcut.pad"]
    );
    assert_eq!(at("layer2.1.add").inputs, ["layer2.1.bn2", "layer2.0.relu"]);

    let plain = by_name("resnet-cifar-noskip", &state(&shapes), &DIGITS).unwrap();
    check_sound(&plain, &shapes);
    said(&plain, "No block has a skip connection");
    assert!(!kinds(&plain.graph).contains("add") && !kinds(&plain.graph).contains("slice"));

    let projected = state(&resnet(&ResNet {
        projection: Some("shortcut"),
        ..RESNET20
    }));
    let error = by_name("resnet-cifar-noskip", &projected, &DIGITS)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("layer2.0.shortcut.0.weight") && error.contains("--model resnet-cifar"),
        "{error}"
    );
}

#[test]
fn losses() {
    let one = chain(&["1", "3"], &[64, 16, 1]);
    let table = [
        (
            Some(10),
            Loss::binary(5),
            "One output and 10 classes: labels from 5 up are positive",
        ),
        (Some(2), Loss::binary(1), "2 classes: labels from 1 up"),
        (None, Loss::binary(1), "labels from 1 up are positive"),
    ];
    for (classes, loss, words) in table {
        let read = read(
            &one,
            &Hints {
                input: Some(&[64]),
                classes,
                ..NOTHING
            },
        );
        assert_eq!(read.graph.loss, loss);
        said(&read, words);
    }
    let read = read(&chain(&["1"], &[64, 10]), &DIGITS);
    assert_eq!(read.graph.loss, Loss::cross_entropy());
}

#[test]
fn errors_name_the_tensor() {
    let tiny = || chain(&["1", "3"], &[64, 16, 10]);
    let small = || lenet(3, 1, [6, 16], &[64, 120, 84, 10]);
    let twenty = || resnet(&RESNET20);
    let eighteen = || resnet(&RESNET18);
    let normed = || vgg(VGG11, true, &[("classifier", 10)], 512);
    let hundred = Hints {
        input: Some(&[1, 8, 8]),
        classes: Some(100),
        ..NOTHING
    };
    let table: &[(Shapes, Hints, &[&str])] = &[
        (
            edit(tiny(), "3.bias", None),
            DIGITS,
            &["3.bias is missing", "[10]", "1.bias is there"],
        ),
        (
            edit(tiny(), "9.weight", Some(&[3])),
            DIGITS,
            &["9.weight [3] is not explained", "--model", "model.toml"],
        ),
        (
            edit(tiny(), "1.weight", Some(&[16, 63])),
            DIGITS,
            &["1.weight is [16, 63]: expected [16, 64]", "[1, 8, 8]"],
        ),
        (
            edit(tiny(), "3.weight", Some(&[10, 17])),
            DIGITS,
            &[
                "3.weight is [10, 17]: expected [10, 16]",
                "1.weight gives 16",
            ],
        ),
        (
            edit(tiny(), "1.bias", Some(&[15])),
            DIGITS,
            &["1.bias is [15]: expected [16]"],
        ),
        (
            edit(tiny(), "3.weight", None),
            DIGITS,
            &["3.weight is missing", "3.bias [10]"],
        ),
        (
            edit(tiny(), "1.weight", Some(&[0, 64])),
            DIGITS,
            &["1.weight is [0, 64]", "extent 0"],
        ),
        (tiny(), hundred, &["10 outputs", "100 classes"]),
        (
            small(),
            CIFAR,
            &["conv1.weight takes 1 channels", "[3, 32, 32]"],
        ),
        (
            small(),
            Hints {
                input: Some(&[1, 28, 28]),
                classes: None,
                ..NOTHING
            },
            &["fc1.weight takes 64", "16·7·7 = 784"],
        ),
        (
            small(),
            Hints {
                input: Some(&[64]),
                classes: None,
                ..NOTHING
            },
            &["conv1.weight takes images", "[64]"],
        ),
        (
            small_vgg(),
            Hints {
                input: Some(&[1, 28, 28]),
                classes: None,
                ..NOTHING
            },
            &[],
        ),
        (
            edit(small_vgg(), "features.3.bias", None),
            DIGITS,
            &["features.3.bias is missing: expected [32]"],
        ),
        (
            edit(small_vgg(), "features.3.weight", Some(&[32, 8, 3, 3])),
            DIGITS,
            &["features.3.weight is [32, 8, 3, 3]: expected [32, 16, 3, 3]"],
        ),
        (
            edit(small_vgg(), "classifier.0.weight", Some(&[64, 60])),
            DIGITS,
            &["classifier.0.weight takes 60"],
        ),
        (
            edit(normed(), "features.4.bias", None),
            CIFAR,
            &["features.4.bias is missing"],
        ),
        (
            edit(normed(), "features.5.running_var", None),
            CIFAR,
            &["features.5.running_var is missing: expected [128]"],
        ),
        (
            edit(twenty(), "bn1.running_mean", None),
            DIGITS,
            &["bn1.running_mean is missing: expected [8]"],
        ),
        (
            edit(twenty(), "layer2.1.conv2.weight", None),
            DIGITS,
            &["layer2.1.conv2.weight is missing: expected [*, 16, 3, 3]"],
        ),
        (
            edit(twenty(), "layer3.0.bn1.bias", Some(&[16])),
            DIGITS,
            &["layer3.0.bn1.bias is [16]: expected [32]"],
        ),
        (
            edit(twenty(), "linear.bias", None),
            DIGITS,
            &["linear.bias is missing: expected [10]"],
        ),
        (
            edit(twenty(), "conv1.weight", None),
            DIGITS,
            &["conv1.weight is missing"],
        ),
        (
            edit(twenty(), "layer1.0.se.fc1.weight", Some(&[2, 8])),
            DIGITS,
            &["layer1.0.se.fc1.weight [2, 8] is not explained"],
        ),
        (
            edit(eighteen(), "layer2.0.downsample.0.weight", None),
            CIFAR,
            &["layer2.0.downsample.0.weight is missing: expected [128, 64, 1, 1]"],
        ),
        (
            list(&[("a.w", &[3, 3, 3]), ("b", &[2])]),
            NOTHING,
            &[
                "a.w [3, 3, 3], b [2]",
                "resnet-torchvision",
                "--write-model",
            ],
        ),
        (vec![], NOTHING, &["none of floating point"]),
    ];
    for (shapes, hints, words) in table {
        match recognise(&state(shapes), hints) {
            Ok(read) => assert!(
                words.is_empty() && read.family == "vgg",
                "{words:?}: {read:?}"
            ),
            Err(Error::Model(text)) => {
                assert!(
                    words.iter().all(|w| text.contains(w)),
                    "{words:?} not all in: {text}"
                );
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Every family with every single tensor dropped, cut to one axis or emptied: an error or a network,
/// never a panic.
#[test]
fn damage_never_panics() {
    let nets: Vec<Shapes> = vec![
        chain(&["1", "3"], &[64, 16, 10]),
        lenet(3, 1, [6, 16], &[64, 120, 84, 10]),
        small_vgg(),
        resnet(&ResNet {
            blocks: &[1, 1, 1],
            width: 4,
            ..RESNET20
        }),
        resnet(&ResNet {
            blocks: &[1, 1],
            width: 4,
            ..RESNET18
        }),
    ];
    for net in nets {
        for i in 0..net.len() {
            for shape in [
                None,
                Some(vec![]),
                Some(vec![0]),
                Some(vec![3]),
                Some(vec![1, 1]),
                Some(vec![2, 3, 5, 7]),
                Some(vec![1; 6]),
            ] {
                let mut shapes = net.clone();
                match shape {
                    None => drop(shapes.remove(i)),
                    Some(shape) => shapes[i].1 = shape,
                }
                let state = state(&shapes);
                for hints in [
                    NOTHING,
                    DIGITS,
                    Hints {
                        input: Some(&[]),
                        classes: Some(0),
                        ..NOTHING
                    },
                ] {
                    let _ = recognise(&state, &hints);
                }
                for (name, _) in names() {
                    let _ = by_name(name, &state, &CIFAR);
                }
                let draft = skeleton(&state, &NOTHING);
                let text = file::write(&draft.graph, &draft.assumptions);
                let expected = (!draft.graph.layers.is_empty()).then_some(draft.graph);
                assert_eq!(file::parse(&text, Path::new("m.toml")).ok(), expected);
            }
        }
    }
}

#[test]
fn model_files_are_read_strictly() {
    let good = file::write(
        &read(&small_vgg(), &DIGITS).graph,
        &["One\nassumption".to_owned()],
    );
    assert!(good.contains("# - One assumption"));
    let parse = |text: &str| file::parse(text, Path::new("model.toml"));
    parse(&good).unwrap();
    let change = |from: &str, to: &str| {
        assert!(good.contains(from), "{from:?} not in\n{good}");
        good.replacen(from, to, 1)
    };
    let table: &[(String, &[&str])] = &[
        (
            change("stride = [1, 1]", "stride = [1, 1]\nstrife = 2"),
            &["line ", "layer \"features.0\"", "\"strife\""],
        ),
        (
            change("kind = \"relu\"", "kind = \"rely\""),
            &["line ", "features.0.relu", "rely", "cross"],
        ),
        (
            change("kind = \"relu\"", "kind = \"relu\"\nslope = 0.1"),
            &["\"slope\"", "\"relu\""],
        ),
        (
            change("name = \"features.3\"", "name = \"features.0\""),
            &["line ", "two layers are called \"features.0\""],
        ),
        (
            change(
                "name = \"features.3\"",
                "name = \"features.3\"\ninputs = [\"nowhere\"]",
            ),
            &["\"nowhere\"", "doesn't exist"],
        ),
        (
            change(
                "name = \"features.3\"",
                "name = \"features.3\"\ninputs = [\"flatten\"]",
            ),
            &["\"flatten\"", "comes later"],
        ),
        (
            change("name = \"features.3\"", "name = \"input\""),
            &["called \"input\""],
        ),
        (
            change("positive_from = 5", "positive_from = -5"),
            &["[loss]", "-5"],
        ),
        (
            change("positive_from = 5", "positive_from = 5\nmargin = 1"),
            &["[loss]", "`margin`", "`positive_from`"],
        ),
        (
            change(
                "kind = \"binary-cross-entropy\"\n",
                "kind = \"cross-entropy\"\n",
            ),
            &["`positive_from`"],
        ),
        (change("input = [", "imput = ["), &["line ", "imput"]),
        (
            change("weight = \"features.0.weight\"\n", ""),
            &["features.0", "weight"],
        ),
        (change("input = [", "input = ]"), &["line "]),
        (
            "name = \"x\"\ninput = [1]\nloss = { kind = \"cross-entropy\" }\n".into(),
            &["[[layer]]"],
        ),
    ];
    for (text, words) in table {
        let error = parse(text).unwrap_err().to_string();
        if words.contains(&"cross") {
            assert!(
                error.contains("`conv`") && error.contains("`attention`"),
                "kinds not listed: {error}"
            );
            continue;
        }
        assert!(
            words.iter().all(|w| error.contains(w)),
            "{words:?} not all in: {error}"
        );
        assert!(error.ends_with("model.toml"), "{error}");
    }
    let missing = file::read("no/such/model.toml").unwrap_err();
    assert!(matches!(missing, Error::Io { .. }));
}

/// Linear, layer norm, linear: the draft puts one activation, after the norm.
#[test]
fn a_draft_puts_the_activation_after_a_layer_norm() {
    let shapes: Shapes = [
        ("a.weight", vec![16, 64]),
        ("a.bias", vec![16]),
        ("n.weight", vec![16]),
        ("n.bias", vec![16]),
        ("b.weight", vec![10, 16]),
        ("b.bias", vec![10]),
    ]
    .map(|(name, shape)| (name.to_owned(), shape))
    .to_vec();
    let layers = skeleton(&state(&shapes), &DIGITS).graph.layers;
    let kinds: Vec<&str> = layers
        .iter()
        .map(|node| match node.layer {
            Layer::Flatten(_) => "flatten",
            Layer::Linear(_) => "linear",
            Layer::LayerNorm(_) => "norm",
            Layer::Relu(Relu {}) => "relu",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["flatten", "linear", "norm", "relu", "linear"]);
}
