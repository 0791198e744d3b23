//! Several runs over one plane: paths in colours of their own, and how far they are out of it.

use super::plane;
use super::window_common::{picture, settle, window};
use eframe::egui::{Pos2, Theme};
use egui_kittest::kittest::Queryable as _;
use losscope::engine::job::Directions;

#[test]
fn the_paths_of_two_runs_are_drawn_in_one_plane_with_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let assets = |name: &str| format!("assets/digits-mlp/{name}.safetensors");
    let runs = ["batches of 16", "batches of 512"].map(|name| folder.path().join(name));
    for (run, end) in runs.iter().zip(["small-batch", "large-batch"]) {
        std::fs::create_dir(run).unwrap();
        for (epoch, name) in ["initial", end].into_iter().enumerate() {
            std::fs::copy(assets(name), run.join(format!("epoch_{epoch}.safetensors"))).unwrap();
        }
    }
    let mut harness = window([1280.0, 900.0], Theme::Light, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    // Both runs begin at the third corner of the plane and end at the two others: all of both lies in it.
    wish.aim(Directions::Three(
        "builtin:large".into(),
        "builtin:init".into(),
    ));
    wish.plane.isometric = true;
    wish.plane.paths = runs.to_vec();
    wish.plane.setup.samples = Some(128);
    wish.sharpness = false;
    settle(&mut harness);
    let news = harness.state().snapshot();
    assert!(news.failure.is_none(), "{:?}", news.failure);
    let header = news.surfaces[0].outcome.header.clone();
    let names: Vec<&str> = header.paths.iter().map(|path| path.run.as_str()).collect();
    assert_eq!(names, ["batches of 16", "batches of 512"]);
    for (path, end) in header.paths.iter().zip(&header.marks) {
        let [x, y] = [&path.seen.x, &path.seen.y];
        assert!((x[1] - end.coordinate[0]).abs() < 1e-6 && (y[1] - end.coordinate[1]).abs() < 1e-6);
        assert!(path.seen.distance.iter().all(|d| *d < 1e-5), "{path:?}");
    }
    assert!(
        harness
            .query_by_label("Close the path of batches of 512")
            .is_some()
    );
    // The pointer on a checkpoint says which it is and how far it is out of the plane.
    let rect = plane(&harness, super::PLANE);
    let surface = news.surfaces[0].surface().unwrap();
    let share = |axis: &[f64], v: f64| ((v - axis[0]) / (axis[axis.len() - 1] - axis[0])) as f32;
    let start = &header.marks[2].coordinate;
    let pointer = Pos2::new(
        rect.left() + rect.width() * share(&surface.x, start[0]),
        rect.bottom() - rect.height() * share(&surface.y, start[1]),
    );
    harness.hover_at(pointer);
    harness.run_steps(3);
    picture(&mut harness, "paths-light");
    let command = harness.state_mut().command_of("Contour").unwrap();
    assert_eq!(command.matches("--paths=").count(), 2, "{command}");
    let figure = folder.path().join("paths.svg");
    harness.state().write("Contour", &figure).unwrap();
    let text = std::fs::read_to_string(&figure).unwrap();
    for name in names {
        assert!(text.contains(name), "{name} in the legend");
    }
    if let Some(to) = std::env::var_os("LOSSCOPE_PICTURES") {
        std::fs::copy(&figure, std::path::Path::new(&to).join("paths.svg")).unwrap();
    }
}
