//! Whether an effect appeared: one number a seed, judged by the interval of their mean.

use super::interval::Mean;
use serde::{Deserialize, Serialize};

/// What can be said of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The whole interval lies above what is asked for.
    Appeared,
    /// The whole interval lies at or below it.
    DidNotAppear,
    /// The interval holds it, or there is no interval.
    NotDecidable,
}

/// An effect judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What can be said.
    pub verdict: Verdict,
    /// The mean over seeds; `None` where no seed has a number.
    pub mean: Option<Mean>,
    /// Seeds whose own number lies above what is asked for.
    pub in_favour: usize,
}

/// The rule of [`judge`], for readers.
pub const RULE: &str = "appeared where the 95 % t-interval of the mean over seeds lies wholly on the claimed side, did not appear where it lies wholly on the other, not decidable where it holds the border or there are fewer than two seeds";

/// Judges numbers, one a seed, against `border`: the claim is that they lie above it. Numbers that aren't finite
/// are seeds without one.
pub fn judge(effects: &[f64], border: f64) -> Judged {
    let mean = Mean::of(effects.iter().copied());
    let in_favour = effects.iter().filter(|e| **e > border).count();
    let verdict = match &mean {
        Some(mean) if mean.count > 1 => {
            let half = mean.half();
            if mean.mean - half > border {
                Verdict::Appeared
            } else if mean.mean + half <= border {
                Verdict::DidNotAppear
            } else {
                Verdict::NotDecidable
            }
        }
        _ => Verdict::NotDecidable,
    };
    Judged {
        verdict,
        mean,
        in_favour,
    }
}

impl Judged {
    /// Whether the effect appeared.
    pub fn has_appeared(&self) -> bool {
        self.verdict == Verdict::Appeared
    }

    /// In words, with the number of seeds.
    pub fn words(&self) -> String {
        let count = self.mean.map_or(0, |mean| mean.count);
        let seeds = if count == 1 { "seed" } else { "seeds" };
        match self.verdict {
            Verdict::Appeared => "appeared".into(),
            Verdict::DidNotAppear => "did not appear".into(),
            Verdict::NotDecidable => format!("not decidable with {count} {seeds}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_appears_only_beyond_its_spread() {
        assert_eq!(judge(&[1.0, 1.1, 0.9], 0.0).verdict, Verdict::Appeared);
        assert_eq!(
            judge(&[-1.0, -1.1, -0.9], 0.0).verdict,
            Verdict::DidNotAppear
        );
        let spread = judge(&[3.0, -1.0, 0.5], 0.0);
        assert_eq!(spread.verdict, Verdict::NotDecidable);
        assert_eq!(spread.in_favour, 2);
        assert_eq!(spread.words(), "not decidable with 3 seeds");
        let one = judge(&[5.0], 0.0);
        assert_eq!(one.words(), "not decidable with 1 seed");
        assert_eq!(judge(&[0.0, 0.0], 0.0).verdict, Verdict::DidNotAppear);
    }
}
