//! Every shader, checked without a GPU: those of pictures, and the kernels that programs become.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

#[allow(dead_code, reason = "shared with the reference, which uses the rest")]
mod common;

use common::{fixture, ok};
use losscope::checkpoint;
use losscope::model::derive::{pull, rate};
use losscope::model::lower::{Lowered, Statistics, lower};
use losscope::model::program::Program;
use losscope::model::run::{Varying, tiles};
use losscope::model::simplify::{along, fold, fuse};
use losscope::model::{Network, file};
use losscope::render::{BLIT_SHADER, FRAME_SHADER, MESH_SHADER, RECTANGLE_SHADER, SURFACE_SHADER};
use std::collections::BTreeSet;
use wgpu::naga::back::{hlsl, spv};
use wgpu::naga::front::wgsl;
use wgpu::naga::valid::{Capabilities, ValidationFlags, Validator};

#[test]
fn every_shader_parses_and_validates() {
    for (name, source) in [
        ("surface", SURFACE_SHADER),
        ("frame", FRAME_SHADER),
        ("blit", BLIT_SHADER),
        ("rectangle", RECTANGLE_SHADER),
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

/// What is asked of a network on a GPU.
fn programs(lowered: &Lowered, statistics: Statistics) -> Vec<(Program, Varying)> {
    let loss = lowered.program(vec![lowered.loss]);
    let both = lowered.program(vec![lowered.loss, lowered.right]);
    let slice = Varying::Slice { buffers: false };
    let slopes = pull(&loss, false).program;
    let mut all = vec![
        (pull(&fold(&loss, false), false).program, Varying::Points),
        (rate(&slopes), Varying::Tangents),
    ];
    if statistics == Statistics::Running {
        all.push((along(&fold(&both, true), 2, false, true), slice));
        all.push((pull(&loss, true).program, Varying::Points));
    }
    all.into_iter().map(|(p, v)| (fuse(&p), v)).collect()
}

/// Vulkan's words and Direct3D's, as wgpu translates them; Metal's are made on a Mac alone.
#[test]
fn every_kernel_can_be_translated() {
    let mut sources = BTreeSet::new();
    for entry in std::fs::read_dir(fixture("networks")).unwrap() {
        let folder = entry.unwrap().path();
        if !folder.join("model.toml").exists() {
            continue;
        }
        let state = ok(checkpoint::open(&folder.join("weights.safetensors")));
        let network = ok(Network::new(
            ok(file::read(folder.join("model.toml"))),
            &state,
        ));
        for statistics in [Statistics::Running, Statistics::Batch] {
            let lowered = ok(lower(&network, statistics));
            for (program, varying) in programs(&lowered, statistics) {
                sources.extend(tiles::kernels(&program, varying));
            }
        }
    }
    assert!(sources.len() > 50, "only {} kernels", sources.len());
    for source in &sources {
        let module =
            wgsl::parse_str(source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
        // Nothing but what WebGPU always has.
        let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
        let storage = module
            .global_variables
            .iter()
            .filter(|(_, v)| matches!(v.space, wgpu::naga::AddressSpace::Storage { .. }));
        assert!(
            storage.count() <= 8,
            "more storage buffers than WebGPU allows"
        );
        let [x, y, z] = module.entry_points[0].workgroup_size;
        assert!(x * y * z <= 256, "more threads than WebGPU allows");
        spv::write_vec(&module, &info, &spv::Options::default(), None)
            .unwrap_or_else(|e| panic!("SPIR-V: {e}:\n{source}"));
        let (options, pipeline) = (hlsl::Options::default(), hlsl::PipelineOptions::default());
        let mut text = String::new();
        hlsl::Writer::new(&mut text, &options, &pipeline)
            .write(&module, &info, None)
            .unwrap_or_else(|e| panic!("HLSL: {e}:\n{source}"));
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
