//! A smaller split with the same mixture of classes, where a sample has one.
//!
//! A loss over part of a split is only comparable between points, runs and machines if the part is
//! always the same: the choice depends on the labels, the number and the seed alone. Nothing here
//! knows where samples come from.

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::Samples;

impl Samples {
    /// Indexes of a stratified subset of `n` samples, in increasing order.
    ///
    /// Each class gets its exact share `n · count / len`, rounded by largest remainders (ties go to
    /// the lower class), and which of its samples are taken is drawn by `seed` (ChaCha8).
    /// `n ≥ len` gives every index. Samples that have no class, or many, count as of one class.
    pub fn subset_indexes(&self, n: usize, seed: u64) -> Vec<usize> {
        let len = self.len();
        if n >= len {
            return (0..len).collect();
        }
        let mut members = self.members();
        let quotas = quotas(&members, n, len);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut chosen = Vec::with_capacity(n);
        for (indexes, quota) in members.iter_mut().zip(quotas) {
            let (taken, _) = indexes.partial_shuffle(&mut rng, quota);
            chosen.extend_from_slice(taken);
        }
        chosen.sort_unstable();
        chosen
    }

    /// A stratified subset of `n` samples in their original order; see [`Samples::subset_indexes`].
    /// `n ≥ len` gives a copy of the whole.
    #[must_use]
    pub fn subset(&self, n: usize, seed: u64) -> Self {
        self.select(&self.subset_indexes(n, seed))
    }

    /// The samples at `indexes`, in that order. An index beyond the end is left out.
    #[must_use]
    pub fn select(&self, indexes: &[usize]) -> Self {
        let there = |i: &usize| *i < self.len();
        let indexes: Vec<usize> = indexes.iter().copied().filter(there).collect();
        let mut inputs = Vec::with_capacity(indexes.len() * self.width());
        for row in indexes.iter().filter_map(|&i| self.row(i)) {
            inputs.extend_from_slice(row);
        }
        Self {
            shape: self.shape.clone(),
            inputs,
            targets: self.targets.select(self.targets_each(), &indexes),
            target_shape: self.target_shape.clone(),
        }
    }

    /// The indexes of each class that occurs, classes in increasing order.
    fn members(&self) -> Vec<Vec<usize>> {
        let mut members = std::collections::BTreeMap::<u32, Vec<usize>>::new();
        let Some(labels) = self.labels() else {
            return vec![(0..self.len()).collect()];
        };
        for (index, &label) in labels.iter().enumerate() {
            members.entry(label).or_default().push(index);
        }
        members.into_values().collect()
    }
}

/// How many samples each class gives: whole parts of the shares first, then one more for the
/// largest remainders. Integers throughout, so that no rounding decides.
fn quotas(members: &[Vec<usize>], n: usize, len: usize) -> Vec<usize> {
    // `n < len`, so a share fits its class, and a usize again; u128 only carries the product.
    let share = |count: usize| (n as u128 * count as u128, len as u128);
    let mut quotas: Vec<usize> = members
        .iter()
        .map(|class| {
            let (product, len) = share(class.len());
            usize::try_from(product / len).unwrap_or(class.len())
        })
        .collect();
    let mut order: Vec<usize> = (0..members.len()).collect();
    order.sort_by_key(|&class| {
        let (product, len) = share(members[class].len());
        std::cmp::Reverse(product % len)
    });
    let missing = n - quotas.iter().sum::<usize>();
    for class in order.into_iter().take(missing) {
        quotas[class] += 1;
    }
    quotas
}
