//! The numbers of `losscope measure` for its files: one table, `measures`, a row for each number.
//!
//! Its columns, which are the arrays of the `.npz`: `checkpoint`, `part` (empty for the whole network),
//! `parameters`, `measure` and `quantity` by their keys in the catalogue, `value`, `error` (a standard
//! error or a residual; 0 where a number is exact), `finished`. What can't be measured has no row; the
//! `.json` says why.

use super::figure::FigureOptions;
use super::measure::{Measure, Numbers};
use super::npz::Column::{Counts, Flags, Floats, Words};
use crate::engine::header::Header;
use crate::engine::measures::{MeasureResult, Measured, Number};
use crate::error::{Error, Result};

impl Measure for MeasureResult {
    fn header(&self) -> &Header {
        &self.header
    }

    fn numbers(&self) -> Numbers {
        let results = self.results.iter();
        let rows: Vec<(&Measured, &Number)> = results
            .flat_map(|found| found.numbers.iter().map(move |number| (found, number)))
            .collect();
        let words = |of: &dyn Fn(&Measured, &Number) -> String| {
            Words(
                rows.iter()
                    .map(|(found, number)| of(found, number))
                    .collect(),
            )
        };
        let mut numbers = Numbers::default();
        let columns = vec![
            (
                "checkpoint",
                words(&|found, _| found.checkpoint.to_string_lossy().into_owned()),
            ),
            ("part", words(&|found, _| found.part.clone())),
            (
                "parameters",
                Counts(rows.iter().map(|(found, _)| found.parameters).collect()),
            ),
            ("measure", words(&|found, _| found.measure.to_owned())),
            ("quantity", words(&|_, number| number.quantity.to_owned())),
            ("value", Floats(rows.iter().map(|(_, n)| n.value).collect())),
            ("error", Floats(rows.iter().map(|(_, n)| n.error).collect())),
            (
                "finished",
                Flags(rows.iter().map(|(found, _)| found.finished).collect()),
            ),
        ];
        numbers.table("measures", "", columns);
        numbers
    }

    fn document(&self, _: &FigureOptions) -> Result<String> {
        Err(Error::Slice("a table of measures gives no picture".into()))
    }
}
