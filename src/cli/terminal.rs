//! What reaches the terminal: the only place that writes to standard output and standard error.
//!
//! Standard error is for people. Where it went away or its disk is full, what is said is lost and
//! nothing else. Standard output holds results: a reader that went away ends the program quietly, any
//! other refusal is an error. Names come from files that nobody has to trust, so whatever could move a
//! cursor, change a title or turn the direction of writing is shown as it would be typed: `\u{1b}`.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;

/// Standard output couldn't be written.
#[derive(Debug)]
pub struct Unwritten(io::Error);

impl Unwritten {
    /// Whether its reader went away, as in `losscope inspect … | head`, which is no failure.
    pub fn is_quiet(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

impl fmt::Display for Unwritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "can't write to standard output: {}", self.0)
    }
}

impl std::error::Error for Unwritten {}

/// Says something to a person, if anyone is there. What follows a line break is set back, so that no
/// name can pass for another message.
pub fn say(text: &str) {
    say_block(&text.trim_end().replace('\n', "\n    "));
}

/// The same for a text of several lines that are meant.
pub fn say_block(text: &str) {
    // In one write, so that the lines of several programs don't mix.
    let lines = format!("{}\n", harmless(text));
    io::stderr().lock().write_all(lines.as_bytes()).ok();
}

/// Prints a result to standard output.
///
/// # Errors
/// Where it can't be written.
pub fn print(text: &str) -> Result<(), Unwritten> {
    print_bytes(harmless(text).as_bytes())
}

/// Prints JSON to standard output: what isn't harmless is written as JSON's own escapes.
///
/// # Errors
/// Where it can't be written.
pub fn print_json(text: &str) -> Result<(), Unwritten> {
    let escaped = replaced(
        text,
        |c| c != '\n' && is_harmful(c),
        |c, text| {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                *text += &format!("\\u{unit:04x}");
            }
        },
    );
    print_bytes(format!("{escaped}\n").as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<(), Unwritten> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(Unwritten)
}

/// A name or another piece of one line, as it may stand in a table.
pub fn line(text: &str) -> Cow<'_, str> {
    replaced(text, is_harmful, escape)
}

/// A path in the same way.
pub fn path(path: &Path) -> String {
    line(&path.to_string_lossy()).into_owned()
}

/// A text that quotes words as they were `typed`, with those made harmless, their line breaks too.
pub fn quoting(text: &str, typed: &[String]) -> String {
    let mut text = text.to_owned();
    for word in typed {
        // An option's value, and each of several, is quoted without the rest.
        let value = word.split_once('=').map_or("", |(_, value)| value);
        for part in [word.as_str(), value].into_iter().chain(value.split(',')) {
            if let Cow::Owned(harmless) = line(part) {
                text = text.replace(part, &harmless);
                // Or what is left of it where sequences that move the cursor have been taken out.
                let shown = without_sequences(part);
                if let Cow::Owned(_) = line(&shown) {
                    text = text.replace(&shown, &harmless);
                }
            }
        }
    }
    text
}

/// A text without the sequences that begin with an escape, as clap leaves them out of its messages.
fn without_sequences(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            left.push(letter);
            continue;
        }
        let ends: fn(char) -> bool = match letters.next() {
            Some('[') => |c| ('@'..='~').contains(&c),
            Some(']') => |c| c == '\u{7}',
            _ => continue,
        };
        letters.by_ref().find(|c| ends(*c));
    }
    left
}

/// A whole text: its line breaks are meant.
fn harmless(text: &str) -> Cow<'_, str> {
    replaced(text, |c| c != '\n' && is_harmful(c), escape)
}

fn escape(c: char, text: &mut String) {
    text.extend(c.escape_default());
}

fn replaced(
    text: &str,
    harmful: impl Fn(char) -> bool,
    write: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&harmful) {
        return text.into();
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if harmful(c) {
            write(c, &mut safe);
        } else {
            safe.push(c);
        }
    }
    safe.into()
}

/// Controls, separators of lines, signs of direction, and what can't be seen at all.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// How many columns of a terminal a text takes.
pub fn columns(text: &str) -> usize {
    let within = |ranges: &[(u32, u32)], c: char| {
        let c = c as u32;
        ranges
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&c))
    };
    let of = |c| match c {
        ' '..='~' => 1,
        c if within(&MARKS, c) => 0,
        c if within(&WIDE, c) => 2,
        _ => 1,
    };
    text.chars().map(of).sum()
}

/// A text of at most `most` columns: of a longer one the beginning and the end.
pub fn shortened(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let half = most.saturating_sub(1) / 2;
    let room = |chars: &mut dyn Iterator<Item = char>| -> String {
        let mut used = 0;
        let fits = |c: &char| {
            used += columns(c.encode_utf8(&mut [0; 4]));
            used <= half
        };
        chars.take_while(fits).collect()
    };
    let first = room(&mut text.chars());
    let last = room(&mut text.chars().rev());
    let last: String = last.chars().rev().collect();
    format!("{first}…{last}")
}

/// Marks that stand over the character before them (Unicode's categories Mn and Me of common scripts),
/// and joiners.
const MARKS: [(u32, u32); 16] = [
    (0x300, 0x36f),
    (0x483, 0x489),
    (0x591, 0x5bd),
    (0x610, 0x61a),
    (0x64b, 0x65f),
    (0x93c, 0x93c),
    (0x941, 0x948),
    (0xe31, 0xe31),
    (0xe34, 0xe3a),
    (0xe47, 0xe4e),
    (0x1ab0, 0x1aff),
    (0x1dc0, 0x1dff),
    (0x200c, 0x200d),
    (0x20d0, 0x20ff),
    (0xfe00, 0xfe0f),
    (0xfe20, 0xfe2f),
];

/// Characters two columns wide (Unicode's East Asian widths W and F).
const WIDE: [(u32, u32); 16] = [
    (0x1100, 0x115f),
    (0x231a, 0x231b),
    (0x23e9, 0x23ec),
    (0x2e80, 0x303e),
    (0x3041, 0x33ff),
    (0x3400, 0x4dbf),
    (0x4e00, 0xa4cf),
    (0xa960, 0xa97c),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe30, 0xfe6f),
    (0xff01, 0xff60),
    (0xffe0, 0xffe6),
    (0x1f300, 0x1f64f),
    (0x1f680, 0x1faff),
    (0x20000, 0x3fffd),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_raw_reaches_a_terminal() {
        assert_eq!(line("\u{1b}[31mred\u{7}\n"), "\\u{1b}[31mred\\u{7}\\n");
        assert_eq!(line("a\u{9b}2Jb\u{202e}c"), "a\\u{9b}2Jb\\u{202e}c");
        assert_eq!(harmless("two\nlines\r"), "two\nlines\\r");
        assert_eq!(line("größe 测试.pt"), "größe 测试.pt");
    }

    #[test]
    fn a_width_is_counted_in_columns() {
        assert_eq!(columns("größe"), 5);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(columns("测试.pt"), 7);
        assert_eq!(columns("‖∇‖ α"), 5);
    }

    #[test]
    fn a_long_name_keeps_its_beginning_and_its_end() {
        let name = format!("first{}last", "测".repeat(200));
        let short = shortened(&name, 21);
        assert_eq!(short, "first测测…测测测last");
        assert_eq!(shortened("fc1.weight", 21), "fc1.weight");
    }
}
