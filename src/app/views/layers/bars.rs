//! What the bars of layers show: distances, rates, and measures of the catalogue.

use crate::app::theme::Palette;
use crate::engine::live::{ExperimentFacts, Found, Quantity, Snapshot, Wish};
use crate::landscape::distance::LayerDistance;
use crate::landscape::measures::entry::Entry;
use crate::landscape::measures::found::PartFound;
use crate::landscape::noise::layers::LayerNorms;
use crate::plot::number::{format_value, with_error};
use eframe::egui::Color32;

/// One set of bars, a value and its words for each layer.
pub struct Bars {
    /// Which point: "small batch".
    pub name: &'static str,
    /// Its colour.
    pub color: Color32,
    /// In the network's order.
    pub layers: Vec<Layer>,
}

/// One bar.
pub struct Layer {
    /// Name of the layer.
    pub name: String,
    /// Number of its trained values.
    pub parameters: usize,
    /// How long the bar is; NaN where that isn't known.
    pub value: f64,
    /// What is said of it.
    pub words: String,
}

/// Distances from the start, or between both where there is no start.
pub fn distances(facts: &ExperimentFacts, relative: bool, palette: &Palette) -> Vec<Bars> {
    let small = facts.small_from_initial.as_ref();
    let large = facts.large_from_initial.as_ref();
    let apart = facts.apart.as_ref().filter(|_| small.is_none());
    let layer = |layer: &LayerDistance| Layer {
        name: layer.name.clone(),
        parameters: layer.parameters,
        value: if relative {
            layer.relative
        } else {
            layer.total
        },
        words: format!(
            "{} ({} of its norm)",
            format_value(layer.total),
            format_value(layer.relative)
        ),
    };
    let sets = [
        ("small batch", palette.small, small),
        ("large batch", palette.large, large),
        ("between the two", palette.here, apart),
    ];
    sets.into_iter()
        .filter_map(|(name, color, distance)| {
            Some(Bars {
                name,
                color,
                layers: distance?.layers.iter().map(layer).collect(),
            })
        })
        .collect()
}

/// Norms of weights over norms of gradients, as far as they are measured.
pub fn rates(wish: &Wish, news: &Snapshot, palette: &Palette) -> Vec<Bars> {
    let layer = |layer: &LayerNorms| Layer {
        name: layer.name.clone(),
        parameters: layer.parameters,
        value: layer.ratio,
        words: format!(
            "{} (‖θ‖ = {}, ‖∇f‖ = {})",
            format_value(layer.ratio),
            format_value(layer.weights),
            format_value(layer.gradient)
        ),
    };
    columns(wish, palette)
        .into_iter()
        .filter_map(|(name, color, alpha)| {
            let found = news.measure(alpha, Quantity::NOISE)?.found.as_ref()?;
            let Found::Noise(so_far) = found else {
                return None;
            };
            Some(Bars {
                name,
                color,
                layers: so_far.layers.iter().map(layer).collect(),
            })
        })
        .collect()
}

/// A number of a measure, layer by layer, as far as it is known.
pub fn measured(
    wish: &Wish,
    news: &Snapshot,
    palette: &Palette,
    entry: &'static Entry,
    row: usize,
) -> Vec<Bars> {
    let layer = |part: &PartFound| {
        let value = part.values.get(row).copied().flatten();
        let number = value.map_or(f64::NAN, |v| v.number);
        let words = match (value, &part.problem) {
            (Some(v), _) => {
                let (number, error) = with_error(v.number, v.error);
                let so_far = if part.complete {
                    ""
                } else {
                    ", still being refined"
                };
                format!("{number}{error}{so_far}")
            }
            (None, Some(problem)) => problem.clone(),
            (None, None) => "–".to_owned(),
        };
        Layer {
            name: part.name.clone(),
            parameters: part.parameters,
            value: number,
            words,
        }
    };
    let sets = columns(wish, palette).into_iter();
    sets.filter_map(|(name, color, alpha)| {
        let found = news
            .measure(alpha, Quantity::ByLayer(entry))?
            .found
            .as_ref()?;
        let Found::Parts(parts) = found else {
            return None;
        };
        Some(Bars {
            name,
            color,
            layers: parts.iter().map(layer).collect(),
        })
    })
    .collect()
}

/// The points that have bars, those between both only where there are two.
fn columns(wish: &Wish, palette: &Palette) -> Vec<(&'static str, Color32, f64)> {
    let pair = wish.large.is_some();
    let alpha = wish.alpha;
    let mut sets = vec![("small batch", palette.small, 0.0)];
    if pair && alpha != 0.0 && alpha != 1.0 {
        sets.push(("θ(α)", palette.here, alpha));
    }
    if pair {
        sets.push(("large batch", palette.large, 1.0));
    }
    sets
}

/// The table as tab-separated values.
pub fn tsv(news: &Snapshot) -> String {
    let mut text = "layer\tparameters\tset\tvalue\trelative\n".to_owned();
    let Some(facts) = news.experiment.as_deref() else {
        return text;
    };
    for (name, distance) in [
        ("small batch from the start", &facts.small_from_initial),
        ("large batch from the start", &facts.large_from_initial),
        ("large batch from small batch", &facts.apart),
    ] {
        for layer in distance.iter().flat_map(|d| &d.layers) {
            text.push_str(&format!(
                "{}\t{}\t{name}\t{}\t{}\n",
                layer.name, layer.parameters, layer.total, layer.relative
            ));
        }
    }
    for (name, alpha) in [("small batch", 0.0), ("large batch", 1.0)] {
        let found = news.measure(alpha, Quantity::NOISE);
        let Some(Found::Noise(so_far)) = found.and_then(|m| m.found.as_ref()) else {
            continue;
        };
        for layer in &so_far.layers {
            text.push_str(&format!(
                "{}\t{}\t{name} norm of weights over norm of gradient\t{}\t\n",
                layer.name, layer.parameters, layer.ratio
            ));
        }
    }
    for measured in &news.measures {
        let (Quantity::ByLayer(entry), Some(Found::Parts(parts))) =
            (measured.quantity, &measured.found)
        else {
            continue;
        };
        for part in parts {
            for (row, value) in entry.rows.iter().zip(&part.values) {
                let Some(value) = value else { continue };
                text.push_str(&format!(
                    "{}\t{}\t{} at α = {}\t{}\t\n",
                    part.name, part.parameters, row.name, measured.alpha, value.number
                ));
            }
        }
    }
    text
}
