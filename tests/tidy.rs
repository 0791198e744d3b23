//! The house rules that a machine can keep: floors, file sizes, a word at every door.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

/// Which file uses which.
#[path = "tidy/circles.rs"]
mod circles;
/// The start script on poor machines.
#[cfg(unix)]
#[path = "tidy/start.rs"]
mod start;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The floors from the ground up. A module may use its own floor and those before it.
const FLOORS: [&[&str]; 8] = [
    &["error"],
    &["store"],
    &["checkpoint", "dataset"],
    &["model"],
    &["landscape", "train"],
    &["engine", "plot"],
    &["render", "export"],
    &["cli", "app"],
];

/// Crates that only some modules may name: burn ends at its executor, the file system begins and
/// ends at the outer floors, the terminal is the command line's.
const CRATES: [(&str, &[&str]); 9] = [
    ("burn::tensor", &["model/run", "engine/device"]),
    ("burn_ndarray", &["engine"]),
    ("wgpu::", &["model/run/tiles", "engine", "render", "app"]),
    (
        "std::fs",
        &["store", "checkpoint", "dataset", "export", "cli", "app"],
    ),
    (
        "std::time",
        &["model/run/tiles", "engine", "export", "cli", "app"],
    ),
    (
        "std::thread",
        &[
            "store/hdf5",
            "landscape/curvature/orthogonal",
            "model/run/lanes",
            "engine",
            "cli",
            "app",
        ],
    ),
    ("indicatif", &["cli"]),
    ("egui", &["app"]),
    ("rfd::", &["app"]),
];

/// Few files are longer, and each of them is one thing.
const MOST_LINES: usize = 460;

/// What may lie at the top of the house, besides files that begin with a dot: what people or tools
/// look for there.
const TOP: [&str; 15] = [
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "assets",
    "benches",
    "docs",
    "shaders",
    "src",
    "start.sh",
    "tests",
];

/// Files that repeat the version, each with what stands before it.
const VERSIONS: [(&str, &str); 4] = [
    ("CITATION.cff", "\nversion: "),
    ("CHANGELOG.md", "\n## ["),
    ("assets/package/changelog", "losscope ("),
    (
        "assets/package/losscope.metainfo.xml",
        "<release version=\"",
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust source below `folder`, with its path relative to it.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path
                    .strip_prefix(folder)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The module of the crate root a source belongs to; `None` for the root itself.
fn module(name: &str) -> Option<&str> {
    let first = name.split('/').next().unwrap().trim_end_matches(".rs");
    (!["lib", "main"].contains(&first)).then_some(first)
}

fn floor(module: &str) -> usize {
    FLOORS
        .iter()
        .position(|floor| floor.contains(&module))
        .unwrap_or_else(|| {
            panic!("the module {module} has no floor: give it one in this test and in lib.rs")
        })
}

/// What stands before the tests inside a file, without comments.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]").next().unwrap();
    body.lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for (name, text) in sources(&root().join("src")) {
        let Some(own) = module(&name) else { continue };
        for used in code(&text).split("crate::").skip(1) {
            let used: String = used
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            // Anything else after `crate::` is a path within a macro.
            if FLOORS.iter().any(|f| f.contains(&used.as_str())) && floor(&used) > floor(own) {
                wrong.push(format!("{name} uses crate::{used}, which lies above"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_dont_use_each_other_in_circles() {
    let arrows = circles::arrows(&sources(&root().join("src")));
    let mut wrong = Vec::new();
    for circle in circles::circles(&arrows) {
        let ways = circle.iter().map(|file| circles::shortest(&arrows, file));
        let ways: BTreeSet<String> = ways.map(|way| way.join(" → ")).collect();
        let ways: Vec<String> = ways.into_iter().collect();
        wrong.push(format!(
            "{} files use each other in a circle (give what both need a file of its own):\n  {}",
            circle.len(),
            ways.join("\n  ")
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_on_their_floors() {
    let mut wrong = Vec::new();
    for (name, text) in sources(&root().join("src")) {
        if module(&name).is_none() {
            continue;
        }
        let code = code(&text);
        for (library, allowed) in CRATES {
            if code.contains(library) && !allowed.iter().any(|a| name.starts_with(a)) {
                wrong.push(format!("{name} names {library}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    for folder in ["src", "tests", "benches"] {
        for (name, text) in sources(&root().join(folder)) {
            assert!(
                text.starts_with("//!"),
                "{folder}/{name} doesn't open with //! and what it is for"
            );
        }
    }
}

#[test]
fn files_stay_short() {
    let long: Vec<String> = sources(&root().join("src"))
        .into_iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(name, lines)| format!("{name} has {lines} lines"))
        .collect();
    assert!(
        long.is_empty(),
        "split what is more than one thing: {}",
        long.join(", ")
    );
}

/// Where numbers are made for machines, or below the floor where people's are.
const OWN_NUMBERS: [&str; 4] = [
    "plot/number.rs",
    "plot/draw.rs",
    "landscape/sharpness/",
    "export/report/summary.rs",
];

#[test]
fn numbers_for_people_are_written_in_one_place() {
    let mut wrong = Vec::new();
    for (name, text) in sources(&root().join("src")) {
        if OWN_NUMBERS.iter().any(|own| name.starts_with(own)) {
            continue;
        }
        for line in code(&text).lines() {
            // `{:.2e}`, `{x:e}`: powers in another style than 10⁻³.
            let scientific = line.split('{').skip(1).any(|part| {
                let inside = part.split('}').next().unwrap_or_default();
                inside.split_once(':').is_some_and(|(_, form)| {
                    form.ends_with('e')
                        && form.trim_end_matches('e').len() + 1 == form.len()
                        && form[..form.len() - 1]
                            .chars()
                            .all(|c| c == '.' || c == '+' || c.is_ascii_digit())
                })
            });
            if scientific || line.contains("replace('-', \"−\")") {
                wrong.push(format!("{name}: {}", line.trim()));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "crate::plot::number writes numbers: {}",
        wrong.join("\n")
    );
}

#[test]
fn one_version_of_the_libraries_that_must_agree() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    for library in ["wgpu", "burn", "naga", "egui"] {
        let count = lock.matches(&format!("name = \"{library}\"\n")).count();
        assert_eq!(count, 1, "{library} stands {count} times in Cargo.lock");
    }
}

#[test]
fn the_top_level_holds_what_is_looked_for_there() {
    // What isn't kept by git is a person's own: results, a build, an editor's files.
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output();
    let Some(listed) = listed.ok().filter(|output| output.status.success()) else {
        return;
    };
    for path in String::from_utf8(listed.stdout).unwrap().split('\0') {
        let top = path.split('/').next().unwrap();
        assert!(
            top.starts_with('.') || top.is_empty() || TOP.contains(&top),
            "{top} lies at the top level: give it a place in a folder"
        );
    }
}

#[test]
fn one_version_is_said_everywhere() {
    for (name, before) in VERSIONS {
        let text = fs::read_to_string(root().join(name)).unwrap();
        // A change log opens with what isn't released yet.
        let text = text.replace("\n## [Unreleased]", "");
        let (_, after) = text.split_once(before).unwrap();
        assert!(
            after.starts_with(env!("CARGO_PKG_VERSION")),
            "the newest version in {name} is not {}",
            env!("CARGO_PKG_VERSION")
        );
    }
}
