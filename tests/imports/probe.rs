//! Files with graphs that are made elsewhere, held against what PyTorch gives for them.

use crate::common::{FLEX_F32, FLEX_F64, evaluator, ok};
use losscope::checkpoint::{self, npz};
use losscope::dataset::{Samples, Targets};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::graph::Loss;
use losscope::model::import;
use losscope::model::losses::MeanSquaredError;
use losscope::model::params::Params;
use losscope::model::{Network, file};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// By how much the outputs of the file at `path` differ from those in `case`, relative to the largest, in words.
fn compared(path: &Path, case: &Path) -> Result<String, String> {
    let arrays = ok(npz::read_arrays(case));
    let array = |name: &str| &arrays.iter().find(|(own, _)| own == name).unwrap().1;
    let sample = &array("x").shape()[1..];
    let (x, expected) = (array("x").to_f64(), array("outputs").to_f64());
    let said = |e: losscope::error::Error| e.to_string();
    let start = Instant::now();
    let state = checkpoint::open(path).map_err(said)?;
    let imported = import::open_as(path, Some(sample), Some(&state)).map_err(said)?;
    let mut imported = imported.ok_or("no graph in it")?;
    let read = start.elapsed().as_secs_f64();
    imported.graph.loss = Loss::from(MeanSquaredError::default());
    let text = file::write(&imported.graph, &imported.notes);
    let again = file::parse(&text, Path::new("model.toml")).map_err(said)?;
    assert_eq!(again, imported.graph);
    let layers = imported.graph.layers.len();
    let network = Arc::new(Network::new(imported.graph, &state).map_err(said)?);
    let (theta, _) = network.params(&state).map_err(said)?;
    let samples = Samples {
        shape: network.graph().input.clone(),
        inputs: x.iter().map(|x| *x as f32).collect(),
        targets: Targets::Values(expected.iter().map(|y| *y as f32).collect()),
        target_shape: network.output().to_vec(),
    };
    let start = Instant::now();
    let double = std::env::var_os("LOSSCOPE_DOUBLE").is_some();
    let evaluator = evaluator(&network, if double { FLEX_F64 } else { FLEX_F32 }, 4 << 30);
    let split = evaluator.upload(&Arc::new(samples), 0).map_err(said)?;
    let nowhere = Params::zeros(theta.layout());
    let slice = Slice::new(theta, vec![nowhere], Buffers::Frozen).map_err(said)?;
    let loaded = evaluator.load(slice, None).map_err(said)?;
    let found = evaluator.logits(&loaded, &[0.0], &split).map_err(said)?;
    let ran = start.elapsed().as_secs_f64();
    if found.len() != expected.len() {
        return Err(format!(
            "gives {} numbers where PyTorch gives {}",
            found.len(),
            expected.len()
        ));
    }
    let largest = expected.iter().fold(0.0_f64, |m, y| m.max(y.abs()));
    let off = found.iter().zip(&expected).fold(0.0_f64, |worst, (f, e)| {
        let off = (f - e).abs();
        if off.is_nan() {
            f64::INFINITY
        } else {
            worst.max(off)
        }
    });
    let notes = if std::env::var_os("LOSSCOPE_NOTES").is_some() {
        imported.notes.join(" / ")
    } else {
        String::new()
    };
    Ok(format!(
        "off {:e} layers {layers} read {read:.2} ran {ran:.2} {notes}",
        off / largest
    ))
}

/// For `tests/coverage/run.py`: every file in the folder `LOSSCOPE_PROBE` with an npz of its name beside it, which holds
/// inputs `x` and what PyTorch gives, `outputs`. Computes in single precision, in double with `LOSSCOPE_DOUBLE`.
#[test]
#[ignore = "compares the files that an environment variable names"]
#[expect(clippy::print_stdout, reason = "the script reads it")]
fn probe() {
    let folder = PathBuf::from(std::env::var("LOSSCOPE_PROBE").unwrap());
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let case = path.with_extension("npz");
        if path == case || !case.exists() {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match compared(&path, &case) {
            Ok(found) => println!("{name}: {found}"),
            Err(words) => println!("{name}: refused: {}", words.replace('\n', " ")),
        }
    }
}
