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
/// Share of the page that names take.
const NAMES: f64 = 0.32;

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
        let each = room * (1.0 - NAMES) / self.heads.len().max(1) as f64;
        let right = |column: usize| MARGIN + room * NAMES + each * (column + 1) as f64 - 2.0;
        let base = |top: f64| top + 0.5 * (ROW + SIZE * CAP);
        for (column, head) in self.heads.iter().enumerate() {
            let head = text::ellipsized(head, SIZE, each - 4.0);
            svg.text(
                right(column),
                base(top),
                &head,
                Style::new(SIZE, Anchor::End, FAINT),
            );
        }
        top += ROW;
        let mut striped = false;
        for row in &self.rows {
            match row {
                TableRow::Heading(words) => {
                    top += 0.3 * ROW;
                    let style = Style::new(SIZE + 0.8, Anchor::Start, INK);
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
                    let name = text::ellipsized(name, SIZE, room * NAMES - 4.0);
                    let at = (MARGIN + 2.0, base(top));
                    svg.text(at.0, at.1, &name, Style::new(SIZE, Anchor::Start, INK));
                    for (column, cell) in cells.iter().enumerate() {
                        let cell = text::ellipsized(cell, SIZE, each - 4.0);
                        let style = Style::new(SIZE, Anchor::End, INK);
                        svg.text(right(column), base(top), &cell, style);
                    }
                }
            }
            top += ROW;
        }
        let end = legend::caption(&mut svg, &self.caption, MARGIN, top + 4.0, room);
        Ok(svg.finish(page, end + MARGIN, &self.title, &self.caption.join(" ")))
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
}
