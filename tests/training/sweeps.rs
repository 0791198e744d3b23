//! Several runs of one recipe.

use super::{run, small};
use losscope::engine::job::Several;
use losscope::engine::training::{Run, Stage, Sweep};
use losscope::engine::work::{Flow, drive};
use losscope::train::{Record, Stopped};
use std::fs;

#[test]
fn a_sweep_has_a_folder_a_run_and_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("sweep");
    let mut job = small();
    job.batch_size = Several(vec![8, 32]);
    job.run_seed = Several(vec![0, 1]);
    let mut looks = 0;
    let sweep = Sweep::start(&job, &folder, false, 2).unwrap();
    drive(sweep, &mut |_, _| {
        looks += 1;
        if looks > 2 {
            Flow::Stop
        } else {
            Flow::Continue
        }
    })
    .unwrap();
    let message = Sweep::start(&job, &folder, false, 1)
        .err()
        .unwrap()
        .to_string();
    assert!(message.contains("--resume"), "{message}");
    let sweep = Sweep::start(&job, &folder, true, 2).unwrap();
    let found = drive(sweep, &mut |_, _| Flow::Continue).unwrap();
    let names: Vec<_> = found.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "batch8_seed0",
            "batch32_seed0",
            "batch8_seed1",
            "batch32_seed1"
        ]
    );
    for row in &found.rows {
        assert_eq!(
            (row.stage, row.stopped),
            (Some(Stage::Ended), Some(Stopped::Finished))
        );
    }
    let table = fs::read_to_string(folder.join("runs.csv")).unwrap();
    assert_eq!(table.lines().count(), 5);
    assert!(
        table.contains("batch32_seed1,32,0.1,1,100,ended,finished,12,3,"),
        "{table}"
    );
    // One start for all batch sizes of a seed; a run of the sweep is as the run alone.
    let initial = |name: &str| fs::read(folder.join(name).join("initial.safetensors")).unwrap();
    assert_eq!(initial("batch8_seed0"), initial("batch32_seed0"));
    assert_ne!(initial("batch8_seed0"), initial("batch8_seed1"));
    let alone = run(&found.rows[3].job, None, false);
    let swept = Run::open(&folder.join("batch32_seed1")).unwrap();
    let last = |history: &[Record]| history.last().unwrap().train_loss.unwrap();
    let (one, other) = (last(&alone.history), last(&swept.history));
    // Texts of numbers may be off in the last bit.
    assert!((one / other - 1.0).abs() < 1e-14, "{one} and {other}");
}

#[test]
fn a_run_that_fails_leaves_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("sweep");
    let mut job = small();
    job.subset = Several(vec![50, 1_000_000]);
    let sweep = Sweep::start(&job, &folder, false, 1).unwrap();
    let found = drive(sweep, &mut |_, _| Flow::Continue).unwrap();
    assert_eq!(found.rows[0].stopped, Some(Stopped::Finished));
    assert_eq!(found.rows[1].stage, Some(Stage::Failed));
    assert!(found.rows[1].error.as_ref().unwrap().contains("subset"));
}

#[test]
fn a_value_that_stands_twice_in_a_list_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut job = small();
    job.batch_size = Several(vec![32, 64, 32]);
    let refused = Sweep::start(&job, &dir.path().join("sweep"), false, 1);
    let message = refused.err().unwrap().to_string();
    assert!(message.contains("(batch32)"), "{message}");
}
