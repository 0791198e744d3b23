//! Taking pictures and numbers along: every form from the window, read back by another reader.

#![cfg(feature = "window")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[path = "app_export/commands.rs"]
mod commands;
mod window_common;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use image::AnimationDecoder as _;
use losscope::app::App;
use losscope::export;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
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
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
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
    for view in [
        "Contour",
        "Surface",
        "Line",
        "Sharpness",
        "Measures",
        "Layers",
    ] {
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
    assert!(
        text.starts_with("table,point,alpha,epsilon,phi,recipe\n"),
        "{text}"
    );
    assert!(text.lines().count() > 17 && text.contains("losscope"));
    let tsv = folder.path().join("table.tsv");
    export(&mut harness, "Measures", "Table (TSV)", &tsv);
    written(&mut harness, &tsv);
    let text = std::fs::read_to_string(&tsv).unwrap();
    assert!(text.contains("Train loss\tnats\t"), "{text}");
}

/// Opens the dialog of a view.
fn begin(harness: &mut Harness<'_, App>, view: &str) {
    harness.get_by_label("Export").click();
    harness.run_steps(3);
    harness.get_by_label_contains(&format!("{view}…")).click();
    harness.run_steps(3);
}

/// Chooses a format by its words.
fn choose(harness: &mut Harness<'_, App>, words: &str) {
    harness.get_by_label("File format").click();
    appear(harness, words);
    harness.get_by_label(words).click();
    harness.run_steps(3);
}

/// The size that the dialog says the picture will have, once it knows.
fn said_size(harness: &mut Harness<'_, App>) -> String {
    let deadline = Instant::now() + Duration::from_mins(2);
    loop {
        harness.step();
        let found = harness.query_all_by_label_contains(" mm, ").next();
        if let Some(found) = found {
            return found.value().unwrap_or_default();
        }
        assert!(Instant::now() < deadline, "no size");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Types a path into the dialog, over what is there.
fn type_file(harness: &mut Harness<'_, App>, path: &Path) {
    harness.get_by_label("File to write").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(2);
    let field = harness.get_by_label("File to write");
    field.type_text(&path.display().to_string());
    harness.run_steps(3);
}

#[test]
fn the_size_the_dialog_says_is_the_size_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = small();
    harness.get_by_label("Compare").click();
    harness.run_steps(3);
    settle(&mut harness);
    for view in ["Compare", "Compare in space", "Surface", "Line"] {
        if view == "Compare in space" {
            harness.get_by_label("In space").click();
            harness.run_steps(3);
        }
        begin(&mut harness, view.split(' ').next().unwrap());
        let size = said_size(&mut harness);
        picture(&mut harness, &format!("export-dialog-{view}"));
        let path = folder.path().join(format!("{view}.png"));
        type_file(&mut harness, &path);
        harness.key_press(Key::Enter);
        harness.run_steps(3);
        written(&mut harness, &path);
        let drawn = image::open(&path).unwrap();
        let pixels = format!("{} × {} pixels", drawn.width(), drawn.height());
        assert!(size.ends_with(&pixels), "{view}: {size}, not {pixels}");
        let millimetres = f64::from(drawn.width()) / 300.0 * 25.4;
        assert!(size.starts_with(&format!("{millimetres:.0} × ")), "{size}");
        if let Some(keep) = std::env::var_os("LOSSCOPE_PICTURES") {
            drawn
                .save(Path::new(&keep).join(format!("export-{view}.png")))
                .unwrap();
        }
    }
}

#[test]
fn enter_exports_into_the_folder_that_is_shown_and_asks_before_replacing() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = small();
    harness.state_mut().state().exported.folder = Some(folder.path().to_owned());
    begin(&mut harness, "Line");
    let shown = folder.path().display().to_string();
    assert!(harness.query_by_label(&shown).is_some(), "{shown}");
    choose(&mut harness, "Numbers for spreadsheets (CSV)");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    let path = folder.path().join("line.csv");
    written(&mut harness, &path);
    // The next time it is in the same folder, in the same format, and the file is there already.
    std::fs::write(&path, "mine").unwrap();
    begin(&mut harness, "Line");
    let format = harness.get_by_label("File format").value();
    assert_eq!(format.as_deref(), Some("Numbers for spreadsheets (CSV)"));
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    let asked = harness.query_by_label_contains("There is such a file already");
    assert!(asked.is_some());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    harness.get_by_label("Replace it").click();
    harness.run_steps(3);
    let deadline = Instant::now() + Duration::from_mins(1);
    while std::fs::read_to_string(&path).unwrap() == "mine" {
        assert!(Instant::now() < deadline);
        harness.step();
    }
}

#[test]
fn the_animation_is_in_the_list_and_its_range_can_be_set() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alpha.gif");
    let mut harness = small();
    begin(&mut harness, "Contour");
    choose(&mut harness, "Animation of α (GIF)");
    for (field, value) in [
        ("First α", "0.25"),
        ("Last α", "0.75"),
        ("Frames", "3"),
        ("Duration, s", "1.5"),
        ("Grid points of a frame", "5"),
        ("Pixels across", "200"),
    ] {
        harness
            .get_by_role_and_label(Role::SpinButton, field)
            .focus();
        harness.run_steps(2);
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        harness.run_steps(2);
        let number = harness.get_by_role_and_label(Role::SpinButton, field);
        number.type_text(value);
        harness.run_steps(2);
        harness.key_press(Key::Tab);
        harness.run_steps(2);
    }
    picture(&mut harness, "export-animation");
    type_file(&mut harness, &path);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    written(&mut harness, &path);
    let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
    let frames = image::codecs::gif::GifDecoder::new(file).unwrap();
    let frames: Vec<_> = frames.into_frames().map(|f| f.unwrap()).collect();
    let shown = frames.iter().map(|f| {
        let (ms, per) = f.delay().numer_denom_ms();
        ms / per
    });
    assert_eq!((frames.len(), shown.sum::<u32>()), (3, 1500));
    assert_eq!(frames[0].buffer().width(), 200);
}

#[test]
fn what_cant_be_exported_says_why() {
    let mut harness = window([1280.0, 800.0], Theme::Light, Vec::new());
    let wish = &mut harness.state_mut().state().wish;
    wish.plane.x = Some("-1:1:5".parse().unwrap());
    wish.large = None;
    settle(&mut harness);
    harness.get_by_label("Export").click();
    harness.run_steps(3);
    for entry in ["Compare…", "Animation of α…"] {
        let entry = harness.get_by_label_contains(entry);
        assert!(entry.accesskit_node().is_disabled());
    }
    harness.get_by_label_contains("Contour…").click();
    harness.run_steps(3);
    harness.get_by_label("File format").click();
    appear(&mut harness, "Animation of α (GIF)");
    let gif = harness.get_by_label("Animation of α (GIF)");
    assert!(gif.accesskit_node().is_disabled());
    // A tooltip comes for a pointer that moves, not right after a click.
    harness.run_steps(15);
    harness.get_by_label("Animation of α (GIF)").hover();
    harness.run_steps(60);
    let reason = "This takes two minimizers: open a second checkpoint as the large batch";
    assert!(harness.query_by_label(reason).is_some());
    picture(&mut harness, "export-impossible");
}

#[test]
fn a_surface_in_space_has_axes_with_numbers_and_names_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("space.svg");
    let mut harness = small();
    export(&mut harness, "Surface", "Scalable figure (SVG)", &path);
    written(&mut harness, &path);
    let svg = std::fs::read_to_string(&path).unwrap();
    for words in [
        ">direction 1<",
        ">direction 2<",
        ">−1.0<",
        ">0.5<",
        ">α = 0.50<",
    ] {
        assert!(svg.contains(words), "{words}");
    }
    // One over the upright axis, one below the colours; words with a rim are written twice.
    assert_eq!(svg.matches(">Training loss (nats)<").count(), 3);
    for words in [
        "small batch: built-in digits, batches of 16; large batch: built-in digits, batches of 512",
        "digits: 1,437 training and 360 validation samples",
        "Gaussian, seed 0, filter-normalised",
    ] {
        assert!(svg.contains(words), "{words}");
    }
}

#[test]
fn an_animation_has_its_frames_and_they_differ() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alpha.gif");
    let animation = export::animation::Animation {
        job: losscope::engine::job::AnimationJob {
            surface: losscope::engine::job::SurfaceJob {
                small: Some("builtin:small".into()),
                large: Some("builtin:large".into()),
                x: Some("-1:1:5".parse().unwrap()),
                ..Default::default()
            },
            run: losscope::engine::job::Run {
                frames: "-1:2:4".parse().unwrap(),
                seconds: 1.0,
                pixels: 240,
            },
        },
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
        view: export::animation::View::Space(export::artifact::Eye::default()),
        ..animation
    };
    assert!(write(&path, &space, &mut |_, _, _| true).unwrap());
    if let Some(keep) = std::env::var_os("LOSSCOPE_PICTURES") {
        std::fs::copy(&path, Path::new(&keep).join("alpha-space.gif")).unwrap();
    }
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
    // A file of a person's own doesn't say what it is.
    wish.plane.setup.model = "mlp".into();
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

#[test]
fn a_report_is_measured_from_the_menu_and_one_that_is_stopped_lies_beside_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("both.html");
    let mut harness = small();
    harness.get_by_label("Export").click();
    harness.run_steps(3);
    harness.get_by_label("Report…").click();
    harness.run_steps(3);
    // Where the system has dialogs of its own, this one is nobody's to fill in.
    if harness.query_by_label("Path").is_none() {
        return;
    }
    harness.get_by_label("Path").focus();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run_steps(2);
    harness
        .get_by_label("Path")
        .type_text(&page.display().to_string());
    harness.run_steps(3);
    harness.get_by_label("Save").click();
    let deadline = Instant::now() + Duration::from_mins(2);
    let begun = |harness: &Harness<'_, App>| {
        let words = "Writing both.html: part 2 of 14";
        harness.query_all_by_label_contains(words).next().is_some()
    };
    while !begun(&harness) {
        assert!(Instant::now() < deadline, "the line is never measured");
        harness.step();
    }
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Period);
    wait(&mut harness, "the end", |app| {
        let notice = app.state().notice.clone();
        notice.is_some_and(|n| n.text.contains("what was measured until then is in"))
    });
    assert!(!page.exists());
    let text = std::fs::read_to_string(folder.path().join("both.partial.html")).unwrap();
    assert!(text.contains("This report is not complete"));
    assert!(
        folder
            .path()
            .join("both.partial-files/summary.json")
            .is_file()
    );
}
