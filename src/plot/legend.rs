//! Words around a plot: title, legend and caption, broken into lines that fit the page.
//!
//! It knows no data; swatches are drawn by whoever owns the pattern or the line.

use super::draw::{Anchor, CAP, FAINT, INK, Style, Svg};
use super::text;

/// Font size of the title, in points.
pub const TITLE_SIZE: f64 = 8.5;
/// Font size of legend entries and of names beside markers.
pub const LEGEND_SIZE: f64 = 6.5;
/// Font size of the caption.
pub const CAPTION_SIZE: f64 = 5.8;
/// Width of a swatch.
pub const SWATCH: f64 = 14.0;
/// Height of a legend row.
pub const ROW: f64 = 9.5;
/// From a swatch to its text.
const SWATCH_GAP: f64 = 3.5;
/// Between two entries of a row.
const ENTRY_GAP: f64 = 9.0;

/// Draws a swatch of [`SWATCH`] width from its left end at middle height.
pub type Swatch<'a> = Box<dyn Fn(&mut Svg, f64, f64) + 'a>;

/// A swatch, or none for a plain note, and its words.
pub struct Entry<'a> {
    pub swatch: Option<Swatch<'a>>,
    pub text: String,
}

impl Entry<'_> {
    fn width(&self) -> f64 {
        let swatch = if self.swatch.is_some() {
            SWATCH + SWATCH_GAP
        } else {
            0.0
        };
        swatch + text::width(&self.text, LEGEND_SIZE)
    }
}

/// The title from `top` down, left-aligned. Returns where it ends.
pub fn title(svg: &mut Svg, words: &str, left: f64, top: f64, width: f64) -> f64 {
    block(
        svg,
        words,
        (left, top, width),
        3,
        Style::new(TITLE_SIZE, Anchor::Start, INK),
        1.25,
    )
}

/// Caption lines from `top` down, each wrapped to the width. Returns where they end.
pub fn caption(svg: &mut Svg, lines: &[String], left: f64, top: f64, width: f64) -> f64 {
    let style = Style::new(CAPTION_SIZE, Anchor::Start, FAINT);
    lines.iter().fold(top, |y, line| {
        block(svg, line, (left, y, width), 40, style, 1.38)
    })
}

fn block(
    svg: &mut Svg,
    words: &str,
    (left, top, width): (f64, f64, f64),
    most: usize,
    style: Style,
    leading: f64,
) -> f64 {
    let mut y = top;
    for line in text::wrapped(words, style.size, width, most) {
        // The first baseline lies one capital below the top.
        svg.text(left, y + style.size * CAP, &line, style);
        y += style.size * leading;
    }
    y
}

/// Entries in rows from `top` down; with `columns` they stand under each other, else they flow.
/// Returns where they end.
pub fn entries(
    svg: &mut Svg,
    entries: &[Entry],
    (left, top, width): (f64, f64, f64),
    columns: Option<usize>,
) -> f64 {
    let widest = entries.iter().map(Entry::width).fold(0.0, f64::max);
    let columns = columns.filter(|n| *n as f64 * (widest + ENTRY_GAP) - ENTRY_GAP <= width);
    let (mut x, mut y) = (left, top);
    for (i, entry) in entries.iter().enumerate() {
        let starts_row = match columns {
            Some(n) => i % n == 0,
            None => x + entry.width() > left + width,
        };
        if i > 0 && starts_row {
            (x, y) = (left, y + ROW);
        }
        let middle = y + ROW / 2.0;
        let mut at = x;
        if let Some(swatch) = &entry.swatch {
            swatch(svg, at, middle);
            at += SWATCH + SWATCH_GAP;
        }
        let words = text::ellipsized(&entry.text, LEGEND_SIZE, left + width - at);
        let style = Style::new(LEGEND_SIZE, Anchor::Start, INK);
        svg.text(at, middle + LEGEND_SIZE * CAP / 2.0, &words, style);
        x += if columns.is_some() {
            widest
        } else {
            entry.width()
        } + ENTRY_GAP;
    }
    if entries.is_empty() { top } else { y + ROW }
}
