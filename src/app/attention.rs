//! Asking for attention when work that took long has ended and nobody was looking.

use eframe::egui::{Context, UserAttentionType, ViewportCommand};
use std::time::{Duration, Instant};

/// Work of less is waited for, and needs no sign.
const LONG: Duration = Duration::from_secs(20);

/// Since when something is being computed or written.
#[derive(Debug, Default)]
pub struct Attention {
    since: Option<Instant>,
}

impl Attention {
    /// Notes whether something is going on; asks for attention at the end of long work, unless the window has
    /// the keyboard.
    pub fn note(&mut self, ctx: &Context, busy: bool) {
        if self.is_due(busy, ctx.input(|i| i.focused), Instant::now()) {
            let sign = UserAttentionType::Informational;
            ctx.send_viewport_cmd(ViewportCommand::RequestUserAttention(sign));
        }
    }

    fn is_due(&mut self, busy: bool, seen: bool, now: Instant) -> bool {
        if busy {
            self.since.get_or_insert(now);
            return false;
        }
        let took = self.since.take().map(|since| now.duration_since(since));
        !seen && took.is_some_and(|took| took >= LONG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_work_that_ends_unseen_asks_for_attention() {
        let start = Instant::now();
        for (seconds, seen, due) in [(25, false, true), (25, true, false), (5, false, false)] {
            let mut attention = Attention::default();
            let end = start + Duration::from_secs(seconds);
            assert!(!attention.is_due(true, seen, start));
            assert!(!attention.is_due(true, seen, end), "it still goes on");
            assert_eq!(attention.is_due(false, seen, end), due, "{seconds} {seen}");
            assert!(!attention.is_due(false, seen, end), "once");
        }
    }
}
