//! The one error type of the library.
//!
//! Every variant is a sentence a user can act on: what was found, what was expected, what to do,
//! and last the path. It knows nothing of exit codes or of how a message is shown.

mod question;

pub use question::{Answer, Question};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// What can go wrong between a file and a finished surface.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused to read or write.
    #[error("can't {action}: {reason}: {}", shown(path))]
    Io {
        /// What was attempted, as a verb phrase: "read the checkpoint".
        action: &'static str,
        /// What the operating system said.
        reason: std::io::Error,
        /// The file or folder.
        path: PathBuf,
    },
    /// A file's content is not what its format promises, or not what Losscope can use.
    #[error("{message}: {}", shown(path))]
    File {
        /// Which tensor, field or offset; what was found and what was expected.
        message: String,
        /// The file or folder.
        path: PathBuf,
    },
    /// Names, shapes and layers that don't make a network, or a network that doesn't fit its data.
    #[error("{0}")]
    Model(String),
    /// A slice, grid or direction that can't be made as asked.
    #[error("{0}")]
    Slice(String),
    /// A device that is missing or that failed.
    #[error("{0}")]
    Device(String),
    /// Options that contradict each other or a value out of its range.
    #[error("{0}")]
    Usage(String),
    /// Several things fit, and nothing tells which is meant.
    #[error("{0}")]
    Undecided(Box<Question>),
}

/// A path as messages show it: on one line, whatever its name holds.
pub fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An operating system error while doing `action` (a verb phrase) on `path`.
    pub fn io(action: &'static str, path: impl AsRef<Path>, reason: std::io::Error) -> Self {
        Self::Io {
            action,
            reason,
            path: path.as_ref().to_owned(),
        }
    }

    /// A complaint about the content of the file at `path`; `message` ends without a full stop.
    pub fn file(path: impl AsRef<Path>, message: impl Into<String>) -> Self {
        Self::File {
            message: message.into(),
            path: path.as_ref().to_owned(),
        }
    }
}

/// Does some work; a panic inside a library becomes its text.
///
/// # Errors
/// What the panic said. Whoever calls this adds which file or what work it was about.
pub fn caught<T>(work: impl FnOnce() -> T) -> std::result::Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        text.unwrap_or("no message").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_line_breaks_stays_on_the_line_of_its_message() {
        let missing = Error::io(
            "read",
            "a\nerror: b\u{1b}[2J.pt",
            std::io::ErrorKind::NotFound.into(),
        );
        let text = missing.to_string();
        assert!(text.ends_with(": a\\nerror: b\\u{1b}[2J.pt"), "{text}");
        assert_eq!(shown(Path::new("größe 测试.pt")), "größe 测试.pt");
    }

    #[test]
    fn a_panic_becomes_its_text() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught(|| panic!("plain")), Err::<(), _>("plain".into()));
        let formatted = caught(|| panic!("shapes {} and {}", 2, 3));
        assert_eq!(formatted, Err::<(), _>("shapes 2 and 3".into()));
    }
}
