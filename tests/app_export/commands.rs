//! What the window writes is what the terminal writes: the same bytes, and the command that is copied makes them.

use super::{small, wait};
use losscope::app::App;
use losscope::export::{self, header, npz};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The program, where a copied command is run.
fn terminal(folder: &Path, words: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "{words:?}: {said}");
    said
}

/// A copied command, with another output: as a shell takes it apart, which knows no quotes here.
fn typed(line: &str, output: &str) -> Vec<String> {
    assert!(!line.contains('\''), "{line}");
    let (words, _) = line.split_once(" -o ").unwrap();
    let words = words.strip_prefix("losscope ").unwrap().split(' ');
    let more = ["-q", "-o", output].map(str::to_owned);
    words.map(str::to_owned).chain(more).collect()
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// Whether two files hold the same but for the time that computing took.
fn same_but_for_the_time(a: &Path, b: &Path) {
    let [mut a, b] = [a, b].map(|path| npz::read(path).unwrap());
    a.header.elapsed_seconds = b.header.elapsed_seconds;
    assert_eq!(a.header, b.header);
    assert_eq!(format!("{:?}", a.numbers), format!("{:?}", b.numbers));
}

#[test]
fn the_terminal_makes_of_a_result_what_the_window_writes_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let harness = small();
    let app: &App = harness.state();
    let at = |name: &str| folder.path().join(name);
    for (view, suffixes) in [
        ("Contour", &["png", "svg", "csv", "vtk", "json", "h5"][..]),
        ("Line", &["png", "svg", "csv", "vtk", "json", "h5"]),
    ] {
        app.write(view, &at("r.npz")).unwrap();
        for suffix in suffixes {
            let [ours, theirs] = ["window", "terminal"].map(|n| format!("{n}.{suffix}"));
            app.write(view, &at(&ours)).unwrap();
            // A PDF's own library numbers its parts by chance.
            let figure = ["png", "svg"].contains(suffix);
            let command = if figure { "plot" } else { "convert" };
            let mut words = vec![command, "r.npz", "-q", "-o", &theirs];
            if figure {
                words.push("--metric=train-loss");
            }
            terminal(folder.path(), &words);
            assert_eq!(bytes(&at(&ours)), bytes(&at(&theirs)), "{view} as {suffix}");
        }
    }
}

#[test]
fn a_copied_command_writes_what_the_window_shows() {
    let folder = tempfile::tempdir().unwrap();
    let mut harness = small();
    let state = harness.state_mut().state();
    state.pin(0.25, -0.5);
    state.look.colormap = "magma".parse().unwrap();
    state.wish.epsilon = 5e-4;
    harness.state_mut().show("Compare");
    wait(&mut harness, "the curves", |app| {
        let news = app.snapshot();
        let sharpness = &news.sharpness;
        let whole = [&sharpness.small, &sharpness.here, &sharpness.large]
            .iter()
            .all(|curve| curve.as_ref().is_some_and(|c| c.complete));
        whole && app.is_settled()
    });
    let app: &App = harness.state();
    let at = |name: &str| folder.path().join(name);
    // Alone they take seconds; every other view goes the same way.
    for (view, suffixes) in [
        ("Contour", &["npz"][..]),
        ("Line", &["npz"]),
        ("Sharpness", &["csv", "json", "npz", "svg", "png"]),
        ("Sections", &["csv", "json", "svg"]),
        ("Compare", &["csv", "npz"]),
        ("Layers", &["csv", "json"]),
    ] {
        let line = app.command_of(view).unwrap();
        for suffix in suffixes {
            let [ours, theirs] = ["window", "terminal"].map(|n| format!("{n}.{suffix}"));
            app.write(view, &at(&ours)).unwrap();
            let words = typed(&line, &theirs);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            terminal(folder.path(), &words);
            if ["Contour", "Line"].contains(&view) {
                same_but_for_the_time(&at(&ours), &at(&theirs));
            } else {
                assert_eq!(
                    bytes(&at(&ours)),
                    bytes(&at(&theirs)),
                    "{view} as {suffix}: {line}"
                );
            }
        }
    }
}

#[test]
fn every_view_goes_into_a_folder_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let words = [
        "export",
        "contour",
        "sharpness",
        "layers",
        "--x=-1:1:5",
        "--preset",
        "dark",
        "--no-caption",
        "-q",
        "-o",
        "figures",
        "--as",
        "png,csv",
    ];
    terminal(folder.path(), &words);
    for view in ["contour", "sharpness", "layers"] {
        let picture = image::open(folder.path().join(format!("figures/{view}.png"))).unwrap();
        let corner = picture.to_rgb8().get_pixel(2, 2).0;
        assert!(
            corner.iter().all(|c| *c < 60),
            "{view} isn't dark: {corner:?}"
        );
        let path: PathBuf = folder.path().join(format!("figures/{view}.csv"));
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.lines().next().unwrap().ends_with(",recipe"), "{view}");
    }
    let told = Command::new(env!("CARGO_BIN_EXE_losscope"))
        .args(["export", "weather", "-o", "w.png"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(
        told.status.code() == Some(2) && said.contains("contour, surface, compare"),
        "{said}"
    );
}

#[test]
fn an_animation_says_how_it_was_made() {
    let job = losscope::engine::job::AnimationJob::default();
    let made = losscope::engine::header::Header::new(
        job.into(),
        losscope::engine::header::ModelFacts::default(),
        losscope::engine::header::DataFacts::default(),
    );
    let gif = [&b"GIF89a\x01\0\x01\0\0\0\0"[..], &[0x3b]].concat();
    let with = export::stamp::in_gif(gif, &made).unwrap();
    let text = header::to_value(&made).unwrap().to_string();
    let start = with.windows(2).position(|w| w == [0x21, 0xfe]).unwrap() + 2;
    let (mut found, mut at) = (Vec::new(), start);
    while with[at] > 0 {
        let end = at + 1 + usize::from(with[at]);
        found.extend(&with[at + 1..end]);
        at = end;
    }
    assert_eq!(
        String::from_utf8(found).unwrap(),
        format!("losscope {text}")
    );
    assert_eq!(with[at..], [0, 0x3b]);
}
