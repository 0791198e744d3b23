//! Tables with a picture: what a view shows of several points at once, curves of φ, densities, measures.

use super::what::{Artifact, Data};
use crate::engine::header::Header;
use crate::error::Result;
use crate::export::figure::FigureOptions;
use crate::export::header::number;
use crate::export::measure::Numbers;
use crate::export::npz::Column;
use crate::export::{Format, csv, header};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::hash::{Hash as _, Hasher};
use std::sync::Arc;

/// What tables can be written as.
pub(super) const FORMATS: &[Format] = &[
    Format::Png,
    Format::Svg,
    Format::Pdf,
    Format::Csv,
    Format::Json,
    Format::Npz,
];

/// Draws tables as an SVG document.
pub type Picture = Arc<dyn Fn(&FigureOptions) -> Result<String> + Send + Sync>;

/// Single numbers and tables, with a picture of them.
#[derive(Clone)]
pub struct Tables {
    kind: &'static str,
    header: Header,
    numbers: Numbers,
    picture: Picture,
}

impl Tables {
    /// Of a kind ("density"), with no numbers yet.
    pub fn new(kind: &'static str, header: Header, picture: Picture) -> Self {
        Self {
            kind,
            header,
            numbers: Numbers::default(),
            picture,
        }
    }

    /// Adds a table; its columns are arrays of an `.npz`, each under its name with `prefix` before it.
    #[must_use]
    pub fn with(
        mut self,
        name: &'static str,
        prefix: &'static str,
        columns: Vec<(&'static str, Column)>,
    ) -> Self {
        self.numbers.table(name, prefix, columns);
        self
    }

    /// Adds words that are an array of an `.npz` alone, where tables have them in a column.
    #[must_use]
    pub fn with_words(mut self, name: &str, words: Vec<String>) -> Self {
        let (length, words) = (vec![words.len()], Column::Words(words));
        self.numbers.grids.push((name.to_owned(), length, words));
        self
    }

    /// Adds a table whose columns lie on a grid of this shape in an `.npz`, and the axes of that.
    #[must_use]
    pub fn with_grid(
        mut self,
        name: &'static str,
        axes: Vec<(&'static str, Vec<f64>)>,
        columns: Vec<(&'static str, Column)>,
        (places, values): (Vec<(&'static str, Column)>, Vec<usize>),
    ) -> Self {
        for (name, axis) in axes {
            let length = vec![axis.len()];
            self.numbers
                .grids
                .push((name.to_owned(), length, Column::Floats(axis)));
        }
        for (name, column) in &columns {
            let named = ((*name).to_owned(), values.clone(), column.clone());
            self.numbers.grids.push(named);
        }
        let columns = places.into_iter().chain(columns).collect();
        self.numbers
            .tables
            .push((None, csv::Table { name, columns }));
        self
    }
}

impl Artifact for Tables {
    fn header(&self) -> Cow<'_, Header> {
        Cow::Borrowed(&self.header)
    }

    fn formats(&self) -> &'static [Format] {
        FORMATS
    }

    fn document(&self, options: &FigureOptions) -> Result<String> {
        (self.picture)(options)
    }

    fn data(&self) -> Result<Data<'_>> {
        let mut map = Map::new();
        map.insert("kind".into(), self.kind.into());
        map.insert(header::KEY.into(), header::to_value(&self.header)?);
        for (name, value) in &self.numbers.single {
            map.insert((*name).into(), number(*value));
        }
        for (_, table) in &self.numbers.tables {
            let columns = table.columns.iter();
            let columns: Map<String, Value> = columns
                .map(|(name, column)| ((*name).to_owned(), listed(column)))
                .collect();
            map.insert(table.name.into(), columns.into());
        }
        Ok(Data::Measured(self.numbers.clone(), map.into()))
    }

    fn mark(&self, hasher: &mut dyn Hasher) {
        mark(&self.numbers, hasher);
    }
}

fn listed(column: &Column) -> Value {
    match column {
        Column::Floats(values) => values.iter().map(|v| number(*v)).collect(),
        Column::Counts(values) => values.iter().copied().map(Value::from).collect(),
        Column::Flags(values) => values.iter().copied().map(Value::from).collect(),
        Column::Words(values) => values.iter().map(|v| Value::from(v.as_str())).collect(),
    }
}

/// Every number, for what depends on them.
pub(super) fn mark(numbers: &Numbers, mut hasher: &mut dyn Hasher) {
    for (_, value) in &numbers.single {
        value.to_bits().hash(&mut hasher);
    }
    for (_, column) in numbers.tables.iter().flat_map(|(_, table)| &table.columns) {
        match column {
            Column::Floats(values) => {
                for value in values {
                    value.to_bits().hash(&mut hasher);
                }
            }
            Column::Counts(values) => values.hash(&mut hasher),
            Column::Flags(values) => values.hash(&mut hasher),
            Column::Words(values) => values.hash(&mut hasher),
        }
    }
}
