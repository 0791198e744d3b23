//! Graphics adapters: which there are, in which order, and what each can do.

use crate::engine::drivers::hushed;
use crate::plot::number::grouped;
use std::path::Path;

/// An adapter.
#[derive(Debug, Clone)]
pub struct Adapter {
    /// Name, driver, interface.
    pub info: wgpu::AdapterInfo,
    /// Which of those of its kind it is, as burn counts them.
    pub of_kind: usize,
    features: wgpu::Features,
    limits: wgpu::Limits,
    matrices: Vec<String>,
}

/// Whether asking the graphics drivers for a real GPU is worth the time it takes.
///
/// Linux shows every GPU as a device file; without one, starting the drivers would only find the
/// software adapter.
pub fn may_have_gpu() -> bool {
    const DEVICE_FILES: [&str; 3] = ["/dev/dri", "/dev/nvidiactl", "/dev/dxg"];
    !cfg!(target_os = "linux") || DEVICE_FILES.iter().any(|file| Path::new(file).exists())
}

/// Adapters that can compute, real GPUs first; one that two interfaces show is listed once.
pub fn adapters() -> Vec<Adapter> {
    // Not OpenGL: it can't run burn's kernels, and asking for it without a desktop prints complaints.
    let descriptor = wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    };
    let found = hushed(|| {
        let instance = wgpu::Instance::new(descriptor);
        let all = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY));
        all.iter().map(Adapter::new).collect::<Vec<_>>()
    });
    let mut all: Vec<Adapter> = Vec::with_capacity(found.len());
    for mut adapter in found {
        let same_kind = |other: &&Adapter| other.info.device_type == adapter.info.device_type;
        if all.iter().filter(same_kind).any(|o| adapter.is(o)) {
            continue;
        }
        adapter.of_kind = all.iter().filter(same_kind).count();
        all.push(adapter);
    }
    all.sort_by_key(|adapter| match adapter.info.device_type {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    });
    all
}

impl Adapter {
    fn new(adapter: &wgpu::Adapter) -> Self {
        let matrices = adapter.cooperative_matrix_properties();
        let matrix = |m: &wgpu::CooperativeMatrixProperties| {
            format!(
                "{}×{}×{} {:?} → {:?}",
                m.m_size, m.n_size, m.k_size, m.ab_type, m.cr_type
            )
        };
        Self {
            info: adapter.get_info(),
            of_kind: 0,
            features: adapter.features(),
            limits: adapter.limits(),
            matrices: matrices.iter().map(matrix).collect(),
        }
    }

    /// Whether both are the same card, seen through two interfaces.
    fn is(&self, other: &Self) -> bool {
        let (a, b) = (&self.info, &other.info);
        a.backend != b.backend
            && a.name == b.name
            && (a.vendor, a.device) == (b.vendor, b.device)
            && a.device_pci_bus_id == b.device_pci_bus_id
    }

    /// Whether it is a GPU, not software.
    pub fn is_real(&self) -> bool {
        !matches!(
            self.info.device_type,
            wgpu::DeviceType::Cpu | wgpu::DeviceType::Other
        )
    }

    /// Graphics interface and kind.
    pub fn details(&self) -> String {
        details(&self.info)
    }

    /// What it can do beyond what every adapter can, a line each: name and value.
    pub fn abilities(&self) -> Vec<(String, String)> {
        let offered = |feature: wgpu::Features| {
            let words = if self.features.contains(feature) {
                "yes"
            } else {
                "no"
            };
            words.to_owned()
        };
        let megabytes = |bytes: u64| format!("{} MB", grouped((bytes >> 20) as usize));
        let (info, limits) = (&self.info, &self.limits);
        let driver = [info.driver.as_str(), info.driver_info.as_str()];
        let driver: Vec<&str> = driver.into_iter().filter(|w| !w.is_empty()).collect();
        let subgroups = if self.features.contains(wgpu::Features::SUBGROUP) {
            match (info.subgroup_min_size, info.subgroup_max_size) {
                (a, b) if a == b => format!("of {a}"),
                (a, b) => format!("of {a} to {b}"),
            }
        } else {
            "no".to_owned()
        };
        let matrices = if self.matrices.is_empty() {
            "no".to_owned()
        } else {
            self.matrices.join(", ")
        };
        let workgroup = format!(
            "{} threads, {} KiB of shared memory",
            grouped(limits.max_compute_invocations_per_workgroup as usize),
            limits.max_compute_workgroup_storage_size >> 10
        );
        [
            ("driver", driver.join(" ")),
            ("largest buffer", megabytes(limits.max_buffer_size)),
            (
                "largest binding",
                megabytes(limits.max_storage_buffer_binding_size),
            ),
            ("a workgroup", workgroup),
            ("16-bit numbers", offered(wgpu::Features::SHADER_F16)),
            ("subgroups", subgroups),
            ("cooperative matrices", matrices),
            ("time stamps", offered(wgpu::Features::TIMESTAMP_QUERY)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }
}

/// Graphics interface and kind.
pub fn details(info: &wgpu::AdapterInfo) -> String {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => "discrete GPU",
        wgpu::DeviceType::IntegratedGpu => "integrated GPU",
        wgpu::DeviceType::VirtualGpu => "virtual GPU",
        wgpu::DeviceType::Cpu => "software",
        wgpu::DeviceType::Other => "unknown kind",
    };
    format!("{:?}, {kind}", info.backend)
}
