//! How long the parts of the work take, to say how long all that is left will.

use super::part::Part;
use std::time::Duration;

/// Times by kind of part.
#[derive(Default)]
pub(super) struct Times {
    /// The part under way, and the time spent on it.
    now: Option<(Part, Duration)>,
    /// What finished parts took, the latest of each kind.
    took: Vec<(Part, Duration)>,
}

/// Whether two parts are the same at perhaps different points.
fn alike(a: Part, b: Part) -> bool {
    match (a, b) {
        (Part::Measure(a, _), Part::Measure(b, _)) => a == b,
        _ => std::mem::discriminant(&a) == std::mem::discriminant(&b),
    }
}

impl Times {
    /// Notes that a step of a part took so long.
    pub(super) fn add(&mut self, part: Part, took: Duration) {
        match &mut self.now {
            Some((now, spent)) if *now == part => *spent += took,
            other => {
                if let Some((before, spent)) = other.replace((part, took)) {
                    self.took.retain(|(old, _)| !alike(*old, before));
                    self.took.push((before, spent));
                }
            }
        }
    }

    /// Time left for a part, of which `left` is known, and `others` after it; none where one of them is
    /// the first of its kind.
    pub(super) fn left(
        &self,
        part: Part,
        left: Option<Duration>,
        others: &[Part],
    ) -> Option<Duration> {
        let usual = |part: Part| {
            let found = self.took.iter().find(|(old, _)| alike(*old, part));
            found.map(|(_, took)| *took)
        };
        let spent = match self.now {
            Some((now, spent)) if now == part => spent,
            _ => Duration::ZERO,
        };
        let own = left.or_else(|| Some(usual(part)?.saturating_sub(spent)))?;
        others
            .iter()
            .try_fold(own, |sum, other| Some(sum + usual(*other)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_been_done_at_one_point_takes_as_long_at_another() {
        let seconds = Duration::from_secs;
        let mut times = Times::default();
        times.add(Part::Curve(0.0), seconds(2));
        times.add(Part::Curve(0.0), seconds(2));
        let others = [Part::Curve(1.0), Part::Curve(0.5)];
        assert_eq!(times.left(Part::Line, Some(seconds(1)), &others), None);
        times.add(Part::Line, seconds(1));
        let left = times.left(Part::Line, Some(seconds(1)), &others);
        assert_eq!(left, Some(seconds(9)));
        let unknown = [Part::Surface(0.0)];
        assert_eq!(times.left(Part::Line, Some(seconds(1)), &unknown), None);
    }
}
