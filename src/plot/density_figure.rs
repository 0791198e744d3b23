//! The density of a Hessian's eigenvalues on a logarithmic scale, of one checkpoint or of several
//! over one another, with the largest eigenvalues pointed at (as Ghorbani et al. 2019 show it).

use super::colormap;
use super::curves_figure::{Curve, CurvesFigure, Form};
use super::figure::WIDTH_MM;
use super::scale::Scale;
use crate::error::Result;

/// The density at one checkpoint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spectrum {
    /// Its name in the legend; may be empty where it is alone.
    pub name: String,
    /// Eigenvalues, ascending.
    pub lambda: Vec<f64>,
    /// The density at each of them, per unit of λ.
    pub density: Vec<f64>,
    /// Eigenvalues to point at.
    pub marked: Vec<f64>,
}

/// Densities over a common axis.
#[derive(Debug, Clone, PartialEq)]
pub struct DensityFigure {
    /// One for every checkpoint.
    pub spectra: Vec<Spectrum>,
    /// A short title; may be empty.
    pub title: String,
    /// Small lines below: how the figure was made.
    pub caption: Vec<String>,
    /// Width of the page in millimetres, held to 40..1000.
    pub width_mm: f64,
}

impl Default for DensityFigure {
    fn default() -> Self {
        Self {
            spectra: Vec::new(),
            title: String::new(),
            caption: Vec::new(),
            width_mm: WIDTH_MM,
        }
    }
}

impl DensityFigure {
    /// The figure as an SVG document.
    ///
    /// # Errors
    /// Where no density is positive.
    pub fn svg(&self) -> Result<String> {
        self.curves().svg()
    }

    /// The figure as curves.
    pub fn curves(&self) -> CurvesFigure {
        let floors = self.spectra.iter().filter_map(floor);
        let floor = floors.min_by(f64::total_cmp);
        let curves = self.spectra.iter().enumerate();
        let curves = curves.map(|(i, s)| curve(s, i, floor.unwrap_or(0.0)));
        CurvesFigure {
            curves: curves.collect(),
            x_label: "Eigenvalue λ".into(),
            y_label: "Density of eigenvalues".into(),
            x_scale: Scale::Linear,
            y_scale: Scale::Log,
            y_floor: floor,
            mark: None,
            title: self.title.clone(),
            caption: self.caption.clone(),
            width_mm: self.width_mm,
        }
    }
}

/// Between Gaussians the density falls to nothing. The axis ends well below the middle one of the
/// peaks: that is about a single eigenvalue, since few of a network's eigenvalues make a crowd.
fn floor(spectrum: &Spectrum) -> Option<f64> {
    let density = &spectrum.density;
    let is_peak = |w: &&[f64]| w[1] > 0.0 && w[1] > w[0] && w[1] >= w[2];
    let mut peaks: Vec<f64> = density.windows(3).filter(is_peak).map(|w| w[1]).collect();
    peaks.sort_by(f64::total_cmp);
    let largest = density.iter().copied().fold(0.0, f64::max);
    let middle = peaks.get(peaks.len() / 2).copied().unwrap_or(largest);
    (largest > 0.0 && largest.is_finite()).then(|| (0.03 * middle).min(0.01 * largest))
}

fn curve(spectrum: &Spectrum, index: usize, floor: f64) -> Curve {
    // Just out of sight below the axis, where neighbours of the same height say nothing new.
    let least = 0.5 * floor;
    let points: Vec<(f64, f64)> = spectrum
        .lambda
        .iter()
        .zip(&spectrum.density)
        .map(|(l, d)| (*l, d.max(least)))
        .collect();
    let is_dull = |i: usize| {
        let near = points.get(i.wrapping_sub(1)..=i + 1);
        near.is_some_and(|n| n.iter().all(|p| p.1 == least))
    };
    let kept = points.iter().enumerate().filter(|(i, _)| !is_dull(*i));
    let (x, y) = kept.map(|(_, p)| *p).unzip();
    Curve {
        name: spectrum.name.clone(),
        color: colormap::series(index),
        x,
        y,
        form: Form::Area,
        pointers: spectrum.marked.clone(),
        ..Curve::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bulk at 0 and eigenvalues at 1 and 3, as Gaussians of width 0.02.
    fn spectrum(name: &str) -> Spectrum {
        let lambda: Vec<f64> = (0..=400).map(|i| -0.2 + f64::from(i) * 0.01).collect();
        let gaussian = |x: f64, at: f64| (-0.5 * ((x - at) / 0.02).powi(2)).exp() / 0.05;
        let density = |x: &f64| gaussian(*x, 0.0) + 1e-4 * (gaussian(*x, 1.0) + gaussian(*x, 3.0));
        Spectrum {
            name: name.into(),
            density: lambda.iter().map(density).collect(),
            lambda,
            marked: vec![3.0, 1.0],
        }
    }

    #[test]
    fn the_axis_shows_single_eigenvalues_and_ends_below_them() {
        let floor = floor(&spectrum("")).unwrap();
        assert!((3e-5..2e-4).contains(&floor), "{floor}");
    }

    #[test]
    fn two_checkpoints_share_a_figure() {
        let mut figure = DensityFigure {
            spectra: vec![spectrum("small batch"), spectrum("large batch")],
            ..DensityFigure::default()
        };
        let svg = figure.svg().unwrap();
        for words in ["small batch", "large batch", "Eigenvalue λ", ">3<", ">1<"] {
            assert!(svg.contains(words), "{words:?} is missing");
        }
        figure.spectra = vec![Spectrum::default()];
        assert!(figure.svg().is_err());
    }
}
