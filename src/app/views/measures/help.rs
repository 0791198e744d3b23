//! The tooltips of rows that cost nothing; those of measures come from the catalogue.

use crate::model::losses::Score;

/// Of the mean loss.
pub const LOSS: &str = "Mean loss over all samples of the split: nats, or the targets' unit";
/// Of ‖θ‖.
pub const NORM: &str = "‖θ‖₂ over the trained tensors";
/// Of the distance from the start.
pub const MOVED: &str = "‖θ − θ₀‖₂ over the trained tensors: the distance from the initial weights (Keskar et al. 2017, figure 5; Hoffer et al. 2017)";
/// Of the relative distance.
pub const RELATIVE: &str = "‖θ − θ₀‖₂ / ‖θ₀‖₂";
/// Of the cosine.
pub const COSINE: &str = "Cosine of the angle between θ and the initial weights θ₀";

/// Of the second number.
pub fn score(score: Score) -> String {
    format!("The {} over all samples of the split", score.meaning())
}
