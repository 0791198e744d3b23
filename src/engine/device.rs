//! Compute devices: what this machine has, and which one a job gets.
//!
//! burn's devices stay behind this file: a job names a device by a [`DeviceChoice`], which is also
//! what a recipe records.

pub use crate::engine::adapters::may_have_gpu;
use crate::engine::adapters::{Adapter, adapters, details};
pub use crate::engine::device_choice::DeviceChoice;
use crate::engine::drivers::hushed;
use crate::engine::header::Header;
use crate::error::{Error, Result};
use crate::landscape::evaluate::Precision;
use crate::model::run::tiles::Gpu;
use crate::model::run::{Device, Kind};
use burn::tensor::DeviceKind;
use burn_wgpu::WgpuSetup;
use serde::Serialize;
use std::sync::Arc;

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
    /// What it can do beyond what every device can, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub abilities: Vec<(String, String)>,
}

/// Every device of this machine, `auto`'s choice marked.
pub fn list() -> Vec<DeviceInfo> {
    let adapters = adapters();
    let real_gpu = adapters.first().is_some_and(Adapter::is_real);
    let several = adapters.len() > 1;
    let both = vec![Precision::F32, Precision::F64];
    let mut devices: Vec<DeviceInfo> = adapters
        .iter()
        .enumerate()
        .map(|(i, adapter)| DeviceInfo {
            choice: if several {
                DeviceChoice::Numbered(i as u8)
            } else {
                DeviceChoice::Gpu
            },
            name: adapter.info.name.clone(),
            details: adapter.details(),
            precisions: vec![Precision::F32],
            automatic: i == 0 && real_gpu,
            abilities: adapter.abilities(),
        })
        .collect();
    let processor = |choice, name: &str, automatic| DeviceInfo {
        choice,
        name: name.into(),
        details: format!("CPU, {} threads", threads()),
        precisions: both.clone(),
        automatic,
        abilities: Vec::new(),
    };
    devices.push(processor(DeviceChoice::Flex, "burn-flex", true));
    devices.push(processor(DeviceChoice::Ndarray, "burn-ndarray", false));
    devices
}

/// Opens the device asked for; of several, the first.
///
/// # Errors
/// Where there is no adapter for `gpu`, or double precision is asked of one.
pub fn open(choice: DeviceChoice, precision: Precision) -> Result<OpenDevice> {
    match (choice, precision) {
        (DeviceChoice::Gpu | DeviceChoice::Numbered(_), Precision::F64) => Err(Error::Usage(
            "a GPU computes in single precision; use --precision f32, or --device flex for f64"
                .into(),
        )),
        (DeviceChoice::Gpu, Precision::F32) => open_gpu(0),
        (DeviceChoice::Numbered(number), Precision::F32) => open_gpu(usize::from(number)),
        (DeviceChoice::Flex, _) => Ok(open_flex()),
        (DeviceChoice::Ndarray, _) => Ok(open_ndarray()),
        (DeviceChoice::Auto, Precision::F32)
            if may_have_gpu() && adapters().first().is_some_and(Adapter::is_real) =>
        {
            open_gpu(0)
        }
        (DeviceChoice::Auto, _) => Ok(open_flex()),
        (DeviceChoice::All | DeviceChoice::Several(_), _) => {
            let mut all = open_all(choice, precision)?;
            Ok(all.swap_remove(0))
        }
    }
}

/// Opens every device asked for, at least one. Beside a GPU that was found, not named, the processor takes
/// its share, the larger one for networks so small that it is the faster of both. What one machine has and another hasn't is named by `all`;
/// a device that was named itself must be there.
///
/// # Errors
/// As [`open`].
pub fn open_all(choice: DeviceChoice, precision: Precision) -> Result<Vec<OpenDevice>> {
    match choice {
        DeviceChoice::Several(several) => {
            let each = several.each().into_iter();
            each.map(|one| open(one, precision)).collect()
        }
        DeviceChoice::All => {
            let real = if precision == Precision::F32 && may_have_gpu() {
                adapters().iter().take_while(|a| a.is_real()).count()
            } else {
                0
            };
            let gpus = (0..real).map(open_gpu);
            gpus.chain([Ok(open_flex())]).collect()
        }
        DeviceChoice::Auto => {
            let first = open(choice, precision)?;
            let both = matches!(first.device, Device::Tiles { .. });
            let rest = both.then(open_flex);
            Ok(std::iter::once(first).chain(rest).collect())
        }
        one => Ok(vec![open(one, precision)?]),
    }
}

/// What goes on where a GPU has failed, by name.
pub fn reserve() -> String {
    open_flex().name
}

/// Notes in a result's header that the device has failed and the processor gone on, once.
pub fn gone_on(header: &mut Header, trouble: Option<&str>) {
    let Some(why) = trouble else { return };
    let name = reserve();
    if header.device.split(THEN).any(|device| device == name) {
        return;
    }
    header.warn([gone(&header.device, why, "the processor went on")]);
    header.device = also(&header.device, &name);
}

/// What is said of a device that failed.
pub fn gone(device: &str, why: &str, then: &str) -> String {
    format!("{device} failed while computing, and {then}: {why}")
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
static OPENED: std::sync::Mutex<Vec<(usize, OpenDevice)>> = std::sync::Mutex::new(Vec::new());

/// Opens the adapter of this number in the list.
fn open_gpu(number: usize) -> Result<OpenDevice> {
    let mut opened = OPENED
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, device)) = opened.iter().find(|(own, _)| *own == number) {
        return Ok(device.clone());
    }
    let adapters = adapters();
    let Some(adapter) = adapters.get(number) else {
        return Err(Error::Device(match adapters.len() {
            0 => "no GPU adapter found; install a Vulkan driver (mesa-vulkan-drivers has a software one), or use --device flex".into(),
            found => format!("there is no gpu:{number}: {found} found, counted from 0; losscope devices lists them"),
        }));
    };
    // The kind, not the place in a list: burn enumerates adapters by kind itself.
    let kind = match adapter.info.device_type {
        wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(adapter.of_kind),
        wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(adapter.of_kind),
        wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu(adapter.of_kind),
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
    // The adapter that burn's runtime really took.
    let info = setup.adapter.get_info();
    let software = info.device_type == wgpu::DeviceType::Cpu;
    let gpu = Arc::new(Gpu::new(setup.device, setup.queue, software));
    let device = OpenDevice {
        device: Device::Tiles { gpu, device },
        name: format!("gpu: {} ({})", info.name, details(&info)),
    };
    opened.push((number, device.clone()));
    Ok(device)
}

/// How many runs are trained at once where a job names no number: one where a graphics device may
/// compute, for it is filled by one; as many as there are cores on the processor.
pub fn runs_at_once(choice: DeviceChoice) -> usize {
    match choice {
        DeviceChoice::Auto if !may_have_gpu() => threads(),
        choice if choice.may_be_gpu() => 1,
        _ => threads(),
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_graphics_device_trains_one_run_at_once_and_the_processor_as_many_as_it_has_cores() {
        for text in ["gpu", "gpu:1", "all", "gpu,flex", "gpu:0,gpu:1"] {
            assert_eq!(runs_at_once(text.parse().unwrap()), 1, "{text}");
        }
        for text in ["flex", "ndarray", "flex,ndarray"] {
            assert_eq!(runs_at_once(text.parse().unwrap()), threads(), "{text}");
        }
    }

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
