//! More positions than there were, between those that there were.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering, bounded};
use crate::model::lower::rearrange::Term;
use crate::model::lower::value::Value;
use crate::model::program::Id;
use crate::model::shape::given::{Given, Shape, product};
use serde::{Deserialize, Serialize};

/// How values between positions are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// The position before, by PyTorch's older rule: entry ⌊i · n/m⌋.
    Nearest,
    /// The position nearest to the centre: entry ⌊(i + ½) · n/m⌋.
    NearestExact,
    /// Straight lines between positions: linear, bilinear or trilinear.
    Linear,
    /// Cubics through four positions (Keys 1981, with a = −¾): bicubic.
    Cubic,
}

impl Interpolation {
    /// Most positions along an axis that a value is made of.
    fn reach(self) -> usize {
        match self {
            Self::Nearest | Self::NearestExact => 1,
            Self::Linear => 2,
            Self::Cubic => 4,
        }
    }
}

/// Other extents after the channels, axis by axis: `torch.nn.Upsample`, `torch.nn.functional.interpolate` without
/// antialiasing, over one to three axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Upsample {
    /// Extents after the channels; absent: by `scale`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Vec<usize>>,
    /// How many times as many, an entry an axis; absent: by `size`. Positions are then stepped by its inverse, as
    /// PyTorch does, even where it doesn't divide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Vec<f64>>,
    /// How values between positions are found.
    pub mode: Interpolation,
    /// The first and last positions stay where they are (`linear` and `cubic`).
    #[serde(default)]
    pub align_corners: bool,
}

/// Weights of the four positions around, `t` past the second (Keys 1981, equation 4).
fn cubic(t: f64) -> [f64; 4] {
    const A: f64 = -0.75;
    let near = |x: f64| ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0;
    let far = |x: f64| ((A * x - 5.0 * A) * x + 8.0 * A) * x - 4.0 * A;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

impl Upsample {
    /// Extents along the axes after the channels.
    fn extents(&self, given: &[usize]) -> Shape {
        match (&self.size, &self.scale) {
            (Some(size), None) if size.len() == given.len() => Ok(size.clone()),
            (None, Some(scale)) if scale.len() == given.len() => {
                let times = |(n, s): (&usize, &f64)| (*n as f64 * s).floor() as usize;
                Ok(given.iter().zip(scale).map(times).collect())
            }
            _ => Err(format!(
                "was given {} axes after the channels, expected an entry for each in either size or scale",
                given.len()
            )),
        }
    }

    /// (target, source, weight) along one axis from `n` to `m` entries.
    fn terms(&self, axis: usize, n: usize, m: usize) -> Vec<Term> {
        let scale = self.scale.as_ref().map(|scale| scale[axis]);
        let step = scale.map_or(n as f64 / m as f64, f64::recip);
        // ⌊(i + shift/2) · n/m⌋ in whole numbers, which don't round; a scale is what PyTorch makes of it, single
        // precision.
        let nearest = |i: usize, shift: usize| match scale {
            None => (2 * i + shift) * n / (2 * m),
            Some(_) => ((i as f32 + 0.5 * shift as f32) * step as f32).floor() as usize,
        };
        let aligned = (n as f64 - 1.0) / (m as f64 - 1.0).max(1.0);
        let last = n - 1;
        let at = |i: usize| {
            if self.align_corners {
                aligned * i as f64
            } else {
                (i as f64 + 0.5) * step - 0.5
            }
        };
        let mut terms = Vec::new();
        for i in 0..m {
            match self.mode {
                Interpolation::Nearest => {
                    terms.push((i, nearest(i, 0).min(last), 1.0));
                }
                Interpolation::NearestExact => {
                    terms.push((i, nearest(i, 1).min(last), 1.0));
                }
                Interpolation::Linear => {
                    let at = at(i).max(0.0);
                    let first = (at.floor() as usize).min(last);
                    let t = at - first as f64;
                    terms.push((i, first, 1.0 - t));
                    if first < last && t > 0.0 {
                        terms.push((i, first + 1, t));
                    } else if t > 0.0 {
                        terms.push((i, last, t));
                    }
                }
                Interpolation::Cubic => {
                    let at = at(i);
                    let first = at.floor();
                    for (k, weight) in cubic(at - first).into_iter().enumerate() {
                        let from = (first + k as f64 - 1.0).clamp(0.0, last as f64);
                        terms.push((i, from as usize, weight));
                    }
                }
            }
        }
        merged(terms)
    }
}

/// The weights of one pair of places added up: a product meets each but once.
fn merged(mut terms: Vec<Term>) -> Vec<Term> {
    terms.sort_by_key(|(to, from, _)| (*to, *from));
    let mut all: Vec<Term> = Vec::with_capacity(terms.len());
    for term in terms {
        match all.last_mut() {
            Some(last) if (last.0, last.1) == (term.0, term.1) => last.2 += term.2,
            _ => all.push(term),
        }
    }
    all
}

impl Kind for Upsample {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let (c, rest) = match x {
            [c, rest @ ..] if (1..=3).contains(&rest.len()) => (*c, rest),
            _ => {
                return Err(format!(
                    "was given {x:?}, but needs one to three axes after the channels"
                ));
            }
        };
        let known = |s: &Vec<f64>| s.iter().all(|s| s.is_finite() && *s > 0.0);
        if !self.scale.as_ref().is_none_or(known) {
            return Err(format!(
                "has the scale {:?}, expected numbers above 0",
                self.scale
            ));
        }
        Ok([&[c], &self.extents(rest)?[..]].concat())
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.channels_last(x);
        let channels = x.shape[0];
        let (mut now, mut id): (Vec<usize>, Id) = (x.shape[1..].to_vec(), x.id);
        for axis in 0..now.len() {
            let (n, m) = (now[axis], shape[axis + 1]);
            let inner: usize = now[axis + 1..].iter().product();
            let outer: usize = now[..axis].iter().product();
            bounded(product(&[outer, m, inner, self.mode.reach()]))?;
            let along = self.terms(axis, n, m);
            let terms = (0..outer).flat_map(|o| {
                let along = &along;
                (0..inner).flat_map(move |i| {
                    let term = move |(to, from, weight): &Term| {
                        let place = |at: usize, extent: usize| (o * extent + at) * inner + i;
                        (place(*to, m), place(*from, n), *weight)
                    };
                    along.iter().map(term)
                })
            });
            let terms = terms.collect();
            id = l.mixed(id, terms, outer * m * inner)?;
            now[axis] = m;
        }
        debug_assert_eq!(l.p.ty(id).shape[1], channels);
        Ok(Value::last(id, shape))
    }
}
