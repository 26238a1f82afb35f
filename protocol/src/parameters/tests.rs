//! Generics: what can be built, and their words.

use super::*;

#[test]
fn the_update_in_hardware_is_refused_where_slots_have_no_banks() {
    let hardware = Parameters { update: Update::Hardware, ..Parameters::default() };
    assert_eq!(hardware.check(), Ok(()));
    assert_eq!(Parameters { slots: BANKED_SLOTS, ..hardware }.check(), Ok(()));
    let many = Parameters { slots: BANKED_SLOTS + 1, ..hardware }.check();
    assert_eq!(many, Err(ParameterError::Update));
    let sines = Parameters { carriers: Carriers::Sines, ..hardware };
    let stepped = Parameters { slot_clocks: STEPPED_SLOT_CLOCKS, ..sines }.check();
    assert_eq!(stepped, Err(ParameterError::Update));
    assert_eq!(hardware.in_steps().check(), Ok(()));
}

#[test]
fn a_generic_that_cannot_be_built_is_refused_by_its_name() {
    let usual = Parameters::default();
    let stepped = usual.in_steps();
    let refused = [
        (Parameters { outputs: 1, ..usual }, "outputs"),
        (Parameters { outputs: 65, ..usual }, "outputs"),
        (Parameters { adc_bits: 17, ..usual }, "adc_bits"),
        (Parameters { slot_clocks: 2, ..usual }, "slot_clocks"),
        (Parameters { outputs: STEPPED_OUTPUTS + 1, ..stepped }, "outputs"),
        (Parameters { carriers: Carriers::Codes, ..stepped }, "carriers"),
        (Parameters { update: Update::Hardware, ..stepped }, "update"),
        // Rows of 64 words for 32 cases and as many starts fill the window alone.
        (Parameters { outputs: 64, cases: 32, starts: 32, ..usual }, "starts"),
        (Parameters { lanes: 3, slots: 24, ..usual }, "lanes"),
        (Parameters { lanes: 2, slots: 24, ..usual }, "lanes"),
        (Parameters { lanes: 8, slots: 4, ..usual }, "lanes"),
        (Parameters { lanes: 2, slots: 32, ..stepped }, "lanes"),
        (Parameters { telemetry_words: 3000, ..usual }, "telemetry_words"),
        (Parameters { telemetry_words: 128, ..usual }, "telemetry_words"),
    ];
    for (parameters, name) in refused {
        let error = parameters.check().expect_err(name);
        assert_eq!(error.name(), name);
        // Fault, then remedy.
        assert!(error.to_string().contains(": "), "{error}");
    }
    assert_eq!(Parameters { outputs: STEPPED_OUTPUTS, ..stepped }.check(), Ok(()));
    assert_eq!(Parameters { outputs: 64, cases: 16, starts: 16, ..usual }.check(), Ok(()));
    assert_eq!(Parameters { lanes: 8, slots: 8, ..usual }.check(), Ok(()));
    assert_eq!(Parameters { lanes: 4, slots: 256, telemetry_words: 4096, ..usual }.check(), Ok(()));
}

#[test]
fn carriers_come_back_from_their_word_and_unknown_ones_are_sines() {
    for carriers in [Carriers::Sines, Carriers::Codes] {
        assert_eq!(Carriers::from_word(carriers.to_word()), carriers);
    }
    assert_eq!(Carriers::from_word(7), Carriers::Sines);
}

#[test]
fn generics_come_back_from_their_info_registers() {
    let hardware = Parameters { update: Update::Hardware, inputs: 3, ..Parameters::default() };
    for parameters in [Parameters::default(), hardware] {
        let words = parameters.info_words(0);
        let read = |address| words.iter().find(|word| word.0 == address).map_or(0, |word| word.1);
        assert_eq!(Parameters::from_info(read), parameters);
    }
}
