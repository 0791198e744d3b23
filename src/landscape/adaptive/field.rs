//! A list of numbers over a grid, on the scale on which it is interpolated.

/// Differences of single precision's rounding say nothing, however small the range.
const ROUNDING: f64 = 1e-6;
/// Where logarithms range over less, they say what the numbers say.
const FLAT: f64 = 0.1;

/// Numbers over a grid, row by row; of those not computed nothing is read.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// The numbers.
    pub numbers: &'a [f64],
    /// Whether they decide what is computed; others are interpolated with them.
    pub decide: bool,
}

/// Where numbers are interpolated: a loss that explodes towards the border is smoother as its root or its
/// logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    Plain,
    Root,
    Log,
}

/// Every scale, the simplest first.
pub const SCALES: [Scale; 3] = [Scale::Plain, Scale::Root, Scale::Log];

impl Scale {
    fn forward(self, v: f64) -> f64 {
        match self {
            Self::Plain => v,
            Self::Root => v.sqrt(),
            Self::Log => v.ln(),
        }
    }

    fn back(self, v: f64) -> f64 {
        match self {
            Self::Plain => v,
            // Below zero there is no root: the error there is seen.
            Self::Root => v * v.abs(),
            Self::Log => v.exp(),
        }
    }
}

/// A list of numbers on the scale on which it is interpolated.
pub struct Field {
    /// Whether it decides what is computed.
    pub decides: bool,
    /// Where it is interpolated.
    pub scale: Scale,
    /// As they were given.
    pub given: Vec<f64>,
    /// Known and predicted values on that scale.
    pub values: Vec<f64>,
    /// Predictions on that scale.
    pub predicted: Vec<f64>,
    /// The range of the numbers.
    range: f64,
    /// The range of their logarithms, where all are positive and it says more.
    pub log_range: Option<f64>,
    ends: [f64; 2],
}

impl Field {
    /// A list as it was given.
    pub fn new(values: Values<'_>, computed: &[bool]) -> Self {
        let known = || {
            let pairs = values.numbers.iter().zip(computed);
            pairs.filter(|(v, c)| **c && v.is_finite()).map(|(v, _)| *v)
        };
        let lo = known().fold(f64::INFINITY, f64::min);
        let hi = known().fold(f64::NEG_INFINITY, f64::max);
        let log_range = (values.decide && lo > 0.0).then(|| (hi / lo).ln());
        Self {
            decides: values.decide,
            scale: Scale::Plain,
            given: values.numbers.to_vec(),
            values: Vec::new(),
            predicted: Vec::new(),
            range: (hi - lo).max(0.0),
            log_range: log_range.filter(|r| *r > FLAT),
            ends: [lo, hi],
        }
    }

    /// Begins anew on a scale.
    pub fn begin(&mut self, scale: Scale) {
        self.scale = scale;
        self.values = self.given.iter().map(|v| scale.forward(*v)).collect();
        self.predicted = vec![f64::NAN; self.given.len()];
    }

    /// How far a prediction is off, as a share of the range; what isn't finite must be so in the same way.
    pub fn error(&self, node: usize, predicted: f64) -> f64 {
        let (found, predicted) = (self.given[node], self.scale.back(predicted));
        if !found.is_finite() || !predicted.is_finite() {
            let same = found == predicted || found.is_nan() && predicted.is_nan();
            return if same { 0.0 } else { f64::INFINITY };
        }
        if (found - predicted).abs() <= ROUNDING * found.abs() {
            return 0.0;
        }
        let share = |off: f64, range: f64| off.abs() / range;
        let plain = share(found - predicted, self.range);
        match self.log_range {
            Some(range) if predicted > 0.0 => plain.max(share((found / predicted).ln(), range)),
            Some(_) => f64::INFINITY,
            None => plain,
        }
    }

    /// The numbers, known ones exactly as they were; those that don't decide stay within the known ones.
    pub fn plain(self, computed: &[bool]) -> Vec<f64> {
        let [lo, hi] = self.ends;
        let number = |(i, v): (usize, &f64)| match self.scale.back(*v) {
            _ if computed[i] => self.given[i],
            plain if self.decides || lo > hi => plain,
            plain => plain.clamp(lo, hi),
        };
        self.values.iter().enumerate().map(number).collect()
    }
}
