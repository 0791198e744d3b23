//! Results that were begun in one sitting and finished in another: what they are found by, and what they
//! say of how they were made.

use super::{folder, losscope, numbers};
use losscope::engine::job::LossChoice;
use losscope::engine::result::{Numbers, Outcome};
use losscope::export::npz;
use std::path::Path;

const SURFACE: [&str; 4] = ["surface", "--x=-1:1:5", "--samples", "20"];

/// Marks the points from `first` on as not computed, as a stop would leave a result.
fn unfinished(whole: &Path, first: usize, partial: &Path) {
    let mut outcome: Outcome = npz::read(whole).unwrap();
    match &mut outcome.numbers {
        Numbers::Surface(surface) => surface.table.computed[first..].fill(false),
        Numbers::Line(line) => line.table.computed[first..].fill(false),
        Numbers::Trajectory => unreachable!("it has no points"),
    }
    npz::write(partial, &outcome).unwrap();
}

/// Whoever compares two results must know by what each point was computed, however often the work went
/// from one device to another and back.
#[test]
fn a_result_names_every_device_that_computed_some_of_it() {
    let line = ["line", "--alpha=0:1:5", "--samples", "20"];
    for args in [SURFACE, line] {
        let dir = folder();
        let result = dir.path().join("s.npz");
        let device = || npz::read(&result).unwrap().header.device;
        let run = |more: &[&str]| {
            losscope(dir.path(), &[&args[..], &["-o", "s.npz"], more].concat()).succeeds();
        };
        run(&["--device", "flex"]);
        let flex = device();
        run(&["--device", "ndarray", "--resume"]);
        assert_eq!(device(), flex, "the other device had nothing to do");
        unfinished(&result, 3, &result);
        run(&["--device", "ndarray", "--resume"]);
        let both = device();
        let (first, second) = both.split_once(", then ").unwrap();
        assert!(first == flex && second.starts_with("ndarray: "), "{both}");
        for more in [&["--memory", "100M"][..], &[]] {
            unfinished(&result, 4, &result);
            run(&[&["--device", "flex", "--resume"], more].concat());
            assert_eq!(device(), both, "gone on by a device that is named already");
        }
        let caption = losscope::export::caption::computed_on(&npz::read(&result).unwrap().header);
        assert!(
            caption.starts_with("f32 on flex, then ndarray"),
            "{caption}"
        );
    }
}

/// Outputs may have been named in another order before, or fewer of them now.
#[test]
fn a_stopped_job_is_found_under_the_name_of_another_output() {
    let dir = folder();
    let file = |name: &str| dir.path().join(name);
    let run = |more: &[&str]| losscope(dir.path(), &[&SURFACE[..], more].concat()).succeeds();
    run(&["-o", "a.npz", "-o", "whole.csv"]);
    unfinished(&file("a.npz"), 20, &file("a.npz.partial.npz"));
    std::fs::remove_file(file("a.npz")).unwrap();
    let words = "20 of 25 points are in a.npz.partial.npz";
    let other = run(&["--seed", "1", "-o", "b.csv"]).stderr();
    assert!(!other.contains("a.npz"), "another job: {other}");
    let said = run(&["-o", "b.csv"]).stderr();
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(words)).collect();
    assert!(lines.len() == 1 && lines[0].contains("--resume"), "{said}");
    let said = run(&["-o", "b.csv", "--resume"]).stderr();
    assert!(said.contains(words), "{said}");
    let csv = |name: &str| numbers(&std::fs::read_to_string(file(name)).unwrap());
    assert_eq!(csv("b.csv"), csv("whole.csv"));
    assert!(file("a.npz.partial.npz").exists(), "it isn't this output's");
    let can_go = "a.npz.partial.npz is no longer needed";
    assert!(said.contains(can_go), "{said}");
}

/// What an earlier sitting of another version says of itself isn't lost in the next one.
#[test]
fn every_version_that_went_on_is_told_of() {
    let dir = folder();
    let result = dir.path().join("s.npz");
    let args = [&SURFACE[..], &["-o", "s.npz"]].concat();
    losscope(dir.path(), &args).succeeds();
    let mut outcome = npz::read(&result).unwrap();
    outcome.header.losscope = "0.0.9".into();
    npz::write(&result, &outcome).unwrap();
    let resume = [&args[..], &["--resume"]].concat();
    for _ in 0..2 {
        unfinished(&result, 24, &result);
        losscope(dir.path(), &resume).succeeds();
        let warnings = npz::read(&result).unwrap().header.warnings;
        let told = warnings.iter().filter(|w| w.contains("0.0.9")).count();
        assert_eq!(told, 1, "{warnings:?}");
    }
}

/// None and the usual one, and an option that says what holds without it.
#[test]
fn a_loss_may_be_written_in_another_way() {
    let dir = folder();
    let result = dir.path().join("s.npz");
    let args = [&SURFACE[..], &["-o", "s.npz"]].concat();
    losscope(dir.path(), &args).succeeds();
    let resumed = |loss: &[&str]| {
        unfinished(&result, 20, &result);
        losscope(dir.path(), &[&args[..], &["--resume"], loss].concat())
    };
    resumed(&["--loss", "cross-entropy"]).succeeds();
    resumed(&["--loss", "ce:label-smoothing=0"]).succeeds();
    resumed(&[]).succeeds();
    let other = ["--loss", "cross-entropy:label-smoothing=0.1"];
    resumed(&other).fails(2, &["the network's description has changed"]);
    resumed(&["--loss", "ce"]).succeeds();
    resumed(&other).fails(2, &["other options", "--loss"]);
    let huber: [LossChoice; 2] = ["huber", "huber:delta=1,target=data"].map(|l| l.parse().unwrap());
    assert_eq!(huber[0], huber[1]);
}
