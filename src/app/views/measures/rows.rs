//! What stands in the table of measures: groups of rows, each value with the error it still has.

use super::help;
use crate::app::state::State;
use crate::engine::live::{Found, MeasureNews, Quantity, RHO, SharpnessCurve, Snapshot};
use crate::landscape::curvature::lanczos::Eigenvalue;
use crate::landscape::distance::Distance;
use crate::landscape::evaluate::Metrics;
use crate::landscape::sharpness::other::Measure;
use crate::model::losses::Score;
use crate::plot::number;
use std::sync::Arc;

/// The batch size at which the table shows alignment.
const ALIGNED: usize = 64;

/// A number, and how far it may still be off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// The number.
    pub number: f64,
    /// Standard error or residual; 0 where it is exact to the number type.
    pub error: f64,
    /// Whether it is final.
    pub settled: bool,
}

/// One row of the table.
pub struct Row {
    /// What.
    pub name: String,
    /// Its unit; empty for none.
    pub unit: &'static str,
    /// Small batch, θ(α), large batch.
    pub values: [Option<Value>; 3],
    /// What the table multiplies them by: shares are per cent there, rises need no powers of ten.
    pub scale: f64,
    /// What it is and where it comes from.
    pub help: String,
    /// Why a value is missing, where it can't be measured.
    pub problem: Option<String>,
}

/// Rows that belong together.
pub struct Group {
    /// What.
    pub name: &'static str,
    /// Rows.
    pub rows: Vec<Row>,
    /// What is measured for it while it is checked; empty where it costs nothing.
    pub quantities: Vec<Quantity>,
    /// Steps done and in all at the points wanted.
    pub steps: (usize, usize),
}

/// All groups with something in them; none before an experiment is open.
pub fn groups(state: &State, news: &Snapshot) -> Vec<Group> {
    let Some(facts) = news.experiment.as_deref() else {
        return Vec::new();
    };
    let table = Table { state, news };
    let mut groups = vec![
        table.performance(facts.splits),
        table.sharpness(),
        table.curvature(),
        table.noise(),
    ];
    let from_start = [&facts.small_from_initial, &facts.large_from_initial];
    if let [small, large] = from_start.map(Option::as_ref)
        && (small.is_some() || large.is_some())
    {
        groups.push(distances(small, large));
    }
    groups
}

struct Table<'a> {
    state: &'a State,
    news: &'a Snapshot,
}

fn exact(number: f64) -> Value {
    Value {
        number,
        error: 0.0,
        settled: true,
    }
}

fn uncertain(number: f64, error: f64, news: &MeasureNews) -> Value {
    Value {
        number,
        error,
        settled: news.complete,
    }
}

impl Table<'_> {
    /// Where the three columns stand; with one checkpoint there is one.
    fn columns(&self) -> [Option<f64>; 3] {
        let pair = self.state.wish.large.is_some();
        [
            Some(0.0),
            pair.then_some(self.state.wish.alpha),
            pair.then_some(1.0),
        ]
    }

    fn performance(&self, splits: (bool, bool)) -> Group {
        let score = self.news.score();
        let facts = self.news.experiment.as_deref();
        let alpha = self.state.wish.alpha;
        let here = self.news.point.as_ref().filter(|p| p.alpha == alpha);
        let mut rows = Vec::new();
        let there = [("Train", splits.0), ("Valid.", splits.1)];
        for (index, (split, _)) in there.iter().filter(|(_, there)| *there).enumerate() {
            let at = |metrics: Option<&[Metrics]>| metrics.and_then(|m| m.get(index)).copied();
            let three = [
                at(facts.map(|f| f.small.as_slice())),
                at(here.map(|p| p.metrics.as_slice())),
                at(facts.and_then(|f| f.large.as_deref())),
            ];
            let mut row = |what: &str, unit: &'static str, help: &str, of: fn(&Metrics) -> f64| {
                rows.push(Row {
                    name: format!("{split} {what}"),
                    unit,
                    values: three.map(|m| m.as_ref().map(of).map(exact)),
                    scale: if unit == "%" { 100.0 } else { 1.0 },
                    help: help.to_owned(),
                    problem: None,
                });
            };
            row("loss", score.loss_unit(), help::LOSS, |m| m.loss);
            let meaning = help::score(score);
            row(score.name(), score.unit(), &meaning, |m| m.score);
        }
        Group {
            name: match score {
                Score::Accuracy => "Loss and accuracy",
                Score::R2 => "Loss and R²",
            },
            rows,
            quantities: Vec::new(),
            steps: (0, 0),
        }
    }

    fn phi(&self) -> Row {
        let (news, epsilon) = (self.news, self.state.wish.epsilon);
        let sharpness = &news.sharpness;
        let curves = [&sharpness.small, &sharpness.here, &sharpness.large];
        let phi = |alpha: f64, curve: &Option<Arc<SharpnessCurve>>| {
            let read =
                |c: &Arc<SharpnessCurve>| (c.alpha == alpha).then(|| c.at(epsilon)).flatten();
            match news.confirmed(alpha, epsilon) {
                Some(phi) => Some(exact(phi)),
                None => curve.as_ref().and_then(read).map(|phi| Value {
                    settled: false,
                    ..exact(phi)
                }),
            }
        };
        let columns = self.columns();
        Row {
            name: format!("φ at ε = {}", number::power(epsilon)),
            unit: "%",
            values: [0, 1, 2].map(|i| columns[i].and_then(|alpha| phi(alpha, curves[i]))),
            scale: 1.0,
            help: help::phi(),
            problem: None,
        }
    }

    fn sharpness(&self) -> Group {
        let mut rows = vec![self.phi()];
        for measure in Measure::ALL {
            rows.push(self.row(
                short(measure),
                "",
                help::of_measure(measure),
                Quantity::Rise(measure),
                |news, found| match found {
                    Found::Rise(rise) => Some(uncertain(
                        rise.rise,
                        rise.standard_error.unwrap_or(0.0),
                        news,
                    )),
                    _ => None,
                },
            ));
        }
        self.group("Sharpness", rows, Measure::ALL.map(Quantity::Rise).to_vec())
    }

    fn curvature(&self) -> Group {
        let values = |found: &Found| match found {
            Found::Eigenvalues(values) => Some(values.clone()),
            _ => None,
        };
        let of = |pair: &Eigenvalue, news: &MeasureNews| Value {
            number: pair.value,
            error: pair.residual,
            settled: news.complete || pair.converged,
        };
        let names = ["λ₁, largest", "λ₂", "λ₃", "λ₄", "λ₅"];
        let mut rows: Vec<Row> = (0..names.len())
            .map(|i| {
                let (what, help) = (Quantity::Eigenvalues, help::largest());
                self.row(names[i], "", help, what, |news, found| {
                    values(found)?.top.get(i).map(|pair| of(pair, news))
                })
            })
            .collect();
        let (what, help) = (Quantity::Eigenvalues, help::smallest());
        rows.push(self.row("λ, smallest", "", help, what, |news, found| {
            Some(of(&values(found)?.smallest, news))
        }));
        let help = help::ratio();
        rows.push(self.row(
            "|λ smallest / λ largest|",
            "",
            help,
            what,
            |news, found| {
                let values = values(found)?;
                let largest = values.top.first()?;
                let error = values.smallest.residual / largest.value.abs();
                let ratio = (values.smallest.value / largest.value).abs();
                Some(uncertain(ratio, error, news))
            },
        ));
        let trace = |found: &Found| match found {
            Found::Trace(trace) => Some(*trace),
            _ => None,
        };
        rows.push(self.row(
            "Trace",
            "",
            help::trace(),
            Quantity::Trace,
            |news, found| {
                let trace = trace(found)?.trace;
                Some(uncertain(trace.mean, trace.standard_error, news))
            },
        ));
        let (what, help) = (Quantity::Trace, help::frobenius());
        rows.push(self.row("Frobenius norm", "", help, what, |news, found| {
            let squares = trace(found)?.squares;
            let root = squares.mean.max(0.0).sqrt();
            Some(uncertain(root, 0.5 * squares.standard_error / root, news))
        }));
        self.group(
            "Curvature",
            rows,
            vec![Quantity::Eigenvalues, Quantity::Trace],
        )
    }

    fn noise(&self) -> Group {
        let so_far = |found: &Found| match found {
            Found::Noise(so_far) => Some(so_far.clone()),
            _ => None,
        };
        let what = Quantity::Noise;
        let scale = self.row("B_simple", "samples", help::noise(), what, |news, found| {
            let now = so_far(found)?;
            Some(uncertain(now.noise.total.scale, now.standard_error, news))
        });
        let covariance = self.row("tr Σ", "", help::covariance(), what, |news, found| {
            let now = so_far(found)?;
            let error = now.standard_error * now.noise.total.gradient_squared;
            Some(uncertain(now.noise.total.covariance_trace, error, news))
        });
        let help = help::bend();
        let bend = self.row(
            "B_noise",
            "samples",
            help,
            Quantity::Bend,
            |news, found| match found {
                Found::Bend(bend) => Some(uncertain(bend.scale, bend.standard_error, news)),
                _ => None,
            },
        );
        let name = format!("Alignment at B = {ALIGNED}");
        let aligned = self.row(&name, "", help::alignment(), what, |news, found| {
            let now = so_far(found)?;
            let of = now.aligned.iter().find(|a| a.batch == ALIGNED)?;
            let mean = of.alignment;
            Some(uncertain(mean.mean, mean.standard_error, news))
        });
        let slope = self.row(
            "Gradient norm",
            "",
            help::GRADIENT.to_owned(),
            what,
            |_, found| Some(exact(so_far(found)?.noise.total.gradient_squared.sqrt())),
        );
        self.group(
            "Gradient noise",
            vec![scale, bend, covariance, aligned, slope],
            vec![what, Quantity::Bend],
        )
    }

    fn row(
        &self,
        name: &str,
        unit: &'static str,
        help: String,
        quantity: Quantity,
        read: impl Fn(&MeasureNews, &Found) -> Option<Value>,
    ) -> Row {
        let known = self
            .columns()
            .map(|alpha| alpha.and_then(|alpha| self.news.measure(alpha, quantity)));
        Row {
            name: name.to_owned(),
            unit,
            values: known.map(|news| news.and_then(|n| read(n, n.found.as_ref()?))),
            scale: if matches!(quantity, Quantity::Rise(_)) {
                1e3
            } else {
                1.0
            },
            help,
            problem: known.iter().flatten().find_map(|news| news.problem.clone()),
        }
    }

    fn group(&self, name: &'static str, rows: Vec<Row>, quantities: Vec<Quantity>) -> Group {
        let mut points: Vec<f64> = self.columns().into_iter().flatten().collect();
        points.sort_by(f64::total_cmp);
        points.dedup();
        let (mut done, mut total) = (0, 0);
        for quantity in &quantities {
            for &alpha in &points {
                let Some(news) = self.news.measure(alpha, *quantity) else {
                    total += 1;
                    continue;
                };
                done += news.steps.0;
                total += if news.complete {
                    news.steps.0
                } else {
                    news.steps.1.max(news.steps.0 + 1)
                };
            }
        }
        Group {
            name,
            rows,
            quantities,
            steps: (done, total),
        }
    }
}

fn distances(small: Option<&Distance>, large: Option<&Distance>) -> Group {
    let row = |name: &str, help: &str, of: fn(&Distance) -> f64| Row {
        name: name.to_owned(),
        unit: "",
        values: [small.map(of), None, large.map(of)].map(|v| v.map(exact)),
        scale: 1.0,
        help: help.to_owned(),
        problem: None,
    };
    Group {
        name: "Distance from the start",
        rows: vec![
            row("Norm of the weights", help::NORM, |d| d.norm_a),
            row("Distance", help::MOVED, |d| d.total),
            row("Relative distance", help::RELATIVE, |d| d.relative),
            row("Cosine to the start", help::COSINE, |d| d.cosine),
        ],
        quantities: Vec::new(),
        steps: (0, 0),
    }
}

impl Row {
    /// The unit of the numbers themselves, which a copy has: accuracies are shares.
    pub fn own_unit(&self) -> &'static str {
        if self.scale == 100.0 { "" } else { self.unit }
    }

    /// Large batch over small batch, and its standard error.
    pub fn ratio(&self) -> Option<(f64, f64)> {
        let [small, _, large] = self.values;
        let (small, large) = small.zip(large)?;
        let ratio = large.number / small.number;
        let relative = |v: Value| v.error / v.number;
        let error = ratio.abs() * relative(small).hypot(relative(large));
        ratio.is_finite().then_some((ratio, error))
    }
}

/// What ρ is, for the heading of the sharpnesses that have one.
pub fn rho(score: Score) -> String {
    format!("ρ = {RHO}, rises in {}", score.of_loss("10⁻³"))
}

/// A name that fits into the first column; the tooltip says the rest.
fn short(measure: Measure) -> &'static str {
    match measure {
        Measure::Sam => "SAM",
        Measure::Asam => "ASAM",
        Measure::AdaptiveWorst => "worst within ρ|w|",
        Measure::AdaptiveAverage => "mean, noise ρ|w|",
        Measure::FilterAverage => "mean, filter noise",
    }
}
