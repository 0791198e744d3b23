//! A table as a figure: names to the left, numbers to the right, groups under headings of their own.

use super::draw::{Anchor, CAP, FAINT, INK, Style, Svg, number};
use super::figure;
use super::legend;
use super::text;
use crate::error::{Error, Result};

const MARGIN: f64 = 4.0;
/// Height of a row.
const ROW: f64 = 9.5;
/// Font size of cells.
const SIZE: f64 = 6.5;
/// The smallest, where a page is narrow; what doesn't fit even then is cut.
const SMALLEST: f64 = 4.0;
/// Between the words of one column and the next.
const GAP: f64 = 6.0;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub enum TableRow {
    /// Words over the rows that follow.
    Heading(String),
    /// A name and its cells.
    Cells(String, Vec<String>),
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TableFigure {
    /// What stands over the cells' columns.
    pub heads: Vec<String>,
    /// The rows.
    pub rows: Vec<TableRow>,
    /// A short title; may be empty.
    pub title: String,
    /// Small lines below: how the numbers were made.
    pub caption: Vec<String>,
    /// Width of the page in millimetres, held to 40..1000.
    pub width_mm: f64,
}

impl TableFigure {
    /// The figure as an SVG document.
    ///
    /// # Errors
    /// Where there is no row.
    pub fn svg(&self) -> Result<String> {
        if self.rows.is_empty() {
            return Err(Error::Slice("the table has no rows".into()));
        }
        let page = figure::page_width(self.width_mm);
        let room = page - 2.0 * MARGIN;
        let mut svg = Svg::default();
        let mut top = MARGIN;
        if !self.title.trim().is_empty() {
            top = legend::title(&mut svg, &self.title, MARGIN, top, room) + 2.0;
        }
        let columns = self.columns(room);
        let size = columns.size;
        let right = |column: usize| MARGIN + columns.right[column] - 2.0;
        let base = |top: f64| top + 0.5 * (ROW + size * CAP);
        for (column, head) in self.heads.iter().enumerate() {
            let head = text::ellipsized(head, size, columns.room(column));
            svg.text(
                right(column),
                base(top),
                &head,
                Style::new(size, Anchor::End, FAINT),
            );
        }
        top += ROW;
        let mut striped = false;
        for row in &self.rows {
            match row {
                TableRow::Heading(words) => {
                    top += 0.3 * ROW;
                    let style = Style::new(size + 0.8, Anchor::Start, INK);
                    svg.text(MARGIN, base(top), words, style);
                    let line = [(MARGIN, top + ROW), (page - MARGIN, top + ROW)];
                    svg.line(&line, FAINT, 0.3);
                    striped = false;
                }
                TableRow::Cells(name, cells) => {
                    if striped {
                        svg.element(&format!(
                            r##"<rect x="{}" y="{}" width="{}" height="{ROW}" fill="#808080" fill-opacity="0.1"/>"##,
                            number(MARGIN),
                            number(top),
                            number(room)
                        ));
                    }
                    striped = !striped;
                    let name = text::ellipsized(name, size, columns.names - GAP);
                    let at = (MARGIN + 2.0, base(top));
                    svg.text(at.0, at.1, &name, Style::new(size, Anchor::Start, INK));
                    for (column, cell) in cells.iter().enumerate().take(self.heads.len()) {
                        let cell = text::ellipsized(cell, size, columns.room(column));
                        let style = Style::new(size, Anchor::End, INK);
                        svg.text(right(column), base(top), &cell, style);
                    }
                }
            }
            top += ROW;
        }
        let end = legend::caption(&mut svg, &self.caption, MARGIN, top + 4.0, room);
        Ok(svg.finish(page, end + MARGIN, &self.title, &self.caption.join(" ")))
    }

    /// Columns as wide as their longest words, in letters so small that all of them fit.
    fn columns(&self, room: f64) -> Columns {
        let wide = |words: &str| text::width(words, SIZE) + GAP;
        let mut names: f64 = 0.0;
        let mut each: Vec<f64> = self.heads.iter().map(|head| wide(head)).collect();
        for row in &self.rows {
            if let TableRow::Cells(name, cells) = row {
                names = names.max(wide(name));
                for (own, cell) in each.iter_mut().zip(cells) {
                    *own = own.max(wide(cell));
                }
            }
        }
        let total = names + each.iter().sum::<f64>();
        let scale = (room / total.max(1.0)).min(1.0);
        // What is left over goes between the columns of numbers.
        let spare = (room - scale * total).max(0.0) / each.len().max(1) as f64;
        names *= scale;
        let mut at = names;
        let right = each.iter().map(|own| {
            at += scale * own + spare;
            at
        });
        Columns {
            right: right.collect(),
            names,
            size: (SIZE * scale).max(SMALLEST),
        }
    }
}

/// Where the columns of a table stand, from its left edge.
struct Columns {
    /// Right edges.
    right: Vec<f64>,
    /// What names take.
    names: f64,
    /// Size of the letters.
    size: f64,
}

impl Columns {
    /// What the words of a column may take.
    fn room(&self, column: usize) -> f64 {
        let left = column
            .checked_sub(1)
            .map_or(self.names, |last| self.right[last]);
        self.right[column] - left - 3.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_on_the_page_and_a_table_without_rows_is_none() {
        let cells = |name: &str, cells: [&str; 2]| {
            TableRow::Cells(name.into(), cells.map(str::to_owned).to_vec())
        };
        let table = TableFigure {
            heads: ["small batch", "large batch"].map(str::to_owned).to_vec(),
            rows: vec![
                TableRow::Heading("Sharpness".into()),
                cells("φ", ["1.2", "3.4"]),
                cells("SAM", ["5.6", "–"]),
            ],
            width_mm: 100.0,
            ..TableFigure::default()
        };
        let svg = table.svg().unwrap();
        for words in ["Sharpness", "φ", "1.2", "3.4", "large batch", "5.6"] {
            assert!(svg.contains(&format!(">{words}</text>")), "{words}");
        }
        assert!(TableFigure::default().svg().is_err());
    }

    #[test]
    fn numbers_are_whole_on_a_narrow_page() {
        let long = "0.766±0.0123";
        let table = TableFigure {
            heads: vec!["small batch".into(); 4],
            rows: vec![TableRow::Cells(
                "mean, filter noise".into(),
                vec![long.into(); 4],
            )],
            width_mm: 80.0,
            ..TableFigure::default()
        };
        let svg = table.svg().unwrap();
        assert_eq!(svg.matches(&format!(">{long}</text>")).count(), 4, "{svg}");
        assert_eq!(svg.matches(">small batch</text>").count(), 4);
    }
}
