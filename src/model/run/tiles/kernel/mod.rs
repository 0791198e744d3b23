//! Kernels as text: WGSL from `shaders/compute`, its holes filled for a step.
//!
//! Every size is a word that the kernel reads, never a number in its text, so that steps of one kind share a
//! pipeline whatever their shapes. Only what changes the text itself (an expression, how many channels a
//! thread has) makes another pipeline.

pub mod contract;
pub mod expression;
pub mod product;
pub mod reduce;
pub mod rows;
pub mod shared;
pub mod windows;

use super::place::Place;

const COMMON: &str = include_str!("../../../../../shaders/compute/common.wgsl");
const FUNCTIONS: &str = include_str!("../../../../../shaders/compute/functions.wgsl");

/// Threads of a workgroup, in every kernel.
pub const THREADS: usize = 64;
/// Workgroups along one axis that every device takes.
pub const MOST_GROUPS: usize = 65_535;

/// An axis of a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Along x.
    X,
    /// Along y.
    Y,
}

/// How many workgroups a step takes at one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Along x.
    pub x: usize,
    /// Along y.
    pub y: usize,
    /// The axis along which there are so many for each run of samples.
    pub by_samples: Option<Axis>,
}

impl Grid {
    /// Threads for samples, workgroups for rows.
    pub fn rows(rows: usize) -> Self {
        Self {
            x: 1,
            y: rows,
            by_samples: Some(Axis::X),
        }
    }

    /// A workgroup for each of some numbers.
    pub fn numbers(count: usize) -> Self {
        Self {
            x: count,
            y: 1,
            by_samples: None,
        }
    }

    /// Workgroups along x and y for rows of so many vectors. Where a device takes no more, a workgroup goes
    /// on with what is left.
    pub fn of(self, quads: usize) -> [u32; 2] {
        let strips = quads.div_ceil(THREADS);
        let [x, y] = match self.by_samples {
            None => [self.x, self.y],
            Some(Axis::X) => [self.x * strips, self.y],
            Some(Axis::Y) => [self.x, self.y * strips],
        };
        [x, y].map(|n| n.clamp(1, MOST_GROUPS) as u32)
    }
}

/// A kernel's text, the words it reads and how often it is run.
#[derive(Debug, Clone)]
pub struct Launch {
    /// WGSL.
    pub source: String,
    /// The fields of `Step`.
    pub words: Vec<u32>,
    /// Workgroups.
    pub grid: Grid,
}

/// The fields of `Step`: names in the text, words in memory.
#[derive(Debug, Default)]
pub struct Fields {
    names: Vec<String>,
    words: Vec<u32>,
}

impl Fields {
    /// A word under a name of its own.
    pub fn named(&mut self, name: &str, word: usize) {
        self.names.push(name.to_owned());
        self.words.push(word as u32);
    }

    /// A word by its number; how the text calls it.
    pub fn word(&mut self, word: usize) -> String {
        let name = format!("f{}", self.words.len());
        self.named(&name, word);
        format!("s.{name}")
    }

    /// A number's bits.
    pub fn number(&mut self, value: f64) -> String {
        let word = self.word((value as f32).to_bits() as usize);
        format!("bitcast<f32>({word})")
    }

    /// Kind and place of a value, as `NAME_kind` and `NAME`.
    pub fn place(&mut self, name: &str, place: Place) {
        self.named(&format!("{name}_kind"), place.kind());
        self.named(name, place.at());
    }

    /// Where a sample's value begins, as an expression.
    pub fn rows(&mut self, place: Place) -> String {
        let (kind, at) = (self.word(place.kind()), self.word(place.at()));
        format!("rows({kind}, {at}, z, g) + i")
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// A kernel of `template`, its holes filled.
    pub fn launch(self, template: &str, holes: &[(&str, String)], grid: Grid) -> Launch {
        let mut text = template.to_owned();
        for (hole, filling) in holes {
            text = text.replace(&format!("${hole}"), filling);
        }
        let fields = self.names.iter().map(|name| format!("    {name}: u32,\n"));
        let fields: String = fields.collect();
        Launch {
            source: format!("struct Step {{\n{fields}}}\n{COMMON}\n{text}"),
            words: self.words,
            grid,
        }
    }
}
