//! `batch-size`: one learning rate, several batch sizes, until the validation loss stops falling.

use super::entry::{Ask, Entry, Part};
use super::found::{Cell, Finding, Findings, Picture, Table};
use super::lab::Lab;
use super::seeds::{against, batches, by_batch, ends, factor, large_over_small, mean, spread};
use super::trial::Trial;
use crate::engine::job::Several;
use crate::error::Result;
use crate::plot::scale::Scale::{Linear, Log};
use crate::train::Stopped;

/// The experiment.
pub const ENTRY: Entry = Entry {
    name: "batch-size",
    title: "Small and large batches at one learning rate",
    asks: "what batches of 32 to 256 do to validation loss and time, at learning rate 0.01 with patience",
    source: "Shen 2018, “Effect of batch size on training dynamics”",
    family: None,
    takes: "under 10 seconds",
    plan,
    measure,
};

fn plan(ask: &Ask) -> Vec<Part> {
    let mut job = ask.job(ask.pick(
        "vgg:channels=8-16,convs=1,hidden=32",
        "vgg:channels=32-64-128,convs=2,hidden=128",
    ));
    // One sigmoid output where the digits are the data.
    if job.setup.loss.is_none() && job.setup.data == "digits" {
        job.setup.loss = "binary-cross-entropy:positive-from=5".parse().ok();
    }
    job.batch_size = Several(vec![32, 64, 128, 256]);
    job.learning_rate = Several::one(0.01);
    job.run_seed = ask.seeds(5, 5);
    job.how.stop.epochs = ask.pick(200, 400);
    job.how.stop.patience = Some(ask.pick(5, 10));
    vec![Part::new(
        "batches",
        "a small VGG-like network with one sigmoid output where the data are the digits (5 to 9 against 0 to 4), until the validation loss stops falling",
        job,
    )]
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "those of other experiments can fail"
)]
fn measure(lab: &mut Lab<'_>) -> Result<Findings> {
    let trials = lab.part("batches");
    let mut found = Findings::default();
    let mut table = Table::new(
        "runs",
        "Means and standard deviations over seeds, at the lowest validation loss",
        &[
            "batch size",
            "validation loss",
            "validation accuracy",
            "training loss",
            "epochs to it",
            "steps to it",
            "seconds to it",
            "gap of losses",
        ],
    );
    let gap = |t: &Trial| t.at_best("validation_loss") - t.at_best("train_loss");
    for size in batches(&trials) {
        let of = |number: &dyn Fn(&Trial) -> f64| -> Cell {
            spread(mean(&trials, |t| t.batch() == size, number)).into()
        };
        table.row([
            size.into(),
            of(&|t| t.at_best("validation_loss")),
            of(&|t| t.at_best("validation_accuracy")),
            of(&|t| t.at_best("train_loss")),
            of(&|t| t.at_best("epoch")),
            of(&|t| t.at_best("step")),
            of(&|t| t.at_best("seconds")),
            of(&gap),
        ]);
    }
    found.tables.push(table);
    for (name, y, title, scale) in [
        ("validation_loss", "validation_loss", "Validation loss", Log),
        ("train_loss", "train_loss", "Training loss", Log),
        (
            "validation_accuracy",
            "validation_accuracy",
            "Validation accuracy",
            Linear,
        ),
    ] {
        found.pictures.extend(Picture::curves(
            name,
            title,
            [("Epoch", Linear), (title, scale)],
            by_batch(&trials, "epoch", y),
            "Mean over seeds, as far as half of them go before their patience ends.",
        ));
    }
    let sizes = batches(&trials);
    found.pictures.extend(Picture::curves(
        "best",
        "Lowest validation loss by batch size",
        [("Batch size", Log), ("Lowest validation loss", Linear)],
        vec![against(&trials, &sizes, ("", 0), Trial::batch, |t| {
            t.at_best("validation_loss")
        })],
        "Mean and standard deviation over seeds.",
    ));
    let [small, large] = ends(&trials);
    let loss = large_over_small(&trials, |t| t.at_best("validation_loss"));
    found.findings.push(Finding::new(
        "At one learning rate larger batches reach a higher validation loss (Shen 2018)",
        &format!("ln of the lowest validation loss at B = {large} over that at B = {small}"),
        &loss,
        format!(
            "the lowest validation loss at B = {large} is {} times that at B = {small}",
            factor(&loss)
        ),
    ));
    let epochs = large_over_small(&trials, |t| {
        // A run that was cut short has only a bound.
        if t.stopped == Some(Stopped::Patience) {
            t.at_best("epoch")
        } else {
            f64::NAN
        }
    });
    found.findings.push(Finding::new(
        "Larger batches take more epochs to their lowest validation loss (Shen 2018)",
        &format!("ln of the epochs to the lowest validation loss at B = {large} over those at B = {small}"),
        &epochs,
        format!("{} times as many epochs", factor(&epochs)),
    ));
    let cut = trials
        .iter()
        .filter(|t| t.stopped == Some(Stopped::Finished))
        .count();
    if cut > 0 {
        found.notes.push(format!(
            "{cut} of {} runs ended at the last epoch allowed while their validation loss was still falling: their lowest loss is an upper bound, and their epochs are left out of the second claim.",
            trials.len()
        ));
    }
    Ok(found)
}
