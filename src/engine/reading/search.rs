//! Which readings are tried: not all of what may be thousands, but enough that the best has no better
//! neighbour.
//!
//! First every structure with the usual activation, then whatever differs from the best few in one
//! choice, until nothing that differs from the best in one choice is left untried. It stops in time.

use super::trial::{Ground, Trial};
use crate::model::family::Recognised;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Trying takes no longer than this, once the first trial is done. A small network is done in a second: what is decided
/// mustn't depend on what else the machine does.
const LONGEST: Duration = Duration::from_secs(20);
/// So many of the best are looked around.
const BEST: usize = 4;

/// What was tried.
pub struct Found {
    /// The number of each reading that could be tried, and its trial.
    pub trials: Vec<(usize, Trial)>,
    /// Whether the best has no untried neighbour.
    pub complete: bool,
}

/// Tries readings; `lower` says whether the first trial does better than the second.
pub fn search(
    readings: &[Recognised],
    ground: &Ground<'_>,
    lower: impl Fn(&Trial, &Trial) -> bool,
) -> Found {
    let begun = Instant::now();
    let mut tried: BTreeMap<usize, Option<Trial>> = BTreeMap::new();
    let usual = readings.first().and_then(|r| r.choice("activation"));
    let first = readings.iter().enumerate();
    let first = first.filter(|(_, r)| r.choice("activation") == usual);
    let mut next: Vec<usize> = first.map(|(number, _)| number).collect();
    let mut complete = true;
    while !next.is_empty() {
        for number in next {
            if begun.elapsed() > LONGEST {
                complete = false;
                break;
            }
            if let Some(found) = readings.get(number) {
                (ground.watch)(&format!(
                    "Trying network {} of up to {}: {}",
                    tried.len() + 1,
                    readings.len(),
                    found.key()
                ));
            }
            let trial = readings
                .get(number)
                .and_then(|found| ground.attempt(&found.graph).ok());
            tried.insert(number, trial);
        }
        if !complete {
            break;
        }
        let mut best: Vec<(usize, Trial)> = known(&tried);
        best.sort_by(|a, b| {
            if lower(&a.1, &b.1) {
                std::cmp::Ordering::Less
            } else if lower(&b.1, &a.1) {
                std::cmp::Ordering::Greater
            } else {
                a.0.cmp(&b.0)
            }
        });
        next = (0..readings.len())
            .filter(|number| !tried.contains_key(number))
            .filter(|&number| {
                let beside =
                    |(own, _): &(usize, Trial)| are_neighbours(&readings[*own], &readings[number]);
                best.iter().take(BEST).any(beside)
            })
            .collect();
    }
    Found {
        trials: known(&tried),
        complete,
    }
}

fn known(tried: &BTreeMap<usize, Option<Trial>>) -> Vec<(usize, Trial)> {
    let known = tried
        .iter()
        .filter_map(|(number, trial)| Some((*number, (*trial)?)));
    known.collect()
}

/// Whether two readings differ in one choice.
fn are_neighbours(a: &Recognised, b: &Recognised) -> bool {
    let differs = |choice: &&crate::model::family::Choice| {
        b.choice(choice.name).map(|c| &c.value) != Some(&choice.value)
    };
    a.choices.iter().filter(differs).count() == 1
}
