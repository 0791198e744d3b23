//! Where values lie, and how rows and numbers are given out and taken back.

/// Where a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: it is a view, or another step does it.
    Nowhere,
    /// Among the numbers of a point.
    Point(usize),
    /// Among the sums of a group at a point.
    Sum(usize),
    /// Among what all points share: in which buffer, and where.
    Given(usize, usize),
    /// Among the rows of samples that all points share.
    Still(usize),
    /// Among the rows of samples at a point.
    Value(usize),
}

/// Buffers of what all points share. Each may be as large as a device binds, so an origin and two directions
/// have one each.
pub const GIVEN: usize = 3;

impl Place {
    /// As the kernels call it.
    pub fn kind(self) -> usize {
        match self {
            Self::Nowhere | Self::Point(_) | Self::Value(_) => 0,
            Self::Sum(_) | Self::Still(_) => 1,
            Self::Given(buffer, _) => 2 + buffer,
        }
    }

    /// The first number or row.
    pub fn at(self) -> usize {
        match self {
            Self::Nowhere => 0,
            Self::Point(at)
            | Self::Sum(at)
            | Self::Given(_, at)
            | Self::Still(at)
            | Self::Value(at) => at,
        }
    }
}

/// Rows given out and taken back, the lowest that fit first.
#[derive(Debug, Default)]
pub struct Room {
    /// (first, count), in order, none touching the next.
    free: Vec<(usize, usize)>,
    /// Rows that were ever given out.
    pub size: usize,
}

impl Room {
    /// So many rows in a row.
    pub fn take(&mut self, count: usize) -> usize {
        if let Some(i) = self.free.iter().position(|(_, free)| *free >= count) {
            let (first, free) = self.free[i];
            if free == count {
                self.free.remove(i);
            } else {
                self.free[i] = (first + count, free - count);
            }
            return first;
        }
        // The last ones are made more where they are free.
        let first = match self.free.last() {
            Some(&(first, free)) if first + free == self.size => {
                self.free.pop();
                first
            }
            _ => self.size,
        };
        self.size = first + count;
        first
    }

    /// Takes rows back.
    pub fn give(&mut self, first: usize, count: usize) {
        let i = self.free.partition_point(|(own, _)| *own < first);
        self.free.insert(i, (first, count));
        if let Some(&(next, more)) = self.free.get(i + 1)
            && first + count == next
        {
            self.free[i].1 += more;
            self.free.remove(i + 1);
        }
        if i > 0 && self.free[i - 1].0 + self.free[i - 1].1 == first {
            self.free[i - 1].1 += self.free[i].1;
            self.free.remove(i);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_were_given_back_are_given_out_again() {
        let mut room = Room::default();
        let (a, b, c) = (room.take(4), room.take(8), room.take(2));
        assert_eq!([a, b, c], [0, 4, 12]);
        room.give(a, 4);
        room.give(b, 8);
        assert_eq!(room.take(12), 0, "neighbours are one");
        room.give(c, 2);
        assert_eq!(room.take(5), 12, "the last ones grow");
        assert_eq!(room.size, 17);
    }
}
