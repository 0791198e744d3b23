//! Where a file goes: the folder that is shown, and the name that is typed into it.

use crate::app::completion::expanded;
use crate::app::state::Exported;
use std::path::{Path, PathBuf};

/// The folder that exports start in: that of the last one, else where the program was started, else
/// the home folder.
pub fn usual(exported: &Exported) -> PathBuf {
    let last = exported.folder.clone().filter(|f| f.is_dir());
    // A program started from a menu stands in the root, where nobody keeps files.
    let here = || {
        std::env::current_dir()
            .ok()
            .filter(|d| d.parent().is_some())
    };
    let home = || Some(expanded("~")).filter(|h| h.is_dir());
    last.or_else(here).or_else(home).unwrap_or_default()
}

/// A folder in `folder` that isn't there yet.
pub fn fresh(folder: &Path) -> PathBuf {
    let named = |number: usize| match number {
        1 => folder.join("losscope"),
        number => folder.join(format!("losscope-{number}")),
    };
    let mut places = (1..).map(named);
    places
        .find(|place| !place.exists())
        .unwrap_or_else(|| folder.to_owned())
}

/// The file that a typed name means: in `folder` unless it has one of its own, and with `suffix`.
pub fn target(folder: &Path, typed: &str, suffix: &str) -> PathBuf {
    let path = folder.join(expanded(typed.trim()));
    if suffix_of(&path).eq_ignore_ascii_case(suffix) {
        return path;
    }
    // What looks like a suffix may be a number: "alpha-0.5".
    let mut name = path.into_os_string();
    name.push(format!(".{suffix}"));
    name.into()
}

/// A typed name with another suffix in place of `old`, if it has that.
pub fn with_suffix(typed: &str, old: &str, new: &str) -> String {
    let typed = typed.trim();
    let stem = if suffix_of(Path::new(typed)).eq_ignore_ascii_case(old) {
        &typed[..typed.len() - old.len() - 1]
    } else {
        typed
    };
    format!("{stem}.{new}")
}

/// A path's suffix, without its dot.
pub fn suffix_of(path: &Path) -> String {
    let suffix = path.extension().unwrap_or_default();
    suffix.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_into_the_folder_that_is_shown() {
        let folder = Path::new("/home/me");
        for (typed, expected) in [
            ("a.png", "/home/me/a.png"),
            ("figures/a.PNG ", "/home/me/figures/a.PNG"),
            ("/tmp/a", "/tmp/a.png"),
            ("alpha-0.5", "/home/me/alpha-0.5.png"),
        ] {
            assert_eq!(target(folder, typed, "png"), Path::new(expected));
        }
    }

    #[test]
    fn another_format_changes_the_suffix_alone() {
        assert_eq!(with_suffix("a.png", "png", "pdf"), "a.pdf");
        assert_eq!(with_suffix("a-0.5", "png", "pdf"), "a-0.5.pdf");
        assert_eq!(with_suffix("π.PNG", "png", "svg"), "π.svg");
    }

    #[test]
    fn the_last_folder_is_where_the_next_export_starts() {
        let kept = tempfile::tempdir().unwrap();
        let mut exported = Exported {
            folder: Some(kept.path().to_owned()),
            ..Exported::default()
        };
        assert_eq!(usual(&exported), kept.path());
        exported.folder = Some(kept.path().join("gone"));
        assert!(usual(&exported).is_dir());
    }
}
