//! How much memory a file may ask for.
//!
//! A few kilobytes can claim to unpack to terabytes. Every reader that expands what is stored asks
//! here first, so that the largest allocation stays in proportion to the file.

use super::Parsed;

const GIB: u64 = 1 << 30;

/// The most that `stored` compressed bytes may unpack to: 200 times as much, but at least 1 GiB and
/// at most 16 GiB. Trained weights compress by a few per cent, zeros by a thousand to one.
pub fn expansion(stored: usize) -> u64 {
    (stored as u64).saturating_mul(200).clamp(GIB, 16 * GIB)
}

/// Memory that is left to a file's content.
#[derive(Debug)]
pub struct Allowance {
    left: u64,
    whole: u64,
}

impl Allowance {
    /// For unpacking `stored` compressed bytes.
    pub fn to_expand(stored: usize) -> Self {
        let whole = expansion(stored);
        Self { left: whole, whole }
    }

    /// For arrays that are windows on `stored` bytes: names may share a storage, and integers widen
    /// eightfold, but thousands of names on one large storage are not a network.
    pub fn to_view(stored: usize) -> Self {
        let whole = (stored as u64).saturating_mul(32).saturating_add(1 << 20);
        Self { left: whole, whole }
    }

    /// Claims `bytes`.
    ///
    /// # Errors
    /// Where the file asks for more than its size justifies.
    pub fn take(&mut self, bytes: u64) -> Parsed<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            format!(
                "it takes more than {} MiB, which the size of the file doesn't justify",
                self.whole >> 20
            )
        })?;
        Ok(())
    }
}
