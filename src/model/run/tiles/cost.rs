//! What a program must cost on a GPU: arithmetic, bytes and launches, and so a time.
//!
//! A prediction from published peaks, for GPUs that aren't there to be measured; never a measurement.

use super::plan::Plan;
use crate::model::program::Program;
use crate::model::run::stages::Varying;

/// A GPU by its published peaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peaks {
    /// Its name.
    pub name: &'static str,
    /// Single-precision TFLOP a second.
    pub tflops: f64,
    /// Memory, TB a second.
    pub terabytes: f64,
}

/// GPUs that predictions are made for.
pub const GPUS: [Peaks; 5] = [
    Peaks {
        name: "RTX 3060",
        tflops: 12.7,
        terabytes: 0.36,
    },
    Peaks {
        name: "RTX 4090",
        tflops: 82.6,
        terabytes: 1.01,
    },
    Peaks {
        name: "M2",
        tflops: 3.6,
        terabytes: 0.10,
    },
    Peaks {
        name: "A100",
        tflops: 19.5,
        terabytes: 2.04,
    },
    Peaks {
        name: "H100",
        tflops: 66.9,
        terabytes: 3.35,
    },
];

/// Shares of the peaks that are taken for granted.
const ARITHMETIC: f64 = 0.35;
const MEMORY: f64 = 0.75;
/// Seconds a dispatch and a submission with its read-back.
const DISPATCH: f64 = 10e-6;
const SUBMISSION: f64 = 50e-6;

/// A job on a GPU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Floating-point operations.
    pub flop: f64,
    /// Bytes that pass to and from memory where nothing stays in a cache.
    pub bytes: f64,
    /// Kernels started.
    pub dispatches: f64,
    /// Command buffers, and read-backs.
    pub submissions: f64,
}

impl Cost {
    /// Of a program over so many samples at so many points, `together` points a submission.
    pub fn of(
        program: &Program,
        varying: Varying,
        samples: usize,
        points: usize,
        together: usize,
    ) -> Self {
        let plan = Plan::new(program, varying);
        let chunks = points.div_ceil(together.max(1)) as f64;
        let levels = plan.levels.iter().map(|l| l.late.len() + l.block.len());
        let kernels = plan.packs.len() + plan.point.len() + levels.sum::<usize>();
        let each = (samples * points) as f64;
        let weights = (plan.point_numbers + 4 * plan.packed[1]) * points;
        Self {
            flop: 2.0 * program.work() as f64 * each,
            bytes: 4.0 * (plan.traffic as f64 * each + 3.0 * weights as f64),
            dispatches: kernels as f64 * chunks,
            submissions: chunks,
        }
    }

    /// Seconds: arithmetic and memory one after the other, and every launch; a GPU that overlaps them takes less.
    pub fn seconds(&self, gpu: &Peaks) -> f64 {
        let arithmetic = self.flop / (gpu.tflops * 1e12 * ARITHMETIC);
        let memory = self.bytes / (gpu.terabytes * 1e12 * MEMORY);
        arithmetic + memory + self.dispatches * DISPATCH + self.submissions * SUBMISSION
    }
}
