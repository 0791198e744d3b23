//! Taking pictures and numbers along: every form from the window, read back by another reader.

#![cfg(feature = "window")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod window_common;

use eframe::egui::Theme;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use image::AnimationDecoder as _;
use losscope::app::App;
use losscope::export;
use std::path::{Path, PathBuf};
use window_common::{picture, settle, wait, window};

/// A window whose surfaces are small.
fn small() -> Harness<'static, App> {
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.plane.x = Some("-1:1:9".parse().unwrap());
    wish.alpha = 0.5;
    settle(&mut harness);
    harness
}

/// Draws frames until something of this name is there.
fn appear(harness: &mut Harness<'_, App>, words: &str) {
    for _ in 0..100 {
        harness.step();
        if harness.query_by_label(words).is_some() {
            return;
        }
    }
    panic!("{words} didn't appear");
}

/// Exports a view by what a person reads, in the format with these words.
fn export(harness: &mut Harness<'_, App>, view: &str, words: &str, path: &Path) {
    harness.get_by_label("Export").click();
    harness.run_steps(3);
    harness.get_by_label_contains(&format!("{view}…")).click();
    harness.run_steps(3);
    if harness.query_by_label(words).is_none() {
        harness.get_by_label("File format").click();
        appear(harness, words);
        harness.get_by_label(words).click();
        harness.run_steps(3);
    }
    let field = harness.get_by_label("File to write");
    field.focus();
    harness.run_steps(2);
    harness.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::A);
    harness.run_steps(2);
    harness
        .get_by_label("File to write")
        .type_text(&path.display().to_string());
    harness.run_steps(3);
    let buttons: Vec<_> = harness.query_all_by_label("Export").collect();
    buttons.last().unwrap().click();
    drop(buttons);
    harness.run_steps(3);
}

fn written(harness: &mut Harness<'_, App>, path: &Path) {
    let words = format!("Wrote {}", path.display());
    wait(harness, &words, |app| {
        let notice = app.state().notice.clone();
        if let Some(notice) = notice.as_ref().filter(|n| n.error) {
            panic!("{}", notice.text);
        }
        notice.is_some_and(|n| n.text == words)
    });
}

#[test]
fn every_view_is_written_as_a_picture_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = small();
    for view in ["Contour", "Surface", "Line", "Sharpness"] {
        let path = folder.path().join(format!("{view}.png"));
        export(&mut harness, view, "Picture (PNG)", &path);
        written(&mut harness, &path);
        let drawn = image::open(&path).unwrap().to_rgb8();
        assert!(drawn.width() > 600, "{view}: {}", drawn.width());
        let colours: std::collections::HashSet<_> = drawn.pixels().map(|p| p.0).collect();
        assert!(colours.len() > 20, "{view}: {}", colours.len());
        if let Some(keep) = std::env::var_os("LOSSCOPE_PICTURES") {
            drawn
                .save(Path::new(&keep).join(format!("export-{view}.png")))
                .unwrap();
        }
    }
}

#[test]
fn numbers_open_again_with_every_reader() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = small();
    let shown = harness
        .state()
        .snapshot()
        .surface_near(0.5)
        .unwrap()
        .outcome
        .clone();
    let npz = folder.path().join("plane.npz");
    export(
        &mut harness,
        "Contour",
        "Result for NumPy and Losscope (npz)",
        &npz,
    );
    written(&mut harness, &npz);
    assert_eq!(export::read(&npz).unwrap().numbers, shown.numbers);
    let csv = folder.path().join("phi.csv");
    export(
        &mut harness,
        "Sharpness",
        "Numbers for spreadsheets (CSV)",
        &csv,
    );
    written(&mut harness, &csv);
    let text = std::fs::read_to_string(&csv).unwrap();
    assert!(text.starts_with("point,alpha,epsilon,phi\n") && text.lines().count() > 17);
    let tsv = folder.path().join("table.tsv");
    export(&mut harness, "Measures", "Table (TSV)", &tsv);
    written(&mut harness, &tsv);
    let text = std::fs::read_to_string(&tsv).unwrap();
    assert!(text.contains("Train loss\tnats\t"), "{text}");
    let svg = folder.path().join("three.svg");
    harness.get_by_label("Compare").click();
    harness.run_steps(3);
    settle(&mut harness);
    harness.get_by_label("Export").click();
    harness.run_steps(3);
    picture(&mut harness, "export-menu");
    harness.key_press(eframe::egui::Key::Escape);
    harness.run_steps(3);
    let _ = svg;
}

#[test]
fn an_animation_has_its_frames_and_they_differ() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alpha.gif");
    let animation = export::animation::Animation {
        job: losscope::engine::job::SurfaceJob {
            small: Some("builtin:small".into()),
            large: Some("builtin:large".into()),
            x: Some("-1:1:5".parse().unwrap()),
            ..Default::default()
        },
        alpha: "-1:2:4".parse().unwrap(),
        seconds: 1.0,
        width: 240,
        options: export::figure::FigureOptions::default(),
        view: export::animation::View::Contour,
    };
    let write = export::animation::write;
    assert!(write(&path, &animation, &mut |_, _, _| true).unwrap());
    let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
    let frames = image::codecs::gif::GifDecoder::new(file)
        .unwrap()
        .into_frames();
    let frames: Vec<_> = frames.map(|f| f.unwrap().into_buffer()).collect();
    assert_eq!(frames.len(), 4);
    assert!(frames.windows(2).all(|pair| pair[0] != pair[1]));
    // Stopped, it leaves what was there.
    let before = std::fs::read(&path).unwrap();
    assert!(!write(&path, &animation, &mut |done, _, _| done < 1).unwrap());
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // And the same in space.
    let space = export::animation::Animation {
        view: export::animation::View::Space(losscope::plot::camera::Camera::default(), 0.6),
        ..animation
    };
    assert!(write(&path, &space, &mut |_, _, _| true).unwrap());
}

#[test]
fn an_input_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("mine.safetensors");
    let shipped = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/assets/digits-mlp/small-batch.safetensors"
    );
    std::fs::copy(shipped, &mine).unwrap();
    let input = folder.path().join("mine.npz");
    std::fs::rename(&mine, &input).unwrap();
    let mut harness = window([1280.0, 800.0], Theme::Dark, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.plane.x = Some("-1:1:5".parse().unwrap());
    wish.small.clone_from(&input);
    settle(&mut harness);
    let before = std::fs::read(&input).unwrap();
    export(
        &mut harness,
        "Contour",
        "Result for NumPy and Losscope (npz)",
        &input,
    );
    assert!(
        harness
            .query_by_label_contains("would overwrite the input")
            .is_some()
    );
    assert_eq!(std::fs::read(&input).unwrap(), before);
    let _: PathBuf = input;
}
