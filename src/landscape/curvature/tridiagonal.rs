//! Eigenvalues of a symmetric tridiagonal matrix, and of its eigenvectors only the entries asked for.
//!
//! The implicit QL method with Wilkinson's shift (Wilkinson 1968; EISPACK's `imtql2`). A quadrature
//! needs the first entry of every eigenvector and a residual the last one (Golub and Welsch 1969):
//! carrying two rows along costs m² where all of them cost m³.

/// Eigenvalues in ascending order, and rows of the matrix whose columns are their unit eigenvectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrum {
    /// Eigenvalues.
    pub values: Vec<f64>,
    /// The rows asked for, in the order asked for: one entry an eigenvector.
    pub rows: Vec<Vec<f64>>,
}

/// Sweeps an eigenvalue takes at most. It needs two or three; after so many what couples it to the
/// others is rounding.
const MOST_SWEEPS: usize = 60;

/// The eigenvalues of the matrix with this diagonal and these entries beside it, all of them finite,
/// and the given rows of its eigenvectors. Of `beside` the entries that a matrix of this size has are
/// used.
pub fn eigen(diagonal: &[f64], beside: &[f64], rows: &[usize]) -> Spectrum {
    let n = diagonal.len();
    let mut d = diagonal.to_vec();
    let mut e: Vec<f64> = beside.iter().copied().take(n.saturating_sub(1)).collect();
    e.resize(n, 0.0);
    let mut carried: Vec<Vec<f64>> = rows
        .iter()
        .map(|&row| (0..n).map(|i| f64::from(u8::from(i == row))).collect())
        .collect();
    let size = d.iter().chain(&e).fold(0.0, |s: f64, v| s.max(v.abs()));
    let mut sweep = Vec::with_capacity(n);
    for first in 0..n {
        for _ in 0..MOST_SWEEPS {
            let last = block_end(&d, &e, first, size);
            if last == first {
                break;
            }
            turn(&mut d, &mut e, first, last, &mut sweep);
            for row in &mut carried {
                apply(row, &sweep);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&a, &b| d[a].total_cmp(&d[b]));
    let sorted = |values: &[f64]| order.iter().map(|&i| values[i]).collect();
    Spectrum {
        values: sorted(&d),
        rows: carried.iter().map(|row| sorted(row)).collect(),
    }
}

/// Where the block that starts at `first` ends: at the first coupling that is rounding, beside its
/// neighbours on the diagonal or beside the whole matrix.
fn block_end(d: &[f64], e: &[f64], first: usize, size: f64) -> usize {
    let least = 0.125 * size;
    (first..d.len() - 1)
        .find(|&i| e[i].abs() <= f64::EPSILON * (d[i].abs() + d[i + 1].abs()).max(least))
        .unwrap_or(d.len() - 1)
}

/// A rotation of the entries `at` and `at + 1`.
struct Rotation {
    at: usize,
    cosine: f64,
    sine: f64,
}

/// One implicit QL sweep over a block, and the rotations it was made of.
fn turn(d: &mut [f64], e: &mut [f64], first: usize, last: usize, sweep: &mut Vec<Rotation>) {
    sweep.clear();
    let slope = (d[first + 1] - d[first]) / (2.0 * e[first]);
    let root = slope.hypot(1.0);
    let mut g = d[last] - d[first] + e[first] / (slope + root.copysign(slope));
    let (mut sine, mut cosine, mut shift) = (1.0, 1.0, 0.0);
    for at in (first..last).rev() {
        let (f, b) = (sine * e[at], cosine * e[at]);
        let length = f.hypot(g);
        e[at + 1] = length;
        if length == 0.0 {
            // The block has come apart here.
            d[at + 1] -= shift;
            e[last] = 0.0;
            return;
        }
        (sine, cosine) = (f / length, g / length);
        g = d[at + 1] - shift;
        let mixed = (d[at] - g) * sine + 2.0 * cosine * b;
        shift = sine * mixed;
        d[at + 1] = g + shift;
        g = cosine * mixed - b;
        sweep.push(Rotation { at, cosine, sine });
    }
    d[first] -= shift;
    e[first] = g;
    e[last] = 0.0;
}

fn apply(row: &mut [f64], sweep: &[Rotation]) {
    for Rotation { at, cosine, sine } in sweep {
        let (low, high) = (row[*at], row[at + 1]);
        row[at + 1] = sine * low + cosine * high;
        row[*at] = cosine * low - sine * high;
    }
}
