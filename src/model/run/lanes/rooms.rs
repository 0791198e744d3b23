//! What threads work in and what is kept from call to call, and how many bytes it takes.

use super::block::{Room, Rows};
use super::plan::Plan;
use super::simd::{LANES, Real};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What threads work in, used again from call to call.
#[derive(Debug, Default)]
pub struct Rooms<T: Real>(Mutex<Vec<Room<T>>>);

/// Values that all points share, block by block, from one call to the next.
#[derive(Debug)]
pub struct Blocks<T: Real>(Vec<Mutex<Option<Rows<T>>>>);

impl<T: Real> Blocks<T> {
    /// For so many samples; nothing is kept yet.
    pub fn new(samples: usize) -> Self {
        let blocks = samples.div_ceil(LANES);
        Self((0..blocks).map(|_| Mutex::new(None)).collect())
    }

    /// What is kept of a block, if anything is.
    pub fn of(&self, block: usize) -> MutexGuard<'_, Option<Rows<T>>> {
        self.0[block].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Real> Rooms<T> {
    /// The largest, so that plans for few threads don't make all of them large one after the other.
    pub fn largest(&self) -> Room<T> {
        let mut rooms = self.lock();
        let largest = (0..rooms.len()).max_by_key(|i| rooms[*i].rows_held());
        largest.map_or_else(Room::default, |i| rooms.swap_remove(i))
    }

    /// Those that nobody works in.
    pub fn lock(&self) -> MutexGuard<'_, Vec<Room<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    /// Bytes of one thread's rows for so many samples together.
    pub fn room<T: Real>(&self, together: usize) -> usize {
        let blocks = if self.levels > 0 {
            together.div_ceil(LANES)
        } else {
            1
        };
        let rows: usize = self.rows[1].iter().sum();
        let still: usize = self.rows[0].iter().sum();
        let leaves: usize = self.leaves.iter().sum();
        ((rows + leaves) * blocks + still) * size_of::<T::Row>()
    }

    /// Bytes of what a [`Blocks`] keeps of so many samples.
    pub fn kept<T: Real>(&self, samples: usize) -> usize {
        let still: usize = self.rows[0].iter().sum();
        still * samples.div_ceil(LANES) * size_of::<T::Row>()
    }

    /// Bytes of the numbers that all points share.
    pub fn once<T: Real>(&self) -> usize {
        self.numbers[0].iter().sum::<usize>() * size_of::<T>()
    }

    /// Bytes of the shared numbers of one point.
    pub fn point<T: Real>(&self) -> usize {
        let numbers: usize = self.numbers[1].iter().sum();
        numbers * size_of::<T>()
    }

    /// Bytes of the sums of one point and run.
    pub fn sum_bytes<T: Real>(&self) -> usize {
        self.sums.iter().sum::<usize>() * size_of::<T>()
    }
}
