//! Which of several trials wins, if one clearly does.
//!
//! The margins. A reading is *clearly better* than another where
//! * its statistics lie closer to the kept ones by a factor of [`CLEAR_DISTANCE`], after [`SLACK`] is
//!   allowed for what few samples, moving averages and augmentation do to both, and its score isn't the
//!   worse one; or
//! * its score is higher by [`CLEAR_SCORE`], its loss lower by a factor of [`CLEAR_LOSS`], and its statistics
//!   aren't clearly the farther ones.
//!
//! The second pair of margins is from trained networks: of 887 small ones (with one to three hidden
//! layers, residual or convolutional, fifteen activations, from 3 to 60 epochs of SGD or Adam, with and without
//! weight decay and wrong labels) not one was beaten by any of 41 799 wrong readings at these margins, while a loss
//! lower by 1.5 and a score higher by 0.1 let 25 wrong readings through.
//!
//! Of 600 others, made with other seeds (`tests/fixtures/readings/make.py`), some of them no reading at all, seven were read
//! as another network: four by statistics 0.21 to 0.54 apart, while those read right mostly lay within 0.17. So a winner's
//! statistics must be as near as [`SETTLED_DISTANCE`], and an accuracy that a file records decides only against readings
//! that are far from it. Those rules were chosen on these 600. `tests/fixtures/readings/README.md` counts what they do to
//! fresh ones, and what where a network's own wiring is left out.
//!
//! A lower loss alone decides nothing: where all answers are right, whatever makes outputs larger lowers
//! it. The winner must be clearly better than every other, and *plausible*: its score well above that of
//! always giving the commonest class, or its statistics near the kept ones.

use super::trial::Trial;

/// How much closer the statistics of a clear winner lie, as a factor.
pub const CLEAR_DISTANCE: f64 = 1.5;
/// What is allowed for chance on top.
const SLACK: f64 = 0.03;
/// How much higher the score of a clear winner is.
pub const CLEAR_SCORE: f64 = 0.02;
/// How much lower its loss is, as a factor.
pub const CLEAR_LOSS: f64 = 5.0;
/// Which part of the way from chance to perfection the score of a trained network has gone at least.
pub const PLAUSIBLE_SCORE: f64 = 0.3;
/// How near its statistics are otherwise, where its score is at least above chance.
pub const PLAUSIBLE_DISTANCE: f64 = 0.35;
/// How near the statistics of a winner lie, where any are kept. Farther ones may be those of a network that isn't among
/// the readings.
pub const SETTLED_DISTANCE: f64 = 0.15;
/// So many are asked about where the likeliest can't be it.
const ASKED: usize = 6;
/// Losses this near to each other are the same to a reader, where activations are of one shape.
const NEAR: f64 = 0.05;

/// What came out of some trials.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// This one, the next behind it, and those that can't be told from it but hardly differ.
    Winner {
        /// Its number.
        best: usize,
        /// The number of the one that came next.
        next: Option<usize>,
        /// Near equals, which were passed over as the less usual.
        near: Vec<usize>,
    },
    /// Several come into question, the likeliest first.
    Open(Vec<usize>),
    /// None is plausible; all of them, the likeliest first.
    Nothing(Vec<usize>),
}

/// Judges trials. `near(a, b)` says whether two readings differ in nothing but activations of one shape;
/// the more usual reading has the lower number. `chance` is the score of a network that has learnt
/// nothing.
pub fn judge(
    trials: &[(usize, Trial)],
    chance: f64,
    near: impl Fn(usize, usize) -> bool,
) -> Verdict {
    let mut order: Vec<&(usize, Trial)> = trials.iter().collect();
    order.sort_by(|a, b| cost(&a.1).total_cmp(&cost(&b.1)).then(a.0.cmp(&b.0)));
    let all = || {
        order
            .iter()
            .map(|(number, _)| *number)
            .collect::<Vec<usize>>()
    };
    let Some(&&(first, top)) = order.first() else {
        return Verdict::Nothing(Vec::new());
    };
    if !order.iter().any(|(_, trial)| is_plausible(trial, chance)) {
        return Verdict::Nothing(all());
    }
    let rest = || order.iter().skip(1);
    let open: Vec<&&(usize, Trial)> = rest().filter(|(_, other)| !is_clear(&top, other)).collect();
    let equals = |(number, other): &(usize, Trial)| near(first, *number) && are_near(&top, other);
    // One alone, as a person asks for it, is what it is.
    if trials.len() > 1 && !top.is_settled() {
        let count = (1 + open.len()).max(ASKED);
        return Verdict::Open(all().into_iter().take(count).collect());
    }
    if !is_plausible(&top, chance) || !open.iter().all(|one| equals(one)) {
        let open = std::iter::once(first).chain(open.iter().map(|(number, _)| *number));
        return Verdict::Open(open.collect());
    }
    let mut equal: Vec<usize> = open.iter().map(|(number, _)| *number).collect();
    equal.push(first);
    equal.sort_unstable();
    let best = equal.remove(0);
    let next = rest().find(|(number, _)| *number != best && !equal.contains(number));
    Verdict::Winner {
        best,
        next: next.map(|(number, _)| *number),
        near: equal,
    }
}

/// What a reading is sorted by: the distance of its statistics and what its score lacks. Losses only
/// break ties.
pub fn cost(trial: &Trial) -> f64 {
    let score = if trial.score.is_finite() {
        trial.score.clamp(-1.0, 1.0)
    } else {
        -1.0
    };
    let loss = if trial.loss.is_finite() {
        trial.loss.abs()
    } else {
        f64::MAX
    };
    trial.distance.unwrap_or(0.0).min(3.0) + (1.0 - score) + 1e-3 * loss / (1.0 + loss)
}

impl Trial {
    /// Whether its statistics don't speak against it.
    pub fn is_settled(&self) -> bool {
        self.distance.is_none_or(|d| d <= SETTLED_DISTANCE)
    }
}

/// Whether a trained network may do as a trial did.
pub fn is_plausible(trial: &Trial, chance: f64) -> bool {
    let above = (trial.score - chance) / (1.0 - chance).max(1e-9);
    let near = trial.distance.is_some_and(|d| d <= PLAUSIBLE_DISTANCE);
    trial.loss.is_finite() && (above >= PLAUSIBLE_SCORE || near && above >= 0.1)
}

fn is_clear(best: &Trial, other: &Trial) -> bool {
    if !other.loss.is_finite() && best.loss.is_finite() {
        return true;
    }
    let apart = |near: f64, far: f64| far >= CLEAR_DISTANCE * near + SLACK;
    let (closer, farther) = match (best.distance, other.distance) {
        (Some(own), Some(other)) => (apart(own, other), apart(other, own)),
        _ => (false, false),
    };
    let gap = best.score - other.score;
    let scores = gap >= CLEAR_SCORE && other.loss >= CLEAR_LOSS * best.loss;
    closer && gap >= -0.02 || scores && !farther
}

/// Whether two trials say the same to a reader.
fn are_near(a: &Trial, b: &Trial) -> bool {
    let (low, high) = (a.loss.min(b.loss), a.loss.max(b.loss));
    high <= (1.0 + NEAR) * low && (a.score - b.score).abs() <= 0.01
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::losses::Score;

    fn trial(loss: f64, score: f64, distance: Option<f64>) -> Trial {
        Trial {
            loss,
            score,
            kind: Score::Accuracy,
            distance,
        }
    }

    fn judged(trials: &[Trial]) -> Verdict {
        let numbered: Vec<(usize, Trial)> = trials.iter().copied().enumerate().collect();
        judge(&numbered, 0.1, |_, _| false)
    }

    #[test]
    fn a_lower_loss_alone_decides_nothing() {
        let both = [trial(1e-5, 1.0, None), trial(6.6e-5, 1.0, None)];
        assert_eq!(judged(&both), Verdict::Open(vec![0, 1]));
        let wrong = trial(14.6, 0.25, None);
        let found = judged(&[wrong, both[0]]);
        assert_eq!(
            found,
            Verdict::Winner {
                best: 1,
                next: Some(0),
                near: vec![]
            }
        );
    }

    #[test]
    fn statistics_decide_where_scores_dont() {
        let found = judged(&[trial(1.0, 0.98, Some(0.9)), trial(0.01, 1.0, Some(0.05))]);
        assert_eq!(
            found,
            Verdict::Winner {
                best: 1,
                next: Some(0),
                near: vec![]
            }
        );
        let close = [trial(0.01, 1.0, Some(0.05)), trial(0.02, 1.0, Some(0.08))];
        assert_eq!(judged(&close), Verdict::Open(vec![0, 1]));
        // Two witnesses that contradict each other decide nothing.
        let torn = [trial(0.1, 0.99, Some(0.6)), trial(2.0, 0.5, Some(0.02))];
        assert!(matches!(judged(&torn), Verdict::Open(_)));
    }

    /// A network with norms after its skips, of which there was no reading, was taken for the nearest.
    #[test]
    fn the_nearest_of_far_statistics_is_no_winner() {
        let all = [trial(1.86, 0.42, Some(0.54)), trial(2.58, 0.22, Some(7.9))];
        assert_eq!(judged(&all), Verdict::Open(vec![0, 1]));
    }

    #[test]
    fn nothing_is_taken_at_the_level_of_chance() {
        let all = [trial(2.3, 0.12, None), trial(2.4, 0.1, None)];
        assert_eq!(judged(&all), Verdict::Nothing(vec![0, 1]));
        assert!(matches!(
            judged(&[trial(f64::NAN, f64::NAN, None)]),
            Verdict::Nothing(_)
        ));
    }

    #[test]
    fn near_equals_count_as_the_more_usual_one() {
        let trials = [(0, trial(0.0101, 0.99, None)), (5, trial(0.01, 0.99, None))];
        let found = judge(&trials, 0.1, |_, _| true);
        assert_eq!(
            found,
            Verdict::Winner {
                best: 0,
                next: None,
                near: vec![5]
            }
        );
    }
}
