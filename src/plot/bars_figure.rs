//! Bars from zero, several sets of them row by row, as a figure: what each layer has of something.

use super::colormap::{Rgb, hex};
use super::draw::{Anchor, CAP, INK, Style, Svg, number};
use super::figure;
use super::legend::{self, Entry, SWATCH};
use super::number::format_value;
use super::text;
use crate::error::{Error, Result};

const MARGIN: f64 = 4.0;
/// Height of a bar.
const BAR: f64 = 6.4;
/// Between two rows.
const GAP: f64 = 4.0;
/// Font sizes of names and of numbers.
const SIZES: (f64, f64) = (6.5, 5.6);
/// Share of the page that names take, at most.
const NAMES: f64 = 0.3;

/// A set of bars, one a row.
#[derive(Debug, Clone, PartialEq)]
pub struct BarSet {
    /// Its name in the legend.
    pub name: String,
    /// Its colour.
    pub color: Rgb,
    /// Values; a bar is as long as one is large, whatever its sign, and what isn't finite has none.
    pub values: Vec<f64>,
}

/// Bars row by row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BarsFigure {
    /// Names of the rows.
    pub rows: Vec<String>,
    /// The sets.
    pub sets: Vec<BarSet>,
    /// A short title; may be empty.
    pub title: String,
    /// Small lines below: what the values are.
    pub caption: Vec<String>,
    /// Width of the page in millimetres, held to 40..1000.
    pub width_mm: f64,
}

impl BarsFigure {
    /// The figure as an SVG document.
    ///
    /// # Errors
    /// Where there is no value to draw.
    pub fn svg(&self) -> Result<String> {
        let values = self.sets.iter().flat_map(|set| &set.values);
        let most = values
            .copied()
            .filter(|v| v.is_finite())
            .map(f64::abs)
            .fold(f64::NAN, f64::max);
        if self.rows.is_empty() || most.is_nan() {
            return Err(Error::Slice("there are no bars to draw".into()));
        }
        let page = figure::page_width(self.width_mm);
        let room = page - 2.0 * MARGIN;
        let mut svg = Svg::default();
        let mut top = MARGIN;
        if !self.title.trim().is_empty() {
            top = legend::title(&mut svg, &self.title, MARGIN, top, room) + 2.0;
        }
        let entry = |set: &BarSet| {
            let color = hex(set.color);
            Entry {
                swatch: Some(Box::new(move |svg: &mut Svg, x: f64, y: f64| {
                    bar(svg, (x, y - 0.5 * BAR), SWATCH, &color);
                })),
                text: set.name.clone(),
            }
        };
        let entries: Vec<Entry<'_>> = self.sets.iter().map(entry).collect();
        top = legend::entries(&mut svg, &entries, (MARGIN, top, room), None) + 4.0;
        let widest = self.rows.iter().map(|name| text::width(name, SIZES.0));
        let names = widest.fold(0.0, f64::max).min(NAMES * room) + 4.0;
        let numbers = text::width("8.88×10⁻⁸", SIZES.1) + 4.0;
        let (left, reach) = (MARGIN + names, (room - names - numbers).max(10.0));
        for (row, name) in self.rows.iter().enumerate() {
            let height = BAR * self.sets.len() as f64;
            let name = text::ellipsized(name, SIZES.0, names - 4.0);
            let middle = top + 0.5 * (height + SIZES.0 * CAP);
            svg.text(
                MARGIN,
                middle,
                &name,
                Style::new(SIZES.0, Anchor::Start, INK),
            );
            for (index, set) in self.sets.iter().enumerate() {
                let Some(value) = set.values.get(row) else {
                    continue;
                };
                let share = if value.is_finite() && most > 0.0 {
                    value.abs() / most
                } else {
                    0.0
                };
                let y = top + BAR * index as f64;
                let width = (reach * share).max(0.4);
                bar(&mut svg, (left, y), width, &hex(set.color));
                let style = Style::new(SIZES.1, Anchor::Start, INK);
                let base = y + 0.5 * (BAR + SIZES.1 * CAP);
                svg.text(left + width + 2.0, base, &format_value(*value), style);
            }
            top += height + GAP;
        }
        let end = legend::caption(&mut svg, &self.caption, MARGIN, top + 2.0, room);
        Ok(svg.finish(page, end + MARGIN, &self.title, &self.caption.join(" ")))
    }
}

fn bar(svg: &mut Svg, (left, top): (f64, f64), width: f64, color: &str) {
    svg.element(&format!(
        r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{color}"/>"#,
        number(left),
        number(top + 0.3),
        number(width),
        number(BAR - 0.6)
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_bar_is_the_largest_value_and_nan_has_none() {
        let figure = BarsFigure {
            rows: ["conv1", "fc"].map(str::to_owned).to_vec(),
            sets: vec![BarSet {
                name: "small batch".into(),
                color: [10, 20, 30],
                values: vec![2.0, f64::NAN],
            }],
            width_mm: 100.0,
            ..BarsFigure::default()
        };
        let svg = figure.svg().unwrap();
        let widths: Vec<f64> = svg
            .lines()
            .filter(|line| line.contains("<rect") && line.contains("#0a141e"))
            .filter_map(|line| {
                line.split("width=\"")
                    .nth(1)?
                    .split('"')
                    .next()?
                    .parse()
                    .ok()
            })
            .collect();
        // The legend's swatch, the bar of 2, the stroke of what has no value.
        assert!(
            widths.len() == 3 && widths[1] > 50.0 && widths[2] < 1.0,
            "{widths:?}"
        );
        assert!(svg.contains(">conv1</text>"));
        assert!(BarsFigure::default().svg().is_err());
    }
}
