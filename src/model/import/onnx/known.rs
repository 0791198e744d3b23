//! Numbers that an ONNX graph fixes or computes from shapes, and the operators that compute them.
//!
//! Exporters write a shape as a chain of small operators. They are computed here, as far as they are needed for that;
//! what is large or depends on weights is left to the calls.

use crate::checkpoint::onnx::{literal, proto::TensorProto};
use crate::model::import::traced::{Argument, Constant, Element};
use crate::store::{Array, Parsed, Values};

/// Numbers that one known value may have.
const MOST: usize = 1 << 20;

/// Numbers in a shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Extents.
    pub shape: Vec<usize>,
    /// The numbers in row-major order.
    pub values: Vec<f64>,
    /// What they are.
    pub element: Element,
}

impl Known {
    /// Of an array in the file.
    ///
    /// # Errors
    /// Where it is too large to be computed with.
    pub fn of_array(array: &Array, truth: bool) -> Parsed<Self> {
        if array.len() > MOST {
            return Err(format!(
                "{} numbers are fixed, expected at most {MOST}",
                array.len()
            ));
        }
        let element = match array.values() {
            Values::U8(_) if truth => Element::Bool,
            Values::U8(_) | Values::I64(_) => Element::Integer,
            _ => Element::Float,
        };
        Ok(Self {
            shape: array.shape().to_vec(),
            values: array.to_f64(),
            element,
        })
    }

    /// Of a tensor that is an operator's option.
    ///
    /// # Errors
    /// Where it is damaged.
    pub fn of_message(tensor: &TensorProto) -> Parsed<Self> {
        Self::of_array(&literal(tensor)?, tensor.data_type == 9)
    }

    /// Whole numbers along one axis.
    pub fn list(values: &[i64]) -> Self {
        Self {
            shape: vec![values.len()],
            values: values.iter().map(|&n| n as f64).collect(),
            element: Element::Integer,
        }
    }

    /// Its numbers as whole ones.
    pub fn integers(&self) -> Vec<i64> {
        self.values.iter().map(|&n| n as i64).collect()
    }

    /// The number that it is, as arithmetic takes one.
    pub fn scalar(&self) -> Option<Argument> {
        let [number] = self.values[..] else {
            return None;
        };
        let plain = self.shape.len() <= 1;
        plain.then_some(match self.element {
            Element::Float => Argument::Float(number),
            Element::Integer => Argument::Integer(number as i64),
            Element::Bool => Argument::Bool(number != 0.0),
        })
    }

    /// As a constant of the traced network.
    pub fn constant(self) -> Constant {
        Constant {
            shape: self.shape,
            element: self.element,
            values: self.values,
        }
    }

    fn like(&self, values: Vec<f64>) -> Self {
        Self {
            values,
            ..self.clone()
        }
    }

    /// With the entries of one axis at these places, in this order.
    pub fn picked(&self, axis: usize, places: &[usize]) -> Self {
        let mut shape = self.shape.clone();
        let inner: usize = self.shape.iter().skip(axis + 1).product();
        let extent = self.shape.get(axis).copied().unwrap_or(1);
        if let Some(own) = shape.get_mut(axis) {
            *own = places.len();
        }
        let whole = (extent * inner).max(1);
        let blocks = self.values.chunks(whole);
        let values = blocks.flat_map(|block| {
            let rows = places
                .iter()
                .filter_map(move |&at| block.get(at * inner..(at + 1) * inner));
            rows.flatten().copied()
        });
        Self {
            values: values.collect(),
            shape,
            element: self.element,
        }
    }

    /// With its axes in another order; nothing where that is none.
    fn permuted(&self, order: &[i64]) -> Option<Self> {
        let axes: Option<Vec<usize>> = order.iter().map(|&n| usize::try_from(n).ok()).collect();
        let axes = axes?;
        let mut sorted = axes.clone();
        sorted.sort_unstable();
        if sorted != (0..self.shape.len()).collect::<Vec<_>>() {
            return None;
        }
        let shape: Vec<usize> = axes.iter().map(|&axis| self.shape[axis]).collect();
        let mut place = vec![0_usize; shape.len()];
        let mut values = Vec::with_capacity(self.values.len());
        for _ in 0..self.values.len() {
            let mut from = vec![0_usize; shape.len()];
            for (&axis, &at) in axes.iter().zip(&place) {
                from[axis] = at;
            }
            values.push(self.at(&from));
            advance(&mut place, &shape);
        }
        Some(Self {
            shape,
            values,
            element: self.element,
        })
    }

    /// The number at a place of a larger shape that it is broadcast to.
    fn at(&self, place: &[usize]) -> f64 {
        let skip = place.len().saturating_sub(self.shape.len());
        let own = place.iter().skip(skip).zip(&self.shape);
        let at = own.fold(0, |at, (&i, &extent)| {
            at * extent + if extent == 1 { 0 } else { i }
        });
        self.values.get(at).copied().unwrap_or(f64::NAN)
    }
}

/// What an operator computes from known numbers; `None` where it is left to the calls.
///
/// # Errors
/// Where the shapes don't fit.
pub fn computed(
    operator: &str,
    read: &[Known],
    (axis, order): (i64, &[i64]),
    to: Option<Element>,
) -> Option<Parsed<Known>> {
    let one = read.first();
    Some(match (operator, read) {
        ("Identity", [x]) => Ok(x.clone()),
        ("Cast" | "CastLike", [x, ..]) => {
            let element = to.or(read.get(1).map(|like| like.element))?;
            let cast = |&n: &f64| match element {
                Element::Float => n,
                Element::Integer => n.trunc(),
                Element::Bool => f64::from(u8::from(n != 0.0)),
            };
            Ok(Known {
                element,
                ..x.like(x.values.iter().map(cast).collect())
            })
        }
        ("Where", [condition, yes, no]) => {
            let made = broadcast(
                &[condition, yes, no],
                |n| if n[0] == 0.0 { n[2] } else { n[1] },
            );
            made.map(|made| Known {
                element: yes.element,
                ..made
            })
        }
        (_, [x]) if unary(operator).is_some() => {
            let f = unary(operator)?;
            Ok(x.like(x.values.iter().map(|&n| f(n)).collect()))
        }
        (_, [a, b]) if binary(operator, a.element).is_some() => {
            let f = binary(operator, a.element)?;
            let truth = [
                "Equal",
                "Less",
                "Greater",
                "LessOrEqual",
                "GreaterOrEqual",
                "And",
                "Or",
            ];
            let element = if truth.contains(&operator) {
                Element::Bool
            } else {
                a.element
            };
            broadcast(&[a, b], |n| f(n[0], n[1])).map(|made| Known { element, ..made })
        }
        ("Concat", [_, ..]) if read.iter().all(|x| x.shape.len() == 1) && axis <= 0 => {
            let values: Vec<f64> = read.iter().flat_map(|x| x.values.iter().copied()).collect();
            let shape = vec![values.len()];
            Ok(Known {
                shape,
                values,
                element: one?.element,
            })
        }
        ("Gather", [x, places]) if x.shape.len() == 1 => {
            let pick = |&n: &f64| {
                let at = if n < 0.0 {
                    n + x.values.len() as f64
                } else {
                    n
                };
                x.values
                    .get(at as usize)
                    .copied()
                    .ok_or_else(|| format!("place {n} of {}", x.values.len()))
            };
            let values = places.values.iter().map(pick).collect::<Parsed<Vec<f64>>>();
            values.map(|values| Known {
                shape: places.shape.clone(),
                values,
                element: x.element,
            })
        }
        ("Transpose", [x]) => Ok(x.permuted(order)?),
        ("Reshape", [x, shape]) => reshaped(x, &shape.integers()),
        ("Expand", [x, shape]) => {
            let extents: Vec<usize> = shape
                .integers()
                .iter()
                .map(|&n| n.max(0) as usize)
                .collect();
            let size = extents.iter().try_fold(1_usize, |n, d| n.checked_mul(*d))?;
            if size > MOST {
                return None;
            }
            let ones = Known {
                shape: extents,
                values: vec![1.0; size],
                element: x.element,
            };
            broadcast(&[x, &ones], |n| n[0]).map(|made| Known {
                element: x.element,
                ..made
            })
        }
        ("Range", [start, end, step]) => {
            let (start, end, step) = (
                *start.values.first()?,
                *end.values.first()?,
                *step.values.first()?,
            );
            let count = ((end - start) / step).ceil().max(0.0);
            if count.is_nan() || count > MOST as f64 {
                return None;
            }
            let values: Vec<f64> = (0..count as usize)
                .map(|n| start + n as f64 * step)
                .collect();
            Ok(Known {
                shape: vec![values.len()],
                values,
                element: one?.element,
            })
        }
        ("ReduceProd", [x]) if x.shape.len() <= 1 => Ok(Known {
            shape: vec![],
            values: vec![x.values.iter().product()],
            element: x.element,
        }),
        _ => return None,
    })
}

fn unary(operator: &str) -> Option<fn(f64) -> f64> {
    Some(match operator {
        "Neg" => |x| -x,
        "Abs" => f64::abs,
        "Sqrt" => f64::sqrt,
        "Exp" => f64::exp,
        "Log" => f64::ln,
        "Floor" => f64::floor,
        "Ceil" => f64::ceil,
        "Reciprocal" => f64::recip,
        "Not" => |x| f64::from(u8::from(x == 0.0)),
        "Sin" => f64::sin,
        "Cos" => f64::cos,
        _ => return None,
    })
}

fn binary(operator: &str, element: Element) -> Option<fn(f64, f64) -> f64> {
    fn truth(yes: bool) -> f64 {
        f64::from(u8::from(yes))
    }
    Some(match operator {
        "Add" => |a, b| a + b,
        "Sub" => |a, b| a - b,
        "Mul" => |a, b| a * b,
        "Div" if element == Element::Integer => |a, b| (a / b).trunc(),
        "Div" => |a, b| a / b,
        // Of whole numbers the remainder has the sign of the divisor.
        "Mod" if element == Element::Integer => |a, b| a - (a / b).floor() * b,
        "Pow" => f64::powf,
        "Min" => f64::min,
        "Max" => f64::max,
        "Equal" => |a, b| truth(a == b),
        "Less" => |a, b| truth(a < b),
        "Greater" => |a, b| truth(a > b),
        "LessOrEqual" => |a, b| truth(a <= b),
        "GreaterOrEqual" => |a, b| truth(a >= b),
        "And" => |a, b| truth(a != 0.0 && b != 0.0),
        "Or" => |a, b| truth(a != 0.0 || b != 0.0),
        _ => return None,
    })
}

fn broadcast(read: &[&Known], f: impl Fn(&[f64]) -> f64) -> Parsed<Known> {
    let rank = read.iter().map(|x| x.shape.len()).max().unwrap_or(0);
    let mut shape = vec![1_usize; rank];
    for known in read {
        let skip = rank - known.shape.len();
        for (extent, &own) in shape.iter_mut().skip(skip).zip(&known.shape) {
            if *extent != own && own != 1 {
                if *extent != 1 {
                    return Err("shapes that don't fit each other".into());
                }
                *extent = own;
            }
        }
    }
    let size = shape.iter().try_fold(1_usize, |n, d| n.checked_mul(*d));
    let size = size.filter(|&size| size <= MOST);
    let size = size.ok_or_else(|| format!("more than {MOST} numbers are computed"))?;
    let mut place = vec![0_usize; rank];
    let mut values = Vec::with_capacity(size);
    for _ in 0..size {
        let numbers: Vec<f64> = read.iter().map(|known| known.at(&place)).collect();
        values.push(f(&numbers));
        advance(&mut place, &shape);
    }
    Ok(Known {
        shape,
        values,
        element: read.first().map_or(Element::Float, |x| x.element),
    })
}

/// The next place of a shape in row-major order.
fn advance(place: &mut [usize], shape: &[usize]) {
    for (at, &extent) in place.iter_mut().zip(shape).rev() {
        *at += 1;
        if *at < extent {
            break;
        }
        *at = 0;
    }
}

fn reshaped(x: &Known, to: &[i64]) -> Parsed<Known> {
    let mut shape: Vec<usize> = Vec::new();
    for (at, &n) in to.iter().enumerate() {
        shape.push(match n {
            0 => x.shape.get(at).copied().unwrap_or(0),
            n => usize::try_from(n).unwrap_or(1),
        });
    }
    if let Some(at) = to.iter().position(|&n| n == -1) {
        let rest = shape.iter().try_fold(1_usize, |n, d| n.checked_mul(*d));
        let own = rest.and_then(|rest| x.values.len().checked_div(rest));
        shape[at] = own.unwrap_or(0);
    }
    let size = shape.iter().try_fold(1_usize, |n, d| n.checked_mul(*d));
    if size != Some(x.values.len()) {
        return Err(format!("{} numbers in the shape {to:?}", x.values.len()));
    }
    Ok(Known { shape, ..x.clone() })
}
