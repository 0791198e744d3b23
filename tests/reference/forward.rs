//! Outputs, losses and accuracies of whole networks.

use crate::common::check::{Expected, check, check_values};
use crate::common::{FLEX_F64, GPU_F32, OTHERS, On, bench, golden, model};

/// Models and the checkpoints compared.
const CASES: &[(&str, &[&str])] = &[
    ("mlp", &["init", "sb", "lb"]),
    ("lenet", &["sb", "lb"]),
    ("vgg", &["sb", "lb"]),
    ("resnet20", &["sb", "lb"]),
    ("resnet20c", &["sb", "lb"]),
    ("resnet18n", &["init"]),
    ("mlps", &["sb", "lb"]),
    ("resnet8", &["sb", "lb"]),
];

fn every_checkpoint_agrees(on: On) {
    for (name, checkpoints) in CASES {
        let model = model(name, checkpoints);
        let bench = bench(&model, on);
        let stored = golden(&format!("results/{name}/forward.npz"));
        for c in *checkpoints {
            let what = format!("{name}/{c}");
            let slice = model.point(c);
            let logits = bench.logits16(&model, &slice);
            let expected = stored.values(&format!("{c}_logits16_f64"));
            check_values(
                &format!("{what} outputs on {on:?}"),
                &logits,
                &expected,
                on.kind().tolerance(),
            );

            // Training loss and accuracy, then validation's.
            let measured = stored.values(&format!("{c}_measure_f64"));
            let single = stored.values(&format!("{c}_measure_f32"));
            let splits = [Some(&bench.train), bench.validation.as_ref()];
            let expected = splits
                .iter()
                .flatten()
                .enumerate()
                .map(|(i, split)| Expected {
                    loss: measured[2 * i],
                    accuracy: measured[2 * i + 1],
                    single: Some(single[2 * i]),
                    samples: split.len(),
                });
            let at = [vec![0.0]];
            check(
                &what,
                on,
                &at,
                &bench.evaluate(&slice, &at),
                &[expected.collect()],
            );
        }
    }
}

#[test]
fn every_checkpoint_agrees_in_double_precision() {
    every_checkpoint_agrees(FLEX_F64);
}

#[test]
fn every_checkpoint_agrees_on_every_other_device() {
    for on in OTHERS {
        every_checkpoint_agrees(on);
    }
}

/// torchvision's resnet18 in its real size, 11 million parameters, from the file torch.save wrote.
#[test]
fn a_full_size_network_agrees() {
    let model = model("resnet18", &["full"]);
    let stored = golden("results/resnet18/forward.npz").values("resnet18_full_logits16_f64");
    for on in [FLEX_F64, GPU_F32] {
        let logits = bench(&model, on).logits16(&model, &model.point("full"));
        check_values(
            &format!("resnet18 outputs on {on:?}"),
            &logits,
            &stored,
            on.kind().tolerance(),
        );
    }
}
