//! What devices of burn's there are, as far as it matters here.

/// What a device of burn's is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A library on the processor.
    Processor,
    /// A graphics card.
    Graphics,
    /// A graphics driver on the processor.
    Software,
}
