//! Which positions see which: windows, and where a value lies among the rows.

/// Pairs of numbers for each of some places, one list after the other.
#[derive(Debug, Clone, Default)]
pub struct Lists {
    starts: Vec<usize>,
    entries: Vec<(u32, u32)>,
}

impl Lists {
    pub fn new(lists: impl Iterator<Item = Vec<(u32, u32)>>) -> Self {
        let (mut starts, mut entries) = (vec![0], Vec::new());
        for list in lists {
            entries.extend(list);
            starts.push(entries.len());
        }
        Self { starts, entries }
    }

    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    #[inline(always)]
    pub fn get(&self, place: usize) -> &[(u32, u32)] {
        &self.entries[self.starts[place]..self.starts[place + 1]]
    }
}

/// A window that slides over a map, in two axes; maps of one axis have a height of 1.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    pub size: [usize; 2],
    pub stride: [usize; 2],
    pub padding: [usize; 2],
    pub dilation: [usize; 2],
}

/// One or two entries as height and width.
pub fn pair(values: &[usize], fill: usize) -> Option<[usize; 2]> {
    match *values {
        [width] => Some([fill, width]),
        [height, width] => Some([height, width]),
        _ => None,
    }
}

impl Window {
    pub fn taps(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// What each output position sees, as (tap, input position); positions in the padding are left out.
    pub fn seen(&self, input: [usize; 2], output: [usize; 2]) -> Lists {
        let at = |axis: usize, out: usize, tap: usize| {
            (out * self.stride[axis] + tap * self.dilation[axis])
                .checked_sub(self.padding[axis])
                .filter(|&i| i < input[axis])
        };
        let list = |place: usize| {
            let (y, x) = (place / output[1], place % output[1]);
            let tap = |t: usize| {
                let (row, column) = (at(0, y, t / self.size[1])?, at(1, x, t % self.size[1])?);
                Some((t as u32, (row * input[1] + column) as u32))
            };
            (0..self.taps()).filter_map(tap).collect()
        };
        Lists::new((0..output[0] * output[1]).map(list))
    }
}

impl Lists {
    /// The same pairs (a, b) of places p as pairs (a, p) of places b, of which there are `count`.
    pub fn turned(&self, count: usize) -> Self {
        let mut lists = vec![Vec::new(); count];
        for place in 0..self.len() {
            for &(a, b) in self.get(place) {
                lists[b as usize].push((a, place as u32));
            }
        }
        Self::new(lists.into_iter())
    }

    /// The same as pairs (p, b) of each a, of which there are `count`.
    pub fn by_first(&self, count: usize) -> Self {
        let mut lists = vec![Vec::new(); count];
        for place in 0..self.len() {
            for &(a, b) in self.get(place) {
                lists[a as usize].push((place as u32, b));
            }
        }
        Self::new(lists.into_iter())
    }
}

/// Every output place as a sum of input places, each times a number; a place is as many rows as
/// move together.
#[derive(Debug, Clone, Default)]
pub struct Sparse {
    starts: Vec<usize>,
    entries: Vec<(u32, f64)>,
    /// Rows a place.
    pub width: usize,
}

impl Sparse {
    pub fn new(places: impl Iterator<Item = Vec<(u32, f64)>>, width: usize) -> Self {
        let (mut starts, mut entries) = (vec![0], Vec::new());
        for place in places {
            entries.extend(place);
            starts.push(entries.len());
        }
        Self {
            starts,
            entries,
            width: width.max(1),
        }
    }

    /// Output rows of one block.
    pub fn rows(&self) -> usize {
        (self.starts.len() - 1) * self.width
    }

    #[inline(always)]
    pub fn get(&self, place: usize) -> &[(u32, f64)] {
        &self.entries[self.starts[place]..self.starts[place + 1]]
    }

    /// Whether every place is the input's own.
    pub fn is_identity(&self) -> bool {
        let mut entries = self.entries.iter().enumerate();
        entries.all(|(i, entry)| *entry == (i as u32, 1.0))
            && self.starts.iter().enumerate().all(|(i, start)| i == *start)
    }
}

/// The row where the value at `index` of a shape lies: positions first, then channels (axis 0).
pub fn row(shape: &[usize], index: usize) -> usize {
    let rest: usize = shape.iter().skip(1).product();
    let channels = shape.first().copied().unwrap_or(1);
    (index % rest) * channels + index / rest
}

/// The index that lies at a row.
pub fn index(shape: &[usize], row: usize) -> usize {
    let rest: usize = shape.iter().skip(1).product();
    let channels = shape.first().copied().unwrap_or(1);
    (row % channels) * rest + row / channels
}

/// A map between shapes that moves values: `from` gives the input's place along each axis for an
/// output's, or `None` for a zero.
pub fn moved(
    input: &[usize],
    output: &[usize],
    factor: f64,
    from: impl Fn(Vec<usize>) -> Option<Vec<usize>>,
) -> Sparse {
    let count: usize = output.iter().product();
    let entries = (0..count).map(|r| {
        let mut rest = index(output, r);
        let mut place = vec![0; output.len()];
        for (axis, extent) in output.iter().enumerate().rev() {
            place[axis] = rest % extent;
            rest /= extent;
        }
        let found = from(place).map(|place| {
            let flat = place.iter().zip(input).fold(0, |sum, (p, e)| sum * e + p);
            (row(input, flat) as u32, factor)
        });
        found.into_iter().collect()
    });
    Sparse::new(entries, 1)
}
