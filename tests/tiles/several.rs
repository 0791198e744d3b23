//! Several devices that share a surface, and devices that are lost in the middle of one.

use crate::common::{evaluator, model, ok};
use crate::{TOLERANCE, alone, off};
use losscope::engine::crew::Helper;
use losscope::engine::inputs::{Inputs, open_checkpoint};
use losscope::engine::job::{BUILTIN_SMALL, Job, SurfaceJob};
use losscope::engine::result::{Numbers, Outcome};
use losscope::engine::work::drive;
use losscope::engine::{self, Flow, surface};
use losscope::landscape::evaluate::gradient::{NetworkObjective, StatisticsMode};
use losscope::landscape::evaluate::{Evaluator, Precision};
use losscope::landscape::objective::Objective as _;
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::run::Device;
use losscope::model::run::tiles::Gpu;
use std::path::Path;
use std::sync::Arc;

fn job(device: &str) -> SurfaceJob {
    let mut job = SurfaceJob::default();
    job.setup.device = device.parse().unwrap();
    job.setup.samples = Some(200);
    job.x = Some("-1:1:15".parse().unwrap());
    job
}

fn computed(job: &SurfaceJob) -> Outcome {
    let job = Job::Surface(job.clone());
    ok(engine::run(&job, None, &mut |_, _| Flow::Continue))
}

fn losses(outcome: &Outcome) -> &[f64] {
    let Numbers::Surface(surface) = &outcome.numbers else {
        panic!("no surface");
    };
    &surface.table.train.as_ref().unwrap().loss
}

/// An adapter of its own, which can be lost without harm to burn's.
fn another() -> (Device, wgpu::Device) {
    let descriptor = wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    };
    let instance = wgpu::Instance::new(descriptor);
    let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
    let adapter = adapters.first().expect("software Vulkan");
    let descriptor = wgpu::DeviceDescriptor {
        required_limits: adapter.limits(),
        ..wgpu::DeviceDescriptor::default()
    };
    let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
    let gpu = Arc::new(Gpu::new(device.clone(), queue, true));
    let tiles = Device::Tiles {
        gpu,
        device: burn::tensor::Device::flex(),
    };
    (tiles, device)
}

#[test]
fn devices_that_share_a_surface_make_all_of_it() {
    let (_alone, _) = alone();
    let expected = computed(&job("flex"));
    for devices in ["flex,ndarray", "flex,gpu"] {
        let found = computed(&job(devices));
        assert_eq!(found.missing(), 0, "{devices}");
        assert!(found.header.complete && found.header.warnings.is_empty());
        let off = off(losses(&found), losses(&expected));
        assert!(off <= TOLERANCE, "{devices}: off by {off:.1e}");
        // Whoever computed anything is named; which of them that was is up to their speed.
        for device in found.header.device.split(", then ") {
            let kind = device.split(':').next().unwrap();
            assert!(devices.contains(kind), "{devices}: {device}");
        }
    }
    let both = computed(&job("flex,ndarray")).header.device;
    assert!(both.contains("flex") && both.contains("ndarray"), "{both}");
}

#[test]
fn the_points_of_a_device_that_fails_go_to_the_others() {
    let (_alone, _) = alone();
    let (device, handle) = another();
    let mut slow = job("flex");
    slow.x = Some("-1:1:41".parse().unwrap());
    let state = ok(open_checkpoint(Path::new(BUILTIN_SMALL), None));
    let inputs = ok(Inputs::open(&slow.setup, &state));
    let (flex, ..) = ok(inputs.evaluator(&slow.setup));
    let helper = Helper {
        evaluator: ok(flex.on(&device)),
        name: "gpu: one that is lost".into(),
    };
    let sampling = ok(surface::start(&slow, None)).shared(&[helper]);
    let mut steps = 0;
    let found = ok(drive(sampling, &mut |_, _| {
        steps += 1;
        if steps == 2 {
            handle.destroy();
        }
        Flow::Continue
    }));
    assert_eq!(found.missing(), 0);
    let warnings = found.header.warnings.join("\n");
    assert!(
        warnings.contains("gpu: one that is lost failed while computing, and the others"),
        "{warnings}"
    );
    slow.setup.device = "flex".parse().unwrap();
    let off = off(losses(&found), losses(&computed(&slow)));
    assert!(off <= TOLERANCE, "off by {off:.1e}");
}

#[test]
fn the_processor_goes_on_where_the_gpu_is_lost() {
    let (_alone, _) = alone();
    let (device, handle) = another();
    let model = model("lenet", &["sb"]);
    let theta = model.at("sb");
    let lost = ok(Evaluator::new(
        Arc::clone(&model.network),
        device,
        Precision::F32,
        1 << 30,
    ));
    let exact = evaluator(&model.network, crate::common::FLEX_F64, 1 << 30);
    let away = losscope::landscape::direction::random(theta.layout(), 0, 3);
    let slice = ok(Slice::new(theta.clone(), vec![away], Buffers::Frozen));
    let points: Vec<Vec<f64>> = (0..5).map(|i| vec![0.01 * f64::from(i)]).collect();
    let losses = |evaluator: &Evaluator, times: usize| -> Vec<f64> {
        let split = ok(evaluator.upload(&model.data.train, 10));
        let loaded = ok(evaluator.load(slice.clone(), None));
        let mut found = Vec::new();
        for _ in 0..times {
            found = ok(evaluator.evaluate(&loaded, &points, &[&split]));
        }
        found.iter().map(|row| row[0].loss).collect()
    };
    let expected = losses(&exact, 1);
    assert!(off(&losses(&lost, 2), &expected) <= TOLERANCE);
    assert_eq!(lost.trouble(), None, "nothing is wrong yet");
    handle.destroy();
    assert!(off(&losses(&lost, 2), &expected) <= TOLERANCE);
    assert!(lost.trouble().is_some(), "it isn't said");
    // What was never asked of the lost device before goes straight to the processor.
    let split = ok(lost.upload(&model.data.train, 10));
    let mut objective = NetworkObjective::new(&lost, theta, &split, StatisticsMode::Running);
    let split = ok(exact.upload(&model.data.train, 10));
    let mut other = NetworkObjective::new(&exact, theta, &split, StatisticsMode::Running);
    let x = theta.flatten();
    let (found, expected) = (ok(objective.gradient(&x)), ok(other.gradient(&x)));
    assert!(off(&found.1, &expected.1) <= TOLERANCE);
    assert!(objective.trouble().is_some());
}

/// Without its error scopes a complaint of the device would be a panic somewhere else.
#[test]
fn a_kernel_that_isnt_one_is_an_error() {
    let (device, _handle) = another();
    let Device::Tiles { gpu, .. } = device else {
        panic!("no GPU");
    };
    let found = gpu.guarded(|| {
        gpu.pipeline("@compute @workgroup_size(1) fn main() { this is no kernel }");
        Ok(())
    });
    let message = found.unwrap_err().to_string();
    assert!(message.contains("the GPU refused its work"), "{message}");
}

/// Restarts, corners and probes as one batch: on every device what each point gives by itself.
#[test]
fn points_together_are_what_each_is_alone() {
    let (_alone, _) = alone();
    let model = model("lenet", &["sb"]);
    let x = model.at("sb").flatten();
    let points: Vec<Vec<f64>> = (0..8)
        .map(|k| x.iter().map(|v| v * (1.0 + 0.02 * f64::from(k))).collect())
        .collect();
    let points: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
    for on in [
        crate::common::FLEX_F64,
        crate::common::NDARRAY_F64,
        crate::common::GPU_F32,
    ] {
        let evaluator = evaluator(&model.network, on, 1 << 30);
        let split = ok(evaluator.upload(&model.data.train, 10));
        let running = StatisticsMode::Running;
        let mut objective = NetworkObjective::new(&evaluator, model.at("sb"), &split, running);
        ok(objective.gradients_at(&points));
        ok(objective.gradient(points[0]));
        let started = std::time::Instant::now();
        let each: Vec<_> = points.iter().map(|x| ok(objective.gradient(x))).collect();
        let alone = started.elapsed();
        let started = std::time::Instant::now();
        let all = ok(objective.gradients_at(&points));
        println!(
            "{on:?}: {} gradients in {alone:.1?}, together in {:.1?}",
            points.len(),
            started.elapsed()
        );
        for (a, b) in all.iter().zip(&each) {
            assert!(off(&[a.0], &[b.0]) <= 1e-6);
            assert!(off(&a.1, &b.1) <= 1e-5);
        }
        let values = ok(objective.values_at(&points));
        let losses: Vec<f64> = each.iter().map(|(loss, _)| *loss).collect();
        assert!(off(&values, &losses) <= 1e-6);
        assert_eq!(evaluator.trouble(), None);
        assert_eq!(objective.gradients(), 8 + 1 + 8 + 8);
    }
}
