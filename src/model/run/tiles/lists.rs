//! Lists of places that kernels read: all of a program in one buffer, equal ones once.

use crate::model::primitive::moved::{indices, strides};
use crate::model::primitive::{Geometry, Slot};
use std::collections::HashMap;

/// In place of a list: every row itself.
pub const OWN: usize = 0xffff_ffff;
/// In place of a list: always the first row.
pub const FIRST: usize = 0xffff_fffe;

/// Words, and where each list begins.
#[derive(Debug, Default)]
pub struct Lists {
    /// All of them.
    pub words: Vec<u32>,
    known: HashMap<Vec<u32>, usize>,
}

/// Pairs by place: where the starts are, and where the pairs.
#[derive(Debug, Clone, Copy)]
pub struct Pairs {
    /// Of each place, and one more.
    pub starts: usize,
    /// Two words each, or one.
    pub entries: usize,
}

impl Lists {
    /// Where a list begins.
    pub fn add(&mut self, list: Vec<u32>) -> usize {
        if let Some(at) = self.known.get(&list) {
            return *at;
        }
        let at = self.words.len();
        self.words.extend_from_slice(&list);
        self.known.insert(list, at);
        at
    }

    /// How an argument of one shape is repeated to another.
    pub fn broadcast(&mut self, shape: &[usize], to: &[usize]) -> usize {
        let strides = strides(shape, to);
        let whole = shape.iter().product::<usize>() == to.iter().product::<usize>();
        match whole {
            true => OWN,
            false if strides.iter().all(|s| *s == 0) => FIRST,
            false => self.add(indices(to, &strides)),
        }
    }

    /// How axes are reduced: where each result begins among the values, and how far its parts are from
    /// there; how many parts.
    pub fn reduce(&mut self, from: &[usize], to: &[usize]) -> (usize, usize, usize) {
        let mut to = to.to_vec();
        to.resize(from.len(), 1);
        let own = |axis: usize| to[axis] != 1 || from[axis] == 1;
        let mut whole = vec![1; from.len()];
        for axis in (1..from.len()).rev() {
            whole[axis - 1] = whole[axis] * from[axis];
        }
        let part = |keep: bool| -> (Vec<usize>, Vec<usize>) {
            let axes = (0..from.len()).filter(|axis| own(*axis) == keep);
            axes.map(|axis| (from[axis], whole[axis])).unzip()
        };
        let ((kept, kept_strides), (gone, gone_strides)) = (part(true), part(false));
        let bases = indices(&kept, &kept_strides);
        let steps = indices(&gone, &gone_strides);
        let many = steps.len();
        (self.or_own(bases), self.or_own(steps), many)
    }

    fn or_own(&mut self, list: Vec<u32>) -> usize {
        if list.iter().enumerate().all(|(i, at)| i as u32 == *at) {
            OWN
        } else {
            self.add(list)
        }
    }

    /// What every place of a form's result sees: targets (tap, source), sources (tap, target), taps
    /// (source, target).
    pub fn seen(&mut self, g: &Geometry, out: Slot) -> Pairs {
        let (places, hits): (usize, Vec<[u32; 3]>) = match out {
            Slot::Y => (g.targets, g.hits.clone()),
            Slot::B => (
                g.sources,
                g.hits.iter().map(|[q, t, p]| [*p, *t, *q]).collect(),
            ),
            Slot::A => (
                g.taps,
                g.hits.iter().map(|[q, t, p]| [*t, *p, *q]).collect(),
            ),
        };
        self.pairs(places, hits)
    }

    fn pairs(&mut self, places: usize, mut hits: Vec<[u32; 3]>) -> Pairs {
        hits.sort_unstable();
        let start = |place: usize| hits.partition_point(|h| (h[0] as usize) < place) as u32;
        let starts = (0..=places).map(start).collect();
        let entries = hits.iter().flat_map(|h| [h[1], h[2]]).collect();
        Pairs {
            starts: self.add(starts),
            entries: self.add(entries),
        }
    }

    /// Windows as they are, or turned round: the windows that see each of `positions`.
    pub fn windows(&mut self, windows: &[Vec<u32>], positions: Option<usize>) -> Pairs {
        let turned;
        let lists = match positions {
            None => windows,
            Some(positions) => {
                let mut seers = vec![Vec::new(); positions];
                for (number, window) in windows.iter().enumerate() {
                    for place in window {
                        seers[*place as usize].push(number as u32);
                    }
                }
                turned = seers;
                &turned
            }
        };
        let mut starts = vec![0];
        for list in lists {
            starts.push(starts[starts.len() - 1] + list.len() as u32);
        }
        Pairs {
            starts: self.add(starts),
            entries: self.add(lists.concat()),
        }
    }
}
