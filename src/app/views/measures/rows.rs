//! What stands in the table of measures: groups of rows, each value with the error it still has.

use super::help;
use crate::app::state::State;
use crate::engine::live::{MeasureNews, Quantity, SharpnessCurve, Snapshot};
use crate::landscape::distance::Distance;
use crate::landscape::evaluate::Metrics;
use crate::landscape::measures::entry::{self as catalogue, Entry, Group as Heading};
pub use crate::landscape::measures::found::Value;
use crate::landscape::measures::spot::Settings;
use crate::landscape::measures::{CATALOGUE, phi};
use crate::model::losses::Score;
use crate::plot::number;
use std::sync::Arc;

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
    let mut groups = vec![table.performance(facts.splits)];
    groups.extend(Heading::ALL.into_iter().filter_map(|heading| {
        let pair = state.wish.large.is_some();
        (pair || heading != Heading::Pair).then(|| table.measured(heading))
    }));
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
                    values: three.map(|m| m.as_ref().map(of).map(Value::exact)),
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
                Some(phi) => Some(Value::exact(phi)),
                None => curve.as_ref().and_then(read).map(|phi| Value {
                    settled: false,
                    ..Value::exact(phi)
                }),
            }
        };
        let columns = self.columns();
        Row {
            name: format!("φ at ε = {}", number::power(epsilon)),
            unit: "%",
            values: [0, 1, 2].map(|i| columns[i].and_then(|alpha| phi(alpha, curves[i]))),
            scale: 1.0,
            help: phi::ENTRY.tooltip(&phi::PHI),
            problem: None,
        }
    }

    /// A heading's measures as the catalogue has them.
    fn measured(&self, group: Heading) -> Group {
        let mut rows = Vec::new();
        let mut quantities = Vec::new();
        for entry in CATALOGUE.into_iter().filter(|entry| entry.group == group) {
            if *entry == phi::ENTRY {
                rows.push(self.phi());
                continue;
            }
            let quantity = Quantity::Of(entry);
            let all = entry.rows.iter().enumerate();
            rows.extend(all.map(|(index, row)| self.row(entry, index, row, quantity)));
            quantities.extend((!entry.rows.is_empty()).then_some(quantity));
        }
        self.group(group.name(), rows, quantities)
    }

    fn row(&self, entry: &Entry, index: usize, row: &catalogue::Row, quantity: Quantity) -> Row {
        let known = self
            .columns()
            .map(|alpha| alpha.and_then(|alpha| self.news.measure(alpha, quantity)));
        let read = |news: &MeasureNews| {
            let values = (entry.read)(news.found.as_ref()?);
            let value = values.get(index).copied().flatten()?;
            Some(Value {
                settled: value.settled || news.complete,
                ..value
            })
        };
        Row {
            name: row.name.to_owned(),
            unit: row.unit,
            values: known.map(|news| news.and_then(|n| read(n))),
            scale: row.scale,
            help: entry.tooltip(row.definition),
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
        values: [small.map(of), None, large.map(of)].map(|v| v.map(Value::exact)),
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
    format!(
        "ρ = {}, rises in {}",
        Settings::default().rho,
        score.of_loss("10⁻³")
    )
}
