//! How much memory a file may ask for.
//!
//! A few kilobytes can claim to unpack to terabytes. Whatever is made of a file, checkpoint or data,
//! counts what it takes before it takes it: what was unpacked, what was decoded, and what lies beside
//! it meanwhile. So the memory in use stays in proportion to the file, and small where the file is.

use super::Parsed;

const GIB: u64 = 1 << 30;

/// The most memory that the content of a file of `stored` bytes may take at any time: 200 times as
/// much, but at least 1 GiB and at most 16 GiB, beyond which it is 16 times as much. Trained weights
/// compress by a few per cent, zeros by a thousand to one; bytes that become numbers grow eightfold.
pub fn most(stored: u64) -> u64 {
    stored
        .saturating_mul(200)
        .clamp(GIB, 16 * GIB)
        .max(stored.saturating_mul(16))
}

/// Memory that is left to a file's content.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    left: u64,
    whole: u64,
    stored: u64,
}

impl Allowance {
    /// For all that is made of a file of `stored` bytes.
    pub fn for_file(stored: u64) -> Self {
        Self {
            left: most(stored),
            whole: most(stored),
            stored,
        }
    }

    /// For arrays that are windows on `stored` bytes: names may share a storage, and integers widen
    /// eightfold, but thousands of names on one large storage are not a network.
    pub fn to_view(stored: u64) -> Self {
        let whole = stored.saturating_mul(32).saturating_add(1 << 20);
        Self {
            left: whole,
            whole,
            stored,
        }
    }

    /// Claims `bytes` for as long as the content is in use.
    ///
    /// # Errors
    /// Where the file asks for more than its size justifies.
    pub fn take(&mut self, bytes: u64) -> Parsed<()> {
        self.check(bytes)?;
        self.left -= bytes;
        Ok(())
    }

    /// Whether `bytes` more may be in use for a moment.
    ///
    /// # Errors
    /// As [`Allowance::take`].
    pub fn check(&self, bytes: u64) -> Parsed<()> {
        if bytes <= self.left {
            return Ok(());
        }
        let needed = (self.whole - self.left).saturating_add(bytes);
        Err(format!(
            "it takes {} of memory or more, but a file of {} may take {}: its size doesn't justify more (save it uncompressed)",
            size(needed),
            size(self.stored),
            size(self.whole)
        ))
    }
}

/// A number of bytes for people.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..10_240 => format!("{bytes} bytes"),
        10_240..10_485_760 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_and_what_is_passing_share_one_bound() {
        let mut left = Allowance::for_file(1000);
        left.take(900 << 20).unwrap();
        left.check(124 << 20).unwrap();
        let message = left.check(125 << 20).unwrap_err();
        assert!(
            message.contains("1025 MiB")
                && message.contains("a file of 1000 bytes may take 1024 MiB"),
            "{message}"
        );
        assert!(left.take(u64::MAX).is_err());
    }

    #[test]
    fn large_files_may_be_large_in_memory() {
        assert_eq!(most(10), GIB);
        assert_eq!(most(30 << 20), 200 * (30 << 20));
        assert_eq!(most(GIB), 16 * GIB);
        assert_eq!(most(100 * GIB), 1600 * GIB);
    }
}
