//! The documentation names what there is.

use hge_host::experiment::Experiment;
use hge_protocol::registers;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/experiments.md");

#[test]
fn every_key_of_an_experiment_is_documented() {
    let defaults = toml::to_string(&Experiment::default()).expect("the defaults are TOML");
    let keys: Vec<&str> = defaults
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, _)| key.trim())
        .filter(|key| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .collect();
    assert!(keys.len() > 40, "{keys:?}");
    for key in keys.into_iter().chain([
        "gate",
        "amplitudes_v",
        "frequencies_hz",
        "step_v",
        "low_v",
        "overcurrent_na",
    ]) {
        let forms = [format!("`{key}`"), format!("[[{key}]]")];
        assert!(forms.iter().any(|form| PAGE.contains(form)), "{key}");
    }
}

#[test]
fn the_documented_cases_are_read() {
    let start = PAGE.find("```toml").expect("an example") + "```toml".len();
    let length = PAGE[start..].find("```").expect("its end");
    let experiment: Experiment = toml::from_str(&PAGE[start..start + length]).expect("valid");
    assert_eq!(experiment.cases.len(), 2);
    assert!(experiment.cases[0].high && !experiment.cases[1].high);
}

#[test]
fn the_page_of_registers_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/registers.md");
    let page = std::fs::read_to_string(path).unwrap();
    assert_eq!(
        page,
        registers::markdown(),
        "make it again: hge regs --markdown > docs/registers.md"
    );
}
