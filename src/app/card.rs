//! The cards of the side panel, by name.

use crate::engine::live::Place;

/// Where a failure is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Card {
    /// Above all: it belongs to no file that has a card.
    Top,
    /// On that of a checkpoint.
    Checkpoint(Place),
    /// On that of network and data.
    Data,
}
