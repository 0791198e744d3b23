//! A run's state, written and read back.

use super::batch::NoiseMeans;
use super::optimizer::Memory;
use super::state::State;
use super::tally::Tally;
use super::trainer::{At, Trainer};
use crate::error::Result;
use std::sync::Arc;

impl Trainer {
    /// All that decides how it goes on.
    pub fn state(&self) -> State {
        let mut state = State::default();
        state.put("trained", self.point.clone());
        for (index, spec) in self.buffers.layout().iter().enumerate() {
            if !spec.is_trainable() {
                state.put(&format!("buffer.{}", spec.name), self.buffers.at(index));
            }
        }
        state.put("start", self.start.clone());
        state.put("epoch_start", self.epoch_start.clone());
        let names = self.recipe.how.optimizer.memories();
        for (name, vector) in names.iter().zip(&self.memory.vectors) {
            state.put(&format!("optimizer.{name}"), vector.clone());
        }
        state.put("before", self.before.clone());
        let at = self.at;
        let counts = [
            at.step as f64,
            at.epoch as f64,
            at.within as f64,
            at.samples as f64,
            at.batch as f64,
            at.waited as f64,
            self.memory.steps as f64,
            self.noise.pairs as f64,
        ];
        state.put("counts", counts);
        let noise = [self.noise.covariance_trace, self.noise.gradient_squared];
        let sums = [self.path, self.best, self.length, noise[0], noise[1]];
        state.put("sums", sums);
        self.epoch.store("epoch", &mut state);
        self.window.store("window", &mut state);
        state
    }

    /// Goes on from a state that was stored.
    ///
    /// # Errors
    /// Where it is of another network or recipe.
    pub fn restore(&mut self, state: &State) -> Result<()> {
        let n = self.point.len();
        let [step, epoch, within, samples, batch, waited, taken, pairs] = state.array("counts")?;
        let [path, best, length, trace, square] = state.array("sums")?;
        self.point = state.exact("trained", n)?;
        let layout = Arc::clone(self.buffers.layout());
        for (index, spec) in layout.iter().enumerate() {
            if !spec.is_trainable() {
                let values = state.exact(&format!("buffer.{}", spec.name), spec.len())?;
                self.buffers.replace(index, values);
            }
        }
        self.start = state.exact("start", n)?;
        self.epoch_start = state.exact("epoch_start", n)?;
        let vectors = if taken > 0.0 {
            let names = self.recipe.how.optimizer.memories().iter();
            let read = names.map(|name| state.exact(&format!("optimizer.{name}"), n));
            read.collect::<Result<_>>()?
        } else {
            Vec::new()
        };
        self.memory = Memory {
            steps: taken as u64,
            vectors,
        };
        self.before = state.get("before")?.to_vec();
        self.at = At {
            step: step as u64,
            epoch: epoch as usize,
            within: within as usize,
            samples: samples as u64,
            batch: batch as usize,
            waited: waited as u64,
        };
        self.noise = NoiseMeans {
            covariance_trace: trace,
            gradient_squared: square,
            pairs: pairs as u64,
        };
        (self.path, self.best, self.length) = (path, best, length);
        self.epoch = Tally::restore("epoch", state)?;
        self.window = Tally::restore("window", state)?;
        self.order = self.order_of(self.at.epoch);
        Ok(())
    }
}
