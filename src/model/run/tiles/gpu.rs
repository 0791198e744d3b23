//! A graphics adapter: kernels compiled once, buffers used again, errors caught.
//!
//! It runs on the device and queue that burn opened, so that a process opens an adapter once. burn's handler
//! for errors panics; here every error is caught in a scope and becomes one of ours.

use super::counters::{Counters, Counts};
use crate::error::{Error, Result};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Storage buffers of every kernel, then two uniforms.
pub const STORAGE: usize = 7;
/// Bytes of a kernel's words that are bound, at most.
pub const WINDOW: u64 = 16 << 10;
/// Bytes of what a submission's steps share, and to what offsets are multiples of.
pub const ALIGNED: u64 = 256;
/// What WebGPU always allows to be bound, and more than is of use.
const BINDING: [u64; 2] = [128 << 20, 2 << 30];

/// A kernel, compiled.
#[derive(Debug, Clone)]
pub struct Pipeline(pub wgpu::ComputePipeline);

/// An open adapter.
#[derive(Debug)]
pub struct Gpu {
    /// burn's device.
    pub device: wgpu::Device,
    /// burn's queue.
    pub queue: wgpu::Queue,
    /// Whether the processor does the work.
    pub software: bool,
    /// Counts.
    pub counters: Counters,
    layout: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
    pipelines: Mutex<HashMap<String, Pipeline>>,
    buffers: Mutex<Buffers>,
    /// Multiplications with additions a second, as bits of an f64; 0 before anything was measured.
    rate: AtomicU64,
}

/// Buffers that are used again from call to call: values, numbers, packs, given numbers, results.
#[derive(Debug, Default)]
pub struct Buffers(HashMap<&'static str, wgpu::Buffer>);

impl Buffers {
    /// A buffer of at least so many bytes.
    pub fn sized(
        &mut self,
        gpu: &Gpu,
        name: &'static str,
        bytes: u64,
        usage: wgpu::BufferUsages,
    ) -> wgpu::Buffer {
        if let Some(buffer) = self.0.get(name).filter(|own| own.size() >= bytes.max(16)) {
            return buffer.clone();
        }
        // The old one first, so that there are never two.
        self.0.remove(name);
        let buffer = gpu.buffer(name, bytes, usage);
        self.0.insert(name, buffer.clone());
        buffer
    }

    /// Bytes of all.
    pub fn held(&self) -> u64 {
        self.0.values().map(wgpu::Buffer::size).sum()
    }
}

/// What is said of a device that is lost.
fn lost(why: &str) -> Error {
    Error::Device(format!(
        "the GPU was lost while computing ({why}); restart the graphics driver, or use --device flex"
    ))
}

impl Gpu {
    /// On an open device.
    pub fn new(device: wgpu::Device, queue: wgpu::Queue, software: bool) -> Self {
        let entry = |binding: usize| {
            let storage = binding < STORAGE;
            let ty = if storage {
                wgpu::BufferBindingType::Storage {
                    read_only: binding == 3,
                }
            } else {
                wgpu::BufferBindingType::Uniform
            };
            wgpu::BindGroupLayoutEntry {
                binding: binding as u32,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty,
                    has_dynamic_offset: !storage,
                    min_binding_size: None,
                },
                count: None,
            }
        };
        let entries: Vec<_> = (0..STORAGE + 2).map(entry).collect();
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("tiles"),
            entries: &entries,
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("tiles"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        Self {
            device,
            queue,
            software,
            counters: Counters::default(),
            layout,
            pipeline_layout,
            pipelines: Mutex::default(),
            buffers: Mutex::default(),
            rate: AtomicU64::new(0),
        }
    }

    /// What it was given to do so far.
    pub fn counts(&self) -> Counts {
        self.counters.counts()
    }

    /// Bytes that may be bound at once.
    pub fn most_bound(&self) -> u64 {
        let limits = self.device.limits();
        let own = limits
            .max_storage_buffer_binding_size
            .min(limits.max_buffer_size);
        own.clamp(BINDING[0], BINDING[1])
    }

    /// Multiplications with additions a second, measured or guessed.
    pub fn rate(&self) -> f64 {
        match self.rate.load(Ordering::Relaxed) {
            0 if self.software => 1e10,
            0 => 1e12,
            bits => f64::from_bits(bits),
        }
    }

    /// So much work took so long.
    pub fn took(&self, work: f64, seconds: f64) {
        if seconds > 1e-3 {
            self.rate
                .store((work / seconds).max(1e8).to_bits(), Ordering::Relaxed);
        }
    }

    /// Alone with the buffers: one call at a time.
    pub fn buffers(&self) -> MutexGuard<'_, Buffers> {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new buffer.
    pub fn buffer(&self, name: &str, bytes: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some(name),
            size: bytes.max(16).next_multiple_of(16),
            usage,
            mapped_at_creation: false,
        })
    }

    /// Writes numbers, with the next submission.
    pub fn write<T: bytemuck::Pod>(&self, buffer: &wgpu::Buffer, offset: u64, numbers: &[T]) {
        if !numbers.is_empty() {
            let bytes: &[u8] = bytemuck::cast_slice(numbers);
            Counters::add(&self.counters.bytes_written, bytes.len());
            self.queue.write_buffer(buffer, offset, bytes);
        }
    }

    /// A kernel, compiled when it is first asked for.
    pub fn pipeline(&self, source: &str) -> Pipeline {
        let mut all = self
            .pipelines
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(source) {
            return known.clone();
        }
        Counters::add(&self.counters.pipelines, 1);
        let module = self
            .device
            .create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some("tiles"),
                source: wgpu::ShaderSource::Wgsl(source.into()),
            });
        let pipeline = self
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("tiles"),
                layout: Some(&self.pipeline_layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            });
        let pipeline = Pipeline(pipeline);
        all.insert(source.to_owned(), pipeline.clone());
        pipeline
    }

    /// The buffers of a run, the two uniforms last.
    pub fn bind(&self, buffers: &[&wgpu::Buffer; STORAGE + 2]) -> wgpu::BindGroup {
        let size = |binding: usize| match binding {
            own if own == STORAGE => std::num::NonZeroU64::new(ALIGNED),
            own if own > STORAGE => std::num::NonZeroU64::new(WINDOW),
            _ => None,
        };
        let entries = buffers.iter().enumerate().map(|(binding, buffer)| {
            let bound = wgpu::BufferBinding {
                buffer,
                offset: 0,
                size: size(binding),
            };
            wgpu::BindGroupEntry {
                binding: binding as u32,
                resource: wgpu::BindingResource::Buffer(bound),
            }
        });
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("tiles"),
            layout: &self.layout,
            entries: &entries.collect::<Vec<_>>(),
        })
    }

    /// Hands commands over.
    pub fn submit(&self, encoder: wgpu::CommandEncoder) {
        Counters::add(&self.counters.submissions, 1);
        self.queue.submit([encoder.finish()]);
    }

    /// Copies one buffer to another of its size.
    pub fn copy(&self, from: &wgpu::Buffer, to: &wgpu::Buffer) {
        let descriptor = wgpu::CommandEncoderDescriptor::default();
        let mut encoder = self.device.create_command_encoder(&descriptor);
        encoder.copy_buffer_to_buffer(from, 0, to, 0, from.size());
        self.submit(encoder);
    }

    /// Waits for everything that was handed over.
    ///
    /// # Errors
    /// Where the device is lost.
    pub fn wait(&self) -> Result<()> {
        let waited = self.device.poll(wgpu::PollType::wait_indefinitely());
        waited.map(drop).map_err(|e| lost(&e.to_string()))
    }

    /// Waits for the first bytes of a buffer that can be mapped.
    ///
    /// # Errors
    /// Where the device is lost.
    pub fn read(&self, buffer: &wgpu::Buffer, bytes: u64) -> Result<Vec<f32>> {
        Counters::add(&self.counters.read_backs, 1);
        Counters::add(&self.counters.bytes_read, bytes as usize);
        let slice = buffer.slice(..bytes);
        let (done, answer) = mpsc::channel();
        slice.map_async(wgpu::MapMode::Read, move |result| {
            // Nobody listens any more where waiting failed.
            let _ = done.send(result);
        });
        self.wait()?;
        match answer.try_recv() {
            Ok(Ok(())) => {}
            Ok(Err(e)) => return Err(lost(&e.to_string())),
            Err(e) => return Err(lost(&e.to_string())),
        }
        let numbers = {
            let mapped = slice.get_mapped_range().map_err(|e| lost(&e.to_string()))?;
            bytemuck::pod_collect_to_vec(&mapped)
        };
        buffer.unmap();
        Ok(numbers)
    }

    /// Does something and says what the device complained of.
    ///
    /// # Errors
    /// Complaints of the device, and those of `work`.
    pub fn guarded<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let scopes = [
            wgpu::ErrorFilter::OutOfMemory,
            wgpu::ErrorFilter::Internal,
            wgpu::ErrorFilter::Validation,
        ]
        .map(|filter| self.device.push_error_scope(filter));
        let found = work();
        let mut complaint = None;
        for scope in scopes.into_iter().rev() {
            complaint = pollster::block_on(scope.pop()).or(complaint);
        }
        match complaint {
            None => found,
            Some(wgpu::Error::OutOfMemory { .. }) => Err(Error::Device(
                "the GPU has too little memory left; lower --memory, or use --device flex".into(),
            )),
            Some(error) => Err(Error::Device(format!(
                "the GPU refused its work: {error}; use --device flex to go on without it"
            ))),
        }
    }
}
