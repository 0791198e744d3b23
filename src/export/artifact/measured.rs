//! Results of single jobs: a surface, a line, a trajectory, a measure at a checkpoint.

use super::tables;
use super::what::{Artifact, Data};
use crate::engine::header::Header;
use crate::engine::result::Outcome;
use crate::error::Result;
use crate::export::figure::{self, FigureOptions};
use crate::export::measure::{self, Measure};
use crate::export::{Format, complete};
use std::borrow::Cow;
use std::hash::{Hash as _, Hasher};

impl Artifact for Outcome {
    fn header(&self) -> Cow<'_, Header> {
        Cow::Owned(complete::header(self))
    }

    fn formats(&self) -> &'static [Format] {
        Format::ALL
    }

    fn document(&self, options: &FigureOptions) -> Result<String> {
        figure::svg(self, options)
    }

    fn data(&self) -> Result<Data<'_>> {
        Ok(Data::Outcome(self))
    }

    fn mark(&self, mut hasher: &mut dyn Hasher) {
        (self.missing(), self.points()).hash(&mut hasher);
    }
}

impl<M: Measure> Artifact for M {
    fn header(&self) -> Cow<'_, Header> {
        Cow::Borrowed(Measure::header(self))
    }

    fn formats(&self) -> &'static [Format] {
        tables::FORMATS
    }

    fn document(&self, options: &FigureOptions) -> Result<String> {
        Measure::document(self, options)
    }

    fn data(&self) -> Result<Data<'_>> {
        Ok(Data::Measured(self.numbers(), measure::to_value(self)?))
    }

    fn mark(&self, hasher: &mut dyn Hasher) {
        tables::mark(&self.numbers(), hasher);
    }
}
