//! The queue of a window: runs that wait, are paused and go on, and folders that are opened.

use super::small;
use losscope::engine::job::{ExperimentJob, Several, TrainingJob};
use losscope::engine::queue::{Doing, Phase, Queue, RunNews, Write};
use losscope::engine::training::{Run, Training};
use losscope::train::{Record, Stopped};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[track_caller]
fn wait(queue: &Queue, what: &str, done: impl Fn(&[Arc<RunNews>]) -> bool) -> Vec<Arc<RunNews>> {
    let deadline = Instant::now() + Duration::from_mins(2);
    loop {
        let news = queue.news();
        if done(&news) {
            return news;
        }
        assert!(
            Instant::now() < deadline,
            "still waiting for {what}: {news:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The same records, but for the last bits of numbers that went through a text.
fn alike(one: &[Record], other: &[Record]) -> bool {
    let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-14 * a.abs(),
        _ => a.is_none() && b.is_none(),
    };
    let same = |a: &Record, b: &Record| {
        a.step == b.step
            && near(a.train_loss, b.train_loss)
            && near(a.validation_loss, b.validation_loss)
            && near(a.distance, b.distance)
    };
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
}

fn long() -> TrainingJob {
    let mut job = small();
    job.how.stop.epochs = 100_000;
    job
}

#[test]
fn a_newer_run_waits_for_the_older_ones_and_drops_none() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::new(|| {});
    let job = TrainingJob {
        batch_size: Several(vec![8, 16, 32]),
        ..small()
    };
    queue.begin(&job, dir.path()).unwrap();
    queue.begin(&small(), dir.path()).unwrap();
    let all_ended = |news: &[Arc<RunNews>]| {
        news.iter()
            .all(|run| run.phase == Phase::Ended(Stopped::Finished))
    };
    let news = wait(&queue, "all runs", all_ended);
    let names: Vec<&str> = news.iter().map(|run| run.name.as_str()).collect();
    assert_eq!(
        names,
        ["batch8", "batch16", "batch32", "batch16-2"],
        "no folder is written over"
    );
    for run in &news {
        assert_eq!(run.history.len(), 4);
        assert_eq!(run.checkpoints.len(), 4, "{}", run.name);
    }
    let starts = news
        .iter()
        .map(|run| std::fs::read(run.initial.as_ref().unwrap()).unwrap());
    let starts: Vec<Vec<u8>> = starts.collect();
    assert!(
        starts.iter().all(|start| *start == starts[0]),
        "all from the same start"
    );
}

#[test]
fn a_paused_run_goes_on_where_it_was_and_a_closed_window_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::new(|| {});
    let id = queue.begin(&long(), dir.path()).unwrap()[0];
    wait(&queue, "some epochs", |news| news[0].history.len() > 3);
    queue.pause(id);
    let paused = wait(&queue, "the pause", |news| news[0].phase == Phase::Paused);
    let before = paused[0].history.clone();
    assert!(alike(
        &Run::open(&paused[0].folder).unwrap().history,
        &before
    ));
    queue.resume(id).unwrap();
    let on = wait(&queue, "more epochs", |news| {
        news[0].history.len() > before.len() + 2
    });
    assert!(
        alike(&on[0].history[..before.len()], &before),
        "nothing is trained twice"
    );
    let folder = on[0].folder.clone();
    drop(queue);
    let again = Queue::new(|| {});
    again.open(&folder);
    let opened = wait(&again, "the folder", |news| !news.is_empty());
    assert_eq!(opened[0].phase, Phase::Paused);
    assert!(opened[0].history.len() >= on[0].history.len());
    again.resume(opened[0].id).unwrap();
    let kept = opened[0].history.len();
    wait(&again, "the window opened again", |news| {
        news[0].history.len() > kept
    });
}

#[test]
fn what_goes_wrong_is_said_at_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::new(|| {});
    let id = queue.begin(&long(), dir.path()).unwrap()[0];
    wait(&queue, "an epoch", |news| news[0].history.len() > 1);
    queue.pause(id);
    let folder = wait(&queue, "the pause", |news| news[0].phase == Phase::Paused)[0]
        .folder
        .clone();
    // Someone else has the folder meanwhile.
    let other = Training::start(&long(), Some(&folder), true).unwrap();
    queue.resume(id).unwrap();
    let failed = wait(&queue, "the refusal", |news| news[0].phase == Phase::Failed);
    let message = failed[0].message.clone().unwrap();
    assert!(message.contains("is writing into this folder"), "{message}");
    drop(other);
    queue.resume(id).unwrap();
    wait(&queue, "the second try", |news| {
        news[0].phase == Phase::Training
    });
    let wild = TrainingJob {
        learning_rate: Several::one(1e30),
        ..small()
    };
    queue.begin(&wild, dir.path()).unwrap();
    let ended = wait(&queue, "the divergence", |news| {
        news[1].phase == Phase::Ended(Stopped::Diverged)
    });
    assert!(
        ended[1]
            .message
            .as_ref()
            .unwrap()
            .contains("lower learning rate")
    );
    queue.open(&dir.path().join("nowhere"));
    let deadline = Instant::now() + Duration::from_secs(20);
    let refused = loop {
        let refused = queue.refusals();
        if !refused.is_empty() || Instant::now() > deadline {
            break refused;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(refused[0].contains("nowhere"), "{refused:?}");
}

#[test]
fn an_experiment_waits_for_another_and_is_stopped_before_it_begins() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::new(|| {});
    let job = |name: &str| {
        let mut job = ExperimentJob {
            experiment: Some(name.into()),
            ..ExperimentJob::default()
        };
        job.setup.device = losscope::engine::device::DeviceChoice::Flex;
        job.set = vec!["epochs=100000".into(), "run_seed=0".into()];
        job
    };
    let write: Write = Arc::new(|_, _| Ok(()));
    let all = queue.experiments();
    for name in ["distance", "lars"] {
        all.begin(&job(name), dir.path(), Arc::clone(&write))
            .unwrap();
        // One that is asked for already isn't done twice.
        all.begin(&job(name), dir.path(), Arc::clone(&write))
            .unwrap();
    }
    let become_so = |what: [Doing; 2]| {
        wait(&queue, "the experiments", |_| {
            let doing: Vec<Doing> = all.news().iter().map(|e| e.doing).collect();
            doing == what
        });
    };
    become_so([Doing::Working, Doing::Waiting]);
    all.stop("lars");
    all.stop("distance");
    become_so([Doing::Stopped, Doing::Stopped]);
    assert!(!dir.path().join("experiment-lars").exists());
    let message = all.begin(&job("lasr"), dir.path(), write).unwrap_err();
    assert!(message.to_string().contains("lars"), "{message}");
}
