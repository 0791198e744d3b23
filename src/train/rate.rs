//! The learning rate as a function of the step: schedules and warm-up.
//!
//! Steps are counted as if every epoch had those of the first one, so that a batch that grows doesn't bend
//! the schedule.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// How the learning rate changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// Not at all.
    #[default]
    Constant,
    /// By a factor every so many epochs, or at those named.
    Step,
    /// Down half a cosine to the floor (Loshchilov and Hutter 2017).
    Cosine,
    /// Up and down once (Smith and Topin 2017), as PyTorch's `OneCycleLR` with its defaults.
    OneCycle,
}

/// A schedule of the learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Args)]
#[command(next_help_heading = "Learning rate")]
#[serde(default)]
pub struct Schedule {
    /// How the learning rate changes
    #[arg(long, value_enum, default_value_t = Shape::Constant)]
    pub schedule: Shape,
    /// Epochs over which the rate first grows linearly, step after step; 0: none
    #[arg(long, default_value_t = 0.0, value_name = "EPOCHS")]
    pub warmup: f64,
    /// Epochs from one step of the schedule to the next
    #[arg(long, default_value_t = 30.0, value_name = "EPOCHS")]
    pub decay_every: f64,
    /// Epochs after which the rate steps down, in place of --decay-every
    #[arg(long, value_delimiter = ',', value_name = "EPOCH,…")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decay_at: Vec<f64>,
    /// What each step multiplies the rate by
    #[arg(long, default_value_t = 0.1)]
    pub decay_factor: f64,
    /// The share of the rate that a cosine ends at
    #[arg(long, default_value_t = 0.0)]
    pub floor: f64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            schedule: Shape::Constant,
            warmup: 0.0,
            decay_every: 30.0,
            decay_at: Vec::new(),
            decay_factor: 0.1,
            floor: 0.0,
        }
    }
}

/// Share of the steps in which one cycle goes up.
const RISE: f64 = 0.3;
/// One cycle starts at the rate over this …
const START: f64 = 25.0;
/// … and ends at its start over this.
const END: f64 = 1e4;

/// When a step is taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct When {
    /// Steps taken before it, of the first epoch's length.
    pub step: f64,
    /// Steps in an epoch.
    pub each: f64,
    /// Steps in all.
    pub total: f64,
}

impl Schedule {
    /// What the rate is multiplied by at a step.
    pub fn factor(&self, when: When) -> f64 {
        let warm = self.warmup * when.each;
        if when.step < warm {
            return ((when.step + 1.0) / warm).min(1.0);
        }
        match self.schedule {
            Shape::Constant => 1.0,
            Shape::Step => {
                // A whole epoch is one however its steps were divided.
                let epoch = when.step / when.each + 1e-9;
                let times = if self.decay_at.is_empty() {
                    (epoch / self.decay_every).floor()
                } else {
                    self.decay_at.iter().filter(|at| **at <= epoch).count() as f64
                };
                self.decay_factor.powf(times)
            }
            Shape::Cosine => {
                let length = (when.total - warm).max(1.0);
                let share = ((when.step - warm) / length).clamp(0.0, 1.0);
                self.floor + (1.0 - self.floor) * (1.0 + (PI * share).cos()) / 2.0
            }
            Shape::OneCycle => {
                let peak = RISE * when.total - 1.0;
                let last = when.total - 1.0;
                let between = |from: f64, to: f64, share: f64| {
                    to + (from - to) / 2.0 * ((PI * share.clamp(0.0, 1.0)).cos() + 1.0)
                };
                if when.step <= peak {
                    between(1.0 / START, 1.0, when.step / peak)
                } else {
                    let share = (when.step - peak) / (last - peak).max(1e-9);
                    between(1.0, 1.0 / START / END, share)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(step: f64) -> When {
        When {
            step,
            each: 10.0,
            total: 100.0,
        }
    }

    #[test]
    fn a_rate_warms_up_and_steps_down_at_whole_epochs() {
        let schedule = Schedule {
            schedule: Shape::Step,
            warmup: 0.5,
            decay_every: 3.0,
            ..Schedule::default()
        };
        let of = |step| schedule.factor(at(step));
        assert_eq!([of(0.0), of(3.0), of(4.0), of(5.0)], [0.2, 0.8, 1.0, 1.0]);
        assert_eq!([of(29.0), of(30.0)], [1.0, 0.1]);
        assert!((of(60.0) - 0.01).abs() < 1e-15);
        let named = Schedule {
            decay_at: vec![1.0, 2.0],
            warmup: 0.0,
            ..schedule
        };
        assert_eq!(named.factor(at(9.0)), 1.0);
        assert_eq!(named.factor(at(10.0)), 0.1);
    }

    #[test]
    fn cosine_and_one_cycle_end_where_they_should() {
        let of = |schedule| Schedule {
            schedule,
            ..Schedule::default()
        };
        let cosine = of(Shape::Cosine);
        assert_eq!(cosine.factor(at(0.0)), 1.0);
        assert!((cosine.factor(at(50.0)) - 0.5).abs() < 1e-12);
        let cycle = of(Shape::OneCycle);
        assert!((cycle.factor(at(0.0)) - 0.04).abs() < 1e-12);
        assert!((cycle.factor(at(29.0)) - 1.0).abs() < 1e-12);
        assert!((cycle.factor(at(99.0)) - 0.04e-4).abs() < 1e-12);
    }
}
