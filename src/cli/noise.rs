//! `noise`: noise scales, SGD's noise, alignment, and the table of layers.

use crate::cli::measure::{self, header};
use crate::cli::{End, Talk, output};
use crate::engine::job::NoiseJob;
use crate::engine::local::noise::{NoiseResult, run as compute};
use crate::landscape::definitions::long_help;
use crate::landscape::measures::definitions_of;
use crate::landscape::measures::entry::Group;
use crate::landscape::noise::CAUTION;
use clap::Args;

/// `losscope noise`
#[derive(Debug, Args)]
#[command(after_long_help = help())]
pub struct NoiseArgs {
    #[command(flatten)]
    job: NoiseJob,
    #[command(flatten)]
    files: measure::Files,
}

/// What is measured, for `--help`.
fn help() -> String {
    long_help(&definitions_of(Group::Noise), CAUTION)
}

/// Measures, prints and writes.
pub fn run(args: &NoiseArgs, talk: Talk) -> anyhow::Result<End> {
    args.files.check(&args.job.clone().into(), || Ok(()))?;
    let result = measure::watched(&args.files, talk, |observer| compute(&args.job, observer))?;
    let look = args.files.look();
    measure::finish(&args.files, &result, &text(&result), &look, talk)
}

fn text(result: &NoiseResult) -> String {
    let mut text = header(&result.header);
    if let Some(exact) = &result.exact {
        let total = &exact.total;
        text += &format!(
            "loss {}, ‖G‖² {}, tr Σ {}\nB_simple = tr Σ/‖G‖² {} (exact, {})\n",
            output::value(exact.loss),
            output::value(total.gradient_squared),
            output::value(total.covariance_trace),
            output::value(total.scale),
            output::counted(exact.samples, "sample")
        );
    }
    if let Some(found) = &result.estimate {
        text += &format!(
            "B_simple from batches of {} and {}: {}, 95 % interval {} to {} ({})\n",
            result.job.small_batch,
            result.job.small_batch * result.job.parts,
            output::value(found.scale),
            output::value(found.interval[0]),
            output::value(found.interval[1]),
            output::counted(found.repeats, "draw")
        );
    }
    if let Some(found) = &result.curved {
        text += &format!(
            "B_noise = tr(HΣ)/(GᵀHG) {} ± {} ({})\n",
            output::value(found.scale),
            output::value(found.standard_error),
            output::counted(found.probes, "probe")
        );
    }
    if let Some(found) = &result.tradeoff {
        text += &format!(
            "B_crit = E_min/S_min {} from {} runs (S_min {}, E_min {})\n",
            output::value(found.critical_batch),
            result.job.reached.len(),
            output::value(found.tradeoff.fewest_steps),
            output::value(found.tradeoff.fewest_examples)
        );
    }
    if !result.batches.is_empty() {
        let head = [
            "batch size",
            "steps / fewest",
            "examples / fewest",
            "SGD noise",
            "alignment",
        ];
        let table = output::table_of(head, &result.batches, |row| {
            let alignment = row.alignment.map(|a| output::value(a.alignment.mean));
            [
                row.batch.to_string(),
                output::value(row.steps),
                output::value(row.examples),
                output::value(row.sgd_noise),
                alignment.unwrap_or_else(|| "·".into()),
            ]
        });
        text += &format!(
            "\nSGD noise g = η (N/B − 1) at η = {}\n{}",
            result.job.learning_rate, table
        );
    }
    if !result.layers.is_empty() {
        let head = ["module", "parameters", "‖θ‖", "‖∇‖", "‖θ‖/‖∇‖"];
        let table = output::table_of(head, &result.layers, |layer| {
            [
                layer.name.clone(),
                output::grouped(layer.parameters),
                output::value(layer.weights),
                output::value(layer.gradient),
                output::value(layer.ratio),
            ]
        });
        text += &format!("\n{table}");
    }
    text
}
