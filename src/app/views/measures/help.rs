//! What every measure is, how it is made and who proposed it: the tooltips of the table.

use crate::landscape::sharpness::other::Measure;

/// Of the mean loss.
pub const LOSS: &str = "Mean loss over all samples of the split, nats";
/// Of the accuracy.
pub const ACCURACY: &str = "Share of right answers over all samples of the split";
/// Of Keskar et al.'s sharpness.
pub const PHI: &str = "φ(ε) = 100 · (max f − f) / (1 + f) while every weight may move by ε (|w| + 1); a lower bound by projected sign-gradient ascent (Keskar et al. 2017, metric 2.1).\nIt changes when layers are rescaled without changing the function (Dinh et al. 2017); the adaptive sharpnesses below don't";
/// Of the largest eigenvalues.
pub const LARGEST: &str = "The largest eigenvalues of the Hessian ∇²f over the training samples, eval mode: the curvature along the directions in which the loss bends most.\nLanczos with full reorthogonalisation and exact Hessian-vector products, until the residual ‖Hv − λv‖ is 0.1 % of λ; ± is that residual (Golub and Van Loan 2013, section 10.1)";
/// Of the smallest eigenvalue.
pub const SMALLEST: &str = "The smallest eigenvalue of the Hessian: below zero where the loss bends downwards along some direction. From the same Lanczos run as the largest";
/// Of |λ_min/λ_max|.
pub const RATIO: &str = "How far from convex the loss is here: 0 where it bends upwards in every direction (Li et al. 2018, figure 7)";
/// Of the trace.
pub const TRACE: &str = "tr H = Σ λ, the sum of all curvatures: the mean of vᵀHv over 100 random sign vectors v; ± is its standard error (Hutchinson 1990)";
/// Of the Frobenius norm.
pub const FROBENIUS: &str = "‖H‖_F = √Σ λ², from the same products as the trace: the mean of ‖Hv‖²; ± is its standard error";
/// Of the noise scale.
pub const NOISE: &str = "B_simple = tr Σ / ‖G‖²: about how many samples a batch needs for its gradient to be more signal than noise; larger batches save few steps (McCandlish et al. 2018, equation 2.9).\nExact once the gradients of all training samples are in; until then ± is the standard error of as many drawn at random";
/// Of the noise scale with curvature.
pub const BEND: &str = "B_noise = tr(HΣ) / (GᵀHG): the noise scale when the loss bends differently along different directions (McCandlish et al. 2018, equation 2.8). From 20 random vectors; ± is the standard error. Negative where the loss bends downwards along its gradient";
/// Of the alignment.
pub const ALIGNMENT: &str = "‖Σ gₙ‖ / Σ ‖gₙ‖ over the gradients of 64 samples: 1 where all point the same way, about 1/√64 = 0.125 where none are related. The mean of 20 batches; ± is its standard error. It falls with the batch size, which is why larger batches step less far (losscope noise lists several sizes)";
/// Of tr Σ.
pub const COVARIANCE: &str = "tr Σ = mean ‖gₙ‖² − ‖G‖²: how much the gradients gₙ of single samples scatter about their mean G";
/// Of ‖∇f‖.
pub const GRADIENT: &str = "‖∇f‖₂ over the training samples: 0 at a minimizer";
/// Of ‖θ‖.
pub const NORM: &str = "‖θ‖₂ over the trained tensors";
/// Of the distance from the start.
pub const MOVED: &str = "‖θ − θ₀‖₂ over the trained tensors: the distance from the initial weights (Keskar et al. 2017, figure 5; Hoffer et al. 2017)";
/// Of the relative distance.
pub const RELATIVE: &str = "‖θ − θ₀‖₂ / ‖θ₀‖₂";
/// Of the cosine.
pub const COSINE: &str = "Cosine of the angle between θ and the initial weights θ₀";

/// Of the sharpnesses that are rises of the loss.
pub fn of_measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Sam => {
            "f(w + ρ g/‖g‖) − f(w): the rise after one step of length ρ = 0.05 up the gradient g (SAM; Foret et al. 2021, equation 2). It depends on the parametrisation; ASAM doesn't"
        }
        Measure::Asam => {
            "f(w + ρ w²∘g/‖|w|∘g‖) − f(w): as SAM, in a ball scaled by the weights, which a rescaling of layers leaves unchanged (ASAM; Kwon et al. 2021, equation 6)"
        }
        Measure::AdaptiveWorst => {
            "max f(w + z) − f(w) over |zᵢ| ≤ ρ|wᵢ|, by sign-gradient ascent: a lower bound (Andriushchenko et al. 2023, equation 1 with p = ∞)"
        }
        Measure::AdaptiveAverage => {
            "The mean of f(w + ρ|w|∘ξ) − f(w) over Gaussian noise ξ; ± is its standard error (Andriushchenko et al. 2023, equation 1)"
        }
        Measure::FilterAverage => {
            "The mean of f(w + ρd) − f(w) over random filter-normalised directions d; ± is its standard error (Li et al. 2018, section 4)"
        }
    }
}
