//! What a typed path may go on as: a click takes one, Tab what all of them have in common.

use super::focus;
use super::theme::Palette;
use eframe::egui::text::{CCursor, CCursorRange};
use eframe::egui::text_edit::TextEditState;
use eframe::egui::{Id, RichText, ScrollArea, Ui};
use std::path::{Path, PathBuf};

/// Where the last of several paths begins.
fn start(text: &str) -> usize {
    text.rfind([';', '\n']).map_or(0, |i| i + 1)
}

fn last(text: &str) -> &str {
    text[start(text)..].trim()
}

/// What the last path of `text` may go on as.
pub fn found(text: &str) -> Vec<String> {
    let found = matching(last(text));
    found
        .iter()
        .map(|path| path.display().to_string())
        .collect()
}

/// Whether Tab has something to add.
pub fn goes_on(found: &[String], text: &str) -> bool {
    common(found).is_some_and(|name| name != last(text))
}

/// Draws what was found; says whether some of it was taken.
pub fn ui(ui: &mut Ui, text: &mut String, found: &[String], tab: bool, palette: &Palette) -> bool {
    let mut taken = None;
    if !found.is_empty() {
        ScrollArea::vertical().max_height(160.0).show(ui, |ui| {
            for name in found {
                let words = RichText::new(name).color(palette.weak);
                if ui.selectable_label(false, words).clicked() {
                    taken = Some(name.clone());
                }
            }
            focus::reveal(ui);
        });
    }
    if tab {
        taken = taken.or_else(|| common(found));
    }
    let Some(name) = taken.filter(|name| name != last(text)) else {
        return false;
    };
    text.truncate(start(text));
    text.push_str(&name);
    true
}

/// The longest beginning that all of them have.
fn common(names: &[String]) -> Option<String> {
    let (first, rest) = names.split_first()?;
    let same = |name: &String| {
        let both = first.chars().zip(name.chars());
        both.take_while(|(a, b)| a == b).count()
    };
    let length = rest.iter().map(same).min();
    let length = length.unwrap_or_else(|| first.chars().count());
    Some(first.chars().take(length).collect())
}

/// Puts the caret behind a text that was written for the person, who goes on there.
pub fn caret_to_end(ui: &Ui, id: Id, text: &str) {
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    let end = CCursor::new(text.chars().count());
    state.cursor.set_char_range(Some(CCursorRange::one(end)));
    state.store(ui.ctx(), id);
}

/// `~` as the home folder.
pub fn expanded(text: &str) -> PathBuf {
    match (text.strip_prefix('~'), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            PathBuf::from(home).join(rest.trim_start_matches('/'))
        }
        _ => PathBuf::from(text),
    }
}

/// Entries of a folder that begin as typed, folders with a slash; a dozen at most.
fn matching(typed: &str) -> Vec<PathBuf> {
    if typed.is_empty() {
        return Vec::new();
    }
    let path = expanded(typed);
    let (folder, start) = if typed.ends_with('/') {
        (path.clone(), String::new())
    } else {
        let start = path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        (
            path.parent().map_or_else(PathBuf::new, Path::to_owned),
            start,
        )
    };
    let folder = if folder.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        folder
    };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<PathBuf> = entries
        .take(5_000)
        .flatten()
        .filter(|e| e.file_name().to_string_lossy().starts_with(&start))
        .map(|e| {
            let path = e.path();
            if path.is_dir() { path.join("") } else { path }
        })
        .filter(|p| *p != path)
        .collect();
    found.sort();
    found.truncate(12);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_takes_what_all_completions_have_in_common() {
        let names = ["/a/epoch_1.pt", "/a/epoch_12.pt", "/a/epoch_2.pt"].map(str::to_owned);
        assert_eq!(common(&names).unwrap(), "/a/epoch_");
        assert_eq!(common(&names[..1]).unwrap(), names[0]);
        assert_eq!(common(&[]), None);
    }

    #[test]
    fn paths_are_completed() {
        let start = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.t");
        let found = matching(start);
        assert_eq!(
            found,
            [Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")]
        );
        assert!(matching("/nowhere/at/all").is_empty());
    }
}
