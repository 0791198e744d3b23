//! What a surface or a line holds: metrics for a list of points, some not yet computed.

use crate::landscape::adaptive::Values;
use crate::landscape::evaluate::Metrics;
use crate::model::losses::Score;

/// Metrics of one split at every point: NaN where not computed, non-finite where the loss is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    /// Mean loss in the loss's unit.
    pub loss: Vec<f64>,
    /// The score: fraction of right answers, or R².
    pub score: Vec<f64>,
}

/// Metrics of a list of points over up to two splits.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// On the training split, where asked for.
    pub train: Option<Column>,
    /// On the validation split, where asked for.
    pub validation: Option<Column>,
    /// Which points have been computed.
    pub computed: Vec<bool>,
    /// Which points were interpolated between computed ones; empty where none was.
    pub interpolated: Vec<bool>,
    /// What the second number of the columns is.
    pub score: Score,
}

impl Column {
    fn new(points: usize) -> Self {
        Self {
            loss: vec![f64::NAN; points],
            score: vec![f64::NAN; points],
        }
    }

    fn set(&mut self, index: usize, metrics: Metrics) {
        if let (Some(loss), Some(score)) = (self.loss.get_mut(index), self.score.get_mut(index)) {
            *loss = metrics.loss;
            *score = metrics.score;
        }
    }
}

impl Table {
    /// Nothing computed yet.
    pub fn new(points: usize, train: bool, validation: bool, score: Score) -> Self {
        Self {
            train: train.then(|| Column::new(points)),
            validation: validation.then(|| Column::new(points)),
            computed: vec![false; points],
            interpolated: Vec::new(),
            score,
        }
    }

    /// Notes the metrics of one point, in the order training, validation of those asked for.
    pub fn set(&mut self, index: usize, metrics: &[Metrics]) {
        let columns = self.train.iter_mut().chain(self.validation.iter_mut());
        for (column, &m) in columns.zip(metrics) {
            column.set(index, m);
        }
        if let Some(done) = self.computed.get_mut(index) {
            *done = true;
        }
    }

    /// Whether a point has numbers, computed or interpolated.
    pub fn is_known(&self, index: usize) -> bool {
        let is = |flags: &[bool]| flags.get(index).is_some_and(|flag| *flag);
        is(&self.computed) || is(&self.interpolated)
    }

    /// Which points have numbers, computed or interpolated.
    pub fn known(&self) -> Vec<bool> {
        (0..self.computed.len()).map(|i| self.is_known(i)).collect()
    }

    /// Points without numbers.
    pub fn missing(&self) -> usize {
        (0..self.computed.len())
            .filter(|i| !self.is_known(*i))
            .count()
    }

    /// All numbers: losses decide where more are to be computed, scores follow.
    pub fn lists(&self) -> Vec<Values<'_>> {
        let values = |numbers, decide| Values { numbers, decide };
        let pairs = self.columns().map(|c| {
            [
                values(c.loss.as_slice(), true),
                values(c.score.as_slice(), false),
            ]
        });
        pairs.flatten().collect()
    }

    /// Takes the numbers of all points that weren't computed, in the order of [`Table::lists`].
    pub fn interpolate(&mut self, numbers: Vec<Vec<f64>>) {
        let columns = self.train.iter_mut().chain(self.validation.iter_mut());
        let places = columns.flat_map(|column| [&mut column.loss, &mut column.score]);
        for (place, numbers) in places.zip(numbers) {
            for (i, number) in numbers.into_iter().enumerate() {
                if !self.computed[i] {
                    place[i] = number;
                }
            }
        }
        self.interpolated = self.computed.iter().map(|computed| !computed).collect();
    }

    /// Computed points whose loss is infinite or NaN on any split.
    pub fn non_finite(&self) -> usize {
        (0..self.computed.len())
            .filter(|&i| self.computed[i] && self.columns().any(|c| !c.loss[i].is_finite()))
            .count()
    }

    /// The split that a figure shows first: training if there, else validation.
    pub fn primary(&self) -> Option<&Column> {
        self.columns().next()
    }

    fn columns(&self) -> impl Iterator<Item = &Column> {
        self.train.iter().chain(self.validation.iter())
    }
}
