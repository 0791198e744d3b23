//! Which scalings a data set was likely trained with, where the one in use was wrong.
//!
//! A network at chance level on its own training data has mostly been given pixels on another scale.
//! The candidates are listed here; trying them needs the network, which isn't known here.

use super::named::NAMED;
use super::rule::Normalize;

/// What is known of the numbers of a data set as they were stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The stored number that stands for 1: 255 for bytes, 16 for the digits, 1 for other numbers.
    pub unit: f64,
    /// Channels of pictures; `None` where inputs aren't pictures.
    pub channels: Option<usize>,
    /// Smallest stored input, of all splits.
    pub low: f64,
    /// Largest stored input.
    pub high: f64,
    /// Whether all stored inputs are whole numbers.
    pub whole: bool,
    /// The map in use: divided by, mean, deviation (one for all or one a channel; none: nothing).
    pub used: (f64, Vec<f64>, Vec<f64>),
}

impl Facts {
    /// The stored number that stands for 1 where inputs are pixels; `None` where they can't be.
    pub fn pixel(&self) -> Option<f64> {
        if self.unit != 1.0 {
            return Some(self.unit);
        }
        match (self.low >= 0.0, self.high) {
            (true, high) if high <= 1.0 => Some(1.0),
            (true, high) if high <= 255.0 && self.whole => Some(255.0),
            _ => None,
        }
    }

    /// The map of a rule: divided by, mean, deviation; `None` where only the data tell.
    fn map(&self, rule: &Normalize) -> Option<(f64, Vec<f64>, Vec<f64>)> {
        Some(match rule {
            Normalize::None => (1.0, Vec::new(), Vec::new()),
            Normalize::Scale(scale) => (*scale, Vec::new(), Vec::new()),
            Normalize::Given { mean, std } => (self.unit, mean.clone(), std.clone()),
            Normalize::Named(named) => {
                let scaling = named.scaling();
                (self.pixel()?, scaling.mean.to_vec(), scaling.std.to_vec())
            }
            Normalize::Auto | Normalize::PerChannel => return None,
        })
    }

    /// Whether a scaling has a number for every channel.
    fn fits(&self, rule: &Normalize) -> bool {
        let Normalize::Named(named) = rule else {
            return true;
        };
        let numbers = named.scaling().mean.len();
        numbers <= 1 || self.channels == Some(numbers)
    }
}

/// One number for all channels where they are equal, so that maps can be compared.
fn plain((unit, mean, std): &(f64, Vec<f64>, Vec<f64>)) -> (f64, Vec<f64>, Vec<f64>) {
    let one = |numbers: &[f64]| match numbers {
        [first, rest @ ..] if rest.iter().all(|x| x == first) => vec![*first],
        all => all.to_vec(),
    };
    (*unit, one(mean), one(std))
}

/// The scalings that a network may have been trained with on these data, the likeliest first, without
/// the one in use. Each can be given as [`super::super::DataOptions::normalize`].
pub fn likely(facts: &Facts) -> Vec<Normalize> {
    let mut rules = Vec::new();
    if facts.pixel().is_some() {
        rules.extend(NAMED.map(Normalize::Named));
        rules.push(Normalize::None);
        rules.push(Normalize::PerChannel);
    } else {
        rules.extend([Normalize::PerChannel, Normalize::None]);
        if facts.low >= 0.0 && facts.high <= 255.0 {
            rules.push(Normalize::Scale(255.0));
        }
    }
    let mut seen = vec![plain(&facts.used)];
    rules.retain(|rule| {
        let map = facts.map(rule).map(|map| plain(&map));
        let known = map.as_ref().is_some_and(|map| seen.contains(map));
        seen.extend(map);
        facts.fits(rule) && !known
    });
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(facts: &Facts) -> Vec<String> {
        likely(facts).iter().map(Normalize::to_string).collect()
    }

    #[test]
    fn likely_scalings_are_those_that_fit_the_channels_and_arent_in_use() {
        let colour = Facts {
            unit: 255.0,
            channels: Some(3),
            low: 0.0,
            high: 255.0,
            whole: true,
            used: (
                255.0,
                vec![0.4914, 0.4822, 0.4465],
                vec![0.2470, 0.2435, 0.2616],
            ),
        };
        let found = names(&colour);
        assert_eq!(found[..3], ["0-1", "-1-1", "cifar10-2023"]);
        assert!(!found.contains(&"cifar10".to_owned()), "it is in use");
        assert!(found.contains(&"imagenet".to_owned()) && found.contains(&"mnist".to_owned()));
        let grey = Facts {
            channels: Some(1),
            used: (255.0, vec![], vec![]),
            ..colour.clone()
        };
        assert_eq!(
            names(&grey),
            ["-1-1", "mnist", "fashion-mnist", "none", "per-channel"]
        );
        // Numbers that were scaled before are no pixels any more.
        let scaled = Facts {
            unit: 1.0,
            low: -2.1,
            high: 2.6,
            whole: false,
            used: (1.0, vec![], vec![]),
            ..colour
        };
        assert_eq!(names(&scaled), ["per-channel"]);
    }
}
