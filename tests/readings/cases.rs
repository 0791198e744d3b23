//! Checkpoints whose names and shapes fit another network than they were trained as. Each gives the value
//! of its own network, or a question that names it, or a refusal that says why.

use losscope::checkpoint;
use losscope::dataset;
use losscope::engine::inputs::Inputs;
use losscope::engine::job::{Setup, SurfaceJob};
use losscope::engine::reading::{Chosen, Reading, Scene, choose};
use losscope::error::{Answer, Error, Question};
use losscope::landscape::slice::{Buffers, Slice};
use losscope::model::family::{Hints, readings};
use losscope::model::params::Params;
use std::path::PathBuf;

fn file(case: &str, name: &str) -> PathBuf {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/cases");
    PathBuf::from(fixtures).join(case).join(name)
}

fn setup(case: &str, model: &str) -> Setup {
    let mut setup = SurfaceJob::default().setup;
    setup.data = file(case, "data.npz").display().to_string();
    setup.model = model.into();
    setup
}

/// Loss and accuracy at the checkpoint, as every command takes them, and how the network was read.
fn measured(case: &str, model: &str) -> Result<([f64; 2], Reading), Error> {
    let setup = setup(case, model);
    let state = checkpoint::open(&file(case, "model.pt"))?;
    let mut inputs = Inputs::open(&setup, &state)?;
    let (evaluator, _, splits) = inputs.evaluator(&setup)?;
    let origin = inputs.params(&state, "point")?;
    let still = Params::zeros(origin.layout());
    let slice = Slice::new(origin, vec![still], Buffers::Frozen)?;
    let slice = evaluator.load(slice, None)?;
    let found = evaluator.evaluate(&slice, &[vec![0.0]], &[&splits[0]])?;
    let metrics = found[0][0];
    Ok(([metrics.loss, metrics.score], inputs.model.reading.clone()))
}

fn is_near(found: f64, expected: f64) -> bool {
    // Single precision against PyTorch's double.
    (found - expected).abs() <= 2e-4 * expected.abs().max(1e-6) + 1e-8
}

/// The value under the network that `--model` names.
fn gives(case: &str, model: &str, loss: f64, accuracy: f64) -> Reading {
    let (found, reading) = measured(case, model).unwrap_or_else(|e| panic!("{case}: {e}"));
    assert!(
        is_near(found[0], loss),
        "{case}: loss {} instead of {loss}",
        found[0]
    );
    assert!(
        (found[1] - accuracy).abs() < 1e-4,
        "{case}: accuracy {}",
        found[1]
    );
    reading
}

/// Which network a case is taken for, whether or not there is somebody to ask.
fn chosen(case: &str, setup: &Setup) -> Result<Chosen, Error> {
    let state = checkpoint::open(&file(case, "model.pt"))?;
    let options = setup.data_options();
    let data = dataset::open(&options)?;
    let hints = Hints {
        input: Some(&data.train.shape),
        classes: Some(data.classes).filter(|classes| *classes > 0),
        modules: &[],
    };
    let scene = Scene {
        model: "auto",
        loss: None,
        state: &state,
        data: &data,
        options: &options,
        watch: &|_| {},
    };
    choose(&readings("auto", &state, &hints)?, &scene)
}

/// What is asked of a case.
fn asked(case: &str) -> Question {
    match chosen(case, &setup(case, "auto")) {
        Err(Error::Undecided(question)) => *question,
        Err(other) => panic!("{case}: {other}"),
        Ok(chosen) => panic!("{case} was read as {}", chosen.reading.key),
    }
}

/// Whether one of the answers gives the right value, and none that is wrong was taken without a word.
fn offers(case: &str, loss: f64, accuracy: f64) {
    let question = asked(case);
    let text = Error::Undecided(Box::new(question.clone())).to_string();
    let right = question.answers.iter().find(|answer| {
        let found = measured(case, &answer.value).map(|(found, _)| found);
        found.is_ok_and(|[l, a]| is_near(l, loss) && (a - accuracy).abs() < 1e-4)
    });
    let right = right.unwrap_or_else(|| panic!("{case}: none of these is right:\n{text}"));
    assert!(
        text.contains(&right.flag()) && right.told.contains("loss"),
        "{text}"
    );
}

#[test]
fn statistics_tell_unpadded_convolutions() {
    let case = "silent-unpadded-global-mean";
    // Half of the answers are wrong under its own wiring, too: what is left open is asked.
    offers(case, 1.232_308, 0.533_33);
    let padding = |key: &str| key.contains("padding=0");
    let open = asked(case).answers;
    let unpadded = |answer: &Answer| padding(&answer.value) || !answer.value.contains("padding");
    // Far statistics rule nothing out: padded ones may be offered, but behind every unpadded one.
    let mut behind = open.iter().skip_while(|answer| unpadded(answer));
    assert!(
        unpadded(&open[0]) && behind.all(|answer| !unpadded(answer)),
        "{open:#?}"
    );
    let key = "lenet:at=1+2+3,padding=0,end=mean";
    let reading = gives(case, key, 1.232_308, 0.533_33);
    assert!(
        reading.key.contains("padding=0") && reading.key.contains("end=mean"),
        "{}",
        reading.key
    );
}

#[test]
fn statistics_tell_the_order_of_pool_activation_and_norm() {
    let case = "silent-pool-relu-norm";
    // After the last norm no statistics are kept: whether the activation is cut at 6 stays open.
    let open = asked(case).answers;
    let ordered = |value: &str| value.contains("order=act-pool-norm");
    assert!(
        open.iter().all(|answer| ordered(&answer.value)),
        "{open:#?}"
    );
    offers(case, 0.000_243_203, 1.0);
    let key = "lenet:activation=relu,order=act-pool-norm";
    let reading = gives(case, key, 0.000_243_203, 1.0);
    assert!(
        reading.words.contains("activation, pool, norm"),
        "{}",
        reading.words
    );
}

#[test]
fn what_no_evidence_tells_is_asked_with_the_right_answer_among_the_choices() {
    offers("silent-average-pool", 1.0925e-5, 1.0);
    offers("silent-stride-for-pool", 0.000_527_25, 1.0);
    offers("silent-residual-mlp", 0.007_865_1, 1.0);
    offers("sequential-lenet-refused", 0.000_743_65, 1.0);
}

#[test]
fn a_network_that_no_reading_fits_is_no_other() {
    // The outputs of its first layer are multiplied by 8, which no reading does.
    let question = asked("no-relu6-elu-hardswish");
    assert!(question.answers.len() > 2);
}

#[test]
fn an_autoencoder_is_no_classifier() {
    let error = measured("autoencoder-as-classifier", "auto")
        .unwrap_err()
        .to_string();
    for words in ["encoder", "decoder", "mean squared error", "model.pt"] {
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn whoever_is_asked_can_say_it_in_a_word() {
    let reading = gives("silent-average-pool", "lenet-avg", 1.0925e-5, 1.0);
    let pool = reading
        .assumptions
        .iter()
        .find(|a| a.text.starts_with("pool:"));
    assert!(
        pool.unwrap()
            .confirmed
            .clone()
            .unwrap()
            .contains("--model lenet-avg")
    );
    gives("sequential-lenet-refused", "lenet-avg", 0.000_743_65, 1.0);
    gives(
        "silent-residual-mlp",
        "mlp:activation=relu,skip=each-after",
        0.007_865_1,
        1.0,
    );
    gives(
        "silent-stride-for-pool",
        "lenet:pool=stride",
        0.000_527_25,
        1.0,
    );
}

#[test]
fn data_that_were_scaled_otherwise_are_noticed() {
    let case = "silent-pool-relu-norm";
    let mut setup = setup(case, "auto");
    // A hundred times too large: running statistics of raw pixels would be far away.
    setup.data_normalize = dataset::Normalize::Scale(0.002);
    match chosen(case, &setup) {
        Err(Error::Undecided(_)) => {}
        Err(other) => panic!("{other}"),
        Ok(chosen) => panic!("read as {} without a word", chosen.reading.key),
    }
}
