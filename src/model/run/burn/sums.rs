//! What batches come to: sums over them, and outputs of samples, sample after sample.
//!
//! Small results wait for each other and are read in one transfer, and added up in double precision; large
//! sums stay on the device, where they are added up in the order of the batches.

use super::on::{On, Value, flat, read};
use crate::error::Result;

/// Numbers up to which a sum is read after each batch.
const SMALL: usize = 4096;
/// Numbers that wait to be read.
const MOST_WAITING: usize = 1 << 20;

/// Results on their way.
pub struct Sums<'a> {
    on: &'a On,
    /// Read so far, by place.
    read: Vec<Vec<f64>>,
    /// Still on the device, by place.
    large: Vec<Option<Value>>,
    /// Not yet read: where each goes, and whether it is added or put behind what is there.
    waiting: Vec<(usize, bool, Value)>,
    /// Bytes that were given to the device since it last was known to be done.
    queued: usize,
    /// How many of these may be.
    most_queued: usize,
}

impl<'a> Sums<'a> {
    /// Nothing in so many places.
    pub fn new(places: usize, most_queued: usize, on: &'a On) -> Self {
        Self {
            on,
            read: vec![Vec::new(); places],
            large: vec![None; places],
            waiting: Vec::new(),
            queued: 0,
            most_queued,
        }
    }

    /// Adds a batch's sum.
    pub fn add(&mut self, place: usize, sum: Value) {
        if sum.dims()[1] <= SMALL {
            self.waiting.push((place, true, sum));
            return;
        }
        self.large[place] = Some(match self.large[place].take() {
            Some(total) => total + sum,
            None => sum,
        });
    }

    /// Puts a batch's samples behind those before.
    pub fn append(&mut self, place: usize, values: Value) {
        self.waiting.push((place, false, values));
    }

    /// A batch of so many bytes has passed.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn passed(&mut self, bytes: usize) -> Result<()> {
        self.queued += bytes;
        let numbers = |(_, _, x): &(usize, bool, Value)| x.dims().iter().product::<usize>();
        let waiting: usize = self.waiting.iter().map(numbers).sum();
        if waiting > MOST_WAITING || self.queued > self.most_queued {
            // A device that queues its work would keep every batch alive.
            if self.waiting.is_empty() {
                self.on.wait()?;
                self.queued = 0;
            } else {
                self.settle()?;
            }
        }
        Ok(())
    }

    /// Reads what waits.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn settle(&mut self) -> Result<()> {
        self.queued = 0;
        let waiting = std::mem::take(&mut self.waiting);
        let flats = waiting.iter().map(|(_, _, x)| flat(x.clone()));
        let numbers = read(flats.collect())?;
        let mut numbers = numbers.as_slice();
        for (place, is_sum, x) in waiting {
            let (own, rest) = numbers.split_at(x.dims().iter().product());
            numbers = rest;
            let so_far = &mut self.read[place];
            if !is_sum || so_far.is_empty() {
                so_far.extend_from_slice(own);
                continue;
            }
            for (total, x) in so_far.iter_mut().zip(own) {
                *total += x;
            }
        }
        Ok(())
    }

    /// A sum as a value, for steps that come after all batches.
    pub fn value(&self, place: usize) -> Option<Value> {
        let sum = &self.read[place];
        self.large[place].clone().or_else(|| {
            let shape = [1, sum.len()];
            let fill = || self.on.numbers(shape, |out| out.fill(sum.iter().copied()));
            (!sum.is_empty()).then(fill)
        })
    }

    /// All numbers of a place.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn numbers(&self, place: usize) -> Result<Vec<f64>> {
        match &self.large[place] {
            Some(x) => read(vec![flat(x.clone())]),
            None => Ok(self.read[place].clone()),
        }
    }
}
