//! One split of a data set as it was stored, before anything is made of its numbers.

use super::array::Values;
use super::targets::Targets;

/// One split as it was stored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Split {
    /// Shape of one input, channels first.
    pub shape: Vec<usize>,
    /// Inputs of all samples.
    pub values: Values,
    /// Targets of all samples.
    pub targets: Targets,
    /// Shape of one sample's targets; `[]`: one.
    pub target_shape: Vec<usize>,
}

impl Split {
    /// Samples of one class each.
    pub fn labelled(shape: Vec<usize>, values: Values, labels: Vec<u32>) -> Self {
        Self {
            shape,
            values,
            targets: Targets::Classes(labels),
            target_shape: Vec::new(),
        }
    }

    /// Targets of one sample, at least 1.
    pub(super) fn each(&self) -> usize {
        self.target_shape.iter().product::<usize>().max(1)
    }

    /// Number of samples, by their targets.
    pub fn len(&self) -> usize {
        self.targets.len() / self.each()
    }

    /// True where there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The samples without a mark, then those with one, where there are any.
    pub fn divided(self, marks: &[bool]) -> Vec<Self> {
        if !marks.contains(&true) {
            return vec![self];
        }
        let part = |wanted: bool| {
            let indexes = marks
                .iter()
                .enumerate()
                .filter(|(_, mark)| **mark == wanted);
            self.select(&indexes.map(|(index, _)| index).collect::<Vec<_>>())
        };
        vec![part(false), part(true)]
    }

    /// The samples at `indexes`, in that order.
    pub fn select(&self, indexes: &[usize]) -> Self {
        Self {
            shape: self.shape.clone(),
            values: self.values.rows(self.shape.iter().product(), indexes),
            targets: self.targets.select(self.each(), indexes),
            target_shape: self.target_shape.clone(),
        }
    }
}
