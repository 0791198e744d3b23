//! The order of samples in an epoch, and which of them are trained on: functions of a seed alone.

use crate::landscape::curvature::vector::generator;
use rand::seq::SliceRandom as _;

/// Above the streams of other draws from the same seed.
const STREAM: u64 = 1 << 32;
/// Below all epochs.
const SUBSET: u64 = STREAM - 1;

/// The samples `0..count` in the order of an epoch counted from 0.
pub fn of_epoch(seed: u64, epoch: usize, count: usize) -> Vec<usize> {
    shuffled(seed, STREAM + epoch as u64, count)
}

/// The first `n` samples of a shuffled split, in the order of the split: those of a smaller number are among
/// those of a larger.
pub fn subset(seed: u64, n: usize, count: usize) -> Vec<usize> {
    let mut chosen = shuffled(seed, SUBSET, count);
    chosen.truncate(n);
    chosen.sort_unstable();
    chosen
}

fn shuffled(seed: u64, stream: u64, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.shuffle(&mut generator(seed, stream));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_has_an_order_of_its_own_and_all_samples() {
        let (a, b) = (of_epoch(1, 0, 50), of_epoch(1, 1, 50));
        assert_ne!(a, b);
        assert_eq!(a, of_epoch(1, 0, 50));
        let mut sorted = a;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_smaller_subset_lies_in_a_larger() {
        let (small, large) = (subset(3, 10, 100), subset(3, 40, 100));
        assert!(small.iter().all(|i| large.contains(i)));
        assert_eq!((small.len(), large.len()), (10, 40));
    }
}
