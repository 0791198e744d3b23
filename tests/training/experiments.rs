//! Experiments: trained, measured, written, stopped and gone on with.

use losscope::engine::device::DeviceChoice;
use losscope::engine::experiment::{ALL, Cell, Experiment, find, run};
use losscope::engine::job::ExperimentJob;
use losscope::engine::work::Flow;
use losscope::export::experiment::write;
use std::fs;
use std::path::Path;

/// A few steps on part of the digits.
fn tiny(name: &str) -> ExperimentJob {
    let mut job = ExperimentJob {
        experiment: Some(name.into()),
        ..ExperimentJob::default()
    };
    job.setup.model = match name {
        // It makes its networks from one of a family, and measures much on them.
        "architecture" => "resnet:depth=8,width=2".into(),
        _ => "mlp:hidden=8".into(),
    };
    job.setup.samples = (name == "architecture").then_some(60);
    job.setup.device = DeviceChoice::Flex;
    let samples = job.setup.samples.unwrap_or(100);
    let changes = ["epochs=4", "run_seed=[0,1]", &format!("subset={samples}")];
    job.set = changes.map(str::to_owned).to_vec();
    job
}

fn done(job: &ExperimentJob, folder: &Path, resume: bool) -> Experiment {
    let found = run(job, folder, resume, &mut |_, _| Flow::Continue).unwrap();
    found.unwrap()
}

/// The distances of every epoch of every run.
fn epochs(experiment: &Experiment) -> Vec<Vec<Cell>> {
    let mut tables = experiment.found.tables.iter();
    tables.find(|t| t.name == "epochs").unwrap().rows.clone()
}

#[test]
fn an_experiment_is_trained_measured_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = done(&tiny("distance"), folder.path(), false);
    // Three batch sizes, two seeds, four epochs.
    assert_eq!(epochs(&experiment).len(), 24);
    assert!(experiment.found.findings.len() >= 4);
    let value = write(folder.path(), &experiment).unwrap();
    let page = fs::read_to_string(folder.path().join("report.md")).unwrap();
    for words in ["What was found in this run", "Hoffer", "verdict: ", "seeds"] {
        assert!(page.contains(words), "{words} is missing:\n{page}");
    }
    for name in [
        "report.html",
        "figures/distance.svg",
        "figures/distance.png",
        "data/epochs.csv",
        "data/results.npz",
        "data/results.json",
        "runs/batches/runs.csv",
    ] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
    assert_eq!(value["recipe"]["job"]["command"], "experiment");
    let refused = run(&tiny("distance"), folder.path(), false, &mut |_, _| {
        Flow::Continue
    });
    let message = refused.err().unwrap().to_string();
    assert!(message.contains("--resume"), "{message}");
}

/// Too short to find anything, but each trains, measures, judges and writes its page.
#[test]
fn every_experiment_runs_to_its_page() {
    for entry in ALL {
        let folder = tempfile::tempdir().unwrap();
        let experiment = done(&tiny(entry.name), folder.path(), false);
        assert!(!experiment.found.findings.is_empty(), "{}", entry.name);
        write(folder.path(), &experiment).unwrap();
        let page = fs::read_to_string(folder.path().join("report.md")).unwrap();
        assert!(page.contains("verdict: "), "{}", entry.name);
    }
}

#[test]
fn an_experiment_that_was_stopped_goes_on_to_the_same_numbers() {
    let [whole, stopped] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let job = tiny("distance");
    let expected = epochs(&done(&job, whole.path(), false));
    let mut looks = 0;
    let first = run(&job, stopped.path(), false, &mut |_, _| {
        looks += 1;
        if looks > 2 {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    let first = first.unwrap();
    let second = done(&job, stopped.path(), true);
    assert!(first.is_none() && epochs(&second) == expected);
    let mut other = job;
    other.set.push("learning_rate=0.5".into());
    let refused = run(&other, stopped.path(), true, &mut |_, _| Flow::Continue);
    let message = refused.err().unwrap().to_string();
    assert!(message.contains("other options"), "{message}");
}

#[test]
fn networks_that_an_experiment_compares_are_made_from_one_of_their_family() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |change: &dyn Fn(&mut ExperimentJob)| {
        let mut job = tiny("architecture");
        change(&mut job);
        let done = run(&job, folder.path(), false, &mut |_, _| Flow::Continue);
        done.err().unwrap().to_string()
    };
    let message = refused(&|job| job.setup.model = "mlp".into());
    assert!(message.contains("resnet:depth=N"), "{message}");
    let message = refused(&|job| job.set.push("model=resnet8".into()));
    assert!(message.contains("--model"), "{message}");
    let message = refused(&|job| job.setup.model = "resnet8:skips=no".into());
    assert!(
        message.contains("skips") && message.contains("twice"),
        "{message}"
    );
}

#[test]
fn workers_end_where_one_device_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut job = tiny("parallel");
    job.setup.precision = losscope::landscape::evaluate::Precision::F64;
    let found = done(&job, folder.path(), false).found;
    let table = found.tables.iter().find(|t| t.name == "workers").unwrap();
    let apart: Vec<&Cell> = table.rows.iter().map(|row| &row[4]).collect();
    assert_eq!(apart.len(), 4, "one device, and 1, 2 and 4 workers");
    // Sums of doubles in another order.
    for cell in &apart[1..] {
        assert!(matches!(cell, Cell::Number(d) if *d < 1e-9), "{apart:?}");
    }
    assert_eq!(found.findings[0].judged.words(), "appeared");
}

#[test]
fn an_unknown_name_lists_the_names() {
    let message = find("batchsize").err().unwrap().to_string();
    for entry in ALL {
        assert!(message.contains(entry.name), "{message}");
    }
}
