//! Every shader, checked without a GPU.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use losscope::render::{BLIT_SHADER, FRAME_SHADER, MESH_SHADER, PLATE_SHADER, SURFACE_SHADER};
use wgpu::naga::front::wgsl;
use wgpu::naga::valid::{Capabilities, ValidationFlags, Validator};

#[test]
fn every_shader_parses_and_validates() {
    for (name, source) in [
        ("surface", SURFACE_SHADER),
        ("frame", FRAME_SHADER),
        ("blit", BLIT_SHADER),
        ("plate", PLATE_SHADER),
        ("mesh", MESH_SHADER),
    ] {
        let module = wgsl::parse_str(source)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(source)));
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(source)));
        let entries: Vec<&str> = module
            .entry_points
            .iter()
            .map(|e| e.name.as_str())
            .collect();
        assert_eq!(entries, ["vertex", "fragment"], "{name}");
    }
}

#[test]
fn every_shader_says_what_it_does_and_what_it_is_given() {
    for entry in walk("shaders") {
        let text = std::fs::read_to_string(&entry).unwrap();
        let name = entry.display();
        assert!(
            text.starts_with("// "),
            "{name} doesn't open with what it does"
        );
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            if line.trim_start().starts_with("@group") {
                assert!(
                    lines[i - 1].trim_start().starts_with("///"),
                    "{name}:{}: a binding without a word",
                    i + 1
                );
            }
        }
    }
}

fn walk(folder: &str) -> Vec<std::path::PathBuf> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let inner = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
            found.extend(walk(inner.to_str().unwrap()));
        } else {
            found.push(path);
        }
    }
    assert!(!found.is_empty());
    found
}
