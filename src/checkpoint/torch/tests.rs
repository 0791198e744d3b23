//! Which tensors are chosen from dictionaries and modules of every make; pickles are put together here.

use super::select::{Found, state_dict};
use super::tensors::{Described, tensor_at};
use crate::checkpoint::pickle;

type Bytes = Vec<u8>;

fn text(value: &str) -> Bytes {
    [
        b"X",
        &u32::try_from(value.len()).unwrap().to_le_bytes()[..],
        value.as_bytes(),
    ]
    .concat()
}

fn dict(entries: &[(&str, Bytes)]) -> Bytes {
    let items: Vec<_> = entries
        .iter()
        .flat_map(|(k, v)| [text(k), v.clone()])
        .collect();
    [b"}(", &items.concat()[..], b"u"].concat()
}

/// A float32 tensor of two elements in storage "0".
fn tensor() -> Bytes {
    tensor_of("torch._utils\n_rebuild_tensor_v2", "FloatStorage")
}

fn tensor_of(function: &str, storage: &str) -> Bytes {
    let (function, class) = (
        format!("c{function}\n((").into_bytes(),
        format!("ctorch\n{storage}\n"),
    );
    [
        &function,
        &text("storage")[..],
        class.as_bytes(),
        &text("0"),
        &text("cpu"),
        b"K\x02tQK\0K\x02\x85K\x01\x85\x89}tR",
    ]
    .concat()
}

fn weights() -> Bytes {
    dict(&[("fc.weight", tensor()), ("fc.bias", tensor())])
}

fn module(parameters: Bytes, modules: Bytes) -> Bytes {
    let parts = [
        ("_parameters", parameters),
        ("_buffers", dict(&[])),
        ("_modules", modules),
    ];
    [b"cnet\nNet\n)\x81", &dict(&parts)[..], b"b"].concat()
}

fn choose(body: &[u8]) -> Result<Found, String> {
    let bytes = [b"\x80\x02", body, b"."].concat();
    let pickle = pickle::parse(&bytes).unwrap();
    state_dict(&pickle, None)
}

#[test]
fn weights_are_found_wherever_training_loops_put_them() {
    let count = || b"K\x05".to_vec();
    let moments = || {
        dict(&[(
            "state",
            dict(&[("exp_avg", tensor()), ("exp_avg_sq", tensor())]),
        )])
    };
    let three = || dict(&[("a", tensor()), ("b", tensor()), ("c", tensor())]);
    let whole = || {
        module(
            dict(&[("w", tensor())]),
            dict(&[("fc", module(dict(&[("b", tensor())]), dict(&[])))]),
        )
    };
    // content, where, names, words of the warning
    let table: Vec<(Bytes, &str, &str, &str)> = vec![
        (weights(), "", "fc.weight fc.bias", ""),
        (
            dict(&[
                ("epoch", count()),
                ("model", weights()),
                ("optimizer", moments()),
            ]),
            "model",
            "fc.weight fc.bias",
            "",
        ),
        (
            dict(&[("best", tensor()), ("state_dict", weights())]),
            "state_dict",
            "fc.weight fc.bias",
            "",
        ),
        (
            dict(&[("checkpoint", dict(&[("net", weights())]))]),
            "checkpoint.net",
            "fc.weight fc.bias",
            "",
        ),
        (
            dict(&[("whatever", weights())]),
            "whatever",
            "fc.weight fc.bias",
            "",
        ),
        (
            dict(&[("ema", three()), ("net", weights())]),
            "net",
            "fc.weight fc.bias",
            "also tensors in `ema` (3 tensors)",
        ),
        (
            dict(&[("model_ema", weights())]),
            "model_ema",
            "fc.weight fc.bias",
            "an average",
        ),
        (
            dict(&[("w", tensor()), ("note", text("x"))]),
            "",
            "w",
            "ignored 1 entries that aren't tensors: `note`",
        ),
        (
            dict(&[("generator", three()), ("critic", weights())]),
            "generator",
            "a b c",
            "`critic` (2 tensors)",
        ),
        (whole(), "", "w fc.b", ""),
        (
            dict(&[("model", whole()), ("epoch", count())]),
            "model",
            "w fc.b",
            "",
        ),
    ];
    for (body, at, names, warning) in table {
        let found = choose(&body).unwrap();
        let found_names: Vec<_> = found
            .entries
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!((&*found.at, &*found_names.join(" ")), (at, names));
        assert_eq!(
            found.warnings.is_empty(),
            warning.is_empty(),
            "{:?}",
            found.warnings
        );
        assert!(
            found.warnings.concat().contains(warning),
            "{:?}",
            found.warnings
        );
    }
}

#[test]
fn files_without_weights_say_what_they_hold() {
    let frozen = module(dict(&[]), dict(&[]));
    for (body, words) in [
        (
            dict(&[("epoch", b"K\x05".to_vec()), ("loss", b"N".to_vec())]),
            "the keys `epoch`, `loss`; save",
        ),
        (dict(&[]), "no dictionary; save"),
        (tensor(), "a single tensor without a name"),
        (
            b"capp\nTrainer\n)\x81".to_vec(),
            "an object of the class `app.Trainer`",
        ),
        (frozen, "no tensors of its own"),
    ] {
        let message = choose(&body).unwrap_err();
        assert!(message.contains(words), "no \"{words}\" in: {message}");
        assert!(
            message.contains("torch.save(model.state_dict()"),
            "{message}"
        );
    }
}

#[test]
fn a_key_chooses_among_dictionaries() {
    let body = dict(&[
        ("net", weights()),
        ("ema", dict(&[("g.w", tensor()), ("d.w", tensor())])),
        ("optimizer", dict(&[("state", dict(&[("m", tensor())]))])),
    ]);
    let bytes = [b"\x80\x02", &body[..], b"."].concat();
    let pickle = pickle::parse(&bytes).unwrap();
    // key, where, what is left of the key, tensors
    for (key, at, rest, tensors) in [
        ("ema", "ema", None, 2),
        ("net", "net", None, 2),
        ("ema.g", "ema", Some("g"), 2),
        ("net.fc", "net", Some("fc"), 2),
        ("optimizer.state", "optimizer.state", None, 1),
    ] {
        let found = state_dict(&pickle, Some(key)).unwrap();
        assert_eq!(
            (&*found.at, found.key.as_deref(), found.entries.len()),
            (at, rest, tensors),
            "{key}"
        );
        assert!(found.warnings.is_empty(), "{:?}", found.warnings);
        assert_eq!(found.sets.len(), 3, "all of them are listed");
    }
    let message = state_dict(&pickle, Some("model")).unwrap_err();
    assert!(
        message.contains("`model`") && message.contains("`net`, `optimizer.state`, `ema`"),
        "{message}"
    );
}

#[test]
fn tensors_that_are_not_read_are_listed_by_their_true_types() {
    let sparse = [
        b"ctorch._utils\n_rebuild_sparse_tensor\n(ctorch.serialization\n_get_layout\n",
        &text("torch.sparse_coo")[..],
        b"\x85R(",
        &tensor_of("torch._utils\n_rebuild_tensor_v2", "LongStorage"),
        &tensor(),
        b"K\x05K\x07\x86\x88ttR",
    ]
    .concat();
    let plain = "torch._utils\n_rebuild_tensor_v2";
    let quantised = "torch._utils\n_rebuild_qtensor";
    for (body, name, shape) in [
        (sparse, "sparse_coo float32", &[5, 7][..]),
        (tensor_of(plain, "ComplexFloatStorage"), "complex64", &[2]),
        (
            tensor_of(plain, "Float8_e4m3fnStorage"),
            "float8_e4m3fn",
            &[2],
        ),
        (tensor_of(quantised, "QUInt8Storage"), "quint8", &[2]),
        (
            tensor_of("torch._utils\n_rebuild_odd", "FloatStorage"),
            "odd",
            &[],
        ),
    ] {
        let bytes = [b"\x80\x02", &body[..], b"."].concat();
        let pickle = pickle::parse(&bytes).unwrap();
        match tensor_at(&pickle, pickle.root()).unwrap() {
            Described::Listed {
                shape: found,
                dtype,
            } => {
                assert_eq!((dtype.name(), &*found), (name, shape));
            }
            Described::Dense(_) => panic!("{name} isn't dense"),
        }
    }
    let untyped = [b"\x80\x02", &tensor_of(plain, "UntypedStorage")[..], b"."].concat();
    let pickle = pickle::parse(&untyped).unwrap();
    let message = tensor_at(&pickle, pickle.root()).unwrap_err();
    assert!(message.contains("type isn't given"), "{message}");
}

/// A few bytes can stand for endless trees; each level here holds the one below it twice.
#[test]
fn shared_and_cyclic_objects_end() {
    let mut shared = module(dict(&[("w", tensor())]), dict(&[]));
    for level in 0..40_u8 {
        let again = |()| vec![b'h', level];
        let children = [("a", shared.clone()), ("b", again(()))];
        // `q` remembers the module that was just built.
        let (name, inner) = (&children[0].0, [&shared[..], &[b'q', level]].concat());
        shared = module(dict(&[]), dict(&[(name, inner), ("b", again(()))]));
    }
    assert!(choose(&shared).unwrap_err().contains("endless"));

    // A module whose child is itself: built empty, remembered, then filled.
    let inside = dict(&[
        ("_parameters", dict(&[("w", tensor())])),
        ("_buffers", dict(&[])),
        ("_modules", dict(&[("me", b"h\0".to_vec())])),
    ]);
    let cyclic = [b"cnet\nNet\n)\x81q\0", &inside[..], b"b"].concat();
    assert_eq!(choose(&cyclic).unwrap().entries.len(), 1);
}
