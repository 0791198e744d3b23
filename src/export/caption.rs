//! What a figure's reader is told in small print: files, rule, seed, norms, samples, network, remarks.

use crate::engine::device::kinds;
use crate::engine::header::{
    DataFacts, FileFacts, Header, InterpolationFacts, ModelFacts, PathFacts,
};
use crate::engine::job::Setup;
use crate::engine::names;
use crate::engine::reading::Reading;
use crate::plot::number::{format_value, grouped, significant};
use std::path::PathBuf;

/// Norms of the directions.
pub fn norms(header: &Header) -> String {
    header
        .geometry
        .norms
        .iter()
        .map(|n| format_value(*n))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Rule, norms and cosine of the directions.
pub fn directions_line(header: &Header) -> String {
    let mut parts = Vec::new();
    for axis in &header.axes {
        if !parts.contains(&axis.rule) {
            parts.push(axis.rule.clone());
        }
    }
    if let [x, y] = header.geometry.norms.as_slice() {
        parts.push(format!(
            "‖d₁‖ = {}, ‖d₂‖ = {}",
            format_value(*x),
            format_value(*y)
        ));
    }
    if let Some(cosine) = header.geometry.cosine {
        parts.push(format!("cosine {}", format_value(round(cosine, 4))));
    }
    parts.join("; ")
}

fn round(value: f64, digits: i32) -> f64 {
    let unit = 10_f64.powi(digits);
    (value * unit).round() / unit
}

/// More files than this are counted instead of named.
const MOST_NAMED: usize = 4;

/// Checkpoints of one folder: how many, and the first and the last.
fn counted(run: &[FileFacts]) -> String {
    match run {
        [] => String::new(),
        [one] => files_line(std::slice::from_ref(one)),
        [first, .., last] => {
            let ends = names::distinct(&[first.path.clone(), last.path.clone()]).join(" to ");
            format!("{} checkpoints, {ends}", grouped(run.len()))
        }
    }
}

/// As [`counted`], with the folder's own name.
fn counted_in_folder(run: &[FileFacts]) -> String {
    let folder = run.first().and_then(|first| first.path.parent());
    match folder {
        Some(folder) if run.len() > 1 => format!("{}: {}", names::name(folder), counted(run)),
        _ => counted(run),
    }
}

/// Which checkpoints, each with its role; files of one name are told apart by their folders.
pub fn files_line(files: &[FileFacts]) -> String {
    let paths: Vec<PathBuf> = files.iter().map(|f| f.path.clone()).collect();
    if paths.len() > MOST_NAMED {
        // Those of one folder are counted together, and no others with them.
        let runs = files.chunk_by(|a, b| a.path.parent() == b.path.parent());
        let runs: Vec<String> = match runs.clone().count() {
            1 => runs.map(counted).collect(),
            _ => runs.map(counted_in_folder).collect(),
        };
        return runs.join("; ");
    }
    let role = |file: &FileFacts| match file.role.as_str() {
        "point" => "checkpoint".to_owned(),
        other => other.to_owned(),
    };
    let named = files.iter().zip(names::distinct(&paths));
    let named: Vec<String> = named
        .map(|(file, name)| format!("{}: {name}", role(file)))
        .collect();
    named.join("; ")
}

/// As [`files_line`], with the key that leads to the weights, where one was given.
fn files_at(files: &[FileFacts], key: Option<&str>) -> String {
    let at = key.map_or_else(String::new, |key| format!("; weights at {key}"));
    format!("{}{at}", files_line(files))
}

/// The network, how it was read and how far that is confirmed.
pub fn network_line(model: &ModelFacts) -> String {
    let read = format!(
        "{}, {} parameters, read as {}",
        model.name,
        grouped(model.parameters),
        model.source
    );
    let reading = &model.reading;
    let words = [&reading.words, &without_options(&reading.how())];
    let words: Vec<&str> = words
        .into_iter()
        .map(String::as_str)
        .filter(|w| !w.is_empty())
        .collect();
    if words.is_empty() {
        return read;
    }
    format!("{read} ({})", words.join("; "))
}

/// What nothing confirmed of the network; nothing where all of it is confirmed. Of a result that doesn't
/// say what confirmed it, everything that was assumed.
pub fn assumed_line(model: &ModelFacts) -> Option<String> {
    let open = model
        .reading
        .assumptions
        .iter()
        .filter(|a| a.confirmed.is_none());
    let texts: Vec<&str> = if model.reading == Reading::default() {
        model.assumptions.iter().map(String::as_str).collect()
    } else {
        open.map(|a| a.text.as_str()).collect()
    };
    let sentence = |text: &&str| {
        let text = without_options(text);
        if text.is_empty() || text.ends_with('.') {
            text
        } else {
            format!("{text}.")
        }
    };
    let words: Vec<String> = texts.iter().map(sentence).collect();
    let words = words.join(" ");
    let what = if model.reading == Reading::default() {
        "assumed"
    } else {
        "assumed, unconfirmed"
    };
    (!words.trim().is_empty()).then(|| format!("{what}: {}", words.trim()))
}

/// A text without what it advises to type: the reader of a figure has no command line.
fn without_options(text: &str) -> String {
    let sentence = |sentence: &str| -> String {
        let Some(option) = sentence.find("--") else {
            return sentence.to_owned();
        };
        let clause = [", ", "; ", ": ", " ("]
            .into_iter()
            .filter_map(|mark| sentence[..option].rfind(mark))
            .max();
        let rest = if sentence.ends_with(' ') { ". " } else { "." };
        clause.map_or_else(String::new, |end| format!("{}{rest}", &sentence[..end]))
    };
    let all: Vec<String> = text.split_inclusive(". ").map(sentence).collect();
    all.concat()
}

/// How many samples of which split.
fn samples(data: &DataFacts) -> String {
    let samples: Vec<String> = [
        (data.train_samples, "training"),
        (data.validation_samples, "validation"),
    ]
    .iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, split)| format!("{} {split}", grouped(*n)))
    .collect();
    samples.join(" and ")
}

/// Data, samples and loss.
pub fn data_line(header: &Header) -> String {
    experiment_line(&header.model, &header.data, header.job.setup())
}

/// As [`data_line`], of what is open.
pub fn experiment_line(model: &ModelFacts, data: &DataFacts, setup: Option<&Setup>) -> String {
    let samples = samples(data);
    if samples.is_empty() {
        return data.name.clone();
    }
    let subset = setup
        .filter(|setup| setup.samples.is_some())
        .map_or_else(String::new, |setup| {
            format!(" (stratified subset, seed {})", setup.seed)
        });
    format!("{}: {samples} samples{subset}; {}", data.name, model.loss)
}

/// Which files, which network, what was assumed of it.
pub fn inputs(header: &Header) -> Vec<String> {
    let files = files_at(&header.checkpoints, header.job.key());
    let mut lines = vec![files, network_line(&header.model)];
    lines.extend(assumed_line(&header.model));
    lines
}

/// What every figure of a result says of where it comes from, around what is its own.
pub fn around(header: &Header, own: Vec<String>) -> Vec<String> {
    let mut lines = inputs(header);
    let rest = lines.split_off(1);
    lines.extend(own);
    lines.push(data_line(header));
    lines.extend(rest);
    lines.extend(remarks(header));
    lines.retain(|line| !line.is_empty());
    lines
}

/// The title of a measure at one checkpoint.
pub fn title(header: &Header, what: &str) -> String {
    let path = header.checkpoints.first().map(|c| c.path.as_path());
    format!(
        "{}: {what} at {}",
        header.model.name,
        path.map(names::name).unwrap_or_default()
    )
}

/// What a measure at one checkpoint was taken over, and on what.
pub fn measured(header: &Header, setup: &Setup) -> Vec<String> {
    let subset = setup.samples.map_or_else(String::new, |_| {
        format!(" (stratified subset, seed {})", setup.seed)
    });
    let precision = format!("{:?}", setup.precision).to_lowercase();
    let device = kinds(&header.device);
    let mut lines = vec![
        files_at(&header.checkpoints, setup.key.as_deref()),
        format!(
            "{}: {} {} samples{subset}; {}; {precision} on {device}",
            header.data.name,
            grouped(header.samples),
            header.split,
            header.model.loss,
        ),
        network_line(&header.model),
    ];
    lines.extend(assumed_line(&header.model));
    if !header.complete {
        lines.push("stopped before everything was measured".into());
    }
    lines
}

/// Precision, device and what running statistics did.
pub fn computed_on(header: &Header) -> String {
    let precision = header.job.setup().map_or_else(String::new, |setup| {
        format!("{:?}", setup.precision).to_lowercase()
    });
    let device = kinds(&header.device);
    let mut text = if device.is_empty() {
        precision
    } else {
        format!("{precision} on {device}")
    };
    if !header.statistics.is_empty() {
        text = format!("{text}; {}", header.statistics);
    }
    text
}

/// How much of a surface was computed, and how good the rest is.
pub fn interpolated(facts: &InterpolationFacts) -> String {
    let percent = |share: f64| format!("{} %", significant(100.0 * share, 2));
    format!(
        "interpolated to {} of the range: {} of {} points computed; at {} of them, drawn to be checked, off by at most {}",
        percent(facts.tolerance),
        grouped(facts.computed),
        grouped(facts.computed + facts.interpolated),
        grouped(facts.checked),
        percent(facts.worst),
    )
}

/// What a reader must know beside the numbers.
pub fn remarks(header: &Header) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(facts) = &header.interpolation {
        lines.push(interpolated(facts));
    }
    if header.clamped_variances > 0 {
        lines.push(format!(
            "{} negative variances clamped",
            header.clamped_variances
        ));
    }
    let outside: Vec<String> = header
        .marks
        .iter()
        .filter(|m| m.outside > 0.005)
        .map(|m| format!("{} {:.0} %", m.label, 100.0 * m.outside))
        .collect();
    if !outside.is_empty() {
        lines.push(format!("outside the plane: {}", outside.join(", ")));
    }
    let away = |path: &PathFacts| {
        let most = path.seen.distance.iter().copied().fold(0.0, f64::max);
        format!("{} {}", path.run, format_value(most))
    };
    let away: Vec<String> = header.paths.iter().map(away).collect();
    if !away.is_empty() {
        lines.push(format!(
            "paths of further runs, distances out of the plane up to: {}",
            away.join(", ")
        ));
    }
    if let Some(path) = header
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

#[cfg(test)]
mod tests {
    use super::*;

    fn file(role: &str, path: &str) -> FileFacts {
        FileFacts {
            role: role.into(),
            path: path.into(),
            sha256: String::new(),
        }
    }

    #[test]
    fn files_are_named_with_their_roles() {
        let pair = [
            file("small batch", "/runs/small/model.pt"),
            file("large batch", "/runs/large/model.pt"),
        ];
        assert_eq!(
            files_line(&pair),
            "small batch: small/model.pt; large batch: large/model.pt"
        );
        assert_eq!(files_line(&[file("point", "a.pt")]), "checkpoint: a.pt");
        let many: Vec<FileFacts> = (0..7).map(|i| file("", &format!("e{i}.pt"))).collect();
        assert_eq!(files_line(&many), "7 checkpoints, e0.pt to e6.pt");
        // A point and another run beside it are no part of the run.
        let mut all = vec![file("centre", "a.pt")];
        all.extend((0..5).map(|i| file("", &format!("b/e{i}.pt"))));
        all.extend((0..3).map(|i| file("", &format!("c/e{i}.pt"))));
        assert_eq!(
            files_line(&all),
            "centre: a.pt; b: 5 checkpoints, e0.pt to e4.pt; c: 3 checkpoints, e0.pt to e2.pt"
        );
    }

    #[test]
    fn no_option_of_the_command_line_stands_on_a_figure() {
        for (text, expected) in [
            ("The stem has stride 1.", "The stem has stride 1."),
            (
                "Every block has a skip; one without has the same tensors, choose --model plain for it. No pool.",
                "Every block has a skip; one without has the same tensors. No pool.",
            ),
            (
                "Tokens are whole numbers (--data-normalize none keeps them).",
                "Tokens are whole numbers.",
            ),
            ("Use --split train.", ""),
        ] {
            assert_eq!(without_options(text), expected);
        }
    }
}
