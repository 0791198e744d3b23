//! Compute devices: what this machine has, and which one a job gets.
//!
//! burn's devices stay behind this file: a job names a device by a [`DeviceChoice`], which is also
//! what a recipe records.

use crate::engine::drivers::hushed;
use crate::error::{Error, Result};
use crate::landscape::evaluate::Precision;
use crate::model::run::tiles::Gpu;
use crate::model::run::{Device, Kind};
use burn::tensor::DeviceKind;
use burn_wgpu::WgpuSetup;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// The device a job asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceChoice {
    /// A real GPU where there is one (and single precision is asked for), else `flex`.
    #[default]
    Auto,
    /// Any wgpu adapter: a real GPU first, else software Vulkan.
    Gpu,
    /// The processor itself.
    Flex,
    /// burn's older CPU device, on ndarray.
    Ndarray,
}

/// A device ready for tensors, and its name for people and recipes.
#[derive(Debug, Clone)]
pub struct OpenDevice {
    /// Where programs run.
    pub device: Device,
    /// "gpu: NVIDIA H200 (Vulkan)", "flex: CPU, 2 threads".
    pub name: String,
}

/// Between the names of several devices in a recipe.
const THEN: &str = ", then ";

/// The names of the devices that computed a result until now, and of one that goes on with it; each once.
pub fn also(earlier: &str, now: &str) -> String {
    if earlier.is_empty() {
        now.to_owned()
    } else if earlier.split(THEN).any(|name| name == now) {
        earlier.to_owned()
    } else {
        format!("{earlier}{THEN}{now}")
    }
}

/// The kinds of the devices that a recipe names: "flex, then gpu".
pub fn kinds(names: &str) -> String {
    let kind = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    let kinds = names.split(THEN).map(kind);
    kinds.fold(String::new(), |all, kind| also(&all, &kind))
}

/// What a machine offers, one row a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// How to ask for it: `--device` takes this.
    pub choice: DeviceChoice,
    /// Adapter or library.
    pub name: String,
    /// Graphics interface and kind, or threads.
    pub details: String,
    /// Number types it computes in.
    pub precisions: Vec<Precision>,
    /// Whether `auto` would take it.
    pub automatic: bool,
}

/// Every device of this machine, `auto`'s choice marked.
pub fn list() -> Vec<DeviceInfo> {
    let adapters = adapters();
    let real_gpu = adapters.iter().any(is_real_gpu);
    let both = vec![Precision::F32, Precision::F64];
    let mut devices: Vec<DeviceInfo> = adapters
        .iter()
        .enumerate()
        .map(|(i, info)| DeviceInfo {
            choice: DeviceChoice::Gpu,
            name: info.name.clone(),
            details: adapter_details(info),
            precisions: vec![Precision::F32],
            automatic: i == 0 && is_real_gpu(info),
        })
        .collect();
    devices.push(DeviceInfo {
        choice: DeviceChoice::Flex,
        name: "burn-flex".into(),
        details: format!("CPU, {} threads", threads()),
        precisions: both.clone(),
        automatic: !real_gpu,
    });
    devices.push(DeviceInfo {
        choice: DeviceChoice::Ndarray,
        name: "burn-ndarray".into(),
        details: format!("CPU, {} threads", threads()),
        precisions: both,
        automatic: false,
    });
    devices
}

/// Opens the device asked for.
///
/// # Errors
/// Where there is no adapter for `gpu`, or double precision is asked of one.
pub fn open(choice: DeviceChoice, precision: Precision) -> Result<OpenDevice> {
    match (choice, precision) {
        (DeviceChoice::Gpu, Precision::F64) => Err(Error::Usage(
            "a GPU computes in single precision; use --precision f32, or --device flex for f64"
                .into(),
        )),
        (DeviceChoice::Gpu, Precision::F32) => open_gpu(),
        (DeviceChoice::Flex, _) => Ok(open_flex()),
        (DeviceChoice::Ndarray, _) => Ok(open_ndarray()),
        (DeviceChoice::Auto, Precision::F32)
            if may_have_gpu() && adapters().first().is_some_and(is_real_gpu) =>
        {
            open_gpu()
        }
        (DeviceChoice::Auto, _) => Ok(open_flex()),
    }
}

fn open_flex() -> OpenDevice {
    OpenDevice {
        device: Device::Lanes,
        name: format!("flex: CPU, {} threads", threads()),
    }
}

fn open_ndarray() -> OpenDevice {
    #[expect(
        deprecated,
        reason = "offered beside its successor flex for as long as burn ships it"
    )]
    let device = burn::tensor::Device::new(burn_ndarray::NdArrayDevice::Cpu);
    OpenDevice {
        device: Device::Burn {
            device,
            kind: Kind::Processor,
        },
        name: format!("ndarray: CPU, {} threads", threads()),
    }
}

/// burn opens an adapter once a process; later jobs share it.
static OPENED: std::sync::Mutex<Option<(Device, String)>> = std::sync::Mutex::new(None);

fn open_gpu() -> Result<OpenDevice> {
    let mut opened = OPENED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((device, name)) = opened.as_ref() {
        return Ok(OpenDevice {
            device: device.clone(),
            name: name.clone(),
        });
    }
    let adapters = adapters();
    let Some(info) = adapters.first() else {
        return Err(Error::Device(
            "no GPU adapter found; install a Vulkan driver (mesa-vulkan-drivers has a software one), or use --device flex".into(),
        ));
    };
    // The kind, not the place in a list: burn enumerates adapters by kind itself.
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(0),
        wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(0),
        wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu(0),
        wgpu::DeviceType::Cpu => DeviceKind::Cpu,
        wgpu::DeviceType::Other => DeviceKind::DefaultDevice,
    };
    let (device, setup): (burn::tensor::Device, WgpuSetup) = hushed(|| {
        burn::tensor::Device::wgpu_options()
            .device_kind(kind)
            .init_with_setup()
    })
    .map_err(|e| {
        Error::Device(format!(
            "the GPU can't be opened: {e}; use --device flex to go on without it"
        ))
    })?;
    let name = gpu_name(&setup);
    let software = setup.adapter.get_info().device_type == wgpu::DeviceType::Cpu;
    let gpu = Arc::new(Gpu::new(setup.device, setup.queue, software));
    let device = Device::Tiles { gpu, device };
    *opened = Some((device.clone(), name.clone()));
    Ok(OpenDevice { device, name })
}

/// The adapter that burn's runtime really took.
fn gpu_name(setup: &WgpuSetup) -> String {
    let info = setup.adapter.get_info();
    format!("gpu: {} ({})", info.name, adapter_details(&info))
}

/// Whether asking the graphics drivers for a real GPU is worth the time it takes.
///
/// Linux shows every GPU as a device file; without one, starting the drivers would only find the
/// software adapter.
pub fn may_have_gpu() -> bool {
    const DEVICE_FILES: [&str; 3] = ["/dev/dri", "/dev/nvidiactl", "/dev/dxg"];
    !cfg!(target_os = "linux") || DEVICE_FILES.iter().any(|file| Path::new(file).exists())
}

/// Adapters that can compute, real GPUs first.
fn adapters() -> Vec<wgpu::AdapterInfo> {
    // Not OpenGL: it can't run burn's kernels, and asking for it without a desktop prints complaints.
    let descriptor = wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    };
    let mut infos: Vec<_> = hushed(|| {
        let instance = wgpu::Instance::new(descriptor);
        let all = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
        all.iter().map(wgpu::Adapter::get_info).collect()
    });
    infos.sort_by_key(|info| match info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    });
    infos
}

fn is_real_gpu(info: &wgpu::AdapterInfo) -> bool {
    !matches!(
        info.device_type,
        wgpu::DeviceType::Cpu | wgpu::DeviceType::Other
    )
}

fn adapter_details(info: &wgpu::AdapterInfo) -> String {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::Other => "unknown kind",
    };
    format!("{:?}, {kind}", info.backend)
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_is_named_once_however_often_it_goes_on() {
        let sittings = ["flex: CPU, 2 threads", "ndarray: CPU, 2 threads"];
        let [flex, ndarray] = sittings;
        let mut all = String::new();
        for now in [flex, flex, ndarray, flex, ndarray] {
            all = also(&all, now);
        }
        assert_eq!(all, format!("{flex}, then {ndarray}"));
        assert_eq!(kinds(&all), "flex, then ndarray");
        // The same kind on another machine is another device.
        let elsewhere = also(&all, "flex: CPU, 16 threads");
        assert!(elsewhere.ends_with(", then flex: CPU, 16 threads"));
        assert_eq!(kinds(&elsewhere), "flex, then ndarray");
        assert_eq!(kinds(""), "");
    }
}
