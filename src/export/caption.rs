//! What a figure's reader is told in small print: rule, seed, norms, samples, statistics, remarks.

use crate::engine::job::Setup;
use crate::engine::local::Header;
use crate::engine::recipe::Recipe;
use crate::plot::number::format_value;

/// Norms of the directions.
pub fn norms(recipe: &Recipe) -> String {
    recipe
        .geometry
        .norms
        .iter()
        .map(|n| format_value(*n))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Rule, norms and cosine of the directions.
pub fn directions_line(recipe: &Recipe) -> String {
    let mut parts = Vec::new();
    for axis in &recipe.axes {
        if !parts.contains(&axis.rule) {
            parts.push(axis.rule.clone());
        }
    }
    if let [x, y] = recipe.geometry.norms.as_slice() {
        parts.push(format!(
            "‖d₁‖ = {}, ‖d₂‖ = {}",
            format_value(*x),
            format_value(*y)
        ));
    }
    if let Some(cosine) = recipe.geometry.cosine {
        parts.push(format!("cosine {}", format_value(round(cosine, 4))));
    }
    parts.join("; ")
}

fn round(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (value * unit).round() / unit
}

/// Data, samples and loss.
pub fn data_line(recipe: &Recipe) -> String {
    let data = &recipe.data;
    let samples: Vec<String> = [
        (data.train_samples, "training"),
        (data.validation_samples, "validation"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, split)| format!("{n} {split}"))
    .collect();
    if samples.is_empty() {
        return data.name.clone();
    }
    let subset = recipe
        .job
        .setup()
        .filter(|setup| setup.samples.is_some())
        .map_or_else(String::new, |setup| {
            format!(" (stratified subset, seed {})", setup.seed)
        });
    format!(
        "{}: {} samples{subset}; {}",
        data.name,
        samples.join(" and "),
        recipe.model.loss
    )
}

/// The title of a measure at one checkpoint.
pub fn title(header: &Header, what: &str) -> String {
    let path = header.checkpoints.first().map(|c| &c.path);
    let name = path.map(|p| p.file_name().unwrap_or(p.as_os_str()).to_string_lossy());
    format!(
        "{}: {what} at {}",
        header.model.name,
        name.unwrap_or_default()
    )
}

/// What a measure at one checkpoint was taken over, and on what.
pub fn measured(header: &Header, setup: &Setup) -> Vec<String> {
    let subset = setup.samples.map_or_else(String::new, |_| {
        format!(" (stratified subset, seed {})", setup.seed)
    });
    let paths: Vec<String> = header
        .checkpoints
        .iter()
        .map(|c| c.path.display().to_string())
        .collect();
    let precision = format!("{:?}", setup.precision).to_lowercase();
    let device = header.device.split(':').next().unwrap_or_default();
    let mut lines = vec![format!(
        "{}; {}: {} {} samples{subset}; {}; {precision} on {device}",
        paths.join(" and "),
        header.data.name,
        header.samples,
        header.split,
        header.model.loss,
    )];
    if !header.complete {
        lines.push("stopped before everything was measured".into());
    }
    lines
}

/// Precision, device and what running statistics did.
pub fn computed_on(recipe: &Recipe) -> String {
    let precision = recipe.job.setup().map_or_else(String::new, |setup| {
        format!("{:?}", setup.precision).to_lowercase()
    });
    let device = recipe.device.split(':').next().unwrap_or_default();
    let mut text = if device.is_empty() {
        precision
    } else {
        format!("{precision} on {device}")
    };
    if !recipe.statistics.is_empty() {
        text = format!("{text}; {}", recipe.statistics);
    }
    text
}

/// What a reader must know beside the numbers.
pub fn remarks(recipe: &Recipe) -> Vec<String> {
    let mut lines = Vec::new();
    if recipe.clamped_variances > 0 {
        lines.push(format!(
            "{} negative variances clamped",
            recipe.clamped_variances
        ));
    }
    let outside: Vec<String> = recipe
        .marks
        .iter()
        .filter(|m| m.outside > 0.005)
        .map(|m| format!("{} {:.0} %", m.label, 100.0 * m.outside))
        .collect();
    if !outside.is_empty() {
        lines.push(format!("outside the plane: {}", outside.join(", ")));
    }
    if let Some(path) = recipe
        .trajectory
        .as_ref()
        .filter(|p| !p.explained.is_empty())
    {
        let share: f64 = path.explained.iter().take(2).sum();
        let most = path.distance.iter().copied().fold(0.0, f64::max);
        lines.push(format!(
            "{} checkpoints; the plane explains {:.1} % of the variance, distances out of it up to {}",
            path.names.len(),
            100.0 * share,
            format_value(most)
        ));
    }
    lines
}
