//! A table in memory, column by column, and arrays made of it.
//!
//! Which column is what isn't known here.

use super::super::array::{Array, Values};
use super::super::images::read::Picture;
use crate::store::element::{Dtype, Element};

/// A table, column by column.
#[derive(Debug, Default)]
pub struct Table {
    /// Its columns in order, all of as many cells.
    pub columns: Vec<Column>,
    /// How many.
    pub rows: usize,
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its name; where there is no header, its place counted from 0.
    pub name: String,
    /// Its cells.
    pub cells: Cells,
}

/// The cells of a column.
#[derive(Debug)]
pub enum Cells {
    /// Numbers, rounded once to f32, as many a cell as `shape` says.
    Numbers {
        /// Cell after cell.
        values: Vec<f32>,
        /// Shape of a cell; `[]`: one number.
        shape: Vec<usize>,
        /// Whether all were written as integers.
        whole: bool,
    },
    /// Text.
    Text(Vec<String>),
    /// Encoded pictures.
    Pictures(Vec<Picture>),
}

impl Cells {
    /// The type in words.
    pub fn words(&self) -> String {
        match self {
            Self::Numbers { shape, whole, .. } => {
                let kind = if *whole { "integers" } else { "numbers" };
                match shape.as_slice() {
                    [] => kind.to_owned(),
                    shape => format!("{kind} of shape {shape:?}"),
                }
            }
            Self::Text(_) => "text".to_owned(),
            Self::Pictures(_) => "pictures".to_owned(),
        }
    }
}

impl Table {
    /// The column of exactly this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The pictures of a column.
    pub fn pictures(&self, name: &str) -> Option<std::slice::Iter<'_, Picture>> {
        match &self.column(name)?.cells {
            Cells::Pictures(pictures) => Some(pictures.iter()),
            _ => None,
        }
    }

    /// Its columns in words.
    pub fn found(&self) -> String {
        let more = if self.columns.len() > 20 { ", …" } else { "" };
        let column = |column: &Column| format!("{} ({})", column.name, column.cells.words());
        let shown: Vec<String> = self.columns.iter().take(20).map(column).collect();
        format!("{}{more}", shown.join(", "))
    }

    /// The column of this name.
    pub fn named(&self, name: &str) -> Result<String, String> {
        let name = name.trim();
        let exact = self.column(name);
        let lower = name.to_lowercase();
        let found = exact.or_else(|| self.columns.iter().find(|c| c.name.to_lowercase() == lower));
        let found = found.ok_or_else(|| format!("no column {name}; found {}", self.found()))?;
        Ok(found.name.clone())
    }

    /// The numbers of these columns, row after row.
    pub fn inputs(&self, names: &[String]) -> Result<Array, String> {
        let mut columns = Vec::with_capacity(names.len());
        for name in names {
            let column = self
                .column(name)
                .ok_or_else(|| format!("no column {name}"))?;
            match &column.cells {
                Cells::Numbers { values, shape, .. } => {
                    columns.push((values, shape, shape.iter().product::<usize>()));
                }
                other => {
                    return Err(format!(
                        "the column {name} holds {}, and inputs are numbers; encode it as the network \
                         was given it, or name the columns that are inputs: --data-keys \
                         x=NAME+NAME,y=NAME",
                        other.words()
                    ));
                }
            }
        }
        let width: usize = columns.iter().map(|(_, _, width)| width).sum();
        let mut values = Vec::with_capacity(width.saturating_mul(self.rows));
        for row in 0..self.rows {
            for (column, _, width) in &columns {
                values.extend(column.iter().skip(row * width).take(*width));
            }
        }
        let mut shape = vec![self.rows];
        match columns.as_slice() {
            [(_, own, _)] if !own.is_empty() => shape.extend(own.iter()),
            _ => shape.push(width),
        }
        Ok(Array {
            dtype: Dtype::from(Element::F32),
            shape,
            values: Values::F32(values),
        })
    }
}

impl Column {
    /// The targets; text by its place among `classes`.
    pub fn target(&self, classes: &[String]) -> Result<Array, String> {
        let array = |shape: Vec<usize>, values: Values, element| Array {
            dtype: Dtype::from(element),
            shape,
            values,
        };
        Ok(match &self.cells {
            Cells::Text(cells) => {
                let place = |cell: &String| classes.iter().position(|class| class == cell);
                let codes: Option<Vec<i64>> =
                    cells.iter().map(|cell| Some(place(cell)? as i64)).collect();
                let codes = codes.ok_or_else(|| {
                    format!("the column {} has text that names no class", self.name)
                })?;
                array(vec![codes.len()], Values::I64(codes), Element::I64)
            }
            Cells::Numbers {
                values,
                shape,
                whole,
            } => {
                let rows = values.len() / shape.iter().product::<usize>().max(1);
                let shape = std::iter::once(rows).chain(shape.iter().copied()).collect();
                if *whole {
                    let values = values.iter().map(|v| *v as i64).collect();
                    array(shape, Values::I64(values), Element::I64)
                } else {
                    array(shape, Values::F32(values.clone()), Element::F32)
                }
            }
            Cells::Pictures(_) => {
                return Err(format!(
                    "the column {} holds pictures, which aren't read as targets here; save both as \
                     arrays, or masks as a folder",
                    self.name
                ));
            }
        })
    }
}
