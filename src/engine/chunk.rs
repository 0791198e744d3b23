//! How many points a step takes, adapted to how long they take.

use std::time::Duration;

/// More points than this a step bring nothing.
const MOST_POINTS: usize = 1024;

/// How many points a step takes.
#[derive(Debug, Clone, Copy)]
pub struct Chunk {
    /// How long a step should take.
    pub target: Duration,
    /// Points of the next step, at least 1.
    pub points: usize,
}

impl Chunk {
    /// Steps of about this length.
    pub fn of(target: Duration) -> Self {
        Self { target, points: 4 }
    }

    /// Notes how long `points` took.
    pub fn took(&mut self, time: Duration, points: usize) {
        let each = time.as_secs_f64() / points.max(1) as f64;
        let fitting = (self.target.as_secs_f64() / each.max(1e-9)) as usize;
        // One slow step on a busy machine is no reason to crawl, one fast no reason to leap.
        self.points = fitting
            .clamp(self.points / 4, self.points * 2)
            .clamp(1, MOST_POINTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_settles_at_the_target() {
        let mut chunk = Chunk::of(Duration::from_millis(18));
        for _ in 0..20 {
            let points = chunk.points;
            chunk.took(Duration::from_millis(2) * points as u32, points);
        }
        assert_eq!(chunk.points, 9);
        chunk.took(Duration::from_secs(1), 1);
        chunk.took(Duration::from_secs(1), 1);
        assert_eq!(chunk.points, 1);
    }
}
