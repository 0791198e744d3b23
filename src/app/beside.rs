//! Further minimizers beside the two ends of the line: put on the list, into an end's place, into a plane,
//! and off the list.

use super::command::Beside;
use super::state::State;
use crate::engine::job::Directions;
use crate::engine::live::{Compared, Wish};
use std::path::PathBuf;

/// Further minimizers, at most: each has a place on every list, and in memory.
const MOST: usize = 12;

/// Opens checkpoints beside the two ends of the line.
pub fn open(state: &mut State, paths: &[PathBuf]) {
    state.open_with(&[&|wish| {
        let room = MOST.saturating_sub(wish.others.len());
        add(wish, paths);
        (paths.len() > room).then(|| {
            format!("No more than {MOST} minimizers stand beside the ends of the line; the first are open")
        })
    }]);
}

/// Puts checkpoints on the list, each once; an end of the line isn't on it.
pub fn add(wish: &mut Wish, paths: &[PathBuf]) {
    for path in paths {
        let is_end = [Some(&wish.small), wish.large.as_ref()].contains(&Some(path));
        if !is_end && !wish.others.contains(path) && wish.others.len() < MOST {
            wish.others.push(path.clone());
        }
    }
}

/// Does what a person wants with one of them.
pub fn carry_out(state: &mut State, order: Beside) {
    match order {
        Beside::Exchange(place, other) => {
            let change = |wish: &mut Wish| wish.exchange(place, other);
            state.wish.with_other_ends(change);
        }
        Beside::Through(other) => state.open_with(&[&|wish| {
            wish.go_through(other);
            None
        }]),
        Beside::Close(other) => close(&mut state.wish, other),
    }
}

/// Takes one off the list; a plane through it goes with it.
fn close(wish: &mut Wish, other: usize) {
    if other >= wish.others.len() {
        return;
    }
    let closed = wish.others.remove(other);
    if matches!(&wish.plane.directions, Directions::Three(_, third) if *third == closed) {
        wish.aim(Directions::Random);
    }
    wish.left_out
        .retain(|one| *one != Compared::Other(closed.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::live::Place;

    #[test]
    fn a_plane_through_three_goes_with_them_into_other_places() {
        let mut state = State::default();
        (state.wish.small, state.wish.large) = ("a.pt".into(), Some("b.pt".into()));
        open(&mut state, &["c.pt".into()]);
        carry_out(&mut state, Beside::Through(0));
        let three = |a: &str, b: &str| Directions::Three(a.into(), b.into());
        assert_eq!(state.wish.plane.directions, three("b.pt", "c.pt"));
        assert!(!state.wish.follows_alpha());
        let job = state.wish.surface_job(0.0);
        assert_eq!((job.at, job.alpha), (Some("a.pt".into()), None));
        state.swap();
        assert_eq!(state.wish.plane.directions, three("a.pt", "c.pt"));
        carry_out(&mut state, Beside::Exchange(Place::Large, 0));
        assert_eq!(state.wish.large, Some("c.pt".into()));
        assert_eq!(state.wish.others, [PathBuf::from("a.pt")]);
        assert_eq!(state.wish.plane.directions, three("c.pt", "a.pt"));
        carry_out(&mut state, Beside::Close(0));
        assert_eq!(state.wish.plane.directions, Directions::Random);
        // Without a second end the first of the list becomes it.
        add(
            &mut state.wish,
            &["d.pt".into(), "b.pt".into(), "d.pt".into()],
        );
        assert_eq!(state.wish.others, [PathBuf::from("d.pt")], "b is an end");
        state.wish.large = None;
        carry_out(&mut state, Beside::Exchange(Place::Large, 0));
        assert_eq!(state.wish.large, Some("d.pt".into()));
        assert!(state.wish.others.is_empty());
    }
}
