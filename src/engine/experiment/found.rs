//! What an experiment comes to: tables, pictures and findings.

use crate::engine::result::Outcome;
use crate::plot::curves_figure::{Curve, CurvesFigure};
use crate::plot::figure::ContourFigure;
use crate::plot::scale::Scale;
use crate::train::findings::judge::{Judged, judge};

/// What was found.
#[derive(Default)]
pub struct Findings {
    /// Each with its verdict.
    pub findings: Vec<Finding>,
    /// Numbers.
    pub tables: Vec<Table>,
    /// Pictures.
    pub pictures: Vec<Picture>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// A claim of the source, held against the runs.
#[derive(Debug, Clone)]
pub struct Finding {
    /// What the source found.
    pub source: String,
    /// What was found here, in numbers.
    pub here: String,
    /// The number that each seed has for it, which [`crate::train::findings::judge::RULE`] judges.
    pub rule: String,
    /// What can be said of it.
    pub judged: Judged,
}

impl Finding {
    /// Judges a claim by numbers, one a seed, that lie above 0 where it holds; `number` says what they are.
    pub fn new(source: &str, number: &str, effects: &[f64], here: String) -> Self {
        Self::beyond(source, number, (effects, 0.0), here)
    }

    /// As [`Finding::new`], with numbers that lie above a border where the claim holds.
    pub fn beyond(
        source: &str,
        number: &str,
        (effects, border): (&[f64], f64),
        here: String,
    ) -> Self {
        Self {
            source: source.to_owned(),
            here,
            rule: number.to_owned(),
            judged: judge(effects, border),
        }
    }
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A word.
    Word(String),
    /// A number; NaN where there is none.
    Number(f64),
}

impl From<&str> for Cell {
    fn from(word: &str) -> Self {
        Self::Word(word.to_owned())
    }
}

impl From<String> for Cell {
    fn from(word: String) -> Self {
        Self::Word(word)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Cell {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

/// A table: a file of data, and one of the page where it is short.
#[derive(Debug, Clone)]
pub struct Table {
    /// Name of its file.
    pub name: &'static str,
    /// What stands over it.
    pub title: String,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its rows, each with a cell a column.
    pub rows: Vec<Vec<Cell>>,
    /// Whether the page shows it.
    pub shown: bool,
}

impl Table {
    /// An empty one that the page shows.
    pub fn new(name: &'static str, title: &str, columns: &[&str]) -> Self {
        Self {
            name,
            title: title.to_owned(),
            columns: columns.iter().map(|&c| c.to_owned()).collect(),
            rows: Vec::new(),
            shown: true,
        }
    }

    /// One for the file alone.
    #[must_use]
    pub fn for_files(mut self) -> Self {
        self.shown = false;
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// What a picture is drawn from.
pub enum Drawing {
    /// Curves over an axis.
    Curves(Box<CurvesFigure>),
    /// Curves side by side.
    Several(Vec<CurvesFigure>),
    /// A map of colours.
    Map(Box<ContourFigure>),
    /// Maps of colours side by side.
    Maps(Vec<ContourFigure>),
    /// Surfaces side by side on one scale of colours.
    Surfaces(Vec<(String, Outcome)>),
    /// The line between two minimizers.
    Line(Box<Outcome>),
}

/// A picture.
pub struct Picture {
    /// Name of its files.
    pub name: &'static str,
    /// What stands under it on the page.
    pub caption: String,
    /// What it is drawn from.
    pub drawing: Drawing,
}

impl Picture {
    /// Curves over an axis; `None` where none has a point.
    pub fn curves(
        name: &'static str,
        title: &str,
        [x, y]: [(&str, Scale); 2],
        curves: Vec<Curve>,
        caption: &str,
    ) -> Option<Self> {
        figure(title, [x, y], curves).map(|figure| Self {
            name,
            caption: caption.to_owned(),
            drawing: Drawing::Curves(Box::new(figure)),
        })
    }
}

/// Width of a picture of an experiment, in millimetres.
const WIDTH_MM: f64 = 110.0;

/// Curves as a figure; `None` where none has a point that both axes can show.
pub fn figure(title: &str, [x, y]: [(&str, Scale); 2], curves: Vec<Curve>) -> Option<CurvesFigure> {
    let shown = |value: f64, scale: Scale| scale.forward(value).is_finite();
    let any = curves.iter().any(|c| {
        let mut pairs = c.x.iter().zip(&c.y);
        pairs.any(|(a, b)| shown(*a, x.1) && shown(*b, y.1))
    });
    any.then(|| CurvesFigure {
        curves,
        x_label: x.0.to_owned(),
        y_label: y.0.to_owned(),
        x_scale: x.1,
        y_scale: y.1,
        title: title.to_owned(),
        width_mm: WIDTH_MM,
        ..CurvesFigure::default()
    })
}
