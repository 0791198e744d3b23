//! Lines between minimizers, with interpolated and with recomputed statistics.

use crate::common::check::{check, check_values};
use crate::common::{
    Bench, FLEX_F32, FLEX_F64, GPU_F32, Golden, Model, NDARRAY_F32, OTHERS, bench, golden, model,
};
use losscope::landscape::grid::Coordinate;
use losscope::landscape::line;
use losscope::landscape::slice::{Buffers, Slice};

/// α = −1, −0.5, 0, 0.5, 1, 1.5, 2 of the stored 61.
const SOME: [usize; 7] = [0, 10, 20, 30, 40, 50, 60];
/// The same without the far ends, where a point is slow.
const FEW: [usize; 4] = [10, 20, 30, 40];

struct Line {
    model: Model,
    stored: Golden,
    alpha: Vec<f64>,
}

fn open(name: &'static str) -> Line {
    let stored = golden(&format!("results/{name}/interp_sb_lb.npz"));
    let alpha = stored.values("alpha");
    Line {
        model: model(name, &["sb", "lb"]),
        stored,
        alpha,
    }
}

impl Line {
    fn slice(&self, buffers: Buffers) -> Slice {
        Slice::line(self.model.at("sb").clone(), self.model.at("lb"), buffers).unwrap()
    }

    fn coordinates(&self, indices: &[usize]) -> Vec<Coordinate> {
        indices.iter().map(|&i| vec![self.alpha[i]]).collect()
    }

    /// `mode` is the reference's word for what the running statistics do.
    fn check(&self, bench: &Bench, mode: &str, indices: &[usize]) {
        let buffers = match mode {
            "recalib_b128" => Buffers::Recompute,
            _ => Buffers::Interpolate,
        };
        let sizes: Vec<usize> = [Some(&bench.train), bench.validation.as_ref()]
            .iter()
            .flatten()
            .map(|s| s.len())
            .collect();
        let expected = self
            .stored
            .expected(&format!("{mode}_"), "_f64", indices, &sizes);
        let coordinates = self.coordinates(indices);
        let found = bench.evaluate(&self.slice(buffers), &coordinates);
        check(
            &format!("{} {mode}", self.model.name),
            bench.on,
            &coordinates,
            &found,
            &expected,
        );
    }
}

#[test]
fn lines_agree_at_every_point() {
    let every: Vec<usize> = (0..61).collect();
    for name in ["mlp", "mlps", "lenet", "vgg"] {
        let line = open(name);
        line.check(&bench(&line.model, FLEX_F64), "plain", &every);
    }
}

/// Running statistics interpolated, and measured anew at each point in batches of 128.
#[test]
fn lines_agree_in_both_modes_of_running_statistics() {
    for name in ["resnet8", "resnet20", "resnet20c"] {
        let line = open(name);
        let bench = bench(&line.model, FLEX_F64);
        line.check(&bench, "interp_stats", &SOME);
        line.check(&bench, "recalib_b128", &FEW);
    }
}

#[test]
fn lines_agree_on_every_other_device() {
    for name in ["mlp", "mlps", "lenet", "vgg"] {
        let line = open(name);
        for on in OTHERS {
            line.check(&bench(&line.model, on), "plain", &FEW);
        }
    }
    let line = open("resnet8");
    for on in OTHERS {
        let bench = bench(&line.model, on);
        for mode in ["interp_stats", "recalib_b128"] {
            line.check(&bench, mode, &SOME);
        }
    }
}

/// The far end of this line reaches losses of 1e48, which single precision can't hold.
#[test]
fn a_loss_beyond_single_precision_is_not_finite() {
    let line = open("resnet20");
    let beyond = line.stored.values("interp_stats_train_loss_f64")[60];
    assert!(beyond > f64::from(f32::MAX), "{beyond}");
    for on in [FLEX_F32, NDARRAY_F32, GPU_F32] {
        line.check(&bench(&line.model, on), "interp_stats", &[50, 60]);
    }
}

/// One batch of everything, against PyTorch's train-mode pass over the whole split: losses at α = −½, 0,
/// ½, 1 and 3/2.
#[test]
fn statistics_of_one_batch_agree() {
    use losscope::landscape::evaluate::statistics::{BatchSize, Remeasure};
    let expected = [
        0.026_661_869_464_564_204,
        0.011_963_531_565_484_702,
        0.037_874_468_513_073_99,
        0.015_213_464_226_198_627,
        2.610_291_262_781_4,
    ];
    let line = open("resnet8");
    let bench = bench(&line.model, FLEX_F64);
    let how = Remeasure {
        statistics_batch: BatchSize::All,
        ..Remeasure::default()
    };
    let slice = line.slice(Buffers::Recompute);
    let loaded = bench
        .evaluator
        .load_measured(slice, Some(&line.model.data.train), how)
        .unwrap();
    let coordinates: Vec<Vec<f64>> = [-0.5, 0.0, 0.5, 1.0, 1.5].map(|a| vec![a]).to_vec();
    let found = bench
        .evaluator
        .evaluate(&loaded, &coordinates, &[&bench.train])
        .unwrap();
    let losses: Vec<f64> = found.iter().map(|splits| splits[0].loss).collect();
    check_values("one batch", &losses, &expected, 1e-9);
}

/// Far outside [0, 1] an interpolated variance can fall below 0. Each that did is counted.
#[test]
fn clamped_variances_are_counted_as_stored() {
    let mut most = 0;
    for name in ["resnet8", "resnet20", "resnet20c"] {
        let line = open(name);
        let slice = line.slice(Buffers::Interpolate);
        let stored = line.stored.values("interp_stats_clamped_f64");
        for (&alpha, &expected) in line.alpha.iter().zip(&stored) {
            let found = slice.clamped_variances(&[vec![alpha]]);
            assert_eq!(found as f64, expected, "{name} at {alpha}");
            assert_eq!(slice.at(&[alpha]).1, found, "{name} at {alpha}");
            most = most.max(found);
        }
    }
    assert!(most > 0, "some line has clamped variances");
}

/// The excess over the chord between the ends, from evaluated losses and from stored ones.
#[test]
fn the_barrier_follows_from_the_stored_line() {
    let line = open("resnet8");
    let between: Vec<usize> = (20..=40).step_by(2).collect();
    let alpha: Vec<f64> = between.iter().map(|&i| line.alpha[i]).collect();
    let bench = bench(&line.model, FLEX_F64);
    for (mode, buffers) in [
        ("interp_stats", Buffers::Interpolate),
        ("recalib_b128", Buffers::Recompute),
    ] {
        let stored = line.stored.values(&format!("{mode}_train_loss_f64"));
        let excess = between.iter().map(|&i| {
            let alpha = line.alpha[i];
            stored[i] - ((1.0 - alpha) * stored[20] + alpha * stored[40])
        });
        let highest = excess.fold(f64::MIN, f64::max);
        let found = bench.evaluate(&line.slice(buffers), &line.coordinates(&between));
        let loss: Vec<f64> = found.iter().map(|splits| splits[0].loss).collect();
        let barrier = line::barrier(&alpha, &loss).unwrap();
        check_values(
            &format!("barrier, {mode}"),
            &[barrier.height],
            &[highest],
            1e-9,
        );
        assert!(barrier.alpha > 0.0 && barrier.alpha < 1.0);
    }
}
