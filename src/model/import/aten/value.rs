//! What a traced value is while a graph is made of it.
//!
//! A file gives every value with its batch axis, at the example's extent or open. A layer knows one sample. Both are
//! kept here: the extents as traced, and those that a sample has of its own. Along every axis the traced extent is a
//! whole number of times the own one, `[batch · own]` in this order (`[outer · batch · rest]` where a view has brought
//! other axes before the batch into one with it): what depends on the data has one such axis, on
//! which every copy is another sample; on all other axes, and on those of values that all samples share, the copies are
//! equal, and nothing is laid out before somebody must have it so.

use crate::model::import::traced::Element;
use std::rc::Rc;

/// Something, or why there is none, without the operation's name.
pub type Outcome<T> = Result<T, String>;

/// Most numbers of one known value: no mask is larger.
const MOST_KNOWN: usize = 1 << 26;

/// Where a value's numbers come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// They are known: row-major in the value's own extents.
    Known(Rc<Vec<f64>>),
    /// A tensor of the checkpoint.
    Stored(Rc<Stored>),
    /// A layer's output, by its place among the layers; no place: the data.
    Layer(Option<usize>),
}

/// A tensor of the checkpoint as a value.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// Its two axes are the other way round.
    pub turned: bool,
    /// The file's numbers, where it is a buffer that isn't trained.
    pub buffer: Option<Rc<Vec<f64>>>,
}

/// A traced value.
#[derive(Debug, Clone)]
pub struct Value {
    /// Extents as traced, with the batch axis.
    pub full: Vec<usize>,
    /// Extents of which these are repetitions.
    pub own: Vec<usize>,
    /// The axis on which every copy belongs to another sample, where the value depends on the data.
    pub batch: Option<usize>,
    /// How many of its own entries along the batch axis lie before the batch: tokens of which each has all samples.
    pub outer: usize,
    /// What its numbers are.
    pub element: Element,
    /// Where they come from.
    pub source: Source,
}

/// How many numbers a shape has.
///
/// # Errors
/// Where no machine holds them.
pub fn count(shape: &[usize]) -> Outcome<usize> {
    let count = shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
    count.ok_or_else(|| format!("has the shape {shape:?}, more numbers than any machine holds"))
}

impl Value {
    /// Known numbers in a shape, none repeated.
    pub fn known(numbers: Vec<f64>, shape: &[usize], element: Element) -> Self {
        Self {
            full: shape.to_vec(),
            own: shape.to_vec(),
            batch: None,
            outer: 1,
            element,
            source: Source::Known(Rc::new(numbers)),
        }
    }

    /// One known number everywhere.
    pub fn filled(number: f64, shape: &[usize], element: Element) -> Self {
        Self {
            full: shape.to_vec(),
            own: vec![1; shape.len()],
            batch: None,
            outer: 1,
            element,
            source: Source::Known(Rc::new(vec![number])),
        }
    }

    /// One known number.
    pub fn number(number: f64, element: Element) -> Self {
        Self::filled(number, &[], element)
    }

    /// Its known numbers, where they are.
    pub fn numbers(&self) -> Option<&Rc<Vec<f64>>> {
        match &self.source {
            Source::Known(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// The one number that it is everywhere, where it is known.
    pub fn uniform(&self) -> Option<f64> {
        let (first, rest) = self.numbers()?.split_first()?;
        // Bits, so that NaN is NaN.
        let same = rest.iter().all(|n| n.to_bits() == first.to_bits());
        same.then_some(*first)
    }

    /// Whether it depends on the data.
    pub fn is_data(&self) -> bool {
        self.batch.is_some()
    }

    /// Number of axes as traced.
    pub fn rank(&self) -> usize {
        self.full.len()
    }

    /// An axis by PyTorch's number, which may count from the end.
    ///
    /// # Errors
    /// Where there is none.
    pub fn axis(&self, axis: i64) -> Outcome<usize> {
        axis_of(axis, self.rank())
    }

    /// Whether an axis of one sample is left out of the layers' shapes: that of the batch, where it counts nothing else.
    fn drops(&self, axis: usize) -> bool {
        self.batch == Some(axis) && self.own[axis] == 1
    }

    /// The shape that the value has as a layer's output.
    pub fn layer_shape(&self) -> Vec<usize> {
        let kept = (0..self.rank()).filter(|axis| !self.drops(*axis));
        let shape: Vec<usize> = kept.map(|axis| self.own[axis]).collect();
        if shape.is_empty() { vec![1] } else { shape }
    }

    /// The graph's number of an axis, which counts the batch as axis 0.
    ///
    /// # Errors
    /// Where it is the batch axis.
    pub fn graph_axis(&self, axis: usize) -> Outcome<usize> {
        if self.batch == Some(axis) {
            return Err("works along the batch axis, which would mix samples".into());
        }
        Ok(1 + (0..axis).filter(|a| !self.drops(*a)).count())
    }

    /// Known numbers laid out to other own extents, whole multiples of the present ones.
    ///
    /// # Errors
    /// Where there are too many, or they aren't known.
    pub fn repeated(&self, own: &[usize]) -> Outcome<Self> {
        let numbers = self.numbers().ok_or("depends on tensors or data")?;
        if own == self.own {
            return Ok(self.clone());
        }
        let size = count(own)?;
        if size > MOST_KNOWN {
            return Err(format!(
                "needs {size} known numbers, more than {MOST_KNOWN}"
            ));
        }
        let mut laid = Vec::with_capacity(size);
        for_each_place(own, |place| {
            let at = place.iter().zip(&self.own);
            let at = at.fold(0, |sum, (i, extent)| sum * extent + i % extent);
            laid.push(numbers[at]);
        });
        Ok(Self {
            own: own.to_vec(),
            source: Source::Known(Rc::new(laid)),
            ..self.clone()
        })
    }

    /// All of its known numbers, nothing repeated; `None` where they aren't known.
    ///
    /// # Errors
    /// Where there are too many.
    pub fn dense(&self) -> Outcome<Option<Rc<Vec<f64>>>> {
        match self.source {
            Source::Known(_) => Ok(self.repeated(&self.full)?.numbers().cloned()),
            _ => Ok(None),
        }
    }
}

/// An axis by a number that may count from the end.
///
/// # Errors
/// Where there is none.
pub fn axis_of(axis: i64, rank: usize) -> Outcome<usize> {
    let from_start = if axis < 0 { axis + rank as i64 } else { axis };
    let place = usize::try_from(from_start).ok();
    place
        .filter(|place| *place < rank)
        .ok_or_else(|| format!("names axis {axis} of {rank}"))
}

/// Calls `visit` with every place of a shape, in row-major order.
pub fn for_each_place(shape: &[usize], mut visit: impl FnMut(&[usize])) {
    if shape.contains(&0) {
        return;
    }
    let mut place = vec![0; shape.len()];
    loop {
        visit(&place);
        let mut axis = shape.len();
        loop {
            let Some(next) = axis.checked_sub(1) else {
                return;
            };
            axis = next;
            place[axis] += 1;
            if place[axis] < shape[axis] {
                break;
            }
            place[axis] = 0;
        }
    }
}

/// What several values have in common when they are combined element by element.
#[derive(Debug, Clone)]
pub struct Joint {
    /// Extents as traced.
    pub full: Vec<usize>,
    /// Own extents.
    pub own: Vec<usize>,
    /// The batch axis, where any of them depends on the data.
    pub batch: Option<usize>,
    /// Own entries along it before the batch.
    pub outer: usize,
}

impl Joint {
    /// Of values broadcast against each other as numpy does.
    ///
    /// # Errors
    /// Where the shapes don't fit, or batch axes don't meet.
    pub fn of(values: &[&Value]) -> Outcome<Self> {
        let rank = values.iter().map(|v| v.rank()).max().unwrap_or(0);
        let offset = |v: &Value| rank - v.rank();
        let mut batch = None;
        let mut outer = 1;
        for value in values {
            let Some(axis) = value.batch else { continue };
            let axis = axis + offset(value);
            if batch.is_some_and(|known| known != axis || outer != value.outer) {
                return Err("brings the batch axes of two values to different places".into());
            }
            (batch, outer) = (Some(axis), value.outer);
        }
        let (mut full, mut own) = (Vec::with_capacity(rank), Vec::with_capacity(rank));
        for axis in 0..rank {
            let mut met: Vec<(usize, usize, bool)> = Vec::new();
            for value in values {
                if let Some(at) = axis.checked_sub(offset(value)) {
                    met.push((value.full[at], value.own[at], value.batch == Some(at)));
                }
            }
            let extent = met.iter().map(|m| m.0).find(|n| *n != 1).unwrap_or(1);
            if met.iter().any(|m| m.0 != 1 && m.0 != extent) {
                let shapes: Vec<_> = values.iter().map(|v| &v.full).collect();
                return Err(format!("can't combine the shapes {shapes:?}"));
            }
            let same = met.iter().filter(|m| m.0 == extent);
            let most = if batch == Some(axis) {
                let batched: Vec<_> = same.filter(|m| m.2).collect();
                let Some(first) = batched.first() else {
                    return Err("repeats the batch".into());
                };
                if batched.iter().any(|m| m.1 != first.1) {
                    return Err("brings together different parts of the batch axis".into());
                }
                first.1
            } else {
                let owns: Vec<usize> = same.map(|m| m.1).collect();
                let most = owns.iter().copied().max().unwrap_or(1);
                let even = owns.iter().all(|n| *n > 0 && most.is_multiple_of(*n));
                if even { most } else { extent }
            };
            full.push(extent);
            own.push(most);
        }
        Ok(Self {
            full,
            own,
            batch,
            outer,
        })
    }

    /// A value of these extents that a layer is to give.
    pub fn value(&self, element: Element) -> Value {
        Value {
            full: self.full.clone(),
            own: self.own.clone(),
            batch: self.batch,
            outer: self.outer,
            element,
            source: Source::Layer(None),
        }
    }
}
