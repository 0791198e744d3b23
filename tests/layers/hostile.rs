//! Model files that ask for absurd sizes or for what can't be: refused in words, before anything large is made.

use crate::kinds::tensors_of;
use losscope::engine::device::{self, DeviceChoice};
use losscope::error::Result;
use losscope::landscape::direction::{self, Normalization, OneDim};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::model::params::Params;
use losscope::model::{Network, file};
use std::path::Path;
use std::sync::Arc;

type Tensor<'a> = (&'a str, &'a [usize]);

/// A network of these layers, ready for samples.
fn made(input: &str, layers: &str, tensors: &[Tensor<'_>]) -> Result<Evaluator> {
    // Two outputs of whatever comes before.
    let end = "[[layer]]\nname = 'flat'\nkind = 'flatten'\nfrom = 1\n\
               [[layer]]\nname = 'mean'\nkind = 'mean'\naxes = [1]\nkeep = true\n\
               [[layer]]\nname = 'out'\nkind = 'linear'\nweight = 'out'\n";
    let text = format!(
        "name = 'made'\ninput = {input}\n[loss]\nkind = 'cross-entropy'\n{layers}{}{end}",
        if layers.ends_with('\n') { "" } else { "\n" }
    );
    // The parametrised tensors of a case come last in its file.
    let text = match text.split_once("[[parametrised]]") {
        Some((layers, rest)) => {
            let (made, end) = rest.split_once("[[layer]]").expect("the end");
            format!("{layers}[[layer]]{end}[[parametrised]]{made}")
        }
        None => text,
    };
    let all = [tensors, &[("out", &[2, 1])]].concat();
    let graph = file::parse(&text, Path::new("made.toml"))?;
    let network = Arc::new(Network::new(graph, &tensors_of(&all))?);
    let opened = device::open(DeviceChoice::Flex, Precision::F64)?;
    Evaluator::new(network, opened.device, Precision::F64, 64 << 20)
}

#[track_caller]
fn refused(input: &str, layer: &str, tensors: &[Tensor<'_>], words: &str) {
    let layers = format!("[[layer]]\nname = 'absurd'\n{layer}");
    match made(input, &layers, tensors) {
        Ok(_) => panic!("accepted: {layer}"),
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(words), "{layer}: {text}");
        }
    }
}

#[test]
fn what_is_too_large_to_be_listed_is_refused_before_it_is_listed() {
    for (input, layer) in [
        (
            "[1, 4, 4]",
            "kind = 'adaptive-average-pool'\nsize = [20000, 30000]",
        ),
        (
            "[1, 4, 4]",
            "kind = 'adaptive-max-pool'\nsize = [20000, 30000]",
        ),
        // Few enough to be listed, but each is made of four.
        (
            "[1, 8192]",
            "kind = 'upsample'\nmode = 'cubic'\nsize = [60000000]",
        ),
        (
            "[1, 4, 4]",
            "kind = 'upsample'\nmode = 'nearest'\nsize = [20000, 30000]",
        ),
        (
            "[4]",
            "kind = 'pad'\naxis = 1\nbefore = 0\nafter = 80000000",
        ),
        (
            "[4]",
            "kind = 'constant'\nvalues = [0.5]\nshape = [20000, 30000]",
        ),
        ("[4]", "kind = 'repeat'\ncounts = [100000000]"),
        (
            "[20000, 1]",
            "kind = 'scaled-dot-product-attention'\ninputs = ['input', 'input', 'input']\ncausal = true",
        ),
        (
            "[10000, 1]",
            "kind = 'local-response-norm'\nsize = 3\nalpha = 1.0\nbeta = 0.75\nk = 1.0",
        ),
    ] {
        refused(input, layer, &[], "has too many positions to be listed");
    }
    let step = "kind = 'transposed-conv'\nweight = 'w'\nstride = [1000000000]\npadding = [0]\noutput_padding = [0]\ndilation = [1]\ngroups = 1";
    let w: [Tensor; 1] = [("w", &[1, 1, 2])];
    refused("[1, 2]", step, &w, "has too many positions to be listed");
}

#[test]
fn moves_of_what_was_expanded_beyond_memory_are_refused() {
    for after in [
        "kind = 'transpose'\naxes = [0, 2, 1]",
        "kind = 'slice'\naxis = 2\nstart = 1\nstep = 1",
        "kind = 'flip'\naxes = [1]",
        "kind = 'roll'\naxis = 1\nshift = 1",
        "kind = 'max'\naxes = [1]",
    ] {
        let expand = "kind = 'expand'\nshape = [20000, 30000]\n[[layer]]\nname = 'after'\n";
        refused(
            "[1, 1]",
            &format!("{expand}{after}"),
            &[],
            "layer \"after\": has too many positions to be listed",
        );
    }
}

#[test]
fn windows_whose_sizes_overflow_are_refused() {
    let size =
        "size = [10000000000, 10000000000]\nstride = [1, 1]\npadding = [5000000000, 5000000000]";
    for (layer, words) in [
        (format!("kind = 'average-pool'\n{size}\ncount_padding = true"), "too many positions"),
        (format!("kind = 'max-pool'\n{size}\ndilation = [1, 1]"), "too many positions"),
        (format!("kind = 'unfold'\n{size}\ndilation = [1, 1]"), "more places than any memory"),
        (
            "kind = 'unfold'\nsize = [1, 1]\nstride = [1, 1]\npadding = [1099511627776, 1099511627776]\ndilation = [1, 1]".into(),
            "more places than any memory",
        ),
        (
            format!("kind = 'fold'\noutput = [4, 4]\n{size}\ndilation = [1, 1]"),
            "more places than any memory",
        ),
    ] {
        refused("[1, 4, 4]", &layer, &[], words);
    }
}

#[test]
fn a_step_past_the_end_takes_the_first_entry() {
    let layer =
        "[[layer]]\nname = 's'\nkind = 'slice'\naxis = 1\nstart = 1\nstep = 9223372036854775807\n";
    let evaluator = made("[4, 2]", layer, &[]).expect("one entry");
    assert_eq!(evaluator.network().output(), [2]);
    // The same of windows that may reach past the end.
    let layer = "[[layer]]\nname = 'p'\nkind = 'max-pool'\nsize = [2]\nstride = [9223372036854775807]\npadding = [0]\ndilation = [9223372036854775807]\nceil = true\n";
    assert!(made("[1, 4]", layer, &[]).is_ok());
}

#[test]
fn a_max_pool_that_sees_only_padding_is_refused() {
    let pool = |stride: usize, dilation: usize, ceil: bool| {
        format!(
            "kind = 'max-pool'\nsize = [2]\nstride = [{stride}]\npadding = [1]\ndilation = [{dilation}]\nceil = {ceil}"
        )
    };
    refused(
        "[1, 3]",
        &pool(1, 4, false),
        &[],
        "sees nothing there but padding",
    );
    refused(
        "[1, 3]",
        &pool(3, 5, true),
        &[],
        "sees nothing there but padding",
    );
    let fits = format!("[[layer]]\nname = 'p'\n{}", pool(1, 3, false));
    assert!(made("[1, 3]", &fits, &[]).is_ok());
}

#[test]
fn bounds_and_alphas_that_make_no_function_are_refused() {
    for (layer, words) in [
        (
            "kind = 'hard-tanh'\nmin = 2.0\nmax = 1.0",
            "min = 2 above max = 1",
        ),
        ("kind = 'hard-tanh'\nmin = nan", "min = NaN"),
        ("kind = 'clamp'\nmin = inf", "min = inf and max = none"),
        ("kind = 'clamp'\nmax = nan", "max = NaN"),
        (
            "kind = 'celu'\nalpha = 0.0",
            "alpha = 0, expected a number above 0",
        ),
        ("kind = 'celu'\nalpha = -1.0", "alpha = -1"),
    ] {
        refused("[4]", layer, &[], words);
    }
}

const TABLE: &str =
    "[[parametrised]]\nname = 'table'\nkind = 'weight-norm'\nmagnitude = 'g'\ndirection = 'v'\n";
const STORED: [Tensor<'_>; 2] = [("g", &[5, 1]), ("v", &[5, 3])];

#[test]
fn a_computed_tensor_that_no_layer_uses_is_refused_by_name() {
    let layers = format!("kind = 'tanh'\n{TABLE}");
    refused("[4]", &layers, &STORED, "\"table\" is used by no layer");
    let twice = format!("kind = 'embedding'\nweight = 'table'\n{TABLE}{TABLE}");
    refused(
        "[4]",
        &twice,
        &STORED,
        "two [[parametrised]] entries compute \"table\"",
    );
}

#[test]
fn a_computed_tensor_is_no_running_mean() {
    let layers = format!(
        "kind = 'batch-norm'\nrunning_mean = 'table'\nrunning_var = 'variance'\nepsilon = 1e-5\n{TABLE}"
    );
    let stored = [&STORED[..], &[("variance", &[4])]].concat();
    refused("[4]", &layers, &stored, "\"table\" as a running mean");
}

#[test]
fn tokens_are_held_against_the_rows_of_a_computed_table() {
    use losscope::dataset::Samples;
    let layers = format!("[[layer]]\nname = 'e'\nkind = 'embedding'\nweight = 'table'\n{TABLE}");
    let evaluator = made("[2]", &layers, &STORED).expect("a table");
    for (token, fits) in [(4.0, true), (5.0, false)] {
        let samples = Samples::labelled(vec![2], vec![0.0, token], vec![0]);
        let uploaded = evaluator.upload(&Arc::new(samples), 2);
        assert_eq!(uploaded.is_ok(), fits, "{token}: {uploaded:?}");
    }
}

#[test]
fn an_empty_list_is_none() {
    let layers = "[[layer]]\nname = 'r'\nkind = 'rnn'\ninput_weights = ['i']\nhidden_weights = ['h']\ninput_biases = []\nhidden_biases = []\n";
    let tensors: [Tensor; 2] = [("i", &[2, 3]), ("h", &[2, 2])];
    assert!(made("[4, 3]", layers, &tensors).is_ok());
    let unknown = layers.replace("hidden_biases = []", "hiden_biases = ['b']");
    let error = made("[4, 3]", &unknown, &tensors).expect_err("a misspelt field");
    assert!(error.to_string().contains("hiden_biases"), "{error}");
}

/// Filters of different groups were one: 2·3 rows of the kernel had three norms.
#[test]
fn filters_of_a_transposed_convolution_lie_in_their_groups() {
    let layer = "[[layer]]\nname = 'c'\nkind = 'transposed-conv'\nweight = 'w'\ngroups = 2\n";
    let tensors: [Tensor; 1] = [("w", &[4, 3, 2])];
    let evaluator = made("[4, 5]", layer, &tensors).expect("a network");
    let network = evaluator.network();
    assert!(network.graph().notes().is_empty());
    let weights: Vec<f64> = (0..24).map(|i| f64::from(1 + i % 7) * 0.1).collect();
    let layout = network.layout();
    let theta = Params::zeros(layout).map(|spec, zeros| match spec.name.as_str() {
        "w" => weights.clone(),
        _ => vec![1.0; zeros.len()],
    });
    let drawn = direction::random(layout, 1, 0);
    let scaled = direction::normalise(&drawn, &theta, Normalization::Filter, OneDim::Zero);
    let (_, d) = scaled
        .tensors()
        .find(|(spec, _)| spec.name == "w")
        .expect("the weight");
    // Inputs 0 and 1 are of the first group: output 2 of it reads [0..2, 2, ..].
    for group in 0..2 {
        for output in 0..3 {
            let norm = |v: &[f64]| {
                let places = (0..4).map(|i| (2 * group + i / 2) * 6 + output * 2 + i % 2);
                places.map(|at| v[at] * v[at]).sum::<f64>().sqrt()
            };
            assert!((norm(d) - norm(&weights)).abs() < 1e-8, "{group}, {output}");
        }
    }
}
