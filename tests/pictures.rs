//! The README's pictures, made by the program itself.
//!
//! Each is drawn anew and compared with the one in `assets/pictures`; `UPDATE_PICTURES=1` replaces
//! them. A colour may differ a little between processors, so the mean difference is bounded, not
//! every pixel.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Mean difference of a colour channel, 0 to 255; a wrong contour or label costs far more.
const TOLERANCE: f64 = 0.5;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The program's picture for `args` equals the README's `name`.
#[track_caller]
fn check(name: &str, args: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let drawn = folder.path().join(name);
    let output = Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args(args)
        .args(["--device", "flex", "-q", "-o"])
        .arg(&drawn)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let kept = root().join("assets/pictures").join(name);
    if std::env::var_os("UPDATE_PICTURES").is_some() {
        std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
        std::fs::copy(&drawn, &kept).unwrap();
    }
    let difference = difference(&drawn, &kept);
    assert!(
        difference < TOLERANCE,
        "{name} has changed by {difference:.2} on average; look at it, then run with UPDATE_PICTURES=1"
    );
}

fn difference(a: &Path, b: &Path) -> f64 {
    let (a, b) = (
        image::open(a).unwrap().to_rgb8(),
        image::open(b).unwrap().to_rgb8(),
    );
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a
        .iter()
        .zip(b.iter())
        .map(|(x, y)| u64::from(x.abs_diff(*y)))
        .sum();
    sum as f64 / a.len() as f64
}

#[test]
fn the_loss_around_the_small_batch_minimizer() {
    check("surface.png", &["surface", "--seed", "3", "--dpi", "220"]);
}

#[test]
fn the_line_between_the_minimizers() {
    check("line.png", &["line", "--dpi", "220"]);
}

#[test]
fn the_path_of_a_run_over_its_surface() {
    let plane = [
        "surface",
        "--directions",
        "pca:tests/fixtures/trajectory/epochs",
        "--model=mlp",
        "--x=-3:13:61",
        "--y=-6:6:45",
    ];
    check("trajectory.png", &[&plane[..], &["--dpi", "220"]].concat());
}
