//! Windows laid out, and added up again.

use super::kind::Kind;
use crate::model::lower::context::{Lower, Lowering, bounded};
use crate::model::lower::rearrange::Term;
use crate::model::lower::value::Value;
use crate::model::lower::window::Slide;
use crate::model::shape::given::{Given, Shape, product};
use crate::model::shape::window::{sliding, windows};
use serde::{Deserialize, Serialize};

/// Every window's values in a column, `[channels · taps, windows]`, over one to three axes by the window's:
/// `torch.nn.Unfold`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unfold {
    /// Window.
    pub size: Vec<usize>,
    /// Step.
    pub stride: Vec<usize>,
    /// Zeros added on both sides.
    pub padding: Vec<usize>,
    /// Step between taps.
    pub dilation: Vec<usize>,
}

/// Columns `[channels · taps, windows]` added up where their windows lie, `[channels, …]`: `torch.nn.Fold`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// Extents of the result after the channels.
    pub output: Vec<usize>,
    /// Window.
    pub size: Vec<usize>,
    /// Step.
    pub stride: Vec<usize>,
    /// Places left out on both sides.
    pub padding: Vec<usize>,
    /// Step between taps.
    pub dilation: Vec<usize>,
}

/// How many windows there are along each axis.
///
/// # Errors
/// Where the window doesn't fit, or there are more windows and taps than can be numbered.
fn counts(extents: &[usize], slide: &Slide<'_>) -> Shape {
    let axes = extents.len();
    let all = [slide.size, slide.stride, slide.padding, slide.dilation];
    if !(1..=3).contains(&axes) || all.iter().any(|v| v.len() != axes) {
        return Err(format!(
            "slides a window of {:?} over {extents:?}: expected as many entries in size, stride, padding and dilation",
            slide.size
        ));
    }
    sliding(slide.stride, slide.dilation)?;
    let counts: Vec<usize> = (0..axes)
        .map(|i| {
            let (k, s) = (slide.size[i], slide.stride[i]);
            windows(extents[i], k, s, slide.padding[i], slide.dilation[i], false)
                .filter(|n| *n > 0)
                .ok_or_else(|| {
                    format!(
                        "was given {extents:?}, too small for a window of {:?}",
                        slide.size
                    )
                })
        })
        .collect::<Result<_, String>>()?;
    let windows = product(&counts);
    let taps = product(slide.size);
    match windows.zip(taps).and_then(|(n, taps)| n.checked_mul(taps)) {
        Some(_) => Ok(counts),
        None => Err(format!(
            "slides a window of {:?} over {extents:?}: more places than any memory holds",
            slide.size
        )),
    }
}

/// (row of columns laid out as [window, tap], position) of every tap that meets a position.
fn meetings(slide: &Slide<'_>, extents: &[usize], counts: &[usize]) -> Lower<Vec<[usize; 2]>> {
    let taps: usize = slide.size.iter().product();
    bounded(counts.iter().product::<usize>().checked_mul(taps))?;
    let hits = slide.hits(extents, counts).into_iter();
    let row = |[window, tap, at]: [u32; 3]| [window as usize * taps + tap as usize, at as usize];
    Ok(hits.map(row).collect())
}

impl Unfold {
    fn slide(&self) -> Slide<'_> {
        Slide {
            size: &self.size,
            stride: &self.stride,
            padding: &self.padding,
            dilation: &self.dilation,
        }
    }
}

impl Fold {
    fn slide(&self) -> Slide<'_> {
        Slide {
            size: &self.size,
            stride: &self.stride,
            padding: &self.padding,
            dilation: &self.dilation,
        }
    }
}

impl Kind for Unfold {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let (c, extents) = x.split_first().ok_or("needs a channel axis")?;
        let counts = counts(extents, &self.slide())?;
        let taps: usize = self.size.iter().product();
        let rows = c
            .checked_mul(taps)
            .ok_or("makes more rows than any memory holds")?;
        Ok(vec![rows, counts.iter().product()])
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.channels_last(x);
        let (slide, extents) = (self.slide(), &x.shape[1..]);
        let counts = counts(extents, &slide)?;
        let taps: usize = self.size.iter().product();
        let terms: Vec<Term> = meetings(&slide, extents, &counts)?
            .into_iter()
            .map(|[row, at]| (row, at, 1.0))
            .collect();
        let windows: usize = counts.iter().product();
        let y = l.mixed(x.id, terms, windows * taps)?;
        let y = l.p.view(y, &[windows, taps, x.shape[0]]);
        let y = l.p.permuted(y, &[2, 1, 0]);
        Ok(l.shaped(y, shape))
    }
}

impl Kind for Fold {
    fn shape(&self, given: &Given<'_>) -> Shape {
        let x = given.one()?;
        let windows: usize = counts(&self.output, &self.slide())?.iter().product();
        let taps: usize = self.size.iter().product();
        match x {
            [rows, columns] if taps > 0 && rows % taps == 0 && *columns == windows => {
                Ok([&[rows / taps], &self.output[..]].concat())
            }
            _ => Err(format!(
                "was given {x:?}, but needs [channels · {taps}, {windows}] to make {:?}",
                self.output
            )),
        }
    }

    fn is_linear_map(&self) -> bool {
        true
    }

    fn lower(&self, l: &mut Lowering<'_>, mut inputs: Vec<Value>, shape: &[usize]) -> Lower<Value> {
        let x = inputs.remove(0);
        let x = l.natural(x);
        let slide = self.slide();
        let counts = counts(&self.output, &slide)?;
        let (windows, taps): (usize, usize) = (counts.iter().product(), self.size.iter().product());
        let rows = l.p.view(x.id, &[shape[0], taps, windows]);
        let rows = l.p.permuted(rows, &[2, 1, 0]);
        let rows = l.p.view(rows, &[windows * taps, shape[0]]);
        let terms: Vec<Term> = meetings(&slide, &self.output, &counts)?
            .into_iter()
            .map(|[row, at]| (at, row, 1.0))
            .collect();
        let places = self.output.iter().product();
        Ok(Value::last(l.mixed(rows, terms, places)?, shape))
    }
}
