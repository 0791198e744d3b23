//! What a value is: of every sample or of all, and its extents.

/// The number of a step and of its value.
pub type Id = usize;

/// What a value is: one for each sample or one for all of them, and its extents.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Type {
    /// Whether every sample has one of its own.
    pub sample: bool,
    /// Extents, the samples left out.
    pub shape: Vec<usize>,
}

impl Type {
    /// A value of every sample.
    pub fn sample(shape: &[usize]) -> Self {
        Self {
            sample: true,
            shape: shape.to_vec(),
        }
    }

    /// A value that all samples share.
    pub fn shared(shape: &[usize]) -> Self {
        Self {
            sample: false,
            shape: shape.to_vec(),
        }
    }

    /// How many numbers it has.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The same for a sample or for all.
    #[must_use]
    pub fn with_sample(mut self, sample: bool) -> Self {
        self.sample = sample;
        self
    }
}
