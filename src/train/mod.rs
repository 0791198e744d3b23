//! Training: one network moved along its gradients, step by step.
//!
//! Pure mathematics, as the landscape's: seeds are arguments, nothing knows a file, a clock or a thread, and
//! the same recipe gives the same weights bit for bit. A [`Trainer`] holds a network, its samples and a
//! [`Recipe`]; [`Trainer::step`] takes one step of the optimiser. All that decides the next step is in its
//! [`State`], so that a run that was stored and read back goes on as if it had never stopped. Orders,
//! augmentations and rates are functions of seed, epoch and step, and need no storing.

pub mod augment;
pub mod batch;
pub mod findings;
pub mod history;
pub mod initial;
pub mod optimizer;
pub mod order;
pub mod rate;
pub mod recipe;
pub mod state;
pub mod stop;
mod storing;
mod sums;
pub mod tally;
pub mod trainer;

pub use history::Record;
pub use recipe::Recipe;
pub use state::State;
pub use stop::Stopped;
pub use trainer::{Step, Trainer};
