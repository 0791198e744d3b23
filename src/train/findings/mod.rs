//! What runs let one say: fits, intervals and the rule by which a finding appeared or didn't.
//!
//! Pure statistics over a few numbers. Nothing here knows which experiment they come from.

pub mod fit;
pub mod interval;
pub mod judge;
pub mod tradeoff;
