//! Measures of the catalogue on quadratics, whose answers are known in closed form, and the catalogue
//! itself.

use crate::known::Quadratic;
use losscope::landscape::curvature::vector::dot;
use losscope::landscape::measures::critical_sharpness::CriticalRate;
use losscope::landscape::measures::learning_coefficient::{Chain, ChainOptions};
use losscope::landscape::measures::{CATALOGUE, find, table};
use losscope::landscape::objective::Objective as _;

#[test]
fn the_critical_sharpness_of_a_quadratic_is_the_curvature_along_its_gradient() {
    let mut f = Quadratic::new(&[0.5, 1.0, 4.0, 20.0], 3);
    let x = [0.3, -1.0, 2.0, 0.7];
    let (_, g) = f.gradient(&x).unwrap();
    let along = dot(&g, &f.hessian_vector(&x, &g).unwrap()) / dot(&g, &g);
    let mut search = CriticalRate::new(x.to_vec(), None);
    while search.step(&mut f).unwrap() {}
    let [low, high] = search.bracket().unwrap();
    let critical = 2.0 / along;
    assert!(
        low <= critical && critical <= high,
        "{low} to {high} for {critical}"
    );
    assert!(high <= 1.01 * low);
    // Along an update of one's own: the step to the minimum overshoots at twice its length.
    let mut search = CriticalRate::new(x.to_vec(), Some(x.to_vec()));
    while search.step(&mut f).unwrap() {}
    let [low, high] = search.bracket().unwrap();
    assert!(low <= 2.0 && 2.0 <= high, "{low} to {high} for 2");
}

#[test]
fn a_direction_that_leads_nowhere_or_up_has_no_critical_rate() {
    let mut f = Quadratic::new(&[1.0, 2.0], 0);
    let x = [1.0, 1.0];
    let mut fails = |point: [f64; 2], update: Option<Vec<f64>>| {
        let mut search = CriticalRate::new(point.to_vec(), update);
        loop {
            match search.step(&mut f) {
                Ok(true) => {}
                Ok(false) => panic!("found {:?}", search.bracket()),
                Err(error) => return error.to_string(),
            }
        }
    };
    assert!(fails([0.0, 0.0], None).contains("zero"));
    assert!(fails(x, Some(vec![0.0, 0.0])).contains("moves nothing"));
    assert!(fails(x, Some(vec![-1.0, -1.0])).contains("leads up"));
}

/// ½ Σ nβh/(nβh + γ), with what steps of a finite length ε add: the variance along a direction with
/// the pull a is 1/(a (1 − εa/4)).
fn expected(spectrum: &[f64], n: usize, localisation: f64, step: f64) -> f64 {
    let weight = n as f64 / (n as f64).ln();
    let one = |h: &f64| {
        let pull = weight * h + localisation;
        0.5 * weight * h / (pull * (1.0 - 0.25 * step * pull))
    };
    spectrum.iter().map(one).sum()
}

#[test]
fn the_learning_coefficient_of_a_quadratic_is_half_its_dimension_less_what_holds_the_chain() {
    let spectrum = [1.0, 1.5, 2.0, 3.0, 0.5, 1.0, 2.5, 1.2];
    for localisation in [0.0, 100.0] {
        let mut f = Quadratic::new(&spectrum, 5);
        let options = ChainOptions {
            samples: 1000,
            localisation,
            steps: 60_000,
            seed: 1,
        };
        let mut chain = Chain::new(vec![0.0; 8], options).unwrap();
        while chain.step(&mut f).unwrap() {}
        let (found, error) = chain.coefficient().unwrap();
        let step = chain.length().unwrap();
        let expected = expected(&spectrum, 1000, localisation, step);
        assert!(
            (found - expected).abs() < 4.0 * error,
            "{found} ± {error} for {expected}"
        );
        assert!(error < 0.1, "{error} tells them apart");
        // Without a pull it is d/2 but for the length of the steps.
        if localisation == 0.0 {
            assert!((expected - 4.0).abs() < 4.0 / 7.0, "{expected}");
        }
    }
}

#[test]
fn a_chain_that_nothing_holds_is_refused() {
    let mut flat = Quadratic::new(&[0.0, 0.0], 0);
    let options = |samples| ChainOptions {
        samples,
        localisation: 0.0,
        steps: 50,
        seed: 0,
    };
    assert!(Chain::new(vec![0.0; 2], options(2)).is_err());
    let mut chain = Chain::new(vec![0.0; 2], options(100)).unwrap();
    let refused = loop {
        match chain.step(&mut flat) {
            Ok(_) => {}
            Err(error) => break error.to_string(),
        }
    };
    assert!(refused.contains("nothing that holds it"), "{refused}");
}

#[test]
fn every_measure_has_a_key_and_rows_of_its_own() {
    let mut keys: Vec<&str> = CATALOGUE.iter().map(|entry| entry.key).collect();
    keys.sort_unstable();
    let count = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), count, "no key twice");
    for entry in CATALOGUE {
        assert_eq!(find(entry.key), Some(entry));
        assert!(!entry.definitions.is_empty(), "{}", entry.key);
        for row in entry.rows {
            assert!(!row.definition.formula.is_empty() && !row.definition.unit.is_empty());
            let one_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(row.key.chars().all(one_word), "{}", row.key);
        }
    }
}

#[test]
fn the_readme_lists_the_catalogue() {
    let readme = include_str!("../../README.md");
    let table = table();
    assert!(
        readme.contains(&table),
        "the README's table of measures should be:\n{table}"
    );
}
